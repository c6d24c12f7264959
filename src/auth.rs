//! The bearer keys: which clients may ask.

use std::borrow::Cow;
use std::ffi::OsString;
use std::fmt::{self, Write as _};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;

use rustix::rand::GetRandomFlags;
use subtle::{Choice, ConstantTimeEq};

use crate::{base64, file};

/// Dify's form for an API extension accepts no shorter key.
const KEY_MIN: usize = 5;

/// From here on guessing over the network is hopeless even for a key of lower-case letters (75
/// bits); below it the user is warned.
const KEY_GOOD: usize = 16;

/// Twice the hex digits of 512 bits, and a small part of the 8 KiB that a request's head may have.
const KEY_MAX: usize = 256;

/// Enough for more than 60 of the longest keys. Every request is compared with all of them.
const FILE_MAX: usize = 16 * 1024;

/// 192 bits, well above 128 bits, which cannot be searched.
const GENERATED_BYTES: usize = 24;

/// Where the keys are written.
#[derive(Clone, PartialEq, Eq)]
pub enum Source {
    /// A file that its owner must protect.
    File(PathBuf),
    /// A file in `$CREDENTIALS_DIRECTORY`, which systemd shows to this service alone.
    Credential(PathBuf),
    /// The value of an environment variable.
    Variable {
        /// The variable's name, for messages.
        name: &'static str,
        /// The keys.
        value: OsString,
    },
}

/// Names the source and hides what is in it.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) => f.debug_tuple("File").field(path).finish(),
            Source::Credential(path) => f.debug_tuple("Credential").field(path).finish(),
            Source::Variable { name, .. } => f.debug_tuple("Variable").field(name).finish(),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::File(path) | Source::Credential(path) => path.display().fmt(f),
            Source::Variable { name, .. } => f.write_str(name),
        }
    }
}

/// Why there are no keys. Names the place, never a key or a part of one.
#[derive(Debug)]
pub enum Error {
    /// The file cannot be read.
    Unreadable(Source, io::Error),
    /// The source has nothing but blanks.
    Empty(Source),
    /// A line is no key.
    Line(Source, usize, String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Unreadable(source, error) => write!(f, "{source}: {error}"),
            Error::Empty(source) => write!(f, "{source}: expected a key, found nothing"),
            Error::Line(source, line, fault) => write!(f, "{source}: line {line}: {fault}"),
        }
    }
}

impl std::error::Error for Error {}

/// The keys that are admitted, at least one. Several are for changing the key without an outage:
/// add the new one, change it in Dify, remove the old one.
pub struct Keys(Vec<Padded>);

