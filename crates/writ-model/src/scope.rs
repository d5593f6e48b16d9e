//! Scope: how much a credential or an approval allows, in forms that can be compared like with like.

use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

/// What a credential allows, as its issuer states it. Only like is compared with like: names with
/// names, limits with limits of the same name and unit.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Scope {
    /// OAuth scope names (RFC 6749, section 3.3): a set, order means nothing.
    pub names: BTreeSet<String>,
    /// Numeric limits; a name without one is unlimited.
    pub limits: Vec<Limit>,
    /// Rich authorisation details (RFC 9396), each as canonical JSON.
    pub details: BTreeSet<String>,
    /// Whom it is for (RFC 8707 resources, audiences).
    pub audiences: BTreeSet<String>,
}

/// At most so much of something.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Limit {
    /// Of what: a scope name (`pay`), or what a call states (`amount`).
    pub name: String,
    /// The most that is allowed, both ends included.
    pub max: Decimal,
    /// In what: `EUR`, `rows`; empty where the number has no unit.
    pub unit: String,
}

/// A decimal number as it is written in evidence, kept exactly: no floating point enters a comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Decimal {
    /// The value in units of 10^-[`Decimal::PLACES`].
    units: i128,
}

impl Decimal {
    /// Digits kept behind the point; currencies use at most four, and more than this is refused
    /// rather than rounded.
    pub const PLACES: usize = 9;

    /// Reads `500`, `-3`, `4800.00`; `None` for anything else (an exponent, more than
    /// [`Decimal::PLACES`] digits behind the point, more than 24 before it).
    pub fn parse(text: &str) -> Option<Decimal> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let numeric = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let part = part.trim_end_matches('0');
        let ends = digits.ends_with('.') || whole.is_empty();
        if ends || whole.len() > 24 || part.len() > Self::PLACES || !numeric(whole) || !numeric(part) {
            return None;
        }
        let mut units: i128 = whole.parse().ok()?;
        for place in 0..Self::PLACES {
            let digit = part.as_bytes().get(place).map_or(0, |byte| i128::from(byte - b'0'));
            units = units * 10 + digit;
        }
        Some(Decimal { units: if negative { -units } else { units } })
    }
}

/// How a scope changed from one credential to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeChange {
    /// Nothing was gained or lost.
    Same,
    /// Something was lost and nothing gained.
    Narrowed,
    /// Something was gained.
    Grew,
    /// One of the two is not told, or they cannot be compared.
    Unknown,
}

impl ScopeChange {
    /// The word used in answers.
    pub fn word(self) -> &'static str {
        match self {
            ScopeChange::Same => "same",
            ScopeChange::Narrowed => "narrowed",
            ScopeChange::Grew => "grew",
            ScopeChange::Unknown => "unknown",
        }
    }
}

