//! The connection's state machine: however the bytes are split and however the client takes its
//! answers, the same requests reach the service and the same bytes are answered.
//!
//! An input is a line, the plan, and behind it what the client sends. Each byte of the plan stands
//! for one piece: its low four bits choose the size from [`SIZES`], the next two how the client
//! takes its answers, from [`TAKEN`]. The bytes in [`EVENTS`] are no pieces where faults are tried.
//! In what is sent, `~0010x` stands for sixteen times `x`, and `~*10` for sixteen times all that
//! stands before it, so that small inputs reach the bounds.

use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

use weatherhook::testing::http::connection::{Connection, Step, Tick};
use weatherhook::testing::http::{Admission, Head, MAX_BODY, Meter, Response, Service, Status};
use weatherhook::testing::socket::Peer;

const SIZES: [usize; 16] = [1, 2, 3, 4, 5, 7, 8, 13, 16, 31, 64, 127, 256, 1000, 4096, 16 * 1024];

/// Bytes that the client takes at a time.
const TAKEN: [usize; 4] = [usize::MAX, 1, 7, 1000];

/// Deadline passed, no memory left, server stops, client ended, time goes by.
const EVENTS: [u8; 5] = *b"!^.$+";

/// What the engine reads at once.
const READ: usize = 16 * 1024;

/// The bound of a head, which is also the most that is kept of bytes that cannot be used yet.
const MAX_HEAD: usize = 8 * 1024;

/// When this much waits to be taken, no further request is answered.
const OUTPUT_PAUSE: usize = 16 * 1024;

/// The longest answer of [`Probe`] and of the connection itself, and a `100 Continue` before it.
const MAX_ANSWER: usize = 1024;

/// The largest input once its repetitions are written out: over every bound but that of a body, and
/// still quick when sent in pieces.
const MAX_SENT: usize = 96 * 1024;

/// Pieces of an input, so that the largest are quick, too: byte by byte up to one and a half heads.
const MAX_PIECES: usize = 12 * 1024;

const INTERIM: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// Holds what `data` says against every way to send it.
pub(crate) fn check(data: &[u8]) {
    let newline = data.iter().position(|&byte| byte == b'\n');
    let (plan, bytes) = newline.map_or((&b""[..], data), |at| (&data[..at], &data[at + 1..]));
    let bytes = written_out(bytes);

    let reference = Client::new(&[]).run(bytes.chunks(READ), false);
    let mut whole = Client::new(&[]);
    whole.largest_piece = bytes.len();
    let plans = [
        ("at once", whole.run([bytes.as_slice()].into_iter(), false)),
        ("byte by byte", Client::new(&[]).run(pieces(&[], &bytes), false)),
        ("as planned", Client::new(plan).run(pieces(plan, &bytes), false)),
    ];
    for (how, outcome) in plans {
        assert_eq!(outcome.calls, reference.calls, "the requests, {how}");
        assert_same(&outcome.answers, &reference.answers, how);
        assert_same(&outcome.before_end, &reference.before_end, how);
    }
    // Each request that was let in or refused by the service has its one answer; beside those only
    // the last answer can be, to what could not be read.
    let finals = count(&reference.answers, b"\r\nContent-Type: ");
    let admits = reference.calls.iter().filter(|call| call.starts_with("admit")).count();
    assert!(finals == admits || finals == admits + 1, "{finals} answers to {admits} requests");

    if plan.iter().any(|byte| EVENTS.contains(byte)) {
        Client::new(plan).run(pieces(plan, &bytes), true);
    }
}

#[track_caller]
fn assert_same(found: &[u8], expected: &[u8], how: &str) {
    if found != expected {
        assert_eq!(String::from_utf8_lossy(found), String::from_utf8_lossy(expected), "{how}");
    }
}

/// `bytes` with their repetitions written out.
fn written_out(bytes: &[u8]) -> Vec<u8> {
    let hex = |digits: &[u8]| usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok();
    let mut out = Vec::new();
    let mut rest = bytes;
    while let Some((&first, behind)) = rest.split_first() {
        rest = behind;
        match (first, behind) {
            (b'~', [b'*', a, b, more @ ..]) if hex(&[*a, *b]).is_some() => {
                let times = hex(&[*a, *b]).unwrap_or(1).min(MAX_SENT / out.len().max(1));
                out = out.repeat(times.max(1));
                rest = more;
            }
            (b'~', [a, b, c, d, byte, more @ ..]) if hex(&[*a, *b, *c, *d]).is_some() => {
                let times = hex(&[*a, *b, *c, *d]).unwrap_or(1);
                out.resize(out.len() + times, *byte);
                rest = more;
            }
            _ => out.push(first),
        }
        out.truncate(MAX_SENT);
    }
    out
}