impl Keys {
    /// Reads the keys, one a line. Blank lines and blanks around a key are ignored. Returns also the
    /// warnings, one line each; like the errors, they hold no part of a key.
    pub fn load(source: &Source) -> Result<(Keys, Vec<String>), Error> {
        let mut warnings = Vec::new();
        let text: Cow<'_, [u8]> = match source {
            Source::File(path) | Source::Credential(path) => {
                let contents = file::read_small(path, FILE_MAX)
                    .map_err(|error| Error::Unreadable(source.clone(), error))?;
                if matches!(source, Source::File(_)) && contents.metadata.mode() & 0o004 != 0 {
                    warnings.push(format!("{source}: any user of this machine can read it; chmod o-r helps"));
                }
                contents.bytes.into()
            }
            Source::Variable { value, .. } => value.as_encoded_bytes().into(),
        };
        let mut keys = Vec::new();
        for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n')) {
            let key = line.trim_ascii();
            if key.is_empty() {
                continue;
            }
            if let Some(fault) = fault(key) {
                return Err(Error::Line(source.clone(), number, fault));
            }
            if key.len() < line.strip_suffix(b"\r").unwrap_or(line).len() {
                warnings.push(format!(
                    "{source}: line {number}: the blanks around the key are ignored here; enter it in Dify without \
                     them, which sends no key with a blank behind it"
                ));
            }
            if key.len() < KEY_GOOD {
                warnings.push(format!(
                    "{source}: line {number}: a key of fewer than {KEY_GOOD} characters can be guessed; \
                     weatherhook keygen makes a good one"
                ));
            }
            keys.push(Padded::new(key));
        }
        if keys.is_empty() {
            return Err(Error::Empty(source.clone()));
        }
        Ok((Keys(keys), warnings))
    }

    /// The number of keys.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The first key of the source, for requests that the program sends itself.
    pub fn first(&self) -> String {
        self.0.first().map(Padded::text).unwrap_or_default()
    }

    /// Whether the value of the request's one `Authorization` field holds a key. `None` stands for a
    /// request without such a field, or with more than one.
    pub fn admits(&self, authorization: Option<&[u8]>) -> bool {
        self.has(authorization.and_then(bearer_token).unwrap_or_default())
    }

    /// The same for browsers, which send the key as the password of a user of any name.
    pub fn admits_browser(&self, authorization: Option<&[u8]>) -> bool {
        let password = authorization.and_then(basic_password);
        match password {
            Some(password) => self.has(&password),
            None => self.admits(authorization),
        }
    }

    /// The time does not show how near a guess was: each token is compared with every key, even after a match, and
    /// always over the whole buffer.
    fn has(&self, token: &[u8]) -> bool {
        let token = Padded::new(token);
        let none = Choice::from(0);
        self.0.iter().fold(none, |admitted, key| admitted | key.ct_eq(&token)).into()
    }
}

/// Shows the number of keys and nothing else.
impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.0.len())
    }
}

/// A new key: random bytes of the kernel in hex digits. No shell, URL, header or form changes them,
/// and a double click selects all of them.
pub fn generate() -> io::Result<String> {
    let mut bytes = [0; GENERATED_BYTES];
    // Up to 256 bytes are never cut short, and the call waits until the kernel has enough entropy (getrandom(2)).
    rustix::rand::getrandom(&mut bytes, GetRandomFlags::empty())?;
    Ok(bytes.iter().fold(String::new(), |mut key, byte| {
        // Writing to a String cannot fail.
        let _ = write!(key, "{byte:02x}");
        key
    }))
}

/// Why these bytes, which are not blank, are no key.
fn fault(key: &[u8]) -> Option<String> {
    if !key.iter().all(u8::is_ascii_graphic) {
        Some("a key has only visible ASCII characters and no blanks inside".to_owned())
    } else if key.len() < KEY_MIN {
        Some(format!("Dify takes no key of fewer than {KEY_MIN} characters"))
    } else if key.len() > KEY_MAX {
        Some(format!("a key has at most {KEY_MAX} characters"))
    } else {
        None
    }
}

/// The token in `Bearer TOKEN` (RFC 6750, 2.1). The scheme may be in any case, and one or more blanks
/// follow it (RFC 9110, 11.4). Its time depends on the sender's own bytes only.
fn bearer_token(value: &[u8]) -> Option<&[u8]> {
    credentials(value, b"Bearer")
}

fn credentials<'v>(value: &'v [u8], scheme: &[u8]) -> Option<&'v [u8]> {
    let (own, token) = value.split_at_checked(scheme.len())?;
    let is_it = own.eq_ignore_ascii_case(scheme) && token.first() == Some(&b' ');
    let blanks = token.iter().take_while(|&&byte| byte == b' ').count();
    is_it.then(|| token[blanks..].trim_ascii_end())
}

/// The password in `Basic BASE64`, behind the first colon (RFC 7617, section 2).
fn basic_password(value: &[u8]) -> Option<Vec<u8>> {
    let mut pair = base64(credentials(value, b"Basic")?)?;
    let colon = pair.iter().position(|&byte| byte == b':')?;
    Some(pair.split_off(colon + 1))
}

/// The bytes of a text of base64, with or without padding.
fn base64(text: &[u8]) -> Option<Vec<u8>> {
    base64::decode(text.strip_suffix(b"==").or(text.strip_suffix(b"=")).unwrap_or(text))
}

