//! How a moment of the world looks in CloudTrail: the fields, their order and their lengths.

use super::call::{self, Call};
use super::json::Json;
use super::random::Random;
use super::world::{Act, Caller, Moment, Principal, Session, Standing};

/// A record and where it is delivered.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) account: &'static str,
    pub(super) region: &'static str,
    pub(super) time: i64,
    pub(super) event_id: String,
    pub(super) text: String,
    pub(super) standing: Standing,
}

/// How much of what CloudTrail can tell stands in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Everything that current versions write.
    Full,
    /// Who did what and when: no resources, no TLS details, no nulls, and short names of programs and tokens.
    Terse,
}

/// What all records of one act have in common.
struct Event<'a> {
    form: Form,
    moment: &'a Moment,
    call: Call,
    request_id: String,
    /// The account whose log this is.
    recipient: &'static str,
    /// The same act in the logs of two accounts.
    shared: Option<String>,
}

/// The records that a moment leaves: one, or two where a role of another account is assumed.
pub(super) fn write(moment: &Moment, form: Form, random: &mut Random) -> Vec<Record> {
    let home = match &moment.caller {
        Caller::Session(session) => session.role.account,
        Caller::Key | Caller::Service => moment.principal.account,
    };
    let (call, away) = match &moment.act {
        Act::Assume(session) => {
            let away = session.role.account;
            (call::assume(session, &moment.principal, moment.time, form, random), (away != home).then_some(away))
        }
        Act::Call => (call::draw(home, moment.principal.region, random), None),
    };
    let shared = away.is_some().then(|| random.uuid());
    let mut event = Event { form, moment, call, request_id: random.uuid(), recipient: home, shared };
    let mut records = vec![record(&event, random)];
    if let Some(away) = away {
        event.recipient = away;
        records.push(record(&event, random));
    }
    records
}

fn record(event: &Event<'_>, random: &mut Random) -> Record {
    let (moment, call, is_full) = (event.moment, &event.call, event.form == Form::Full);
    let event_id = random.uuid();
    let text = Json::whole(|json| {
        json.text("eventVersion", "1.11");
        json.object("userIdentity", |json| identity(event, json));
        json.text("eventTime", &iso(moment.time));
        json.text("eventSource", call.service);
        json.text("eventName", call.name);
        json.text("awsRegion", moment.principal.region);
        caller_side(event, json);
        if let Some((code, message)) = &call.error {
            json.text("errorCode", code);
            json.text("errorMessage", message);
        }
        json.raw("requestParameters", &call.request);
        if is_full || call.response != "null" {
            json.raw("responseElements", &call.response);
        }
        if let Some(more) = call.additional.as_ref().filter(|_| is_full) {
            json.raw("additionalEventData", more);
        }
        json.text("requestID", &event.request_id);
        json.text("eventID", &event_id);
        if is_full {
            json.flag("readOnly", call.read_only);
        }
        if let Some(resources) = call.resources.as_ref().filter(|_| is_full) {
            json.raw("resources", resources);
        }
        json.text("eventType", "AwsApiCall");
        if is_full {
            json.flag("managementEvent", !call.is_data);
        }
        json.text("recipientAccountId", event.recipient);
        if let Some(shared) = &event.shared {
            json.text("sharedEventID", shared);
        }
        if is_full {
            json.text("eventCategory", if call.is_data { "Data" } else { "Management" });
        }
        if is_full && !matches!(moment.caller, Caller::Service) {
            json.object("tlsDetails", |json| {
                json.text("tlsVersion", "TLSv1.3");
                json.text("cipherSuite", "TLS_AES_128_GCM_SHA256");
                json.text("clientProvidedHostHeader", &host(call.service, moment.principal.region));
            });
        }
    });
    Record {
        account: event.recipient,
        region: moment.principal.region,
        time: moment.time,
        event_id,
        text,
        standing: moment.standing,
    }
}

fn caller_side(event: &Event<'_>, json: &mut Json) {
    let principal = &event.moment.principal;
    if let Caller::Service = event.moment.caller {
        json.text("sourceIPAddress", principal.service);
        json.text("userAgent", principal.service);
    } else {
        json.text("sourceIPAddress", &principal.address);
        // The name and version of the program come first.
        let brief = principal.agent.split(' ').next().unwrap_or_default();
        json.text("userAgent", if event.form == Form::Full { principal.agent } else { brief });
    }
}

fn identity(event: &Event<'_>, json: &mut Json) {
    let principal = &event.moment.principal;
    match &event.moment.caller {
        // The other account of a shared act sees who came, not with which key.
        _ if event.recipient != home(event.moment) => {
            json.text("type", "AWSAccount");
            json.text("principalId", &presented(event.moment));
            json.text("accountId", home(event.moment));
        }
        Caller::Service => {
            json.text("type", "AWSService");
            json.text("invokedBy", principal.service);
        }
        Caller::Key => {
            json.text("type", "IAMUser");
            json.text("principalId", &principal.id);
            json.text("arn", &format!("arn:aws:iam::{}:user/{}", principal.account, principal.name));
            json.text("accountId", principal.account);
            json.text("accessKeyId", principal.key.as_deref().unwrap_or_default());
            json.text("userName", &principal.name);
        }
        Caller::Session(session) => assumed(session, principal, json),
    }
}

