//! The examples in `docs/reference` are read as anybody would read them: whoever copies one must get
//! what the page says.

use crate::{Outcome, read};
use std::path::PathBuf;
use writ_sources::{Admitted, by_name, identity};

/// A page, the source its examples are of, and how many records they hold.
const PAGES: [(&str, &str, usize); 5] = [
    ("approval.md", "approval", 4),
    ("oauth-exchange.md", "oauth.exchange", 3),
    ("opa-decision.md", "opa.decision", 1),
    ("recorder-reports.md", "health", 3),
    ("identity.md", "identity", 8),
];

fn page(name: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// The code blocks of a language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let open = format!("```{language}\n");
    let after = text.split(&open).skip(1);
    after.map(|rest| rest.split("\n```").next().unwrap().to_string()).collect()
}

/// The records of a page's JSON and CSV blocks; a reject fails.
fn examples(name: &str) -> Vec<Admitted> {
    let text = page(name);
    let mut elements: Vec<Vec<u8>> = Vec::new();
    for block in blocks(&text, "json") {
        for value in serde_json::Deserializer::from_str(&block).into_iter::<serde_json::Value>() {
            elements.push(value.unwrap().to_string().into_bytes());
        }
    }
    for block in blocks(&text, "csv") {
        let _ = identity::csv::rows(block.as_bytes(), &mut |row| {
            elements.push(row.item.unwrap());
            std::ops::ControlFlow::Continue(())
        });
    }
    let outcomes = elements.iter().flat_map(|element| read(element, None));
    outcomes
        .map(|outcome| match outcome {
            Outcome::Record { admitted, .. } => *admitted,
            Outcome::Reject { cause, .. } => panic!("{name}: {cause}"),
            Outcome::Note { text, .. } => panic!("{name}: {text}"),
        })
        .collect()
}

#[test]
fn every_example_is_a_record_of_the_source_its_page_is_about() {
    for (name, source, n) in PAGES {
        let examples = examples(name);
        assert_eq!(examples.len(), n, "{name}");
        for record in examples {
            assert_eq!(record.identity.source, source, "{name}");
            assert!(!record.facts.is_empty(), "{name}: {}", record.identity.native_id);
        }
    }
}

/// What the pages say of omissions is what answers say: each code stands on its page.
#[test]
fn every_declared_omission_stands_on_its_page() {
    for (name, source, _) in PAGES {
        let text = page(name);
        for omission in by_name(source).unwrap().info().omissions {
            assert!(text.contains(&format!("| `{}` |", omission.code)), "{name}: {}", omission.code);
        }
    }
    for source in writ_sources::SOURCES {
        for omission in source.info().omissions {
            // A reference into these pages names a heading that is there.
            let Some(rest) = omission.reference.strip_prefix("docs/reference/") else { continue };
            let (name, heading) = rest.split_once(", section ").unwrap();
            let text = page(name);
            assert!(text.lines().any(|line| line.trim_start_matches('#').trim() == heading), "{}", omission.reference);
        }
    }
}

#[test]
fn the_example_of_arguments_has_the_digest_that_is_shown() {
    let text = page("opa-decision.md");
    let decision = examples("opa-decision.md").remove(0);
    let writ_model::fact::Detail::Decision(said) = &decision.facts[0].detail else { panic!("{:?}", decision.facts) };
    assert!(text.contains("\"arguments\": {\"amount\": 480, \"to\": \"acme-supplies\"}"));
    assert!(page("approval.md").contains(said.arguments.as_deref().unwrap()));
}
