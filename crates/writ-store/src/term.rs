//! Terms: keyed fingerprints of what records can be looked up by.
//!
//! A term is eight bytes of `SipHash`-2-4 under the store's secret, of which the index keeps five, so index files
//! reveal no identifiers and nobody without the secret can make two names collide. Two names may still share
//! a term by chance: the index proposes, the reader checks on the record.

use crate::bytes::len32;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use siphasher::sip::SipHasher24;
use std::fmt;
use std::hash::Hasher as _;
use writ_model::canon::{self, Digest};
use writ_model::custody::Custody;
use writ_model::key::{Attestation, Key, KeyName, KeyRole};
use writ_model::record::{Envelope, Identity, Record};

/// The fingerprint of one thing a record can be looked up by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(pub u64);

/// How many bits of a term the index keeps, the first ones: each bit more costs a third of a byte a record. Of a hundred
/// million terms in a part, one in five thousand shares with another what is kept of it. What it leads to besides is
/// read, found not to have it, and passed over.
pub(crate) const KEPT_BITS: u32 = 40;

/// Bits of a term that the index does not keep.
pub(crate) const LEFT_OUT_BITS: u32 = u64::BITS - KEPT_BITS;

/// The last bit that is kept: set in the term of an identity, and in no other. What tells records apart so never
/// shares a term with what many of them have in common, and is not hidden among those.
const IDENTIFIES: u64 = 1 << LEFT_OUT_BITS;

impl Term {
    /// As the index keeps it.
    pub(crate) fn kept(self) -> Term {
        Term(self.0 >> LEFT_OUT_BITS << LEFT_OUT_BITS)
    }
}

/// What a term is of. The number enters the fingerprint, so terms of different sorts never meet.
#[derive(Clone, Copy)]
enum Sort {
    Key = 1,
    Identity = 2,
    Recorder = 4,
    Copy = 5,
}

/// Makes terms and digests under the secret of one store. Cheap to clone; shows nothing of the secret.
#[derive(Clone)]
pub struct TermKey {
    terms: SipHasher24,
    frames: SipHasher24,
    withheld: [u8; 32],
    /// HMAC under the key of salts, begun.
    salts: Hmac<Sha256>,
    signing: [u8; 32],
    store: [u8; 8],
}

impl fmt::Debug for TermKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TermKey(store {})", self.store_id())
    }
}

/// Bytes that most terms are made of.
const TERM_BYTES_USUAL: usize = 256;

/// The bits of a copy's fingerprint that hold its custody: there are five, counted from the best.
const CUSTODY_BITS: u64 = 0b111;

/// The place behind every copy of the same record, whatever its custody.
pub(crate) fn last_custody(copy: u64) -> u64 {
    copy | CUSTODY_BITS
}

/// The place before every copy of the same record, whatever its custody.
pub(crate) fn before_custody(copy: u64) -> u64 {
    copy & !CUSTODY_BITS
}

/// The custody of a copy. What cannot be told is the weakest.
pub(crate) fn custody(copy: u64) -> Custody {
    Custody::from_code(copy & CUSTODY_BITS).unwrap_or(Custody::Open)
}

impl TermKey {
    /// The key of the store with this secret. Each use has a key of its own.
    pub fn new(secret: &[u8; 32]) -> TermKey {
        let Digest(id) = Digest::of("writ store id 1", secret);
        TermKey {
            terms: SipHasher24::new_with_key(&half(hmac(secret, &[b"writ terms 2"]))),
            frames: SipHasher24::new_with_key(&half(hmac(secret, &[b"writ frames 1"]))),
            withheld: hmac(secret, &[b"writ withheld 1"]),
            salts: begin(&hmac(secret, &[b"writ salts 1"])),
            signing: hmac(secret, &[b"writ signing 1"]),
            store: half::<8>(id),
        }
    }

    /// Names the store in 16 hex digits, without revealing its secret.
    pub fn store_id(&self) -> String {
        canon::hex(&self.store)
    }

    /// The secret half of the key that signs checkpoints (Ed25519).
    pub(crate) fn signing(&self) -> [u8; 32] {
        self.signing
    }

    /// HMAC-SHA-256 of a withheld value, so that equality can be told without the value. The key is
    /// of this store and of this use alone.
    pub fn mac(&self, value: &[u8]) -> [u8; 32] {
        hmac(&self.withheld, &[value])
    }

