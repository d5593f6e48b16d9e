//! Signed notes: a text, a blank line, and lines that sign the text (c2sp.org/signed-note).
//!
//! ```text
//! This is the text.
//!
//! — example.com/signer Uw2QOk…
//! ```

use crate::key::{Id, Name, Signer, Verifier};
use crate::text::parse_base64;
use alloc::borrow::ToOwned as _;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use data_encoding::BASE64;

/// Longest note, in bytes (1 MB): sixteen signatures of post-quantum keys, 5 kB each, fit many times.
/// Go's `sumdb/note` takes as much, so a note that one side accepts is not too long for the other.
pub const NOTE_BYTES_MAX: usize = 1_000_000;

/// Most signatures of one note, as in `sumdb/note`. The specification asks for 16 at least; whoever hands
/// a note on can add lines, and each one of a known key costs a verification.
pub const SIGNATURES_MAX: usize = 100;

/// What a line that signs begins with: an em dash and a space.
const DASH: &str = "\u{2014} ";

/// Why bytes are not a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// Longer than [`NOTE_BYTES_MAX`].
    #[error("the note is longer than {NOTE_BYTES_MAX} bytes")]
    TooLong,
    /// Not UTF-8, or a control character that is not the end of a line.
    #[error("the note is not UTF-8 text, or has a control character in it")]
    NotText,
    /// The text does not end with the end of a line.
    #[error("the text of the note does not end with a line end")]
    Unended,
    /// No blank line with lines that sign after it.
    #[error("the note has no blank line with signatures below it")]
    Unsigned,
    /// A line that should sign does not.
    #[error("line {0} below the text is not an em dash, a key's name and a signature in base64")]
    Line(usize),
    /// More than [`SIGNATURES_MAX`] signatures.
    #[error("the note has more than {SIGNATURES_MAX} signatures")]
    TooManySignatures,
}

/// Why a note is not to be believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    /// A known key did not make the signature that bears its name: the text or the signature was altered.
    #[error("the signature of `{name}` ({id}) is not over this text; the note was altered")]
    BadSignature {
        /// Whose signature it claims to be.
        name: Name,
        /// The id of the key.
        id: Id,
    },
    /// None of the known keys signed.
    #[error("none of the known keys signed the note; check which keys were given")]
    NoKnownKey,
    /// Two different known keys share name and id, so it cannot be told whose signature a line is.
    #[error("two of the known keys have the name `{name}` and the id `{id}`; remove one")]
    Ambiguous {
        /// The name they share.
        name: Name,
        /// The id they share.
        id: Id,
    },
}

/// One line that signs: whose it claims to be, and the bytes. Unknown keys and kinds are kept as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    name: Name,
    id: Id,
    bytes: Vec<u8>,
}

impl Signature {
    pub(crate) fn new(name: Name, id: Id, bytes: Vec<u8>) -> Signature {
        Signature { name, id, bytes }
    }

    /// Reads one line, without its line end.
    fn parse(line: &str) -> Option<Signature> {
        let (name, encoded) = line.strip_prefix(DASH)?.split_once(' ')?;
        let decoded = parse_base64(encoded)?;
        let (id, bytes) = decoded.split_first_chunk::<4>()?;
        let signature = Signature { name: Name::parse(name).ok()?, id: Id(*id), bytes: bytes.to_owned() };
        if bytes.is_empty() { None } else { Some(signature) }
    }

    /// The name of the key it claims to be made with.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The id of that key.
    pub fn id(&self) -> Id {
        self.id
    }

    fn is_of(&self, name: &Name, id: Id) -> bool {
        self.name == *name && self.id == id
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&self.id.0[..], &self.bytes].concat();
        write!(f, "{DASH}{} {}", self.name, BASE64.encode(&bytes))
    }
}

/// A note with whatever signatures it came with, none of them verified. It prints as its bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<Signature>,
}

/// A note that at least one known key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified<'n, 'k> {
    /// The text, its last line end included.
    pub text: &'n str,
    /// The known keys that signed, in the order of their lines, each once.
    pub signed: Vec<Signed<'k>>,
}

/// A signature that was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signed<'k> {
    /// Whose it is.
    pub by: &'k Verifier,
    /// When a witness made it, in seconds since 1970. Other signatures say no time.
    pub time_s: Option<u64>,
}

