//! One connection as a state machine over bytes: no socket, no clock and no thread in it, so that
//! it can be tested and fuzzed as a function.
//!
//! The owner of the socket asks [`Connection::step`] what to do next and reports what happened:
//! bytes that came ([`receive`](Connection::receive)) or went ([`sent`](Connection::sent)), the
//! client's end ([`end`](Connection::end)), a deadline that passed ([`expire`](Connection::expire)).

use std::borrow::Cow;
use std::mem;
use std::time::{Duration, Instant};

use super::body::Chunked;
use super::head::{self, Framing, MAX_HEAD, Malformed, Parsed};
use super::{Admission, LogLine, MAX_BODY, Meter, OVERLOADED, Response, Service, Status, admit, respond};
use crate::socket::Peer;

// The deadlines are for the whole of what they bound, not for each read: a client that sends a
// byte now and then does not extend them.

/// A new connection that says nothing. Some clients connect ahead of need, but not for long.
const NEW: Duration = Duration::from_secs(30);
/// A head, from its first byte.
const HEAD: Duration = Duration::from_secs(10);
/// A body, from the end of its head: 1 MiB in this time is 35 kB/s.
const BODY: Duration = Duration::from_secs(30);
/// An answer, until the client has taken it.
const RESPONSE: Duration = Duration::from_secs(30);
/// Between an answer and the next request. cloudflared keeps connections for 90 s and takes a
/// connection that we close for a failure of ours, so this is longer.
const IDLE: Duration = Duration::from_secs(120);
/// After the last answer, for what the client still sends: a close with unread data would have the
/// kernel reset the connection, and the client might lose the answer.
const LINGER: Duration = Duration::from_secs(1);

/// How long a new connection may still send its request when the server stops: it may be on the way.
const NEW_AT_STOP: Duration = Duration::from_millis(250);
/// How long a client that never showed a key may still send its head when the server stops.
const HEAD_AT_STOP: Duration = Duration::from_secs(1);

/// If a request is answered from its head alone, a body up to this size is read and ignored, and the connection
/// goes on: that is cheaper than a new connection. A larger one ends the connection.
const MAX_DRAINED: u64 = 64 * 1024;

/// What is thrown away in that time: a client that sends more than the largest body does not listen.
const MAX_IGNORED: usize = MAX_BODY;

/// Answers that wait to be taken. From here on no further pipelined request is answered until the
/// client has taken all of them.
const OUTPUT_PAUSE: usize = 16 * 1024;

/// An answer to a body may be so many times its size: moderation masks letters of one byte with characters of three.
const ANSWER_BY_BODY: usize = 3;

/// For the answers to bodies up to this size there is always memory.
const SMALL_BODY: usize = 16 * 1024;

/// What stays the same during one turn of the caller.
#[derive(Clone, Copy, Debug)]
pub struct Tick<'t> {
    /// The monotonic clock.
    pub now: Instant,
    /// The wall clock, in the form of the `Date` field.
    pub date: &'t str,
    /// The server is stopping: each answer is the last on its connection.
    pub stopping: bool,
    /// Where refusals are counted.
    pub meter: &'t Meter,
}

/// What to do next with the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Write [`Connection::output`] and report with [`Connection::sent`].
    Write,
    /// Read, and report with [`Connection::receive`] or [`Connection::end`].
    Read,
    /// A large body is there: answer it with [`Connection::answer_large`] if there is memory for the answer, which
    /// [`Connection::held`] includes now.
    Answer,
    /// Shut the sending side and report with [`Connection::shut`].
    Shut,
    /// Close: nothing more is to be sent or heard.
    Close,
}

/// A connection and all that it holds in memory.
pub struct Connection<R> {
    peer: Peer,
    phase: Phase<R>,
    /// When the phase began.
    since: Instant,
    /// Bytes that came and are not used yet: a part of a head, or requests that have to wait.
    input: Vec<u8>,
    /// How far `input` was searched for the end of a head.
    scanned: usize,
    output: Vec<u8>,
    sent: usize,
    output_since: Instant,
    /// The client has shut its sending side.
    ended: bool,
    /// A request of this connection was let in.
    admitted: bool,
}

