//! The story that `writ demo` tells: the world of scenario S02, made-up logs of a made-up firm, embedded
//! in the binary so that the demo and the corpus cannot tell different stories.

use crate::error::{Error, Kind};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

macro_rules! world {
    ($name:literal) => {
        include_str!(concat!("../../../../scenarios/S02-borrowed-key/events/", $name))
    };
}

/// The world's deliveries, by source: one JSON object per line, each with the evidence as its recorder
/// wrote it.
const WORLD: [(&str, &str); 6] = [
    ("cloudtrail", world!("aws.cloudtrail.ndjson")),
    ("agents", world!("otel.log.ndjson")),
    ("approvals", world!("approval.ndjson")),
    ("decisions", world!("opa.decision.ndjson")),
    ("reports", world!("health.ndjson")),
    ("inventory", world!("identity.ndjson")),
];

/// What happened, as somebody would tell it.
pub(crate) const TOLD: &str = "\
A made-up firm. Mira asks her coding agent to fix a login that fails on staging.
Three minutes later a production volume is gone. The cloud's log names a key of the
user domains-bot, which Sofia, the founder, made in December to renew domains.
The agent afterwards wrote a file that says it is sorry.

On whose authority was the volume deleted, and what did nobody write down?
";

/// The event that is asked about.
pub(crate) const EVENT: &str = "aws.cloudtrail:00000203-1111-4222-8333-444455556666";

/// Over this the cloud's log is handed in whole, and by somebody who has no part in the story.
pub(crate) const COMPLETE: (&str, &str) = ("2026-04-23T08:00:00Z", "2026-04-23T11:00:00Z");
/// Who hands the logs in.
pub(crate) const BY: &str = "iris";

/// The delivery that is withheld to see what the answer then says: the agent's record of the call.
pub(crate) const WITHHELD: &str = "call-12";

/// What to make of the first answer.
pub(crate) const LESSON: &str = "\
The key is proven, hop by hop, to the one who made it, and that does not make Sofia
the one who used it. That Mira asked is a strong guess and is called one: the agent's
call names the volume and the key, at the same second, and carries no id of the
request. No approval and no policy decision: said as a fact, because both services
are the only ones on this route and their records are complete. What the agent wrote
about itself is not evidence.
";

/// A file of the story: its name, who wrote it where that has to be said, and its bytes.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) name: String,
    pub(crate) recorder: Option<String>,
    pub(crate) bytes: Vec<u8>,
}

#[derive(Deserialize)]
struct Delivery {
    id: String,
    recorder: Option<String>,
    evidence: Value,
}

/// The story's logs as their recorders would hand them over, without one delivery.
pub(crate) fn files(without: Option<&str>) -> Result<Vec<File>, Error> {
    let mut files: BTreeMap<(String, Option<String>), Vec<u8>> = BTreeMap::new();
    for (name, text) in WORLD {
        for line in text.lines().filter(|line| !line.is_empty()) {
            let delivery: Delivery = serde_json::from_str(line).map_err(|fault| broken(name, &fault))?;
            if without == Some(delivery.id.as_str()) {
                continue;
            }
            let named = delivery.recorder.as_deref().and_then(|recorder| recorder.rsplit('/').next()).unwrap_or(name);
            let bytes = files.entry((named.to_string(), delivery.recorder)).or_default();
            serde_json::to_writer(&mut *bytes, &delivery.evidence).map_err(|fault| broken(name, &fault))?;
            bytes.push(b'\n');
        }
    }
    let file = |((name, recorder), bytes)| File { name: format!("{name}.ndjson"), recorder, bytes };
    Ok(files.into_iter().map(file).collect())
}

fn broken(name: &str, fault: &serde_json::Error) -> Error {
    Error::new(Kind::Internal, format!("the story's {name} cannot be read: {fault}"))
}
