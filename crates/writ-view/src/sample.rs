//! An answer that has something of everything, for the tests of the renderings: with ordinary text,
//! or with the same hostile text in every place that a log can reach.

use writ_model::custody::Custody;
use writ_model::key::Attestation;
use writ_path::answer::{
    Alternative, Answer, Approval, ChainVerdict, Coverage, Decision, Event, EvidenceFoot, Finding, Gap, Hop, Influence,
    Node, PowerEntry, PrincipalEntry, Resource, Risk, SCHEMA, ShownKey, SourceState, Verdict,
};
use writ_path::rule::{self, Chain, Edge};
use writ_path::strength::{Agreement, End, Strength, Witness, strength};

/// Every sort of attack on a place a log is shown in.
pub(crate) const HOSTILE: &str = "x\u{1b}]0;owned\u{7}\u{202e}\r\n\ty\u{200b}<script>alert('1')</script><!-- --><img src=x onerror=\"a\">\
    ](javascript:alert(1)) ![i](http://evil.example/i.png) `c` | a | @acme/all #1 \"]; evil [label=\"\\\\N\\\" =1+1 &lt;";

pub(crate) fn known(word: &str) -> Strength {
    let rule = rule::by_id("credential.assumed").unwrap();
    let (agreement, class) = match word {
        "proven" => (Agreement::Key(Attestation::Verified, Attestation::Verified), Custody::HandedIn),
        "asserted" => (Agreement::Key(Attestation::Verified, Attestation::Claimed), Custody::HandedIn),
        _ => (Agreement::Features, Custody::HandedIn),
    };
    let ends = [End { custody: class, in_conflict: false, tested: true }];
    let known = strength(&Witness { rule, agreement, ends: &ends, open_premise: false, contradicted: false });
    assert_eq!(known.word(), word);
    known
}

fn person(
    principal: String,
    name: String,
    kind: &'static str,
    word: &str,
    mode: Option<&'static str>,
) -> PrincipalEntry {
    PrincipalEntry { principal, kind, name: Some(name), strength: known(word), grade: None, mode }
}

pub(crate) fn node(id: &str, kind: &'static str, name: &str) -> Node {
    let time = Some("2026-10-14T09:31:00Z".to_string());
    Node { id: id.to_string(), kind, name: name.to_string(), time, records: vec![format!("rec:{id}")] }
}

pub(crate) fn hop(n: usize, chain: Chain, from: &str, to: &str, word: &str) -> Hop {
    Hop {
        n,
        chain,
        from: from.to_string(),
        to: to.to_string(),
        edge: if chain == Chain::Command { Edge::Triggered } else { Edge::Assumed },
        strength: known(word),
        grade: (word == "inferred").then_some("weak"),
        rule: "some.rule",
        keys: Vec::new(),
        records: vec![format!("rec:{from}")],
        because: vec!["each such id is issued once".to_string()],
        against: Vec::new(),
        alternatives: Vec::new(),
        coverage: Vec::new(),
        scope: None,
    }
}

pub(crate) fn gap(chain: Chain, after: &str, expected: &'static str) -> Gap {
    Gap {
        chain,
        after: after.to_string(),
        expected,
        reason: "not_collected",
        text: "no record of an agent is here".to_string(),
        holder: None,
        until: None,
        fix: None,
        ask: None,
    }
}

