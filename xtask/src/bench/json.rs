//! Writing JSON straight into a string: a million records are made, and none is needed as a value.

/// An object being written.
#[derive(Debug, Default)]
pub(super) struct Json {
    text: String,
}

impl Json {
    /// The name of a member, after a comma where one is needed.
    fn name(&mut self, name: &str) {
        if !self.text.is_empty() && !self.text.ends_with('{') {
            self.text.push(',');
        }
        self.quoted(name);
        self.text.push(':');
    }

    fn quoted(&mut self, text: &str) {
        self.text.push('"');
        for each in text.chars() {
            if matches!(each, '"' | '\\') {
                self.text.push('\\');
            }
            self.text.push(each);
        }
        self.text.push('"');
    }

    /// A string, which must have no control character.
    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        self.quoted(value);
    }

    /// A value that is JSON already.
    pub(super) fn raw(&mut self, name: &str, value: &str) {
        self.name(name);
        self.text.push_str(value);
    }

    pub(super) fn flag(&mut self, name: &str, value: bool) {
        self.raw(name, if value { "true" } else { "false" });
    }

    /// An object.
    pub(super) fn object(&mut self, name: &str, fill: impl FnOnce(&mut Self)) {
        self.name(name);
        self.text.push('{');
        fill(self);
        self.text.push('}');
    }

    /// A whole object by itself.
    pub(super) fn whole(fill: impl FnOnce(&mut Self)) -> String {
        let mut json = Self { text: String::from("{") };
        fill(&mut json);
        json.text.push('}');
        json.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_what_serde_reads() {
        let text = Json::whole(|json| {
            json.text("plain", "a \"quoted\" \\ word");
            json.object("inner", |json| {
                json.flag("yes", true);
                json.raw("none", "null");
            });
            json.object("empty", |_| {});
            json.text("last", "");
        });
        let expected = serde_json::json!({
            "plain": "a \"quoted\" \\ word", "inner": {"yes": true, "none": null}, "empty": {}, "last": ""
        });
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), expected);
    }
}
