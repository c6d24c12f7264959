//! HTTP/1.1 for small boards; nothing in here knows about weather.
//!
//! Two engines serve one [`Service`]: `event` (an event loop around a state machine without
//! sockets) and `tiny` (tiny_http). The seam between them and the rest of the program is this file.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use log::{debug, error, log_enabled, warn};
use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::socket::{Listener, Peer};

mod allowance;
mod body;
pub mod connection;
mod event_loop;
mod head;
mod status;
#[cfg(feature = "tiny_http")]
mod tiny;

pub use head::{Head, KeptHead};
pub use status::Status;

/// Which implementation serves the sockets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Engine {
    /// Our own event loop.
    #[default]
    Event,
    /// The loop on tiny_http, for a server that stands behind a proxy.
    TinyHttp,
}

impl Engine {
    /// As it is configured.
    pub fn name(self) -> &'static str {
        match self {
            Engine::Event => "event",
            Engine::TinyHttp => "tiny_http",
        }
    }
}

/// The largest body. Dify's output moderation sends the whole text so far, which is what needs
/// room; a weather query has some hundred bytes.
pub const MAX_BODY: usize = 1 << 20;

/// Connections at once. Dify and a tunnel use some ten; at 8 KiB for each unfinished head, this many
/// strangers together hold 8 MiB.
const MAX_CONNECTIONS: usize = 1024;

/// How long a stop waits for requests in flight: systemd and people expect a service to be gone
/// within 5 s, and the rest of the process needs a moment, too.
pub const DRAIN: Duration = Duration::from_millis(4_500);

/// What the program does with requests. An engine calls `admit` as soon as the head is complete, and `respond`
/// only if that wants the body and the body is there.
pub trait Service: Send + Sync + 'static {
    /// What `respond` needs to know of the head.
    type Route: Send;

    /// Answers a request from its head alone, or lets it in.
    fn admit(&self, head: &Head<'_>) -> Admission<Self::Route>;

    /// Answers a request that was let in. It only touches memory: the engine's thread waits for it.
    fn respond(&self, route: Self::Route, body: &[u8]) -> Response;
}

/// What becomes of a request whose head is there.
#[derive(Debug)]
pub enum Admission<R> {
    /// This is the answer. Its body is read away, or the connection ends.
    Answer(Response),
    /// The client has a key: its body is read and goes to `respond`, with this.
    Body(R),
}

/// An answer, not yet in the form it has on the wire.
#[derive(Debug)]
pub struct Response {
    status: Status,
    /// Empty for an answer without a body.
    content_type: &'static str,
    /// Further fields. Most answers have none, and an empty list has no memory.
    fields: Vec<(&'static str, Cow<'static, str>)>,
    body: Cow<'static, [u8]>,
}

/// The refusal when there is no memory for a request. The doctor recognises weatherhook by it.
pub const OVERLOADED: &str = "too many large requests at once";

const JSON: &str = "application/json";

impl Response {
    /// An answer with a body of any content type. An empty content type is not sent.
    pub fn new(status: Status, content_type: &'static str, body: impl Into<Cow<'static, [u8]>>) -> Response {
        Response { status, content_type, fields: Vec::new(), body: body.into() }
    }

    /// 200 with JSON that was written by the caller.
    pub fn json(body: impl Into<Cow<'static, [u8]>>) -> Response {
        Response::new(Status::Ok, JSON, body)
    }

    /// A refusal that says why: `{"detail": "…"}`, the form that Dify's documentation uses.
    pub fn refusal(status: Status, detail: &str) -> Response {
        let detail = serde_json::to_string(detail).unwrap_or_default();
        Response::new(status, JSON, format!("{{\"detail\": {detail}}}").into_bytes())
    }

    /// The same answer with another status.
    pub fn with_status(self, status: Status) -> Response {
        Response { status, ..self }
    }

    /// 202 without a body.
    pub fn accepted() -> Response {
        Response::new(Status::Accepted, "", &b""[..])
    }

    /// The same answer with one more field. In the value a `?` replaces what cannot stand there: a line end would
    /// begin another field.
    pub fn with_field(mut self, name: &'static str, value: impl Into<Cow<'static, str>>) -> Response {
        let mut value = value.into();
        let is_good = |character: char| matches!(character, ' '..='~');
        if !value.chars().all(is_good) {
            value = value.replace(|character| !is_good(character), "?").into();
        }
        self.fields.push((name, value));
        self
    }

    /// The status.
    pub fn status(&self) -> Status {
        self.status
    }
}

