//! Values as telemetry holds them, in whichever of three ways it spells them: plain JSON, the typed
//! values of OTLP, or a text that is JSON itself.

use crate::arguments;
use writ_model::json::{self, Node, Value};

/// A value without its spelling.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plain {
    /// `null`, or nothing.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as spelt.
    Number(String),
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Plain>),
    /// Members in the order they stood, duplicates kept.
    Map(Vec<(String, Plain)>),
}

impl Plain {
    /// From plain JSON. Depth is bounded by the reader's bound.
    pub(crate) fn of(node: &Node<'_>) -> Plain {
        match &node.value {
            Value::Null => Plain::Null,
            Value::Bool(value) => Plain::Bool(*value),
            Value::Number(lexeme) => Plain::Number((*lexeme).to_string()),
            Value::String(text) => Plain::Text(text.to_string()),
            Value::Array(nodes) => Plain::List(nodes.iter().map(Plain::of).collect()),
            Value::Object(members) => {
                Plain::Map(members.iter().map(|(name, child)| (name.to_string(), Plain::of(child))).collect())
            }
        }
    }

    /// Digest of this as a call's arguments; `None` where it has none.
    pub(crate) fn digest(&self) -> Option<String> {
        let mut text = Vec::new();
        self.write(&mut text);
        arguments::digest(&json::parse(&text).ok()?).ok()
    }

    /// As JSON: members as they stand, duplicates and number lexemes too.
    fn write(&self, out: &mut Vec<u8>) {
        let separate = |n: usize, out: &mut Vec<u8>| {
            if n > 0 {
                out.push(b',');
            }
        };
        match self {
            Plain::Null => out.extend_from_slice(b"null"),
            Plain::Bool(value) => out.extend_from_slice(value.to_string().as_bytes()),
            Plain::Number(lexeme) => out.extend_from_slice(lexeme.as_bytes()),
            Plain::Text(text) => json::quote(text, out),
            Plain::List(values) => {
                out.push(b'[');
                for (n, value) in values.iter().enumerate() {
                    separate(n, out);
                    value.write(out);
                }
                out.push(b']');
            }
            Plain::Map(members) => {
                out.push(b'{');
                for (n, (name, value)) in members.iter().enumerate() {
                    separate(n, out);
                    json::quote(name, out);
                    out.push(b':');
                    value.write(out);
                }
                out.push(b'}');
            }
        }
    }

    /// From an OTLP `AnyValue`.
    pub(crate) fn of_any(node: &Node<'_>) -> Plain {
        let Some((kind, value)) = node.members().iter().rev().find(|(_, value)| value.value != Value::Null) else {
            return Plain::Null;
        };
        let values = || value.get("values").map(Node::elements).unwrap_or_default();
        match &**kind {
            "intValue" => match &value.value {
                // 64-bit integers are texts in the JSON mapping of protobuf.
                Value::String(text) => Plain::Number(text.to_string()),
                _ => Plain::of(value),
            },
            "stringValue" | "boolValue" | "doubleValue" | "bytesValue" => Plain::of(value),
            "arrayValue" => Plain::List(values().iter().map(Plain::of_any).collect()),
            "kvlistValue" => Plain::Map(
                values()
                    .iter()
                    .filter_map(|pair| {
                        let value = pair.get("value").map_or(Plain::Null, Plain::of_any);
                        Some((pair.text(&["key"])?.to_string(), value))
                    })
                    .collect(),
            ),
            _ => Plain::Null,
        }
    }

    /// What a text holds, if it is a JSON object or array.
    pub(crate) fn of_text(text: &str) -> Option<Plain> {
        let begins = text.trim_start().starts_with(['{', '[']);
        let node = begins.then(|| json::parse(text.as_bytes()).ok()).flatten()?;
        Some(Plain::of(&node))
    }

    /// This value, or what it holds as JSON text.
    pub(crate) fn opened(self) -> Plain {
        match &self {
            Plain::Text(text) => Plain::of_text(text).unwrap_or(self),
            _ => self,
        }
    }

    /// The last member of that name, as the specification of attributes has it.
    pub(crate) fn get(&self, name: &str) -> Option<&Plain> {
        match self {
            Plain::Map(members) => members.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value),
            _ => None,
        }
    }

    /// The first of these names that stands.
    pub(crate) fn any(&self, names: &[&str]) -> Option<&Plain> {
        names.iter().find_map(|name| self.get(name))
    }

    /// This text, if it says something.
    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Plain::Text(text) if !text.trim().is_empty() => Some(text),
            _ => None,
        }
    }

    /// The elements of a list; what is no list is a list of itself where it is an object.
    pub(crate) fn list(&self) -> &[Plain] {
        match self {
            Plain::List(values) => values,
            Plain::Map(_) => std::slice::from_ref(self),
            _ => &[],
        }
    }

    /// Every text in it, with the name of the member it stands under.
    pub(crate) fn texts<'p>(&'p self, name: &'p str, each: &mut dyn FnMut(&'p str, &'p str)) {
        match self {
            Plain::Text(text) => each(name, text),
            Plain::List(values) => values.iter().for_each(|value| value.texts(name, each)),
            Plain::Map(members) => members.iter().for_each(|(name, value)| value.texts(name, each)),
            Plain::Null | Plain::Bool(_) | Plain::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_spellings_are_one_value() {
        let any = br#"{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"7"}},{"key":"b","value":{"arrayValue":{"values":[{"stringValue":"x"},{"boolValue":true}]}}}]}}"#;
        let any = Plain::of_any(&json::parse(any).unwrap());
        let plain = Plain::of_text(r#" {"a":7,"b":["x",true]}"#).unwrap();
        assert_eq!(any, plain);
        assert_eq!(Plain::Text(r#"{"a":7,"b":["x",true]}"#.to_string()).opened(), plain);
        assert_eq!(plain.get("b").unwrap().list()[0].text(), Some("x"));
        assert_eq!(Plain::of_text("7"), None);
        assert_eq!(Plain::of_any(&json::parse(b"{}").unwrap()), Plain::Null);
    }
}
