//! Checkpoints: which log, how many leaves, which root, as the text of a note (c2sp.org/tlog-checkpoint).

use crate::hash::Hash;
use crate::key::{Signer, Verifier};
use crate::note::{self, Note, Signed, Untrusted};
use crate::text::parse_decimal;
use crate::tree::Head;
use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

/// Why a text is not a checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The first line is missing or empty.
    #[error("the first line of a checkpoint names its log and is not empty")]
    Origin,
    /// The second line is missing or no number.
    #[error("the second line of a checkpoint is the size of the tree, a number without zeros in front")]
    Size,
    /// The third line is missing or no hash.
    #[error("the third line of a checkpoint is the root, 32 bytes in base64")]
    Root,
    /// No leaves, but a root that is not the one without leaves.
    #[error("the checkpoint has no leaves, but not the root of a tree without leaves")]
    EmptyRoot,
    /// A further line is empty, or is more than one line.
    #[error("the further lines of a checkpoint are not empty")]
    Extension,
    /// The last line does not end.
    #[error("the text of a checkpoint ends with a line end")]
    Unended,
    /// It cannot be the text of a note.
    #[error(transparent)]
    Note(#[from] note::Malformed),
}

/// Why a signed checkpoint is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// It is not a note.
    #[error(transparent)]
    Note(#[from] note::Malformed),
    /// The signatures are not good.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The text is not a checkpoint, although it is signed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
    /// It is the checkpoint of another log.
    #[error("this is a checkpoint of the log `{found}`, not of `{wanted}`")]
    OtherLog {
        /// The log that was asked for.
        wanted: String,
        /// The log that the checkpoint names.
        found: String,
    },
}

/// The head of a named log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    head: Head,
    extensions: Vec<String>,
}

/// A log as its readers know it: its name, and the keys of which one must have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// The first line of its checkpoints.
    pub origin: String,
    /// Its keys. A witness's key does not belong here: it would vouch for what the log never signed.
    pub keys: Vec<Verifier>,
}

/// A checkpoint that its log signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened<'k> {
    /// What was signed.
    pub checkpoint: Checkpoint,
    /// The log's keys that signed: one at least.
    pub signed: Vec<Signed<'k>>,
    /// The witnesses that signed. How many are enough is for the caller to say.
    pub witnessed: Vec<Signed<'k>>,
}

impl Checkpoint {
    /// The checkpoint of a log.
    pub fn new(origin: &str, head: Head) -> Result<Checkpoint, Malformed> {
        Checkpoint::with_extensions(origin, head, &[])
    }

    /// A checkpoint with further lines. Monitors cannot check them, so there should be none.
    pub fn with_extensions(origin: &str, head: Head, extensions: &[&str]) -> Result<Checkpoint, Malformed> {
        let extensions = extensions.iter().map(|line| (*line).to_owned()).collect();
        let made = Checkpoint { origin: origin.to_owned(), head, extensions };
        let text = made.text();
        // A line end within a line would come back as another checkpoint.
        match Checkpoint::parse(&text)? {
            read if read == made => Ok(made),
            read if read.origin != made.origin => Err(Malformed::Origin),
            _ => Err(Malformed::Extension),
        }
    }

    /// Reads the text of a checkpoint, without blank line and signatures.
    pub fn parse(text: &str) -> Result<Checkpoint, Malformed> {
        note::check_text(text)?;
        let mut lines = text.strip_suffix('\n').ok_or(Malformed::Unended)?.split('\n');
        let origin = lines.next().filter(|line| !line.is_empty()).ok_or(Malformed::Origin)?.to_owned();
        let size = lines.next().and_then(parse_decimal).ok_or(Malformed::Size)?;
        let root = lines.next().and_then(Hash::parse_base64).ok_or(Malformed::Root)?;
        if size == 0 && root != Hash::EMPTY_ROOT {
            return Err(Malformed::EmptyRoot);
        }
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(Malformed::Extension);
        }
        Ok(Checkpoint { origin, head: Head { size, root }, extensions })
    }

    /// The text that is signed.
    pub fn text(&self) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.origin, self.head.size, self.head.root);
        for line in &self.extensions {
            text.push_str(line);
            text.push('\n');
        }
        text
    }

    /// The checkpoint as a note with the signature of this key, which should bear the log's name.
    ///
    /// A log never signs two checkpoints of which one does not go on from the other. To see to that is
    /// the caller's: it keeps the last one it signed.
    pub fn sign(&self, signer: &Signer) -> Result<Note, note::Malformed> {
        let mut note = Note::new(&self.text())?;
        note.sign(signer)?;
        Ok(note)
    }

    /// Reads a signed checkpoint of that log and verifies it. Signatures of unknown keys are passed over;
    /// a false one of a key of the log or of a witness makes the whole checkpoint false.
    pub fn open<'k>(bytes: &[u8], log: &'k Log, witnesses: &'k [Verifier]) -> Result<Opened<'k>, Unopened> {
        Checkpoint::open_note(&Note::parse(bytes)?, log, witnesses)
    }

    /// As [`Checkpoint::open`], from a note that was read.
    pub fn open_note<'k>(note: &Note, log: &'k Log, witnesses: &'k [Verifier]) -> Result<Opened<'k>, Unopened> {
        let verified = note.verify(&log.keys)?;
        let witnessed = note.verify_known(witnesses)?;
        let checkpoint = Checkpoint::parse(verified.text)?;
        if checkpoint.origin != log.origin {
            return Err(Unopened::OtherLog { wanted: log.origin.clone(), found: checkpoint.origin });
        }
        Ok(Opened { checkpoint, signed: verified.signed, witnessed })
    }

    /// The name of the log.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Size and root.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Further lines, which mean nothing here.
    pub fn extensions(&self) -> &[String] {
        &self.extensions
    }
}
