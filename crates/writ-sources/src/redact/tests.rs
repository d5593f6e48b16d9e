//! What is withheld, what is not, in JSON and in text.

use super::*;

fn spliced(text: &[u8], whole: Range<usize>, withheld: Vec<Withheld>) -> Vec<u8> {
    let mut out = Vec::new();
    splice(text, whole, withheld, &mut out);
    out
}

fn mac(bytes: &[u8]) -> [u8; 32] {
    writ_model::canon::Digest::of("test", bytes).0
}

fn withheld(text: &str, rules: &Withholds) -> (String, Vec<String>) {
    let mut node = json::parse(text.as_bytes()).unwrap();
    let whole = node.span();
    let mut list = List::new(&mac);
    let found = withhold(&mut node, text.as_bytes(), rules, &mut list);
    let (bytes, redactions) = (spliced(text.as_bytes(), whole, found), list.finish());
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
fn no_secret_is_ruled_out_by_its_last_letters() {
    for rules in crate::SOURCES.iter().map(|source| source.withholds()).filter(|rules| !rules.in_text) {
        let names = || rules.names.all.iter().chain(rules.also.all);
        for secret in names() {
            let end = secret.ends_with;
            for name in [end.to_owned(), end.to_uppercase(), format!("x_{end}_"), format!("{end}--"), format!("{end}s")]
            {
                let found = names().find(|secret| ends_with(&name, secret.ends_with));
                assert_eq!(rules.named(&name).map(|found| found.kind), found.map(|found| found.kind), "{name}");
            }
        }
        for name in ["", "_-", "a", "Zé", "8"] {
            assert!(rules.named(name).is_none(), "{name}");
        }
    }
    let joined = |name: &str| EVERYWHERE_AND_IN_TEXT.joined(name).map(|found| found.kind);
    for (names, alone) in [(SECRET_NAMES, false), (NAMES_IN_TEXT, false), (NAMES_ALONE, true)] {
        for secret in names.all {
            let end = secret.ends_with;
            for name in [end.to_owned(), end.to_uppercase(), end.split_inclusive('e').collect::<Vec<_>>().join("-")] {
                assert!(joined(&name).is_some() && (alone || joined(&format!("x.{name}..")).is_some()), "{name}");
            }
        }
    }
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
        "secretAccessKeyId":"x","password_hint":"h","privateKey":true,"idToken":{},"password":null,"subjectFromWebIdentityToken":"repo:a"}}"#;
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
    for (written, kept) in [
        (r#"{"spring.datasource.password":"abc"}"#, r#"{"spring.datasource.password":"writ:withheld:password"}"#),
        (r#"{"the password": "abc"}"#, r#"{"the password": "writ:withheld:password"}"#),
        (r#"{"password":["a]","b"],"x":["y"]}"#, r#"{"password":[writ:withheld:password],"x":["y"]}"#),
        (r#"{"password":{"value":"}","x":[1]},"x":1}"#, r#"{"password":{writ:withheld:password},"x":1}"#),
        (r#"{"password": 'abc'}"#, r#"{"password": 'writ:withheld:password'}"#),
        (r#"{"password":"redactedabc"}"#, r#"{"password":"writ:withheld:password"}"#),
        (r#"{"password":[""#, r#"{"password":[writ:withheld:password"#),
        (r#"{"password": 4711, "x":1}"#, r#"{"password": writ:withheld:password, "x":1}"#),
        ("['password' => 'abc']", "['password' => 'writ:withheld:password']"),
        (r#"{"passw\u006frd":"abc"}"#, r#"{"passw\u006frd":"writ:withheld:password"}"#),
        (r#""{\"passw\\u006frd\":\"abc\"}""#, r#""{\"passw\\u006frd\":\"writ:withheld:password\"}""#),
        (r#"["--password","abc","x"]"#, r#"["--password","writ:withheld:password","x"]"#),
    ] {
        assert_eq!(text(written), kept);
    }
    for near_miss in [
        r#"{"nextToken":"abc"}"#,
        r#"["password","abc"]"#,
        r#"["--password","#,
        r#"{"password":true}"#,
        r#"{"password":"<REDACTED>","token":"redacted"}"#,
        r#"{"passw\u00e9rd":"abc"}"#,
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

fn cut(text: &str) -> String {
    String::from_utf8(withhold_in_text(text.as_bytes(), &EVERYWHERE_AND_IN_TEXT, &mac).0).unwrap()
}

#[test]
fn secrets_are_cut_out_of_commands_and_the_rest_is_kept() {
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
    for (text, kept) in [
        (
            format!("AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE01 AWS_SECRET_ACCESS_KEY={key} aws ec2 delete-volume"),
            "AWS_ACCESS_KEY_ID=AKIAEXAMPLEEXAMPLE01 AWS_SECRET_ACCESS_KEY=writ:withheld:secret_key aws ec2 delete-volume",
        ),
        (
            format!("aws configure set aws_secret_access_key {key} --profile x"),
            "aws configure set aws_secret_access_key writ:withheld:secret_key --profile x",
        ),
        (format!("key AKIAEXAMPLEEXAMPLE01 {key}"), "key AKIAEXAMPLEEXAMPLE01 writ:withheld:secret_key"),
        (
            "curl -H 'Authorization: Bearer abc.def-123' https://x".into(),
            "curl -H 'Authorization: Bearer writ:withheld:token' https://x",
        ),
        (
            "curl -H \"X-Api-Key: k1\" -u mira:hunter2 https://x".into(),
            "curl -H \"X-Api-Key: writ:withheld:token\" -u mira:writ:withheld:password https://x",
        ),
        (
            "psql postgres://app:s3cret@db.acme.example/x".into(),
            "psql postgres://app:writ:withheld:password@db.acme.example/x",
        ),
        ("mysql --password hunter2 --user app".into(), "mysql --password writ:withheld:password --user app"),
        ("login password = 'two words' next".into(), "login password = 'writ:withheld:password' next"),
        (r#"{"client_secret":"a\"b","note":"x"}"#.into(), r#"{"client_secret":"writ:withheld:secret","note":"x"}"#),
        (
            "env TOKEN=t1;CLIENT_SECRET=$SECRET;PASSWORD=${P}".into(),
            "env TOKEN=writ:withheld:token;CLIENT_SECRET=$SECRET;PASSWORD=${P}",
        ),
        (format!("export GH=ghp_{}", "a1".repeat(18)), "export GH=writ:withheld:token"),
        ("t eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtaXJhIn0.c2lnbmF0dXJl x".into(), "t writ:withheld:token x"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----".into(),
            "-----BEGIN RSA PRIVATE KEY-----writ:withheld:private_key-----END RSA PRIVATE KEY-----",
        ),
    ] {
        assert_eq!(cut(&text), kept);
        assert_eq!(cut(kept), kept, "cutting twice changes nothing");
    }
}

#[test]
fn arguments_in_a_list_and_numbers_are_withheld_by_the_name_before_them() {
    let text = r#"{"a":["--password","abc","--x","y","--token","--z"],"b":[{"stringValue":"--secret"},{"stringValue":"s"}],"password":{"n":4711},"n":1}"#;
    let (out, pointers) = withheld(text, &EVERYWHERE_AND_IN_TEXT);
    assert_eq!(pointers, ["/a/1 password", "/b/1/stringValue secret", "/password/n password"], "{out}");
    assert_eq!(withheld(text, &EVERYWHERE).1, ["/password password"]);
}

#[test]
fn whatever_stands_under_a_secrets_name_goes_as_one() {
    let text = r#"{"inner":{"password":4711,"masterUserPassword":{"a":[1,"x"]},"secretValue":["x",2,{"a":3}],"manageMasterUserPassword":true}}"#;
    let (out, pointers) = withheld(text, &INSIDE);
    let held = ["password password", "masterUserPassword password"].into_iter();
    let held = held.chain(["secretValue/0 secret", "secretValue/1 secret", "secretValue/2 secret"]);
    assert_eq!(pointers, held.map(|one| format!("/inner/{one}")).collect::<Vec<_>>());
    assert!(out.contains(r#""masterUserPassword":"writ:withheld:password""#) && out.ends_with("true}}"), "{out}");
    // What is told of a token is no secret, and a password beside it is.
    let text = r#"{"token":{"jti":"j-1","password":{"a":1}},"token":[{"jti":"j-2"}]}"#;
    assert_eq!(withheld(text, &TOKENS).1, ["/token/password password"]);
}

#[test]
fn a_scheme_before_a_tab_a_tag_and_a_key_of_openpgp_are_found() {
    assert_eq!(cut("<x><password>abc def</password>"), "<x><password>writ:withheld:password</password>");
    assert_eq!(cut("a password>b and <passwordless>c"), "a password>b and <passwordless>c");
    assert_eq!(cut("curl -ubob:abc https://x"), "curl -ubob:writ:withheld:password https://x");
    assert_eq!(cut("password=AWS4-HMAC-SHA256abc"), "password=writ:withheld:password");
    assert_eq!(cut("Bearer\tabcdef0123456789"), "Bearer\twrit:withheld:token");
    let block =
        |head: &str| format!("-----BEGIN PGP PRIVATE KEY BLOCK{head}\n\nlQOYBF\n-----END PGP PRIVATE KEY BLOCK-----");
    assert_eq!(
        cut(&block("-----")),
        "-----BEGIN PGP PRIVATE KEY BLOCK-----writ:withheld:private_key-----END PGP PRIVATE KEY BLOCK-----"
    );
    assert_eq!(cut(&block("")), block(""));
}

#[test]
fn names_of_members_that_are_tokens_are_withheld() {
    let token = |last: &str| format!("ghp_{}{last}", "a1B2".repeat(9));
    let held = |last: &str| id_without_secrets(&token(last), &EVERYWHERE, &mac).into_owned();
    let text = format!(
        r#"{{"{}": {{"x\"{}" : "password=abc", "\\":1}},"{}":[{{"ghp_\u00611B2{}":{{}}}}],"ghp_short":1}}"#,
        token("1"),
        token("2"),
        token("1"),
        "a1B2".repeat(8)
    );
    let (out, pointers) = withheld(&text, &EVERYWHERE_AND_IN_TEXT);
    assert_eq!(pointers.len(), 5, "{pointers:?}");
    assert_eq!(pointers[0], format!("/{} token", held("1")));
    assert!(!out.contains("a1B2") && out.contains("ghp_short") && out.contains(&held("2")), "{out}");
    assert!(held("1") != held("2"));
}

/// Ids stand beside the evidence, and causes in reports.
#[test]
fn tokens_leave_ids_and_causes() {
    let token = |last: &str| format!("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtaXJhIn0.c2lnbmF0dXJl{last}");
    let id = |id: &str| id_without_secrets(id, &EVERYWHERE, &mac).into_owned();
    let (one, other) = (id(&format!("s/{}", token("A"))), id(&format!("s/{}", token("B"))));
    let fingerprint = crate::arguments::sha256(token("A").as_bytes());
    assert!(one == format!("s/writ:withheld:token:{fingerprint}") && one != other, "{one}");
    let short = id("glpat-0123456789abcd");
    assert!(short.starts_with("writ:withheld:token:") && short != id("glpat-0123456789abce"), "{short}");
    for same in ["arn:aws:secretsmanager:eu-west-1:1:secret:db", "s-41", "", "password:x"] {
        assert_eq!(id(same), same);
    }
    let marked = format!("ghp_{}", "a1B2".repeat(9));
    for secret in [token(""), marked] {
        let cause = crate::admit::short(&format!("{}{secret}", "x ".repeat(15)));
        assert!(!cause.contains(secret.get(..20).unwrap()) && cause.contains("writ:withheld"), "{cause}");
    }
    assert_eq!(crate::admit::short("relation"), "relation");
}

#[test]
fn what_only_looks_like_a_secret_in_text_is_kept() {
    for text in [
        "aws ec2 describe-volumes --volume-ids vol-0a1b2c3d4e5f67890 --profile staging",
        "the bearer of this letter, a bearer token, basic authentication",
        "if password == other { retry }",
        "git checkout da39a3ee5e6b4b0d3255bfef95601890afd80709 # AKIAEXAMPLEEXAMPLE01",
        "max_tokens=200 input_tokens: 14 tokenizer=x token_count=9 next",
        "Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLEEXAMPLE01/20261130/eu-west-1/ec2/aws4_request, SignedHeaders=host",
        "https://acme.example/users/mira@acme.example",
        "ssh mira@host:path and mail@acme.example",
    ] {
        assert_eq!(cut(text), text);
    }
}

#[test]
fn attributes_are_withheld_by_their_key() {
    let text = br#"{"attributes":[{"key":"http.request.header.authorization","value":{"arrayValue":{"values":[{"stringValue":"Basic bWlyYQ=="}]}}},
        {"key":"command","value":{"stringValue":"deploy --api-key k9 --region eu"}},{"key":"token","type":"string","value":"t-1"}]}"#;
    let mut node = json::parse(text).unwrap();
    let whole = node.span();
    let mut list = List::new(&mac);
    let withheld = withhold(&mut node, text, &EVERYWHERE_AND_IN_TEXT, &mut list);
    let (bytes, redactions) = (spliced(text, whole, withheld), list.finish());
    let told = String::from_utf8(bytes).unwrap();
    for secret in ["bWlyYQ", "k9", "t-1"] {
        assert!(!told.contains(secret), "{told}");
    }
    assert!(told.contains("deploy --api-key writ:withheld:token --region eu"), "{told}");
    let pointers: Vec<&str> = redactions.iter().map(|redaction| redaction.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/attributes/0/value/arrayValue/values/0/stringValue",
            "/attributes/1/value/stringValue",
            "/attributes/2/value"
        ]
    );
    let mut again = Vec::new();
    json::canonical(&json::parse(told.as_bytes()).unwrap(), &mut again);
    let mut canonical = Vec::new();
    json::canonical(&node, &mut canonical);
    assert_eq!(again, canonical);
}

const JWT: &str = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJtaXJhIn0.c2lnbmF0dXJlLW9mLW5vYm9keQ";
const OPAQUE: &str = "at-00000000-1111-2222-3333-444455556666";
const TOKENS: Withholds =
    Withholds { also: Names::of(&[SecretName { ends_with: "token", kind: "token" }]), tokens: true, ..EVERYWHERE };

#[test]
fn tokens_are_withheld_and_their_fingerprints_kept() {
    let of = |value: &str| {
        let (text, redactions) = withheld(&format!(r#"{{"token":"{value}"}}"#), &TOKENS);
        assert!(!text.contains(value), "{text}");
        redactions[0].strip_prefix("/token ").unwrap().to_string()
    };
    let fingerprint = |token: &str| format!("token:{}", crate::arguments::sha256(token.as_bytes()));
    assert_eq!(of(JWT), fingerprint(JWT));
    assert_eq!(of(OPAQUE), fingerprint(OPAQUE));
    assert_eq!(of(&format!("Bearer {OPAQUE}")), fingerprint(OPAQUE));
    // A password in base64, something short enough to be guessed, words.
    for value in ["Basic bWlyYTpodW50ZXIyLWFuZC1zb21lLW1vcmU=", "hunter2", "the token of mira, which is long"] {
        assert_eq!(of(value), "token", "{value}");
    }
    assert_eq!(kept_fingerprint(&format!("writ:withheld:{}", fingerprint(JWT))).unwrap().len(), 71);
    assert_eq!(kept_fingerprint("writ:withheld:token"), None);
    assert_eq!(kept_fingerprint("writ:withheld:token:sha256:00"), None);
}

#[test]
fn a_jwt_is_found_anywhere_and_what_only_looks_like_one_stays() {
    for text in [JWT.to_string(), format!("token {JWT} has expired"), format!("/callback?jwt={JWT}&x=1")] {
        let record = format!(r#"{{"a":[{{"note":"{text}"}}]}}"#);
        assert_eq!(withheld(&record, &TOKENS).1.len(), 1, "{text}");
        assert_eq!(withheld(&record, &EVERYWHERE).1.len(), 0);
        let (out, redactions) = withhold_in_text(record.as_bytes(), &TOKENS, &mac);
        assert_eq!((redactions.len(), String::from_utf8(out).unwrap().contains(JWT)), (1, false));
    }
    for text in
        ["eyJhbGciOiJFUzI1NiJ9", "eyJ.eyJ.eyJ", "a.b.c", "eyJhbGciOiJFUzI1NiJ9.eyJzdWIi", "obeyJhbGciOiJFUzI1NiJ9"]
    {
        assert_eq!(withheld(&format!(r#"{{"note":"{text}"}}"#), &TOKENS).1.len(), 0, "{text}");
    }
}

#[test]
fn names_are_known_in_every_spelling() {
    for name in ["client_secret", "clientSecret", "Client-Secret", "X-Amz-Security-Token", "subject_token", "id_token"]
    {
        assert_eq!(withheld(&format!(r#"{{"{name}":"value-of-it"}}"#), &EVERYWHERE).1.len(), 1, "{name}");
    }
    for name in ["secret_name", "token_type", "next_token_count", "passwordless"] {
        assert_eq!(withheld(&format!(r#"{{"{name}":"value-of-it"}}"#), &EVERYWHERE).1.len(), 0, "{name}");
    }
    assert_eq!(withheld(r#"{"url":"https://api.acme.example/x?access_token=abc"}"#, &EVERYWHERE).1.len(), 1);
}

/// Gone over once for each name in it, one of these texts would take hours.
#[test]
fn a_long_text_full_of_names_is_gone_over_once() {
    let (mut depths, mut quoted) = (String::new(), String::new());
    for slashes in (0..2_000).map(|n| "\\".repeat(n)) {
        depths += &["password=", &slashes, "\""].concat();
        quoted += &[&slashes, "\"password", &slashes, "\":", &slashes, "\""].concat();
    }
    for begin in [
        "password=",
        "password=$a,password=$",
        "password: ",
        "--password ",
        "token=bearer ",
        "/ghp_",
        "/eyJ",
        "eyJhbGciOiJI.",
        "-----BEGIN PRIVATE KEY-----",
        "-u a:b",
        "https://a:b",
        "\"password\":\"redacted",
        &depths,
        &quoted,
    ] {
        let text = begin.repeat((1 << 20) / begin.len() + 1);
        let (kept, _) = withhold_in_text(text.as_bytes(), &crate::redact::EVERYWHERE_AND_IN_TEXT, &mac);
        assert!(kept.len() < text.len() * 6, "{begin:.20}");
    }
}

#[test]
fn names_inside_a_word_that_is_no_value_are_still_found() {
    let (kept, found) = withhold_in_text(
        b"password=$HOME/x?secret=hunter2-fictional&n=1",
        &crate::redact::EVERYWHERE_AND_IN_TEXT,
        &mac,
    );
    let kept = String::from_utf8(kept).unwrap();
    assert!(!kept.contains("hunter2") && kept.contains("$HOME") && found.len() == 1, "{kept}");
}

#[test]
fn of_a_text_that_is_all_secrets_the_rest_is_withheld_whole() {
    let text = "see password=a1 and x?sig=b2 ".repeat(5_000) + "the end";
    let (kept, found) = withhold_in_text(text.as_bytes(), &crate::redact::EVERYWHERE_AND_IN_TEXT, &mac);
    let kept = String::from_utf8(kept).unwrap();
    assert!(found.len() < 5_000 && kept.len() < text.len(), "{} secrets", found.len());
    assert!(!kept.contains("=a1") && !kept.contains("=b2") && kept.ends_with("writ:withheld:secret"), "{kept:.200}");
    assert!(kept.starts_with("see password=writ:withheld:password and x?sig=writ:withheld:"), "{kept:.200}");
}

#[test]
fn ids_lose_what_text_loses_and_stay_apart() {
    let id = |id: &str| id_without_secrets(id, &EVERYWHERE, &mac).into_owned();
    for (head, tail, kind) in [
        ("https://b.s3.amazonaws.com/k?X-Amz-Signature=", "", "signature"),
        ("https://b.s3.amazonaws.com/k?X-Amz-Security-Token=", "&x=1", "signature"),
        ("password=", "", "password"),
        ("svc --password ", " -v", "password"),
        ("Bearer ", "", "token"),
        ("https://u:", "@as.acme.example/x", "password"),
        ("password: ", "", "password"),
    ] {
        let of = |secret: &str| id(&[head, secret, tail].concat());
        let (one, other) = (of("hunter2-fictional-00001"), of("hunter2-fictional-00002"));
        assert!(one.starts_with(&format!("{head}writ:withheld:{kind}:")) && one.ends_with(tail), "{one}");
        assert!(one != other && one == of("hunter2-fictional-00001") && !one.contains("hunter2"), "{one} {other}");
        // Only of tokens that show what they are may whoever has one find it.
        assert!(!one.contains("sha256"), "{one}");
    }
    // Near misses; where text is searched, the record loses them too.
    for same in ["secret:db", "token:x", "acme:user/mira@host", "https://as.acme.example:443/x"] {
        assert_eq!(id(same), same);
    }
    let told = id_without_secrets("password:x", &EVERYWHERE_AND_IN_TEXT, &mac);
    assert!(told.starts_with("password:writ:withheld:password:"), "{told}");
}

#[test]
fn secrets_leave_protobuf_that_could_not_be_read() {
    let attribute = |name: &str, value: &str| {
        let value = [&[0x0a, u8::try_from(value.len()).unwrap()], value.as_bytes()].concat();
        let (name_len, len) = (u8::try_from(name.len()).unwrap(), u8::try_from(value.len()).unwrap());
        [&[0xff, 0x0a, name_len], name.as_bytes(), &[0x12, len], &value].concat()
    };
    let bytes = [attribute("password", "hunter2"), attribute("passwords", "seen"), attribute("token", "t-1")].concat();
    let (kept, found) = withhold_in_text(&bytes, &EVERYWHERE_AND_IN_TEXT, &mac);
    let text = String::from_utf8_lossy(&kept);
    assert!(found.len() == 2 && !text.contains("hunter2") && !text.contains("t-1") && text.contains("seen"), "{text}");
    let cut = bytes.get(..16).unwrap();
    let (kept, _) = withhold_in_text(cut, &EVERYWHERE_AND_IN_TEXT, &mac);
    assert!(kept.ends_with(b"writ:withheld:password"), "{}", String::from_utf8_lossy(&kept));
}