/// An agent's call with a borrowed key, told whole. `text` makes what a log could have said.
pub(crate) fn answer(text: impl Fn(&str) -> String) -> Answer {
    let t = |ordinary: &str| text(ordinary);
    let own = vec![t("aws.cloudtrail:1f3e")];
    let mut call = hop(3, Chain::Command, "turn", "call", "asserted");
    call.because = vec![t("the same tool call id")];
    call.against = vec![t("the agent chose the id")];
    call.coverage = vec!["c1".to_string()];
    call.keys = vec![ShownKey { kind: "tool_call", namespace: t("otel/s-41a"), shown: t("toolu_9") }];
    let mut proposed = hop(2, Chain::Command, "model", "call", "asserted");
    proposed.because = vec![t("the model proposed it")];
    let mut effect = hop(4, Chain::Command, "call", "event", "inferred");
    effect.because = vec![t("the same volume, 312 ms apart")];
    effect.alternatives = vec![Alternative {
        from: "other".to_string(),
        grade: Some("weak"),
        because: vec![t("the same host")],
        against: vec![t("40 minutes apart")],
    }];
    let mut used = hop(5, Chain::Credential, "key", "event", "proven");
    used.because = vec![t("the recorder authenticated the caller with it")];
    used.records = own.clone();
    let mut nodes = vec![
        node("event", "effect", &t("ec2:DeleteVolume vol-0a1b")),
        node("person", "human", &t("mira@acme.example")),
        node("turn", "turn", &t("fix the staging credential")),
        node("model", "model_call", &t("model-x")),
        node("call", "tool_call", &t("bash: curl")),
        node("other", "tool_call", &t("kubectl")),
        node("key", "credential", &t("AKIAQOMAR00000000001")),
        node("file", "source_item", &t("infra/.env")),
    ];
    for node in &mut nodes {
        node.records = vec![t("rec")];
    }
    Answer {
        schema: SCHEMA,
        event: Event {
            reference: t("aws.cloudtrail:1f3e"),
            source: t("aws.cloudtrail"),
            native_id: t("1f3e"),
            recorder: t("aws:111122223333"),
            time: Some("2026-10-14T09:31:26Z".to_string()),
            time_precision_ms: Some(1000),
            received: "2026-10-14T09:40:00Z".to_string(),
            kind: "effect",
            action: t("ec2:DeleteVolume"),
            resources: vec![
                Resource { kind: t("AWS::EC2::Volume"), id: t("vol-0a1b") },
                Resource { kind: String::new(), id: t("vol-0a1c") },
            ],
            outcome: "success",
            risk: Risk { tier: "high", reasons: vec!["destructive"] },
        },
        verdict: Verdict {
            word: "partial",
            command: ChainVerdict { word: "partial", weakest: "inferred" },
            credential: ChainVerdict { word: "partial", weakest: "gap" },
            coverage: "partial",
            roots: "none",
            weakest: "gap",
            contradicted: false,
            settled: false,
            custody: "handed_in",
        },
        sentence: t("Partial: done with a credential of omar@acme.example (proven)."),
        limits: vec![t("A credential shows whose power was used, not whose hand.")],
        as_of: "2026-11-23T09:14:00Z".to_string(),
        asked_by: vec![person(
            t("email:mira@acme.example"),
            t("mira@acme.example"),
            "human",
            "inferred",
            Some("alternative"),
        )],
        powered_by: vec![PowerEntry {
            entry: person(t("aws:AIDAQOMAR"), t("user/omar"), "unknown", "proven", None),
            grantor: Some(person(t("aws:AIDAQLENA"), t("user/lena"), "human", "asserted", None)),
            owner: Some(person(t("person:omar"), t("Omar"), "human", "asserted", None)),
        }],
        performed_by: Some(person(t("aws:AROAQ:s-41a"), t("ops-broker/s-41a"), "unknown", "proven", None)),
        wielder: "unknown",
        nodes,
        hops: vec![hop(1, Chain::Command, "person", "turn", "asserted"), proposed, call, effect, used],
        decisions: vec![decision(&t, &own)],
        approvals: vec![approval(&t)],
        influences: vec![Influence {
            from: "file".to_string(),
            to: "call".to_string(),
            edge: "read",
            strength: known("asserted"),
            grade: None,
            records: vec![t("rec:9")],
        }],
        findings: vec![Finding {
            code: "scope_grew",
            severity: "high",
            strength: known("asserted"),
            text: t("the new token allows `pay` without a limit"),
            records: vec![t("rec:10")],
        }],
        gaps: vec![Gap {
            text: t("who made this key is not recorded"),
            holder: Some(t("aws:999988887777")),
            until: Some("2026-10-14T10:31:26Z".to_string()),
            fix: Some(t("hand in the other account's trail")),
            ask: Some(t("whoever runs aws:999988887777")),
            ..gap(Chain::Credential, "key", "issuance of the credential")
        }],
        coverage: vec![Coverage {
            id: "c1".to_string(),
            recorder: t("aws:111122223333"),
            kinds: vec!["effect"],
            namespace: t("aws"),
            from: "2026-10-14T00:00:00Z".to_string(),
            to: "2026-10-15T00:00:00Z".to_string(),
            basis: "declaration",
            digest: "1f3e".repeat(16),
            declared_by: Some(t("lena")),
        }],
        sources: vec![SourceState {
            source: t("aws.cloudtrail"),
            recorder: t("aws:111122223333"),
            state: "late",
            through: None,
            custody: "handed_in",
            note: Some(t("records may still arrive")),
        }],
        evidence: EvidenceFoot {
            records: 5,
            path_digest: "1f3e".repeat(16),
            log_size: 14,
            derivation: "1f3e".repeat(16),
        },
    }
}

fn decision(t: &dyn Fn(&str) -> String, own: &[String]) -> Decision {
    Decision {
        state: "permit",
        binding: "mismatch",
        enforcement: "enforced",
        id: Some(t("d-77")),
        engine: Some("cedar".to_string()),
        policies: vec![t("policy3")],
        revision: Some(t("main@4f1c")),
        freshness: Some(t("entities 4 s old")),
        reused_from: Some(t("d-70")),
        time: Some("2026-10-14T09:31:25Z".to_string()),
        hop: Some(4),
        coverage: vec!["c1".to_string()],
        records: [own, &[t("opa.decision:d-77")]].concat(),
    }
}

fn approval(t: &dyn Fn(&str) -> String) -> Approval {
    Approval {
        state: "bound_weak",
        reason: Some(t("a person accepted this command; not known: what was shown")),
        covers: Some(t("bash curl")),
        uses: Some(1),
        approver: Some(t("omar@acme.example")),
        approver_strength: Some(known("asserted")),
        approver_entitled: Some(false),
        separation: "distinct",
        rendered_by: Some(t("the agent")),
        shown_digest: Some(t(&format!("sha256:{}", "ab".repeat(32)))),
        executed_digest: Some(t(&format!("sha256:{}", "cd".repeat(32)))),
        granted_at: Some("2026-10-14T09:31:10Z".to_string()),
        expires_at: Some("2026-10-14T09:36:10Z".to_string()),
        ratified: Some(false),
        hop: Some(3),
        coverage: vec!["c1".to_string()],
        records: vec![t("claude.code:88")],
    }
}
