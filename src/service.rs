//! The running server: how it starts, what it does on signals, how it stops.

use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use log::{error, info, warn};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use crate::config::{self, Config};
use crate::http::{self, Meter};
use crate::published::Published;
use crate::reading::Snapshot;
use crate::routes::{Routes, Settings};
use crate::sampler::{Progress, Running, Sampler};
use crate::socket::{Address, Listener, SocketFile};
use crate::systemd;
use crate::thread::spawn_vital;
use crate::time::Timestamp;

/// Why the server did not start.
#[derive(Debug)]
pub enum Error {
    /// A setting or the key.
    Config(config::Error),
    /// The operating system refused something.
    Machine {
        /// What was tried.
        what: String,
        /// The system's error.
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

/// Serves until SIGTERM or SIGINT. `load` reads the configuration, now and at each SIGHUP. `ready` is
/// called once, with the configuration and the addresses, after the server listens and the sources were read.
pub fn serve(
    load: &dyn Fn() -> Result<Config, config::Error>,
    ready: &mut dyn FnMut(&Config, &[Address]),
) -> Result<(), Error> {
    // This comes first, so that a stop during the start is not lost. The handlers run in the order of
    // their registration: the first signal finds the flag unset and sets it, the second ends the process.
    let stopping = Arc::new(AtomicBool::new(false));
    for signal in [SIGTERM, SIGINT] {
        flag::register_conditional_shutdown(signal, 1, Arc::clone(&stopping))
            .and_then(|_| flag::register(signal, Arc::clone(&stopping)))
            .map_err(Error::machine("signal handlers"))?;
    }
    let mut signals = Signals::new([SIGTERM, SIGINT, SIGHUP]).map_err(Error::machine("signal handlers"))?;
    let handed = systemd::listeners().map_err(Error::machine("the sockets that systemd hands over"))?;

    let mut config = load()?;
    let settings = settings(&config)?;
    let are_ours = handed.is_empty();
    let (listeners, socket_files) = if are_ours { listen(&config.listen)? } else { (handed, Vec::new()) };
    let addresses = listeners.iter().map(Listener::address).collect::<io::Result<Vec<_>>>();
    let addresses = addresses.map_err(Error::machine("listeners"))?;

    let connections = http::fit_connections(config.engine, config.threads, &listeners);
    let mut sampler = Sampler::new(config.sampler.clone());
    let snapshot = Arc::new(Published::new(sampler.snapshot(Timestamp::now())));
    let meter = Arc::new(Meter::default());
    let routes = Arc::new(Routes::new(settings, Arc::clone(&snapshot), config.engine, Arc::clone(&meter)));
    let housekeeper = Housekeeper { snapshot, routes: Arc::clone(&routes), status: Mutex::default() };
    // The source threads start before the http threads: the server can run with fewer of those.
    let mut sampler = sampler
        .start(Box::new(move |snapshot| housekeeper.run(snapshot)))
        .map_err(Error::machine("source threads"))?;
    sampler.wait(FIRST_LOOK);
    let server =
        http::start(config.engine, listeners, Arc::clone(&routes), config.threads, connections, meter)
            .map_err(Error::machine("http threads"))?;

    let engine = config.engine.name();
    for address in &addresses {
        info!("listening on {} ({engine} engine)", address.endpoint(&config.path));
    }
    if !are_ours {
        info!("using the sockets that systemd has opened; the addresses in listen are ignored");
    }
    if let Some(within) = systemd::watchdog() {
        // A service may have no network of its own and get its listeners from systemd. It can still reach a
        // socket in the file system, so that comes first.
        let mut addresses = addresses.clone();
        addresses.sort_by_key(|address| !matches!(address, Address::Unix(_)));
        let watchdog = Watchdog { addresses, progress: sampler.progress(), within };
        spawn_vital("watchdog", move || watchdog.run()).map_err(Error::machine("watchdog thread"))?;
    }
    systemd::ready();
    ready(&config, &addresses);

    while !stopping.load(Ordering::SeqCst) {
        if signals.forever().next() == Some(SIGHUP) {
            systemd::reloading();
            match reload(load, &config, &routes, &mut sampler) {
                Ok(new) => {
                    info!("reloaded");
                    config = new;
                }
                Err(cause) => error!("reload failed, still running with the old configuration: {cause}"),
            }
            systemd::ready();
        }
    }
    systemd::stopping();
    info!("stopping: requests in flight are answered");
    // While we still listen, so that no other process can take the sockets for abandoned ones.
    drop(socket_files);
    server.stop();
    sampler.save();
    info!("stopped");
    Ok(())
}

/// The settings of the routes. Reads the key file and the list of moderated words.
fn settings(config: &Config) -> Result<Settings, config::Error> {
    let (keys, warnings) = config.keys()?;
    for warning in warnings {
        warn!("{warning}");
    }
    Ok(Settings {
        path: config.path.clone(),
        keys,
        answer: config.answer.clone(),
        page: config.page,
        moderation: config.moderation()?,
        public_url: config.public_url.clone(),
    })
}

fn listen(addresses: &[Address]) -> Result<(Vec<Listener>, Vec<SocketFile>), Error> {
    let mut listeners = Vec::new();
    let mut files = Vec::new();
    for address in addresses {
        let (listener, file) = address.listen().map_err(Error::machine(format!("listen {address}")))?;
        listeners.push(listener);
        files.extend(file);
    }
    Ok((listeners, files))
}

/// Reads the configuration again. Nothing changes unless all of it is valid.
fn reload(
    load: &dyn Fn() -> Result<Config, config::Error>,
    old: &Config,
    routes: &Routes,
    sampler: &mut Running,
) -> Result<Config, String> {
    let new = load().map_err(|error| error.to_string())?;
    let settings = settings(&new).map_err(|error| error.to_string())?;
    sampler.reload(new.sampler.clone())?;
    routes.change(settings);
    if (&new.listen, new.threads, new.engine) != (&old.listen, old.threads, old.engine) {
        warn!("listen, threads and engine stay as they are until a restart");
    }
    Ok(new)
}

/// How long the start waits for the sources. After that it goes on, even if one of them hangs.
const FIRST_LOOK: Duration = Duration::from_secs(2);

/// What is done after each read of a source, so that no other thread has to wake up for it.
struct Housekeeper {
    snapshot: Arc<Published<Snapshot>>,
    routes: Arc<Routes>,
    status: Mutex<Told>,
}

/// The status that systemd got last.
#[derive(Default)]
struct Told {
    line: String,
    /// When the stale stations were counted.
    counted: Option<Instant>,
}

/// So many stations are counted after each look, more of them only now and then.
const COUNTED_ALWAYS: usize = 1000;
const COUNT_EVERY: Duration = Duration::from_secs(1);

impl Housekeeper {
    fn run(&self, snapshot: &Arc<Snapshot>) {
        self.snapshot.store(Arc::clone(snapshot));
        let mut status = self.status.lock().unwrap_or_else(PoisonError::into_inner);
        let stations = snapshot.stations().len();
        // Some microseconds for each hundred.
        if stations <= COUNTED_ALWAYS || status.counted.is_none_or(|counted| counted.elapsed() >= COUNT_EVERY)
        {
            let line = status_line(stations, self.routes.stale(snapshot, Timestamp::now()));
            if line != status.line {
                systemd::status(&line);
                status.line = line;
            }
            status.counted = Some(Instant::now());
        }
        drop(status);
        self.routes.report_refused_keys();
    }
}

/// What `systemctl status` shows of the stations.
fn status_line(stations: usize, stale: usize) -> String {
    let plural = if stations == 1 { "" } else { "s" };
    format!("serving {stations} station{plural}, {stale} stale")
}

/// Notifies systemd's watchdog, but only while the server answers and the sources are read.
struct Watchdog {
    /// Where we listen, those that can be reached most likely first.
    addresses: Vec<Address>,
    progress: Arc<Progress>,
    within: Duration,
}

impl Watchdog {
    fn run(&self) {
        let mut seen = 0;
        let mut silent = Duration::ZERO;
        // Half of the time, as sd_watchdog_enabled(3) recommends.
        let period = self.within / 2;
        loop {
            let returns = self.progress.returns();
            silent = if returns == seen { silent + period } else { Duration::ZERO };
            seen = returns;
            let sampler_moves = silent <= 2 * self.progress.patience() + self.within;
            match self.ask() {
                Ok(()) if sampler_moves => systemd::alive(),
                Ok(()) => error!("watchdog not notified: no source has been read for too long"),
                Err(why) => error!("watchdog not notified: no answer from {why}"),
            }
            thread::sleep(period);
        }
    }

    /// Asks the listeners until one answers. The error names each listener and its fault.
    fn ask(&self) -> Result<(), String> {
        let mut faults = Vec::new();
        for address in &self.addresses {
            match self.ask_at(address) {
                Ok(()) => return Ok(()),
                Err(error) => faults.push(format!("{address}: {error}")),
            }
        }
        Err(faults.join(", "))
    }

    /// Sends a request without a key, as any client could. Any answer is a good one; nothing is at this path, so that it
    /// is soon made.
    fn ask_at(&self, address: &Address) -> io::Result<()> {
        let mut stream = address.connect(self.within / 4)?;
        stream.write_all(b"HEAD /watchdog HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        stream.read_exact(&mut [0; "HTTP/1.1 404".len()])
    }
}
