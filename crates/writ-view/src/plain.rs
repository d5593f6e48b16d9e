//! The answer for grep and awk: one thing per line, tab separated, always eight fields.
//!
//! `EVENT  WHAT  N  WORD  EDGE  FROM  TO  TEXT`, where WHAT is `verdict`, `command`, `credential` (a
//! hop, or a gap with the word `gap`), `influence`, `approval`, `decision` or `finding`; N is a hop's
//! number; what a field does not have is `-`.

use crate::escape;
use crate::model::{Line, View};

/// Fields of a line behind the event.
const FIELDS: usize = 7;

/// An answer, a line for each thing it says; the last line ends too.
pub fn render(view: &View) -> String {
    let mut out = String::new();
    let mut line = |fields: [&str; FIELDS]| {
        out.push_str(&escape::tsv(&view.reference));
        for field in fields {
            out.push('\t');
            out.push_str(&if field.is_empty() { "-".to_string() } else { escape::tsv(field) });
        }
        out.push('\n');
    };
    line(["verdict", "", &view.word, "", "", &view.action, &view.sentence]);
    for chain in &view.chains {
        for step in &chain.steps {
            match &step.line {
                Line::Hole(hole) => {
                    let gap = view.gaps.iter().find(|gap| {
                        gap.chain == chain.word() && gap.after == hole.after && gap.expected == hole.expected
                    });
                    let text = gap.map_or("", |gap| gap.text.as_str());
                    line([chain.word(), "", "gap", &hole.reason, &hole.expected, &hole.after, text]);
                }
                Line::Hop(hop) => {
                    let n = hop.n.to_string();
                    let text = hop.because.join("; ");
                    line([chain.word(), &n, &hop.known(), &hop.edge, &hop.from, &hop.to, &text]);
                }
                Line::Node(_) => {}
            }
        }
    }
    for influence in &view.influences {
        let (from, to) = &influence.ends;
        line(["influence", "", &influence.known, &influence.edge, from, to, &influence.records.join(", ")]);
    }
    for control in view.controls.iter().filter(|control| control.label != "Authority") {
        let hop = control.hop.map_or_else(String::new, |hop| hop.to_string());
        let details: Vec<String> =
            control.details.iter().map(|(label, text)| format!("{}: {text}", label.trim())).collect();
        let text = [std::slice::from_ref(&control.remark), details.as_slice()].concat().join("; ");
        line([&control.label.to_lowercase(), &hop, &control.word, "", "", "", &text]);
    }
    for finding in &view.findings {
        line(["finding", "", &finding.strength, &finding.code, &finding.severity, "", &finding.text]);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample;

    #[test]
    fn every_line_has_eight_fields_whatever_logs_say() {
        for text in [sample::HOSTILE, "ordinary", ""] {
            let out = render(&View::of(&sample::answer(|_| text.to_string())));
            // A verdict, five hops, a gap, an influence, an approval, a decision, a finding.
            assert_eq!(out.lines().count(), 11, "{out}");
            for line in out.lines() {
                let fields: Vec<&str> = line.split('\t').collect();
                assert_eq!(fields.len(), FIELDS + 1, "{line}");
                assert!(
                    fields.iter().skip(1).all(|field| !field.is_empty() && !field.starts_with(['=', '+', '@'])),
                    "{line}"
                );
            }
            assert!(out.chars().all(|c| matches!(c, '\n' | '\t') || !c.is_control()) && !out.contains('\u{202e}'));
        }
    }

    #[test]
    fn a_gap_is_a_line_of_its_chain_with_its_reason() {
        let out = render(&View::of(&sample::answer(ToString::to_string)));
        let gap = out.lines().find(|line| line.contains("\tgap\t")).unwrap();
        let fields: Vec<&str> = gap.split('\t').collect();
        assert_eq!(
            fields[1..7],
            ["credential", "-", "gap", "not_collected", "issuance of the credential", "key"],
            "{gap}"
        );
        assert!(out.contains("\tapproval\t3\tbound_weak\t-\t-\t-\ta person accepted this command"), "{out}");
    }
}
