//! The calls that a company makes, as CloudTrail shows them.

use super::json::Json;
use super::random::Random;
use super::record::{self, Form};
use super::world::{Principal, Session};

/// What is particular to one call. The texts are JSON.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) service: &'static str,
    pub(super) name: &'static str,
    pub(super) request: String,
    pub(super) response: String,
    pub(super) additional: Option<String>,
    pub(super) resources: Option<String>,
    pub(super) error: Option<(&'static str, String)>,
    pub(super) read_only: bool,
    /// A data event, which is about a thing inside a resource.
    pub(super) is_data: bool,
}

/// A kind of call: how often it is made, and how it is written.
struct Kind {
    weight: usize,
    service: &'static str,
    name: &'static str,
    write: fn(&Place<'_>, &mut Random) -> Call,
}

/// Where a call goes.
struct Place<'a> {
    account: &'a str,
    region: &'a str,
}

const KINDS: &[Kind] = &[
    Kind { weight: 16, service: "s3.amazonaws.com", name: "GetObject", write: object },
    Kind { weight: 9, service: "s3.amazonaws.com", name: "PutObject", write: object },
    Kind { weight: 14, service: "dynamodb.amazonaws.com", name: "GetItem", write: item },
    Kind { weight: 8, service: "dynamodb.amazonaws.com", name: "PutItem", write: item },
    Kind { weight: 14, service: "kms.amazonaws.com", name: "Decrypt", write: decrypt },
    Kind { weight: 6, service: "secretsmanager.amazonaws.com", name: "GetSecretValue", write: secret },
    Kind { weight: 7, service: "bedrock.amazonaws.com", name: "InvokeModel", write: model },
    Kind { weight: 6, service: "lambda.amazonaws.com", name: "Invoke", write: function },
    Kind { weight: 7, service: "ec2.amazonaws.com", name: "DescribeInstances", write: instances },
    Kind { weight: 3, service: "logs.amazonaws.com", name: "CreateLogStream", write: log_stream },
    Kind { weight: 2, service: "iam.amazonaws.com", name: "ListAttachedRolePolicies", write: policies },
    Kind { weight: 8, service: "sts.amazonaws.com", name: "GetCallerIdentity", write: whoami },
];

/// A call that is not about credentials, by its weight.
pub(super) fn draw(account: &str, region: &str, random: &mut Random) -> Call {
    let mut point = random.below(KINDS.iter().map(|kind| kind.weight).sum());
    let place = Place { account, region };
    let mut drawn = None;
    for kind in KINDS {
        drawn = Some(kind);
        if point < kind.weight {
            break;
        }
        point -= kind.weight;
    }
    let Some(kind) = drawn else { return whoami(&place, random) };
    let mut call = Call { service: kind.service, name: kind.name, ..(kind.write)(&place, random) };
    call.read_only = !matches!(kind.name, "PutObject" | "PutItem" | "Invoke" | "CreateLogStream");
    if random.chance(25) {
        let action = format!("{}:{}", kind.service.trim_end_matches(".amazonaws.com"), kind.name);
        call.error = Some((
            "AccessDenied",
            format!(
                "User is not authorized to perform: {action} because no identity-based policy allows the {action} action"
            ),
        ));
        "null".clone_into(&mut call.response);
    }
    call
}

/// Credentials for a role are asked for and given.
pub(super) fn assume(session: &Session, principal: &Principal, time: i64, form: Form, random: &mut Random) -> Call {
    let role = &session.role;
    let role_arn = format!("arn:aws:iam::{}:role/{}", role.account, role.name);
    let request = Json::whole(|json| {
        json.text("roleArn", &role_arn);
        json.text("roleSessionName", &session.name);
        json.raw("durationSeconds", "3600");
        if let Some(name) = &principal.source_identity {
            json.text("sourceIdentity", name);
        }
    });
    let token_length = if form == Form::Full { 380 } else { 40 };
    let response = Json::whole(|json| {
        json.object("credentials", |json| {
            json.text("accessKeyId", &session.key);
            json.text("sessionToken", &random.letters(TOKEN_LETTERS, token_length));
            json.text("expiration", &expiration(time + 3_600));
        });
        json.object("assumedRoleUser", |json| {
            json.text("assumedRoleId", &format!("{}:{}", role.id, session.name));
            json.text("arn", &format!("arn:aws:sts::{}:assumed-role/{}/{}", role.account, role.name, session.name));
        });
        if let Some(name) = &principal.source_identity {
            json.text("sourceIdentity", name);
        }
    });
    let resources = Some(resource(role.account, "AWS::IAM::Role", &role_arn));
    Call { service: "sts.amazonaws.com", name: "AssumeRole", request, response, resources, ..Call::new() }
}

