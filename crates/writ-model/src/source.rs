//! What a source declares about itself, as data: delay, precision, what it verifies, what it omits.

use crate::fact::FactKind;

/// What a format says about every record in it. The walk needs this to tell a gap's reason and
/// whether an answer is settled; `writ sources` prints it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceInfo {
    /// The name that goes into identities: `vendor.log`.
    pub name: &'static str,
    /// What it is, in one line.
    pub title: &'static str,
    /// Prefix of recorders and key namespaces this source speaks for.
    pub namespace: &'static str,
    /// How long a record usually takes to become available, in milliseconds.
    pub delay_usual_ms: u64,
    /// How long it may take at worst, in milliseconds; before that an answer is not settled.
    pub delay_worst_ms: u64,
    /// How finely it tells time, in milliseconds.
    pub precision_ms: u32,
    /// How far its clocks may be apart from each other, in milliseconds.
    pub skew_ms: u32,
    /// What its recorder checks itself.
    pub verifies: &'static str,
    /// How long the vendor keeps it by default, in milliseconds; `None`: not told.
    pub retention_ms: Option<u64>,
    /// Kinds of fact it would contain had they happened.
    pub contains: &'static [FactKind],
    /// What it is known to leave out.
    pub omissions: &'static [Omission],
    /// Whether the adapter was tested on real records of this source, or only written from documents.
    pub tested: bool,
}

/// Something a source is known to leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Omission {
    /// Stable code, referred to by facts.
    pub code: &'static str,
    /// What is left out, in one clause.
    pub text: &'static str,
    /// One line that would close the gap next time.
    pub fix: &'static str,
    /// Whom to ask now.
    pub ask: &'static str,
    /// Where that was learnt.
    pub reference: &'static str,
}

impl SourceInfo {
    /// The omission of that code.
    pub fn omission(&self, code: &str) -> Option<&'static Omission> {
        self.omissions.iter().find(|omission| omission.code == code)
    }
}
