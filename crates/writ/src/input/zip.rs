//! Zip archives (PKWARE APPNOTE 6.3): the directory at the end, read entry by entry.
//!
//! Written here because a library reads the whole directory into memory, makes room for as many
//! entries as the archive claims, and keeps one of two entries of the same name. This takes memory for
//! one entry at a time and loses none.

mod span;

use super::layer::{Codec, Fault};
use std::io::{self, Read, Seek, SeekFrom, Take};
use std::ops::Range;

pub(super) use span::Spans;

/// Entries of one archive at most: a year of CloudTrail files of a large firm is 100,000s, and each
/// costs seeks.
pub(super) const ENTRIES_MAX: u64 = 1_000_000;

/// Bytes of an entry's name that are shown: keys of S3, the longest names that logs are kept under, have
/// as many. The name stands in each reject, problem and record of the entry.
pub(super) const NAME_BYTES_MAX: usize = 1_024;

const END: [u8; 4] = *b"PK\x05\x06";
const END_LEN: u64 = 22;
/// The comment behind the end record has a length of two bytes.
const COMMENT_BYTES_MAX: u64 = 0xffff;
const LOCATOR: [u8; 4] = *b"PK\x06\x07";
const LOCATOR_LEN: usize = 20;
const END_64: [u8; 4] = *b"PK\x06\x06";
const END_64_LEN: usize = 56;
const CENTRAL: [u8; 4] = *b"PK\x01\x02";
const CENTRAL_LEN: usize = 46;
const LOCAL: [u8; 4] = *b"PK\x03\x04";
const LOCAL_LEN: usize = 30;

/// Bytes that an entry takes at most of which nothing comes out: an empty block of deflate.
const EMPTY_BYTES_MAX: u64 = 2;

const ENCRYPTED: u16 = 1;
/// The id of the extra field that holds what does not fit 32 bits.
const EXTRA_64: u16 = 1;
const UNIX: u16 = 3;
const FILE_TYPE: u32 = 0o170_000;
const LINK: u32 = 0o120_000;

const REMEDY: &str = "get the archive again from its source, or repair a copy with `zip -FF`";

/// Where the next entry of a directory stands.
pub(super) struct Directory {
    start: u64,
    at: u64,
    end: u64,
    seen: u64,
    /// How many entries its end record says; taken once it was compared.
    said: Option<Said>,
}

/// A number of entries, and which of its bits are told.
struct Said {
    n: u64,
    all: u64,
}

/// The field of 16 bits: archives of more entries that lack the wider one count on from zero.
const ENTRIES_SHORT: u64 = 0xffff;

/// One entry.
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) crc: u32,
    pub(super) size: u64,
    packed: u64,
    start: u64,
    method: u16,
    flags: u16,
    mode: u32,
}

impl Directory {
    /// Finds the directory of an archive of `len` bytes.
    pub(super) fn open<R: Read + Seek>(reader: &mut R, len: u64) -> io::Result<Directory> {
        let from = len.saturating_sub(END_LEN + COMMENT_BYTES_MAX);
        reader.seek(SeekFrom::Start(from))?;
        let mut tail = Vec::new();
        reader.take(len - from).read_to_end(&mut tail)?;
        let mut end = tail.len();
        // From the back: a comment may hold anything.
        while let Some(at) = tail.get(..end).and_then(|before| before.windows(4).rposition(|four| four == END)) {
            let record = tail.get(at..).unwrap_or_default();
            let position = from + at as u64;
            if let Some(directory) = Directory::at_end(reader, record, position)? {
                return Ok(directory);
            }
            end = at + 3;
        }
        Err(Fault::new(len, "the directory at the end of the zip is missing: it was cut off", REMEDY).into())
    }

    /// The directory that an end record names, if the record is sound.
    fn at_end<R: Read + Seek>(reader: &mut R, record: &[u8], position: u64) -> io::Result<Option<Directory>> {
        let Some(comment) = word(record, 20) else { return Ok(None) };
        if END_LEN + u64::from(comment) > record.len() as u64 {
            return Ok(None);
        }
        let (disk, count) = (short(record, 4), short(record, 10));
        let mut said = Said { n: u64::from(count), all: ENTRIES_SHORT };
        let (mut size, mut start, mut limit) = (u64::from(wide(record, 12)), u64::from(wide(record, 16)), position);
        let full = count == u16::MAX || [size, start].contains(&u64::from(u32::MAX));
        if full && let Some((n, size_64, start_64, at)) = end_64(reader, position)? {
            (size, start, limit) = (size_64, start_64, at);
            said = Said { n, all: u64::MAX };
        } else if disk != 0 {
            let cause = "one part of a zip that was split into several";
            return Err(Fault::new(position, cause, "join the parts with `zip -s 0` and ingest the result").into());
        }
        let end = start.saturating_add(size);
        Ok((end <= limit).then_some(Directory { start, at: start, end, seen: 0, said: Some(said) }))
    }

