//! Keys that sign notes: their names, their ids, and the texts they are handed on as.
//!
//! As c2sp.org/signed-note has them. The text of a secret key is that of Go's `sumdb/note`, which the
//! tools around transparency logs share. Ed25519 is as in RFC 8032.

use crate::cosignature;
use crate::text::parse_base64;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;
use data_encoding::BASE64;
use ed25519_dalek::{SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// Length of an Ed25519 public key, and of the secret one is made from, in bytes.
pub const KEY_BYTES: usize = 32;

/// What every secret key's text begins with, so that one is told at a glance.
const SECRET: &str = "PRIVATE+KEY+";

/// Why a text is not a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// A key's name is missing, or has what a name may not have.
    #[error("a key's name may not be empty nor have spaces, control characters or `+`")]
    Name,
    /// The parts of the text are not those of a key.
    #[error("a verifier's key reads `name+id+base64`, with an id of eight lower-case hex digits")]
    Shape,
    /// As [`NoKey::Shape`], for a secret key, of which nothing is shown.
    #[error("a secret key reads `PRIVATE+KEY+name+id+base64`, with an id of eight lower-case hex digits")]
    SecretShape,
    /// The id is not that of the name and the key: one of the three was altered.
    #[error("the id `{written}` is not that of this name and key, which is `{computed}`; ask for the key again")]
    Id {
        /// The id in the text.
        written: Id,
        /// The id that name and key have.
        computed: Id,
    },
    /// The key is of a kind that is not known here.
    #[error("signatures of type {0:#04x} are not known here; ask for an Ed25519 key")]
    Type(u8),
    /// The bytes are not a public key, or one under which anybody can sign.
    #[error("the bytes are not a usable Ed25519 key; ask for the key again")]
    Unusable,
}

/// The name of a key: one or more characters, none a space, a control character or `+`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// Reads a name.
    pub fn parse(text: &str) -> Result<Name, NoKey> {
        let refused = |letter: char| letter.is_whitespace() || letter < ' ' || letter == '+';
        if text.is_empty() || text.contains(refused) { Err(NoKey::Name) } else { Ok(Name(text.to_string())) }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a key: short, so two keys can share one. It names a key; it proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id(pub [u8; 4]);

impl Id {
    fn of(name: &Name, kind: Kind, key: &VerifyingKey) -> Id {
        let hash = Sha256::new().chain_update(name.as_str()).chain_update([b'\n', kind.byte()]).chain_update(key);
        let [a, b, c, d, ..] = <[u8; 32]>::from(hash.finalize());
        Id([a, b, c, d])
    }

    fn parse(text: &str) -> Option<Id> {
        let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let plain = text.len() == 8 && text.bytes().all(is_hex);
        let number = if plain { u32::from_str_radix(text, 16).ok()? } else { return None };
        Some(Id(number.to_be_bytes()))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", u32::from_be_bytes(self.0))
    }
}

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// The text of a note (c2sp.org/signed-note).
    Ed25519,
    /// A time and a checkpoint: the cosignature of a witness (c2sp.org/tlog-cosignature, its Ed25519 type).
    CosignatureV1,
}

impl Kind {
    /// The byte that stands for it in ids and keys.
    fn byte(self) -> u8 {
        match self {
            Kind::Ed25519 => 0x01,
            Kind::CosignatureV1 => 0x04,
        }
    }

    fn from_byte(byte: u8) -> Option<Kind> {
        [Kind::Ed25519, Kind::CosignatureV1].into_iter().find(|kind| kind.byte() == byte)
    }
}

/// A public key under a name: what verifies the signatures of one signer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verifier {
    name: Name,
    id: Id,
    kind: Kind,
    key: VerifyingKey,
}

/// What a verified signature says besides that it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) time_s: Option<u64>,
}

impl Verifier {
    /// The key with these bytes under that name. Refuses keys for which anybody can make signatures.
    pub fn new(name: Name, kind: Kind, key: &[u8; KEY_BYTES]) -> Result<Verifier, NoKey> {
        let key = VerifyingKey::from_bytes(key).map_err(|_| NoKey::Unusable)?;
        if key.is_weak() { Err(NoKey::Unusable) } else { Ok(Verifier::of(name, kind, key)) }
    }

    pub(crate) fn of(name: Name, kind: Kind, key: VerifyingKey) -> Verifier {
        Verifier { id: Id::of(&name, kind, &key), name, kind, key }
    }

    /// Reads `name+id+base64`.
    pub fn parse(text: &str) -> Result<Verifier, NoKey> {
        let (name, written, kind, bytes) = parts(text, NoKey::Shape)?;
        let key = <&[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| NoKey::Unusable)?;
        let verifier = Verifier::new(name, kind, key)?;
        check_id(written, verifier.id)?;
        Ok(verifier)
    }

    /// The name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// The id.
    pub fn id(&self) -> Id {
        self.id
    }

    /// What it signs.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The public key.
    pub fn key(&self) -> &[u8; KEY_BYTES] {
        self.key.as_bytes()
    }

    /// Whether the signature is this key's over the text of a note, and what else it says.
    pub(crate) fn verify(&self, text: &str, signature: &[u8]) -> Option<Said> {
        match self.kind {
            Kind::Ed25519 => verify_ed25519(&self.key, text.as_bytes(), signature).then_some(Said { time_s: None }),
            Kind::CosignatureV1 => {
                let time_s = cosignature::verify(&self.key, text, signature)?;
                Some(Said { time_s: Some(time_s) })
            }
        }
    }
}

