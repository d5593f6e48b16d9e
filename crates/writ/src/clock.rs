//! The one place that reads the clock. Everything else is told the time.

use std::time::{Instant, SystemTime, UNIX_EPOCH};
use writ_model::time::Time;

/// Now, in UTC, to the millisecond: finer digits would say more than such a clock knows.
#[expect(clippy::disallowed_methods, reason = "this is the home of the clock")]
pub(crate) fn now() -> Time {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => Time::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
        // A clock set before 1970 tells nothing; records are then received at the epoch.
        Err(_) => Time::new(0, 0),
    }
}

/// A stopwatch, for progress only: no record and no answer depends on it.
#[expect(clippy::disallowed_methods, reason = "this is the home of the clock")]
pub(crate) fn stopwatch() -> impl Fn() -> f64 {
    let start = Instant::now();
    move || start.elapsed().as_secs_f64()
}
