//! Source `aws.cloudtrail`: what AWS writes down about calls to its services.
//!
//! The vendor's account of the format: the CloudTrail record contents and userIdentity element pages
//! of the CloudTrail user guide. `docs/reference/aws-cloudtrail.md` says what is read and what is
//! known to be left out. Here: declarations, recognition and the envelope; the rest by fact kind.

mod binding;
mod caller;
mod calls;
mod carrier;
mod event;
mod facts;
mod govern;
mod grant;
mod minting;
mod outcome;
mod presented;
mod resource;
mod risk;

use crate::admit::{kind_word, short};
use crate::field::unambiguous_here;
use crate::redact::{EVERYWHERE, Withholds};
use crate::source::{Context, Reading, Source};
use crate::stamp;
use writ_model::fact::{Fact, FactKind};
use writ_model::json::{Node, Value};
use writ_model::source::{Omission, SourceInfo};
use writ_model::time::EventTime;

/// Counts up with every change to what is read off a record.
const VERSION: u32 = 3;

/// CloudTrail tells time to the second.
const PRECISION_MS: u32 = 1_000;

const MINUTE_MS: u64 = 60_000;
const DAY_MS: u64 = 24 * 60 * MINUTE_MS;

/// Where in a record callers' and services' own values stand.
const WITHHOLDS: Withholds = Withholds {
    within: &["requestParameters", "responseElements", "additionalEventData", "serviceEventDetails"],
    ..EVERYWHERE
};

/// AWS CloudTrail.
#[derive(Clone, Copy, Debug)]
pub struct CloudTrail;

/// Code of an omission: see [`OMISSIONS`].
pub(crate) const SSO_ROLE_CREDENTIALS: &str = "sso_role_credentials";
/// Code of an omission.
pub(crate) const CONSOLE_SESSION: &str = "console_session";
/// Code of an omission.
pub(crate) const CONSOLE_NO_KEY: &str = "console_no_key";
/// Code of an omission.
pub(crate) const SERVICE_SESSION: &str = "service_session";

static OMISSIONS: [Omission; 5] = [
    Omission {
        code: SSO_ROLE_CREDENTIALS,
        text: "GetRoleCredentials of IAM Identity Center issues a role session and does not log its access key",
        fix: "none by configuration; collect the Identity Center account's trail, so that account, role and time can be matched",
        ask: "the administrator of IAM Identity Center, for the portal and CLI sessions of that user",
        reference: "https://docs.aws.amazon.com/singlesignon/latest/userguide/logging-using-cloudtrail.html",
    },
    Omission {
        code: CONSOLE_SESSION,
        text: "the session that a console login or a role switch makes is logged without its access key",
        fix: "let agents and scripts use AssumeRole, whose record shows the key, rather than console sessions",
        ask: "the person named in the ConsoleLogin or SwitchRole event nearest before",
        reference: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html",
    },
    Omission {
        code: CONSOLE_NO_KEY,
        text: "calls made through the console or by an Identity Center user may show no access key at all",
        fix: "none by configuration; set a source identity when roles are assumed, it is kept in every later call",
        ask: "the person named as caller",
        reference: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html",
    },
    Omission {
        code: SERVICE_SESSION,
        text: "a session that an AWS service makes out of its caller's (a forward access session) has no issuance record",
        fix: "give the service a role of its own (a CloudFormation service role), whose AssumeRole is logged",
        ask: "the owner of the resource through which the service was called (the stack, the pipeline)",
        reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html",
    },
    Omission {
        code: "data_events",
        text: "reads and writes of objects, items and messages are not logged unless data events are selected",
        fix: "add advanced event selectors for the data events of the resources that matter (S3 objects, DynamoDB items)",
        ask: "the owner of the resource, for its own access logs",
        reference: "https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html",
    },
];

static INFO: SourceInfo = SourceInfo {
    name: "aws.cloudtrail",
    title: "AWS CloudTrail: calls to AWS services, sign-ins, service events, insights",
    namespace: "aws",
    delay_usual_ms: 5 * MINUTE_MS,
    // Nothing is guaranteed: see the reference page for why an hour.
    delay_worst_ms: 60 * MINUTE_MS,
    precision_ms: PRECISION_MS,
    // Services stamp with their own hosts' clocks.
    skew_ms: 5_000,
    verifies: "the signature of each request and so the access key, the principal behind it and the session it belongs to",
    // Event history; what a trail delivers is kept as long as its bucket keeps it.
    retention_ms: Some(90 * DAY_MS),
    contains: &[
        FactKind::Effect,
        FactKind::Credential,
        FactKind::Grant,
        FactKind::Decision,
        FactKind::Session,
        FactKind::Change,
        FactKind::Health,
    ],
    omissions: &OMISSIONS,
    tested: true,
};