/// What an engine counts as it goes.
#[derive(Debug, Default)]
pub struct Meter {
    /// Connections that are open now. Unknown for tiny_http.
    connections: AtomicUsize,
    /// Connections since the start. Unknown for tiny_http.
    accepted: AtomicU64,
    /// Memory held for clients now, in bytes. Unknown for tiny_http.
    held: AtomicUsize,
    /// Requests that got an answer without a handler.
    refused: [AtomicU64; Status::ALL.len()],
}

impl Meter {
    /// Counts a request that is refused without a handler, or whose handler panicked.
    pub fn refuse(&self, status: Status) {
        self.refused[status.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// Connections that are open now, those since the start, and bytes held for clients.
    pub fn connections(&self) -> (usize, u64, usize) {
        let Meter { connections, accepted, held, .. } = self;
        (connections.load(Ordering::Relaxed), accepted.load(Ordering::Relaxed), held.load(Ordering::Relaxed))
    }

    /// How many requests were refused with each status.
    pub fn refusals(&self) -> impl Iterator<Item = (Status, u64)> {
        let is_refusal = |status: &Status| status.code() >= 400 && *status != Status::InternalServerError;
        Status::ALL.iter().copied().filter(is_refusal).map(|status| (status, self.refused(status)))
    }

    /// Handlers that panicked.
    pub fn panics(&self) -> u64 {
        self.refused(Status::InternalServerError)
    }

    fn refused(&self, status: Status) -> u64 {
        self.refused[status.index()].load(Ordering::Relaxed)
    }
}

/// Calls into the service. A panic there is answered 500, and the process goes on.
fn guarded<T>(meter: &Meter, call: impl FnOnce() -> T) -> Result<T, Response> {
    // A handler shares only what is published whole (snapshots, settings): nobody can see anything half-changed
    // after it unwound.
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| {
        meter.refuse(Status::InternalServerError);
        error!("a handler panicked: its request was answered 500 (so far: {})", meter.panics());
        Response::refusal(Status::InternalServerError, "internal error")
    })
}

/// Asks the service whether it lets a request in.
fn admit<S: Service>(service: &S, head: &Head<'_>, meter: &Meter) -> Admission<S::Route> {
    guarded(meter, || service.admit(head)).unwrap_or_else(Admission::Answer)
}

/// Has the service answer a request that it let in.
fn respond<S: Service>(service: &S, route: S::Route, body: &[u8], meter: &Meter) -> Response {
    guarded(meter, || service.respond(route, body)).unwrap_or_else(|failure| failure)
}

/// The line that a request leaves in the log at debug level: kept while the body comes in, and only
/// when somebody reads it.
struct LogLine(Option<(String, Instant)>);

impl LogLine {
    fn start(head: &Head<'_>) -> LogLine {
        LogLine::of(head.peer, head.method, head.path)
    }

    /// For what was refused before its head could be read.
    fn unread(peer: Peer) -> LogLine {
        LogLine::of(peer, "-", "-")
    }

    /// Never the query string, which may hold what is not ours to write down.
    fn of(peer: Peer, method: &str, path: &str) -> LogLine {
        LogLine(log_enabled!(target: "weatherhook::request", log::Level::Debug).then(|| {
            let mut line = String::new();
            // What a stranger wrote must not look like a line of ours, nor move the cursor.
            let shown =
                |text: &'_ str, most| text.chars().take(most).flat_map(char::escape_default).collect();
            let (method, path): (String, String) = (shown(method, 16), shown(path, 200));
            // Writing to a string cannot fail.
            let _ = write!(line, "{peer} {method} {path}");
            (line, Instant::now())
        }))
    }

    fn finish(self, response: &Response) {
        if let Some((line, start)) = self.0 {
            let micros = start.elapsed().as_micros();
            let Response { status, body, .. } = response;
            debug!(target: "weatherhook::request", "{line} {status} {} B {micros} µs", body.len());
        }
    }
}

/// A server whose threads run.
pub enum Server {
    #[doc(hidden)]
    Event(event_loop::Running),
    #[doc(hidden)]
    #[cfg(feature = "tiny_http")]
    Tiny(tiny::Running),
}

/// Serves `service` on `listeners` with as many threads as asked for, or as can be started, and at most as
/// many connections as [`fit_connections`] said.
pub fn start<S: Service>(
    engine: Engine,
    listeners: Vec<Listener>,
    service: Arc<S>,
    threads: NonZero<usize>,
    connections: usize,
    meter: Arc<Meter>,
) -> io::Result<Server> {
    for listener in listeners.iter().filter(|listener| matches!(listener, Listener::Tcp(_))) {
        // Answers go out whole, so that nothing is gained by waiting for more. Accepted connections
        // inherit it (tcp(7)), which is one system call instead of one for each.
        rustix::net::sockopt::set_tcp_nodelay(listener, true)?;
    }
    match engine {
        Engine::Event => {
            event_loop::start(listeners, service, threads, connections, meter).map(Server::Event)
        }
        #[cfg(feature = "tiny_http")]
        Engine::TinyHttp => tiny::start(listeners, &service, threads, &meter).map(Server::Tiny),
        #[cfg(not(feature = "tiny_http"))]
        Engine::TinyHttp => Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "this build is without the tiny_http engine (cargo feature `tiny_http`)",
        )),
    }
}

