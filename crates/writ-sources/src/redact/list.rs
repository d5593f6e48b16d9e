//! The list of what was withheld from one record, within its bound.

use crate::admit::Mac;
use writ_model::record::Redaction;

/// Bytes that the list of what was withheld may take of a record's envelope (half of what that may have), with
/// [`ENTRY_BYTES`] for each entry beside its texts. Whoever writes a record chooses how many secrets are in it
/// and how long the names before them are, and must not make it one that cannot be stored, nor fill memory.
const LIST_BYTES_MAX: usize = 512 << 10;

/// Bytes of an entry's digest and of what stands around its texts.
const ENTRY_BYTES: usize = 48;

/// What was withheld, in order. What goes beyond the bound is one entry for the whole record, that says how many
/// there are and whose digest is of all of them: their places are never written out.
pub(crate) struct List<'m> {
    pub(super) mac: Mac<'m>,
    kept: Vec<Redaction>,
    bytes: usize,
    more: u64,
    /// The digest of all that are more: of that before, of the kind and of the value's.
    all: [u8; 32],
}

impl<'m> List<'m> {
    pub(crate) fn new(mac: Mac<'m>) -> List<'m> {
        List { mac, kept: Vec::new(), bytes: 0, more: 0, all: [0; 32] }
    }

    /// Something was withheld at that place, whose pointer has at least so many bytes.
    pub(crate) fn push(&mut self, bytes: usize, pointer: impl FnOnce() -> String, kind: &str, secret: &[u8]) {
        let digest = (self.mac)(secret).to_vec();
        self.entry(bytes, pointer, kind, digest);
    }

    /// Lists what the source itself took out.
    pub(crate) fn already(&mut self, found: Vec<Redaction>) {
        for one in found {
            self.entry(one.pointer.len(), || one.pointer, &one.kind, one.digest);
        }
    }

    fn entry(&mut self, bytes: usize, pointer: impl FnOnce() -> String, kind: &str, digest: Vec<u8>) {
        let fits = |bytes: usize| bytes + ENTRY_BYTES + kind.len() <= LIST_BYTES_MAX;
        if self.more == 0 && fits(self.bytes + bytes) {
            let pointer = pointer();
            if fits(self.bytes + pointer.len()) {
                self.bytes += ENTRY_BYTES + pointer.len() + kind.len();
                self.kept.push(Redaction { pointer, kind: kind.to_string(), digest });
                return;
            }
        }
        let len = (kind.len() as u64).to_be_bytes();
        self.all = (self.mac)(&[&self.all[..], &len, kind.as_bytes(), &digest].concat());
        self.more += 1;
    }

    /// The list as the envelope holds it.
    pub(crate) fn finish(mut self) -> Vec<Redaction> {
        if self.more > 0 {
            let kind = format!("{} more", self.more);
            self.kept.push(Redaction { pointer: String::new(), kind, digest: self.all.to_vec() });
        }
        self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mac(bytes: &[u8]) -> [u8; 32] {
        writ_model::canon::Digest::of("test", bytes).0
    }

    #[test]
    fn a_long_list_ends_with_what_is_the_same_only_for_the_same_secrets() {
        let of = |n: usize, last: &str| {
            let mut list = List::new(&mac);
            for value in (0..n).map(|n| n.to_string()).chain([last.to_string()]) {
                list.push(4, || "/a/b".to_string(), "token", value.as_bytes());
            }
            list.finish()
        };
        let fit = LIST_BYTES_MAX / (ENTRY_BYTES + "/a/b".len() + "token".len());
        assert_eq!(of(fit - 1, "last").len(), fit, "as many as fit are listed one by one");
        let more = of(20_000, "last");
        assert_eq!((more.len(), more.last().unwrap().kind.as_str()), (fit + 1, &*format!("{} more", 20_001 - fit)));
        assert_eq!(more, of(20_000, "last"));
        assert_ne!(more, of(20_000, "another"));
    }

    #[test]
    fn a_place_too_long_to_be_listed_is_never_written_out() {
        let mut list = List::new(&mac);
        list.push(LIST_BYTES_MAX, || unreachable!("its length tells"), "password", b"a");
        assert_eq!(list.finish()[0].kind, "1 more");
    }
}
