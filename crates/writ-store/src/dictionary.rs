//! Static dictionaries: what records of many sources have in common, so that one packed by itself is
//! nearly as small as one packed with its neighbours.
//!
//! They are trained on our own fixtures and never on users' records: a dictionary of those would itself
//! be data about people. Each has a number that parts name, and is never changed; number 0 is none.

/// Every dictionary, by its number.
pub(crate) const ALL: &[&[u8]] = &[&[]];

/// The dictionary that new records are packed with.
pub(crate) const NEWEST: u8 = 0;

/// Whether there is one of this number.
pub(crate) fn is_known(id: u8) -> bool {
    usize::from(id) < ALL.len()
}

/// The bytes of a dictionary.
pub(crate) fn bytes(id: u8) -> &'static [u8] {
    ALL.get(usize::from(id)).copied().unwrap_or_default()
}
