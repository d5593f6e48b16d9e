//! The three hashes that a tree is made of: of a leaf, of a node, of nothing.

use crate::text::parse_base64;
use alloc::string::String;
use core::fmt;
use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

/// Length of a hash in bytes.
pub const HASH_BYTES: usize = 32;

// RFC 9162, section 2.1.1: different first bytes, so that no node can be passed off as a leaf.
const LEAF: [u8; 1] = [0x00];
const NODE: [u8; 1] = [0x01];

/// A SHA-256 hash in the tree. It prints as base64, which is how checkpoints and proofs show it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hash(pub [u8; HASH_BYTES]);

impl Hash {
    /// The root of the tree without leaves: SHA-256 of nothing (RFC 9162, section 2.1.1).
    pub const EMPTY_ROOT: Hash = Hash([
        0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae,
        0x41, 0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
    ]);

    /// The hash of a leaf with these bytes.
    pub fn leaf(bytes: &[u8]) -> Hash {
        Hash(Sha256::new().chain_update(LEAF).chain_update(bytes).finalize().into())
    }

    /// The hash of the node over these two.
    pub fn node(left: &Hash, right: &Hash) -> Hash {
        Hash(Sha256::new().chain_update(NODE).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// From exactly 32 bytes, as a level file or a tile holds them.
    pub fn parse(bytes: &[u8]) -> Option<Hash> {
        bytes.try_into().ok().map(Hash)
    }

    /// From the base64 of exactly 32 bytes, padded, in the one spelling there is.
    pub fn parse_base64(text: &str) -> Option<Hash> {
        Hash::parse(&parse_base64(text)?)
    }

    /// The base64 of the hash.
    pub fn base64(&self) -> String {
        BASE64.encode(&self.0)
    }
}

impl fmt::Display for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base64())
    }
}

impl fmt::Debug for Hash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString as _;

    #[test]
    fn the_empty_root_is_the_hash_of_nothing() {
        assert_eq!(Hash::EMPTY_ROOT.0, <[u8; 32]>::from(Sha256::digest([])));
        assert_eq!(Hash::EMPTY_ROOT.to_string(), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    }

    #[test]
    fn a_leaf_is_not_a_node() {
        let (left, right) = (Hash::leaf(b"a"), Hash::leaf(b"b"));
        let joined: alloc::vec::Vec<u8> = [left.0, right.0].concat();
        assert_ne!(Hash::leaf(&joined), Hash::node(&left, &right));
        assert_ne!(Hash::node(&left, &right), Hash::node(&right, &left));
        // The leaf without bytes, as every RFC 6962 implementation has it.
        assert_eq!(Hash::leaf(b"").to_string(), "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
    }

    #[test]
    fn base64_has_one_spelling_and_32_bytes() {
        let text = Hash::leaf(b"").base64();
        assert_eq!(Hash::parse_base64(&text), Some(Hash::leaf(b"")));
        // Bits behind the last byte, no padding, a line end, another alphabet, 31 and 33 bytes.
        for wrong in [
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB1=",
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0",
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n",
            "bjQLnP-zepicpUTmu3gKLHiQHT-zNzh2hRGjBhevoB0=",
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoA==",
            "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0A",
            "",
        ] {
            assert_eq!(Hash::parse_base64(wrong), None, "{wrong}");
        }
    }
}
