//! The part of TOML that `scenario.toml` and `variant.toml` are written in: `key = value` lines with
//! texts, truth values, whole numbers and arrays. Tables are refused: nothing here needs them, and a
//! parser for all of TOML would be one more dependency.

use serde_json::{Map, Value};

/// Nesting of arrays; edits need two.
const DEPTH_MAX: usize = 8;

/// Reads a file's text into an object.
pub(super) fn parse(text: &str) -> Result<Map<String, Value>, String> {
    let mut reader = Reader { rest: text, line: 1 };
    let mut found = Map::new();
    loop {
        reader.blank();
        if reader.rest.is_empty() {
            return Ok(found);
        }
        let key = reader.take(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-').to_owned();
        if key.is_empty() {
            return Err(reader.fault("a line begins with neither a key nor a comment; tables are not read"));
        }
        reader.space();
        reader.expect('=')?;
        reader.space();
        let value = reader.value(0)?;
        if found.insert(key.clone(), value).is_some() {
            return Err(reader.fault(&format!("`{key}` stands twice")));
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn fault(&self, cause: &str) -> String {
        format!("line {}: {cause}", self.line)
    }

    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let end = self.rest.find(|c| !wanted(c)).unwrap_or(self.rest.len());
        self.advance(end)
    }

    /// The next bytes; `end` lies on a boundary because it was found by searching.
    fn advance(&mut self, end: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn space(&mut self) {
        self.take(|c| c == ' ' || c == '\t');
    }

    /// Passes over white space, line ends and comments.
    fn blank(&mut self) {
        loop {
            self.take(char::is_whitespace);
            if !self.rest.starts_with('#') {
                return;
            }
            self.take(|c| c != '\n');
        }
    }

    fn expect(&mut self, wanted: char) -> Result<(), String> {
        if self.rest.starts_with(wanted) {
            self.advance(wanted.len_utf8());
            return Ok(());
        }
        Err(self.fault(&format!("`{wanted}` is missing")))
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(self.fault("arrays are nested too deeply"));
        }
        if self.rest.starts_with("'''") {
            return self.long_text();
        }
        match self.rest.chars().next() {
            Some('\'') => self.literal(),
            Some('"') => self.quoted(),
            Some('[') => self.array(depth),
            _ => {
                let word = self.take(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
                match word {
                    "true" => Ok(Value::Bool(true)),
                    "false" => Ok(Value::Bool(false)),
                    _ => word
                        .parse::<i64>()
                        .map(Value::from)
                        .map_err(|_| self.fault(&format!("`{word}` is no text, number, array, `true` or `false`"))),
                }
            }
        }
    }

    fn literal(&mut self) -> Result<Value, String> {
        self.expect('\'')?;
        let text = self.take(|c| c != '\'' && c != '\n').to_owned();
        self.expect('\'')?;
        Ok(Value::String(text))
    }

    /// `'''`, a text over several lines as it stands, `'''`; a line end right behind the first is not part of it.
    fn long_text(&mut self) -> Result<Value, String> {
        self.advance(3);
        let end = self.rest.find("'''").ok_or_else(|| self.fault("a text is not closed by '''"))?;
        let text = self.advance(end);
        self.advance(3);
        Ok(Value::String(text.strip_prefix('\n').unwrap_or(text).to_owned()))
    }

    /// A text in double quotes; its escapes are those of JSON.
    fn quoted(&mut self) -> Result<Value, String> {
        let mut escaped = false;
        let mut end = None;
        for (at, c) in self.rest.char_indices().skip(1) {
            match c {
                _ if escaped => escaped = false,
                '\\' => escaped = true,
                '"' => {
                    end = Some(at + 1);
                    break;
                }
                '\n' => break,
                _ => {}
            }
        }
        let end = end.ok_or_else(|| self.fault("a text is not closed by a quote"))?;
        let text = self.advance(end);
        serde_json::from_str(text).map_err(|_| self.fault(&format!("{text} is no text")))
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.expect('[')?;
        let mut values = Vec::new();
        loop {
            self.blank();
            if self.rest.starts_with(']') {
                self.advance(1);
                return Ok(Value::Array(values));
            }
            values.push(self.value(depth + 1)?);
            self.blank();
            if !self.rest.starts_with(']') {
                self.expect(',')?;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_scenarios_are_written_in_is_read() {
        let text = "# a comment\ntitle = \"a \\\"b\\\" c\"  # behind\nn = 3\non = true\nempty = \"\"\n\
            notes = '''\nFirst.\nIt's second.\n'''\nset = [\n  [\"id\", '/a/b', '''{\"c\": [1]}'''], # one\n  [],\n]\n";
        let found = Value::Object(parse(text).unwrap());
        assert_eq!(
            found,
            json!({"title": "a \"b\" c", "n": 3, "on": true, "empty": "", "notes": "First.\nIt's second.\n",
                "set": [["id", "/a/b", "{\"c\": [1]}"], []]})
        );
    }

    #[test]
    fn what_is_not_read_is_refused_with_its_line() {
        for (text, line) in [
            ("[table]\n", 1),
            ("a = 1\na = 2\n", 2),
            ("a = \"open\n", 1),
            ("a = maybe\n", 1),
            ("\na = [1 2]\n", 2),
            ("a = '''never\nclosed", 1),
        ] {
            let cause = parse(text).unwrap_err();
            assert!(cause.starts_with(&format!("line {line}:")), "{text:?}: {cause}");
        }
    }
}
