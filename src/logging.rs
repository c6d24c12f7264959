//! The form of a log line, on a terminal and in the journal.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::time::SystemTime;

use env_logger::{Builder, Env};
use log::{Level, LevelFilter};

/// Writes the log to stderr: up to `level`, or what `RUST_LOG` asks for.
pub fn start(level: LevelFilter) {
    let in_journal = is_journal();
    Builder::from_env(Env::default().default_filter_or(level.as_str()))
        .format(move |out, record| {
            if in_journal {
                // The journal adds its own time and reads the level in this form (sd-daemon(3)).
                writeln!(out, "<{}>{}", priority(record.level()), record.args())
            } else {
                let time = humantime::format_rfc3339_millis(SystemTime::now());
                writeln!(out, "{time} {:<5} {}", record.level(), record.args())
            }
        })
        .init();
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