enum Phase<R> {
    /// Nothing has come yet.
    New,
    /// Answered, and nothing of the next request has come.
    Idle,
    /// A part of a head is there.
    Head,
    /// The request was let in; its body is coming.
    Body(Incoming<R>),
    /// The request was answered from its head; this much of its body is still to be read away.
    Drain(u64),
    /// There will be no further request. `linger`: the client may be sending; `shut`: our sending
    /// side is closed; `ignored`: so many bytes were thrown away.
    Last { linger: bool, shut: bool, ignored: usize },
}

/// A request whose body is coming.
struct Incoming<R> {
    route: R,
    reply: Reply,
    log: LogLine,
    body: Vec<u8>,
    coding: Coding,
    /// The size of the head, of which parts are kept.
    head: usize,
    /// The body is there, and it is a large one.
    is_whole: bool,
}

enum Coding {
    Length(usize),
    Chunked(Chunked),
}

/// What the request said about its answer.
#[derive(Clone, Copy)]
struct Reply {
    head_only: bool,
    keep_alive: bool,
    announce_keep_alive: bool,
}

impl<R> Connection<R> {
    /// A connection that was accepted `now`.
    pub fn new(peer: Peer, now: Instant) -> Connection<R> {
        Connection {
            peer,
            phase: Phase::New,
            since: now,
            input: Vec::new(),
            scanned: 0,
            output: Vec::new(),
            sent: 0,
            output_since: now,
            ended: false,
            admitted: false,
        }
    }

    /// What to do next.
    pub fn step(&self) -> Step {
        match self.phase {
            _ if !self.output.is_empty() => Step::Write,
            Phase::Last { linger: false, .. } => Step::Close,
            Phase::Last { .. } if self.ended => Step::Close,
            Phase::Last { shut: false, .. } => Step::Shut,
            Phase::Body(Incoming { is_whole: true, .. }) => Step::Answer,
            _ => Step::Read,
        }
    }

    /// When [`expire`](Connection::expire) is due.
    pub fn deadline(&self) -> Instant {
        if !self.output.is_empty() {
            return self.output_since + RESPONSE;
        }
        self.since
            + match self.phase {
                Phase::New => NEW,
                Phase::Idle => IDLE,
                Phase::Head => HEAD,
                Phase::Body(_) | Phase::Drain(_) => BODY,
                Phase::Last { .. } => LINGER,
            }
    }

    /// What is to be written now. Empty only when [`step`](Connection::step) does not say `Write`.
    pub fn output(&self) -> &[u8] {
        &self.output[self.sent..]
    }

    /// Memory held for this client, in bytes.
    pub fn held(&self) -> usize {
        let incoming = match &self.phase {
            Phase::Body(Incoming { head, body, is_whole, .. }) => {
                head + body.capacity() + if *is_whole { ANSWER_BY_BODY * body.len() } else { 0 }
            }
            _ => 0,
        };
        self.input.capacity() + self.output.capacity() + incoming
    }

    /// Answers a large body.
    pub fn answer_large<S: Service<Route = R>>(&mut self, service: &S, tick: &Tick<'_>) {
        self.answer_body(service, tick);
        self.resume(service, tick);
    }

    /// Whether a request of this connection was let in: its client has a key.
    pub fn is_admitted(&self) -> bool {
        self.admitted
    }

    /// The order in which connections make room, the least first: those that never showed a key before the
    /// others, and among them the longest-waiting.
    pub fn rank(&self) -> (bool, Instant) {
        (self.admitted, self.since)
    }

