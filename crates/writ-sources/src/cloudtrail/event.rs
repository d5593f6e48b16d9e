//! The members of a record that facts are read from, found in one pass.

use writ_model::json::{Node, Value};

/// One record, taken apart.
pub(super) struct Event<'n> {
    /// The service that was called, without `.amazonaws.com`; empty where the record names none.
    pub(super) service: &'n str,
    /// What was called, as spelt.
    pub(super) name: &'n str,
    /// What was called, without the date some services append (`UpdateFunctionCode20150331v2`).
    pub(super) base: &'n str,
    /// `AwsApiCall`, `AwsServiceEvent`, …
    pub(super) kind: &'n str,
    /// `Management`, `Data`, `Insight`, …
    pub(super) category: &'n str,
    /// The account whose log this is.
    pub(super) recipient: &'n str,
    /// Whether the call only reads.
    pub(super) read_only: Option<bool>,
    pub(super) error_code: Option<&'n str>,
    pub(super) error_message: Option<&'n str>,
    pub(super) request_id: Option<&'n str>,
    pub(super) shared_id: Option<&'n str>,
    pub(super) user_agent: Option<&'n str>,
    pub(super) identity: Option<&'n Node<'n>>,
    pub(super) who: Who<'n>,
    pub(super) request: Option<&'n Node<'n>>,
    pub(super) response: Option<&'n Node<'n>>,
    pub(super) additional: Option<&'n Node<'n>>,
    pub(super) service_details: Option<&'n Node<'n>>,
    pub(super) insight: Option<&'n Node<'n>>,
    pub(super) resources: &'n [Node<'n>],
    /// Whether the session came out of a console sign-in.
    pub(super) from_console: bool,
}

/// What most facts ask about the caller: texts of `userIdentity`, those that are there and not empty.
#[derive(Clone, Copy, Default)]
pub(super) struct Who<'n> {
    /// `AssumedRole`, `IAMUser`, …
    pub(super) kind: Option<&'n str>,
    /// `principalId`
    pub(super) id: Option<&'n str>,
    pub(super) arn: Option<&'n str>,
    pub(super) account: Option<&'n str>,
    /// `userName`
    pub(super) name: Option<&'n str>,
    pub(super) invoked_by: Option<&'n str>,
    /// Who issued the session: a role, mostly.
    issuer: Option<&'n Node<'n>>,
}

impl<'n> Who<'n> {
    fn of(identity: &'n Node<'n>) -> Who<'n> {
        let mut who = Who::default();
        // As above, of two by one name the first counts.
        for (name, value) in identity.members().iter().rev() {
            let text = value.as_str().filter(|text| !text.is_empty());
            match &**name {
                "type" => who.kind = text,
                "principalId" => who.id = text,
                "arn" => who.arn = text,
                "accountId" => who.account = text,
                "userName" => who.name = text,
                "invokedBy" => who.invoked_by = text,
                "sessionContext" => who.issuer = value.get("sessionIssuer"),
                _ => {}
            }
        }
        who
    }
}

/// Stands for an error code or message that is no text: what went wrong is then unknown.
pub(super) const UNREADABLE: &str = "unreadable";

impl<'n> Event<'n> {
    pub(super) fn of(node: &'n Node<'n>) -> Event<'n> {
        let mut event = Event {
            service: "",
            name: "",
            base: "",
            kind: "",
            category: "",
            recipient: "",
            read_only: None,
            error_code: None,
            error_message: None,
            request_id: None,
            shared_id: None,
            user_agent: None,
            identity: None,
            who: Who::default(),
            request: None,
            response: None,
            additional: None,
            service_details: None,
            insight: None,
            resources: &[],
            from_console: false,
        };
        // From the last member to the first, so that of two by one name the first counts, as everywhere.
        for (name, value) in node.members().iter().rev() {
            event.member(name, value);
        }
        event.base = without_date(event.name);
        event.who = event.identity.map(Who::of).unwrap_or_default();
        event
    }

    fn member(&mut self, name: &str, value: &'n Node<'n>) {
        let text = || value.as_str().unwrap_or_default();
        let shown = || value.as_str().filter(|text| !text.is_empty());
        let object = || (!value.members().is_empty()).then_some(value);
        match name {
            "eventSource" => self.service = text().strip_suffix(".amazonaws.com").unwrap_or(text()),
            "eventName" => self.name = text(),
            "eventType" => self.kind = text(),
            "eventCategory" => self.category = text(),
            "recipientAccountId" => self.recipient = text(),
            "readOnly" => self.read_only = value.as_bool(),
            // An error that is not a text is still an error.
            "errorCode" => self.error_code = error(value),
            "errorMessage" => self.error_message = error(value),
            "requestID" => self.request_id = shown(),
            "sharedEventID" => self.shared_id = shown(),
            "userAgent" => self.user_agent = shown(),
            "userIdentity" => self.identity = object(),
            "requestParameters" => self.request = object(),
            "responseElements" => self.response = object(),
            "additionalEventData" => self.additional = object(),
            "serviceEventDetails" => self.service_details = object(),
            "insightDetails" => self.insight = object(),
            "resources" => self.resources = value.elements(),
            "sessionCredentialFromConsole" => self.from_console = value.as_bool() == Some(true),
            _ => {}
        }
    }

    /// Whether this call is that one.
    pub(super) fn is(&self, service: &str, name: &str) -> bool {
        self.service == service && self.base == name
    }

    /// A text in the request.
    pub(super) fn asked(&self, path: &[&str]) -> Option<&'n str> {
        text(self.request, path)
    }

    /// A text in the response.
    pub(super) fn answered(&self, path: &[&str]) -> Option<&'n str> {
        text(self.response, path)
    }

    /// A text about who issued the caller's session.
    pub(super) fn issuer(&self, name: &str) -> Option<&'n str> {
        text(self.who.issuer, &[name])
    }

    /// A text in the caller's identity.
    pub(super) fn identity(&self, path: &[&str]) -> Option<&'n str> {
        text(self.identity, path)
    }

    /// The account a name without one belongs to.
    pub(super) fn account(&self) -> &'n str {
        if self.recipient.is_empty() { self.who.account.unwrap_or_default() } else { self.recipient }
    }

    /// The partition (`aws`, `aws-cn`, `aws-us-gov`), as far as the caller's ARN tells.
    pub(super) fn partition(&self) -> &'n str {
        self.who.arn.and_then(|arn| arn.split(':').nth(1)).filter(|part| part.starts_with("aws")).unwrap_or("aws")
    }
}

