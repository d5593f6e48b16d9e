//! What is withheld, what is not, in JSON and in text.

use super::*;

fn mac(bytes: &[u8]) -> [u8; 32] {
    writ_model::canon::Digest::of("test", bytes).0
}

fn withheld(text: &str, rules: &Withholds) -> (String, Vec<String>) {
    let mut node = json::parse(text.as_bytes()).unwrap();
    let whole = node.span();
    let found = withhold(&mut node, rules, &mac);
    let (bytes, redactions) = splice(text.as_bytes(), whole, found);
    let mut tree = Vec::new();
    json::canonical(&node, &mut tree);
    let mut again = Vec::new();
    json::canonical(&json::parse(&bytes).unwrap(), &mut again);
    assert_eq!(tree, again, "the tree and the bytes disagree");
    (String::from_utf8(bytes).unwrap(), redactions.into_iter().map(|r| format!("{} {}", r.pointer, r.kind)).collect())
}

const INSIDE: Withholds = Withholds { within: &["inner"], ..EVERYWHERE };

#[test]
fn names_count_where_they_are_declared_and_whatever_their_case() {
    let text = r#"{"password":"a", "inner":{"MASTERUSERPASSWORD":"b","list":[{"clientSecret":"c"}]}, "x":1}"#;
    let (out, pointers) = withheld(text, &INSIDE);
    assert_eq!(pointers, ["/inner/MASTERUSERPASSWORD password", "/inner/list/0/clientSecret secret"]);
    assert_eq!(
        out,
        r#"{"password":"a", "inner":{"MASTERUSERPASSWORD":"writ:withheld:password","list":[{"clientSecret":"writ:withheld:secret"}]}, "x":1}"#
    );
    assert_eq!(withheld(text, &EVERYWHERE).1.len(), 3);
    assert!(withheld(text, &NOTHING).1.is_empty());
}

#[test]
fn escaped_names_duplicates_and_lists_are_found() {
    let text = r#"{"inner":{"session\u0054oken":"a","sessionToken":"b","a~/b":{"idToken":["c","d"]}}}"#;
    let (out, pointers) = withheld(text, &INSIDE);
    assert_eq!(
        pointers,
        [
            "/inner/sessionToken session_token",
            "/inner/sessionToken session_token",
            "/inner/a~0~1b/idToken/0 token",
            "/inner/a~0~1b/idToken/1 token"
        ]
    );
    assert!(!["\"a\"", "\"b\"", "\"c\"", "\"d\""].iter().any(|secret| out.contains(secret)), "{out}");
}

#[test]
fn near_misses_stay() {
    let text = r#"{"inner":{
        "password":"HIDDEN_DUE_TO_SECURITY_REASONS","newPassword":"****","oldPassword":"",
        "sessionToken":"writ:withheld:session_token","accessToken":"<redacted>","tokenValue":"Value hidden due to security reasons.",
        "passwordResetRequired":"false","nextToken":"n","clientToken":"c","publicKeyMaterial":"k","accessKeyId":"AKIA",
        "secretAccessKeyId":"x","password_hint":"h","privateKey":7,"idToken":{"nested":"v"},"subjectFromWebIdentityToken":"repo:a"}}"#;
    assert_eq!(withheld(text, &INSIDE).1, Vec::<String>::new());
}

#[test]
fn signatures_are_found_wherever_they_are_and_look_alikes_are_not() {
    for url in [
        "https://b.s3.amazonaws.com/k?X-Amz-Credential=A&X-Amz-Signature=00",
        "https://b.s3.amazonaws.com/k?x-amz-security-token=IQoJ",
        "https://b.s3.amazonaws.com/k?AWSAccessKeyId=A&Expires=1&Signature=abc",
        "https://x.blob.core.windows.net/c?se=2026&sig=abc",
        "redirect=https%3A%2F%2Fb%2Fk%3FX-Amz-Signature%3D00",
        "AWS4-HMAC-SHA256 Credential=A, SignedHeaders=host, Signature=00",
    ] {
        assert!(holds_signature(url), "{url}");
    }
    for text in [
        "https://b.s3.amazonaws.com/k?X-Amz-SignedHeaders=host",
        "https://example.test/?design=1&config=2",
        "a signature is needed",
        "designature=1",
        "x=%3d",
        "",
    ] {
        assert!(!holds_signature(text), "{text}");
    }
    let text = r#"{"errorMessage":"at https://b/k?X-Amz-Signature=00"}"#;
    assert_eq!(withheld(text, &INSIDE).1, ["/errorMessage signature"]);
}

fn text(input: &str) -> String {
    let (out, redactions) = withhold_in_text(input.as_bytes(), &INSIDE, &mac);
    for redaction in &redactions {
        let at: usize = redaction.pointer.strip_prefix('/').unwrap().parse().unwrap();
        assert!(out[at..].starts_with(placeholder(&redaction.kind).as_bytes()), "{redaction:?}");
    }
    String::from_utf8(out).unwrap()
}

#[test]
fn secrets_leave_text_that_is_not_read_as_json() {
    assert_eq!(text(r#"{"sessionToken" : "abc", x"#), r#"{"sessionToken" : "writ:withheld:session_token", x"#);
    assert_eq!(text(r#"{"sessionToken":"abc"#), r#"{"sessionToken":"writ:withheld:session_token"#);
    assert_eq!(
        text(r#""{\"sessionToken\":\"a\\\"b\",\"x\":1}""#),
        r#""{\"sessionToken\":\"writ:withheld:session_token\",\"x\":1}""#
    );
    assert_eq!(text("{'newPassword': 'abc'}"), "{'newPassword': 'writ:withheld:password'}");
    assert_eq!(text(r#"{"password":"a\"b","x":"y"}"#), r#"{"password":"writ:withheld:password","x":"y"}"#);
    assert_eq!(text("GET /k?X-Amz-Signature=00ff&x=1 HTTP"), "GET /k?X-Amz-Signature=writ:withheld:signature&x=1 HTTP");
    for near_miss in [
        r#"{"nextToken":"abc"}"#,
        r#"{"sessionToken":null,"x":"y"}"#,
        r#"{"sessionToken":"HIDDEN_DUE_TO_SECURITY_REASONS"}"#,
        r#""sessionToken" is missing: "x""#,
        "\"sessionToken",
        "'",
    ] {
        assert_eq!(text(near_miss), near_miss);
    }
    let bytes = b"\xff\"password\":\"\xfe\"\xff";
    assert_eq!(withhold_in_text(bytes, &INSIDE, &mac).0, b"\xff\"password\":\"writ:withheld:password\"\xff");
}
