//! Authority, approvals and decisions, with all that is known of each.

use super::ControlView;
use super::party::spelling;
use writ_path::answer::{Answer, Approval, Decision};

/// Authority first, then approvals, then decisions.
pub(super) fn controls(answer: &Answer) -> Vec<ControlView> {
    let verdict = &answer.verdict;
    let mut remark = format!(
        "who asked: {} ({}); whose power: {} ({})",
        verdict.command.word, verdict.command.weakest, verdict.credential.word, verdict.credential.weakest
    );
    if verdict.contradicted {
        remark.push_str("; contradicted");
    }
    if !verdict.settled {
        remark.push_str("; not settled yet");
    }
    let authority =
        ControlView { label: "Authority", word: verdict.word.to_string(), remark, details: Vec::new(), hop: None };
    let own = std::slice::from_ref(&answer.event.reference);
    let mut controls = vec![authority];
    controls.extend(answer.approvals.iter().map(|said| approval(said, own)));
    controls.extend(answer.decisions.iter().map(|said| decision(said, own)));
    controls
}

/// Details that are there, in order.
#[derive(Default)]
struct Details(Vec<(&'static str, String)>);

impl Details {
    fn put(&mut self, label: &'static str, text: Option<impl ToString>) {
        self.0.extend(text.map(|text| (label, text.to_string())).filter(|(_, text)| !text.is_empty()));
    }

    /// What stands at the end of both: hop, coverage, records other than the event's own.
    fn close(mut self, hop: Option<usize>, coverage: &[String], records: &[String], own: &[String]) -> Self {
        self.put("at hop", hop);
        self.put("coverage", Some(coverage.join(", ")));
        if records != own {
            self.put("records", Some(records.join(", ")));
        }
        self
    }
}

fn approval(said: &Approval, own: &[String]) -> ControlView {
    let mut details = Details::default();
    details.put("covers", said.covers.as_deref());
    details.put("uses", said.uses);
    let entitled = match said.approver_entitled {
        Some(true) => ", entitled to",
        Some(false) => ", NOT entitled to",
        None => "",
    };
    let strength = said.approver_strength.map_or_else(String::new, |known| format!(" ({known}{entitled})"));
    let name = |id: &String| spelling(id).map_or_else(|| id.clone(), |spelt| format!("{id}, {spelt}"));
    details.put("approver", said.approver.as_ref().map(|approver| format!("{}{strength}", name(approver))));
    details.put(
        "separation",
        match said.separation {
            "distinct" => Some("approver and requester are different people"),
            "same" => Some("approver and requester are the SAME"),
            _ => said.approver.as_ref().map(|_| "not known whether approver and requester are different people"),
        },
    );
    details.put("shown by", said.rendered_by.as_deref());
    details.put("shown", said.shown_digest.as_deref());
    let alike = match (&said.shown_digest, &said.executed_digest) {
        (Some(shown), Some(executed)) if shown == executed => " (the same)",
        (Some(_), Some(_)) => " (NOT what was shown)",
        _ => "",
    };
    details.put("executed", said.executed_digest.as_ref().map(|digest| format!("{digest}{alike}")));
    details.put("granted", said.granted_at.as_deref());
    details.put("expires", said.expires_at.as_deref());
    details.put("ratified", said.ratified.map(|done| if done { "yes" } else { "NO" }));
    let details = details.close(said.hop, &said.coverage, &said.records, own).0;
    let remark = said.reason.clone().unwrap_or_default();
    ControlView { label: "Approval", word: said.state.to_string(), remark, details, hop: said.hop }
}

fn decision(said: &Decision, own: &[String]) -> ControlView {
    let remark = match (said.state, said.engine.as_deref()) {
        ("implied", Some(engine)) => format!("{engine} let it through; the policy is not recorded"),
        ("deny", Some(engine)) => format!("{engine} refused it ({})", said.enforcement),
        ("none_recorded", Some(engine)) => {
            format!("{engine}, the only decision point of this route, recorded nothing about it")
        }
        ("unknown", Some(engine)) => {
            format!("{engine} stands on this route, and nothing says that its records are complete")
        }
        (state, Some(engine)) => {
            let for_what = match said.binding {
                "bound" => "about this request",
                "mismatch" => "about another request than this",
                _ => "not known to be about this request",
            };
            let verb = match state {
                "permit" => "permitted",
                "not_applicable" => "had nothing to say",
                "indeterminate" => "could not tell",
                _ => "was asked",
            };
            format!("{engine} {verb}, {for_what} ({})", said.enforcement)
        }
        ("no_control", None) => "no decision point stands on this route".to_string(),
        ("none_recorded", None) => "the decision point of this route recorded nothing about it".to_string(),
        (_, None) => "no other decision point is known on this route, and none is ruled out".to_string(),
    };
    let mut details = Details::default();
    details.put("id", said.id.as_deref());
    details.put("policies", Some(said.policies.join(", ")));
    details.put("revision", said.revision.as_deref());
    details.put("freshness", said.freshness.as_deref());
    details.put("taken over from", said.reused_from.as_deref());
    // The event's own time stands in the head already.
    if said.records != own {
        details.put("time", said.time.as_deref());
    }
    let details = details.close(said.hop.filter(|_| said.records != own), &said.coverage, &said.records, own).0;
    ControlView { label: "Decision", word: said.state.to_string(), remark, details, hop: said.hop }
}
