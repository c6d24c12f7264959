//! The query of a URL, `location=New+York&units=metric`, and its path.

use std::borrow::Cow;

/// The decoded pairs, in their order. Parts without `=` are skipped.
pub fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (decoded(key), decoded(value)))
}

/// A path in which codes such as `%68` stand for letters, digits or `-._~`, without these codes: they make no difference
/// (RFC 3986, section 6.2.2.2). `None` if there is no `%`.
pub fn plain_path(path: &str) -> Option<String> {
    let (before, coded) = path.split_once('%')?;
    let mut plain = before.to_owned();
    for part in coded.split('%') {
        let digits = part.get(..2).filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let character = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok()).map(char::from);
        match character.filter(|c| c.is_ascii_alphanumeric() || "-._~".contains(*c)) {
            Some(character) => plain.extend([&*character.encode_utf8(&mut [0; 4]), &part[2..]]),
            None => plain.extend(["%", part]),
        }
    }
    Some(plain)
}

/// A part of a query, in which `+` is a blank and `%3A` a colon.
fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains(['+', '%']) {
        return Cow::Borrowed(text);
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let byte = match (first, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => u8::try_from(high * 16 + low).ok(),
            _ => None,
        };
        decoded.push(match (first, byte) {
            (_, Some(byte)) => byte,
            (b'+', None) => b' ',
            (other, None) => *other,
        });
        rest = &behind[if byte.is_some() { 2 } else { 0 }..];
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_make_no_difference() {
        for (path, plain) in [
            ("/%68ealthz", "/healthz"),
            ("/health%7A%7a", "/healthzz"),
            ("/%2D%2e%5F%7E%30", "/-._~0"),
            ("/a%2Fb%20%25%3f", "/a%2Fb%20%25%3f"),
            ("/%", "/%"),
            ("/%6", "/%6"),
            ("/%+1%zz%é", "/%+1%zz%é"),
        ] {
            assert_eq!(plain_path(path).as_deref(), Some(plain), "{path}");
        }
        assert_eq!(plain_path("/healthz"), None);
    }
}
