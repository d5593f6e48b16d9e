//! One good record of every source and form, to be made hostile by code.

use serde_json::Value;

/// One good record. `@N` in its text is a number of eight digits, so that no two are the same.
pub struct Seed {
    /// The form, for messages.
    pub name: &'static str,
    /// The source it becomes a record of.
    pub source: &'static str,
    text: &'static str,
    /// Members that hold a time, or the name of the attribute that does.
    pub times: &'static [&'static str],
    /// Members that hold the record's own id.
    pub ids: &'static [&'static str],
}

impl Seed {
    /// The record with that number.
    pub fn text(&self, n: u32) -> String {
        self.text.trim().replace('\n', "").replace("@N", &format!("{n:08}"))
    }

    pub fn value(&self, n: u32) -> Value {
        serde_json::from_str(&self.text(n)).unwrap()
    }
}

pub const SEEDS: [Seed; 10] = [
    Seed {
        name: "aws.cloudtrail",
        source: "aws.cloudtrail",
        times: &["eventTime", "creationDate"],
        ids: &["eventID"],
        text: r#"
{"eventVersion":"1.11","userIdentity":{"type":"AssumedRole","principalId":"AROAQEXPORTS000000001:nightly-export",
"arn":"arn:aws:sts::111122223333:assumed-role/exports-reader/nightly-export","accountId":"111122223333",
"accessKeyId":"ASIAQEXPORTS00000001","sessionContext":{"sessionIssuer":{"type":"Role","principalId":"AROAQEXPORTS000000001",
"arn":"arn:aws:iam::111122223333:role/exports-reader","accountId":"111122223333","userName":"exports-reader"},
"attributes":{"creationDate":"2026-10-14T09:30:02Z","mfaAuthenticated":"false"}}},"eventTime":"2026-10-14T09:32:11Z",
"eventSource":"sts.amazonaws.com","eventName":"AssumeRole","awsRegion":"eu-central-1","sourceIPAddress":"198.51.100.7",
"userAgent":"aws-cli/2.31.4 app/s-41-nightly","errorCode":"AccessDenied","errorMessage":"not authorized to perform: sts:AssumeRole",
"requestParameters":{"roleArn":"arn:aws:iam::111122223333:role/exports-writer","roleSessionName":"nightly-export","durationSeconds":3600},
"responseElements":{"credentials":{"accessKeyId":"ASIAQEXPORTS00000002","sessionToken":"IQoJb3JpZ2luX2VjEFAKE00000001",
"expiration":"Oct 14, 2026, 11:30:02 AM"},"assumedRoleUser":{"assumedRoleId":"AROAQEXPORTS000000002:nightly-export",
"arn":"arn:aws:sts::111122223333:assumed-role/exports-writer/nightly-export"}},"requestID":"5b1d0002-1111-4222-8333-444455556666",
"eventID":"@N-1111-4222-8333-444455556666","readOnly":false,"eventType":"AwsApiCall","managementEvent":true,
"recipientAccountId":"111122223333","eventCategory":"Management","resources":[{"accountId":"111122223333","type":"AWS::IAM::Role",
"ARN":"arn:aws:iam::111122223333:role/exports-writer"}]}"#,
    },
    Seed {
        name: "otel.span, a tool call",
        source: "otel.span",
        times: &["startTimeUnixNano", "endTimeUnixNano"],
        ids: &["spanId", "traceId"],
        text: r#"
{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"refund-desk"}},
{"key":"service.instance.id","value":{"stringValue":"rd-7"}}]},"scopeSpans":[{"scope":{"name":"acme.agents","version":"2.1.0"},"spans":[
{"traceId":"4bf92f3577b34da6a3ce929d0e0e4701","spanId":"00f067aa@N","parentSpanId":"00f067aa99990001","name":"execute_tool run_command","kind":1,
"startTimeUnixNano":"1796000003000000000","endTimeUnixNano":"1796000004000000000","attributes":[
{"key":"gen_ai.conversation.id","value":{"stringValue":"conv-8841"}},{"key":"gen_ai.operation.name","value":{"stringValue":"execute_tool"}},
{"key":"gen_ai.tool.name","value":{"stringValue":"run_command"}},{"key":"gen_ai.agent.name","value":{"stringValue":"operator"}},
{"key":"gen_ai.tool.call.id","value":{"stringValue":"call_a1"}},{"key":"user.id","value":{"stringValue":"mira@acme.example"}},
{"key":"gen_ai.tool.call.arguments","value":{"stringValue":"{\"command\":\"aws ec2 delete-volume --volume-id vol-0a1b2c3d4e5f67890\"}"}},
{"key":"gen_ai.tool.call.result","value":{"stringValue":"{\"Return\":true}"}},{"key":"aws.request_id","value":{"stringValue":"5b1d0002-1111-4222-8333-444455556666"}},
{"key":"writ.task.id","value":{"stringValue":"task-1"}},{"key":"writ.approval.id","value":{"stringValue":"ap-3"}},
{"key":"writ.decision.id","value":{"stringValue":"d-77"}},{"key":"writ.on_behalf_of","value":{"stringValue":"email:lena@acme.example"}},
{"key":"tries","value":{"intValue":"2"}}],
"events":[{"timeUnixNano":"1796000003500000000","name":"exception","attributes":[{"key":"exception.message","value":{"stringValue":"slow"}}]}],
"links":[{"traceId":"4bf92f3577b34da6a3ce929d0e0e4702","spanId":"00f067aa99990002"}],"status":{"code":2,"message":"it took too long"}}]}]}]}"#,
    },
    Seed {
        name: "otel.span, a server",
        source: "otel.span",
        times: &["startTimeUnixNano", "endTimeUnixNano"],
        ids: &["spanId", "traceId"],
        text: r#"
{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"payments"}}]},"scopeSpans":[{"scope":{"name":"acme.pay"},"spans":[
{"traceId":"4bf92f3577b34da6a3ce929d0e0e4708","spanId":"00f067ab@N","parentSpanId":"00f067aa99990003","name":"POST /transfers","kind":2,
"startTimeUnixNano":"1796000000000000000","endTimeUnixNano":"1796000001000000000","attributes":[
{"key":"http.request.method","value":{"stringValue":"POST"}},{"key":"http.route","value":{"stringValue":"/transfers/{id}"}},
{"key":"url.path","value":{"stringValue":"/transfers/t-9"}},{"key":"server.address","value":{"stringValue":"pay.acme.example"}},
{"key":"http.response.status_code","value":{"intValue":"201"}},{"key":"enduser.id","value":{"stringValue":"mira@acme.example"}},
{"key":"writ.credential.fingerprint","value":{"stringValue":"sha256:cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"}}],
"status":{}}]}]}]}"#,
    },
    Seed {
        name: "otel.span, Jaeger",
        source: "otel.span",
        times: &["startTime", "duration"],
        ids: &["spanID", "traceID"],
        text: r#"
{"data":[{"traceID":"4bf92f3577b34da6a3ce929d0e0e4711","spans":[{"traceID":"4bf92f3577b34da6a3ce929d0e0e4711","spanID":"1f9762ca@N",
"operationName":"execute_tool list","references":[{"refType":"CHILD_OF","traceID":"4bf92f3577b34da6a3ce929d0e0e4711","spanID":"e3daa973379bbe3b"}],
"startTime":1796000000123456,"duration":5510,"tags":[{"key":"gen_ai.operation.name","type":"string","value":"execute_tool"},
{"key":"gen_ai.tool.name","type":"string","value":"list"},{"key":"gen_ai.tool.call.id","type":"string","value":"call_j"},
{"key":"gen_ai.conversation.id","type":"string","value":"ctx-j"},{"key":"gen_ai.tool.call.arguments","type":"string","value":"{\"n\":1}"},
{"key":"span.kind","type":"string","value":"internal"},{"key":"otel.status_code","type":"string","value":"OK"},{"key":"n","type":"int64","value":7}],
"logs":[{"timestamp":1796000000123999,"fields":[{"key":"event","type":"string","value":"done"}]}],"processID":"p1","warnings":null}],
"processes":{"p1":{"serviceName":"helper","tags":[{"key":"service.instance.id","type":"string","value":"h-1"}]}}}]}"#,
    },
    Seed {
        name: "otel.log, a turn of Claude Code",
        source: "otel.log",
        times: &["timeUnixNano", "observedTimeUnixNano", "event.timestamp"],
        ids: &["event.sequence", "session.id"],
        text: r#"
{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"claude-code"}},{"key":"service.version","value":{"stringValue":"2.1.190"}}]},
"scopeLogs":[{"scope":{"name":"com.anthropic.claude_code.events","version":"2.1.190"},"logRecords":[
{"timeUnixNano":"1796000000000000000","observedTimeUnixNano":"1796000000400000000","severityText":"INFO","severityNumber":9,
"traceId":"4bf92f3577b34da6a3ce929d0e0e4720","spanId":"00f067aa0ba90020","body":{"stringValue":"claude_code.user_prompt"},"attributes":[
{"key":"event.name","value":{"stringValue":"user_prompt"}},{"key":"event.timestamp","value":{"stringValue":"2026-11-30T00:53:20.000Z"}},
{"key":"event.sequence","value":{"intValue":"@N"}},{"key":"session.id","value":{"stringValue":"7d0f4c1e-5a4b-4a6e-9a55-0c8d1f2e3a4b"}},
{"key":"user.email","value":{"stringValue":"mira@acme.example"}},{"key":"user.account_uuid","value":{"stringValue":"0b6f3c2a-1111-4222-8333-444455556666"}},
{"key":"prompt.id","value":{"stringValue":"pr-1"}},{"key":"prompt","value":{"stringValue":"fix the staging credential mismatch"}}]}]}]}]}"#,
    },
    Seed {
        name: "approval",
        source: "approval",
        times: &["time", "expires"],
        ids: &["id"],
        text: r#"
{"schema":"writ.approval/1","id":"ev-@N","service":"approvals:acme","time":"2026-11-24T09:00:30Z","sequence":{"epoch":"e1","n":3},"step":"granted",
"approval":"ap-@N","call":{"session":"claude.code/s-41","id":"toolu_9"},"request":"5b1d0002-1111-4222-8333-444455556666","namespace":"aws",
"requester":{"id":"agent:coder/settlement","kind":"agent","name":"settlement"},
"approver":{"id":"email:lena@acme.example","kind":"human","name":"Lena","authenticated":true,"entitled":true},"rendered_by":"approvals:acme",
"shown":{"digest":"sha256:34c9be6252086515a9926429ca817dee1479b01e772bef1337774345d8b98757","in_full":true},
"covers":{"action":"transfer","resource":"account:acme-supplies","arguments":"sha256:34c9be6252086515a9926429ca817dee1479b01e772bef1337774345d8b98757",
"limits":[{"name":"amount","max":"500","unit":"EUR"}]},"uses":1,"expires":"2026-11-24T10:00:00Z","policy":"payments over 100 EUR","needed":1,"reason":"asked by phone"}"#,
    },
    Seed {
        name: "opa.decision",
        source: "opa.decision",
        times: &["timestamp"],
        ids: &["decision_id"],
        text: r#"
{"labels":{"app":"pdp","id":"pdp-eu","version":"1.17.1"},"decision_id":"d-@N","trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"00f067aa0ba902b7",
"bundles":{"authz":{"revision":"r41"}},"path":"authz/tools/allow","input":{"subject":{"iss":"https://as.acme.example","sub":"mira"},"tool":"transfer",
"resource":{"id":"account:acme-supplies"},"arguments":{"amount":480,"to":"acme-supplies"},"session_id":"s-41","tool_use_id":"toolu_9",
"request_id":"5b1d0002-1111-4222-8333-444455556666","token_fingerprint":"sha256:a75c433ab2ae1daf8b032d38bf64e02fb152076b487bfb2784d10e4cf1bba73a"},
"result":{"allow":true,"reason":"under the limit"},"erased":["/input/password"],"requested_by":"10.0.0.7:4411",
"timestamp":"2026-11-24T09:10:05.123456789Z","metrics":{"timer_rego_query_eval_ns":41000},"req_id":4711}"#,
    },
    Seed {
        name: "oauth.exchange",
        source: "oauth.exchange",
        times: &["time", "expires"],
        ids: &["id"],
        text: r#"
{"schema":"writ.exchange/1","id":"x-@N","issuer":"https://as.acme.example","time":"2026-11-24T09:10:03Z","sequence":{"epoch":"e1","n":2},
"event":"exchanged","grant":"token_exchange","client":{"id":"settlement","workload":"spiffe://acme.example/agent/settlement","authenticated":"mtls"},
"subject":{"id":"mira","kind":"human","name":"mira@acme.example"},
"subject_token":{"fingerprint":"sha256:244b8435061420f6b2887681bbe2d24b18fc8f790a75c5bf16937bb8417e651a","jti":"j-planner","scope":["pay"],
"limits":[{"name":"pay","max":"500","unit":"EUR"}]},
"issued":{"fingerprint":"sha256:a75c433ab2ae1daf8b032d38bf64e02fb152076b487bfb2784d10e4cf1bba73a","jti":"j-@N","kind":"access_token",
"expires":"2026-11-24T10:10:01Z","scope":["pay"],"audience":["https://pay.acme.example"],
"act":[{"id":"spiffe://acme.example/agent/settlement","kind":"agent"},{"id":"spiffe://acme.example/agent/planner","kind":"agent"}]},
"decision":"d-77","decision_by":"opa:pdp-eu","approval":"ap-3","txn":"t-1","reason":"within policy"}"#,
    },
    Seed {
        name: "recorder reports",
        source: "health",
        times: &["time", "from", "to"],
        ids: &["id"],
        text: r#"
{"schema":"writ.recorder/1","id":"h-@N","recorder":"otel-collector:eu","about":"otel:coder","about_source":"otel.span","time":"2026-11-24T09:00:00Z",
"event":"dropped","from":"2026-11-24T08:30:00Z","to":"2026-11-24T08:45:00Z","count":120,"by":{"id":"email:omar@acme.example","kind":"human","name":"Omar"},
"sequence":{"epoch":"e1","n":7},"reason":"the queue was full"}"#,
    },
    Seed {
        name: "identity",
        source: "identity",
        times: &["from", "to", "read_at"],
        ids: &["id"],
        text: r#"
{"id":"d-@N","directory":"acme-directory","subject":{"kind":"principal","namespace":"aws","value":"AIDAQLENA@N"},"relation":"same",
"object":"person:lena","object_kind":"human","name":"Lena Vos","from":"2025-01-07T00:00:00Z","to":"2027-01-07T00:00:00Z",
"read_at":"2026-10-20T00:00:00Z","note":"of the platform team"}"#,
    },
];