fn assumed(session: &Session, principal: &Principal, json: &mut Json) {
    let role = &session.role;
    json.text("type", "AssumedRole");
    json.text("principalId", &format!("{}:{}", role.id, session.name));
    json.text("arn", &format!("arn:aws:sts::{}:assumed-role/{}/{}", role.account, role.name, session.name));
    json.text("accountId", role.account);
    json.text("accessKeyId", &session.key);
    json.object("sessionContext", |json| {
        json.object("sessionIssuer", |json| {
            json.text("type", "Role");
            json.text("principalId", &role.id);
            json.text("arn", &format!("arn:aws:iam::{}:role/{}", role.account, role.name));
            json.text("accountId", role.account);
            json.text("userName", &role.name);
        });
        json.object("attributes", |json| {
            json.text("creationDate", &iso(session.began));
            json.text("mfaAuthenticated", "false");
        });
        if let Some(name) = &principal.source_identity {
            json.text("sourceIdentity", name);
        }
        if principal.key.is_none() && principal.service == "ec2.amazonaws.com" {
            json.text("ec2RoleDelivery", "2.0");
        }
    });
}

/// The account that the caller belongs to.
fn home(moment: &Moment) -> &'static str {
    match &moment.caller {
        Caller::Session(session) => session.role.account,
        Caller::Key | Caller::Service => moment.principal.account,
    }
}

fn presented(moment: &Moment) -> String {
    match &moment.caller {
        Caller::Session(session) => format!("{}:{}", session.role.id, session.name),
        Caller::Key | Caller::Service => moment.principal.id.clone(),
    }
}

fn host(service: &str, region: &str) -> String {
    let name = service.trim_end_matches(".amazonaws.com");
    format!("{name}.{region}.amazonaws.com")
}

/// `2026-03-02T00:00:00Z`
pub(super) fn iso(time: i64) -> String {
    let (year, month, day) = date(time.div_euclid(86_400));
    let second = time.rem_euclid(86_400);
    format!("{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", second / 3_600, second / 60 % 60, second % 60)
}

/// Year, month and day of a day since 1970 (Hinnant, "chrono-compatible low-level date algorithms").
pub(crate) fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::super::corpus::Kind;
    use super::super::world::World;
    use super::*;

    fn records(n: usize) -> Vec<Record> {
        records_of(Kind::Usual, n)
    }

    fn records_of(kind: Kind, n: usize) -> Vec<Record> {
        let mut random = Random::new(7);
        let mut world = World::new(kind.shape(), &mut random);
        let mut records = Vec::new();
        while records.len() < n {
            records.extend(write(&world.next(&mut random).unwrap(), kind.form(), &mut random));
        }
        records
    }

    #[test]
    fn records_are_as_long_as_real_ones_and_are_json() {
        let records = records(5_000);
        for record in &records {
            let value: Value = serde_json::from_str(&record.text).unwrap();
            assert_eq!(value["eventID"], record.event_id);
            assert_eq!(value["recipientAccountId"], record.account);
            assert!(record.text.starts_with("{\"eventVersion\":"), "the boundary that the bare append looks for");
            assert_eq!(record.text.matches("{\"eventVersion\":").count(), 1);
        }
        let mean = records.iter().map(|record| record.text.len()).sum::<usize>() / records.len();
        assert!((700..=1_500).contains(&mean), "{mean} bytes per record");
    }

    #[test]
    fn small_records_are_as_long_as_those_of_the_prototypes() {
        let records = records_of(Kind::Small, 20_000);
        let mean = records.iter().map(|record| record.text.len()).sum::<usize>() / records.len();
        assert!((740..=780).contains(&mean), "{mean} bytes per record");
    }

    #[test]
    fn credentials_are_presented_as_they_were_minted() {
        let mut minted = std::collections::BTreeMap::new();
        let mut n_used = 0;
        for record in records(5_000) {
            let value: Value = serde_json::from_str(&record.text).unwrap();
            if let Some(key) = value["responseElements"]["credentials"]["accessKeyId"].as_str() {
                minted.insert(key.to_owned(), value["responseElements"]["assumedRoleUser"]["arn"].clone());
            }
            if value["userIdentity"]["type"] == "AssumedRole" {
                let key = value["userIdentity"]["accessKeyId"].as_str().unwrap();
                assert_eq!(minted.get(key), Some(&value["userIdentity"]["arn"]));
                n_used += 1;
            }
        }
        assert!(n_used > 2_500, "{n_used} calls with temporary credentials");
    }

    #[test]
    fn an_act_between_accounts_is_in_both_logs() {
        let records = records(5_000);
        let values: Vec<Value> = records.iter().map(|record| serde_json::from_str(&record.text).unwrap()).collect();
        let shared: Vec<&Value> = values.iter().filter(|value| !value["sharedEventID"].is_null()).collect();
        assert!(shared.len() > 100, "{}", shared.len());
        for pair in shared.chunks(2) {
            assert_eq!(pair[0]["sharedEventID"], pair[1]["sharedEventID"]);
            assert_ne!(pair[0]["eventID"], pair[1]["eventID"]);
            assert_ne!(pair[0]["recipientAccountId"], pair[1]["recipientAccountId"]);
            assert_eq!(pair[1]["userIdentity"]["type"], "AWSAccount");
        }
    }

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        assert_eq!(iso(1_772_409_600), "2026-03-02T00:00:00Z");
        assert_eq!(iso(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(date(-1), (1969, 12, 31));
    }
}
