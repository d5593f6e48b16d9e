//! What shows that an input is no file of records alone, so that others may have written what stands in it.
//!
//! Only stretches that hold no element are looked at, so a file of good records is never in doubt.

/// Bytes outside of elements that stand in no text of UTF-8, and no more, that an input may show and still
/// count as text. One damaged character shows up to three; formats that hold texts between lengths show
/// more than that before a text that is long enough for a record.
const FOREIGN_MAX: u32 = 3;

/// What numbers and lists of them are spelt with, and the letters of `true`, `false`, `null` and of exponents.
const SCALARS: &[u8] = b"-+.0123456789,]}trueEfalsn";

/// Why records of an input may be texts from inside of something that somebody else wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// It holds binary data beside them.
    Binary,
    /// It holds lines of text beside them, as a log does that prints what it was sent.
    Text,
}

/// Looks at what is passed over.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubts {
    /// Bytes that stand in no text of UTF-8. NUL bytes are looked at elsewhere: a log that was cut off by a
    /// crash holds runs of them.
    foreign: u32,
    /// Bytes that must still follow in the character that was begun.
    due: u8,
    line: Line,
    text: bool,
}

/// What the line may be that is being looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Line {
    /// Nothing was seen but blanks and brackets of lists.
    #[default]
    Start,
    /// Nothing but the brace of an object.
    Object,
    /// Nothing but numbers and words of JSON, and what stands between them.
    Scalars,
    /// It is told: it may be JSON that is torn or cut off, or is a line of text and counted.
    Told,
}

impl Doubts {
    /// Begins a stretch. `behind`: it stands behind an object on its line, so that the line began as JSON.
    pub(super) fn begin(&mut self, behind: bool) {
        self.due = 0;
        self.line = if behind { Line::Told } else { Line::Start };
    }

    /// Goes on in a stretch.
    pub(super) fn look(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.look_foreign(*byte);
            self.look_line(*byte);
        }
    }

    pub(super) fn is_binary(&self) -> bool {
        self.foreign > FOREIGN_MAX
    }

    pub(super) fn told(&self) -> Option<Doubt> {
        // Text says more: of what stands before it too.
        let binary = self.is_binary().then_some(Doubt::Binary);
        self.text.then_some(Doubt::Text).or(binary)
    }

    fn look_foreign(&mut self, byte: u8) {
        let (due, foreign) = match byte {
            0x80..=0xbf if self.due > 0 => {
                self.due -= 1;
                return;
            }
            // Tab, the ends of lines, RFC 7464's separator, and what colours a terminal.
            0 | b'\t' | b'\n' | b'\r' | 0x0c | 0x1b | 0x1e | 0x20..=0x7f => (0, false),
            0xc2..=0xdf => (1, false),
            0xe0..=0xef => (2, false),
            0xf0..=0xf4 => (3, false),
            _ => (0, true),
        };
        let torn = self.due > 0;
        self.foreign = self.foreign.saturating_add(u32::from(foreign || torn));
        self.due = due;
    }

    /// A line that begins as one of JSON may be one that was cut off, or a part of a longer text. What begins
    /// otherwise was written by something that writes text.
    fn look_line(&mut self, byte: u8) {
        let told = |is_text| (Line::Told, is_text);
        let (line, is_text) = match (self.line, byte) {
            // `[12:00:00] …` and `[main] …` begin no list.
            (_, b'\n') | (Line::Start, b'[') => (Line::Start, false),
            (Line::Told, _) => return,
            // Bytes of no text are counted above: one that is damaged says nothing of its line.
            (line, b' ' | 0..=0x1f | 0x7f..=0xc1 | 0xf5..=0xff) => (line, false),
            (Line::Start, b'{') => (Line::Object, false),
            (Line::Start, b'"' | b'}' | b']' | b',' | b':') | (Line::Object, b'"' | b'}') => told(false),
            (Line::Start, b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => (Line::Scalars, false),
            (Line::Scalars, byte) if SCALARS.contains(&byte) => (Line::Scalars, false),
            _ => told(true),
        };
        self.line = line;
        self.text |= is_text;
    }
}
