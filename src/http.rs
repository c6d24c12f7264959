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

mod body;
pub mod connection;
mod event_loop;
mod head;
#[cfg(feature = "tiny_http")]
mod tiny;

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

/// What the program does with requests. An engine calls `admit` as soon as the head is complete and
/// `respond` only when that let it in and the body is there.
pub trait Service: Send + Sync + 'static {
    /// What `admit` found out and `respond` needs.
    type Route: Send;

    /// Lets a request in, so that its body is taken, or answers it from its head alone: mostly with a
    /// refusal.
    fn admit(&self, head: &Head<'_>) -> Result<Self::Route, Response>;

    /// Answers a request that was let in. Only touches memory: the engine's thread waits for it.
    fn respond(&self, route: Self::Route, body: &[u8]) -> Response;
}

/// What the head of a request says, as far as a service may want to know.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h> {
    /// The method, as sent: methods are case-sensitive (RFC 9110, section 9.1).
    pub method: &'h str,
    /// The path without query, as sent, never empty.
    pub path: &'h str,
    /// What follows the `?` behind the path, as sent.
    pub query: &'h str,
    /// The host that the client asked for, perhaps with a port; empty where it said none (HTTP/1.0).
    pub host: &'h str,
    /// The last value of `X-Forwarded-Proto`, which the nearest proxy has written, or a client of its own.
    pub forwarded_proto: &'h str,
    /// The value of the `Authorization` field if there is exactly one.
    pub authorization: Option<&'h [u8]>,
    /// The other end of the connection.
    pub peer: Peer,
}

/// An answer, not yet in the form it has on the wire.
#[derive(Debug)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// One more field that the status calls for.
    pub field: Option<(&'static str, &'static str)>,
    /// What the content is.
    pub content_type: &'static str,
    /// The content.
    pub body: Cow<'static, [u8]>,
}

const JSON: &str = "application/json";

impl Response {
    /// 200 with JSON that was written by the caller.
    pub fn json(body: impl Into<Cow<'static, [u8]>>) -> Response {
        Response { status: 200, field: None, content_type: JSON, body: body.into() }
    }

    /// Plain text.
    pub fn text(status: u16, content_type: &'static str, body: String) -> Response {
        Response { status, field: None, content_type, body: body.into_bytes().into() }
    }

    /// A refusal that says why: `{"detail": "…"}`, the form that Dify's documentation uses.
    pub fn refusal(status: u16, detail: &str) -> Response {
        let detail = serde_json::to_string(detail).unwrap_or_default();
        let body = format!("{{\"detail\": {detail}}}").into_bytes();
        Response { status, field: None, content_type: JSON, body: body.into() }
    }

    /// The same with a field that belongs to the status.
    pub fn with_field(self, name: &'static str, value: &'static str) -> Response {
        Response { field: Some((name, value)), ..self }
    }
}

/// RFC 9110's phrase for the statuses that we send.
fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        400 => "Bad Request",
        401 => "Unauthorized",
        404 => "Not Found",
        405 => "Method Not Allowed",
        408 => "Request Timeout",
        413 => "Content Too Large",
        417 => "Expectation Failed",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        503 => "Service Unavailable",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// Handlers that panicked since the start.
static PANICS: AtomicU64 = AtomicU64::new(0);

/// The statuses with which requests are refused.
const REFUSALS: [u16; 10] = [400, 401, 404, 405, 408, 413, 417, 431, 503, 505];

/// What an engine counts as it goes.
#[derive(Debug, Default)]
pub struct Meter {
    /// Connections that are open now. tiny_http does not tell.
    connections: AtomicUsize,
    /// Connections since the start. tiny_http does not tell.
    accepted: AtomicU64,
    /// Memory held for clients now, in bytes. tiny_http does not tell.
    held: AtomicUsize,
    /// Requests that were refused before they had a handler, in the order of [`REFUSALS`].
    refused: [AtomicU64; REFUSALS.len()],
}

impl Meter {
    /// Counts a request that is refused without a handler.
    pub fn refuse(&self, status: u16) {
        if let Some(index) = REFUSALS.iter().position(|known| *known == status) {
            self.refused[index].fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Connections that are open now, those since the start, and bytes held for clients.
    pub fn connections(&self) -> (usize, u64, usize) {
        let Meter { connections, accepted, held, .. } = self;
        (connections.load(Ordering::Relaxed), accepted.load(Ordering::Relaxed), held.load(Ordering::Relaxed))
    }

    /// The statuses with which requests were refused, and how many.
    pub fn refusals(&self) -> impl Iterator<Item = (u16, u64)> {
        REFUSALS.into_iter().zip(self.refused.iter().map(|count| count.load(Ordering::Relaxed)))
    }

    /// Handlers that panicked, in the whole process.
    pub fn panics(&self) -> u64 {
        PANICS.load(Ordering::Relaxed)
    }
}

/// Calls into the service; a panic there becomes a 500 and the process goes on.
fn guarded<T>(call: impl FnOnce() -> Result<T, Response>) -> Result<T, Response> {
    // A handler shares only what is published whole (snapshots, keys), so that nothing half-changed
    // can be seen after it unwound.
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|_| {
        let panics = PANICS.fetch_add(1, Ordering::Relaxed) + 1;
        error!("a handler panicked: its request was answered 500 (so far: {panics})");
        Err(Response::refusal(500, "internal error"))
    })
}

/// The line that a request leaves in the log at debug level: kept while the body comes in, and only
/// when somebody reads it.
struct LogLine(Option<(String, Instant)>);

impl LogLine {
    /// Never the query string, which may hold what is not ours to write down.
    fn start(head: &Head<'_>) -> LogLine {
        LogLine(log_enabled!(target: "weatherhook::request", log::Level::Debug).then(|| {
            let mut line = String::new();
            // What a stranger wrote must not look like a line of ours, nor move the cursor.
            let shown =
                |text: &'_ str, most| text.chars().take(most).flat_map(char::escape_default).collect();
            let (method, path): (String, String) = (shown(head.method, 16), shown(head.path, 200));
            // Writing to a string cannot fail.
            let _ = write!(line, "{} {method} {path}", head.peer);
            (line, Instant::now())
        }))
    }

    /// For what was refused before its head could be read.
    fn unread(peer: Peer) -> LogLine {
        let head = Head {
            method: "-",
            path: "-",
            query: "",
            host: "",
            forwarded_proto: "",
            authorization: None,
            peer,
        };
        LogLine::start(&head)
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

        fn admit(&self, head: &Head<'_>) -> Result<bool, Response> {
            assert_ne!(head.path, "/admit");
            Ok(head.path == "/respond")
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
            let server = start(engine, vec![listener], service, NonZero::<usize>::MIN, 8, Arc::default());
            let server = server.expect("a server");
            let before = PANICS.load(Ordering::Relaxed);
            for path in ["/admit", "/respond", "/admit"] {
                let answer = ask(&address, path);
                assert!(answer.starts_with("HTTP/1.1 500 "), "{engine:?}: {answer}");
                assert!(answer.ends_with("{\"detail\": \"internal error\"}"), "{engine:?}: {answer}");
            }
            assert_eq!(PANICS.load(Ordering::Relaxed), before + 3, "{engine:?}");
            let answer = ask(&address, "/");
            assert!(answer.starts_with("HTTP/1.1 200 "), "{engine:?}: {answer}");
            server.stop();
        }
    }
}
