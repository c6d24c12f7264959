//! What is known of the past, kept over a restart in a file: written seldom, as flash wears, and
//! whole, as the power may fail.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use log::warn;

use crate::file;

/// Between two writes. With a past of 4 KiB a station these are 200 KB a day.
const EVERY: Duration = Duration::from_secs(1800);

/// More than what is ever written.
const BYTES: usize = 1 << 20;

/// The file and when it was written last.
pub(super) struct State {
    path: PathBuf,
    written: Mutex<Instant>,
}

impl State {
    /// The file in systemd's directory for the service's state, and what it says.
    pub(super) fn open(directory: &Path) -> (State, String) {
        let path = directory.join("history");
        let text = match file::read_small(&path, BYTES) {
            Ok(contents) => String::from_utf8(contents.bytes).unwrap_or_default(),
            Err(error) => {
                if error.kind() != io::ErrorKind::NotFound {
                    warn!("{}: {error}; the past is not known", path.display());
                }
                String::new()
            }
        };
        (State { path, written: Mutex::new(Instant::now()) }, text)
    }

    /// Whether it is time to write. If several threads ask at the same time, one gets `true`.
    pub(super) fn is_due(&self) -> bool {
        let Ok(mut written) = self.written.try_lock() else { return false };
        let due = written.elapsed() >= EVERY;
        if due {
            *written = Instant::now();
        }
        due
    }

    /// Replaces the file. The old one stays until the new one is complete.
    pub(super) fn write(&self, text: &str) {
        let new = self.path.with_extension("new");
        if let Err(error) = fs::write(&new, text).and_then(|()| fs::rename(&new, &self.path)) {
            warn!("{}: {error}; the past will not be known after a restart", self.path.display());
        }
    }
}
