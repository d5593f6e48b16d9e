//! The wire format of protobuf, walked without building anything: positions, and counts of what would
//! be built. Whoever writes the bytes chooses how many fields there are, two bytes each, and what is
//! built of one takes fifty times that.
//!
//! The format: a field is a varint (number and type) and then a varint, eight bytes, a length with so
//! many bytes, or four bytes. Types 3 and 4, which no message here uses, are not read.

/// Fields of one record at most, those inside one another included. Written out as JSON a field is up to
/// three values, and a record with what it shares may have as many as one text.
pub(super) const FIELDS_MAX: usize = writ_model::json::VALUES_MAX / 6;

/// Fields at most of a resource or a scope, which stand beside each of their records.
pub(super) const SHARED_FIELDS_MAX: usize = writ_model::json::VALUES_MAX / 18;

/// Lists and maps inside one another at most. Each takes up to four levels of the JSON it is written
/// out as, beside ten around it, and that may have [`writ_model::json::DEPTH_MAX`].
pub(super) const NESTING_MAX: usize = 28;

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'b> {
    pub(super) number: u64,
    /// Whether it has a length, and so may hold a message or a text.
    pub(super) is_long: bool,
    /// Its bytes, where it has a length; of one that is cut off those that are there.
    pub(super) body: &'b [u8],
    /// Its value, where it is a number.
    pub(super) value: u64,
    /// Where its body begins.
    pub(super) at: usize,
    /// Whether all of it is there.
    pub(super) whole: bool,
}

/// The bytes from here on are no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken {
    pub(super) at: usize,
}

/// A varint, or nothing where the bytes ended before it did.
struct Ended(Option<u64>);

/// The fields of one message. Where `cut` is set the message may end in the middle of its last field.
#[derive(Clone, Debug)]
pub(super) struct Fields<'b> {
    bytes: &'b [u8],
    at: usize,
    cut: bool,
}

impl<'b> Fields<'b> {
    pub(super) fn of(bytes: &'b [u8], cut: bool) -> Fields<'b> {
        Fields { bytes, at: 0, cut }
    }

    /// What is left where the input ends too early, or a fault where it may not.
    fn ends(&mut self, field: Field<'b>) -> Option<Field<'b>> {
        self.at = self.bytes.len();
        let body = self.bytes.get(field.at..).unwrap_or_default();
        self.cut.then_some(Field { body, whole: false, ..field })
    }

    fn field(&mut self) -> Option<Field<'b>> {
        let mut field = Field { number: 0, is_long: false, body: &[], value: 0, at: self.at, whole: true };
        let Ended(Some(tag)) = varint(self.bytes, &mut self.at)? else { return self.ends(field) };
        (field.number, field.is_long, field.at) = (tag >> 3, tag & 7 == 2, self.at);
        let len = match tag & 7 {
            0 => {
                let Ended(Some(value)) = varint(self.bytes, &mut self.at)? else { return self.ends(field) };
                return Some(Field { value, ..field });
            }
            1 => 8,
            2 => {
                let Ended(Some(len)) = varint(self.bytes, &mut self.at)? else { return self.ends(field) };
                field.at = self.at;
                usize::try_from(len).unwrap_or(usize::MAX)
            }
            5 => 4,
            _ => return None,
        };
        let Some(body) = self.bytes.get(self.at..self.at.saturating_add(len)) else { return self.ends(field) };
        self.at += len;
        if field.is_long {
            field.body = body;
        } else {
            field.value = body.iter().rev().fold(0, |n, byte| n << 8 | u64::from(*byte));
        }
        Some(field)
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<Field<'b>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.at;
        if at >= self.bytes.len() {
            return None;
        }
        let field = self.field().filter(|field| field.number != 0 || !field.whole);
        if field.is_none() {
            self.at = self.bytes.len();
        }
        Some(field.ok_or(Broken { at }))
    }
}

/// Reads a varint of ten bytes at most: its value, which is `None` where the bytes end in the middle of it.
/// Nothing where it has more.
fn varint(bytes: &[u8], at: &mut usize) -> Option<Ended> {
    let mut value = 0_u64;
    for n in 0..10 {
        let Some(byte) = bytes.get(*at) else { return Some(Ended(None)) };
        *at += 1;
        value |= u64::from(byte & 0x7f) << (7 * n);
        if byte & 0x80 == 0 {
            return Some(Ended(Some(value)));
        }
    }
    None
}

/// The messages that stand inside records, as far as others stand inside them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Span,
    Log,
    Resource,
    Scope,
    Event,
    Link,
    Pair,
    Any,
    List,
    Map,
}

impl Kind {
    fn inner(self, number: u64) -> Option<Kind> {
        match (self, number) {
            (Kind::Span, 9)
            | (Kind::Log, 6)
            | (Kind::Resource | Kind::Map, 1)
            | (Kind::Scope | Kind::Event, 3)
            | (Kind::Link, 4) => Some(Kind::Pair),
            (Kind::Span, 11) => Some(Kind::Event),
            (Kind::Span, 13) => Some(Kind::Link),
            (Kind::Log, 5) | (Kind::Pair, 2) | (Kind::List, 1) => Some(Kind::Any),
            (Kind::Any, 5) => Some(Kind::List),
            (Kind::Any, 6) => Some(Kind::Map),
            _ => None,
        }
    }
}

/// Whether a message may be built; else why not, in one clause.
pub(super) fn check(kind: Kind, bytes: &[u8]) -> Result<(), String> {
    let (max, what) = match kind {
        Kind::Resource | Kind::Scope => (SHARED_FIELDS_MAX, "in what its records share"),
        _ => (FIELDS_MAX, "in one record"),
    };
    let mut left = max;
    count(kind, bytes, 0, &mut left)?.then_some(()).ok_or_else(|| format!("more than {max} fields {what}"))
}

/// Whether there are no more fields than are left.
fn count(kind: Kind, bytes: &[u8], nesting: usize, left: &mut usize) -> Result<bool, String> {
    let nesting = nesting + usize::from(matches!(kind, Kind::List | Kind::Map));
    if nesting > NESTING_MAX {
        return Err(format!("more than {NESTING_MAX} lists and maps inside one another"));
    }
    for field in Fields::of(bytes, false) {
        let field = field.map_err(|Broken { .. }| "its fields are damaged".to_owned())?;
        let Some(rest) = left.checked_sub(1) else { return Ok(false) };
        *left = rest;
        if let Some(inner) = kind.inner(field.number)
            && !count(inner, field.body, nesting, left)?
        {
            return Ok(false);
        }
    }
    Ok(true)
}
