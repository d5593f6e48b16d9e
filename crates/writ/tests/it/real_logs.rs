//! real_logs