    /// Lends the connection a buffer for its answers. The usual answer goes out in the turn in which
    /// it was written, so that one buffer serves all connections.
    pub fn lend_output(&mut self, spare: &mut Vec<u8>) {
        if self.output.capacity() == 0 {
            mem::swap(&mut self.output, spare);
        }
    }

    /// Takes the buffer back if nothing waits in it, and frees one that a rare answer made large.
    pub fn reclaim_output(&mut self, spare: &mut Vec<u8>) {
        if self.output.is_empty() {
            let output = mem::take(&mut self.output);
            if spare.capacity() == 0 && output.capacity() <= 2 * OUTPUT_PAUSE {
                *spare = output;
            }
        }
    }

    /// Bytes have come.
    pub fn receive<S: Service<Route = R>>(&mut self, bytes: &[u8], service: &S, tick: &Tick<'_>) {
        if self.input.is_empty() {
            let used = self.process(bytes, service, tick);
            self.input.extend_from_slice(&bytes[used..]);
        } else {
            self.input.extend_from_slice(bytes);
            self.resume(service, tick);
        }
    }

    /// The client has shut its sending side: what is complete is still answered.
    pub fn end<S: Service<Route = R>>(&mut self, service: &S, tick: &Tick<'_>) {
        self.ended = true;
        self.resume(service, tick);
    }

    /// `n` bytes of the output were written.
    pub fn sent<S: Service<Route = R>>(&mut self, n: usize, service: &S, tick: &Tick<'_>) {
        self.sent += n;
        if self.sent < self.output.len() {
            return;
        }
        self.output.clear();
        self.sent = 0;
        if matches!(self.phase, Phase::Idle | Phase::Last { .. }) {
            self.since = tick.now;
        }
        self.resume(service, tick);
    }

    /// Our sending side is shut.
    pub fn shut(&mut self, now: Instant) {
        if let Phase::Last { shut, .. } = &mut self.phase {
            *shut = true;
            self.since = now;
        }
    }

    /// The deadline has passed.
    pub fn expire(&mut self, tick: &Tick<'_>) {
        let detail = match self.phase {
            Phase::Head if self.output.is_empty() => "too slow: the head took over 10 s",
            Phase::Body(_) if self.output.is_empty() => "too slow: the body took over 30 s",
            _ => return self.abandon(),
        };
        self.refuse(Malformed { status: Status::RequestTimeout, detail }, tick);
    }

    /// There is no memory for more of this request.
    pub fn overload(&mut self, tick: &Tick<'_>) {
        if matches!(self.phase, Phase::Last { .. }) || !self.output.is_empty() {
            return self.abandon();
        }
        self.refuse(Malformed { status: Status::ServiceUnavailable, detail: OVERLOADED }, tick);
    }

    /// The server stops: a connection without a request in flight ends. A client that has not shown a key yet
    /// gets little more time.
    pub fn stop(&mut self, now: Instant) {
        let within = |most: Duration, left: Duration| now.checked_sub(most - left).unwrap_or(now);
        match self.phase {
            // A pipelined request that waits for its turn is in flight, too.
            Phase::Idle if self.input.is_empty() => self.last(false, now),
            Phase::Drain(_) => self.last(true, now),
            // It may have had its time already.
            Phase::New => self.since = self.since.checked_sub(NEW - NEW_AT_STOP).unwrap_or(now),
            Phase::Head if !self.admitted => self.since = self.since.min(within(HEAD, HEAD_AT_STOP)),
            Phase::Idle | Phase::Head | Phase::Body(_) | Phase::Last { .. } => {}
        }
    }

    fn abandon(&mut self) {
        self.output = Vec::new();
        self.sent = 0;
        self.phase = Phase::Last { linger: false, shut: false, ignored: 0 };
    }

    fn last(&mut self, linger: bool, now: Instant) {
        self.phase = Phase::Last { linger, shut: false, ignored: 0 };
        self.since = now;
    }

