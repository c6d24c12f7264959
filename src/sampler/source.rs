//! One source of records, of one of several kinds. Each kind is a file in `source/`, an option in
//! [`Kind`] and a state in [`State`]; all that others see of it is [`Source::next`].
//!
//! What is missing, broken or half-written takes nothing away: what a stream said last stays known,
//! every reading with its own time, and so grows old in the answers.

mod driver;
mod files;
mod findings;
mod health;
mod log;
mod losses;
mod seen;
mod text;
mod version;

use std::path::PathBuf;
use std::time::Duration;

use self::files::Files;
pub(super) use self::findings::Findings;
pub use self::findings::{Finding, Found, Outcome};
use self::losses::Losses;
pub(super) use self::seen::{Change, Looked, Patience};
pub use self::seen::{Fault, Name};
use self::text::Texts;
pub use self::text::{Offsets, Options as TextOptions};
use crate::time::Timestamp;

/// What is read, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// Where it is.
    pub kind: Kind,
    /// The configured place that it belongs to; `None` if its records name their place themselves.
    pub station: Option<String>,
    /// How its texts are read.
    pub texts: TextOptions,
    /// How long it waits at most: for files the time between two looks.
    pub every: Duration,
}

/// The kinds of sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A file, a directory, or a pattern with `*` and `?`. Each may be a text that is replaced, a log that
    /// grows or a driver of the kernel: a look decides, because a sensor may be plugged in later.
    Files(PathBuf),
}

impl Options {
    /// Files as the tools write them, whose records name their place themselves.
    pub fn files(path: PathBuf, every: Duration) -> Options {
        Options { kind: Kind::Files(path), station: None, texts: TextOptions::USUAL, every }
    }

    /// What the source is called in messages.
    pub fn name(&self) -> Name {
        match &self.kind {
            Kind::Files(path) => Name::new(path.display()),
        }
    }
}

/// A source and what was seen of it so far.
pub(super) struct Source {
    options: Options,
    /// Records that name no place are of this one.
    city: Option<String>,
    /// Whether logs are read from their beginning: the time of records that say none.
    of_all: Option<Timestamp>,
    state: State,
    /// What the log says of readings that wait.
    waits: Losses,
    /// Whether the present look has brought something.
    has_said: bool,
}

/// What the kinds remember from one look to the next.
enum State {
    Files(Files),
}

impl Source {
    /// A source that was not looked at yet.
    pub(super) fn new(options: Options, city: Option<String>) -> Source {
        let state = match &options.kind {
            Kind::Files(path) => State::Files(Files::new(path.clone())),
        };
        Source { options, city, of_all: None, state, waits: Losses::default(), has_said: false }
    }

    /// One that reads logs from their beginning. Records that say no time get this one.
    pub(super) fn of_all(options: Options, unknown: Timestamp) -> Source {
        Source { of_all: Some(unknown), ..Source::new(options, None) }
    }

    /// Whether this is the end of a look that has brought something.
    pub(super) fn has_said(&mut self, looked: &Looked) -> bool {
        self.has_said |= !looked.changes.is_empty();
        !looked.more && std::mem::take(&mut self.has_said)
    }

    /// Logs what is new of its readings that wait: what each is, and why it waits.
    pub(super) fn note_waiting(&mut self, waiting: Vec<(String, String)>, now: Timestamp) {
        if !waiting.is_empty() {
            self.waits.note_waiting(&self.options.name(), waiting, now);
        }
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// The place of records that name none.
    pub(super) fn city(&self) -> Option<&str> {
        self.city.as_deref()
    }

    /// Whether a stream of it can be read; `None` before the first look.
    pub(super) fn is_good(&self) -> Option<bool> {
        match &self.state {
            State::Files(files) => files.is_good(),
        }
    }

    /// Waits, unless this is the first look or the last one goes on, and says what it has seen since: a
    /// bounded part of what there is. The log says when a stream can no longer be read, and when it can again.
    pub(super) fn next(&mut self, patience: &mut Patience) -> Looked {
        let Source { options, city, of_all, state, .. } = self;
        let texts = Texts {
            options: &options.texts,
            station: options.station.as_deref(),
            city: city.as_deref(),
            elsewhere: None,
            anywhere: false,
            of_all: *of_all,
        };
        match state {
            State::Files(files) => files.next(&texts, patience),
        }
    }
}