/// A key or a candidate in a buffer of fixed size. Slices of unequal length compare unequal at
/// once, so that the measured time would show the length of a key. Buffers of one size do not.
struct Padded {
    /// The text in units of eight bytes: comparing them needs an eighth of the steps, and each request
    /// is compared with every key.
    blocks: [u64; KEY_MAX / 8],
    /// The length before padding and cutting: without it a key would equal the same key followed
    /// by NULs, and a key of full size would equal anything that begins with it.
    length: usize,
}

impl Padded {
    fn new(text: &[u8]) -> Padded {
        let mut blocks = [0; KEY_MAX / 8];
        for (block, chunk) in blocks.iter_mut().zip(text.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            *block = u64::from_ne_bytes(bytes);
        }
        Padded { blocks, length: text.len() }
    }

    fn text(&self) -> String {
        let bytes = self.blocks.iter().flat_map(|block| block.to_ne_bytes()).take(self.length);
        bytes.map(char::from).collect()
    }
}

impl ConstantTimeEq for Padded {
    fn ct_eq(&self, other: &Padded) -> Choice {
        self.blocks.ct_eq(&other.blocks) & self.length.ct_eq(&other.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Scratch;

    const KEY: &str = "0123456789abcdef";

    fn variable(value: &str) -> Source {
        Source::Variable { name: "WEATHERHOOK_KEY", value: value.into() }
    }

    fn keys(text: &str) -> Keys {
        Keys::load(&variable(text)).expect("keys").0
    }

    #[track_caller]
    fn check_load(text: &str, expected: Result<usize, &str>) {
        let loaded = Keys::load(&variable(text));
        let count = loaded.map(|(keys, _)| keys.0.len()).map_err(|error| error.to_string());
        assert_eq!(
            count.as_ref().map_err(String::as_str),
            expected.as_ref().map_err(|text| *text),
            "{text:?}"
        );
    }

    #[test]
    fn reads_one_key_a_line() {
        check_load(KEY, Ok(1));
        check_load("0123456789abcdef\n", Ok(1));
        check_load("0123456789abcdef\r\n", Ok(1));
        check_load("\r\n \t\n  0123456789abcdef \t\r\n\nfedcba9876543210\n\n", Ok(2));
        check_load("12345", Ok(1));
        check_load(&"k".repeat(256), Ok(1));
    }

    #[test]
    fn refuses_what_is_no_key() {
        let blank = "WEATHERHOOK_KEY: expected a key, found nothing";
        check_load("", Err(blank));
        check_load(" \r\n\t\n", Err(blank));
        check_load("1234", Err("WEATHERHOOK_KEY: line 1: Dify takes no key of fewer than 5 characters"));
        check_load(
            &format!("{KEY}\n\n1234\n"),
            Err("WEATHERHOOK_KEY: line 3: Dify takes no key of fewer than 5 characters"),
        );
        check_load(&"k".repeat(257), Err("WEATHERHOOK_KEY: line 1: a key has at most 256 characters"));
        let unfit = "WEATHERHOOK_KEY: line 1: a key has only visible ASCII characters and no blanks inside";
        for text in
            ["two words", "tab\tinside", "schlüssel", "nul\0inside", "\u{feff}0123456789", "del\x7finside"]
        {
            check_load(text, Err(unfit));
        }
    }

    /// Messages may not hold any three characters of a key in a row.
    #[test]
    fn messages_hide_the_key() {
        let scratch = Scratch::new();
        let too_long = "x7Qz".repeat(65);
        for secret in ["x7Qz", "x7Qz Kw9J", "x7Qzé", &too_long] {
            let from_file = Source::File(scratch.write("key", secret));
            for source in [from_file, variable(secret)] {
                let error = Keys::load(&source).expect_err("no key");
                let shown = format!("{error} {error:?} {source} {source:?}");
                assert!(!shown.contains("x7Q") && !shown.contains("Kw9"), "{shown}");
            }
        }
        let (loaded, warnings) = Keys::load(&variable("x7QzKw9J\nabcdefghijklmnop")).expect("keys");
        assert_eq!(format!("{loaded:?}"), "Keys(2)");
        assert_eq!(
            warnings,
            ["WEATHERHOOK_KEY: line 1: a key of fewer than 16 characters can be guessed; \
                 weatherhook keygen makes a good one"]
        );
    }

    /// Who copies a whole line from the file copies them, too.
    #[test]
    fn blanks_around_a_key_cause_a_warning() {
        for (text, line) in [
            ("0123456789abcdef ", Some(1)),
            ("0123456789abcdef\t\n", Some(1)),
            ("\n  0123456789abcdef\r\n", Some(2)),
            ("0123456789abcdef", None),
            ("0123456789abcdef\r\n\r\n", None),
            (" \n\t\r\n0123456789abcdef\n  ", None),
        ] {
            let warnings = Keys::load(&variable(text)).expect("a key").1;
            let expected = line.map(|line| {
                format!(
                    "WEATHERHOOK_KEY: line {line}: the blanks around the key are ignored here; enter it in Dify \
                     without them, which sends no key with a blank behind it"
                )
            });
            assert_eq!(warnings, Vec::from_iter(expected), "{text:?}");
        }
    }

    #[track_caller]
    fn check_file(source: Source, expected: Result<&[&str], &str>) {
        let loaded = Keys::load(&source).map(|(_, warnings)| warnings).map_err(|error| error.to_string());
        let place = format!("{source}: ");
        match (loaded, expected) {
            (Ok(warnings), Ok(expected)) => {
                let found: Vec<_> = warnings.iter().map(|warning| warning.strip_prefix(&place)).collect();
                assert_eq!(found, expected.iter().copied().map(Some).collect::<Vec<_>>());
            }
            (Err(error), Err(expected)) => assert_eq!(error.strip_prefix(&place), Some(expected)),
            (loaded, _) => unreachable!("{loaded:?}, expected {expected:?}"),
        }
    }

    #[test]
    fn reads_files() {
        let scratch = Scratch::new();
        let path = scratch.write("key", format!("{KEY}\r\n"));
        let open = "any user of this machine can read it; chmod o-r helps";
        check_file(Source::File(path.clone()), Ok(&[]));
        scratch.chmod("key", 0o640);
        check_file(Source::File(path.clone()), Ok(&[]));
        scratch.chmod("key", 0o644);
        check_file(Source::File(path.clone()), Ok(&[open]));
        check_file(Source::Credential(path), Ok(&[]));
    }

    #[test]
    fn refuses_files() {
        let scratch = Scratch::new();
        check_file(Source::File(scratch.path("absent")), Err("No such file or directory (os error 2)"));
        check_file(Source::File(scratch.path("")), Err("a directory, expected a regular file"));
        check_file(Source::File(scratch.mkfifo("fifo")), Err("a named pipe, expected a regular file"));
        check_file(
            Source::Credential(scratch.mkfifo("credential")),
            Err("a named pipe, expected a regular file"),
        );
        let large = scratch.write("large", "\n".repeat(FILE_MAX + 1));
        check_file(Source::File(large), Err("larger than 16384 bytes"));
        check_file(Source::File(scratch.write("empty", "\n")), Err("expected a key, found nothing"));
    }

    #[track_caller]
    fn check_admits(keys: &Keys, authorization: &str, expected: bool) {
        assert_eq!(keys.admits(Some(authorization.as_bytes())), expected, "{authorization:?}");
    }

    #[test]
    fn admits_the_key_however_the_scheme_is_written() {
        let keys = keys("Secret-Key_1");
        check_admits(&keys, "Bearer Secret-Key_1", true);
        check_admits(&keys, "bearer Secret-Key_1", true);
        check_admits(&keys, "BEARER Secret-Key_1", true);
        check_admits(&keys, "Bearer   Secret-Key_1", true);
        check_admits(&keys, "Bearer  Secret-Key_1 \t ", true);
    }

    #[test]
    fn admits_nothing_else() {
        let keys = keys("Secret-Key_1");
        assert!(!keys.admits(None));
        for value in [
            "",
            " ",
            "Bearer",
            "Bearer ",
            "Bearer    ",
            "Secret-Key_1",
            "BearerSecret-Key_1",
            "Bearer\tSecret-Key_1",
            "Bearer \tSecret-Key_1",
            "Bearer:Secret-Key_1",
            "Bearer=Secret-Key_1",
            "Basic Secret-Key_1",
            "Bearers Secret-Key_1",
            "Beare Secret-Key_1",
            "XBearer Secret-Key_1",
            "Bearer Bearer Secret-Key_1",
            "Bearer secret-key_1",
            "Bearer Secret-Key_",
            "Bearer Secret-Key_11",
            "Bearer ecret-Key_1",
            "Bearer Secret-Key_1, Bearer Secret-Key_1",
            "Bearer Secret-Key_1 Secret-Key_1",
            "Bearer \"Secret-Key_1\"",
            "Bearer Secret-Key_1\0",
            "Bearer \0",
            "Bearer Sécret-Key_1",
        ] {
            check_admits(&keys, value, false);
        }
    }

    #[test]
    fn a_browser_sends_the_key_as_a_password() {
        let keys = keys("Secret-Key_1\nwith:colon~?>");
        for (value, expected) in [
            ("Basic dXNlcjpTZWNyZXQtS2V5XzE=", true),
            ("basic  OlNlY3JldC1LZXlfMQ== ", true),
            ("Basic OlNlY3JldC1LZXlfMQ", true),
            ("Basic OndpdGg6Y29sb25+Pz4=", true),
            ("Bearer Secret-Key_1", true),
            ("Bearer dXNlcjpTZWNyZXQtS2V5XzE=", false),
            ("Basic U2VjcmV0LUtleV8x", false),
            ("Basic dXNlcjpTZWNyZXQtS2V5XzI=", false),
            ("Basic dXNlcjo=", false),
            ("Basic Og==", false),
            ("Basic dXNlcjpTZWNyZXQtS2V5XzE=x", false),
            ("Basic Secret-Key_1", false),
            ("Basic =", false),
            ("Basic", false),
            ("", false),
        ] {
            assert_eq!(keys.admits_browser(Some(value.as_bytes())), expected, "{value}");
        }
        assert!(!keys.admits_browser(None));
        assert!(!keys.admits(Some(b"Basic dXNlcjpTZWNyZXQtS2V5XzE=")));
    }

    #[test]
    fn every_byte_counts() {
        for key in [KEY.to_owned(), "k".repeat(KEY_MAX)] {
            let keys = keys(&key);
            check_admits(&keys, &format!("Bearer {key}"), true);
            check_admits(&keys, &format!("Bearer {key}k"), false);
            for at in 0..key.len() {
                let mut near = key.clone().into_bytes();
                near[at] ^= 1;
                assert!(!keys.admits(Some(&[b"Bearer ", &near[..]].concat())), "byte {at}");
                check_admits(&keys, &format!("Bearer {}", &key[..at]), false);
            }
        }
    }

    #[test]
    fn admits_each_of_several_keys() {
        let keys = keys("first-key\nsecond-key\nthird-key");
        for key in ["first-key", "second-key", "third-key"] {
            check_admits(&keys, &format!("Bearer {key}"), true);
        }
        for key in ["fourth-key", "first-key\nsecond-key", "first-keysecond-key", "first-key second-key"] {
            check_admits(&keys, &format!("Bearer {key}"), false);
        }
    }

    #[test]
    fn generated_keys_are_good_and_differ() {
        let (one, other) = (generate().expect("random"), generate().expect("random"));
        assert_ne!(one, other);
        assert_eq!(one.len(), 48);
        assert!(one.bytes().all(|byte| byte.is_ascii_hexdigit()), "{one}");
        let (keys, warnings) = Keys::load(&variable(&format!("{one}\n"))).expect("a key");
        assert_eq!(warnings, [""; 0]);
        check_admits(&keys, &format!("Bearer {one}"), true);
    }
}