    /// Goes on with the bytes that had to wait.
    fn resume<S: Service<Route = R>>(&mut self, service: &S, tick: &Tick<'_>) {
        let mut input = mem::take(&mut self.input);
        let used = self.process(&input, service, tick);
        // What is used up is given back, so that an idle connection holds no memory.
        if used < input.len() {
            input.drain(..used);
            self.keep(input);
        }
    }

    /// Keeps bytes that cannot be used yet. Unless they wait for output to be taken, they are a part
    /// of one head, and get no more room than a head may have: strangers can have it held.
    fn keep(&mut self, mut input: Vec<u8>) {
        if input.capacity() > MAX_HEAD && input.len() < MAX_HEAD {
            input.shrink_to(MAX_HEAD);
        }
        self.input = input;
    }

    /// Uses as much of `bytes` as it can. Gives how much that was.
    fn process<S: Service<Route = R>>(&mut self, bytes: &[u8], service: &S, tick: &Tick<'_>) -> usize {
        let mut used = 0;
        // Without a key there is one answer at a time: unread answers are memory.
        while self.output.len() < if self.admitted { OUTPUT_PAUSE } else { 1 } {
            let rest = &bytes[used..];
            let n = match &mut self.phase {
                Phase::New | Phase::Idle | Phase::Head => self.head(rest, service, tick),
                Phase::Body(_) => self.body(rest, service, tick),
                Phase::Drain(left) => {
                    let n = rest.len().min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= n as u64;
                    if *left == 0 {
                        self.phase = Phase::Idle;
                        self.since = tick.now;
                    }
                    n
                }
                Phase::Last { linger, ignored, .. } => {
                    *ignored = ignored.saturating_add(rest.len());
                    *linger = (*linger || !rest.is_empty()) && *ignored <= MAX_IGNORED;
                    return bytes.len();
                }
            };
            used += n;
            if n == 0 {
                if self.ended {
                    self.end_of_requests(tick);
                }
                break;
            }
        }
        used
    }

    /// Nothing more will come, and what has come was used as far as it goes.
    fn end_of_requests(&mut self, tick: &Tick<'_>) {
        match self.phase {
            Phase::Body(Incoming { is_whole: true, .. }) => {}
            Phase::Head | Phase::Body(_) => self.refuse(Malformed::incomplete(), tick),
            Phase::New | Phase::Idle | Phase::Drain(_) => self.last(false, tick.now),
            Phase::Last { .. } => {}
        }
    }

    /// Reads a head if it is complete. Gives how many bytes were used: 0 when more are needed.
    fn head<S: Service<Route = R>>(&mut self, bytes: &[u8], service: &S, tick: &Tick<'_>) -> usize {
        // RFC 9112, section 2.2: an empty line before a request is ignored, as some clients end a
        // body with one too many.
        if bytes.starts_with(b"\r\n") {
            return 2;
        }
        if bytes.is_empty() || bytes == b"\r" {
            return 0;
        }
        if !matches!(self.phase, Phase::Head) {
            self.phase = Phase::Head;
            self.since = tick.now;
            self.scanned = 0;
        }
        let end = match head::end(bytes, &mut self.scanned) {
            Ok(Some(end)) => end,
            Ok(None) => return 0,
            Err(malformed) => {
                self.refuse(malformed, tick);
                return bytes.len();
            }
        };
        let (head, behind) = bytes.split_at(end);
        let read = self.whole_head(head, behind, service, tick).or_else(|malformed| {
            let head = Some(head).filter(|_| malformed.status == Status::HttpVersionNotSupported);
            let head = head.and_then(head::of_later_version).ok_or(malformed)?;
            self.whole_head(&head, behind, service, tick)
        });
        match read {
            Ok(used) => end + used,
            Err(malformed) => {
                self.refuse(malformed, tick);
                bytes.len()
            }
        }
    }

