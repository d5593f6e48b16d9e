//! The ticket, with ordinary text and with hostile text in every place a log can reach.

use super::*;
use crate::sample;

/// What is left of a line when its code and its escaped characters are taken out: what Markdown reads.
fn read_as_markup(line: &str) -> String {
    let (mut out, mut rest) = (String::new(), line);
    while let Some(c) = rest.chars().next() {
        let tail = &rest[c.len_utf8()..];
        if c == '\\' {
            rest = &tail[tail.chars().next().map_or(0, char::len_utf8)..];
            continue;
        }
        if c != '`' {
            out.push(c);
            rest = tail;
            continue;
        }
        let fence = &rest[..rest.len() - rest.trim_start_matches('`').len()];
        let mut behind = &rest[fence.len()..];
        // The code ends at the next run of as many backticks.
        loop {
            let Some(at) = behind.find('`') else { panic!("code that does not end: {line}") };
            let run = behind[at..].len() - behind[at..].trim_start_matches('`').len();
            behind = &behind[at + run..];
            if run == fence.len() {
                break;
            }
        }
        rest = behind;
    }
    out
}

#[test]
fn hostile_text_marks_nothing_up_anywhere() {
    let ticket = render(&View::of(&sample::answer(|_| sample::HOSTILE.to_string())));
    let ordinary = render(&View::of(&sample::answer(|_| "x".to_string())));
    assert_eq!(ticket.lines().count(), ordinary.lines().count(), "log text made or ate a line\n{ticket}");
    assert!(ticket.chars().all(|c| c == '\n' || !c.is_control()) && !ticket.contains(['\u{202e}', '\u{200b}']));
    for line in ticket.lines() {
        let read = read_as_markup(line).replace("**", "");
        let body = read.trim_start_matches([' ', '-', '#']);
        assert!(!body.contains(['<', '>', '[', ']', '|', '*', '&', '`', '$', '@']), "{line}\n{body}");
        assert!(!body.contains("://") && !body.contains("www.") && !body.contains("#1"), "{line}\n{body}");
    }
}

#[test]
fn everything_an_answer_holds_stands_in_the_ticket() {
    let ticket = render(&View::of(&sample::answer(ToString::to_string)));
    for said in [
        "## `ec2:DeleteVolume` on `vol-0a1b`",
        "- Event: `aws.cloudtrail:1f3e`",
        "- Asked by: `mira@acme.example` `email:mira@acme.example` (human, inferred, one of several possible)",
        "- Approval **bound\\_weak**",
        "  - executed: `sha256:cdcd",
        "- Decision **permit**",
        "- **human** `mira@acme.example`, 2026",
        "  - ↓ 3 triggered **asserted** into `tool_call bash: curl`: the same tool call id",
        "    - against: the agent chose the id",
        "  - **model\\_call** `model-x`",
        "or from `tool_call kubectl` (weak): the same host",
        "- ○ **gap**: issuance of the credential",
        "~ **source\\_item** `infra/.env`",
        "- **high** `scope_grew` (asserted): ",
        "  - next time: hand in the other",
        "- `c1` `aws:111122223333` complete from",
        "Made by Writ, as of",
    ] {
        assert!(ticket.contains(said), "{said}\n{ticket}");
    }
}
