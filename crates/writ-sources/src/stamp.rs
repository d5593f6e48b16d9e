//! Times as vendors spell them. Only spellings that name one instant are read.

use writ_model::time::Time;

/// Months as AWS SDK for Java prints them, which is how CloudTrail shows expirations.
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// Reads RFC 3339, or the compact ISO 8601 form `20131102T010628Z` of old CloudTrail sessions.
pub(crate) fn read(text: &str) -> Option<Time> {
    Time::parse(text).or_else(|| compact(text))
}

/// Reads an instant in UTC that a pipeline has re-spelt without its zone: `2025-01-21 17:39:10.5`. Only
/// for a field whose vendor says that it is always UTC; elsewhere a time without a zone is no instant.
pub(crate) fn zoneless_utc(text: &str) -> Option<Time> {
    let (date, time) = text.split_once(' ')?;
    Time::parse(&format!("{date}T{time}Z"))
}

fn compact(text: &str) -> Option<Time> {
    let digits = text.strip_suffix('Z')?;
    let (date, time) = digits.split_once('T')?;
    let numeric = |part: &str, len: usize| part.len() == len && part.bytes().all(|byte| byte.is_ascii_digit());
    if !numeric(date, 8) || !numeric(time, 6) {
        return None;
    }
    let part = |text: &str, from: usize, to: usize| text.get(from..to).map(str::to_string);
    Time::parse(&format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(date, 0, 4)?,
        part(date, 4, 6)?,
        part(date, 6, 8)?,
        part(time, 0, 2)?,
        part(time, 2, 4)?,
        part(time, 4, 6)?
    ))
}

/// Reads an expiration as CloudTrail shows it: `Jul 1, 2026, 12:08:19 PM` (with or without the second
/// comma, and with whatever space the vendor's runtime puts before `PM`), in UTC; or as [`read`].
pub(crate) fn expiration(text: &str) -> Option<Time> {
    if let Some(time) = read(text) {
        return Some(time);
    }
    let mut words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let month = words.next()?;
    let month = MONTHS.iter().position(|name| *name == month)? + 1;
    let day: u8 = words.next()?.parse().ok()?;
    let year: u16 = words.next()?.parse().ok()?;
    let clock = words.next()?;
    let half = words.next()?;
    let (hour, rest) = clock.split_once(':')?;
    let hour: u8 = hour.parse().ok()?;
    let hour = match (hour, half) {
        (12, "AM") => 0,
        (1..=11, "AM") | (12, "PM") => hour,
        (1..=11, "PM") => hour + 12,
        _ => return None,
    };
    if words.next().is_some() {
        return None;
    }
    Time::parse(&format!("{year:04}-{month:02}-{day:02}T{hour:02}:{rest}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vendor_spellings_are_read_and_others_are_not() {
        let time = |text: &str| Time::parse(text);
        assert_eq!(zoneless_utc("2025-01-21 17:39:10.000000000"), time("2025-01-21T17:39:10Z"));
        assert_eq!((zoneless_utc("2025-01-21T17:39:10"), zoneless_utc("2025-01-21 17:39:10+02:00")), (None, None));
        assert_eq!(read("20131102T010628Z"), time("2013-11-02T01:06:28Z"));
        assert_eq!(expiration("Jul 1, 2026, 12:08:19 PM"), time("2026-07-01T12:08:19Z"));
        assert_eq!(expiration("Jul 4, 2019 4:29:29 PM"), time("2019-07-04T16:29:29Z"));
        assert_eq!(expiration("Jan 12, 2026, 12:00:00\u{202f}AM"), time("2026-01-12T00:00:00Z"));
        for text in
            ["2013110T010628Z", "20131102T010628", "2026-07-01 12:08:19", "Jul 1, 2026", "July 1, 2026, 1:00:00 PM"]
        {
            assert_eq!(expiration(text), None, "{text}");
        }
        assert_eq!(expiration("Jul 1, 2026, 13:08:19 PM"), None);
    }
}