/// The recorder that writes an account's log.
fn recorder(account: &str) -> String {
    ["aws:", account].concat()
}

impl Source for CloudTrail {
    fn info(&self) -> &'static SourceInfo {
        &INFO
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn withholds(&self) -> &'static Withholds {
        &WITHHOLDS
    }

    fn tables(&self) -> String {
        [
            minting::tables(),
            binding::tables(),
            grant::tables(),
            govern::tables(),
            outcome::tables(),
            resource::tables(),
            risk::tables(),
        ]
        .join("\n")
    }

    fn marks(&self) -> &'static [&'static str] {
        &["\"eventTime\"", "\"eventID\""]
    }

    fn recognises(&self, node: &Node<'_>) -> bool {
        // A record has its time or id, and at least two of the others.
        let (mut told, mut marks) = (false, 0);
        for (name, value) in node.members() {
            match &**name {
                "eventTime" | "eventID" => told = true,
                // Notifications of S3, streams of DynamoDB and Kinesis share these names; their sources are `aws:s3`, ….
                "eventSource" if value.as_str().is_some_and(|source| source.starts_with("aws:")) => return false,
                "eventVersion" | "eventSource" | "eventName" | "eventType" | "userIdentity" | "insightDetails"
                | "awsRegion" => marks += 1,
                _ => {}
            }
        }
        told && marks >= 2
    }

    fn read(&self, node: &Node<'_>) -> Result<Reading, String> {
        unambiguous(node, 0)?;
        let text = |path: &[&str]| node.text(path).filter(|text| !text.trim().is_empty());
        let account = text(&["recipientAccountId"]).or_else(|| text(&["userIdentity", "accountId"]));
        Ok(Reading {
            recorder: recorder(account.unwrap_or("unknown")),
            native_id: text(&["eventID"]).map(str::to_string),
            event_time: event_time(node)?,
            available_time: None,
        })
    }

    /// The caller. CloudTrail writes version and caller first, and a session calls many times.
    fn shared_part<'n, 't>(&self, node: &'n Node<'t>) -> Option<&'n Node<'t>> {
        let [(version, _), (name, caller), _, ..] = node.members() else { return None };
        (version == "eventVersion" && name == "userIdentity").then_some(caller)
    }

    fn facts(&self, node: &Node<'_>, context: &Context<'_>) -> Vec<Fact> {
        facts::of(node, context)
    }
}

/// Refuses a record in which a member stands twice, or in what says who, with what and what came of it: readers
/// disagree about which one counts, so whoever could add the second would choose who is seen.
fn unambiguous(node: &Node<'_>, depth: usize) -> Result<(), String> {
    let is_telling = |name: &str| depth > 0 || matches!(name, "userIdentity" | "responseElements");
    let members = match &node.value {
        Value::Object(members) => members,
        Value::Array(nodes) => return nodes.iter().try_for_each(|child| unambiguous(child, depth + 1)),
        _ => return Ok(()),
    };
    unambiguous_here(node)?;
    members.iter().filter(|(name, _)| is_telling(name)).try_for_each(|(_, child)| unambiguous(child, depth + 1))
}

/// When it happened. A sample or an export that dropped the time is still evidence of who and what;
/// a time that cannot be read is not passed over.
fn event_time(node: &Node<'_>) -> Result<Option<EventTime>, String> {
    let Some(time) = node.get("eventTime").filter(|time| time.value != Value::Null) else { return Ok(None) };
    let Some(text) = time.as_str() else {
        let found = kind_word(&time.value);
        return Err(format!("`eventTime` should be a text such as 2026-01-31T08:00:00Z; it is {found}"));
    };
    // The vendor writes it in UTC always, so a pipeline that dropped the zone has lost nothing.
    match stamp::read(text).or_else(|| stamp::zoneless_utc(text)) {
        Some(start) => Ok(Some(EventTime::at(start, PRECISION_MS))),
        None => Err(format!("`eventTime` `{}` is not a time such as 2026-01-31T08:00:00Z", short(text))),
    }
}

#[cfg(test)]
mod tests;