fn error<'n>(value: &'n Node<'n>) -> Option<&'n str> {
    let told = value.value != Value::Null;
    told.then(|| value.as_str().unwrap_or(UNREADABLE)).filter(|text| !text.is_empty())
}

/// A text at a path, if any stands there.
pub(super) fn text<'n>(node: Option<&'n Node<'n>>, path: &[&str]) -> Option<&'n str> {
    node?.text(path).filter(|text| !text.is_empty())
}

/// The member of that name, whatever its case: vendors spell the same member in several ways. Of two
/// spellings the one that sorts first counts, so that the order members stand in changes nothing.
pub(super) fn member<'n>(node: &'n Node<'n>, name: &str) -> Option<&'n Node<'n>> {
    let same = node.members().iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
    same.min_by(|a, b| a.0.cmp(&b.0)).map(|(_, child)| child)
}

/// Texts at a path in which `*` stands for every element of an array, in order; at most `max` of them.
pub(super) fn texts<'n>(node: &'n Node<'n>, path: &[&str], max: usize, out: &mut Vec<&'n str>) {
    let Some((step, rest)) = path.split_first() else {
        if let Some(text) = node.as_str().filter(|text| !text.is_empty() && out.len() < max) {
            out.push(text);
        }
        return;
    };
    if *step == "*" {
        for child in node.elements() {
            if out.len() >= max {
                return;
            }
            texts(child, rest, max, out);
        }
    } else if let Some(child) = member(node, step) {
        texts(child, rest, max, out);
    }
}

/// Texts under a name anywhere below, sorted, each once, at most `max`.
pub(super) fn texts_anywhere<'n>(node: &'n Node<'n>, name: &str, max: usize) -> Vec<&'n str> {
    let mut out = Vec::new();
    gather(node, name, &mut out);
    out.sort_unstable();
    out.dedup();
    out.truncate(max);
    out
}

fn gather<'n>(node: &'n Node<'n>, name: &str, out: &mut Vec<&'n str>) {
    for child in node.elements() {
        gather(child, name, out);
    }
    for (key, child) in node.members() {
        match child.as_str() {
            Some(text) if key.eq_ignore_ascii_case(name) && !text.is_empty() => out.push(text),
            _ => gather(child, name, out),
        }
    }
}

/// The name without the API version some services append: `CreateFunction20150331`,
/// `UpdateFunctionCode20150331v2`, `CreateInvalidation2014_05_31`.
fn without_date(name: &str) -> &str {
    let bytes = name.as_bytes();
    let mut end = bytes.len();
    let digits =
        |end: usize| bytes.get(..end).map_or(0, |head| head.iter().rev().take_while(|b| b.is_ascii_digit()).count());
    let version = digits(end);
    if version > 0 && end > version && bytes.get(end - version - 1) == Some(&b'v') {
        end -= version + 1;
    }
    let is_date = |byte: &&u8| byte.is_ascii_digit() || **byte == b'_';
    let date = bytes.get(..end).map_or(0, |head| head.iter().rev().take_while(is_date).count());
    // `20150331` or `2014_05_31`.
    if matches!(date, 8 | 10) { name.get(..end - date).unwrap_or(name) } else { name }
}

#[cfg(test)]
mod tests {
    use super::without_date;

    #[test]
    fn api_versions_are_cut_and_other_digits_are_not() {
        for (name, base) in [
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("CreateFunction20150331", "CreateFunction"),
            ("CreateInvalidation2014_05_31", "CreateInvalidation"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("PutItem", "PutItem"),
            ("Get2", "Get2"),
            ("v2", "v2"),
            ("", ""),
        ] {
            assert_eq!(without_date(name), base);
        }
    }
}
