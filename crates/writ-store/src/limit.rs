//! Every bound of the store, with its reason.

/// Longest evidence of one record, in bytes (64 MiB): no audit log writes longer lines, and a reader
/// has to hold one record in memory.
pub const EVIDENCE_BYTES_MAX: usize = 64 << 20;

/// Longest envelope of one record, in bytes (1 MiB): names, an origin and the list of withheld values.
pub const ENVELOPE_BYTES_MAX: usize = 1 << 20;

/// Most bytes of evidence that records share (16 KiB), and the fewest that are shared at all: what emitters say of
/// themselves and of callers has some hundred, readers keep a thousand of them, and little is not worth an entry.
pub const ALIKE_BYTES_MAX: usize = 16 << 10;
pub(crate) const ALIKE_BYTES_MIN: usize = 64;

/// What a producer remembers that records share, in bytes of these records (1 MiB): the callers of a delivery, many
/// times over.
pub(crate) const ALIKE_BYTES_REMEMBERED: usize = 1 << 20;

/// Most terms of one record: hot records of real logs have under 100. More would let one forged
/// record swamp the index. Sealing refuses more; deriving again keeps the first.
pub const TERMS_MAX: usize = 16_384;

/// Longest payload of a frame, in bytes (16 MiB), unless it holds one record that is longer: a
/// commit is acknowledged as a whole, so a longer frame would only make callers wait.
pub const FRAME_BYTES_MAX: usize = 16 << 20;

/// Most records of a folder: some forty times what one machine is meant for, and counts of them fit into 32
/// bits.
pub const POSITIONS_MAX: u64 = u32::MAX as u64;

/// Records after which a part of the index is written (32,768). A writer that is killed leaves up to this many for
/// each chunk that waits without keys, and whoever opens the folder next derives them first.
pub const CHUNK_RECORDS: usize = 32_768;

/// Postings after which a part of the index is written, however few its records (8 Mi, 128 MiB of memory).
pub const CHUNK_POSTINGS: usize = 8 << 20;

/// Batches that may wait for the follower of keys before commits wait for it: bounds memory, and what has to be
/// derived after a crash.
pub(crate) const CHUNKS_WAITING_MAX: usize = 2;

/// Bytes after which a segment is finished and the next one begun (64 MiB): short enough that scanning it
/// after a crash takes a moment, long enough that a hundred million records are some hundred files.
pub const SEGMENT_BYTES: u64 = 64 << 20;

/// Records of which a reader derives the keys in memory, at most (2 Mi, some 300 MiB): more take minutes,
/// and a writer or `writ rebuild` makes an index of them once and for all.
pub const DERIVED_MAX: u64 = 2 << 20;

/// How much of the log is read at once, in bytes (4 MiB): large enough that frames are rarely cut.
pub(crate) const READ_AHEAD: usize = 4 << 20;

/// Scratch space that is kept from record to record, in bytes (1 MiB). One huge record must not pin
/// its size in memory for ever.
pub(crate) const SCRATCH_BYTES_KEPT: usize = 1 << 20;

/// Room for sealed records that is kept from commit to commit, in bytes (4 MiB): a commit of usual records takes less.
pub(crate) const SEALED_BYTES_KEPT: usize = 4 << 20;

/// Threads that derive or merge keys at most: more than the disks and memory of one machine feed.
pub(crate) const THREADS_MAX: usize = 8;

/// Hex digits that name a record by the beginning of its id, at most (all 128 bits).
pub(crate) const ID_DIGITS_MAX: usize = 32;

/// At what sizes files are finished. Tests choose small ones, so that much happens in little time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sizes {
    /// See [`SEGMENT_BYTES`].
    pub segment_bytes: u64,
    /// See [`CHUNK_RECORDS`].
    pub chunk_records: usize,
}

impl Default for Sizes {
    fn default() -> Sizes {
        Sizes { segment_bytes: SEGMENT_BYTES, chunk_records: CHUNK_RECORDS }
    }
}