fn pieces<'b>(plan: &[u8], bytes: &'b [u8]) -> impl Iterator<Item = &'b [u8]> {
    let mut rest = bytes;
    let mut n = 0;
    let plan = plan.to_vec();
    let least = bytes.len().div_ceil(MAX_PIECES);
    std::iter::from_fn(move || {
        let size = plan.get(n % plan.len().max(1)).map_or(1, |byte| SIZES[usize::from(byte & 15)]).max(least);
        n += 1;
        let (piece, behind) = rest.split_at(size.min(rest.len()));
        rest = behind;
        (!piece.is_empty()).then_some(piece)
    })
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    // Fuzzing makes each comparison of slices dear: only where the first bytes are the same.
    bytes.windows(what.len()).position(|window| window[0] == what[0] && window == what)
}

fn count(mut bytes: &[u8], what: &[u8]) -> usize {
    let mut count = 0;
    while let Some(at) = find(bytes, what) {
        bytes = &bytes[at + what.len()..];
        count += 1;
    }
    count
}

/// Lets in who says `k`, and answers with what can be told of any body on one line.
#[derive(Default)]
struct Probe {
    calls: Mutex<Vec<String>>,
}

impl Probe {
    fn note(&self, call: String) {
        self.calls.lock().expect("no panic while it was held").push(call);
    }
}

impl Service for Probe {
    type Route = usize;

    fn admit(&self, head: &Head<'_>) -> Admission<usize> {
        let Head { method, path, .. } = head;
        let authorization = head.field("authorization");
        assert!(!path.is_empty() && !path.contains('?'), "{path}");
        assert!(!method.is_empty());
        self.note(format!("admit {method} {path} {authorization:?}"));
        match authorization {
            Some(b"k") => Admission::Body(path.len()),
            _ => {
                let refusal = Response::refusal(Status::Unauthorized, "who?");
                Admission::Answer(refusal.with_field("WWW-Authenticate", "Bearer"))
            }
        }
    }

    fn respond(&self, route: usize, body: &[u8]) -> Response {
        assert!(body.len() <= MAX_BODY);
        // FNV-1a: the answer tells each body from every other, and holds nothing of what was sent.
        let hash = body.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        self.note(format!("respond {route} {} {hash:x}", body.len()));
        Response::json(format!("[{route}, {}, \"{hash:x}\"]", body.len()).into_bytes())
    }
}

/// What came of a connection.
struct Outcome {
    calls: Vec<String>,
    /// All that was answered, without the interim answers: whether a client that sends its body at
    /// once is told to go on depends on the split.
    answers: Vec<u8>,
    before_end: Vec<u8>,
}

/// A client that takes its answers as planned, and what it may expect.
struct Client<'p> {
    plan: &'p [u8],
    connection: Connection<usize>,
    probe: Probe,
    start: Instant,
    seconds: u64,
    stopping: bool,
    turns: usize,
    output: Vec<u8>,
    spare: Vec<u8>,
    shut: bool,
    closed: bool,
    largest_piece: usize,
}

impl<'p> Client<'p> {
    fn new(plan: &'p [u8]) -> Client<'p> {
        let start = Instant::now();
        Client {
            plan,
            connection: Connection::new(Peer::Unix, start),
            probe: Probe::default(),
            start,
            seconds: 0,
            stopping: false,
            turns: 0,
            output: Vec::new(),
            spare: Vec::new(),
            shut: false,
            closed: false,
            largest_piece: READ,
        }
    }

    fn run<'b>(mut self, pieces: impl Iterator<Item = &'b [u8]>, faults: bool) -> Outcome {
        self.take();
        for piece in pieces {
            if faults {
                self.event();
            }
            if self.closed {
                break;
            }
            self.connection.lend_output(&mut self.spare);
            self.drive(|connection, probe, tick| connection.receive(piece, probe, tick));
            self.turns += 1;
            if faults && self.planned().is_some_and(|byte| EVENTS.contains(&byte)) {
                // The event finds an answer of which the client has taken one byte.
                self.write(1);
            } else {
                self.take();
            }
        }
        self.take();
        let before_end = self.output.len();
        if !self.closed {
            self.drive(|connection, probe, tick| connection.end(probe, tick));
            self.take();
            assert!(self.closed, "after the client's end nothing is read");
        }
        self.check_silence();
        let before_end = without_interim(&self.output[..before_end]);
        let answers = without_interim(&self.output);
        if let Some(last) = find(&answers, b"\r\nConnection: close\r\n") {
            let behind = &answers[last..];
            assert!(find(behind, b"\r\nContent-Type: ").is_none(), "an answer behind the last one");
        }
        Outcome { calls: self.probe.calls.into_inner().expect("no panic"), answers, before_end }
    }

