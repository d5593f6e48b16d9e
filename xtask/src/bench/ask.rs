//! How long answers take, one by one, in a process that has opened the folder.
//!
//! `writ why -` writes each answer as soon as it is there, so the time between two of them is what one
//! takes, from finding the event to the last byte of JSON.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::{process, report};

/// What answers about some events came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Asked {
    /// Milliseconds of each answer.
    pub(super) ms: Vec<f64>,
    /// The fewest hops that one of them has.
    pub(super) n_hops_least: usize,
    /// Most memory that the process had resident, in bytes.
    pub(super) memory: Option<u64>,
}

/// Asks about `warm` first, whose times are not taken, and then about `ids`.
pub(super) fn ask(why: &mut Command, warm: &[String], ids: &[String]) -> Result<Asked, String> {
    let told = |error| format!("`writ why` cannot be asked: {error}");
    let mut child = why.args(["-", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().map_err(told)?;
    if let Some(mut stdin) = child.stdin.take() {
        // Some hundred ids fit into any pipe.
        let events: String = warm.iter().chain(ids).map(|id| reference(id) + "\n").collect();
        stdin.write_all(events.as_bytes()).map_err(told)?;
    }
    let mut lines = child.stdout.take().into_iter().flat_map(|stdout| BufReader::new(stdout).split(b'\n'));
    let mut asked = Asked { n_hops_least: usize::MAX, ..Asked::default() };
    let mut before = Instant::now();
    let mut answers = Vec::new();
    for _ in 0..warm.len() + ids.len() {
        let Some(line) = lines.next() else { break };
        answers.push((line.map_err(told)?, before.elapsed().as_secs_f64() * 1_000.0));
        before = Instant::now();
        asked.memory = asked.memory.max(process::peak_memory(child.id()));
    }
    child.wait().map_err(told)?;
    for (id, (line, ms)) in ids.iter().zip(answers.into_iter().skip(warm.len())) {
        asked.n_hops_least = asked.n_hops_least.min(hops(&line, id)?);
        asked.ms.push(ms);
    }
    if asked.ms.len() == ids.len() {
        Ok(asked)
    } else {
        Err(format!("`writ why` answered about {} events of {}", asked.ms.len(), ids.len()))
    }
}

/// What several processes came to that were asked about the same events: of each event the median.
pub(super) fn medians(asked: &[Asked]) -> Asked {
    let n_events = asked.iter().map(|one| one.ms.len()).max().unwrap_or(0);
    let of = |event: usize| asked.iter().filter_map(|one| one.ms.get(event).copied()).collect::<Vec<_>>();
    Asked {
        ms: (0..n_events).map(|event| report::quantile(&of(event), 50)).collect(),
        n_hops_least: asked.iter().map(|one| one.n_hops_least).min().unwrap_or(0),
        memory: asked.iter().filter_map(|one| one.memory).max(),
    }
}

/// How an event of the corpus is named.
pub(super) fn reference(id: &str) -> String {
    format!("aws.cloudtrail:{id}")
}

/// Makes sure that this is an answer about an event, and says how many hops it has.
pub(super) fn hops(line: &[u8], id: &str) -> Result<usize, String> {
    let answer: Value = serde_json::from_slice(line).unwrap_or_default();
    let answered = answer.pointer("/event/native_id").and_then(Value::as_str);
    if answered != Some(id) {
        return Err(format!("`writ why` gave no answer about `{id}` where one was due"));
    }
    Ok(answer.get("hops").and_then(Value::as_array).map_or(0, Vec::len))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_disturbs_one_process_does_not_count() {
        let asked = |ms: &[f64], n_hops_least| Asked { ms: ms.to_vec(), n_hops_least, memory: None };
        let medians = medians(&[asked(&[1.0, 90.0], 3), asked(&[70.0, 2.0], 2), asked(&[1.5, 2.5], 3)]);
        assert_eq!((medians.ms, medians.n_hops_least), (vec![1.5, 2.5], 2));
    }

    #[test]
    fn every_event_needs_its_own_answer() {
        assert_eq!(hops(br#"{"event":{"native_id":"a"},"hops":[{},{}]}"#, "a"), Ok(2));
        assert_eq!(hops(br#"{"event":{"native_id":"a"}}"#, "a"), Ok(0));
        assert!(hops(br#"{"event":{"native_id":"b"},"hops":[]}"#, "a").is_err());
        assert!(hops(br#"{"error":"not found"}"#, "a").is_err());
        assert!(hops(b"", "a").is_err());
    }
}
