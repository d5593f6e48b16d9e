//! Reads: how many blocks a look-up reads, whatever a term or a part holds.

use super::OWNER;
use super::world::{id, mix, recorder_name, term};
use crate::file::File;
use crate::index::Index;
use crate::index::batch::Batch;
use crate::index::part::Part;
use crate::index::row::Row;
use crate::index::run::Run;
use crate::index::tail::Tail;
use crate::index::write::write;
use crate::sim::SimDisk;
use crate::{Position, Query, Term};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use writ_model::time::Time;
use writ_tlog::hash::Hash;

/// What was asked of files: `r` for each read, `t` where one was told of a read to come.
type Trail = Arc<Mutex<String>>;

fn reads_of(trail: &Trail) -> usize {
    trail.lock().unwrap().matches('r').count()
}

/// A file that keeps a trail.
#[derive(Clone, Debug)]
struct Counted {
    disk: SimDisk,
    trail: Trail,
}

impl File for Counted {
    fn size(&self) -> io::Result<u64> {
        self.disk.size()
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        self.trail.lock().unwrap().push('r');
        self.disk.read_at(buffer, offset)
    }

    fn will_read(&self, _: u64, _: u64) {
        self.trail.lock().unwrap().push('t');
    }

    fn write_at(&self, _: &[u8], _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn set_size(&self, _: u64) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn sync(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

const N: u64 = 20_000;

fn at(s: u64) -> Time {
    Time::new(i64::try_from(s).unwrap(), 0)
}

/// An index of two parts: one record a second, all of one hot term, received when they happened.
fn index() -> (Index, Trail) {
    let trail = Trail::default();
    let dir = crate::testing::temp();
    let part = |first: u64| {
        let mut batch = Batch::new(first);
        for n in first..first + N {
            let row = Row { time: Some(at(n)), received: at(n), id: id(n), copy: 4, ..Row::EMPTY };
            batch.push(row, term(1), || recorder_name(1), &[term(0), Term(mix(n) ^ 1)]);
        }
        let path = dir.path().join(format!("{first}.part"));
        write(&super::os(), &path, &OWNER, &Run::sort(batch), Hash::EMPTY_ROOT).unwrap();
        let file = Counted { disk: SimDisk::new(std::fs::read(&path).unwrap()), trail: Arc::clone(&trail) };
        Arc::new(Part::open_on(Box::new(file), Path::new("counted.part"), &OWNER).unwrap())
    };
    let parts = [part(0), part(N)];
    assert_eq!(*trail.lock().unwrap(), "rr", "one header each");
    (Index::new(&parts, &Tail::default()).unwrap(), trail)
}

#[test]
fn a_page_of_a_hot_term_reads_a_few_blocks() {
    let (index, trail) = index();
    let page = Query::new(Time::MAX, 64);
    let cursor = index.posting(Position(12_345)).unwrap().unwrap().cursor();
    // Fences, directory and filter of each part are read once.
    for query in [page, page.newest_first()] {
        index.all(&query).unwrap();
        index.count(term(0)).unwrap();
    }
    let mut last = reads_of(&trail);
    let mut cost = |name: &str, n_found: usize, n_reads: usize, found: Vec<crate::Posting>| {
        let now = reads_of(&trail);
        assert_eq!(found.len(), n_found, "{name}");
        assert!(now - last <= n_reads, "{name}: {} reads instead of {n_reads}", now - last);
        last = now;
    };
    let hot = term(0);
    cost("oldest", 64, 5, index.lookup(hot, &page).unwrap());
    cost("newest", 64, 5, index.lookup(hot, &page.newest_first()).unwrap());
    cost("a window", 64, 7, index.lookup(hot, &page.within(at(9000), at(12_000))).unwrap());
    cost("a window over both", 11, 13, index.lookup(hot, &page.within(at(N - 5), at(N + 5))).unwrap());
    cost("a window of nothing", 0, 0, index.lookup(hot, &page.within(at(2 * N), at(2 * N + 5))).unwrap());
    cost("behind a cursor", 64, 7, index.lookup(hot, &page.after(cursor)).unwrap());
    cost("before a cursor", 64, 7, index.lookup(hot, &page.after(cursor).newest_first()).unwrap());
    cost("all", 64, 2, index.all(&page).unwrap());
    // The second part was received later, and the first from a moment on.
    let early = Query::new(at(10_000), 64).newest_first();
    cost("newest of what was received early", 64, 15, index.lookup(hot, &early).unwrap());
    let unseen = Query::new(at(0), 64).within(at(N), at(2 * N));
    cost("nothing that was received", 0, 0, index.lookup(hot, &unseen).unwrap());
    cost("a rare term", 1, 4, index.lookup(Term(mix(77) ^ 1), &page).unwrap());
    cost("an id", 1, 40, index.by_id_prefix(&id(77).to_string(), 9).unwrap());
}

#[test]
fn every_part_is_told_before_one_is_waited_for() {
    let (index, trail) = index();
    let look = |term| {
        trail.lock().unwrap().clear();
        let found = index.lookup(term, &Query::new(Time::MAX, 9)).unwrap();
        (found.len(), trail.lock().unwrap().clone())
    };
    let absent = Term(mix(3 * N) ^ 1);
    assert_eq!(look(absent), (0, "ttrr".to_owned()), "a block of the filter of each part");
    assert_eq!(look(absent), (0, String::new()));
}

#[test]
fn an_index_is_shared_between_threads() {
    let (index, _) = index();
    let page = Query::new(Time::MAX, 9);
    std::thread::scope(|scope| {
        let look = || scope.spawn(|| index.lookup(term(0), &page).unwrap().len());
        let threads: Vec<_> = (0..4).map(|_| look()).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 9);
        }
    });
}
