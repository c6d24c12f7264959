//! The form of a log line, on a terminal and in the journal.

use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;
use std::{fs, panic, thread};

use env_logger::{Builder, Env, Target};
use log::{Level, LevelFilter, error};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::printed::printed;

/// Writes the log to stderr: up to `level`, or what `RUST_LOG` asks for.
pub fn start(level: LevelFilter) {
    let in_journal = is_journal();
    let stderr = Stderr { in_journal, dropped: 0, is_torn: false };
    Builder::from_env(Env::default().default_filter_or(level.as_str()))
        .format(move |out, record| write_line(out, in_journal, record.level(), &record.args().to_string()))
        .target(Target::Pipe(Box::new(stderr)))
        .init();
    // The standard hook waits for stderr.
    panic::set_hook(Box::new(|panic| {
        error!("thread {} {panic}", thread::current().name().unwrap_or_default());
    }));
}

fn write_line(out: &mut dyn Write, in_journal: bool, level: Level, text: &str) -> io::Result<()> {
    // Names of files may be in it, and other texts of strangers.
    let text = printed(text);
    if in_journal {
        // The journal adds its own time and reads the level in this form (sd-daemon(3)).
        writeln!(out, "<{}>{text}", priority(level))
    } else {
        writeln!(out, "{} {level:<5} {text}", humantime::format_rfc3339_millis(SystemTime::now()))
    }
}

/// Standard error, for which no thread waits: if a pipe is full, because its reader has stopped, lines are dropped
/// and counted. The threads that answer requests log, too.
struct Stderr {
    in_journal: bool,
    /// Lines since the last one that was written whole.
    dropped: u64,
    /// Of the last line only a part was written.
    is_torn: bool,
}

/// A pipe that is ready takes so much at once (PIPE_BUF in pipe(7)).
const PIECE: usize = 4096;

impl Stderr {
    /// Whether all of `line` was written.
    fn put(&mut self, line: &[u8]) -> bool {
        for (i, piece) in line.chunks(PIECE).enumerate() {
            let mut stderr = io::stderr().lock();
            // Not a change to non-blocking: other processes share the pipe, and they do not expect that.
            let mut ready = [PollFd::new(&stderr, PollFlags::OUT)];
            let is_full = poll(&mut ready, Some(&Timespec::default())) == Ok(0);
            if is_full || stderr.write_all(piece).is_err() {
                self.is_torn |= i > 0;
                return false;
            }
        }
        true
    }

    fn report_dropped(&mut self) -> bool {
        let mut note = if self.is_torn { b"\n".to_vec() } else { Vec::new() };
        let text = format!("the log was not read in time; lines dropped: {}", self.dropped);
        // Writing to a vector cannot fail.
        let _ = write_line(&mut note, self.in_journal, Level::Warn, &text);
        self.put(&note)
    }
}

impl Write for Stderr {
    /// Gets a whole line from `env_logger`.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.dropped > 0 && self.report_dropped() {
            (self.dropped, self.is_torn) = (0, false);
        }
        if self.dropped > 0 || !self.put(line) {
            self.dropped += 1;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// systemd names the journal's socket in the environment. A child process inherits that even if its stderr
/// is something else, so systemd.exec(5) recommends to compare the two.
fn is_journal() -> bool {
    let Ok(stream) = std::env::var("JOURNAL_STREAM") else { return false };
    fs::metadata("/proc/self/fd/2").is_ok_and(|stderr| stream == format!("{}:{}", stderr.dev(), stderr.ino()))
}

/// syslog(3)'s numbers.
fn priority(level: Level) -> u8 {
    match level {
        Level::Error => 3,
        Level::Warn => 4,
        Level::Info => 6,
        Level::Debug | Level::Trace => 7,
    }
}
