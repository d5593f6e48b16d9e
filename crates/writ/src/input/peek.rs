//! The first bytes of a stream, looked at and given back.

use std::io::{self, Read};

/// The longest signature ends at byte 262 (tar).
const PEEK_BYTES: usize = 512;

/// What a stream holds, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// None of the others.
    Plain,
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// PKWARE APPNOTE.
    Zip,
    /// Text in UTF-16: with its mark, or JSON as it begins.
    Utf16 { big_endian: bool },
    /// A packed format that is not opened here.
    Foreign { format: &'static str, remedy: &'static str },
}

impl Kind {
    pub(super) fn word(self) -> &'static str {
        match self {
            Kind::Plain => "plain",
            Kind::Gzip => "gzip",
            Kind::Zstd => "zstd",
            Kind::Zip => "zip",
            Kind::Utf16 { .. } => "UTF-16",
            Kind::Foreign { format, .. } => format,
        }
    }

    fn of(head: &[u8]) -> Kind {
        let foreign = |format, remedy| Kind::Foreign { format, remedy };
        match head {
            [0x1f, 0x8b, 8, ..] => Kind::Gzip,
            // A frame, or one of the frames that are to be skipped, which may stand first.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Kind::Zstd,
            // An entry, or the end of an empty archive.
            [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Kind::Zip,
            [0xff, 0xfe, ..] | [b'{' | b'[', 0, _, 0, ..] => Kind::Utf16 { big_endian: false },
            [0xfe, 0xff, ..] | [0, b'{' | b'[', 0, ..] => Kind::Utf16 { big_endian: true },
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => {
                foreign("bzip2", "unpack it with `bzip2 -d` and ingest what is inside")
            }
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => foreign("xz", "unpack it with `xz -d` and ingest what is inside"),
            [b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c, ..] => {
                foreign("7-Zip", "unpack it with `7z x` and ingest what is inside")
            }
            _ if head.get(257..262) == Some(b"ustar") => {
                foreign("tar", "unpack it with `tar -x` and ingest the folder")
            }
            _ => Kind::Plain,
        }
    }
}

/// A reader whose first bytes were looked at. An error met while looking comes where it belongs,
/// behind the bytes before it.
pub(super) struct Peek<'a> {
    head: Vec<u8>,
    at: usize,
    error: Option<io::Error>,
    inner: &'a mut dyn Read,
}

impl<'a> Peek<'a> {
    pub(super) fn new(inner: &'a mut dyn Read) -> Peek<'a> {
        let mut head = Vec::new();
        let error = Read::take(&mut *inner, PEEK_BYTES as u64).read_to_end(&mut head).err();
        Peek { head, at: 0, error, inner }
    }

    pub(super) fn kind(&self) -> Kind {
        Kind::of(&self.head)
    }
}

impl Read for Peek<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if let Some(rest) = self.head.get(self.at..).filter(|rest| !rest.is_empty()) {
            let n = (&mut &*rest).read(out)?;
            self.at += n;
            return Ok(n);
        }
        match self.error.take() {
            Some(error) => Err(error),
            None => self.inner.read(out),
        }
    }
}
