//! Cosignatures: a witness says when it saw a checkpoint that goes on from all it had seen before.
//!
//! The Ed25519 type of c2sp.org/tlog-cosignature. Such a signature is a time in seconds, eight bytes with
//! the highest first, and an Ed25519 signature over that time and the checkpoint's text.

use crate::checkpoint::Checkpoint;
use crate::key::{KEY_BYTES, Kind, Name, Verifier, sign_ed25519, verify_ed25519};
use crate::note::Signature;
use alloc::format;
use alloc::string::String;
use core::fmt;
use ed25519_dalek::{SigningKey, VerifyingKey};

/// The latest time, in seconds since 1970: the specification counts in 63 bits.
pub const TIME_S_MAX: u64 = i64::MAX as u64;

/// Length of the time at the front of a signature, in bytes.
const TIME_BYTES: usize = 8;

/// Why a cosignature was not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the time is past the latest that a cosignature can say")]
pub struct TooLate;

/// A witness's secret Ed25519 key under its name. Its memory is cleared when it is dropped.
///
/// It is not a [`Signer`](crate::key::Signer), because it signs nothing but checkpoints and needs the time.
/// Checking that a checkpoint goes on from the one before is the caller's, with
/// [`verify_consistency`](crate::proof::verify_consistency).
pub struct Cosigner {
    name: Name,
    key: SigningKey,
}

impl Cosigner {
    /// The Ed25519 key that these 32 secret random bytes are, under that name.
    pub fn ed25519(name: Name, secret: &[u8; KEY_BYTES]) -> Cosigner {
        Cosigner { name, key: SigningKey::from_bytes(secret) }
    }

    /// The public key, which verifies what this one signs.
    pub fn verifier(&self) -> Verifier {
        Verifier::of(self.name.clone(), Kind::CosignatureV1, self.key.verifying_key())
    }

    /// Signs that this checkpoint was seen at that time, in seconds since 1970.
    pub fn cosign(&self, checkpoint: &Checkpoint, time_s: u64) -> Result<Signature, TooLate> {
        if time_s > TIME_S_MAX {
            return Err(TooLate);
        }
        let signature = sign_ed25519(&self.key, message(time_s, &checkpoint.text()).as_bytes());
        let bytes = [&time_s.to_be_bytes()[..], &signature].concat();
        Ok(Signature::new(self.name.clone(), self.verifier().id(), bytes))
    }
}

impl fmt::Debug for Cosigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The name only: a secret is not for logs.
        f.debug_struct("Cosigner").field("name", &self.name).finish_non_exhaustive()
    }
}

/// The time of a cosignature, if it is this key's over the text, and the text is a checkpoint.
pub(crate) fn verify(key: &VerifyingKey, text: &str, signature: &[u8]) -> Option<u64> {
    let (time, signature) = signature.split_at_checked(TIME_BYTES)?;
    let time_s = u64::from_be_bytes(time.try_into().ok()?);
    let sound = time_s <= TIME_S_MAX
        && Checkpoint::parse(text).is_ok()
        && verify_ed25519(key, message(time_s, text).as_bytes(), signature);
    sound.then_some(time_s)
}

fn message(time_s: u64, text: &str) -> String {
    format!("cosignature/v1\ntime {time_s}\n{text}")
}
