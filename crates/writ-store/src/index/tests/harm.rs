//! Harm: of a part that was altered or cut, an answer is right or an error.

use super::world::{self, World, term};
use super::{Folder, OWNER};
use crate::bytes::index;
use crate::index::Index;
use crate::index::block::{CRC, Extent};
use crate::index::header::{HEADER, Header};
use crate::index::merge::merge;
use crate::index::part::Part;
use crate::index::tail::Tail;
use crate::index::terms::{self, Entry, Terms};
use crate::sim::{SimDisk, SimStorage};
use crate::storage::Storage;
use crate::{Error, Kind, Order, Position, Query};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use writ_model::time::Time;

/// Keeps the layout of version 3: what it says is specified in `docs/spec/index-v3.md`.
const PART_V3: &[u8] = include_bytes!("../../../testdata/index-v3.part");

#[test]
fn parts_of_version_3_are_read_and_written_for_ever() {
    let mut world = World::new(21);
    world.grow(140);
    if crate::golden::is_blessing() {
        crate::testing::set(&crate::golden::testdata().join("index-v3.part"), &image(&world));
    }
    let index = open(PART_V3.to_vec()).unwrap();
    super::check(&index, &mut world, 20, "version 3");
    let written = image(&world);
    let differs = written.iter().zip(PART_V3).position(|(one, other)| one != other);
    assert_eq!((differs, written.len()), (None, PART_V3.len()), "another layout needs another version and fixture");
}

/// A part of so many rows as bytes.
fn image(world: &World) -> Vec<u8> {
    let mut folder = Folder::new();
    folder.push(world, 0, world.rows.len());
    folder.seal();
    std::fs::read(folder.path(0, folder.parts[0].facts().next)).unwrap()
}

fn open(image: Vec<u8>) -> Result<Index, Error> {
    let part = Part::open_on(Box::new(SimDisk::new(image)), Path::new("harmed.part"), &OWNER)?;
    Index::new(&[Arc::new(part)], &Tail::default())
}

/// One answer, or the error instead of it, as text.
type Answer = Result<String, Error>;

/// Asks what reads every section of a part.
fn ask(index: &Index, world: &World) -> Vec<Answer> {
    let text = |answer: Result<Vec<crate::Posting>, Error>| answer.map(|found| format!("{found:?}"));
    let mut answers = Vec::new();
    let all = Query::new(Time::MAX, usize::MAX);
    answers.push(text(index.all(&all)));
    let window = Query { order: Order::NewestFirst, ..Query::new(Time::MAX, 5) };
    for word in [0, 1, 7, 9999, 100 + world.rows.len() as u64] {
        answers.push(text(index.lookup(term(word), &window.within(Time::new(10, 0), Time::new(30, 0)))));
        answers.push(index.count(term(word)).map(|count| count.to_string()));
    }
    for stored in world.rows.iter().step_by(world.rows.len() / 20) {
        answers.push(index.posting(Position(stored.position)).map(|posting| format!("{posting:?}")));
        answers.push(text(index.copies(stored.row.id)));
        for word in &stored.words {
            answers.push(index.count(term(*word)).map(|count| count.to_string()));
        }
    }
    answers.push(text(index.by_id_prefix("#ee", 9)));
    answers.push(index.recorders(Time::MAX).map(|spans| format!("{spans:?}")));
    answers.push(index.recorders(Time::new(20, 0)).map(|spans| format!("{spans:?}")));
    let name = world::recorder_name(1);
    let window = index.window(term(world::RECORDER + 1), (&name.0, &name.1), (Time::MIN, Time::MAX), Time::MAX);
    answers.push(window.and_then(Iterator::collect::<Result<Vec<_>, _>>).map(|found| format!("{found:?}")));
    answers
}

fn assert_harmless(image: &[u8], world: &World, at: usize, whole: &[Answer]) -> bool {
    let mut altered = image.to_vec();
    altered[at] ^= 1 << (at % 8);
    let index = match open(altered) {
        Ok(index) => index,
        Err(error) => {
            assert!(at < crate::index::header::HEADER && error.kind() == Kind::Corrupt, "byte {at}: {error}");
            return true;
        }
    };
    let mut has_failed = false;
    for (found, expected) in ask(&index, world).into_iter().zip(whole) {
        match found {
            Ok(found) => assert_eq!(&found, expected.as_ref().unwrap(), "byte {at}"),
            Err(error) => {
                assert_eq!(error.kind(), Kind::Corrupt, "byte {at}: {error}");
                let message = error.message();
                assert!(message.contains("`harmed.part`") && message.contains("at byte"), "byte {at}: {error}");
                has_failed = true;
            }
        }
    }
    has_failed
}

