//! Attributes: names and values, however they were delivered.

use crate::plain::Plain;
use std::collections::BTreeMap;
use writ_model::json::{Node, Value};

/// How attribute values are spelt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spelling {
    /// `[{"key":…,"value":{"stringValue":…}}]`, the JSON form of OTLP.
    Typed,
    /// `[{"key":…,"type":…,"value":…}]`, as Jaeger prints tags.
    Tags,
    /// `{"name": value}`, as SDKs print them.
    Members,
}

/// One value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Held<'n> {
    node: &'n Node<'n>,
    typed: bool,
}

impl<'n> Held<'n> {
    /// A value of OTLP (a log's body).
    pub(super) fn typed(node: &'n Node<'n>) -> Held<'n> {
        Held { node, typed: true }
    }

    /// The value inside its type, where it is one value.
    fn scalar(self) -> &'n Node<'n> {
        if !self.typed {
            return self.node;
        }
        let names = ["stringValue", "intValue", "boolValue", "doubleValue", "bytesValue"];
        names.iter().find_map(|name| self.node.get(name)).unwrap_or(self.node)
    }

    /// Its text, if it says something.
    pub(super) fn text(self) -> Option<&'n str> {
        self.scalar().as_str().filter(|text| !text.trim().is_empty())
    }

    /// Its text, or a number or boolean as it was spelt.
    pub(super) fn shown(self) -> Option<&'n str> {
        match &self.scalar().value {
            Value::String(text) => Some(&**text).filter(|text| !text.trim().is_empty()),
            Value::Number(lexeme) => Some(lexeme),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The first text of a list of one, or its text: headers are lists.
    pub(super) fn first(self) -> Option<&'n str> {
        let list = self.node.at(&["arrayValue", "values"]).map_or(self.node.elements(), Node::elements);
        let held = |node| Held { node, typed: self.typed };
        self.text().or_else(|| list.first().and_then(|node| held(node).text()))
    }

    /// Without its spelling; a text that is JSON is opened.
    pub(super) fn opened(self) -> Plain {
        let plain = if self.typed { Plain::of_any(self.node) } else { Plain::of(self.node) };
        plain.opened()
    }
}

/// Attributes by name.
#[derive(Clone, Debug, Default)]
pub(super) struct Attributes<'n> {
    by_name: BTreeMap<&'n str, Held<'n>>,
}

impl<'n> Attributes<'n> {
    /// Reads what stands there. Of two by one name the last counts, as the specification says; what is
    /// no attribute is passed over, since the rest still says something.
    pub(super) fn of(node: Option<&'n Node<'n>>, spelling: Spelling) -> Attributes<'n> {
        let mut by_name = BTreeMap::new();
        let Some(node) = node else { return Attributes::default() };
        if spelling == Spelling::Members {
            by_name.extend(node.members().iter().map(|(name, node)| (&**name, Held { node, typed: false })));
        } else {
            for pair in node.elements() {
                if let (Some(name), Some(node)) = (pair.text(&["key"]), pair.get("value")) {
                    by_name.insert(name, Held { node, typed: spelling == Spelling::Typed });
                }
            }
        }
        Attributes { by_name }
    }

    /// The value of that name.
    pub(super) fn get(&self, name: &str) -> Option<Held<'n>> {
        self.by_name.get(name).copied()
    }

    /// Adds what stands beside the list.
    pub(super) fn put(&mut self, name: &'n str, node: &'n Node<'n>) {
        self.by_name.insert(name, Held { node, typed: false });
    }

    /// The text of that name.
    pub(super) fn text(&self, name: &str) -> Option<&'n str> {
        self.get(name)?.text()
    }

    /// Names that begin so, with the rest of each name.
    pub(super) fn under(&self, prefix: &str) -> Vec<(&'n str, Held<'n>)> {
        let named = self.by_name.iter().filter_map(|(name, held)| Some((name.strip_prefix(prefix)?, *held)));
        named.collect()
    }
}
