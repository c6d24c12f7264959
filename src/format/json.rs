//! JSON: one record, a list of records, or `{"stations": […]}`; and JSON lines, a record each.

use std::borrow::Cow;
use std::fmt;

use serde::de::{self, Deserialize, Deserializer, MapAccess, SeqAccess};

use super::findings::Fault;
use super::node::Node;
use super::record::Reader;
use super::{Dialect, Format, no_head};

/// A text that is one value.
pub(super) static JSON: Format = Format {
    name: "json",
    expected: "a JSON object or a list of them",
    lines: false,
    recognises: is_json,
    head: no_head,
    read,
};

/// Texts up to this size are never too heavy.
const LIGHT: usize = 256 * 1024;

/// The memory that the values of a text may take. 10,000 stations with all they can say take 12 MB.
const HEAVIEST: usize = 64 << 20;

/// What the values of a text take, in bytes (64 bits): a list with room for four values, an object and the record that it
/// may become, and each value behind a comma.
fn weight(text: &str) -> usize {
    text.bytes().fold(0, |sum, byte| match byte {
        b'{' => sum + 512,
        b'[' => sum + 128,
        b',' => sum + 32,
        _ => sum,
    })
}

/// An object in each line.
pub(super) static LINES: Format = Format {
    name: "jsonl",
    expected: "a JSON object in each line",
    lines: true,
    recognises: is_lines,
    head: no_head,
    read: read_lines,
};

/// Brackets begin much else: `[2026-11-28 20:10] ...`, `[section]`, `{'a': ...`.
fn is_json(beginning: &str, _: &Dialect) -> bool {
    let inner = |open: char| beginning.strip_prefix(open).map(str::trim_start);
    if let Some(inner) = inner('{') {
        return inner.is_empty() || inner.starts_with(['"', '}']);
    }
    inner('[').is_some_and(|inner| {
        let end = inner.find(|c: char| !(c.is_ascii_digit() || c.is_whitespace() || ",.-+eE".contains(c)));
        match inner[end.unwrap_or(inner.len())..].strip_prefix(']') {
            Some(behind) => behind.trim_start().is_empty(),
            None => end.is_none() || inner.starts_with(['{', '[', '"']),
        }
    })
}

/// A single line may as well be the whole text of a file that is rewritten: it is read as one until a
/// second is there.
fn is_lines(beginning: &str, _: &Dialect) -> bool {
    let mut lines = beginning.lines().map(str::trim).filter(|line| !line.is_empty());
    let is_record = |line: &str| line.starts_with('{') && line.ends_with('}') && !line.starts_with("{'");
    lines.next().is_some_and(is_record) && lines.next().is_some_and(|line| line.starts_with('{'))
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    parsed(text, |root| reader.root(root))?
}

fn read_lines(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let objects = |line: &str, then: &mut dyn FnMut(&Node<'_>)| object(line, &mut |node| then(node));
    reader.lines(text, &objects);
    Ok(())
}

/// Hands over the object that a text is.
pub(super) fn object(text: &str, then: &mut dyn FnMut(&mut Node<'_>)) -> Result<(), Fault> {
    parsed(text, |node| match node {
        Node::Object(_) => {
            then(node);
            Ok(())
        }
        _ => Err(Fault::NoRecord),
    })?
}

/// What `then` makes of the value that a text is.
pub(super) fn parsed<T>(text: &str, then: impl FnOnce(&mut Node<'_>) -> T) -> Result<T, Fault> {
    if text.len() > LIGHT && weight(text) > HEAVIEST {
        return Err(Fault::TooMany);
    }
    // From bytes, as the calls are: what reads them is there once.
    match serde_json::from_slice(text.as_bytes()) {
        Ok(mut root) => Ok(then(&mut root)),
        Err(_) => {
            let quoted = quote_infinities(text);
            serde_json::from_slice(quoted.as_bytes()).map(|mut root| then(&mut root)).map_err(Fault::NotJson)
        }
    }
}

/// Puts quotation marks over the ends of `NaN`, `-Infinity` and `1e999`, so that they drop alone.
///
/// Python writes the first two, though JSON has no such numbers, and serde_json gives up a whole
/// text for any of them. The text keeps its length, so that the place of a real error stays true.
fn quote_infinities(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_string = false;
    while let Some(first) = rest.chars().next() {
        let token = match first {
            _ if in_string => 0,
            _ => rest.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c))).unwrap_or(rest.len()),
        };
        // Also what Rust reads as infinite is at least three bytes long: `inf`.
        let infinite = token >= 3 && rest[..token].parse().is_ok_and(|number: f64| !number.is_finite());
        let step = match first {
            _ if token > 0 => token,
            // An escaped character ends no string.
            '\\' if in_string => 1 + rest[1..].chars().next().map_or(0, char::len_utf8),
            _ => first.len_utf8(),
        };
        in_string ^= first == '"';
        if infinite {
            quoted.push('"');
            quoted.extend(std::iter::repeat_n('?', token - 2));
            quoted.push('"');
        } else {
            quoted.push_str(&rest[..step]);
        }
        rest = &rest[step..];
    }
    quoted
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Node<'de>, D::Error> {
        deserializer.deserialize_any(Visitor)
    }
}

struct Visitor;

impl<'de> de::Visitor<'de> for Visitor {
    type Value = Node<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node<'de>, E> {
        Ok(Node::Bool(value))
    }

    // Integers beyond 2^53 lose their last digits; no quantity and no time comes near.
    fn visit_u64<E>(self, value: u64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value as f64))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Node<'de>, E> {
        Ok(Node::Number(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        let mut nodes = Vec::new();
        while let Some(node) = list.next_element()? {
            nodes.push(node);
        }
        // Small vectors start with room for four: a text of millions of lists would take thrice
        // the memory.
        nodes.shrink_to_fit();
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node<'de>, A::Error> {
        let mut entries = Vec::new();
        // serde_json hands keys over as text, borrowed where they are without escapes.
        while let Some((Node::Text(key), node)) = object.next_entry()? {
            entries.push((key, node));
        }
        entries.shrink_to_fit();
        Ok(Node::Object(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_into_memory_is_not_built() {
        let refused = |text: &str| matches!(parsed(text, |_| ()), Err(Fault::TooMany));
        assert!(refused(&format!("[{}{{}}]", r#"{"temp_c":1},"#.repeat(150_000))));
        let times = 700_000;
        assert!(refused(&format!("[{}[0]]", "[0],".repeat(times))));
        assert!(refused(&format!("[{}{{}}]", "{},".repeat(times))));
        assert!(refused(&format!("[{}0]", "0,".repeat(3 * times))));
        let station =
            r#"{"city":"a place","temperature_C":10.2,"humidity":50,"pressure_hPa":1013.2,"wind":[1,2]},"#;
        assert!(!refused(&format!("[{}{{}}]", station.repeat(40_000))));
        let second = r#"{"time":1764345600,"outTemp":12.34,"humidity":50},"#;
        assert!(!refused(&format!("[{}{{}}]", second.repeat(86_400))));
    }
}
