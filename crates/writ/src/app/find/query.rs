//! What was asked for: values that a record must show, and terms it must meet. All must hold.

use super::{KEY_KINDS, token};
use writ_model::fact::FactKind;
use writ_model::key::{KeyKind, KeyName};
use writ_model::time::Time;

/// A query.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query {
    /// Values that a record shows, each of them.
    pub(crate) values: Vec<Value>,
    pub(super) source: Option<String>,
    pub(super) recorder: Option<String>,
    /// Of one fact, all of these.
    pub(super) kind: Option<FactKind>,
    pub(super) action: Option<String>,
    pub(super) outcome: Option<String>,
    pub(super) risk: Option<String>,
    since: Option<Time>,
    until: Option<Time>,
}

/// A value that a record shows.
#[derive(Clone, Debug)]
pub(crate) struct Value {
    /// As typed; `None` for a secret, which is looked for by fingerprint alone.
    pub(super) text: Option<String>,
    /// Only as a key of this kind.
    pub(super) kind: Option<KeyKind>,
    /// Keys it certainly is, whatever its text: fingerprints.
    pub(super) names: Vec<KeyName>,
}

/// Terms, for messages and help.
pub(crate) const TERMS: &str = "source, recorder, kind, action, outcome, risk, since, until";
/// Words after `approval:` and its like that ask for verdicts, which are not stored.
const VERDICT_TERMS: [&str; 5] = ["approval", "decision", "root", "roots", "word"];

const FACT_KINDS: [FactKind; 13] = [
    FactKind::Intent,
    FactKind::Approval,
    FactKind::Grant,
    FactKind::Credential,
    FactKind::Delegation,
    FactKind::Decision,
    FactKind::ModelCall,
    FactKind::ToolCall,
    FactKind::Effect,
    FactKind::Session,
    FactKind::Change,
    FactKind::Identity,
    FactKind::Health,
];
const OUTCOMES: [&str; 4] = ["success", "failure", "denied", "unknown"];
const TIERS: [&str; 3] = ["low", "normal", "high"];

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;

impl Query {
    /// Reads terms and values; an error says what is known, and never repeats a value, which may be a
    /// secret.
    pub(crate) fn parse<'t>(words: impl IntoIterator<Item = &'t str>, now: Time) -> Result<Query, String> {
        let mut query = Query::default();
        let words: Vec<&str> = words.into_iter().flat_map(str::split_whitespace).collect();
        for word in words {
            // What stands before a token in a header.
            if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("authorization:") {
                continue;
            }
            query.take(word, now)?;
        }
        Ok(query)
    }

    fn take(&mut self, word: &str, now: Time) -> Result<(), String> {
        let Some((name, text)) = word.split_once(':').filter(|(_, text)| !text.is_empty()) else {
            self.values.push(Value::of(word, None));
            return Ok(());
        };
        let one_of = |known: &[&str]| -> Result<Option<String>, String> {
            let text = text.to_lowercase();
            if known.contains(&text.as_str()) {
                return Ok(Some(text));
            }
            Err(format!("`{name}:` takes one of: {}", known.join(", ")))
        };
        match name {
            "source" => self.source = Some(text.to_string()),
            "recorder" => self.recorder = Some(text.to_string()),
            "action" => self.action = Some(text.to_lowercase()),
            "kind" => {
                let words: Vec<&str> = FACT_KINDS.iter().map(|kind| kind.word()).collect();
                let word = one_of(&words)?;
                self.kind = FACT_KINDS.into_iter().find(|kind| Some(kind.word()) == word.as_deref());
            }
            "outcome" => self.outcome = one_of(&OUTCOMES)?,
            "risk" => {
                let reasons = writ_view::explain::codes(writ_view::explain::Kind::Risk);
                self.risk = one_of(&[TIERS.as_slice(), &reasons].concat())?;
            }
            "since" => self.since = Some(instant(name, text, now)?),
            "until" => self.until = Some(instant(name, text, now)?),
            _ if VERDICT_TERMS.contains(&name) && is_verdict_word(text) => {
                return Err(format!(
                    "`{name}:` asks for what an answer concludes, and answers are not stored; \
                    pipe what you find into `writ check -`"
                ));
            }
            _ => {
                let kind = KEY_KINDS.into_iter().find(|kind| kind.word() == name);
                self.values.push(if kind.is_some() { Value::of(text, kind) } else { Value::of(word, None) });
            }
        }
        Ok(())
    }

    /// Whether nothing at all was asked for.
    pub(crate) fn is_empty(&self) -> bool {
        let terms = [&self.source, &self.recorder, &self.action, &self.outcome, &self.risk];
        self.values.is_empty()
            && self.kind.is_none()
            && self.window().is_none()
            && terms.iter().all(|term| term.is_none())
    }

    /// Event times it is limited to.
    pub(crate) fn window(&self) -> Option<(Time, Time)> {
        let limited = self.since.is_some() || self.until.is_some();
        limited.then(|| (self.since.unwrap_or(Time::MIN), self.until.unwrap_or(Time::MAX)))
    }
}

impl Value {
    fn of(text: &str, kind: Option<KeyKind>) -> Value {
        let names = token::fingerprints(text);
        let secret = token::is_secret(text);
        Value { text: (!secret).then(|| text.to_string()), kind, names }
    }
}

fn is_verdict_word(text: &str) -> bool {
    use writ_view::explain::{Kind, find};
    let verdicts = [Kind::Approval, Kind::Decision, Kind::Verdict, Kind::Roots];
    find(text).iter().any(|entry| verdicts.contains(&entry.kind))
}

/// `7d`, `12h`, `30m`, `2w` before now, a day, or an instant.
fn instant(name: &str, text: &str, now: Time) -> Result<Time, String> {
    let wrong = || format!("`{name}:` takes 7d, 12h, 30m, 2w, a day such as 2026-10-14, or an instant in RFC 3339");
    if let Some(time) = Time::parse(text).or_else(|| Time::parse(&format!("{text}T00:00:00Z"))) {
        return Ok(time);
    }
    let (digits, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let unit = match unit {
        "m" => MINUTE_MS,
        "h" => HOUR_MS,
        "d" => DAY_MS,
        "w" => 7 * DAY_MS,
        _ => return Err(wrong()),
    };
    let ago = digits.parse::<u32>().ok().and_then(|n| i64::from(n).checked_mul(unit)).ok_or_else(wrong)?;
    Ok(now.plus_millis(-ago))
}

#[cfg(test)]
mod tests;