    /// Where it begins.
    pub(super) fn start(&self) -> u64 {
        self.start
    }

    /// The next entry; `None` behind the last.
    pub(super) fn next<R: Read + Seek>(&mut self, reader: &mut R) -> io::Result<Option<Entry>> {
        if self.at >= self.end {
            let seen = self.seen;
            return match self.said.take() {
                Some(Said { n, all }) if n & all != seen & all => {
                    let cause = format!("the end of the zip says {n} entries, and its directory has {seen}");
                    Err(Fault::new(self.at, cause, REMEDY).into())
                }
                _ => Ok(None),
            };
        }
        if self.seen == ENTRIES_MAX {
            let cause = format!("the zip has more than {ENTRIES_MAX} entries; those behind were not read");
            return Err(Fault::new(self.at, cause, "unpack it and ingest the folder in parts").into());
        }
        let damaged = Fault::new(self.at, "the directory of the zip is damaged", REMEDY);
        reader.seek(SeekFrom::Start(self.at))?;
        let mut head = [0; CENTRAL_LEN];
        read_exact(reader, &mut head, &damaged)?;
        let (name_len, extra_len, comment_len) = (short(&head, 28), short(&head, 30), short(&head, 32));
        let fields = u64::from(name_len) + u64::from(extra_len) + u64::from(comment_len);
        let next = self.at + CENTRAL_LEN as u64 + fields;
        if !head.starts_with(&CENTRAL) || next > self.end {
            return Err(damaged.into());
        }
        let mut name = vec![0; usize::from(name_len)];
        read_exact(reader, &mut name, &damaged)?;
        let mut extra = vec![0; usize::from(extra_len)];
        read_exact(reader, &mut extra, &damaged)?;
        (self.at, self.seen) = (next, self.seen + 1);
        let made_on_unix = short(&head, 4) >> 8 == UNIX;
        let mut entry = Entry {
            // What is not UTF-8 is in the code page of some machine, which the archive does not tell.
            name: String::from_utf8_lossy(&name).into_owned(),
            crc: wide(&head, 16),
            packed: u64::from(wide(&head, 20)),
            size: u64::from(wide(&head, 24)),
            start: u64::from(wide(&head, 42)),
            method: short(&head, 10),
            flags: short(&head, 8),
            mode: if made_on_unix { wide(&head, 38) >> 16 } else { 0 },
        };
        entry.widen(&extra);
        Ok(Some(entry))
    }
}

impl Entry {
    /// Its name as it is shown: one that is longer than names are is cut.
    pub(super) fn shown(&self) -> String {
        if self.name.len() <= NAME_BYTES_MAX {
            return self.name.clone();
        }
        let end = self.name.floor_char_boundary(NAME_BYTES_MAX);
        format!("{}…", self.name.get(..end).unwrap_or_default())
    }

    pub(super) fn is_folder(&self) -> bool {
        // Bytes under such a name are bytes all the same.
        self.name.ends_with(['/', '\\']) && self.size == 0 && self.packed <= EMPTY_BYTES_MAX
    }

    pub(super) fn is_link(&self) -> bool {
        self.mode & FILE_TYPE == LINK
    }

    /// As in a folder: a part of its path begins with a dot. So do the companions macOS adds.
    pub(super) fn is_hidden(&self) -> bool {
        self.name.split(['/', '\\']).any(|part| part.starts_with('.') && part != "." && part != "..")
    }

    /// How many bytes it takes in the archive.
    pub(super) fn packed(&self) -> u64 {
        self.packed
    }

