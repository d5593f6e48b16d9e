//! The table is whole, and what the code says is in it.

use super::*;
use crate::text::Style;
use std::collections::BTreeSet;
use writ_model::fact::{ApprovalStep, DecisionEffect, RiskReason};

#[test]
fn every_entry_is_whole_and_named_once_in_its_kind() {
    let mut seen = BTreeSet::new();
    for entry in all() {
        let Text { code, means, is_not, todo } = entry.text;
        assert!(seen.insert((entry.kind, code)), "{code} stands twice");
        assert!(code.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'), "{code}");
        assert!(means.len() > 15 && means.ends_with(['.', ')']) && todo.ends_with('.'), "{code}: {means} / {todo}");
        assert!(is_not.is_empty() || is_not.ends_with('.'), "{code}: {is_not}");
        for text in [means, is_not, todo] {
            assert_eq!(text.matches('`').count() % 2, 0, "{code}: {text}");
            assert!(!text.contains("  ") && !text.contains('\n') && !text.contains('|'), "{code}: {text}");
        }
    }
    // A finding and a gap may be misread, so each finding says how not to read it.
    assert!(finding::FINDINGS.iter().all(|text| !text.is_not.is_empty()));
    assert!(finding::FINDINGS.is_sorted_by_key(|text| text.code) && gap::GAPS.is_sorted_by_key(|text| text.code));
}

#[test]
fn words_of_the_model_and_of_the_rules_are_explained() {
    for rule in writ_path::rule::RULES {
        assert!(codes(Kind::Edge).contains(&rule.edge.word()), "{}", rule.edge.word());
    }
    for effect in
        [DecisionEffect::Permit, DecisionEffect::Deny, DecisionEffect::NotApplicable, DecisionEffect::Indeterminate]
    {
        assert!(codes(Kind::Decision).contains(&effect.word()));
    }
    for reason in [
        RiskReason::PrivilegeEscalation,
        RiskReason::DataExport,
        RiskReason::ExternalTool,
        RiskReason::ApprovalOverride,
        RiskReason::Destructive,
        RiskReason::SecretAccess,
    ] {
        assert!(codes(Kind::Risk).contains(&reason.word()));
    }
    assert!(ApprovalStep::TABLE.iter().any(|(word, _)| codes(Kind::Approval).contains(word)));
}

#[test]
fn a_code_is_found_however_it_is_spelt_and_a_near_miss_is_named() {
    let kinds = |code: &str| -> Vec<Kind> { find(code).iter().map(|entry| entry.kind).collect() };
    assert_eq!(kinds("Scope-Grew"), [Kind::Finding]);
    assert_eq!(
        kinds("unknown"),
        [Kind::Gap, Kind::Approval, Kind::Decision, Kind::Enforcement, Kind::Source, Kind::Wielder]
    );
    assert_eq!(kinds("nonsense"), []);
    assert_eq!(near("scope_grow").first(), Some(&"scope_grew"));
    assert_eq!(near("not_colected").first(), Some(&"not_collected"));
    assert!(near("approval").contains(&"approval_absent"));
    assert_eq!((near("zzzzzzzz"), near("")), (vec![], vec![]));
    assert!(near(&"x".repeat(100_000)).is_empty());
}

#[test]
fn an_entry_fits_the_terminal_and_the_page_has_every_code() {
    for entry in all() {
        let shown = text(&entry, Style::default());
        assert!(shown.lines().all(|line| line.chars().count() <= 80), "{shown}");
        assert!(markdown().contains(&format!("| `{}` | ", entry.text.code)));
    }
}
