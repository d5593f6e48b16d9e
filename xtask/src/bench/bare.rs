//! The bare compressed append: what any recorder must do at the least, and nothing else.
//!
//! It reads the same files, cuts them into records at a boundary that it knows beforehand, compresses
//! each record by itself with zstd at level 1 and a reused context, and appends them to one file with
//! an `fdatasync` after each batch. No parsing, no facts, no keys, no hashes, no index. What Writ's
//! ingest takes beside it is the price of everything Writ adds.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::time::Instant;

use flate2::read::MultiGzDecoder;

/// Records that travel to the writer together: enough that the channel costs nothing.
const CHUNK_RECORDS: usize = 500;
/// Chunks that may wait for the writer, so that memory is bounded when the disk is slow.
const CHUNKS_WAITING_MAX: usize = 64;
/// How a record of the corpus begins, and nothing inside one does.
const BOUNDARY: &str = ",{\"eventVersion\":";

/// What one run came to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Bare {
    pub(super) seconds: f64,
    pub(super) n_records: usize,
    pub(super) bytes: u64,
    pub(super) n_syncs: usize,
}

/// Compressed records, each with its length before it, and where each ends.
#[derive(Debug, Default)]
struct Chunk {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Reads, compresses and appends everything, with so many compressing threads and records per batch.
pub(super) fn run(files: &[PathBuf], log: &Path, n_threads: usize, batch: usize) -> Result<Bare, String> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).open(log);
    let mut file = file.map_err(|error| format!("`{}` cannot be opened: {error}", log.display()))?;
    let start = Instant::now();
    let next = AtomicUsize::new(0);
    let (sender, receiver) = mpsc::sync_channel(CHUNKS_WAITING_MAX);
    let mut bare = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_threads.max(1))
            .map(|_| {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || compress(files, next, &sender))
            })
            .collect();
        drop(sender);
        let bare = append(&mut file, receiver, batch.max(1));
        for worker in workers {
            worker.join().map_err(|_| "a compressing thread stopped".to_owned())??;
        }
        bare
    })?;
    bare.seconds = start.elapsed().as_secs_f64();
    Ok(bare)
}

/// The uncompressed bytes of a file.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let told = |error| format!("`{}` cannot be read: {error}", path.display());
    let bytes = fs::read(path).map_err(told)?;
    if path.extension().is_none_or(|ending| ending != "gz") {
        return Ok(bytes);
    }
    // Log files shrink about tenfold; the corpus is ours, so there is no bound to keep.
    let mut text = Vec::with_capacity(bytes.len() * 12);
    MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).map_err(told)?;
    Ok(text)
}

fn compress(files: &[PathBuf], next: &AtomicUsize, to: &SyncSender<Chunk>) -> Result<(), String> {
    let told = |error: std::io::Error| format!("zstd failed: {error}");
    let mut compressor = zstd::bulk::Compressor::new(1).map_err(told)?;
    let mut frame = Vec::new();
    while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
        let text = read(path)?;
        let mut chunk = Chunk::default();
        for record in records(&text) {
            frame.clear();
            frame.reserve(zstd::zstd_safe::compress_bound(record.len()));
            compressor.compress_to_buffer(record, &mut frame).map_err(told)?;
            let length =
                u32::try_from(frame.len()).map_err(|_| "a record is longer than a length can say".to_owned())?;
            chunk.bytes.extend_from_slice(&length.to_le_bytes());
            chunk.bytes.extend_from_slice(&frame);
            chunk.ends.push(chunk.bytes.len());
            if chunk.ends.len() == CHUNK_RECORDS && to.send(std::mem::take(&mut chunk)).is_err() {
                return Ok(());
            }
        }
        if !chunk.ends.is_empty() && to.send(chunk).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The records of `{"Records":[…]}`, cut at the boundary.
pub(super) fn records(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let inside = std::str::from_utf8(text).unwrap_or_default();
    let inside = inside.strip_prefix("{\"Records\":[").and_then(|inside| inside.strip_suffix("]}")).unwrap_or_default();
    let ends = inside.match_indices(BOUNDARY).map(|(at, _)| at).chain([inside.len()]);
    let mut start = 0;
    ends.filter_map(move |end| {
        let record = inside.get(start..end);
        // The comma belongs to neither.
        start = end + 1;
        record.map(str::as_bytes).filter(|record| !record.is_empty())
    })
}

fn append(file: &mut File, from: Receiver<Chunk>, batch: usize) -> Result<Bare, String> {
    let told = |error: std::io::Error| format!("the log cannot be written: {error}");
    let mut bare = Bare::default();
    let (mut pending, mut n_pending) = (Vec::new(), 0_usize);
    for chunk in from {
        let mut begin = 0;
        for end in chunk.ends {
            pending.extend_from_slice(chunk.bytes.get(begin..end).unwrap_or_default());
            begin = end;
            n_pending += 1;
            if n_pending == batch {
                commit(file, &mut pending, &mut bare).map_err(told)?;
                n_pending = 0;
            }
            bare.n_records += 1;
        }
    }
    if n_pending > 0 {
        commit(file, &mut pending, &mut bare).map_err(told)?;
    }
    Ok(bare)
}

fn commit(file: &mut File, pending: &mut Vec<u8>, bare: &mut Bare) -> std::io::Result<()> {
    file.write_all(pending)?;
    file.sync_data()?;
    bare.bytes += pending.len() as u64;
    bare.n_syncs += 1;
    pending.clear();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_cut_where_they_begin() {
        let text = br#"{"Records":[{"eventVersion":"1","x":{"y":[{"a":1},{"b":2}]}},{"eventVersion":"2"},{"eventVersion":"3"}]}"#;
        let cut: Vec<&str> = records(text).map(|record| std::str::from_utf8(record).unwrap()).collect();
        assert_eq!(
            cut,
            [
                r#"{"eventVersion":"1","x":{"y":[{"a":1},{"b":2}]}}"#,
                r#"{"eventVersion":"2"}"#,
                r#"{"eventVersion":"3"}"#
            ]
        );
        assert_eq!(records(br#"{"Records":[]}"#).count(), 0);
    }

    #[test]
    fn the_log_holds_every_record_and_is_synced_per_batch() {
        let folder = std::env::temp_dir().join(format!("writ-xtask-{}-bare", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let mut expected = Vec::new();
        let files: Vec<PathBuf> = (0..3)
            .map(|file| {
                let path = folder.join(format!("{file}.json"));
                let texts: Vec<String> = (0..700).map(|n| format!("{{\"eventVersion\":\"{file}.{n}\"}}")).collect();
                fs::write(&path, format!("{{\"Records\":[{}]}}", texts.join(","))).unwrap();
                expected.extend(texts);
                path
            })
            .collect();
        let log = folder.join("log");
        let bare = run(&files, &log, 2, 1_000).unwrap();
        assert_eq!((bare.n_records, bare.n_syncs), (2_100, 3));
        let bytes = fs::read(&log).unwrap();
        assert_eq!(bytes.len() as u64, bare.bytes);
        let (mut rest, mut found) = (bytes.as_slice(), Vec::new());
        while let Some((length, after)) = rest.split_first_chunk::<4>() {
            let (frame, after) = after.split_at(u32::from_le_bytes(*length) as usize);
            found.push(String::from_utf8(zstd::bulk::decompress(frame, 1_000).unwrap()).unwrap());
            rest = after;
        }
        found.sort();
        expected.sort();
        assert_eq!(found, expected);
        fs::remove_dir_all(&folder).unwrap();
    }
}