    fn whole_head<S: Service<Route = R>>(
        &mut self,
        head: &[u8],
        behind: &[u8],
        service: &S,
        tick: &Tick<'_>,
    ) -> Result<usize, Malformed> {
        let mut fields = head::FieldBuffer::new();
        let parsed = head::parse(head, &mut fields, self.peer)?;
        Ok(self.request(&parsed, head.len(), behind, service, tick))
    }

    /// Takes the request's head to the service, and its body if it is there as a whole in the bytes
    /// behind. Gives how many of those were used.
    fn request<S: Service<Route = R>>(
        &mut self,
        parsed: &Parsed<'_>,
        head: usize,
        behind: &[u8],
        service: &S,
        tick: &Tick<'_>,
    ) -> usize {
        let reply = Reply {
            head_only: parsed.head.method == "HEAD",
            keep_alive: parsed.keep_alive,
            announce_keep_alive: parsed.announce_keep_alive,
        };
        let log = LogLine::start(&parsed.head);
        let route = match admit(service, &parsed.head, tick.meter) {
            Admission::Body(route) => route,
            Admission::Answer(response) => {
                log.finish(&response);
                return self.answer_head(response, reply, parsed, behind, tick);
            }
        };
        self.admitted = true;
        let coding = match parsed.framing {
            Framing::Length(length) if length > MAX_BODY as u64 => {
                self.refuse_logged(Malformed::body_too_large(), log, reply.head_only, tick);
                return behind.len();
            }
            Framing::Length(length) => {
                #[expect(clippy::cast_possible_truncation, reason = "at most MAX_BODY")]
                let length = length as usize;
                if let Some(body) = behind.get(..length) {
                    self.respond(service, route, body, reply, log, tick);
                    return length;
                }
                Coding::Length(length)
            }
            Framing::Chunked => Coding::Chunked(Chunked::new()),
        };
        if parsed.expects_continue && behind.is_empty() {
            self.start_output(tick);
            self.output.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        let body = Vec::new();
        self.phase = Phase::Body(Incoming { route, reply, log, body, coding, head, is_whole: false });
        self.since = tick.now;
        0
    }

    /// Answers a request without its body, and makes sure that the client can read the answer.
    fn answer_head(
        &mut self,
        response: Response,
        reply: Reply,
        parsed: &Parsed<'_>,
        behind: &[u8],
        tick: &Tick<'_>,
    ) -> usize {
        match parsed.framing {
            // A client that waits for 100 Continue may send the body or not: one cannot know where
            // its next request begins.
            Framing::Length(length) if length <= MAX_DRAINED && (length == 0 || !parsed.expects_continue) => {
                let here = behind.len().min(usize::try_from(length).unwrap_or(usize::MAX));
                self.answer(response, reply, tick);
                let left = length - here as u64;
                if left > 0 {
                    match &mut self.phase {
                        Phase::Last { linger, .. } => *linger = true,
                        phase => *phase = Phase::Drain(left),
                    }
                }
                here
            }
            _ => {
                self.answer(response, Reply { keep_alive: false, ..reply }, tick);
                self.last(true, tick.now);
                behind.len()
            }
        }
    }

    /// Takes in more of a body and answers when it is complete.
    fn body<S: Service<Route = R>>(&mut self, bytes: &[u8], service: &S, tick: &Tick<'_>) -> usize {
        let Phase::Body(incoming) = &mut self.phase else { return 0 };
        if incoming.is_whole {
            return 0;
        }
        let decoded = match &mut incoming.coding {
            Coding::Length(length) => {
                let body = &mut incoming.body;
                let n = bytes.len().min(*length - body.len());
                if body.capacity() < body.len() + n {
                    // Doubled as ever, but not beyond what is to come.
                    let size = (2 * (body.len() + n)).min(*length);
                    body.reserve_exact(size - body.len());
                }
                body.extend_from_slice(&bytes[..n]);
                Ok((n, body.len() == *length))
            }
            Coding::Chunked(chunked) => chunked.decode(bytes, &mut incoming.body),
        };
        match decoded {
            Ok((n, false)) => n,
            Ok((n, true)) => {
                incoming.is_whole = incoming.body.len() > SMALL_BODY;
                if !incoming.is_whole {
                    self.answer_body(service, tick);
                }
                n
            }
            Err(malformed) => {
                self.refuse(malformed, tick);
                bytes.len()
            }
        }
    }

    fn answer_body<S: Service<Route = R>>(&mut self, service: &S, tick: &Tick<'_>) {
        let phase = mem::replace(&mut self.phase, Phase::Idle);
        if let Phase::Body(Incoming { route, reply, log, body, .. }) = phase {
            self.respond(service, route, &body, reply, log, tick);
        }
    }

    fn respond<S: Service<Route = R>>(
        &mut self,
        service: &S,
        route: R,
        body: &[u8],
        reply: Reply,
        log: LogLine,
        tick: &Tick<'_>,
    ) {
        let response = respond(service, route, body, tick.meter);
        log.finish(&response);
        self.answer(response, reply, tick);
    }

    /// Refuses what cannot be read to its end.
    fn refuse(&mut self, malformed: Malformed, tick: &Tick<'_>) {
        let (log, head_only) = match &mut self.phase {
            Phase::Body(incoming) => {
                (mem::replace(&mut incoming.log, LogLine(None)), incoming.reply.head_only)
            }
            _ => (LogLine::unread(self.peer), false),
        };
        self.refuse_logged(malformed, log, head_only, tick);
    }

    fn refuse_logged(&mut self, malformed: Malformed, log: LogLine, head_only: bool, tick: &Tick<'_>) {
        let response = Response::refusal(malformed.status, malformed.detail);
        tick.meter.refuse(malformed.status);
        log.finish(&response);
        self.answer(response, Reply { head_only, keep_alive: false, announce_keep_alive: false }, tick);
        self.last(true, tick.now);
        self.input = Vec::new();
    }

    fn start_output(&mut self, tick: &Tick<'_>) {
        if self.output.is_empty() {
            self.output_since = tick.now;
        }
    }

    /// Writes the answer behind those that still wait, and goes on to the next request or to the end.
    fn answer(&mut self, response: Response, reply: Reply, tick: &Tick<'_>) {
        self.start_output(tick);
        let keep_alive = reply.keep_alive && !tick.stopping;
        let Response { status, content_type, fields, body } = response;
        let out = &mut self.output;
        let mut put = |text: &str| out.extend_from_slice(text.as_bytes());
        let mut number = itoa::Buffer::new();
        put("HTTP/1.1 ");
        put(number.format(status.code()));
        put(" ");
        put(status.reason());
        if !content_type.is_empty() {
            put("\r\nContent-Type: ");
            put(content_type);
        }
        put("\r\nContent-Length: ");
        put(number.format(body.len()));
        // A cache of a proxy must not give what one client may see to another one.
        put("\r\nCache-Control: no-store\r\nDate: ");
        put(tick.date);
        put("\r\n");
        for (name, value) in &fields {
            [*name, ": ", value, "\r\n"].into_iter().for_each(&mut put);
        }
        if !keep_alive {
            put("Connection: close\r\n");
        } else if reply.announce_keep_alive {
            put("Connection: keep-alive\r\n");
        }
        put("\r\n");
        if !reply.head_only {
            match body {
                // Not copied: a second one might be megabytes.
                Cow::Owned(mut body) if body.len() > OUTPUT_PAUSE => {
                    body.shrink_to_fit();
                    body.reserve_exact(out.len());
                    body.splice(..0, out.drain(..));
                    *out = body;
                }
                body => out.extend_from_slice(&body),
            }
        }
        self.since = tick.now;
        self.phase = Phase::Idle;
        if !keep_alive {
            self.last(false, tick.now);
        }
    }
}

#[cfg(test)]
mod tests;