impl Scope {
    /// Whether it says nothing at all.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty() && self.limits.is_empty() && self.details.is_empty() && self.audiences.is_empty()
    }

    /// Its parts for a reader: `pay`, `pay at most 500 EUR`.
    pub fn parts(&self) -> Vec<String> {
        let mut parts: Vec<String> = self.names.iter().cloned().collect();
        parts.extend(self.limits.iter().map(Limit::text));
        parts.extend(self.details.iter().cloned());
        parts
    }

    /// How this changed into `after`, and what was gained. Audiences are not compared: another
    /// audience is another use, not more power.
    pub fn change_to(&self, after: &Scope) -> (ScopeChange, Vec<String>) {
        let compared = |scope: &Scope| !scope.names.is_empty() || !scope.limits.is_empty() || !scope.details.is_empty();
        if !compared(self) || !compared(after) {
            return (ScopeChange::Unknown, Vec::new());
        }
        // What one side does not tell at all is not gained or lost by the other.
        let told = |before: &BTreeSet<String>, after: &BTreeSet<String>| !before.is_empty() && !after.is_empty();
        let mut added: Vec<String> = Vec::new();
        if told(&self.names, &after.names) {
            added.extend(after.names.difference(&self.names).cloned());
        }
        // Details differ in ways that only their type's owner can weigh: more of them is more power, other
        // ones are not comparable.
        if self.details != after.details {
            if self.details.is_subset(&after.details) && !self.details.is_empty() {
                added.extend(after.details.difference(&self.details).cloned());
            } else if !after.details.is_subset(&self.details) {
                return (ScopeChange::Unknown, Vec::new());
            }
        }
        let unit_changed = |limit: &Limit| {
            let same = after.limits.iter().filter(|other| other.name == limit.name);
            same.clone().count() > 0 && same.clone().all(|other| other.unit != limit.unit)
        };
        if self.limits.iter().any(unit_changed) {
            return (ScopeChange::Unknown, Vec::new());
        }
        for limit in &self.limits {
            match after.limits.iter().find(|other| other.name == limit.name && other.unit == limit.unit) {
                Some(other) if other.max > limit.max => added.push(other.text()),
                // A limit on something that the other still allows has fallen away.
                None if after.names.contains(&limit.name) || after.names.is_empty() => {
                    added.push(alloc::format!("{} without the limit of {}", limit.name, limit.amount()));
                }
                Some(_) | None => {}
            }
        }
        if !added.is_empty() {
            return (ScopeChange::Grew, added);
        }
        let mut same = self.clone();
        same.audiences.clone_from(&after.audiences);
        same.limits.sort();
        let mut other = after.clone();
        other.limits.sort();
        if same == other { (ScopeChange::Same, added) } else { (ScopeChange::Narrowed, added) }
    }
}

impl Limit {
    /// For a reader: `pay at most 500 EUR`.
    pub fn text(&self) -> String {
        alloc::format!("{} at most {}", self.name, self.amount())
    }

    fn amount(&self) -> String {
        let amount = alloc::format!("{} {}", self.max, self.unit);
        amount.trim_end().into()
    }
}

impl core::fmt::Display for Decimal {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let scale = 10_i128.pow(9);
        let sign = if self.units < 0 { "-" } else { "" };
        let (whole, part) = (self.units.abs() / scale, self.units.abs() % scale);
        if part == 0 {
            return write!(f, "{sign}{whole}");
        }
        let part = alloc::format!("{part:09}");
        write!(f, "{sign}{whole}.{}", part.trim_end_matches('0'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec;

    fn scope(names: &[&str], limits: &[(&str, &str, &str)]) -> Scope {
        Scope {
            names: names.iter().map(ToString::to_string).collect(),
            limits: limits
                .iter()
                .map(|(name, max, unit)| Limit {
                    name: name.to_string(),
                    max: Decimal::parse(max).unwrap(),
                    unit: unit.to_string(),
                })
                .collect(),
            ..Scope::default()
        }
    }

    #[test]
    fn a_limit_that_falls_away_is_power_gained() {
        let limited = scope(&["pay"], &[("pay", "500", "EUR")]);
        let (change, added) = limited.change_to(&scope(&["pay"], &[]));
        assert_eq!((change, added), (ScopeChange::Grew, vec!["pay without the limit of 500 EUR".to_string()]));
        assert_eq!(scope(&["pay"], &[]).change_to(&limited).0, ScopeChange::Narrowed);
        assert_eq!(limited.change_to(&limited).0, ScopeChange::Same);
        assert_eq!(limited.change_to(&scope(&["pay"], &[("pay", "500.01", "EUR")])).0, ScopeChange::Grew);
        assert_eq!(limited.change_to(&scope(&["read"], &[])).1, vec!["read".to_string()]);
        assert_eq!(limited.change_to(&Scope::default()).0, ScopeChange::Unknown);
    }

    #[test]
    fn decimals_are_exact_or_not_read() {
        for (text, shown) in [("500", "500"), ("4800.00", "4800"), ("-0.5", "-0.5"), ("0.000000001", "0.000000001")] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), shown);
        }
        for text in ["", "1e3", ".5", "5.", "1,000", "0.0000000001", "--1", "1 "] {
            assert_eq!(Decimal::parse(text), None, "{text:?}");
        }
    }
}
