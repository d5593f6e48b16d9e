//! A transparency log without I/O: hashes, the tree over them, tiles, proofs.
//!
//! The tree is that of RFC 6962 and RFC 9162 with SHA-256; tiles are those of C2SP (c2sp.org/tlog-tiles).
//! So anybody can check a log of Writ with a program that is not ours.
//!
//! Invariants:
//! - No I/O, no clock, no randomness: stored hashes come in through a closure.
//! - It never knows what a leaf means: it sees the bytes of one, or only its hash.
#![no_std]

extern crate alloc;

pub mod hash;
pub mod proof;
mod text;
pub mod tile;
pub mod tree;
