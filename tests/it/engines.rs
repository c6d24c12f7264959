//! Two readings of HTTP: generated well-formed traffic, the same bytes to both engines, has to get
//! the same status and body for each request.
//!
//! tiny_http 0.12 differs in these points, and the generator avoids them:
//!
//! - It accepts no trailers after a chunked body: its decoder expects the empty line at once.
//! - It leaves an unread chunked body in the stream and parses it as the next request. The event engine
//!   closes then, so such a request is the last of its connection.
//! - It answers HTTP/1.0 with HTTP/1.0, and does not say that such a connection goes on.
//! - It answers with chunks to clients that send `TE`, and hands the connection over at
//!   `Connection: upgrade`. Of two `Connection` fields it reads the first only.
//! - It sends `100 Continue` also to clients that did not wait for it with their body.
//! - It reads away a body over 1 MiB, and a refused one over 64 KiB, where the event engine closes.
//! - It refuses by itself an empty line before a request, with an empty 400, and bytes beyond ASCII in
//!   the head, by closing. What is not well-formed is not in here at all: the event
//!   engine's refusals have tables of their own.

use std::collections::BTreeSet;
use std::net::Shutdown;

use crate::fixture::*;

/// Connections in all; a few requests each.
const CONNECTIONS: u64 = 600;

#[test]
fn both_engines_answer_the_same() {
    // Without the line with the time at which the file was written.
    let start = |engine| Setup::new(engine).sensor(LONDON).config("[labels]\nobserved = \"\"\n").start();
    let (event, tiny) = (start("event"), start("tiny_http"));
    let seen: BTreeSet<u16> = (0..CONNECTIONS).flat_map(|seed| compare(seed, &event, &tiny)).collect();
    // What the generator does not make is not compared.
    assert_eq!(seen, BTreeSet::from([200, 400, 401, 404, 405, 422, 501]));
}

/// Has one generated connection with each server and gives the statuses that were answered.
#[track_caller]
fn compare(seed: u64, event: &Server, tiny: &Server) -> Vec<u16> {
    // Shown when the test fails: the last one is to blame.
    println!("seed {seed}");
    let traffic = traffic(&mut Random::new(seed));
    let answers = |server: &Server| {
        let mut client = server.connect();
        let mut answers = Vec::new();
        if traffic.pipelined {
            client
                .send(traffic.requests.iter().flat_map(|request| request.bytes.clone()).collect::<Vec<_>>());
        }
        for request in &traffic.requests {
            if !traffic.pipelined {
                client.send(&request.bytes);
            }
            let answer = client.answer_to(request.method);
            answers.push((answer.status, answer.text()));
        }
        if traffic.ends_cleanly {
            // A server that has closed already is no failure.
            let _ = client.stream.shutdown(Shutdown::Write);
            assert!(client.is_closed());
        }
        answers
    };
    let (event, tiny) = (answers(event), answers(tiny));
    for (n, request) in traffic.requests.iter().enumerate() {
        let shown = String::from_utf8_lossy(&request.bytes);
        assert_eq!(event[n], tiny[n], "request {n} (event left, tiny_http right): {shown}");
    }
    event.into_iter().map(|(status, _)| status).collect()
}

/// What one client sends.
struct Traffic {
    requests: Vec<Request>,
    /// All at once, not one after the other's answer.
    pipelined: bool,
    /// Both engines have read everything when they have answered.
    ends_cleanly: bool,
}

struct Request {
    method: &'static str,
    bytes: Vec<u8>,
}

