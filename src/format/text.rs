//! Text of unknown origin: as UTF-8, on one line, and in the form in which names are compared.

use std::borrow::Cow;

/// The text, and what of it is no UTF-8 as Latin-1, in which some write the sign of a degree.
pub(super) fn decoded(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    Cow::Owned(decoded)
}

/// The longest name or description that is read from a text, in characters: it becomes part of a prompt.
pub(super) const WORDS_CHARS: usize = 100;

/// The text on one line without surrounding blanks, cut after `most` characters; `None` if nothing
/// is left.
pub(super) fn one_line(text: &str, most: usize) -> Option<String> {
    // The two line separators of Unicode are not in its class of control characters.
    let blank = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    let line: String =
        text.trim_matches(|c| blank(c).is_whitespace()).chars().take(most).map(blank).collect();
    let line = line.trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

/// The form in which keys and units are compared: lower case without separators, so that
/// `outTemp`, `out_temp` and `Out Temp` are one. Between two digits a separator stays, because
/// `PM1.0` is not `PM10`.
pub(super) fn squashed(text: &str) -> String {
    let mut squashed = String::with_capacity(text.len());
    let mut apart = false;
    for c in text.chars() {
        match c {
            '_' | '-' | '.' | '/' | '(' | ')' | '[' | ']' => {
                apart = true;
                continue;
            }
            _ if c.is_whitespace() => {
                apart = true;
                continue;
            }
            '°' | 'º' => squashed.push_str("deg"),
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
