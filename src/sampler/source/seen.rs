//! What passes through the seam: how long a source may wait, and what it has seen.

use std::fmt;
use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::findings::Findings;
use crate::format::{self, Record};
use crate::printed::printed;
use crate::time::{Timestamp, in_words};

/// Texts up to this size are read at any time: with all that they become they take some 10 MB.
const LARGE: usize = 256 * 1024;

/// How long a source may wait, what ends the wait, and the clock that it reads afterwards.
pub(in crate::sampler) struct Patience {
    time: Duration,
    orders: Option<Receiver<()>>,
    now: Option<Timestamp>,
    findings: bool,
    is_over: bool,
}

/// Why a wait has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Woken {
    /// The time has passed.
    Due,
    /// Everything is to be read again.
    Ordered,
    /// Nobody wants the source any longer.
    Over,
}

impl Patience {
    /// No waiting at all: what there is at `now`.
    pub(in crate::sampler) fn none(now: Timestamp) -> Patience {
        Patience { time: Duration::ZERO, orders: None, now: Some(now), findings: false, is_over: false }
    }

    /// So long at most, and until an order comes or nobody can send one any longer.
    pub(in crate::sampler) fn new(time: Duration, orders: Receiver<()>) -> Patience {
        Patience { time, orders: Some(orders), now: None, findings: false, is_over: false }
    }

    /// The findings are wanted too. They cost a text for each key.
    pub(in crate::sampler) fn with_findings(self) -> Patience {
        Patience { findings: true, ..self }
    }

    /// Waits to the end.
    pub(super) fn wait(&mut self) -> Woken {
        match self.orders.as_ref().map(|orders| orders.recv_timeout(self.time)) {
            Some(Ok(())) => Woken::Ordered,
            None | Some(Err(RecvTimeoutError::Timeout)) => Woken::Due,
            Some(Err(RecvTimeoutError::Disconnected)) => {
                self.is_over = true;
                Woken::Over
            }
        }
    }

    /// Whether the source is to end.
    pub(in crate::sampler) fn is_over(&self) -> bool {
        self.is_over
    }

    /// What time it is.
    pub(in crate::sampler) fn now(&self) -> Timestamp {
        self.now.unwrap_or_else(Timestamp::now)
    }

    /// A look that has seen nothing so far.
    pub(super) fn looked(&self) -> Looked {
        let findings = Findings::new(self.findings);
        Looked { changes: Vec::new(), findings, faults: Vec::new(), more: false, turn: None }
    }
}

/// The number of one file or topic of a source. Later ones have higher numbers.
pub(in crate::sampler) type Stream = usize;

/// What a stream says, as far as it is new.
pub(in crate::sampler) enum Change {
    /// All that it says now.
    All(Vec<Record>),
    /// More than it said before.
    More(Vec<Record>),
}

impl Change {
    pub(in crate::sampler) fn records(&self) -> &[Record] {
        let (Change::All(records) | Change::More(records)) = self;
        records
    }
}

/// One step of a look at a source: a bounded part of what there is.
pub(in crate::sampler) struct Looked {
    /// What is new, and of which stream.
    pub(in crate::sampler) changes: Vec<(Stream, Change)>,
    /// What the readers made of the keys.
    pub(in crate::sampler) findings: Findings,
    /// The streams that could not be read.
    pub(in crate::sampler) faults: Vec<Fault>,
    /// Whether the look goes on: the next call waits for nothing.
    pub(in crate::sampler) more: bool,
    /// Held while a large text is read and until its records are used.
    turn: Option<MutexGuard<'static, ()>>,
}

impl Looked {
    /// Waits until no other source reads a large text: one takes 100 MB at most, and two of them the memory of a board.
    pub(super) fn wait_for_turn(&mut self, bytes: usize) {
        static TURN: Mutex<()> = Mutex::new(());
        if bytes > LARGE && self.turn.is_none() {
            // A thread that panicked has ended the process.
            self.turn = Some(TURN.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }
}

/// What a source or one of its streams is called in messages. Two may look the same: it identifies
/// nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name(String);

impl Name {
    pub(super) fn new(name: impl fmt::Display) -> Name {
        Name(printed(&name.to_string()).into_owned())
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A stream that gives no readings.
#[derive(Debug)]
pub struct Fault {
    /// The stream's name.
    pub name: Name,
    /// Why there are none.
    pub cause: Error,
}

impl Fault {
    /// Whether a text is there and not understood, so that more words in the configuration may help.
    pub fn is_of_text(&self) -> bool {
        use format::Error::Empty;
        let is_empty = matches!(self.cause, Error::Format(Empty { .. }));
        self.selects_nothing()
            || matches!(self.cause, Error::NoWeather | Error::NoTime | Error::Format(_)) && !is_empty
    }

    /// Whether the configuration selects none of its devices.
    pub fn selects_nothing(&self) -> bool {
        matches!(self.cause, Error::NoneSelected(_))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.cause)
    }
}

/// Why a source gives no readings.
#[derive(Debug)]
pub enum Error {
    /// What the machine refused.
    Io(io::Error),
    /// Written to during both attempts to read it.
    Changing,
    /// By how much, when it was looked at first.
    FromFuture(Duration),
    /// The text is not in its format.
    Format(format::Error),
    /// It has no key of the weather.
    NoWeather,
    /// It has none, and times that cannot be read.
    NoTime,
    /// None of its devices is selected. Some of them, as the configuration would select them.
    NoneSelected(Vec<String>),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Io(cause) if cause.kind() == io::ErrorKind::NotFound => {
                f.write_str("no such file, expected the sensor file")
            }
            Error::Io(cause) => cause.fmt(f),
            Error::Changing => f.write_str("is being written all the time, expected a file at rest"),
            Error::FromFuture(ahead) => write!(
                f,
                "from the future by {}, so its age is unknown; waiting until it is written again",
                in_words(*ahead)
            ),
            Error::Format(cause) => cause.fmt(f),
            Error::NoWeather => f.write_str(
                "no weather in it, expected names like temperature or humidity; `keys` says what its own names \
                 mean (`weatherhook check` lists them)",
            ),
            Error::NoTime => {
                f.write_str("the times of its records cannot be read; `time_format` says how they are written")
            }
            Error::NoneSelected(others) => {
                write!(f, "`match` selects nothing of it; there is {}", others.join(", "))
            }
        }
    }
}