const TOKEN_LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const TEAMS: &[&str] =
    &["billing", "claims", "data", "edge", "finance", "ledger", "mail", "orders", "risk", "search", "support", "web"];
const MODELS: &[&str] =
    &["anthropic.claude-sonnet-4-5-20250929-v1:0", "amazon.nova-pro-v1:0", "meta.llama4-maverick-17b-instruct-v1:0"];

impl Call {
    fn new() -> Self {
        Self {
            service: "",
            name: "",
            request: "null".to_owned(),
            response: "null".to_owned(),
            additional: None,
            resources: None,
            error: None,
            read_only: true,
            is_data: false,
        }
    }
}

/// `Mar 2, 2026, 1:00:00 AM`, as the token service spells it.
fn expiration(time: i64) -> String {
    const MONTHS: &[&str] = &["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (year, month, day) = record::date(time.div_euclid(86_400));
    let second = time.rem_euclid(86_400);
    let (hour, half) = (second / 3_600, if second < 43_200 { "AM" } else { "PM" });
    let month = usize::try_from(month - 1).ok().and_then(|index| MONTHS.get(index)).copied().unwrap_or_default();
    format!("{month} {day}, {year}, {}:{:02}:{:02} {half}", (hour + 11) % 12 + 1, second / 60 % 60, second % 60)
}

fn resource(account: &str, kind: &str, arn: &str) -> String {
    format!("[{{\"accountId\":\"{account}\",\"type\":\"{kind}\",\"ARN\":\"{arn}\"}}]")
}

fn object(place: &Place<'_>, random: &mut Random) -> Call {
    let bucket = format!("{}-{}-{}", random.word(TEAMS), place.account, place.region);
    let key = format!("2026/03/{:05}/{}.parquet", random.below(20_000), random.uuid());
    let request = Json::whole(|json| {
        json.text("bucketName", &bucket);
        json.text("key", &key);
    });
    let additional = Json::whole(|json| {
        json.text("SignatureVersion", "SigV4");
        json.text("CipherSuite", "TLS_AES_128_GCM_SHA256");
        json.raw("bytesTransferredIn", "0");
        json.text("AuthenticationMethod", "AuthHeader");
        json.text("x-amz-id-2", &random.letters(TOKEN_LETTERS, 76));
        json.raw("bytesTransferredOut", &random.below(900_000).to_string());
    });
    let resources = format!(
        "[{{\"type\":\"AWS::S3::Object\",\"ARN\":\"arn:aws:s3:::{bucket}/{key}\"}},{{\"accountId\":\"{}\",\"type\":\"AWS::S3::Bucket\",\"ARN\":\"arn:aws:s3:::{bucket}\"}}]",
        place.account
    );
    Call { request, additional: Some(additional), resources: Some(resources), is_data: true, ..Call::new() }
}

fn item(place: &Place<'_>, random: &mut Random) -> Call {
    let table = format!("{}-state", random.word(TEAMS));
    let request = Json::whole(|json| {
        json.text("tableName", &table);
        json.object("key", |json| json.text("id", &random.uuid()));
        json.flag("consistentRead", false);
    });
    let arn = format!("arn:aws:dynamodb:{}:{}:table/{table}", place.region, place.account);
    let resources = Some(resource(place.account, "AWS::DynamoDB::Table", &arn));
    Call { request, resources, is_data: true, ..Call::new() }
}

fn decrypt(place: &Place<'_>, random: &mut Random) -> Call {
    let service = random.word(&["secretsmanager", "s3", "dynamodb"]);
    let request = Json::whole(|json| {
        json.object("encryptionContext", |json| {
            json.text(
                &format!("aws:{service}:arn"),
                &format!("arn:aws:{service}:{}:{}:{}", place.region, place.account, random.word(TEAMS)),
            );
        });
        json.text("encryptionAlgorithm", "SYMMETRIC_DEFAULT");
    });
    let key = format!(
        "arn:aws:kms:{}:{}:key/0b5c{:04}-1111-4222-8333-444455556666",
        place.region,
        place.account,
        random.below(60)
    );
    Call { request, resources: Some(resource(place.account, "AWS::KMS::Key", &key)), ..Call::new() }
}

fn secret(place: &Place<'_>, random: &mut Random) -> Call {
    let name = format!(
        "arn:aws:secretsmanager:{}:{}:secret:{}/database-{:02}",
        place.region,
        place.account,
        random.word(TEAMS),
        random.below(40)
    );
    Call { request: Json::whole(|json| json.text("secretId", &name)), ..Call::new() }
}

fn model(_: &Place<'_>, random: &mut Random) -> Call {
    let request = Json::whole(|json| json.text("modelId", random.word(MODELS)));
    let additional = Json::whole(|json| {
        json.raw("inputTokens", &random.below(30_000).to_string());
        json.raw("outputTokens", &random.below(3_000).to_string());
    });
    Call { request, additional: Some(additional), ..Call::new() }
}

fn function(place: &Place<'_>, random: &mut Random) -> Call {
    let arn = format!(
        "arn:aws:lambda:{}:{}:function:{}-{:02}",
        place.region,
        place.account,
        random.word(TEAMS),
        random.below(60)
    );
    let request = Json::whole(|json| {
        json.text("functionName", &arn);
        json.text("invocationType", "RequestResponse");
    });
    let additional = Some(Json::whole(|json| json.text("functionVersion", &format!("{arn}:$LATEST"))));
    let resources = Some(resource(place.account, "AWS::Lambda::Function", &arn));
    Call { request, additional, resources, is_data: true, ..Call::new() }
}

fn instances(_: &Place<'_>, random: &mut Random) -> Call {
    let request = Json::whole(|json| {
        json.raw("maxResults", "1000");
        json.object("instancesSet", |_| {});
        let id = format!(
            "{{\"items\":[{{\"name\":\"vpc-id\",\"valueSet\":{{\"items\":[{{\"value\":\"vpc-0{}\"}}]}}}}]}}",
            random.hex(16)
        );
        json.raw("filterSet", &id);
    });
    Call { request, ..Call::new() }
}

fn log_stream(_: &Place<'_>, random: &mut Random) -> Call {
    let request = Json::whole(|json| {
        json.text("logGroupName", &format!("/aws/lambda/{}-{:02}", random.word(TEAMS), random.below(60)));
        json.text("logStreamName", &format!("2026/03/02/[$LATEST]{}", random.hex(32)));
    });
    Call { request, ..Call::new() }
}

fn policies(_: &Place<'_>, random: &mut Random) -> Call {
    let name = format!("{}-read-access-{:03}", random.word(TEAMS), random.below(200));
    let request = Json::whole(|json| json.text("roleName", &name));
    Call { request, ..Call::new() }
}

fn whoami(_: &Place<'_>, _: &mut Random) -> Call {
    Call::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_service_spells_times_its_own_way() {
        assert_eq!(expiration(1_772_409_600), "Mar 2, 2026, 12:00:00 AM");
        assert_eq!(expiration(1_772_409_600 + 45_296), "Mar 2, 2026, 12:34:56 PM");
        assert_eq!(expiration(1_772_409_600 + 47_000), "Mar 2, 2026, 1:03:20 PM");
    }

    #[test]
    fn every_kind_is_drawn() {
        let mut random = Random::new(3);
        let names: std::collections::BTreeSet<&str> =
            (0..5_000).map(|_| draw("111122223333", "eu-west-1", &mut random).name).collect();
        assert_eq!(names.len(), KINDS.len());
    }
}
