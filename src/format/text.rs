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
