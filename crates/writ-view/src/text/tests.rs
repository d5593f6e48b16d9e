//! The page, with ordinary text and with hostile text in every place a log can reach.

use super::*;
use crate::sample;

fn view(text: impl Fn(&str) -> String) -> View {
    View::of(&sample::answer(text))
}

const FULL: Style = Style { unicode: true, colour: false, columns: 80, wide: true, alternatives: true };

#[test]
fn no_place_lets_hostile_text_through() {
    let view = view(|_| sample::HOSTILE.to_string());
    for style in [Style::default(), Style { unicode: false, ..Style::default() }, FULL] {
        let page = render(&view, style);
        assert!(page.chars().all(|c| c == '\n' || !c.is_control()), "{page:?}");
        assert!(!page.contains(['\u{202e}', '\u{200b}']) && page.matches("\\u{202e}").count() >= 50, "{page}");
        assert!(style.unicode || page.is_ascii());
    }
}

#[test]
fn everything_an_answer_holds_stands_on_the_wide_page() {
    let page = render(&view(|ordinary| format!("«{ordinary}»")), FULL);
    for said in [
        "vol-0a1c",
        "aws.cloudtrail:1f3e",
        "email:mira@acme.example",
        "one of several possible",
        "given with",
        "user/lena",
        "Omar",
        "BOUND_WEAK",
        "what was shown",
        "bash curl",
        "NOT entitled to",
        "different people",
        "the agent",
        "NOT what was shown",
        "2026-10-14T09:36:10Z",
        "claude.code:88",
        "PERMIT",
        "another request",
        "enforced",
        "policy3",
        "main@4f1c",
        "entities 4 s old",
        "d-70",
        "opa.decision:d-77",
        "the agent chose the id",
        "or from",
        "kubectl",
        "the same host",
        "40 minutes apart",
        "~ influenced",
        "infra/.env",
        "scope_grew",
        "rec:10",
        "held by",
        "aws:999988887777",
        "wait until",
        "next time",
        "ask now",
        "c1",
        "by the word of «lena»",
        "writ why 'aws.cloudtrail:1f3e",
        "not settled yet",
    ] {
        let said = said.replace("writ why 'aws", "writ why '«aws");
        assert!(page.contains(&said), "{said}\n{page}");
    }
}

#[test]
fn lines_fit_eighty_columns_unless_one_word_is_longer() {
    let text = "a sentence of quite ordinary words that goes on for rather longer than one line would hold of it";
    let page = render(&view(|_| text.to_string()), Style::default());
    let wrapped = page.lines().filter(|line| !line.contains(text) && !line.contains("risk"));
    assert!(wrapped.clone().count() > 40 && wrapped.clone().all(|line| line.chars().count() <= 80), "{page}");
    let wide = render(&view(|_| text.to_string()), FULL);
    assert!(wide.lines().filter(|line| line.contains(text)).count() > 40, "{wide}");
}

#[test]
fn colour_adds_nothing_but_colour() {
    let words = "words enough that the line has to be broken somewhere before it ends, twice even if need be";
    let plain = render(&view(|_| words.to_string()), Style::default());
    let coloured = render(&view(|_| words.to_string()), Style { colour: true, ..Style::default() });
    assert_ne!(plain, coloured);
    let mut stripped = coloured;
    for code in ["\u{1b}[32m", "\u{1b}[33m", "\u{1b}[36m", "\u{1b}[31m", "\u{1b}[0m"] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn a_second_cause_stands_beside_the_line_and_says_where_it_leads() {
    let page = render(&view(ToString::to_string), Style::default());
    let asked: Vec<&str> = page.split("Who asked\n").nth(1).unwrap().split("\n\n").next().unwrap().lines().collect();
    let starts = |n: usize, start: &str| assert!(asked[n].starts_with(start), "{n} {start}\n{page}");
    starts(0, "    human          mira@acme.example");
    starts(1, "  ╎ asserted       1 triggered");
    starts(2, "    turn           fix the staging credential");
    starts(3, "  ╎ asserted       3 triggered into tool_call bash: curl: the same tool call id;");
    starts(5, "      + model_call     model-x");
    starts(6, "      ╎ asserted       2 triggered: the model proposed it");
    starts(7, "    tool_call      bash: curl");
    starts(8, "  ┊ inferred weak  4 triggered: the same volume, 312 ms apart (1 alternative:");
    starts(10, "    effect         ec2:DeleteVolume vol-0a1b");
    assert_eq!(asked.len(), 11, "{page}");
}
