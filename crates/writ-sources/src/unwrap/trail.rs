//! The envelopes in which a vendor hands on its own trail, told from texts and events of others that look
//! like them.

use writ_model::json::{Node, Value};

/// What `EventBridge` calls the events that `CloudTrail` sends it, as its user guide lists them ("AWS service
/// events delivered via AWS `CloudTrail`"). Sign-ins are spelt in two ways, there and in events.
const TYPES: [&str; 7] = [
    "AWS API Call via CloudTrail",
    "AWS Console Action via CloudTrail",
    "AWS Console Sign In via CloudTrail",
    "AWS Console Signin via CloudTrail",
    "AWS Insight via CloudTrail",
    "AWS Network Activity Event via CloudTrail",
    "AWS Service Event via CloudTrail",
];

/// Members of an answer of `LookupEvents` (API reference), and what SDKs put beside them.
const ANSWER: [&str; 4] = ["Events", "NextToken", "ResponseMetadata", "$metadata"];

/// Members of one event in such an answer. Those that are null or unused may be left out.
const EVENT: [&str; 9] =
    ["EventId", "EventName", "ReadOnly", "AccessKeyId", "EventTime", "EventSource", "Username", "Resources", LOOKED_UP];

/// The member under which a look-up returns a record, as a text.
pub(super) const LOOKED_UP: &str = "CloudTrailEvent";

/// Whether a bus event of that sender and type is one of the vendor's trail. `aws.partner/…` are others,
/// whose events hold what they like.
pub(super) fn is_bus_event(sender: Option<&str>, kind: Option<&str>) -> bool {
    let service = |sender: &str| {
        let name = sender.strip_prefix("aws.").unwrap_or_default();
        !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    sender.is_none_or(service) && kind.is_some_and(|kind| TYPES.contains(&kind))
}

/// Whether this is an answer of a look-up. In any other object a list of that name may be what somebody sent.
pub(super) fn is_answer(node: &Node<'_>) -> bool {
    let list = node.get("Events").is_some_and(|events| matches!(events.value, Value::Array(_)));
    list && has_only(node, &ANSWER)
        && node.get("Events").and_then(|events| events.elements().first()).is_some_and(is_event)
}

/// Whether this is one event of such an answer. Beside other members the text is one in somebody's log.
pub(super) fn is_event(node: &Node<'_>) -> bool {
    node.text(&["EventId"]).is_some() && node.text(&[LOOKED_UP]).is_some() && has_only(node, &EVENT)
}

/// Whether an event of a look-up names the event that its text holds, as every one does.
pub(super) fn names(event: &Node<'_>, inner: &Node<'_>) -> bool {
    event.text(&["EventId"]).is_some_and(|id| inner.text(&["eventID"]) == Some(id))
}

fn has_only(node: &Node<'_>, names: &[&str]) -> bool {
    node.members().iter().all(|(name, _)| names.contains(&&**name))
}
