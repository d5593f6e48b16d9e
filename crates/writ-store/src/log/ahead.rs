//! Reading ahead: stretches of the log are read by as many threads as there are cores, while what they gave for those
//! before is put away, in order.

use crate::bytes::index;
use crate::error::{Error, Kind};
use crate::limit;
use std::ops::Range;
use std::thread::{self, Scope, ScopedJoinHandle};

/// Reads these positions, a chunk at a time, each in as many stretches as there are cores. What `read` gives for the
/// stretches of a chunk goes to `take`, in the order of positions, and the next chunk is read meanwhile.
pub(crate) fn in_order<L: Send>(
    positions: Range<u64>,
    chunk_records: usize,
    read: impl Fn(Range<u64>) -> Result<L, Error> + Sync,
    mut take: impl FnMut(Range<u64>, Vec<L>) -> Result<(), Error>,
) -> Result<(), Error> {
    let chunks = stretches(positions, chunk_records as u64);
    let read = &read;
    thread::scope(|scope| {
        let mut ahead = chunks.first().map(|chunk| share(scope, chunk, read));
        let taken = chunks.iter().enumerate().try_for_each(|(n, chunk)| {
            let lots = ahead.take().map_or_else(|| Ok(Vec::new()), wait)?;
            ahead = chunks.get(n + 1).map(|next| share(scope, next, read));
            take(chunk.clone(), lots)
        });
        // A panic of a thread that nobody waits for would be one of this thread, too.
        let rest = ahead.take().map_or_else(|| Ok(Vec::new()), wait);
        taken.and(rest.map(drop))
    })
}

/// What one thread gives.
type Lot<'scope, L> = ScopedJoinHandle<'scope, Result<L, Error>>;

/// Shares the positions of a chunk out to threads.
fn share<'scope, L: Send + 'scope>(
    scope: &'scope Scope<'scope, '_>,
    chunk: &Range<u64>,
    read: &'scope (impl Fn(Range<u64>) -> Result<L, Error> + Sync),
) -> Vec<Lot<'scope, L>> {
    let n_threads = thread::available_parallelism().map_or(1, usize::from).clamp(1, limit::THREADS_MAX) as u64;
    let most = (chunk.end - chunk.start).div_ceil(n_threads);
    stretches(chunk.clone(), most).into_iter().map(|stretch| scope.spawn(move || read(stretch))).collect()
}

/// What all of them give, in the order of positions.
fn wait<L>(lots: Vec<Lot<'_, L>>) -> Result<Vec<L>, Error> {
    let all: Vec<_> = lots.into_iter().map(|lot| lot.join().unwrap_or_else(|_| Err(panicked()))).collect();
    all.into_iter().collect()
}

/// Positions in stretches of at most so many.
fn stretches(positions: Range<u64>, most: u64) -> Vec<Range<u64>> {
    let Range { start, end } = positions;
    let starts = (start..end).step_by(index(most.max(1)));
    starts.map(|from| from..end.min(from + most.max(1))).collect()
}

fn panicked() -> Error {
    Error::new(
        Kind::Internal,
        "reading the log stopped with a panic: please report this with the record that causes it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_position_is_read_once_and_taken_in_order() {
        for (positions, chunk_records) in [(0..0, 4), (3..4, 4), (5..105, 7), (0..64, 64), (0..9, 1)] {
            let (mut taken, mut chunks) = (Vec::new(), Vec::new());
            let read = |stretch: Range<u64>| Ok(stretch.collect::<Vec<u64>>());
            in_order(positions.clone(), chunk_records, read, |chunk, lots| {
                assert_eq!(lots.concat(), chunk.clone().collect::<Vec<_>>());
                taken.extend(lots.concat());
                chunks.push(chunk);
                Ok(())
            })
            .unwrap();
            assert_eq!(taken, positions.collect::<Vec<_>>());
            assert!(chunks.iter().all(|chunk| chunk.end - chunk.start <= chunk_records as u64), "{chunks:?}");
        }
    }

    #[test]
    fn what_fails_to_be_read_or_taken_ends_it() {
        let bad = |stretch: Range<u64>| if stretch.contains(&20) { Err(Error::invalid("bad")) } else { Ok(stretch) };
        let mut n_taken = 0;
        let failed = in_order(0..100, 10, bad, |chunk, _| {
            n_taken = chunk.end;
            Ok(())
        });
        assert_eq!((failed.unwrap_err().message(), n_taken), ("bad", 20));
        let failed =
            in_order(0..100, 10, Ok, |chunk, _| if chunk.start == 50 { Err(Error::invalid("full")) } else { Ok(()) });
        assert_eq!(failed.unwrap_err().message(), "full");
    }

    #[test]
    fn threads_that_panic_are_an_error() {
        let read = |stretch: Range<u64>| -> Result<(), Error> {
            if stretch.end > 4 { panic!("a record that nobody can read") } else { Ok(()) }
        };
        assert_eq!(in_order(0..8, 4, read, |_, _| Ok(())).unwrap_err().kind(), Kind::Internal);
        // Also while something else went wrong.
        let full = in_order(0..8, 4, read, |_, _| Err(Error::invalid("full")));
        assert_eq!(full.unwrap_err().message(), "full");
    }
}
