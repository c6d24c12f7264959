//! Threads without which the process must not go on.

use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::thread::{Builder, JoinHandle};
use std::{any::Any, io};

use log::error;

/// Enough for each of our threads (JSON is parsed to a depth of 128), and small beside `MemoryMax`.
const STACK: usize = 512 * 1024;

/// Starts a thread. If it panics, the process ends with status 1, and its supervisor restarts it: a server
/// of which only a part works looks alive but is useless.
pub fn spawn_vital(name: &str, run: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    spawn(name, Box::new(run))
}

/// The code that starts a thread is large. This function is not generic, and so neither is the closure in it: both are
/// compiled only once.
fn spawn(name: &str, run: Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>> {
    let title = name.to_owned();
    Builder::new().name(name.to_owned()).stack_size(STACK).spawn(move || {
        catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| end_process(&title, message(&*panic)))
    })
}

/// Logs which thread has failed and why, and ends the process.
pub fn end_process(thread: &str, why: impl Display) -> ! {
    // A logger that panics must not keep the process alive without its thread.
    let _ = catch_unwind(AssertUnwindSafe(|| error!("thread {thread} died ({why}): the process ends")));
    process::exit(1)
}

fn message(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message")
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;
    use std::sync::mpsc;
    use std::time::{Duration, Instant};

    use super::*;

    /// Set for the process that must end.
    const DOOMED: &str = "WEATHERHOOK_TEST_DOOMED";

    /// How long that process goes on if nothing ends it.
    const LIFE: Duration = Duration::from_secs(20);

    /// A logger that fails.
    struct Failing;

    impl log::Log for Failing {
        fn enabled(&self, _: &log::Metadata<'_>) -> bool {
            true
        }

        fn log(&self, _: &log::Record<'_>) {
            panic!("the log is gone");
        }

        fn flush(&self) {}
    }

    /// Runs the test of this name in a process of its own, where `start_log` is called, a thread panics, and the
    /// process must end. Gives what it printed.
    fn check_doomed(test: &str, start_log: fn()) -> String {
        if env::var_os(DOOMED).is_some() {
            start_log();
            spawn_vital("sampler", || panic!("out of luck")).expect("a thread");
            let (_kept, never) = mpsc::channel::<()>();
            let _ = never.recv_timeout(LIFE);
            // The test harness itself exits with 0 or 101.
            process::exit(2);
        }
        let start = Instant::now();
        let output = Command::new(env::current_exe().expect("this test's own binary"))
            .args([&format!("thread::tests::{test}"), "--exact", "--nocapture"])
            .env(DOOMED, "")
            .env_remove("RUST_LOG")
            .output()
            .expect("its end");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{stderr}");
        assert!(start.elapsed() < LIFE, "not at once");
        stderr
    }

    #[test]
    fn a_panic_in_a_vital_thread_ends_the_process() {
        let stderr = check_doomed("a_panic_in_a_vital_thread_ends_the_process", env_logger::init);
        assert!(stderr.contains("thread sampler died (out of luck): the process ends"), "{stderr}");
    }

    #[test]
    fn a_panic_that_cannot_be_logged_ends_the_process_too() {
        let stderr = check_doomed("a_panic_that_cannot_be_logged_ends_the_process_too", || {
            log::set_logger(&Failing).expect("no other logger");
            log::set_max_level(log::LevelFilter::Error);
        });
        assert!(stderr.contains("the log is gone"), "{stderr}");
    }
}
