//! Packed files of every kind, whole and damaged, opened.

use super::*;
use std::io::Write as _;
use std::path::Path;

/// What [`open`] came upon, in order.
#[derive(Debug, Default, PartialEq)]
struct Opened {
    /// Name, bytes before the end or first error, and that error as a problem.
    inputs: Vec<(String, Vec<u8>, Option<Problem>)>,
    problems: Vec<Problem>,
    notes: Vec<Note>,
}

impl Opened {
    fn names(&self) -> Vec<&str> {
        self.inputs.iter().map(|input| &*input.0).collect()
    }

    /// The bytes of the only input, and its fault.
    fn only(&self) -> (&[u8], Option<&Problem>) {
        assert_eq!((self.inputs.len(), self.problems.len()), (1, 0), "{:?} {:?}", self.names(), self.problems);
        (&self.inputs[0].1, self.inputs[0].2.as_ref())
    }
}

fn opened_as(file: &InputFile, stdin: &mut dyn Read) -> (Opened, Handed) {
    let mut opened = Opened::default();
    let (handed, flow) = open(file, stdin, &AtomicU64::new(0), &mut |found| {
        match found {
            Found::Problem(problem) => opened.problems.push(problem),
            Found::Note(note) => opened.notes.push(note),
            Found::Input { name, reader } => {
                let mut bytes = Vec::new();
                let fault = reader.read_to_end(&mut bytes).err().map(|error| Problem::of(name, &error));
                opened.inputs.push((name.to_owned(), bytes, fault));
            }
        }
        ControlFlow::Continue(())
    });
    assert!(flow.is_continue());
    (opened, handed)
}

fn write(path: &Path, bytes: &[u8]) {
    File::create(path).unwrap().write_all(bytes).unwrap();
}

/// Opens a file called `f` with these bytes.
fn opened_with(bytes: &[u8]) -> (Opened, Handed) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("f");
    write(&path, bytes);
    let file = InputFile { name: "f".to_owned(), place: Place::File(path) };
    let (opened, handed) = opened_as(&file, &mut io::empty());
    assert_eq!(handed, Handed { name: "f".to_owned(), bytes: bytes.len() as u64, sha256: sha256(bytes), whole: true });
    (opened, handed)
}

fn opened(bytes: &[u8]) -> Opened {
    opened_with(bytes).0
}

