//! The running server: in which order it starts, what it does on signals, how it ends.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;

use log::{info, warn};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::config::{self, Config};
use crate::http::{self, Engine};
use crate::routes::Routes;
use crate::sampler::{Published, Sampler};
use crate::thread::spawn_vital;
use crate::time::Timestamp;

/// Why the server did not start.
#[derive(Debug)]
pub enum Error {
    /// A setting or the key.
    Config(config::Error),
    /// What the machine refused.
    Machine {
        /// What was tried.
        what: String,
        /// Its answer.
        error: io::Error,
    },
}

impl Error {
    pub(crate) fn machine(what: impl Into<String>) -> impl FnOnce(io::Error) -> Error {
        |error| Error::Machine { what: what.into(), error }
    }
}

impl From<config::Error> for Error {
    fn from(error: config::Error) -> Error {
        Error::Config(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Config(error) => error.fmt(f),
            Error::Machine { what, error } => write!(f, "{what}: {error}"),
        }
    }
}

/// Serves until SIGTERM or SIGINT. `ready` is called with the addresses once they listen and the
/// first sample was tried.
pub fn serve(config: &Config, ready: impl FnOnce(&[SocketAddr])) -> Result<(), Error> {
    // From the first moment on, so that a stop during the start is not lost. The handlers run in
    // the order of their registration: the first signal finds the flag down, the second ends us.
    let stopping = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stopping))
            .and_then(|_| flag::register(signal, Arc::clone(&stopping)))
            .map_err(Error::machine("signal handlers"))?;
    }
    let mut signals = Signals::new([SIGTERM, SIGINT]).map_err(Error::machine("signal handlers"))?;

    let (keys, warnings) = config.keys()?;
    for warning in warnings {
        warn!("{warning}");
    }
    let mut listeners = Vec::new();
    let mut addresses = Vec::new();
    for address in &config.listen {
        let listener = http::listen(*address).map_err(Error::machine(format!("listen {address}")))?;
        addresses.push(listener.local_addr().map_err(Error::machine(format!("listen {address}")))?);
        listeners.push(listener);
    }

    let mut sampler = Sampler::new(config.sampler.clone());
    let published = Arc::new(Published::new(sampler.snapshot()));
    let routes = Arc::new(Routes::new(&config.path, keys, Arc::clone(&published), config.answer.clone()));

    // All samples are taken on one thread: the allocator keeps what a thread once needed for it, and
    // reading a large file needs much. It starts before the http threads, of which any number will do.
    // Nothing waits for it at the end, as it may be waiting for a sensor.
    let (tried, first_sample) = mpsc::channel();
    let every = config.sampler.every;
    let housekeeper = Arc::clone(&routes);
    spawn_vital("sampler", move || -> ! {
        loop {
            if let Some(snapshot) = sampler.sample(Timestamp::now()) {
                published.store(snapshot);
            }
            // Nobody waits for any but the first.
            let _ = tried.send(());
            housekeeper.report_refused_keys();
            thread::sleep(every);
        }
    })
    .map_err(Error::machine("sampler thread"))?;
    // The thread ends with the process, so that it is heard.
    let _ = first_sample.recv();
    drop(first_sample);
    let server = http::start(config.engine, listeners, routes, config.threads)
        .map_err(Error::machine("http threads"))?;

    let engine = match config.engine {
        Engine::Event => "event",
        Engine::TinyHttp => "tiny_http",
    };
    for address in &addresses {
        info!("listening on http://{address}{} ({engine} engine)", config.path);
    }
    ready(&addresses);

    if !stopping.load(Ordering::SeqCst) {
        signals.forever().next();
    }
    info!("stopping: requests in flight are answered");
    server.stop();
    info!("stopped");
    Ok(())
}
