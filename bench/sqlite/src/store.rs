//! The one writer: records in batches, each a durable commit.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use rusqlite::{Connection, OpenFlags};

use crate::layout::{Layout, Reference};
use crate::read::{Lot, Prepared};

/// As an expert would have it. `FULL` syncs the write-ahead log at each commit; it is copied back every
/// 64 MiB, since each time pages all over the file are written and synced.
const SETTINGS: &str = "
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA cache_size = -262144;
    PRAGMA wal_autocheckpoint = 16384;
";

/// What was stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) records: u64,
    pub(crate) duplicates: u64,
    pub(crate) rejects: u64,
    pub(crate) keys: u64,
    pub(crate) commits: u64,
}

/// The database while it is written.
pub(crate) struct Store {
    database: Connection,
    layout: Layout,
    deliveries: HashMap<Arc<[u8]>, i64>,
    counts: Counts,
}

impl Store {
    /// Makes a database where none is.
    pub(crate) fn create(path: &Path, layout: Layout) -> rusqlite::Result<Store> {
        let database =
            Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        database.execute_batch(SETTINGS)?;
        database.execute_batch(layout.schema())?;
        Ok(Store { database, layout, deliveries: HashMap::new(), counts: Counts::default() })
    }

    /// Stores what comes, in commits of `batch` records.
    pub(crate) fn take(&mut self, lots: Receiver<Lot>, batch: usize) -> rusqlite::Result<()> {
        let mut pending: Vec<Prepared> = Vec::with_capacity(batch);
        for lot in lots {
            self.counts.rejects += lot.n_rejects as u64;
            for record in lot.records {
                pending.push(record);
                if pending.len() == batch {
                    self.commit(&mut pending)?;
                }
            }
        }
        if pending.is_empty() { Ok(()) } else { self.commit(&mut pending) }
    }

    fn commit(&mut self, batch: &mut Vec<Prepared>) -> rusqlite::Result<()> {
        self.layout.order(batch);
        let transaction = self.database.transaction()?;
        let mut keys: Vec<(i64, i64, Reference)> = Vec::new();
        for record in batch.iter() {
            let known = self.deliveries.get(&record.shared).copied();
            let delivery = known.map_or_else(|| deliver(&transaction, &record.shared), Ok)?;
            if known.is_none() {
                self.deliveries.insert(Arc::clone(&record.shared), delivery);
            }
            let number = self.counts.records.cast_signed() + 1;
            match self.layout.insert(&transaction, record, delivery, number)? {
                Some(reference) => {
                    self.counts.records += 1;
                    keys.extend(record.terms.iter().map(|term| (*term, record.time, reference)));
                }
                None => self.counts.duplicates += 1,
            }
        }
        // Neighbours in the tree are then written together.
        keys.sort_unstable();
        let mut insert = transaction.prepare_cached("INSERT INTO key (term, time, record) VALUES (?, ?, ?)")?;
        for key in &keys {
            insert.execute(*key)?;
        }
        drop(insert);
        transaction.commit()?;
        self.counts.keys += keys.len() as u64;
        self.counts.commits += 1;
        batch.clear();
        Ok(())
    }

    /// Copies the write-ahead log back and closes the database.
    pub(crate) fn close(self) -> rusqlite::Result<Counts> {
        self.database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))?;
        self.database.close().map_err(|(_, error)| error)?;
        Ok(self.counts)
    }
}

/// Keeps what the records of one delivery share, and says by which number they name it.
fn deliver(database: &Connection, shared: &[u8]) -> rusqlite::Result<i64> {
    database.prepare_cached("INSERT INTO delivery (shared) VALUES (?)")?.insert((shared,))
}

/// Makes sure that everything that was counted is there, and tells what each table takes in bytes.
pub(crate) fn check(path: &Path, counts: &Counts) -> rusqlite::Result<Result<Vec<(String, u64)>, String>> {
    let database = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let count = |table: &str| {
        database
            .query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get::<_, i64>(0))
            .map(i64::cast_unsigned)
    };
    let found = (count("record")?, count("key")?);
    if found != (counts.records, counts.keys) {
        let stored = (counts.records, counts.keys);
        return Ok(Err(format!("the database holds records and keys {found:?}, where {stored:?} went in")));
    }
    let mut tables = database.prepare("SELECT name, sum(pgsize) FROM dbstat GROUP BY name")?;
    let rows = tables.query_map((), |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.cast_unsigned())))?;
    Ok(Ok(rows.collect::<rusqlite::Result<_>>()?))
}