    fn drive(&mut self, act: impl FnOnce(&mut Connection<usize>, &Probe, &Tick<'_>)) {
        const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        static METER: LazyLock<Meter> = LazyLock::new(Meter::default);
        let now = self.start + Duration::from_secs(self.seconds);
        let tick = Tick { now, date: DATE, stopping: self.stopping, meter: &METER };
        act(&mut self.connection, &self.probe, &tick);
        self.check_bounds();
    }

    /// What the plan has happen before the next piece.
    fn event(&mut self) {
        match self.planned().unwrap_or_default() {
            b'!' => {
                let due = self.connection.deadline().saturating_duration_since(self.start);
                self.seconds = self.seconds.max(due.as_secs() + 1);
                self.drive(|connection, _, tick| connection.expire(tick));
            }
            b'^' => self.drive(|connection, _, tick| connection.overload(tick)),
            b'.' => {
                self.stopping = true;
                self.drive(|connection, _, tick| connection.stop(tick.now));
            }
            b'$' => self.drive(|connection, probe, tick| connection.end(probe, tick)),
            b'+' => self.seconds += 1,
            _ => return,
        }
        self.take();
    }

    fn planned(&self) -> Option<u8> {
        self.plan.get(self.turns % self.plan.len().max(1)).copied()
    }

    /// The client takes at most so many bytes, if the connection has any.
    fn write(&mut self, most: usize) {
        if self.connection.step() == Step::Write {
            assert!(!self.shut && !self.closed, "an answer after the end");
            let output = self.connection.output();
            assert!(!output.is_empty(), "a write of nothing");
            let n = output.len().min(most);
            self.output.extend_from_slice(&output[..n]);
            self.drive(|connection, probe, tick| connection.sent(n, probe, tick));
        }
    }

    /// Does what the connection says until it wants to read or is closed.
    fn take(&mut self) {
        let taken = self.planned().map_or(usize::MAX, |byte| TAKEN[usize::from(byte >> 4 & 3)]);
        self.connection.lend_output(&mut self.spare);
        loop {
            match self.connection.step() {
                Step::Write => self.write(taken),
                Step::Answer => {
                    self.drive(|connection, probe, tick| connection.answer_large(probe, tick));
                }
                Step::Shut => {
                    assert!(!self.shut, "shut twice");
                    self.shut = true;
                    self.drive(|connection, _, tick| connection.shut(tick.now));
                }
                Step::Read => {
                    self.connection.reclaim_output(&mut self.spare);
                    assert!(self.connection.output().is_empty());
                    // What cannot be used yet is a part of one head, or of a body, of which the head counts, too.
                    let body = if self.may_have_body() { MAX_SENT.min(MAX_BODY) } else { 0 };
                    let held = self.connection.held();
                    assert!(held <= 2 * MAX_HEAD + 2 * body, "{held} bytes are held");
                    break;
                }
                Step::Close => {
                    self.connection.reclaim_output(&mut self.spare);
                    self.closed = true;
                    break;
                }
            }
        }
    }

    /// A body has a deadline 30 s after its beginning, and so has a connection that is new.
    fn may_have_body(&self) -> bool {
        let (_, since) = self.connection.rank();
        self.connection.deadline().saturating_duration_since(since) == Duration::from_secs(30)
    }

    fn check_bounds(&self) {
        let waits = self.connection.output().len();
        assert!(waits < OUTPUT_PAUSE + MAX_ANSWER, "{waits} bytes of output wait");
        // Vectors at most double.
        let most = 2 * (MAX_HEAD + self.largest_piece + MAX_BODY + OUTPUT_PAUSE + MAX_ANSWER);
        let held = self.connection.held();
        assert!(held <= most, "{held} bytes are held");
    }

    /// Whatever still happens to it, a closed connection answers nothing and asks nobody.
    fn check_silence(&mut self) {
        let calls = self.probe.calls.lock().expect("no panic").len();
        let request = b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n";
        self.drive(|connection, probe, tick| connection.receive(request, probe, tick));
        self.drive(|connection, _, tick| connection.stop(tick.now));
        self.drive(|connection, probe, tick| connection.end(probe, tick));
        assert!(self.connection.output().is_empty(), "an answer behind the close");
        assert_eq!(self.probe.calls.lock().expect("no panic").len(), calls);
        assert!(self.connection.held() < MAX_HEAD, "nothing is kept of what comes behind the close");
    }
}

fn without_interim(mut output: &[u8]) -> Vec<u8> {
    let mut answers = Vec::new();
    // No answer of the probe or of the connection holds this text.
    while let Some(at) = find(output, INTERIM) {
        answers.extend_from_slice(&output[..at]);
        output = &output[at + INTERIM.len()..];
    }
    answers.extend_from_slice(output);
    answers
}