/// The text `name+id+base64` that [`Verifier::parse`] reads.
impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[self.kind.byte()][..], self.key()].concat();
        write!(f, "{}+{}+{}", self.name, self.id, BASE64.encode(&bytes))
    }
}

/// Strict: what implementations of Ed25519 judge differently is refused, so that nobody can be shown a
/// signature that is good here and false elsewhere.
pub(crate) fn verify_ed25519(key: &VerifyingKey, message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = ed25519_dalek::Signature::from_slice(signature) else { return false };
    key.verify_strict(message, &signature).is_ok()
}

/// Whoever signs notes. Other ways to hold a key become other variants.
#[derive(Debug)]
#[non_exhaustive]
pub enum Signer {
    /// An Ed25519 key in memory.
    Ed25519(Ed25519Signer),
}

/// A secret Ed25519 key under a name. Its memory is cleared when it is dropped.
pub struct Ed25519Signer {
    name: Name,
    key: SigningKey,
}

impl Signer {
    /// The Ed25519 key that these 32 secret random bytes are, under that name.
    pub fn ed25519(name: Name, secret: &[u8; KEY_BYTES]) -> Signer {
        Signer::Ed25519(Ed25519Signer { name, key: SigningKey::from_bytes(secret) })
    }

    /// Reads `PRIVATE+KEY+name+id+base64`.
    pub fn parse(text: &str) -> Result<Signer, NoKey> {
        let (name, written, kind, bytes) =
            parts(text.strip_prefix(SECRET).ok_or(NoKey::SecretShape)?, NoKey::SecretShape)?;
        let secret = <&[u8; KEY_BYTES]>::try_from(bytes.as_slice()).map_err(|_| NoKey::Unusable)?;
        let signer = match kind {
            Kind::Ed25519 => Signer::ed25519(name, secret),
            Kind::CosignatureV1 => return Err(NoKey::Type(kind.byte())),
        };
        check_id(written, signer.verifier().id)?;
        Ok(signer)
    }

    /// The name.
    pub fn name(&self) -> &Name {
        match self {
            Signer::Ed25519(signer) => &signer.name,
        }
    }

    /// The public key, which verifies what this one signs.
    pub fn verifier(&self) -> Verifier {
        match self {
            Signer::Ed25519(signer) => Verifier::of(signer.name.clone(), Kind::Ed25519, signer.key.verifying_key()),
        }
    }

    /// The text that [`Signer::parse`] reads. It is the secret itself.
    pub fn secret_text(&self) -> String {
        match self {
            Signer::Ed25519(signer) => {
                let bytes = [&[Kind::Ed25519.byte()][..], signer.key.as_bytes()].concat();
                let verifier = self.verifier();
                format!("{SECRET}{}+{}+{}", verifier.name, verifier.id, BASE64.encode(&bytes))
            }
        }
    }

    pub(crate) fn sign(&self, text: &str) -> Vec<u8> {
        match self {
            Signer::Ed25519(signer) => sign_ed25519(&signer.key, text.as_bytes()),
        }
    }
}

pub(crate) fn sign_ed25519(key: &SigningKey, message: &[u8]) -> Vec<u8> {
    ed25519_dalek::Signer::sign(key, message).to_bytes().to_vec()
}

impl fmt::Debug for Ed25519Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name only: a secret is not for logs.
        f.debug_struct("Ed25519Signer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Takes `name+id+base64` apart; base64 may itself have `+`.
fn parts(text: &str, shape: NoKey) -> Result<(Name, Id, Kind, Vec<u8>), NoKey> {
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else { return Err(shape) };
    let name = Name::parse(name)?;
    let (Some(id), Some(bytes)) = (Id::parse(id), parse_base64(key)) else { return Err(shape) };
    let (byte, bytes) = bytes.split_first().ok_or(shape)?;
    Ok((name, id, Kind::from_byte(*byte).ok_or(NoKey::Type(*byte))?, bytes.to_vec()))
}

fn check_id(written: Id, computed: Id) -> Result<(), NoKey> {
    if written == computed { Ok(()) } else { Err(NoKey::Id { written, computed }) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_no_spaces_of_any_script() {
        for good in ["a", "example.com/log", "例.example/é", "a-b_c=d"] {
            assert_eq!(Name::parse(good).unwrap().as_str(), good);
        }
        for wrong in ["", " ", "a b", "a+b", "a\n", "a\tb", "a\u{a0}b", "a\u{2003}b", "a\u{85}", "a\u{1}"] {
            assert_eq!(Name::parse(wrong), Err(NoKey::Name), "{wrong:?}");
        }
    }

    #[test]
    fn a_secret_is_not_printed() {
        let signer = Signer::ed25519(Name::parse("example.com/log").unwrap(), &[7; 32]);
        let text = format!("{signer:?}");
        assert!(text.contains("example.com/log") && !text.contains('7') && !text.contains("BwcH"), "{text}");
    }

    #[test]
    fn a_key_that_anybody_can_sign_for_is_refused() {
        // The neutral element of the curve, and a point of order two.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let name = Name::parse("n").unwrap();
        assert_eq!(Verifier::new(name.clone(), Kind::Ed25519, &neutral), Err(NoKey::Unusable));
        let mut two = [0xff; 32];
        (two[0], two[31]) = (0xec, 0x7f);
        assert_eq!(Verifier::new(name.clone(), Kind::Ed25519, &two), Err(NoKey::Unusable));
        // Not on the curve at all.
        let mut none = [0; 32];
        none[0] = 2;
        assert_eq!(Verifier::new(name, Kind::Ed25519, &none), Err(NoKey::Unusable));
    }
}