fn traffic(random: &mut Random) -> Traffic {
    let mut traffic = Traffic { requests: Vec::new(), pipelined: random.one_in(2), ends_cleanly: true };
    for _ in 0..=random.below(5) {
        let (method, method_is_right) = match random.below(3) {
            0 => *random.of(METHODS),
            _ => ("POST", true),
        };
        let (target, target_is_right) = match random.below(2) {
            0 => random.of(TARGETS),
            _ => &(PATH, true),
        };
        let mut fields = vec![("Host".to_owned(), "localhost".to_owned())];
        let key_is_right = match random.below(4) {
            0 => false,
            n => {
                fields.push(("Authorization".to_owned(), format!("{} {KEY}", ["Bearer", "bearer"][n % 2])));
                true
            }
        };
        // A second key makes even the right one wrong.
        let another = random.one_in(if key_is_right { 12 } else { 2 });
        let key_is_right = key_is_right && !another;
        if another {
            fields.push(("Authorization".to_owned(), random.of(WRONG_KEYS).to_string()));
        }
        for _ in 0..random.below(4) {
            let (name, value) = random.of(FIELDS);
            fields.push((name.to_string(), value.to_string()));
        }
        let closes = random.one_in(8);
        match closes {
            true => fields.push(("Connection".to_owned(), random.of(&["close", "Close"]).to_string())),
            false if random.one_in(2) => fields.push(("Connection".to_owned(), "keep-alive".to_owned())),
            false => {}
        }
        let body = body(random);
        let chunked = random.one_in(2);
        let body = if chunked {
            fields.push(("Transfer-Encoding".to_owned(), random.of(&["chunked", "Chunked"]).to_string()));
            in_chunks(&body, random)
        } else {
            let zeros = ["", "", "0", "000"][random.below(4)];
            // No length is a length of zero.
            if !body.is_empty() || random.one_in(2) {
                fields.push(("Content-Length".to_owned(), format!("{zeros}{}", body.len())));
            }
            body
        };
        let mut bytes = format!("{method} {target} HTTP/1.1\r\n").into_bytes();
        while !fields.is_empty() {
            let (name, value) = fields.remove(random.below(fields.len()));
            let name: String = name.chars().map(|c| random.in_any_case(c)).collect();
            let blanks = ["", " ", " ", "  ", "\t", " \t "];
            let (before, after) = (random.of(&blanks), random.of(&blanks));
            bytes.extend_from_slice(format!("{name}:{before}{value}{after}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&body);
        traffic.requests.push(Request { method, bytes });
        let admitted = method_is_right && *target_is_right && key_is_right;
        traffic.ends_cleanly = admitted || !chunked;
        if closes || !traffic.ends_cleanly {
            break;
        }
    }
    traffic
}

const METHODS: &[(&str, bool)] = &[
    ("GET", false),
    ("HEAD", false),
    ("PUT", false),
    ("PATCH", false),
    ("DELETE", false),
    ("OPTIONS", false),
    ("TRACE", false),
    ("QUERY", false),
    ("post", false),
    ("M-SEARCH", false),
];

const TARGETS: &[(&str, bool)] = &[
    ("/api/dify/receive/", true),
    ("/api/dify/receive?source=tunnel", true),
    ("/api/dify/receive/?a=b&c=/d?e", true),
    ("/api/dify/receive?", true),
    ("http://weather.example/api/dify/receive", true),
    ("http://weather.example:8080/api/dify/receive/?x=http://y/", true),
    ("HTTPS://weather.example/api/dify/receive", true),
    ("/api/dify/receive//", false),
    ("//api/dify/receive", false),
    ("/API/dify/receive", false),
    ("/api/dify/receive%2F", false),
    ("/?/api/dify/receive", false),
    ("http://weather.example", false),
    ("http://weather.example?/api/dify/receive", false),
    ("ftp://weather.example/api/dify/receive", false),
    ("weather.example:80", false),
    ("*", false),
    ("/", false),
];

const WRONG_KEYS: &[&str] = &["", "Bearer", "Bearer wrong", "Basic dXNlcjpwYXNz", KEY];

const FIELDS: &[(&str, &str)] = &[
    ("Accept", "*/*"),
    ("Accept-Encoding", "gzip, deflate"),
    ("User-Agent", "python-httpx/0.28.1"),
    ("Content-Type", "application/json"),
    ("Via", "1.1 proxy (squid/6.13)"),
    ("X-Forwarded-For", "10.0.0.7, 1.2.3.4"),
    ("X-Empty", ""),
    ("X-Colons", "a: b: c"),
    ("Cookie", "a=\"b c\"; d=e"),
];

fn body(random: &mut Random) -> Vec<u8> {
    let query = "\"point\": \"app.external_data_tool.query\", \"params\":";
    let place = *random.of(&["London", "london, UK", "Paris", "", "L\\u006fndon", "東京"]);
    let mut body = match random.below(12) {
        0 => String::new(),
        1 => "{\"point\": \"ping\"".to_owned(),
        2 => "[]".to_owned(),
        3 => "{\"point\": 5}".to_owned(),
        4 => "{\"point\": \"pong\"}".to_owned(),
        5 => format!("{{{query} {{\"inputs\": true}}}}"),
        6 => "{\"point\": \"app.moderation.input\", \"params\": {\"query\": \"hello\"}}".to_owned(),
        7 | 8 => "{\"point\": \"ping\"}".to_owned(),
        9 => format!("{{{query} {{\"inputs\": {{}}, \"query\": \"{place}?\"}}}}"),
        _ => format!("{{{query} {{\"inputs\": {{\"location\": \"{place}\"}}, \"query\": \"\"}}}}"),
    };
    // Blanks around JSON mean nothing. tiny_http reads bodies up to 1 KiB in another way.
    let blanks = *random.of(&[0, 0, 0, 1, 1000, 1024, 9000, 40_000]);
    body.insert_str(0, &" ".repeat(blanks));
    body.into_bytes()
}

fn in_chunks(body: &[u8], random: &mut Random) -> Vec<u8> {
    let largest = *random.of(&[1, 2, 15, 16, 17, 300, 70_000]);
    let mut rest = body;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        // Thousands of chunks only take time.
        let size = (1 + random.below(largest)).max(rest.len() / 100).min(rest.len());
        let (chunk, behind) = rest.split_at(size);
        chunks.extend_from_slice(size_line(size, random).as_bytes());
        chunks.extend_from_slice(chunk);
        chunks.extend_from_slice(b"\r\n");
        rest = behind;
    }
    chunks.extend_from_slice(size_line(0, random).as_bytes());
    chunks.extend_from_slice(b"\r\n");
    chunks
}

fn size_line(size: usize, random: &mut Random) -> String {
    let zeros = random.of(&["", "", "0", "0000"]);
    let extension = random.of(&["", "", "", ";a", ";a=b", " ;a=\"b; c\"", "\t; a = b;d"]);
    let digits: String = format!("{size:x}").chars().map(|c| random.in_any_case(c)).collect();
    format!("{zeros}{digits}{extension}\r\n")
}

/// Marsaglia's xorshift64: the same traffic for the same seed.
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        // Never zero, and neighbours far apart.
        Random((seed + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 16) % bound as u64).expect("small")
    }

    fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    fn in_any_case(&mut self, c: char) -> char {
        if self.one_in(2) { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() }
    }
}
