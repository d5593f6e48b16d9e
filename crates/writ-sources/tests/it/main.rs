//! The adapters through their public face: fixtures with snapshots of what they say, other people's
//! logs where they are at hand, and properties that hold for all of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests"
)]

mod documents;
mod facts;
mod hostile;
mod otel;
mod property;
mod render;
mod shared;

use std::path::{Path, PathBuf};
use writ_sources::unwrap::{Found, unwrap};
use writ_sources::{Admitted, admit};

/// Stands in for the store's keyed digest: equal values, equal digests.
pub(crate) fn mac(bytes: &[u8]) -> [u8; 32] {
    writ_model::canon::Digest::of("test key", bytes).0
}

/// One thing found in an input, and what became of it.
pub(crate) enum Outcome {
    Record { bytes: Vec<u8>, admitted: Box<Admitted> },
    Reject { byte: u64, cause: String },
    Note { text: String },
}

/// Everything in one element of input.
pub(crate) fn read(element: &[u8], pointer: Option<&str>) -> Vec<Outcome> {
    let mut out = Vec::new();
    unwrap(element, 0, pointer, &mut |found| {
        out.push(match found {
            Found::Item(item) => {
                let (byte, bytes) = (item.byte(), item.bytes().to_vec());
                match item.admit(None, None, &mac) {
                    Ok(admitted) => Outcome::Record { bytes, admitted: Box::new(admitted) },
                    Err(cause) => Outcome::Reject { byte, cause },
                }
            }
            Found::Reject { byte, cause, .. } => Outcome::Reject { byte, cause },
            Found::Note { text, .. } => Outcome::Note { text },
        });
    });
    out
}

/// The records of one element; a reject fails the test.
pub(crate) fn records(element: &[u8], pointer: Option<&str>) -> Vec<Admitted> {
    let one = |outcome| match outcome {
        Outcome::Record { admitted, .. } => Some(*admitted),
        Outcome::Reject { byte, cause } => panic!("byte {byte}: {cause}"),
        Outcome::Note { .. } => None,
    };
    read(element, pointer).into_iter().filter_map(one).collect()
}

pub(crate) fn admit_text(text: &str) -> Result<Admitted, String> {
    admit(text.as_bytes(), None, None, &mac)
}

pub(crate) fn testdata() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("testdata")
}

/// Whether a fixture is what Writ writes itself.
pub(crate) fn is_own(path: &Path) -> bool {
    ["coverage-declared.json", "ingested.json"].iter().any(|name| path.ends_with(Path::new("health").join(name)))
}

/// Text that was cut off, or had a byte changed or taken out, in a way the seed decides; without end.
pub(crate) fn broken(text: &[u8], mut seed: u64) -> impl Iterator<Item = Vec<u8>> {
    std::iter::repeat_with(move || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut bytes = text.to_vec();
        let at = usize::try_from(seed >> 20).unwrap() % bytes.len();
        match seed % 3 {
            0 => bytes.truncate(at),
            1 => bytes[at] = b"{}[],:\"\\0x\xff"[usize::try_from(seed >> 50).unwrap() % 11],
            _ => drop(bytes.remove(at)),
        }
        bytes
    })
}

/// The fixtures of each source, by path.
pub(crate) fn fixtures() -> Vec<(String, PathBuf)> {
    let mut out = Vec::new();
    for source in std::fs::read_dir(testdata()).unwrap() {
        let source = source.unwrap().path();
        let name = source.file_name().unwrap().to_str().unwrap().to_string();
        for file in std::fs::read_dir(&source).unwrap() {
            let file = file.unwrap().path();
            if file.extension().is_some_and(|extension| extension == "json" || extension == "csv") {
                out.push((name.clone(), file));
            }
        }
    }
    out.sort();
    assert!(out.len() > 15, "the fixtures are gone");
    out
}
