//! Tables of names. Every record is asked about in nearly all of them and stands in few, so rows are found by the
//! length of a name first.

use super::event::Event;
use std::sync::LazyLock;

/// A row of a table of calls.
pub(super) trait Call {
    /// The service, and the name of the call there.
    fn call(&self) -> (&'static str, &'static str);
}

impl Call for (&'static str, &'static str) {
    fn call(&self) -> (&'static str, &'static str) {
        *self
    }
}

impl<A> Call for (&'static str, &'static str, A) {
    fn call(&self) -> (&'static str, &'static str) {
        (self.0, self.1)
    }
}

impl<A, B> Call for (&'static str, &'static str, A, B) {
    fn call(&self) -> (&'static str, &'static str) {
        (self.0, self.1)
    }
}

/// The rows of a table, and the numbers of each, at the length of a name.
pub(super) struct ByLength<R: 'static>(Vec<Vec<(usize, &'static R)>>);

impl<R> ByLength<R> {
    pub(super) fn of(table: &'static [R], name: fn(&R) -> &str) -> ByLength<R> {
        let mut by_length: Vec<Vec<(usize, &R)>> = Vec::new();
        for (number, row) in table.iter().enumerate() {
            let length = name(row).len();
            by_length.resize_with(by_length.len().max(length + 1), Vec::new);
            by_length.get_mut(length).into_iter().for_each(|rows| rows.push((number, row)));
        }
        ByLength(by_length)
    }

    /// The rows whose name has this length, in the order of the table.
    pub(super) fn rows(&self, length: usize) -> &[(usize, &'static R)] {
        self.0.get(length).map(Vec::as_slice).unwrap_or_default()
    }
}

/// A table of calls, put in order when it is first asked.
pub(super) type Table<R = (&'static str, &'static str)> = LazyLock<Calls<R>>;

/// A table of calls.
pub(super) struct Calls<R: 'static>(ByLength<R>);

impl<R: Call> Calls<R> {
    pub(super) fn of(table: &'static [R]) -> Calls<R> {
        Calls(ByLength::of(table, |row| row.call().1))
    }

    /// The rows about this call, in the order of the table.
    pub(super) fn about(&self, event: &Event<'_>) -> impl Iterator<Item = &'static R> {
        self.0.rows(event.base.len()).iter().map(|(_, row)| *row).filter(|row| {
            let (service, name) = row.call();
            event.is(service, name)
        })
    }

    /// Whether any row is about this call.
    pub(super) fn has(&self, event: &Event<'_>) -> bool {
        self.about(event).next().is_some()
    }
}