    /// The commitment to one part of a record: HMAC-SHA-256 of its bytes under a salt that is of this
    /// record and this part alone, so that whoever is shown one part learns nothing of the others, and
    /// nobody can confirm a guess once the key is gone.
    pub(crate) fn commitment(&self, content: &Digest, kind: u8, parts: &[&[u8]]) -> [u8; 32] {
        let mut salt = self.salts.clone();
        salt.update(&content.0);
        salt.update(&[kind]);
        hmac(&salt.finalize().into_bytes().into(), parts)
    }

    /// The term of a key as a record states it.
    pub fn term(&self, key: &Key) -> Term {
        self.term_of(&key.name, key.role, key.class)
    }

    /// The term of a name in a role, known in this way.
    pub fn term_of(&self, name: &KeyName, role: KeyRole, class: Attestation) -> Term {
        let head = [Sort::Key as u8, name.kind as u8, role as u8, class as u8];
        self.fingerprint(head, &[&name.namespace], &name.value)
    }

    pub(crate) fn identity(&self, identity: &Identity) -> Term {
        let Identity { source, recorder, native_id } = identity;
        let Term(hash) = self.fingerprint([Sort::Identity as u8, 0, 0, 0], &[source, recorder], native_id);
        Term(hash | IDENTIFIES)
    }

    pub(crate) fn recorder(&self, source: &str, recorder: &str) -> Term {
        self.fingerprint([Sort::Recorder as u8, 0, 0, 0], &[source], recorder)
    }

    /// Tells copies of one record apart: by the values withheld from it, and in the last bits by its custody, best
    /// first. Nothing but the custody where nothing is withheld.
    pub(crate) fn copy(&self, record: &Record) -> u64 {
        let Envelope { redactions, custody, .. } = &record.envelope;
        let custody = custody.code() & CUSTODY_BITS;
        if redactions.is_empty() {
            return custody;
        }
        let mut hash = self.terms;
        hash.write(&[Sort::Copy as u8]);
        part(&mut hash, &record.id.0);
        for redaction in redactions {
            part(&mut hash, redaction.pointer.as_bytes());
            part(&mut hash, redaction.kind.as_bytes());
            part(&mut hash, &redaction.digest);
        }
        (hash.finish() & !CUSTODY_BITS) | custody
    }

    /// Seals the header of a frame to its place in the log, so that no bytes inside evidence, which
    /// others write, can pass for a frame.
    pub(crate) fn frame(&self, header: &[u8], offset: u64) -> u64 {
        let mut hash = self.frames;
        part(&mut hash, header);
        hash.write(&offset.to_le_bytes());
        hash.finish()
    }

    pub(crate) fn store(&self) -> [u8; 8] {
        self.store
    }

    /// The fingerprint of names under a head, whose first byte says how many there are.
    fn fingerprint(&self, head: [u8; 4], names: &[&str], last: &str) -> Term {
        // Put together first: the hash takes eight bytes at once as quickly as one.
        let n_names = names.iter().map(|name| size_of::<u32>() + name.len()).sum::<usize>();
        let n = head.len() + n_names + last.len();
        let (mut few, mut many) = ([0; TERM_BYTES_USUAL], Vec::new());
        let all = if let Some(few) = few.get_mut(..n) {
            few
        } else {
            many.resize(n, 0);
            many.as_mut_slice()
        };
        let mut rest = put(&mut *all, &head);
        for name in names {
            rest = put(rest, &len32(name.len()).to_le_bytes());
        }
        for name in names.iter().chain([&last]) {
            rest = put(rest, name.as_bytes());
        }
        let mut hash = self.terms;
        hash.write(all);
        Term(hash.finish() & !IDENTIFIES)
    }
}

/// Writes bytes, and returns what is left behind them.
fn put<'a>(out: &'a mut [u8], bytes: &[u8]) -> &'a mut [u8] {
    let Some((to, rest)) = out.split_at_mut_checked(bytes.len()) else { return &mut [] };
    to.copy_from_slice(bytes);
    rest
}

