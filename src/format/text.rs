//! Text of unknown origin: as UTF-8, on one line, and in the form in which names are compared.

use std::borrow::Cow;

use crate::printed::is_invisible;

/// The text as UTF-8: from UTF-16 if it is that, and what of it is no UTF-8 as Windows-1252, in which some
/// write the sign of a degree.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, str> {
    match without_utf16(text) {
        Cow::Borrowed(text) => match std::str::from_utf8(text) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(without_windows_1252(text)),
        },
        Cow::Owned(text) => Cow::Owned(without_windows_1252(&text)),
    }
}

/// As much of a text as is looked at to see whether it is UTF-16, in pairs of bytes.
const SAMPLE: usize = 64;

/// The text itself unless it is UTF-16, with a mark of its byte order or without: then as UTF-8.
///
/// A part of a log counts as well that begins or ends in the middle of a line end: bytes are cut behind
/// the byte of a line feed, and that of little-endian UTF-16 has one more.
pub fn without_utf16(text: &[u8]) -> Cow<'_, [u8]> {
    let from: fn([u8; 2]) -> u16 = match text {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ if is_mostly(text, |pair| pair[0] != 0 && pair[1] == 0) => u16::from_le_bytes,
        _ if is_mostly(text, |pair| pair[0] == 0 && pair[1] != 0) => u16::from_be_bytes,
        _ => return Cow::Borrowed(text),
    };
    let pairs = text.chunks_exact(2);
    let end = pairs.remainder().iter().filter(|byte| **byte == b'\n').map(|_| u16::from(b'\n'));
    let decoded = char::decode_utf16(pairs.map(|pair| from([pair[0], pair[1]])).chain(end));
    let decoded: String = decoded.map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
    Cow::Owned(decoded.into_bytes())
}

/// Whether three quarters of the first pairs of bytes are so. Zeros alone, which a board leaves that loses
/// its power, are of no kind.
fn is_mostly(text: &[u8], is: impl Fn(&[u8]) -> bool) -> bool {
    let pairs = text.chunks_exact(2).take(SAMPLE);
    let all = pairs.len();
    let count = pairs.filter(|pair| is(pair)).count();
    count > 0 && count * 4 >= all * 3
}

/// The characters of Windows-1252 from 0x80 to 0x9f; the others are those of Latin-1.
const WINDOWS_1252: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";

fn without_windows_1252(text: &[u8]) -> String {
    let character = |byte: &u8| match byte.checked_sub(0x80).map(usize::from) {
        Some(index) => WINDOWS_1252.chars().nth(index).unwrap_or(char::from(*byte)),
        None => char::from(*byte),
    };
    let mut decoded = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(character));
    }
    decoded
}

/// The longest name or description that is read from a text, in characters: it becomes part of a prompt.
pub(super) const WORDS_CHARS: usize = 100;

/// The text on one line without surrounding blanks and without what is not seen, cut after `most` characters; `None`
/// if nothing is left. The joiners of some scripts stay, as they change how letters look.
pub(super) fn one_line(text: &str, most: usize) -> Option<String> {
    // The two line separators of Unicode are not in its class of control characters.
    let blank = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    let is_seen = |c: &char| !is_invisible(*c) || matches!(c, '\u{200c}' | '\u{200d}');
    let seen = text.chars().map(blank).filter(is_seen);
    let line: String = seen.skip_while(|c| c.is_whitespace()).take(most).collect();
    let line = line.trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The form in which keys and units are compared: lower case without separators, so that
/// `outTemp`, `out_temp` and `Out Temp` are one. Between two digits a separator stays, because
/// `PM1.0` is not `PM10`.
pub(super) fn squashed(text: &str) -> String {
    let text = without_entities(text);
    let mut squashed = String::with_capacity(text.len());
    let mut apart = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '_' | '-' | '.' | ',' | '/' | '(' | ')' | '[' | ']' | '^' => {
                apart = true;
                continue;
            }
            _ if c.is_whitespace() => {
                apart = true;
                continue;
            }
            // UTF-8 that was read as Latin-1.
            'Â' if chars.peek().is_some_and(|next| matches!(next, '°' | 'º' | 'µ' | '²' | '³')) => {
                continue;
            }
            // Also as fonts without the sign write it, and what is left where its encoding was not known.
            '°' | 'º' | '˚' | '*' | '\u{fffd}' => squashed.push_str("deg"),
            '℃' => squashed.push_str("degc"),
            '℉' => squashed.push_str("degf"),
            '％' => squashed.push('%'),
            // The micro sign and the Greek letter.
            'µ' | 'μ' => squashed.push('u'),
            '²' => squashed.push('2'),
            '³' => squashed.push('3'),
            _ => {
                if apart && c.is_ascii_digit() && squashed.ends_with(|last: char| last.is_ascii_digit()) {
                    squashed.push('_');
                }
                squashed.extend(c.to_lowercase());
            }
        }
        apart = false;
    }
    squashed
}

/// The signs that skins for web pages write as entities of HTML.
const ENTITIES: [(&str, &str); 13] = [
    ("&deg;", "°"),
    ("&#176;", "°"),
    ("&#xb0;", "°"),
    ("&#xB0;", "°"),
    ("&percnt;", "%"),
    ("&#37;", "%"),
    ("&micro;", "µ"),
    ("&#181;", "µ"),
    ("&sup2;", "²"),
    ("&#178;", "²"),
    ("&sup3;", "³"),
    ("&nbsp;", " "),
    ("&#160;", " "),
];

fn without_entities(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(ENTITIES.iter().fold(text.to_owned(), |text, (entity, sign)| text.replace(entity, sign)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_whatever_its_encoding() {
        let little = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
        let big = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>();
        let text = "Zeit\tTemp (°C)\n10:15\t−7,4 😀\n";
        assert_eq!(decoded(text.as_bytes()), text);
        for encoded in
            [little(text), big(text), little(&format!("\u{feff}{text}")), big(&format!("\u{feff}{text}"))]
        {
            assert_eq!(decoded(&encoded).trim_start_matches('\u{feff}'), text, "{encoded:?}");
        }
        assert_eq!(decoded(b"7.4 \xb0C \x80 \x93a\x94 \x81 \xff"), "7.4 °C € “a” \u{81} ÿ");
        // UTF-8 and something else on the next line.
        assert_eq!(
            decoded("7 °C\n".as_bytes().iter().chain(b"8 \xb0C").copied().collect::<Vec<_>>().as_slice()),
            "7 °C\n8 °C"
        );
        assert_eq!(decoded(b""), "");
        assert_eq!(decoded(b"\0\0\0\0\0\0"), "\0\0\0\0\0\0");
        assert_eq!(decoded(b"\0\0\0\0temp,rh\n"), "\0\0\0\0temp,rh\n");
        assert_eq!(decoded(&[0xff, 0xfe, 0x00, 0xd8, b'x', 0]), "\u{feff}\u{fffd}x");
    }

    #[test]
    fn utf_16_that_is_cut_behind_each_line_feed_is_read() {
        let text = "\u{feff}time,Temp (°C)\r\n2026-11-28 10:15,7.4\r\n2026-11-28 10:20,7.5\r\n";
        for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
            let encoded: Vec<u8> = text.encode_utf16().flat_map(bytes).collect();
            let mut lines: Vec<_> = encoded.split_inclusive(|byte| *byte == b'\n').map(decoded).collect();
            // What is behind the last line end is the beginning of the next.
            lines.retain(|line| line != "\0");
            assert_eq!(lines.concat(), text);
        }
    }
}
