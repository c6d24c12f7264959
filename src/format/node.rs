//! Values as the formats give them, and what a single one says: a number, a time, a unit, a name.

use std::borrow::Cow;

use super::findings::Dropped;
use super::names::says_outdoors;
use super::text::{WORDS_CHARS, one_line};
use super::units::{System, named_unit, number_with_unit};
use crate::reading::Unit;
use crate::time::{Notation, Timestamp};

/// A value as the formats give it: an object keeps the order of its keys and all of those that are
/// there twice.
pub(super) enum Node<'a> {
    /// A place that was left empty, as in a table: no value, and nothing to report.
    Missing,
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    /// The value of a key, if this is an object that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node<'a>> {
        match self {
            Node::Object(entries) => entries.iter().find(|(known, _)| known == key).map(|(_, node)| node),
            _ => None,
        }
    }

    /// Whether further values stand inside.
    pub(super) fn is_composed(&self) -> bool {
        matches!(self, Node::List(_) | Node::Object(_))
    }
}

/// What stands for a missing text. `None` is not among them: it describes precipitation.
const MISSING: &[&str] = &["-", "--", "---", "?", "n/a", "nan", "null", "unknown", "unavailable"];

/// Whether a text stands for no value.
pub(super) fn is_missing(text: &str) -> bool {
    let text = text.trim();
    text.is_empty() || MISSING.iter().any(|missing| text.eq_ignore_ascii_case(missing))
}

/// The keys of values.
pub(super) const VALUES: [&str; 3] = ["value", "v", "val"];

/// The value of an object that says more of it, such as its unit and time.
pub(super) fn value_in<'a>(entries: &'a [(Cow<'a, str>, Node<'a>)]) -> Option<&'a Node<'a>> {
    let is_value = |key: &str| VALUES.iter().any(|value| key.eq_ignore_ascii_case(value));
    entries.iter().find(|(key, _)| is_value(key)).map(|(_, value)| value)
}

/// Whether a key inside says that it is about the outdoors.
pub(super) fn mentions_outdoors(node: &Node<'_>) -> bool {
    match node {
        Node::Object(entries) => {
            entries.iter().any(|(key, node)| says_outdoors(key) || mentions_outdoors(node))
        }
        _ => false,
    }
}

pub(super) fn number(node: &Node<'_>) -> Result<(f64, Option<Unit>), Dropped> {
    match node {
        Node::Number(number) => Ok((*number, None)),
        Node::Text(text) => number_with_unit(text),
        Node::Missing | Node::Null | Node::Bool(_) | Node::List(_) | Node::Object(_) => {
            Err(Dropped::NoNumber)
        }
    }
}

/// `None` also where null stands for no unit.
pub(super) fn unit_named_by(node: &Node<'_>) -> Result<Option<Unit>, Dropped> {
    match node {
        Node::Missing | Node::Null => Ok(None),
        Node::Text(name) => named_unit(name),
        Node::Bool(_) | Node::Number(_) | Node::List(_) | Node::Object(_) => Err(Dropped::UnknownUnit),
    }
}

/// A part of a device's identity, which some write as a number and some as a text.
pub(super) fn identity(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Number(number) => Some(number.to_string()),
        Node::Text(text) => one_line(text, WORDS_CHARS),
        Node::Missing | Node::Null | Node::Bool(_) | Node::List(_) | Node::Object(_) => None,
    }
}

pub(super) fn system(node: &Node<'_>) -> Option<System> {
    match node {
        Node::Text(word) => System::named(word),
        _ => None,
    }
}

pub(super) fn time(node: &Node<'_>, notation: &Notation<'_>) -> Option<Timestamp> {
    match node {
        Node::Number(number) => notation.number(*number),
        Node::Text(text) => notation.read(text),
        // As databases export them: `{"$date": …}`, `{"seconds": …, "nanoseconds": …}`.
        Node::Object(_) => TIMES
            .iter()
            .find_map(|key| node.get(key))
            .filter(|node| !node.is_composed())
            .and_then(|node| time(node, notation)),
        Node::Missing | Node::Null | Node::Bool(_) | Node::List(_) => None,
    }
}

/// The keys of times that are objects.
const TIMES: [&str; 9] = ["$date", "seconds", "_seconds", "epoch", "unix", "value", "utc", "iso", "iso8601"];
