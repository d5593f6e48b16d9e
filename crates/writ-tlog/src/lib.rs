//! A transparency log without I/O: hashes, the tree over them, tiles, signed notes, checkpoints, proofs.
//!
//! The tree is that of RFC 6962 and RFC 9162 with SHA-256; tiles, notes, checkpoints, cosignatures and
//! proof files are those of C2SP (c2sp.org/tlog-tiles, signed-note, tlog-checkpoint, tlog-cosignature,
//! tlog-proof). So anybody can check what Writ signed with a program that is not ours.
//!
//! Invariants:
//! - No I/O, no clock, no randomness: stored hashes come in through a closure, times and secret keys as
//!   arguments.
//! - It never knows what a leaf means: it sees the bytes of one, or only its hash.
//! - What was not verified cannot be read by accident: the text of a note comes out of
//!   [`note::Note::verify`], a checkpoint out of [`checkpoint::Checkpoint::open`].
#![no_std]

extern crate alloc;

pub mod bundle;
pub mod checkpoint;
pub mod cosignature;
pub mod hash;
pub mod key;
pub mod note;
pub mod proof;
mod text;
pub mod tile;
pub mod tree;
