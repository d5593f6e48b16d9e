//! The two schemas, and the statements that go with each.

use rusqlite::ToSql;
use rusqlite::types::ToSqlOutput;

use crate::read::Prepared;

/// How records and keys lie in the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `by-id.sql`
    ById,
    /// `by-arrival.sql`
    ByArrival,
}

/// How a key names its record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Reference {
    Id([u8; 16]),
    Number(i64),
}

impl ToSql for Reference {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        match self {
            Reference::Id(id) => id.to_sql(),
            Reference::Number(number) => number.to_sql(),
        }
    }
}

impl Layout {
    pub(crate) fn named(name: &str) -> Option<Layout> {
        match name {
            "by-id" => Some(Layout::ById),
            "by-arrival" => Some(Layout::ByArrival),
            _ => None,
        }
    }

    pub(crate) fn schema(self) -> &'static str {
        match self {
            Layout::ById => include_str!("../by-id.sql"),
            Layout::ByArrival => include_str!("../by-arrival.sql"),
        }
    }

    /// Puts a batch into the order in which it is cheapest to insert.
    pub(crate) fn order(self, batch: &mut [Prepared]) {
        if self == Layout::ById {
            batch.sort_unstable_by_key(|record| record.id);
        }
    }

    /// Inserts a record, unless it is there, and says how keys name it. `number` is the next free one.
    pub(crate) fn insert(
        self,
        database: &rusqlite::Connection,
        record: &Prepared,
        delivery: i64,
        number: i64,
    ) -> rusqlite::Result<Option<Reference>> {
        let Prepared { id, envelope, evidence, .. } = record;
        match self {
            Layout::ById => {
                let sql = "INSERT OR IGNORE INTO record (id, delivery, envelope, evidence) VALUES (?, ?, ?, ?)";
                let n_new = database.prepare_cached(sql)?.execute((id, delivery, envelope, evidence))?;
                Ok((n_new > 0).then_some(Reference::Id(*id)))
            }
            Layout::ByArrival => {
                let sql = "INSERT OR IGNORE INTO identity (id, record) VALUES (?, ?)";
                if database.prepare_cached(sql)?.execute((id, number))? == 0 {
                    return Ok(None);
                }
                let sql = "INSERT INTO record (number, delivery, envelope, evidence) VALUES (?, ?, ?, ?)";
                database.prepare_cached(sql)?.execute((number, delivery, envelope, evidence))?;
                Ok(Some(Reference::Number(number)))
            }
        }
    }
}
