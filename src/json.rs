//! JSON text exactly as Python's `json.dumps(value, ensure_ascii=False)` writes it: a blank after each comma and
//! colon, and numbers in Python's notation.
//!
//! Dify parses the answer of a tool and writes it again in this way. If the bytes are the same, an agent reads
//! the answer once; otherwise it reads the text and the parsed value.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;
use serde_json::ser::{Formatter, Serializer};

/// The text of a value.
pub fn text(value: &Value) -> String {
    let mut bytes = Vec::new();
    // Neither a value nor a Vec can fail, and a serializer writes UTF-8.
    let _ = value.serialize(&mut Serializer::with_formatter(&mut bytes, Python));
    String::from_utf8(bytes).unwrap_or_default()
}

/// Writes a text as a JSON string, with the escapes that `serde_json` and Python write.
///
/// A report is the longest part of most answers, and this looks at eight bytes at once.
pub fn write_text(text: &str, json: &mut Vec<u8>) {
    json.push(b'"');
    let mut rest = text.as_bytes();
    loop {
        let (plain, behind) = rest.split_at(plain(rest));
        json.extend_from_slice(plain);
        let Some((&byte, behind)) = behind.split_first() else { break };
        rest = behind;
        match byte {
            b'"' => json.extend_from_slice(br#"\""#),
            b'\\' => json.extend_from_slice(br"\\"),
            b'\n' => json.extend_from_slice(br"\n"),
            b'\r' => json.extend_from_slice(br"\r"),
            b'\t' => json.extend_from_slice(br"\t"),
            0x08 => json.extend_from_slice(br"\b"),
            0x0c => json.extend_from_slice(br"\f"),
            // What is left is below 0x20.
            _ => {
                let low = byte & 0xf;
                let digit = if low < 10 { b'0' + low } else { b'a' - 10 + low };
                json.extend_from_slice(&[b'\\', b'u', b'0', b'0', b'0' + (byte >> 4), digit]);
            }
        }
    }
    json.push(b'"');
}

/// How many bytes at the beginning JSON does not escape.
fn plain(bytes: &[u8]) -> usize {
    const ONES: u64 = u64::MAX / 255;
    // The highest bit of each byte that is less than `n`, and perhaps of some behind the first such byte.
    let below = |word: u64, n: u64| word.wrapping_sub(ONES * n) & !word & (ONES << 7);
    let mut at = 0;
    while let Some(word) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*word);
        let is = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
        let escaped = below(word, 0x20) | is(b'"') | is(b'\\');
        if escaped != 0 {
            return at + escaped.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    let is_escaped = |byte: &u8| matches!(byte, ..0x20 | b'"' | b'\\');
    bytes[at..].iter().position(is_escaped).map_or(bytes.len(), |place| at + place)
}

struct Python;

impl Python {
    fn separate<W: ?Sized + Write>(writer: &mut W, is_first: bool) -> io::Result<()> {
        writer.write_all(if is_first { b"" } else { b", " })
    }
}

impl Formatter for Python {
    fn begin_array_value<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        Python::separate(writer, first)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, writer: &mut W, first: bool) -> io::Result<()> {
        Python::separate(writer, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }

    /// Python writes an exponent below 1e-4 and from 1e16 on, with a sign and at least two digits (`repr` of
    /// Python's float). The digits are the same: both languages write the fewest that name the number.
    fn write_f64<W: ?Sized + Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let text = format!("{value:e}");
        match text.split_once('e') {
            Some((digits, exponent)) if value.abs() < 1e-4 && value != 0.0 => {
                write!(writer, "{digits}e-{:0>2}", exponent.trim_start_matches('-'))
            }
            Some((digits, exponent)) if value.abs() >= 1e16 => write!(writer, "{digits}e+{exponent:0>2}"),
            _ => write!(writer, "{value:?}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(value: &Value, expected: &str) {
        assert_eq!(text(value), expected);
        assert_eq!(serde_json::from_str::<Value>(expected).expect("JSON"), *value);
    }

    #[test]
    fn a_text_is_escaped_as_serde_json_does() {
        let check = |text: &str| {
            let mut json = Vec::new();
            write_text(text, &mut json);
            assert_eq!(String::from_utf8(json).expect("UTF-8"), serde_json::to_string(text).expect("JSON"));
        };
        // Each character at each place of a word, and behind bytes that borrow from it.
        for character in (0..=0xff).chain([0x2028, 0x1f327]).filter_map(char::from_u32) {
            for place in 0..9 {
                for beside in ["a", "\u{0}", "!", "°"] {
                    check(&format!("{}{character}{}", beside.repeat(place), beside.repeat(9 - place)));
                }
            }
        }
        check("");
    }

    /// The expected texts are what Python 3.11's `json.dumps(json.loads(text), ensure_ascii=False)` prints.
    #[test]
    fn is_what_python_writes() {
        check(&json!([]), "[]");
        check(&json!({}), "{}");
        check(&json!([1, [null, true], {}]), "[1, [null, true], {}]");
        check(&json!({"a": 1, "b": {"c": [], "d": "x"}}), r#"{"a": 1, "b": {"c": [], "d": "x"}}"#);
        check(&json!("a, b: c"), r#""a, b: c""#);
        check(
            &json!("°C \"\\/ \u{8}\u{c}\n\r\t \u{0}\u{1f}\u{7f}\u{2028} 🌧"),
            "\"°C \\\"\\\\/ \\b\\f\\n\\r\\t \\u0000\\u001f\u{7f}\u{2028} 🌧\"",
        );
        check(&json!([0, -1, u64::MAX, i64::MIN]), "[0, -1, 18446744073709551615, -9223372036854775808]");
    }

    #[test]
    fn numbers_are_in_pythons_notation() {
        check(
            &json!([0.0, -0.0, 10.0, 10.2, -0.5, 100_000.0, 0.1 + 0.2, 1.0 / 3.0]),
            "[0.0, -0.0, 10.0, 10.2, -0.5, 100000.0, 0.30000000000000004, 0.3333333333333333]",
        );
        check(
            &json!([1e-4, 9.999e-5, 1e-5, -2.5e-7, 1e-12, 5e-324]),
            "[0.0001, 9.999e-05, 1e-05, -2.5e-07, 1e-12, 5e-324]",
        );
        check(
            &json!([9_007_199_254_740_993.0, 9_999_999_999_999_998.0, 1e16, -1.5e16, 1e22, 1.5e300]),
            "[9007199254740992.0, 9999999999999998.0, 1e+16, -1.5e+16, 1e+22, 1.5e+300]",
        );
    }
}
