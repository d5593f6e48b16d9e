//! The page with hostile text in every place a log can reach.

use super::*;
use crate::model::GapView;

fn view(text: &str) -> View {
    let s = || text.to_string();
    View {
        title: s(),
        recorded: s(),
        risk: s(),
        sentence: s(),
        controls: vec![("Approval", "UNKNOWN".to_string(), s())],
        chains: vec![ChainView {
            title: "Who asked",
            steps: vec![
                Step::Hole { expected: s(), reason: s() },
                Step::Node { kind: "effect".to_string(), name: s(), time: Some(s()) },
                Step::Hop {
                    n: 1,
                    strength: "proven".to_string(),
                    edge: "issued".to_string(),
                    because: vec![s()],
                    against: vec![s()],
                    alternatives: 2,
                },
            ],
        }],
        findings: vec![("high".to_string(), "code".to_string(), s())],
        limits: vec![s()],
        gaps: vec![GapView { text: s(), reason: s(), until: Some(s()), fix: Some(s()), ask: Some(s()) }],
        next: vec![s()],
        foot: s(),
    }
}

#[test]
fn no_place_lets_hostile_text_through() {
    let hostile = "x\u{1b}]0;owned\u{7}\u{202e}\r\ny";
    for unicode in [true, false] {
        let page = render(&view(hostile), Style { unicode, ..Style::default() });
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page:?}");
        assert!(!page.contains('\u{202e}') && page.matches("\\u{202e}").count() >= 18, "{page}");
        assert!(unicode || page.is_ascii());
    }
}

#[test]
fn lines_fit_eighty_columns_unless_one_word_is_longer() {
    let text = "a sentence of quite ordinary words that goes on for rather longer than one line would hold of it";
    let page = render(&view(text), Style::default());
    let wrapped = page.lines().filter(|line| !line.contains(text) && !line.contains("risk"));
    assert!(wrapped.clone().count() > 15 && wrapped.clone().all(|line| line.chars().count() <= 80), "{page}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let text = "words enough that the line has to be broken somewhere before it ends, twice even if need be";
    let plain = render(&view(text), Style::default());
    let coloured = render(&view(text), Style { colour: true, ..Style::default() });
    assert_ne!(plain, coloured);
    let mut stripped = coloured;
    for code in ["\u{1b}[32m", "\u{1b}[31m", "\u{1b}[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}
