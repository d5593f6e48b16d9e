//! Proof files: an inclusion proof with the checkpoint it leads to, in one text that is verified
//! without asking anybody (c2sp.org/tlog-proof).

use crate::checkpoint::{Checkpoint, Log, Opened, Unopened};
use crate::hash::Hash;
use crate::key::Verifier;
use crate::note::{self, NOTE_BYTES_MAX, Note};
use crate::proof::{INCLUSION_HASHES_MAX, Invalid, verify_inclusion};
use crate::text::{parse_base64, parse_decimal};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use data_encoding::BASE64;

/// Longest proof file, in bytes (4 MB): the longest note, and three times as much beside it. The extra
/// data is whatever an application needs; it is not for carrying the evidence itself.
pub const BUNDLE_BYTES_MAX: usize = 4 * NOTE_BYTES_MAX;

const HEADER: &str = "c2sp.org/tlog-proof@v1";

/// Why bytes are not a proof file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`BUNDLE_BYTES_MAX`].
    #[error("the proof file is longer than {BUNDLE_BYTES_MAX} bytes")]
    TooLong,
    /// Not text, or no proof file of the version that is known here.
    #[error("a proof file is text and begins with the line `{HEADER}`")]
    Header,
    /// The extra data is not base64.
    #[error("the line `extra` of a proof file has base64 behind it")]
    Extra,
    /// The line with the number of the leaf is missing or wrong.
    #[error("a proof file has a line `index` with the number of the leaf, without zeros in front")]
    Index,
    /// A line of the proof is no hash, or there are too many, or no blank line ends them.
    #[error(
        "the proof in a proof file is at most {INCLUSION_HASHES_MAX} lines of 32 bytes in base64, then a blank line"
    )]
    Proof,
    /// What stands below the proof is not a note.
    #[error(transparent)]
    Note(#[from] note::Malformed),
}

/// Why a proof file proves nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproven {
    /// The checkpoint is not to be believed.
    #[error(transparent)]
    Checkpoint(#[from] Unopened),
    /// The leaf is not in the tree of the checkpoint.
    #[error(transparent)]
    Proof(#[from] Invalid),
}

/// What a proof file holds. It prints as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bundle {
    /// Data for the application, which nobody vouches for.
    pub extra: Option<Vec<u8>>,
    /// The number of the leaf.
    pub index: u64,
    /// The inclusion proof.
    pub proof: Vec<Hash>,
    /// The checkpoint, not yet verified.
    pub checkpoint: Note,
}

impl Bundle {
    /// Reads a proof file.
    pub fn parse(bytes: &[u8]) -> Result<Bundle, Malformed> {
        if bytes.len() > BUNDLE_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| Malformed::Header)?;
        let (header, mut rest) = text.split_once('\n').ok_or(Malformed::Header)?;
        if header != HEADER {
            return Err(Malformed::Header);
        }
        let mut extra = None;
        if let Some(after) = rest.strip_prefix("extra ") {
            let (encoded, after) = after.split_once('\n').ok_or(Malformed::Extra)?;
            extra = Some(parse_base64(encoded).ok_or(Malformed::Extra)?);
            rest = after;
        }
        let (index, mut rest) =
            rest.strip_prefix("index ").and_then(|rest| rest.split_once('\n')).ok_or(Malformed::Index)?;
        let index = parse_decimal(index).ok_or(Malformed::Index)?;
        let mut proof = Vec::new();
        loop {
            let (line, after) = rest.split_once('\n').ok_or(Malformed::Proof)?;
            rest = after;
            if line.is_empty() {
                break;
            }
            if proof.len() >= INCLUSION_HASHES_MAX {
                return Err(Malformed::Proof);
            }
            proof.push(Hash::parse_base64(line).ok_or(Malformed::Proof)?);
        }
        Ok(Bundle { extra, index, proof, checkpoint: Note::parse(rest.as_bytes())? })
    }

    /// Verifies that the leaf with this hash is in the log, and opens the checkpoint that says so.
    pub fn verify<'k>(&self, leaf: &Hash, log: &'k Log, witnesses: &'k [Verifier]) -> Result<Opened<'k>, Unproven> {
        let opened = Checkpoint::open_note(&self.checkpoint, log, witnesses)?;
        verify_inclusion(leaf, self.index, opened.checkpoint.head(), &self.proof)?;
        Ok(opened)
    }
}

impl fmt::Display for Bundle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEADER}")?;
        if let Some(extra) = &self.extra {
            let encoded: String = BASE64.encode(extra);
            writeln!(f, "extra {encoded}")?;
        }
        writeln!(f, "index {}", self.index)?;
        self.proof.iter().try_for_each(|hash| writeln!(f, "{hash}"))?;
        write!(f, "\n{}", self.checkpoint)
    }
}
