//! What is wrong, in one line: the place, what was expected, what was found.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::{EXIT_CONFIG, EXIT_USAGE, KEY_VARIABLE};
use crate::{auth, moderation};

/// What to do if no source is configured.
pub const SENSOR_REMEDY: &str = "give --sensor FILE, set WEATHERHOOK_SENSOR, or write sensor = \"FILE\" or \
                                 [[station]] tables in the file of --config";

/// Why there is no configuration, or no keys or word list for it. Its text is one line and has no key.
#[derive(Debug)]
pub enum Error {
    /// The command line is wrong.
    Usage(Fault),
    /// An environment variable is wrong.
    Variable(Fault),
    /// The TOML file at this path is wrong.
    File(PathBuf, Fault),
    /// The TOML file at this path cannot be read.
    Unreadable(PathBuf, io::Error),
    /// No layer names a source.
    NoSensor,
    /// No layer names a key.
    NoKey,
    /// The keys cannot be used.
    Keys(auth::Error),
    /// The word list cannot be used.
    Moderation(moderation::Error),
}

impl Error {
    /// The exit code of the program.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => EXIT_USAGE,
            _ => EXIT_CONFIG,
        }
    }

    /// Whether there is a file that this user may not read.
    pub fn is_denied(&self) -> bool {
        match self {
            Error::Unreadable(_, error)
            | Error::Keys(auth::Error::Unreadable(_, error))
            | Error::Moderation(moderation::Error::Unreadable(_, error)) => {
                error.kind() == ErrorKind::PermissionDenied
            }
            _ => false,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Usage(fault) | Error::Variable(fault) => fault.fmt(f),
            Error::File(path, fault) => write!(f, "{}: {fault}", path.display()),
            Error::Unreadable(path, error) => write!(f, "{}: {error}", path.display()),
            Error::NoSensor => write!(f, "no sensor file: {SENSOR_REMEDY}"),
            Error::NoKey => write!(
                f,
                "no key: make one with (umask 077; weatherhook keygen > key) and give --key-file key, or set \
                 {KEY_VARIABLE}"
            ),
            Error::Keys(error) => error.fmt(f),
            Error::Moderation(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// What is wrong, and where: the flag, the variable or the key of the file.
#[derive(Debug)]
pub struct Fault {
    place: Option<String>,
    cause: Cause,
}

#[derive(Debug)]
enum Cause {
    /// A value is not what was expected.
    Expected { expected: Cow<'static, str>, found: String },
    /// A name is not known. `near` is the known name that is most like it.
    Unknown { kind: &'static str, name: String, near: Option<String> },
    /// Any other sentence.
    Other(Cow<'static, str>),
}

impl Fault {
    pub(super) fn expected(expected: impl Into<Cow<'static, str>>, found: impl fmt::Display) -> Fault {
        Cause::Expected { expected: expected.into(), found: found.to_string() }.into()
    }

    pub(super) fn unknown(kind: &'static str, name: &str, near: Option<String>) -> Fault {
        Cause::Unknown { kind, name: name.to_owned(), near }.into()
    }

    pub(super) fn other(sentence: impl Into<Cow<'static, str>>) -> Fault {
        Cause::Other(sentence.into()).into()
    }

    /// The same at a place. If it has a place, this one is around it.
    pub(super) fn at(self, place: impl fmt::Display) -> Fault {
        let place = match self.place {
            Some(inner) => format!("{place}: {inner}"),
            None => place.to_string(),
        };
        Fault { place: Some(place), cause: self.cause }
    }
}

impl From<Cause> for Fault {
    fn from(cause: Cause) -> Fault {
        Fault { place: None, cause }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(place) = &self.place {
            write!(f, "{place}: ")?;
        }
        match &self.cause {
            Cause::Expected { expected, found } => write!(f, "expected {expected}, found {found}"),
            Cause::Unknown { kind, name, near: Some(near) } => {
                write!(f, "unknown {kind} {name:?}, did you mean {near:?}?")
            }
            Cause::Unknown { kind, name, near: None } => {
                write!(f, "unknown {kind} {name:?}; weatherhook --help lists the known ones")
            }
            Cause::Other(sentence) => f.write_str(sentence),
        }
    }
}

/// The known name that is most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // From 0.0 for nothing in common to 1.0 for equal; below this, suggestions are no help.
    const ALIKE: f64 = 0.8;
    let name = name.to_ascii_lowercase().replace('-', "_");
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|&(likeness, _)| likeness > ALIKE)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Source;

    #[test]
    fn a_fault_has_its_places_before_it() {
        let fault = Fault::expected("a number", "\"x\"").at("threads").at("[station]");
        assert_eq!(fault.to_string(), "[station]: threads: expected a number, found \"x\"");
        assert_eq!(Fault::other("nested too deeply").to_string(), "nested too deeply");
    }

    #[test]
    fn a_file_that_this_user_may_not_read_is_known() {
        #[track_caller]
        fn check(kind: ErrorKind, is_denied: bool) {
            let error = || io::Error::from(kind);
            let moderation = moderation::Error::Unreadable("words.txt".into(), error());
            assert_eq!(Error::Unreadable("a.toml".into(), error()).is_denied(), is_denied);
            assert_eq!(
                Error::Keys(auth::Error::Unreadable(Source::File("key".into()), error())).is_denied(),
                is_denied
            );
            assert_eq!(Error::Moderation(moderation).is_denied(), is_denied);
        }
        check(ErrorKind::PermissionDenied, true);
        check(ErrorKind::NotFound, false);
        assert!(!Error::NoKey.is_denied());
        assert!(!Error::Keys(auth::Error::Empty(Source::File("key".into()))).is_denied());
    }
}
