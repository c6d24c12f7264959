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
