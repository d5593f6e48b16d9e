//! same_answers