#[test]
fn no_altered_byte_makes_another_answer() {
    let mut world = World::new(11);
    world.grow(90);
    let image = image(&world);
    let whole = ask(&open(image.clone()).unwrap(), &world);
    let noticed = (0..image.len()).filter(|at| assert_harmless(&image, &world, *at, &whole)).count();
    // Blocks of terms that are not asked for are not read.
    assert!(noticed * 10 > image.len() * 9, "{noticed} of {} bytes were noticed", image.len());
}

#[test]
fn no_altered_byte_of_a_long_list_makes_another_answer() {
    let mut world = World::new(12);
    world.grow(2500);
    let image = image(&world);
    let whole = ask(&open(image.clone()).unwrap(), &world);
    (0..image.len()).step_by(997).for_each(|at| {
        assert_harmless(&image, &world, at, &whole);
    });
}

#[test]
fn a_section_that_ends_outside_of_the_file_takes_no_memory() {
    let mut world = World::new(14);
    world.grow(30);
    let image = image(&world);
    let whole: &[u8; HEADER] = image.first_chunk().unwrap();
    let header = Header::decode(whole, &OWNER).unwrap();
    for len in [image.len() as u64, 1 << 40, u64::MAX - 3, u64::MAX] {
        let mut altered = header;
        altered.sections.filter.len = len;
        let mut image = image.clone();
        image[..HEADER].copy_from_slice(&altered.encode());
        let error = open(image).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt, "{len}: {error}");
        assert!(error.message().contains("a section has not the length"), "{len}: {error}");
    }
}

/// Makes the checksum of a block right again.
fn recheck(image: &mut [u8], extent: Extent) {
    let (from, to) = (index(extent.offset), index(extent.end()) - CRC);
    let crc = crc32c::crc32c_append(crc32c::crc32c(&extent.offset.to_le_bytes()), &image[from..to]);
    image[to..to + CRC].copy_from_slice(&crc.to_le_bytes());
}

#[test]
fn a_merge_refuses_terms_in_anothers_bucket_and_postings_of_no_row() {
    let mut world = World::new(15);
    world.grow(300);
    let image = image(&world);
    let header = Header::decode(image.first_chunk().unwrap(), &OWNER).unwrap();
    let Extent { offset, .. } = header.sections.directory;
    let entry = |bucket: usize| index(offset) + 8 * bucket..index(offset) + 8 * (bucket + 1);
    assert!(header.n_buckets > 1 && !header.facts.n_rows.is_power_of_two());

    let mut swapped = image.clone();
    let (one, other) = (entry(0), entry(1));
    swapped[one.clone()].copy_from_slice(&image[other.clone()]);
    swapped[other].copy_from_slice(&image[one]);
    recheck(&mut swapped, header.sections.directory);

    let mut beyond = image.clone();
    let at = Extent::unpack(u64::from_le_bytes(image[entry(0)].try_into().unwrap()));
    let width = header.facts.rank_width();
    let body = &image[index(at.offset)..index(at.end()) - CRC];
    let mut terms = Terms::new(body, width).unwrap().all().unwrap();
    let of_one = terms.iter_mut().find_map(|(_, entry)| if let Entry::One(rank) = entry { Some(rank) } else { None });
    *of_one.unwrap() = (1 << width) - 1;
    beyond[index(at.offset)..index(at.end()) - CRC].copy_from_slice(&terms::encode(&terms, width));
    recheck(&mut beyond, at);

    let merged = |image: Vec<u8>| {
        let part = Part::open_on(Box::new(SimDisk::new(image)), Path::new("harmed.part"), &OWNER).unwrap();
        let storage: Arc<dyn Storage> = Arc::new(SimStorage::new());
        merge(&storage, &[Arc::new(part)], Path::new("merged.part"), &OWNER, &AtomicBool::new(false))
    };
    assert!(merged(image).unwrap().is_some());
    for (image, cause) in [(swapped, "not of this layout"), (beyond, "a row that is not there")] {
        let error = merged(image).unwrap_err();
        let message = error.message();
        assert!(
            error.kind() == Kind::Corrupt && message.contains("`harmed.part`") && message.contains(cause),
            "{error}"
        );
    }
}

#[test]
fn a_part_that_was_cut_or_grew_is_not_opened() {
    let mut world = World::new(13);
    world.grow(30);
    let image = image(&world);
    for len in 0..image.len() {
        let error = open(image[..len].to_vec()).unwrap_err();
        assert_eq!(error.kind(), Kind::Corrupt, "{len} bytes");
        assert!(error.message().contains("writ rebuild"), "{error}");
    }
    assert_eq!(open([image, vec![0]].concat()).unwrap_err().kind(), Kind::Corrupt);
}