    /// Takes over the fields that are too large for 32 bits, in their order.
    fn widen(&mut self, extra: &[u8]) {
        let mut rest = extra;
        while let (Some(id), Some(len)) = (word(rest, 0), word(rest, 2)) {
            let end = 4 + usize::from(len);
            if id == EXTRA_64 {
                let mut fields = rest.get(4..end).unwrap_or_default().chunks_exact(8);
                for field in [&mut self.size, &mut self.packed, &mut self.start] {
                    if *field == u64::from(u32::MAX)
                        && let Some(value) = fields.next().and_then(|bytes| bytes.try_into().ok())
                    {
                        *field = u64::from_le_bytes(value);
                    }
                }
                return;
            }
            rest = rest.get(end..).unwrap_or_default();
        }
    }

    /// Where it lies in the archive, if it is where the directory says.
    pub(super) fn span<R: Read + Seek>(&self, reader: &mut R) -> Option<Range<u64>> {
        let mut head = [0; LOCAL_LEN];
        reader.seek(SeekFrom::Start(self.start)).and_then(|_| reader.read_exact(&mut head)).ok()?;
        let names = u64::from(short(&head, 26)) + u64::from(short(&head, 28));
        let data = self.start.saturating_add(LOCAL_LEN as u64 + names);
        head.starts_with(&LOCAL).then_some(self.start..data.saturating_add(self.packed))
    }

    /// Its packed bytes, and how they are packed.
    pub(super) fn open<'a, R: Read + Seek>(&self, reader: &'a mut R, len: u64) -> io::Result<(Take<&'a mut R>, Codec)> {
        if self.flags & ENCRYPTED != 0 {
            let cause = "the entry is encrypted";
            return Err(Fault::new(self.start, cause, "unpack it with its password and ingest what is inside").into());
        }
        let codec = match self.method {
            0 => Codec::Stored,
            8 => Codec::deflate(),
            93 => Codec::zstd()?,
            method => {
                let cause = format!("the entry is packed with method {method}; 0, 8 (deflate) and 93 (zstd) are read");
                return Err(Fault::new(self.start, cause, "unpack the archive and ingest the folder").into());
            }
        };
        let damaged = Fault::new(self.start, "the entry is not where the directory of the zip says", REMEDY);
        reader.seek(SeekFrom::Start(self.start))?;
        let mut head = [0; LOCAL_LEN];
        read_exact(reader, &mut head, &damaged)?;
        let skipped = u64::from(short(&head, 26)) + u64::from(short(&head, 28));
        let data = self.start.saturating_add(LOCAL_LEN as u64 + skipped);
        if !head.starts_with(&LOCAL) || data.saturating_add(self.packed) > len {
            return Err(damaged.into());
        }
        reader.seek(SeekFrom::Start(data))?;
        Ok((reader.take(self.packed), codec))
    }
}

/// Number of entries, size, start and own position of the record that an archive with large fields has besides.
fn end_64<R: Read + Seek>(reader: &mut R, end: u64) -> io::Result<Option<(u64, u64, u64, u64)>> {
    let Some(at) = end.checked_sub(LOCATOR_LEN as u64) else { return Ok(None) };
    let mut locator = [0; LOCATOR_LEN];
    reader.seek(SeekFrom::Start(at))?;
    reader.read_exact(&mut locator)?;
    if !locator.starts_with(&LOCATOR) {
        return Ok(None);
    }
    let Some(position) = quad(&locator, 8).filter(|position| *position < at) else { return Ok(None) };
    let mut record = [0; END_64_LEN];
    reader.seek(SeekFrom::Start(position))?;
    reader.read_exact(&mut record)?;
    let fields = [32, 40, 48].map(|at| quad(&record, at));
    let [Some(n), Some(size), Some(start)] = fields else { return Ok(None) };
    Ok(record.starts_with(&END_64).then_some((n, size, start, position)))
}

fn read_exact(reader: &mut impl Read, out: &mut [u8], damaged: &Fault) -> io::Result<()> {
    reader.read_exact(out).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => damaged.clone().into(),
        _ => error,
    })
}

fn field<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..at + N)?.try_into().ok()
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    field(bytes, at).map(u16::from_le_bytes)
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    field(bytes, at).map(u32::from_le_bytes)
}

fn quad(bytes: &[u8], at: usize) -> Option<u64> {
    field(bytes, at).map(u64::from_le_bytes)
}

/// A field of a record that was read whole.
fn short(bytes: &[u8], at: usize) -> u16 {
    word(bytes, at).unwrap_or(0)
}

fn wide(bytes: &[u8], at: usize) -> u32 {
    long(bytes, at).unwrap_or(0)
}