fn opened_stdin(bytes: &[u8]) -> (Opened, Handed) {
    let file = InputFile { name: "-".to_owned(), place: Place::Stdin };
    opened_as(&file, &mut &*bytes)
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn gz(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::GzBuilder::new()
        .filename("inner.json")
        .comment("a comment")
        .extra([7; 300])
        .write(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zst(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ::zstd::Encoder::new(Vec::new(), 3).unwrap();
    encoder.include_checksum(true).unwrap();
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        let method =
            if bytes.len() % 2 == 0 { ::zip::CompressionMethod::Deflated } else { ::zip::CompressionMethod::Stored };
        writer.start_file(*name, ::zip::write::SimpleFileOptions::default().compression_method(method)).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// Text that does not pack to nothing.
fn lines(n: u32) -> Vec<u8> {
    let mut seed = 11_u64;
    (0..n)
        .flat_map(|i| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            format!("{{\"n\":{i},\"id\":\"{seed:016x}\"}}\n").into_bytes()
        })
        .collect()
}

#[test]
fn plain_files_and_streams_come_as_they_are() {
    let text = lines(20_000);
    assert_eq!(opened(&text).only(), (&text[..], None));
    assert_eq!(opened(b"").only(), (&b""[..], None));
    let (opened, handed) = opened_stdin(&text);
    assert_eq!((opened.only(), opened.names()), ((&text[..], None), vec!["-"]));
    assert_eq!(handed, Handed { name: "-".to_owned(), bytes: text.len() as u64, sha256: sha256(&text), whole: true });
    // Near misses of a signature.
    for near in [&b"\x1f\x8b"[..], b"PK", b"PK\x03", b"BZh9 is a word", b"(\xb5/", b"PK\x01\x02x"] {
        assert_eq!(super::tests::opened(near).only(), (near, None));
    }
}

#[test]
fn gzip_and_zstd_are_told_by_their_bytes_in_members_and_frames() {
    let text = lines(20_000);
    for packed in [gz(&text), zst(&text)] {
        assert_eq!(opened(&packed).only(), (&text[..], None));
        assert_eq!(opened_stdin(&packed).0.only(), (&text[..], None));
    }
    let (one, two) = text.split_at(1000);
    assert_eq!(opened(&[gz(one), gz(b""), gz(two)].concat()).only(), (&text[..], None));
    assert_eq!(opened(&[zst(one), zst(b""), zst(two)].concat()).only(), (&text[..], None));
    // Zeros behind gzip data are padding; a zstd frame that is to be skipped may come first.
    assert_eq!(opened(&[gz(&text), vec![0; 100_000]].concat()).only(), (&text[..], None));
    let skipped = [&[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3][..], &zst(&text)].concat();
    assert_eq!(opened(&skipped).only(), (&text[..], None));
    assert_eq!(opened(&gz(b"")).only(), (&b""[..], None));
}

#[test]
fn layers_nest_up_to_a_bound_that_is_told() {
    let text = lines(100);
    let nested = gz(&zst(&gz(&zst(&text))));
    assert_eq!(opened(&nested).only(), (&text[..], None));
    let found = opened(&zst(&nested));
    assert!(found.inputs.is_empty());
    assert_eq!(found.problems[0].cause, "zstd data inside 4 other layers");
    // A zip of gzip files, of a zip, and of a gzip file that holds a zip.
    let inner = zip(&[("b.json", &text)]);
    let outer =
        zip(&[("trail/x.json.gz", &gz(&text)), ("inner.zip", &inner), ("deep.gz", &gz(&inner)), ("plain", b"{}")]);
    for (found, name) in [(opened(&outer), "f"), (opened_stdin(&outer).0, "-"), (opened(&gz(&outer)), "f")] {
        let expected = ["trail/x.json.gz", "inner.zip!b.json", "deep.gz!b.json", "plain"];
        assert_eq!(found.names(), expected.map(|inner| format!("{name}!{inner}")));
        assert_eq!(found.problems, []);
        assert!(found.inputs[..3].iter().all(|input| input.1 == text && input.2.is_none()));
        assert_eq!(found.inputs[3].1, b"{}");
    }
}

#[test]
fn what_was_cut_off_gives_every_byte_before_the_cut_and_then_the_fault() {
    let text = lines(40_000);
    for (packed, format) in [(gz(&text), "gzip"), (zst(&text), "zstd")] {
        for cut in [packed.len() / 3, packed.len() - 9, packed.len() - 1] {
            let found = opened(&packed[..cut]);
            let (bytes, fault) = found.only();
            assert!(text.starts_with(bytes));
            // At most the block that was cut is missing.
            assert!(bytes.len() + 300_000 > text.len() * cut / packed.len(), "{} of {}", bytes.len(), text.len());
            let fault = fault.unwrap();
            assert_eq!(fault.cause, format!("layer 1: {format} data ends too early: it was cut off"));
            assert_eq!(fault.byte, Some(cut as u64));
            assert_eq!((&*fault.name, &*fault.remedy), ("f", "get the file again from its source"));
        }
        // Only the checksum is missing: the text is whole.
        assert_eq!(opened(&packed[..packed.len() - 1]).inputs[0].1, text);
    }
    // In the header.
    let found = opened(&gz(&text)[..200]);
    assert_eq!((found.only().0, found.only().1.unwrap().byte), (&b""[..], Some(200)));
    // The fault of an outer layer passes through the inner one.
    let inner = gz(&text);
    let outer = zst(&inner);
    let found = opened(&outer[..outer.len() / 2]);
    let (bytes, fault) = found.only();
    assert!(text.starts_with(bytes) && !bytes.is_empty());
    assert_eq!(fault.unwrap().cause, "layer 1: zstd data ends too early: it was cut off");
}

#[test]
fn damage_is_told_behind_what_came_before_it() {
    let text = lines(40_000);
    let cases = [
        (gz(&text), "layer 1: gzip data is damaged: its checksum differs"),
        (zst(&text), "layer 1: zstd data is damaged: "),
    ];
    for (packed, cause) in cases {
        // The last byte is part of a checksum or of a length.
        let mut damaged = packed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        let found = opened(&damaged);
        let (bytes, fault) = found.only();
        assert_eq!(bytes.len(), text.len());
        assert!(fault.unwrap().cause.starts_with(cause), "{fault:?}");
        let mut damaged = packed.clone();
        // The checksum of gzip stands before the length.
        let checksum = damaged.len() - 8;
        damaged[checksum..].iter_mut().take(4).for_each(|byte| *byte ^= 0x10);
        assert!(opened(&damaged).only().1.unwrap().cause.starts_with(cause));
        // Something else behind: told, nothing is lost.
        let found = opened(&[packed, b"trailing".to_vec()].concat());
        assert_eq!(found.only().0.len(), text.len());
        assert!(found.only().1.unwrap().cause.ends_with("is followed by something else, which was not read"));
    }
    // A block type that does not exist, behind 900 KB.
    let mut damaged = gz(&text);
    let middle = damaged.len() / 2;
    damaged[middle..middle + 40].fill(0xff);
    let found = opened(&damaged);
    let (bytes, fault) = found.only();
    assert!(bytes.len() > text.len() / 3);
    assert!(text.starts_with(&bytes[..text.len() / 3]));
    assert!(fault.unwrap().cause.starts_with("layer 1: gzip data is damaged"), "{fault:?}");
    let second = [gz(&text), vec![0x1f, 0x8b, 9, 0, 0, 0, 0, 0, 0, 0]].concat();
    assert_eq!(
        opened(&second).only().1.unwrap().cause,
        "layer 1: gzip data is damaged: a member begins with no gzip header"
    );
}

#[test]
fn bombs_stop_at_the_ratio_and_name_their_layer() {
    let zeros = vec![0; 64 << 20];
    let flat = zst(&zeros);
    let found = opened(&flat);
    let (bytes, fault) = found.only();
    assert!(bytes.len() < 8 << 20, "{}", bytes.len());
    let cause = |layer, format| {
        format!("layer {layer}: {format} data unpacks to more than 1100 times its size, which logs never do")
    };
    assert_eq!(fault.unwrap().cause, cause(1, "zstd"));
    // One layer of gzip cannot exceed the ratio, however well its content packs: an honest file.
    let once = gz(&zeros);
    assert_eq!(opened(&once).only(), (&zeros[..], None));
    // Two can, and each of them alone does not.
    let twice = gz(&once);
    let found = opened(&twice);
    let (bytes, fault) = found.only();
    assert!(bytes.len() <= twice.len() * 1100 + (1 << 20), "{}", bytes.len());
    assert_eq!(fault.unwrap().cause, cause(2, "gzip"));
    // A bomb in an archive does not cost its siblings.
    let found = opened(&zip(&[("a", b"{}"), ("bomb", &flat), ("c", &lines(2_000))]));
    assert_eq!(found.names(), ["f!a", "f!bomb", "f!c"]);
    assert_eq!(found.inputs[1].2.as_ref().unwrap().cause, cause(2, "zstd"));
    assert_eq!((&found.inputs[2].1, &found.inputs[2].2), (&lines(2_000), &None));
    // Little may pack as well as it likes.
    assert_eq!(opened(&zst(&zeros[..1 << 20])).only().0.len(), 1 << 20);
}

#[test]
fn entries_that_share_their_bytes_stop_at_the_ratio_of_the_archive() {
    // Two thousand directory entries that all name the same 1 MiB of packed zeros.
    let archive = zip(&[("z", &vec![0; 1 << 20])]);
    let end = archive.len() - 22;
    let start = usize::try_from(u32::from_le_bytes(archive[end + 16..end + 20].try_into().unwrap())).unwrap();
    let record = &archive[start..end];
    let mut bomb = archive[..start].to_vec();
    (0..2000).for_each(|_| bomb.extend_from_slice(record));
    let size = u32::try_from(record.len() * 2000).unwrap();
    let mut last = archive[end..].to_vec();
    last[8..12].copy_from_slice(&[0xd0, 7, 0xd0, 7]);
    last[12..16].copy_from_slice(&size.to_le_bytes());
    bomb.extend_from_slice(&last);
    let found = opened(&bomb);
    let total: usize = found.inputs.iter().map(|input| input.1.len()).sum();
    assert!(total <= bomb.len() * 1100 + (1 << 20) && found.inputs.len() < 2000, "{total}");
    let told = found
        .problems
        .last()
        .map_or_else(|| found.inputs.last().unwrap().2.clone().unwrap().cause, |p| p.cause.clone());
    assert!(told.contains("unpack"), "{told}");
}

#[test]
fn what_a_zip_leaves_unsaid_is_told() {
    // Bytes under the name of a folder; an empty folder is nothing.
    let found = opened(&zip(&[("a/", b"{\"n\":1}"), ("b/", b""), ("c", b"{}")]));
    assert_eq!(found.names(), ["f!a/", "f!c"]);
    // An end record that counts other than the directory does.
    let archive = zip(&[("one", b"{}"), ("two", b"{}")]);
    for (said, n_problems) in [(2, 0), (3, 1), (1, 1)] {
        let mut changed = archive.clone();
        let end = changed.len() - 22;
        changed[end + 10] = said;
        let found = opened(&changed);
        assert_eq!((found.names(), found.problems.len()), (vec!["f!one", "f!two"], n_problems));
        let cause = format!("the end of the zip says {said} entries, and its directory has 2");
        assert!(found.problems.iter().all(|problem| problem.cause == cause), "{:?}", found.problems);
    }
}

#[test]
fn what_a_zip_holds_beside_what_its_directory_lists_is_told() {
    let archive = zip(&[("one", &lines(2)), ("two/", &lines(2)), ("three", &lines(3))]);
    assert_eq!(opened(&archive).notes, []);
    let at = |name: &[u8]| archive.windows(name.len()).rposition(|found| found == name).unwrap() - 46;
    // A folder of no bytes, which has some.
    let mut changed = archive.clone();
    changed[at(b"two/") + 24..][..4].fill(0);
    assert_eq!(opened(&changed).names(), ["f!one", "f!two/", "f!three"]);
    changed[at(b"two/") + 20..][..4].fill(0);
    let found = opened(&changed);
    assert_eq!(found.names(), ["f!one", "f!three"]);
    let note = &found.notes[0];
    assert!(note.unread && note.text.contains("bytes that belong to no entry"), "{note:?}");
    // An entry that was taken out of the directory.
    let end = archive.len() - 22;
    let (from, to) = (at(b"two/"), at(b"three"));
    let mut changed = [&archive[..from], &archive[to..]].concat();
    let end = end - (to - from);
    (changed[end + 8], changed[end + 10]) = (2, 2);
    let size = u32::from_le_bytes(changed[end + 12..][..4].try_into().unwrap());
    changed[end + 12..][..4].copy_from_slice(&(size - u32::try_from(to - from).unwrap()).to_le_bytes());
    let found = opened(&changed);
    assert_eq!((found.names(), found.notes.len(), found.problems.len()), (vec!["f!one", "f!three"], 1, 0));
}

#[test]
fn a_bad_entry_costs_only_itself() {
    let text = lines(3000);
    let archive = zip(&[("one", &text), ("two", &text), ("three", &text)]);
    let found = opened(&archive);
    assert_eq!((found.names(), found.problems.len()), (vec!["f!one", "f!two", "f!three"], 0));
    let second = archive.windows(3).position(|three| three == b"two").unwrap();
    // Its data, its local header, and what its directory entry says of it.
    let mut damaged = archive.clone();
    damaged[second + 1000] ^= 0x55;
    let found = opened(&damaged);
    assert_eq!(found.names(), ["f!one", "f!two", "f!three"]);
    let fault = found.inputs[1].2.as_ref().unwrap();
    assert!(fault.cause.starts_with("layer 1: deflate data "), "{fault:?}");
    assert!(fault.byte.is_some() && fault.name == "f!two");
    assert!([0, 2].iter().all(|n| found.inputs[*n].1 == text && found.inputs[*n].2.is_none()));
    let mut damaged = archive.clone();
    damaged[second - 30] = b'Q';
    let found = opened(&damaged);
    assert_eq!(found.names(), ["f!one", "f!three"]);
    assert_eq!(found.problems[0].name, "f!two");
    assert_eq!(found.problems[0].cause, "the entry is not where the directory of the zip says");
    let listed = archive.windows(3).rposition(|three| three == b"two").unwrap();
    for (offset, value, cause) in [
        (8, 1, "the entry is encrypted"),
        (10, 12, "the entry is packed with method 12; 0, 8 (deflate) and 93 (zstd) are read"),
    ] {
        let mut marked = archive.clone();
        marked[listed - 46 + offset] = value;
        let found = opened(&marked);
        assert_eq!((found.names(), &*found.problems[0].cause), (vec!["f!one", "f!three"], cause));
    }
    // Lengths and checksums are held against what came out.
    for (offset, cause) in
        [(16, "layer 1: deflate data is damaged: its checksum differs"), (24, "layer 1: deflate data unpacks to ")]
    {
        let mut wrong = archive.clone();
        wrong[listed - 46 + offset] ^= 1;
        let found = opened(&wrong);
        assert_eq!(found.inputs[1].1, text);
        assert!(found.inputs[1].2.as_ref().unwrap().cause.starts_with(cause));
    }
    // A directory entry that is none ends the archive; what was before is kept.
    let mut broken = archive.clone();
    broken[listed - 46] = b'Q';
    let found = opened(&broken);
    assert_eq!((found.names(), &*found.problems[0].cause), (vec!["f!one"], "the directory of the zip is damaged"));
}

#[test]
fn archives_without_a_directory_or_with_a_false_one_are_refused() {
    let archive = zip(&[("one", &lines(100)), ("two", b"{}")]);
    for cut in [archive.len() - 1, archive.len() / 2, 4] {
        let found = opened(&archive[..cut]);
        assert!(found.inputs.is_empty());
        assert_eq!(found.problems[0].cause, "the directory at the end of the zip is missing: it was cut off");
        assert_eq!(found.problems[0].byte, Some(cut as u64));
    }
    // An empty archive, one with a comment that looks like an end, and one with bytes behind it.
    assert_eq!(opened(&zip(&[])), Opened::default());
    let mut commented = archive.clone();
    let end = commented.len() - 2;
    commented[end..].copy_from_slice(&30_u16.to_le_bytes());
    commented.extend_from_slice(b"PK\x05\x06 what looks like an end ..");
    assert_eq!(opened(&commented).names(), ["f!one", "f!two"]);
    assert_eq!(opened(&[&archive[..], b"\n\n"].concat()).names(), ["f!one", "f!two"]);
    // A directory that claims to be larger than the file.
    let mut false_size = archive.clone();
    let end = archive.len() - 22;
    false_size[end + 12..end + 16].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
    assert_eq!(opened(&false_size).problems.len(), 1);
    // Every prefix and every flipped byte ends in values and problems.
    for at in 0..archive.len() {
        let mut flipped = archive.clone();
        flipped[at] ^= 0xff;
        opened(&flipped);
        opened(&archive[..at]);
    }
}

#[test]
fn zip64_fields_names_links_and_folders_are_understood() {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = ::zip::write::SimpleFileOptions::default();
    writer.start_file("large.json", options.large_file(true)).unwrap();
    writer.write_all(b"{\"a\":1}").unwrap();
    writer.add_directory("folder", options).unwrap();
    writer.add_symlink("folder/link", "/etc/passwd", options).unwrap();
    writer.start_file("folder/d\u{e9}j\u{e0}.json", options).unwrap();
    writer.write_all(b"{}").unwrap();
    writer.start_file("__MACOSX/._x.json", options).unwrap();
    writer.start_file(".git/config", options).unwrap();
    let found = opened(&writer.finish().unwrap().into_inner());
    assert_eq!(found.names(), ["f!large.json", "f!folder/d\u{e9}j\u{e0}.json"]);
    assert_eq!((&*found.inputs[0].1, &*found.inputs[1].1), (&b"{\"a\":1}"[..], &b"{}"[..]));
    let notes: Vec<(&str, &str)> = found.notes.iter().map(|note| (&*note.name, &*note.text)).collect();
    let hidden = "2 hidden entries (names that begin with a dot) were not read";
    assert_eq!(notes, [("f!folder/link", "a link inside an archive, not followed"), ("f", hidden)]);
    // More entries than 16 bits can count.
    let many: Vec<String> = (0..70_000).map(|n| format!("{n}.json")).collect();
    let mut writer = ::zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in &many {
        writer.start_file(&**name, options.compression_method(::zip::CompressionMethod::Stored)).unwrap();
    }
    let found = opened(&writer.finish().unwrap().into_inner());
    assert_eq!((found.inputs.len(), found.problems.len()), (70_000, 0));
    assert_eq!(found.inputs[69_999].0, "f!69999.json");
}

#[test]
fn zips_from_streams_share_a_bounded_memory() {
    let inner = zip(&[("a", &lines(40))]);
    let outer = zip(&[("one.zip", &inner), ("two.zip", &inner), ("three.json", b"{}")]);
    let len = inner.len() as u64;
    for (spool, inputs, problems) in [(len, 3, 0), (len - 1, 1, 2)] {
        let budget = Budget::default();
        budget.paid.set(outer.len() as u64);
        let unpacking = Unpacking { budget: &budget, spool: Cell::new(spool) };
        let (mut n_inputs, mut causes) = (0, Vec::new());
        let flow = unpacking.zip("f", &mut Cursor::new(&outer), outer.len() as u64, 1, None, &mut |found| {
            match found {
                Found::Input { reader, .. } => n_inputs += u32::from(reader.read_to_end(&mut Vec::new()).is_ok()),
                Found::Problem(problem) => causes.push(problem),
                Found::Note(_) => {}
            }
            ControlFlow::Continue(())
        });
        assert!(flow.is_continue());
        assert_eq!((n_inputs, causes.len()), (inputs, problems), "{causes:?}");
        for problem in causes {
            let cause = format!("a zip from a stream is kept whole, and this one is longer than {spool} bytes");
            assert_eq!((problem.cause, &*problem.remedy), (cause, "write it to a file and ingest that"));
        }
    }
}

#[test]
fn two_entries_of_one_name_are_both_read() {
    let archive = zip(&[("aa", b"{\"n\":1}"), ("ab", b"{\"n\":2}")]);
    let mut same = archive.clone();
    for at in 0..same.len() - 1 {
        if &archive[at..at + 2] == b"ab" {
            same[at + 1] = b'a';
        }
    }
    let found = opened(&same);
    assert_eq!(found.names(), ["f!aa", "f!aa"]);
    assert_ne!(found.inputs[0].1, found.inputs[1].1);
}

#[test]
fn formats_that_are_not_opened_say_how_to_open_them() {
    let mut tar = vec![0; 1024];
    tar[257..262].copy_from_slice(b"ustar");
    for (bytes, format, tool) in [
        (&b"BZh91AY&SY......"[..], "bzip2", "bzip2 -d"),
        (b"\xfd7zXZ\0....", "xz", "xz -d"),
        (b"7z\xbc\xaf\x27\x1c....", "7-Zip", "7z x"),
        (&tar, "tar", "tar -x"),
        (&gz(&tar), "tar", "tar -x"),
    ] {
        let found = opened(bytes);
        assert!(found.inputs.is_empty());
        assert_eq!(found.problems[0].cause, format!("{format} data, which is not opened here"));
        assert!(found.problems[0].remedy.contains(tool));
    }
}

#[test]
fn a_file_is_read_up_to_the_length_it_had_and_a_shorter_one_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    write(&path, b"{\"a\":1}\n");
    let file = InputFile { name: "log".to_owned(), place: Place::File(path.clone()) };
    let run = |change: &dyn Fn(&File)| {
        let (mut bytes, mut problems, mut notes) = (Vec::new(), Vec::new(), Vec::new());
        let (handed, _) = open(&file, &mut io::empty(), &AtomicU64::new(0), &mut |found| {
            match found {
                Found::Problem(problem) => problems.push(problem.cause),
                Found::Note(note) => notes.push(note.text),
                Found::Input { reader, .. } => {
                    change(&File::options().append(true).open(&path).unwrap());
                    reader.read_to_end(&mut bytes).unwrap();
                }
            }
            ControlFlow::Continue(())
        });
        (bytes, problems, notes, handed)
    };
    let (bytes, problems, notes, handed) = run(&|mut file| file.write_all(b"{\"b\":2}\n").unwrap());
    assert_eq!((&bytes[..], problems.len(), handed.whole), (&b"{\"a\":1}\n"[..], 0, true));
    assert_eq!(handed.sha256, sha256(b"{\"a\":1}\n"));
    assert_eq!(notes, ["grew from 8 to 16 bytes while it was read; what was added was not read"]);
    // What was peeked at came before the cut, so the file must be longer than that.
    write(&path, &lines(1000));
    let (bytes, problems, _, handed) = run(&|file| file.set_len(600).unwrap());
    assert_eq!((bytes.len(), handed.whole, handed.bytes), (600, false, 600));
    assert_eq!(problems.len(), 1);
    assert!(problems[0].contains("became shorter while it was read"), "{problems:?}");
}

#[test]
fn what_cannot_be_opened_is_a_problem_and_breaking_off_stops() {
    let folder = tempfile::tempdir().unwrap();
    let gone = InputFile { name: "gone".to_owned(), place: Place::File(folder.path().join("gone")) };
    let (found, handed) = opened_as(&gone, &mut io::empty());
    assert_eq!((found.inputs.len(), &*found.problems[0].name, handed.whole), (0, "gone", false));
    // A folder where a file was.
    let folder = InputFile { name: "folder".to_owned(), place: Place::File(folder.path().to_path_buf()) };
    let (found, handed) = opened_as(&folder, &mut io::empty());
    assert!(found.inputs[0].2.is_some() && !handed.whole, "{found:?}");
    // A reader that fails in the middle.
    let mut failing = lines(100).chain_error();
    let stdin = InputFile { name: "-".to_owned(), place: Place::Stdin };
    let (found, handed) = opened_as(&stdin, &mut failing);
    assert_eq!((found.inputs[0].1.len(), handed.whole), (lines(100).len(), false));
    assert_eq!(found.inputs[0].2.as_ref().unwrap().cause, "the cable was pulled");
    let archive = zip(&[("a", b"{}"), ("b", b"{}"), ("c", b"{}")]);
    let mut seen = 0;
    let (_, flow) = open(&stdin, &mut &archive[..], &AtomicU64::new(0), &mut |_| {
        seen += 1;
        if seen == 2 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    assert_eq!((seen, flow), (2, ControlFlow::Break(())));
}

/// Bytes with an error behind them.
trait ChainError {
    fn chain_error(self) -> Box<dyn Read>;
}

struct Failing;

impl Read for Failing {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::Error::other("the cable was pulled"))
    }
}

impl ChainError for Vec<u8> {
    fn chain_error(self) -> Box<dyn Read> {
        Box::new(Cursor::new(self).chain(Failing))
    }
}

#[test]
fn progress_counts_what_lies_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let text = lines(5000);
    for bytes in [text.clone(), gz(&text), zip(&[("a", &text), ("b", b"{}")])] {
        let path = folder.path().join("f");
        write(&path, &bytes);
        let file = InputFile { name: "f".to_owned(), place: Place::File(path) };
        let progress = AtomicU64::new(5);
        let (handed, _) = open(&file, &mut io::empty(), &progress, &mut |_| ControlFlow::Continue(()));
        assert_eq!(handed.bytes, bytes.len() as u64);
        assert_eq!(progress.into_inner(), 5 + bytes.len() as u64);
    }
}
