//! What others wrote, such as the names of files and sensors, as it may be printed: it begins no line, does not control
//! the terminal, and hides nothing.

use std::borrow::Cow;
use std::io::{self, Write};

/// The text on one line, with codes such as `\n` and `\u{202e}` for characters that are not seen.
pub fn printed(text: &str) -> Cow<'_, str> {
    let is_seen = |c: char| !c.is_control() && !is_invisible(c);
    if text.chars().all(is_seen) {
        return Cow::Borrowed(text);
    }
    let mut printed = String::new();
    for c in text.chars() {
        if is_seen(c) {
            printed.push(c);
        } else {
            printed.extend(c.escape_default());
        }
    }
    Cow::Owned(printed)
}

/// Whether a character has no form of its own and directs how others look, or where a line ends: Unicode's categories Cf,
/// Zl and Zp without the signs of scripts, and all of the block of tags.
pub fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

/// A way to standard output on which all but line ends is [`printed`].
pub struct Lines<'w>(pub &'w mut dyn Write);

impl Write for Lines<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        for line in String::from_utf8_lossy(bytes).split_inclusive('\n') {
            let text = line.strip_suffix('\n').unwrap_or(line);
            self.0.write_all(printed(text).as_bytes())?;
            self.0.write_all(&line.as_bytes()[text.len()..])?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_is_shown_as_a_code() {
        for (text, expected) in [
            ("München °C 雨 🌧\u{fe0f}", "München °C 雨 🌧\u{fe0f}"),
            ("a\nok: b\r\t", "a\\nok: b\\r\\t"),
            ("\u{1b}[2J\u{7f}\u{85}\u{9b}", "\\u{1b}[2J\\u{7f}\\u{85}\\u{9b}"),
            ("a\u{202e}b\u{200b}\u{2028}\u{e0041}", "a\\u{202e}b\\u{200b}\\u{2028}\\u{e0041}"),
        ] {
            assert_eq!(printed(text), expected);
        }
        let mut out = Vec::new();
        Lines(&mut out).write_all(b"one\n\x1bc\n\n").expect("a vector");
        assert_eq!(out, b"one\n\\u{1b}c\n\n");
    }
}
