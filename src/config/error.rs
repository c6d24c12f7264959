//! What is wrong, in one line: the place, what was expected, what was found.

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

/// What is wrong, and where: the flag, the variable or the key of the file. A sentence from the start, as nobody
/// asks for its parts, and the `Result` of each of the many readers stays small.
#[derive(Debug)]
pub struct Fault(Box<str>);

impl Fault {
    /// A value is not what was expected.
    pub(super) fn expected(expected: impl AsRef<str>, found: impl fmt::Display) -> Fault {
        Fault::written(format_args!("expected {}, found {found}", expected.as_ref()))
    }

    /// A name is not known. `near` is the known name that is most like it.
    pub(super) fn unknown(kind: &'static str, name: &str, near: Option<String>) -> Fault {
        match near {
            Some(near) => Fault::written(format_args!("unknown {kind} {name:?}, did you mean {near:?}?")),
            None => Fault::written(format_args!(
                "unknown {kind} {name:?}; weatherhook --help lists the known ones"
            )),
        }
    }

    /// Any other sentence.
    pub(super) fn other(sentence: impl AsRef<str>) -> Fault {
        Fault(sentence.as_ref().into())
    }

    /// The same at a place. If it has a place, this one is around it.
    pub(super) fn at(self, place: impl fmt::Display) -> Fault {
        Fault::written(format_args!("{place}: {self}"))
    }

    #[cold]
    #[inline(never)]
    fn written(sentence: fmt::Arguments<'_>) -> Fault {
        Fault(sentence.to_string().into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The known name that is most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, known: &mut dyn Iterator<Item = &'a str>) -> Option<&'a str> {
    // From 0.0 for nothing in common to 1.0 for equal; below this, suggestions are no help.
    const ALIKE: f64 = 0.8;
    let name = name.to_ascii_lowercase().replace('-', "_");
    known
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