/// A directory as CSV: its header, and one row.
pub const TABLE_HEAD: &str =
    "id,directory,subject_kind,subject_namespace,subject,relation,object,object_kind,name,from,to,read_at,note\n";

pub fn table_row(n: u32) -> String {
    format!(
        "d-{n:08},acme-directory,principal,aws,AIDAQLENA{n:08},same,person:lena,human,\"Vos, Lena\",2025-01-07T00:00:00Z,,2026-10-20T00:00:00Z,of the platform team\n"
    )
}

/// Fields of protobuf (the encoding of the protocol buffers: a tag, a length, the bytes).
pub fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
    let mut out = vec![number << 3 | 2];
    let mut len = bytes.len();
    while len > 0x7f {
        out.push(u8::try_from(len & 0x7f).unwrap() | 0x80);
        len >>= 7;
    }
    out.push(u8::try_from(len).unwrap());
    out.extend_from_slice(bytes);
    out
}

fn fixed(number: u8, value: u64) -> Vec<u8> {
    [&[number << 3 | 1][..], &value.to_le_bytes()].concat()
}

/// An attribute with a text.
pub fn pair(key: &[u8], value: &[u8]) -> Vec<u8> {
    [field(1, key), field(2, &field(1, value))].concat()
}

/// A `TracesData` message with one span, which bears this name and this attribute.
pub fn traces(n: u32, name: &[u8], attribute: &[u8]) -> Vec<u8> {
    let id = [&[0, 0xf0, 0x67, 0xac][..], &n.to_be_bytes()].concat();
    let times = [fixed(7, 1_796_000_003_000_000_000), fixed(8, 1_796_000_004_000_000_000)].concat();
    let span = [field(1, &[0x4b; 16]), field(2, &id), field(5, name), times, field(9, attribute)].concat();
    let resource = field(1, &field(1, &pair(b"service.name", b"refund-desk")));
    field(1, &[resource, field(2, &field(2, &span))].concat())
}

/// A run of messages as a collector writes it: each behind its length.
pub fn run(messages: &[Vec<u8>]) -> Vec<u8> {
    let framed = |message: &Vec<u8>| [&u32::try_from(message.len()).unwrap().to_be_bytes()[..], message].concat();
    messages.iter().flat_map(framed).collect()
}
