//! What an entry confirms, and tables. Good and bad entries are fixtures.

use super::*;
use writ_model::json;

fn fact(times: &str) -> IdentityFact {
    let text = format!(
        r#"{{"directory":"d","subject":{{"kind":"principal","namespace":"aws","value":"AIDA1"}},"relation":"same","object":"person:a"{times}}}"#
    );
    let node = json::parse(text.as_bytes()).unwrap();
    let fact = Entry::read(&node).unwrap().fact("as-pushed");
    match fact.detail {
        Detail::Identity(fact) => fact,
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_interval_is_confirmed_up_to_what_the_directory_had_seen() {
    let confirmed = |times: &str| fact(times).confirmed_to.map(|time| time.to_string());
    let at = |day: &str| Some(format!("2026-{day}T00:00:00Z"));
    assert_eq!(confirmed(""), None);
    assert_eq!(confirmed(r#","read_at":"2026-10-20T00:00:00Z""#), at("10-20"));
    assert_eq!(confirmed(r#","to":"2026-09-01T00:00:00Z""#), at("09-01"));
    assert_eq!(confirmed(r#","to":"2026-09-01T00:00:00Z","read_at":"2026-10-20T00:00:00Z""#), at("09-01"));
    // A planned end.
    assert_eq!(confirmed(r#","to":"2026-12-31T00:00:00Z","read_at":"2026-10-20T00:00:00Z""#), at("10-20"));
}

#[test]
fn the_recorder_is_the_directory_that_speaks() {
    assert_eq!(fact("").directory, "as-pushed");
}

fn rows(text: &str) -> Vec<(u64, u64, Result<String, String>)> {
    let mut out = Vec::new();
    let flow = csv::rows(text.as_bytes(), &mut |row| {
        assert!(text.as_bytes()[usize::try_from(row.byte).unwrap()..].starts_with(&row.bytes));
        assert!(!row.bytes.is_empty() && row.bytes.trim_ascii() == &*row.bytes);
        out.push((row.line, row.byte, row.item.map(|item| String::from_utf8(item).unwrap())));
        core::ops::ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    out
}

#[test]
fn rows_become_the_objects_they_stand_for() {
    let text = "\u{feff}subject_kind,subject_namespace,subject,relation,object,Team\r\nprincipal,aws,A1,same,\"person:\"\"a\"\"\",\r\n\r\ncredential,aws,K1,purpose,deploy,ops\r\n";
    assert_eq!(
        rows(text),
        [
            (2, 64, Ok(r#"{"subject":{"kind":"principal","namespace":"aws","value":"A1"},"relation":"same","object":"person:\"a\""}"#.to_string())),
            (4, 105, Ok(r#"{"subject":{"kind":"credential","namespace":"aws","value":"K1"},"relation":"purpose","object":"deploy","Team":"ops"}"#.to_string())),
        ]
    );
}

/// A row that stands for no object is kept as text, in which no name stands before a secret.
#[test]
fn a_bad_row_is_kept_without_the_cells_that_may_be_secret() {
    let kept = |row: &str| {
        let text = format!("subject_kind,subject,relation,object,client_secret,note\n{row}\n");
        let mut kept = Vec::new();
        let _ = csv::rows(text.as_bytes(), &mut |row| {
            kept.push(String::from_utf8_lossy(&row.bytes).into_owned());
            core::ops::ControlFlow::Continue(())
        });
        kept.join("|")
    };
    assert_eq!(kept("principal,A,same,p:x,hunter2,n,more"), "principal,A,same,p:x,writ:withheld:secret");
    assert_eq!(kept("principal,A,same,hunter2,n"), "principal,A,same,writ:withheld:secret");
    assert_eq!(kept("hunter2"), "writ:withheld:secret");
    assert_eq!(kept("principal,\"A,B,hunter2"), "principal,\"A,writ:withheld:secret");
    assert_eq!(kept("principal,A,same,\"p,x\",hunter2,n,more"), "principal,A,same,\"p,writ:withheld:secret");
    let rest = csv::broken_off(b"subject_kind,subject,relation,object,client_secret\na,b", b"principal,A,same,p:x,hun");
    assert_eq!(&*rest, b"principal,A,same,p:x,writ:withheld:secret");
    // Near misses: a good row, whose names stand in the object, and a table without such a column.
    assert_eq!(kept("principal,A,same,p:x,hunter2,n"), "principal,A,same,p:x,hunter2,n");
    let rest = csv::broken_off(b"subject_kind,subject,relation,object,secret_name\n", b"a,b,c,d,e,f");
    assert_eq!(&*rest, b"a,b,c,d,e,f");
}

#[test]
fn bad_tables_say_so_once_and_bad_rows_one_by_one() {
    let header = "subject_kind,subject_namespace,subject,relation,object";
    let causes = |text: &str| rows(text).into_iter().map(|row| row.2.unwrap_err()).collect::<Vec<_>>();
    assert_eq!(causes(&format!("{header}\nprincipal,aws\n")), ["the row has 2 cells and the header 5"]);
    assert_eq!(causes("subject,relation\nA,same\n")[0], "the column `subject_kind` is missing in the header");
    assert_eq!(causes(&format!("{header},object\n")), ["the column `object` stands twice in the header"]);
    assert!(rows("").is_empty());
}

/// A quote that is not closed costs its line, however much stands behind it; so does a row of any length.
#[test]
fn a_bad_row_costs_its_own_line() {
    let header = "subject_kind,subject_namespace,subject,relation,object";
    let long = "x".repeat(csv::ROW_BYTES_MAX + 1);
    let commas = ",".repeat(csv::ROW_BYTES_MAX + 1);
    for (bad, cause) in [
        (
            "principal,aws,\"A2,same,o",
            "text behind a closing quote: a quote is not closed, or one inside a cell is not written twice",
        ),
        ("\"", "text behind a closing quote: a quote is not closed, or one inside a cell is not written twice"),
        ("a,\"b\nc\",d", "the row has 3 cells and the header 5; a quote on this line may not be closed"),
        (&long, "a row longer than 1048576 bytes, or a quote that is not closed"),
        (&commas, "a row longer than 1048576 bytes, or a quote that is not closed"),
    ] {
        let good = |id: &str| format!("principal,aws,{id},same,\"o\n\"\"\"");
        let rows = rows(&format!("{header}\n{}\n{bad}\n{}\n{}", good("A1"), good("A3"), good("A4")));
        let read: Vec<_> = rows.iter().filter(|row| row.2.is_ok()).map(|row| row.0).collect();
        let rejects: Vec<_> = rows.iter().filter_map(|row| row.2.as_ref().err()).collect();
        let more = bad.matches('\n').count() as u64;
        assert_eq!((read, rejects[0].as_str()), (vec![2, 5 + more, 7 + more], cause), "{rejects:?}");
        assert_eq!(rejects.len() as u64, 1 + more);
    }
    let rows = rows(&format!("{header}\nprincipal,aws,\"A1,same,o\nprincipal,aws,A2,same,o\n"));
    assert_eq!((&rows[0].2, rows[1].2.is_ok()), (&Err("a quote is not closed".to_string()), true));
}

/// A quote that was not doubled closes its cell, so that the next would open one over the rows behind it.
#[test]
fn text_behind_a_closing_quote_costs_its_own_line() {
    let header = "subject_kind,subject_namespace,subject,relation,object,note";
    let good = |id: &str| format!("principal,aws,{id},same,o,\"of \"\"us\"\"\" ");
    for bad in ["principal,aws,A2,same,o,\"x\"y", "\"x\"y,\"", "p,\"a\" \"b\",c,d,e,f", "a,b,c,\"d\ne\"f,g,h"] {
        let rows = rows(&format!("{header}\n{}\n{bad}\n{}\n{}", good("A1"), good("A3"), good("A4")));
        let read = rows.iter().filter(|row| row.2.is_ok()).count();
        let cause = rows.iter().find_map(|row| row.2.as_ref().err()).unwrap();
        assert!(read == 3 && cause.starts_with("text behind a closing quote"), "{bad}: {rows:?}");
    }
    assert!(rows(&format!("{header},,\n{},,", good("A1")))[0].2.is_ok(), "columns without a name");
}

/// Reading takes time in proportion to the bytes, wherever quotes stand.
#[test]
fn quotes_that_stand_wrong_do_not_have_every_line_read_the_rest() {
    let header = "subject_kind,subject_namespace,subject,relation,object";
    for line in ["\"x\",\"", "x,\"\n\",\"", "\"", "\"\"\"", "x,\"\"\"\n\"\""] {
        let n = 2_000_000 / (line.len() + 1);
        let rows = rows(&format!("{header}\n{}", format!("{line}\n").repeat(n)));
        assert!(rows.len() >= n / 2 && rows.iter().all(|row| row.2.is_err()), "{line}: {}", rows.len());
    }
}

#[test]
fn tables_are_told_by_their_header() {
    assert!(csv::recognises(b"id,directory,subject_kind,subject_namespace,subject,relation,object\r\n1,2,3"));
    assert!(csv::recognises("\u{feff}\"object\", relation ,subject,subject_kind".as_bytes()));
    let texts = r#"{"a":"x,subject_kind,subject,relation,object,y"}"#;
    let spaced = r#"{"schema": "x", "a": "x,subject_kind,subject,relation,object,y"}"#;
    let log = "2026-04-23 INFO fetched x,subject_kind,subject,relation,object";
    for head in [
        "id,name,relation,object\n",
        "{\"subject_kind\":1}",
        "",
        "subject_kind;subject;relation;object",
        texts,
        spaced,
        log,
        "[,subject_kind,subject,relation,object,]",
    ] {
        assert!(!csv::recognises(head.as_bytes()), "{head}");
    }
    assert!(!csv::recognises(&b"x,".repeat(5_000)));
}
