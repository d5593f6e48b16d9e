//! Instants and event times.
//!
//! A time is never moved: it is kept as the recorder wrote it, with the precision it wrote it in.

use alloc::string::String;
use core::fmt;
use core::str::FromStr as _;

/// An instant in UTC: seconds since 1970-01-01T00:00:00Z (negative before) and nanoseconds within
/// that second (0 to 999,999,999). Years -9999 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time {
    s: i64,
    ns: u32,
}

impl Time {
    /// The earliest instant that can be told.
    pub const MIN: Time = Time { s: i64::MIN, ns: 0 };
    /// The latest instant that can be told.
    pub const MAX: Time = Time { s: i64::MAX, ns: 999_999_999 };

    /// From seconds since the epoch and nanoseconds within the second; nanoseconds of a second or
    /// more are carried over.
    pub fn new(s: i64, ns: u32) -> Time {
        Time { s: s.saturating_add(i64::from(ns / 1_000_000_000)), ns: ns % 1_000_000_000 }
    }

    /// From milliseconds since the epoch.
    pub fn from_millis(ms: i64) -> Time {
        let ns = u32::try_from(ms.rem_euclid(1000)).unwrap_or(0) * 1_000_000;
        Time { s: ms.div_euclid(1000), ns }
    }

    /// Seconds since the epoch, and nanoseconds within that second.
    pub fn parts(self) -> (i64, u32) {
        (self.s, self.ns)
    }

    /// Reads RFC 3339 (`2024-08-02T08:23:55Z`, with any offset and up to nine digits of fraction).
    /// `None` for anything else, a time without an offset included.
    pub fn parse(text: &str) -> Option<Time> {
        let Ok(stamp) = jiff::Timestamp::from_str(text) else { return in_the_last_year(text) };
        let ns = stamp.subsec_nanosecond();
        // Before the epoch jiff counts nanoseconds backwards from the second.
        if ns < 0 {
            let ns = u32::try_from(1_000_000_000_i64 + i64::from(ns)).ok()?;
            Some(Time { s: stamp.as_second() - 1, ns })
        } else {
            Some(Time { s: stamp.as_second(), ns: u32::try_from(ns).ok()? })
        }
    }

    /// This instant moved by milliseconds (negative: earlier), saturating at the ends.
    #[must_use]
    pub fn plus_millis(self, ms: i64) -> Time {
        let moved = Time::from_millis(ms);
        let ns = self.ns + moved.ns;
        Time { s: self.s.saturating_add(moved.s).saturating_add(i64::from(ns / 1_000_000_000)), ns: ns % 1_000_000_000 }
    }

    /// Milliseconds from `earlier` to this instant (negative if it is later), saturating.
    pub fn millis_since(self, earlier: Time) -> i64 {
        let s = self.s.saturating_sub(earlier.s);
        s.saturating_mul(1000).saturating_add((i64::from(self.ns) - i64::from(earlier.ns)) / 1_000_000)
    }
}

impl fmt::Display for Time {
    /// RFC 3339 in UTC with as many digits of fraction as it needs; far instants as seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = i32::try_from(self.ns).unwrap_or(0);
        let stamp = |s: i64| jiff::Timestamp::new(s, ns);
        match (stamp(self.s), stamp(self.s.saturating_sub(YEAR_S))) {
            (Ok(stamp), _) => write!(f, "{stamp}"),
            (Err(_), Ok(before)) if self.s <= LAST_S => {
                let before = alloc::format!("{before}");
                write!(f, "9999{}", before.strip_prefix("9998").unwrap_or(&before))
            }
            _ => write!(f, "@{}s", self.s),
        }
    }
}

/// Seconds of the years 9998 and 9999, neither of which has a leap day.
const YEAR_S: i64 = 365 * 24 * 3600;

/// 9999-12-31T23:59:59Z, the last second that RFC 3339 can tell.
const LAST_S: i64 = 253_402_300_799;

/// The last hours that RFC 3339 can tell lie beyond what the calendar used here can. People and systems
/// mean by them "for ever", so they are read as the same instant of the year before, moved by that year.
fn in_the_last_year(text: &str) -> Option<Time> {
    let before = alloc::format!("9998{}", text.strip_prefix("9999")?);
    let Time { s, ns } = Time::parse(&before)?;
    let s = s + YEAR_S;
    (s <= LAST_S).then_some(Time { s, ns })
}

/// When something happened, as its recorder tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct EventTime {
    /// The instant, or the beginning of it.
    pub start: Time,
    /// The end, where the recorder tells one.
    pub end: Option<Time>,
    /// How finely the recorder tells time, in milliseconds: the truth lies within this after `start`.
    pub precision_ms: u32,
}

impl EventTime {
    /// An instant told with this precision.
    pub fn at(start: Time, precision_ms: u32) -> EventTime {
        EventTime { start, end: None, precision_ms }
    }

    /// Whether both may be the same instant, given how finely each is told and `skew_ms` between clocks.
    pub fn agrees(&self, other: &EventTime, skew_ms: u32) -> bool {
        let slack = i64::from(self.precision_ms.max(other.precision_ms)) + i64::from(skew_ms);
        self.start.millis_since(other.start).abs() <= slack
    }

    /// Whether this may lie at or before `other`, given precision and `skew_ms` between clocks.
    pub fn may_precede(&self, other: &EventTime, skew_ms: u32) -> bool {
        let slack = i64::from(self.precision_ms.max(other.precision_ms)) + i64::from(skew_ms);
        self.start.millis_since(other.start) <= slack
    }
}

/// How a length of time reads to a person: `45 min`, `3 h`, `2 d`.
pub fn duration_text(ms: u64) -> String {
    let s = ms / 1000;
    match s {
        0..=119 => alloc::format!("{s} s"),
        120..=7199 => alloc::format!("{} min", s / 60),
        7200..=172_799 => alloc::format!("{} h", s / 3600),
        _ => alloc::format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn times_read_back_as_written() {
        for text in
            ["2024-08-02T08:23:55Z", "1969-12-31T23:59:59.5Z", "2026-11-24T01:02:03.123456789Z", "9999-12-30T22:00:00Z"]
        {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Time::parse("2024-08-02T10:23:55+02:00"), Time::parse("2024-08-02T08:23:55Z"));
    }

    #[test]
    fn a_time_without_an_offset_is_not_read() {
        for text in ["2024-08-02T08:23:55", "yesterday", "", "2024-13-02T08:23:55Z", "20240802"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_last_year_is_read_and_written_to_its_end() {
        for text in ["9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z", "9999-12-30T22:00:01Z"] {
            assert_eq!(Time::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Time::parse("9999-12-31T23:59:59+00:00"), Time::parse("9999-12-31T23:59:59Z"));
        // Beyond it: told in no form that could be read as another instant.
        for text in ["9999-12-31T23:59:59-01:00", "10000-01-01T00:00:00Z", "9999-12-31T25:00:00Z", "9999"] {
            assert_eq!(Time::parse(text), None, "{text}");
        }
        assert_eq!(Time::new(LAST_S + 1, 0).to_string(), "@253402300800s");
        assert_eq!(Time::MAX.to_string(), "@9223372036854775807s");
    }

    #[test]
    fn moving_and_measuring_agree() {
        let t = Time::parse("1970-01-01T00:00:00.250Z").unwrap();
        let moved = t.plus_millis(-1_500);
        assert_eq!(moved.to_string(), "1969-12-31T23:59:58.75Z");
        assert_eq!(t.millis_since(moved), 1_500);
        assert_eq!(Time::MAX.plus_millis(i64::MAX).parts().0, i64::MAX);
    }
}