impl Note {
    /// A note without signatures. The text ends with a line end and has no other control characters.
    pub fn new(text: &str) -> Result<Note, Malformed> {
        check_text(text)?;
        if text.ends_with('\n') {
            Ok(Note { text: text.to_owned(), signatures: Vec::new() })
        } else {
            Err(Malformed::Unended)
        }
    }

    /// Reads a note with one signature or more.
    pub fn parse(bytes: &[u8]) -> Result<Note, Malformed> {
        if bytes.len() > NOTE_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        let whole = core::str::from_utf8(bytes).map_err(|_| Malformed::NotText)?;
        check_text(whole)?;
        // The last blank line parts them, since the text may have some of its own.
        let (text, lines) = whole.rsplit_once("\n\n").ok_or(Malformed::Unsigned)?;
        let lines = lines.strip_suffix('\n').ok_or(Malformed::Unsigned)?;
        let mut signatures = Vec::new();
        for (index, line) in lines.split('\n').enumerate() {
            if index >= SIGNATURES_MAX {
                return Err(Malformed::TooManySignatures);
            }
            signatures.push(Signature::parse(line).ok_or(Malformed::Line(index + 1))?);
        }
        Ok(Note { text: [text, "\n"].concat(), signatures })
    }

    /// Signs the text. A signature that this key made before is replaced.
    pub fn sign(&mut self, signer: &Signer) -> Result<(), Malformed> {
        let id = signer.verifier().id();
        self.add(Signature::new(signer.name().clone(), id, signer.sign(&self.text)))
    }

    /// Adds a signature that was made elsewhere, such as a witness's, in place of one of the same key.
    pub fn add(&mut self, signature: Signature) -> Result<(), Malformed> {
        let others = self.signatures.iter().filter(|other| !other.is_of(&signature.name, signature.id));
        let mut signatures: Vec<Signature> = others.cloned().collect();
        if signatures.len() >= SIGNATURES_MAX {
            return Err(Malformed::TooManySignatures);
        }
        signatures.push(signature);
        let signed = Note { text: self.text.clone(), signatures };
        if signed.to_string().len() > NOTE_BYTES_MAX {
            return Err(Malformed::TooLong);
        }
        *self = signed;
        Ok(())
    }

    /// The text, if one of these keys signed it and no signature that bears the name and id of one of
    /// them is false. Signatures of other keys are passed over.
    pub fn verify<'n, 'k>(&'n self, keys: &'k [Verifier]) -> Result<Verified<'n, 'k>, Untrusted> {
        let signed = self.verify_known(keys)?;
        if signed.is_empty() { Err(Untrusted::NoKnownKey) } else { Ok(Verified { text: &self.text, signed }) }
    }

    /// As [`Note::verify`], without the text, and content with no signature: for further keys of a note
    /// that others have vouched for.
    pub fn verify_known<'k>(&self, keys: &'k [Verifier]) -> Result<Vec<Signed<'k>>, Untrusted> {
        let mut signed: Vec<Signed<'k>> = Vec::new();
        for signature in &self.signatures {
            let Some(by) = known(signature, keys)? else { continue };
            let said = by
                .verify(&self.text, &signature.bytes)
                .ok_or_else(|| Untrusted::BadSignature { name: signature.name.clone(), id: signature.id })?;
            if !signed.iter().any(|one| one.by == by) {
                signed.push(Signed { by, time_s: said.time_s });
            }
        }
        Ok(signed)
    }

    /// The signatures, none of them verified.
    pub fn signatures(&self) -> &[Signature] {
        &self.signatures
    }

    /// The text, whoever wrote it. Good for finding out which keys a note would need, and for nothing else.
    pub fn text_unverified(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

/// The known key that the signature claims to be made with.
fn known<'k>(signature: &Signature, keys: &'k [Verifier]) -> Result<Option<&'k Verifier>, Untrusted> {
    let mut found = keys.iter().filter(|key| signature.is_of(key.name(), key.id()));
    let first = found.next();
    // The same key given twice is no harm.
    if found.any(|other| Some(other) != first) {
        return Err(Untrusted::Ambiguous { name: signature.name.clone(), id: signature.id });
    }
    Ok(first)
}

/// Control characters are those below U+0020 (c2sp.org/signed-note); the end of a line is allowed.
pub(crate) fn check_text(text: &str) -> Result<(), Malformed> {
    if text.len() > NOTE_BYTES_MAX {
        return Err(Malformed::TooLong);
    }
    if text.bytes().any(|byte| byte < b' ' && byte != b'\n') { Err(Malformed::NotText) } else { Ok(()) }
}