impl Server {
    /// Takes no new connections, closes idle ones, answers the requests in flight and returns when
    /// that is done, or after [`DRAIN`].
    pub fn stop(self) {
        match self {
            Server::Event(running) => running.stop(),
            #[cfg(feature = "tiny_http")]
            Server::Tiny(running) => running.stop(),
        }
    }
}

/// Descriptors for all but connections, listeners and the threads' own three: the log, signals, a file
/// that is read, and those that were inherited.
const OTHER_DESCRIPTORS: u64 = 32;

/// Raises the process's limit of descriptors to what the bounds need. Gives how many connections there
/// may be, which are fewer where the limit cannot be raised. tiny_http has no bound.
///
/// To be called before other threads start. The kernel's table of descriptors is made that large, too: to
/// make it grow while threads share it would keep the one that accepts for some 10 ms, at 64 connections,
/// at 128 and so on.
pub fn fit_connections(engine: Engine, threads: NonZero<usize>, listeners: &[Listener]) -> usize {
    if engine != Engine::Event {
        return MAX_CONNECTIONS;
    }
    let besides = OTHER_DESCRIPTORS + 3 * threads.get() as u64 + listeners.len() as u64;
    let wanted = MAX_CONNECTIONS as u64 + besides;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let (current, most) = (current.unwrap_or(u64::MAX), maximum.unwrap_or(u64::MAX));
    let raised = wanted.min(most);
    let limit = if current >= wanted {
        wanted
    } else if setrlimit(Resource::Nofile, Rlimit { current: Some(raised), maximum }).is_ok() {
        raised
    } else {
        current
    };
    if let (Some(listener), Ok(last)) = (listeners.first(), i32::try_from(limit.saturating_sub(1))) {
        // Closed again at once; what failed would cost time only.
        let _ = fcntl_dupfd_cloexec(listener, last);
    }
    let connections = usize::try_from(limit.saturating_sub(besides)).unwrap_or(MAX_CONNECTIONS);
    let connections = connections.clamp(threads.get(), MAX_CONNECTIONS);
    if connections < MAX_CONNECTIONS {
        warn!(
            "at most {connections} connections at once instead of {MAX_CONNECTIONS}: the limit of open \
             files is {limit}, {wanted} are needed (systemd: LimitNOFILE=)"
        );
    }
    connections
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::Ipv4Addr;

    use super::*;
    use crate::socket::Address;

    /// Panics where the path says so.
    struct Fragile;

    impl Service for Fragile {
        type Route = bool;

        fn admit(&self, head: &Head<'_>) -> Admission<bool> {
            assert_ne!(head.path, "/admit");
            Admission::Body(head.path == "/respond")
        }

        fn respond(&self, panics: bool, _: &[u8]) -> Response {
            assert!(!panics);
            Response::json(&b"{}"[..])
        }
    }

    fn ask(address: &Address, path: &str) -> String {
        let mut stream = address.connect(Duration::from_secs(20)).expect("a connection");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").expect("a request");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }

    #[test]
    fn a_panic_in_a_handler_is_a_500_and_the_server_goes_on() {
        let engines = [Engine::Event, Engine::TinyHttp];
        for engine in engines.into_iter().take(if cfg!(feature = "tiny_http") { 2 } else { 1 }) {
            let (listener, _) = Address::Tcp((Ipv4Addr::LOCALHOST, 0).into()).listen().expect("a port");
            let address = listener.address().expect("its address");
            let service = Arc::new(Fragile);
            let meter = Arc::new(Meter::default());
            let server = start(engine, vec![listener], service, NonZero::<usize>::MIN, 8, Arc::clone(&meter));
            let server = server.expect("a server");
            for path in ["/admit", "/respond", "/admit"] {
                let answer = ask(&address, path);
                assert!(answer.starts_with("HTTP/1.1 500 "), "{engine:?}: {answer}");
                assert!(answer.ends_with("{\"detail\": \"internal error\"}"), "{engine:?}: {answer}");
            }
            assert_eq!(meter.panics(), 3, "{engine:?}");
            let answer = ask(&address, "/");
            assert!(answer.starts_with("HTTP/1.1 200 "), "{engine:?}: {answer}");
            server.stop();
        }
    }
}
