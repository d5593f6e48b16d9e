//! Tables of calls. Every record is asked about in nearly all of them and stands in few, so rows are found by
//! the length of a name first.

use super::event::Event;

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

/// The rows of a table, at the length of the name of their call.
pub(super) struct Calls<R: 'static>(Vec<Vec<&'static R>>);

impl<R: Call> Calls<R> {
    pub(super) fn of(table: &'static [R]) -> Calls<R> {
        let mut by_length: Vec<Vec<&R>> = Vec::new();
        for row in table {
            let length = row.call().1.len();
            by_length.resize_with(by_length.len().max(length + 1), Vec::new);
            by_length.get_mut(length).into_iter().for_each(|rows| rows.push(row));
        }
        Calls(by_length)
    }

    /// The rows about this call, in the order of the table.
    pub(super) fn about(&self, event: &Event<'_>) -> impl Iterator<Item = &'static R> {
        let rows = self.0.get(event.base.len()).map(Vec::as_slice).unwrap_or_default();
        rows.iter().copied().filter(|row| {
            let (service, name) = row.call();
            event.is(service, name)
        })
    }

    /// Whether any row is about this call.
    pub(super) fn has(&self, event: &Event<'_>) -> bool {
        self.about(event).next().is_some()
    }
}