/// The length goes before the bytes, so that no two lists of parts hash alike.
fn part(hash: &mut SipHasher24, bytes: &[u8]) {
    hash.write(&(bytes.len() as u64).to_le_bytes());
    hash.write(bytes);
}

fn begin(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than the block of SHA-256 is filled with zeros (RFC 2104, section 2).
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Hmac::<Sha256>::new(&block.into())
}

fn hmac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = begin(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

fn half<const N: usize>(bytes: [u8; 32]) -> [u8; N] {
    let mut out = [0; N];
    out.iter_mut().zip(bytes).for_each(|(to, from)| *to = from);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use writ_model::key::KeyKind;

    fn name(namespace: &'static str, value: &str) -> KeyName {
        KeyName::new(KeyKind::Credential, namespace, value).unwrap()
    }

    #[test]
    fn a_term_depends_on_every_part_of_a_key_and_on_the_secret() {
        let keys = TermKey::new(&[7; 32]);
        let term = |name: &KeyName, role, class| keys.term_of(name, role, class);
        let one = term(&name("aws", "AKIA"), KeyRole::Presents, Attestation::Verified);
        let key = Key { name: name("aws", "AKIA"), role: KeyRole::Presents, class: Attestation::Verified };
        assert_eq!(keys.term(&key), one);
        let other_kind = KeyName { kind: KeyKind::Session, ..name("aws", "AKIA") };
        for other in [
            term(&name("aws", "AKIB"), KeyRole::Presents, Attestation::Verified),
            term(&name("awsA", "KIA"), KeyRole::Presents, Attestation::Verified),
            term(&name("aws", "AKIA"), KeyRole::Mints, Attestation::Verified),
            term(&name("aws", "AKIA"), KeyRole::Presents, Attestation::Claimed),
            term(&other_kind, KeyRole::Presents, Attestation::Verified),
            TermKey::new(&[8; 32]).term(&key),
        ] {
            assert_ne!(other, one);
        }
        // The same text as an identity, a recorder and a key is three different things.
        assert_ne!(keys.recorder("ab", "c"), keys.recorder("a", "bc"));
    }

    /// `docs/spec/index-v3.md`.
    #[test]
    fn terms_are_made_as_specified() {
        let secret = [7; 32];
        let keys = TermKey::new(&secret);
        let key = half(hmac(&secret, &[b"writ terms 2"]));
        let siphash = |bytes: &[u8]| {
            let mut hash = SipHasher24::new_with_key(&key);
            hash.write(bytes);
            hash.finish()
        };
        // The 40th bit tells identities from all else.
        let (other, of_identity) = (|hash: u64| Term(hash & !(1 << 24)), |hash: u64| Term(hash | 1 << 24));
        let presented = keys.term_of(&name("aws", "AKIA"), KeyRole::Presents, Attestation::Verified);
        assert_eq!(presented, other(siphash(b"\x01\x0c\x02\x01\x03\0\0\0awsAKIA")));
        let identity = Identity { source: "s".to_owned(), recorder: "rec".to_owned(), native_id: "id".to_owned() };
        assert_eq!(keys.identity(&identity), of_identity(siphash(b"\x02\0\0\0\x01\0\0\0\x03\0\0\0srecid")));
        assert_eq!(keys.recorder("s", "rec"), other(siphash(b"\x04\0\0\0\x01\0\0\0srec")));
        let long = "x".repeat(TERM_BYTES_USUAL);
        assert_eq!(keys.recorder("s", &long), other(siphash(&[b"\x04\0\0\0\x01\0\0\0s", long.as_bytes()].concat())));
    }

    #[test]
    fn hmac_is_hmac_sha_256() {
        // RFC 4231, test case 1, whose key of 20 bytes is filled with zeros like any short key.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        let mac = canon::hex(&hmac(&key, &[b"Hi ", b"There"]));
        assert_eq!(mac, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn neither_name_nor_debug_text_shows_the_secret() {
        let secret = [0xab; 32];
        let keys = TermKey::new(&secret);
        assert_eq!(keys.store_id().len(), 16);
        assert!(!format!("{keys:?} {}", keys.store_id()).contains("abab"));
        assert_ne!(keys.mac(b"v"), TermKey::new(&[1; 32]).mac(b"v"));
        assert_ne!(keys.mac(b"v"), hmac(&secret, &[b"v"]));
    }
}
