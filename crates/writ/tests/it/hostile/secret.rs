//! Secrets in what was handed in, and every record shown afterwards: none of them is in any.

use super::seed::{SEEDS, TABLE_HEAD, pair, run, table_row, traces};
use super::told::{Told, everything, ingest, with_input};
use crate::support::Writ;

/// Stands for a secret wherever one may stand.
const SECRET: &str = "hunter2-fictional-0123456789";

/// Everything that is known of every record, and what is said of who wrote them.
fn shown(writ: &Writ) -> String {
    let all = everything(writ).join("\n");
    let shown = with_input(writ, &["show", "--json", "-"], all.as_bytes());
    assert!(shown.status.success());
    String::from_utf8(shown.stdout).unwrap() + &writ.ok(&["sources"])
}

/// Ingests these bytes, of which so many are records and rejects, and looks for the secret and for what stays.
fn check(what: &str, bytes: &[u8], (records, rejects): (u64, u64), stays: &str) -> Told {
    let writ = Writ::new();
    let told = ingest(&writ, what, bytes);
    assert_eq!((told.n("records"), told.n("rejects")), (records, rejects), "{what}: {:#}", told.summary);
    let shown = shown(&writ).replace("\\u0000", "");
    assert!(!shown.contains("hunter2") && shown.contains("writ:withheld:") && shown.contains(stays), "{what}: {shown}");
    told
}

#[test]
fn text_in_utf16_is_ingested_and_what_is_damaged_in_it_holds_no_secret() {
    let text = SEEDS[0].text(1).replace("IQoJb3JpZ2luX2VjEFAKE00000001", SECRET);
    for mark in ["\u{feff}", ""] {
        let orders: [fn(u16) -> [u8; 2]; 2] = [u16::to_le_bytes, u16::to_be_bytes];
        for (order, rejects) in orders.into_iter().zip([2, 3]) {
            let of = |text: &str| text.encode_utf16().flat_map(order).collect::<Vec<u8>>();
            check("utf-16", &of(&format!("{mark}{text}\r\n")), (1, 0), "ASIAQEXPORTS00000002");
            let log = format!("{mark}[{text},\r\n{{\"sessionToken\":\"{SECRET}\r\n");
            check("utf-16, cut", &of(&log), (1, 1), "ASIAQEXPORTS00000002");
            // Not told by its first bytes.
            check("utf-16 behind a line", &[b"START\n", &of(&text)[..]].concat(), (0, rejects), "ASIAQEXPORTS00000002");
        }
    }
}

#[test]
fn rejects_that_are_no_json_hold_no_secret() {
    let spans =
        run(&[traces(1, b"good", &pair(b"k", b"v")), traces(2, b"\xff\xfe", &pair(b"password", SECRET.as_bytes()))]);
    check("a damaged span", &spans, (1, 1), "refund-desk");
    let head = TABLE_HEAD.replace(",note\n", ",note,client_secret\n");
    let row = |n: u32, rest: &str| table_row(n).replace('\n', rest);
    let rows = [row(1, &format!(",{SECRET}\n")), row(2, &format!(",{SECRET},more\n")), row(3, ",,\n")].concat();
    let told = check("rows with a cell too many", &[head, rows].concat().into_bytes(), (1, 2), "AIDAQLENA00000002");
    assert!(told.causes()[0].contains("15 cells"), "{:?}", told.causes());
}

#[test]
fn ids_recorders_numbers_and_what_is_nested_hold_no_secret() {
    let replaced = |n: usize, from: &str, to: &str| {
        let text = SEEDS[n].text(1);
        assert!(text.contains(from), "{from}: {text}");
        text.replace(from, &to.replace("SECRET", SECRET))
    };
    for text in [
        replaced(1, "refund-desk", "Authorization: Bearer SECRET"),
        replaced(1, "refund-desk", "postgres://app:SECRET@db.acme.example"),
        replaced(4, "7d0f4c1e-5a4b-4a6e-9a55-0c8d1f2e3a4b", "password=SECRET"),
        replaced(5, "ev-00000001", "https://b.s3.amazonaws.com/k?X-Amz-Signature=SECRET"),
        replaced(5, r#""uses":1"#, r#""password":[7,{"a":"SECRET"}],"uses":1"#),
        replaced(6, r#""session_id""#, r#""password":{"a":[{"b":"SECRET"}]},"session_id""#),
        replaced(0, r#""durationSeconds""#, r#""password":{"a":"SECRET"},"durationSeconds""#),
        replaced(9, "d-00000001", "https://b/k?X-Amz-Signature=SECRET"),
    ] {
        check(&text, text.as_bytes(), (1, 0), "withheld");
    }
    for (n, member) in [(0, "durationSeconds"), (5, "uses"), (6, "session_id")] {
        let writ = Writ::new();
        let text = replaced(n, &format!("\"{member}\""), &format!("\"masterPassword\":4711471147,\"{member}\""));
        assert_eq!(ingest(&writ, &text, text.as_bytes()).n("records"), 1);
        assert!(!shown(&writ).contains("4711471147"), "{text}");
    }
}

/// Two ids that differ in a secret alone are two, and the same is one.
#[test]
fn an_id_with_a_secret_in_it_is_still_the_same_id() {
    let writ = Writ::new();
    let of = |secret: &str| SEEDS[5].text(1).replace("ev-00000001", &format!("https://b/k?X-Amz-Signature={secret}"));
    let text = [of("hunter2a"), of("hunter2b"), of("hunter2a")].join("\n");
    let told = ingest(&writ, "ids", text.as_bytes());
    assert_eq!((told.n("records"), told.n("duplicates"), told.n("conflicts")), (2, 1, 0), "{:#}", told.summary);
}
