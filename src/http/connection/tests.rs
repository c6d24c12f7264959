//! The state machine over bytes, without a socket: framing, order, deadlines, refusals.

use std::sync::LazyLock;

use super::*;
use crate::http::Head;

/// Lets in clients with the key `k`, and answers with the path and the length of the body.
struct Probe;

impl Service for Probe {
    type Route = String;

    fn admit(&self, head: &Head<'_>) -> Admission<String> {
        if head.field("authorization") != Some(b"k") {
            let refusal = Response::refusal(Status::Unauthorized, "who?");
            return Admission::Answer(refusal.with_field("WWW-Authenticate", "Bearer"));
        }
        Admission::Body(head.path.to_owned())
    }

    fn respond(&self, route: String, body: &[u8]) -> Response {
        Response::json(format!("[{route} {}]", String::from_utf8_lossy(body)).into_bytes())
    }
}

const DATE: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
static METER: LazyLock<Meter> = LazyLock::new(Meter::default);

/// A connection together with a client that takes every answer at once.
struct Client {
    connection: Connection<String>,
    start: Instant,
    /// Seconds since the start.
    now: u64,
    stopping: bool,
    output: Vec<u8>,
    spare: Vec<u8>,
    writes: usize,
    shut: bool,
}

impl Client {
    fn new() -> Client {
        let start = Instant::now();
        let peer = Peer::Tcp(([127, 0, 0, 1], 4711).into());
        Client {
            connection: Connection::new(peer, start),
            start,
            now: 0,
            stopping: false,
            output: Vec::new(),
            spare: Vec::new(),
            writes: 0,
            shut: false,
        }
    }

    fn tick(&self) -> Tick<'static> {
        let now = self.start + Duration::from_secs(self.now);
        Tick { now, date: DATE, stopping: self.stopping, meter: &METER }
    }

    /// Reads all answers. `true` if the connection is still open.
    fn read_all(&mut self) -> bool {
        let tick = self.tick();
        loop {
            match self.connection.step() {
                Step::Write => {
                    let n = self.connection.output().len();
                    assert!(n > 0, "a write of nothing");
                    self.output.extend_from_slice(self.connection.output());
                    self.writes += 1;
                    self.connection.sent(n, &Probe, &tick);
                }
                Step::Answer => self.connection.answer_large(&Probe, &tick),
                Step::Shut => {
                    assert!(!self.shut, "shut twice");
                    self.shut = true;
                    self.connection.shut(tick.now);
                }
                step => {
                    self.connection.reclaim_output(&mut self.spare);
                    return step == Step::Read;
                }
            }
        }
    }

    fn send(&mut self, bytes: &[u8]) -> bool {
        let tick = self.tick();
        self.connection.receive(bytes, &Probe, &tick);
        self.read_all()
    }

    fn end(&mut self) -> bool {
        let tick = self.tick();
        self.connection.end(&Probe, &tick);
        self.read_all()
    }

    /// Lets the time pass until the connection's deadline, which must be `seconds` away.
    #[track_caller]
    fn wait(&mut self, seconds: u64) -> bool {
        let due = self.connection.deadline() - self.start;
        assert_eq!(due, Duration::from_secs(self.now + seconds));
        self.now += seconds;
        let tick = self.tick();
        self.connection.expire(&tick);
        self.read_all()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.output).into_owned()
    }
}

/// The statuses and bodies of the answers, in order: `200 [/ body]`.
fn answers(mut output: &str) -> Vec<String> {
    let mut answers = Vec::new();
    while !output.is_empty() {
        let (head, rest) = output.split_once("\r\n\r\n").expect("a whole head");
        let status = head.split(' ').nth(1).expect("a status");
        if status == "100" {
            answers.push("100".to_owned());
            output = rest;
            continue;
        }
        assert!(head.contains(&format!("\r\nDate: {DATE}")), "{head}");
        assert!(head.contains("\r\nContent-Type: application/json"), "{head}");
        let length = head.split("Content-Length: ").nth(1).expect("a length");
        let length: usize = length.lines().next().unwrap_or("").parse().expect("a number");
        answers.push(format!("{status} {}", &rest[..length]));
        output = &rest[length..];
    }
    answers
}

/// What is answered, and whether the connection stays open, for every way to split the bytes.
#[track_caller]
fn check(bytes: &str, expected: &[&str], open: bool) {
    let pieces = [bytes.len().max(1), 1, 2, 3, 7, 64];
    for size in pieces {
        let mut client = Client::new();
        let mut is_open = true;
        for piece in bytes.as_bytes().chunks(size) {
            is_open = client.send(piece);
            if !is_open {
                break;
            }
        }
        // A refused client is listened to for a moment; that is no open connection.
        is_open &= !client.shut;
        assert_eq!(answers(&client.text()), expected, "in pieces of {size}: {bytes:?}");
        assert_eq!(is_open, open, "in pieces of {size}: {bytes:?}");
        assert!(client.writes <= expected.len(), "an answer goes out in one write: {bytes:?}");
    }
}

#[track_caller]
fn check_refused(bytes: &str, status: u16) {
    let mut client = Client::new();
    client.send(bytes.as_bytes());
    let text = client.text();
    assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes:?}: {text:?}");
    assert!(text.contains("\r\nConnection: close\r\n"), "{text}");
    assert_eq!(answers(&text).len(), 1, "{text}");
    assert!(client.shut, "our sending side is shut");
    assert!(client.send(b"what it still sends is thrown away"));
    assert!(!client.end(), "and its end is ours");

    let mut client = Client::new();
    client.send(bytes.as_bytes());
    // All but what came behind the refused part of the head.
    let sent = (0..).take_while(|_| client.send(&[b'x'; 1 << 16])).count();
    assert_eq!(sent, 16, "there is a bound for that");
}

#[test]
fn well_formed_requests() {
    let get = "GET /a HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n";
    check(get, &["200 [/a ]"], true);
    check(&get.repeat(3), &["200 [/a ]"; 3], true);
    check(&format!("\r\n\r\n{get}\r\n{get}"), &["200 [/a ]"; 2], true);
    check(
        "POST /b?x=y HTTP/1.1\r\nhost:h\r\nAUTHORIZATION: \t k \r\ncontent-length: 5\r\n\r\nhello",
        &["200 [/b hello]"],
        true,
    );
    check(
        "POST /c HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
        &["200 [/c hello]"],
        true,
    );
    check("GET http://h:1/d?q HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n", &["200 [/d ]"], true);
    check("GET HTTPS://h HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n", &["200 [/ ]"], true);
    check("GET ? HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n", &["200 [/ ]"], true);
    check("GET / HTTP/1.1\r\nHost:\r\nAuthorization: k\r\n\r\n", &["200 [/ ]"], true);
}

#[test]
fn the_end_of_a_connection() {
    let with = |line: &str, more: &str| format!("GET / {line}\r\nHost: h\r\nAuthorization: k\r\n{more}\r\n");
    check(&with("HTTP/1.1", "Connection: close\r\n"), &["200 [/ ]"], false);
    check(&with("HTTP/1.1", "Connection: upgrade, CLOSE\r\n"), &["200 [/ ]"], false);
    check(&with("HTTP/1.1", "Connection: close\r\nConnection: keep-alive\r\n"), &["200 [/ ]"], false);
    check(&with("HTTP/1.1", "Connection: keep-alive\r\n"), &["200 [/ ]"], true);
    check(&with("HTTP/1.0", ""), &["200 [/ ]"], false);
    check(&with("HTTP/1.0", "Connection: Keep-Alive\r\n"), &["200 [/ ]"], true);
    check(&with("HTTP/1.0", "Connection: keep-alive, close\r\n"), &["200 [/ ]"], false);
    check("GET / HTTP/1.0\r\nAuthorization: k\r\n\r\n", &["200 [/ ]"], false);

    let mut client = Client::new();
    assert!(client.send(with("HTTP/1.0", "Connection: keep-alive\r\n").as_bytes()));
    assert!(client.text().contains("\r\nConnection: keep-alive\r\n"), "HTTP/1.0 does not assume it");
    let mut client = Client::new();
    assert!(client.send(with("HTTP/1.1", "").as_bytes()));
    assert!(!client.text().contains("\r\nConnection:"), "HTTP/1.1 does");
    let mut client = Client::new();
    assert!(!client.send(with("HTTP/1.1", "Connection: close\r\n").as_bytes()));
    assert!(client.text().contains("\r\nConnection: close\r\n"));
}

#[test]
fn an_answer_has_any_number_of_fields_and_no_value_makes_another() {
    struct Fields;

    impl Service for Fields {
        type Route = ();

        fn admit(&self, head: &Head<'_>) -> Admission<()> {
            let name = String::from_utf8_lossy(head.field("x-name").unwrap_or(b"none")).into_owned();
            let response = Response::json(&b"{}"[..]).with_field("A", "1").with_field("B", name);
            Admission::Answer(response.with_field("C", "one\r\nD: zwölf".to_owned()))
        }

        fn respond(&self, (): (), _: &[u8]) -> Response {
            Response::json(&b"{}"[..])
        }
    }

    let ask = |fields: &str| {
        let mut connection = Connection::new(Peer::Unix, Instant::now());
        let tick = Tick { now: Instant::now(), date: DATE, stopping: false, meter: &METER };
        let request = format!("GET / HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
        connection.receive(request.as_bytes(), &Fields, &tick);
        String::from_utf8_lossy(connection.output()).into_owned()
    };
    let answer = |name: &str| format!("\r\nA: 1\r\nB: {name}\r\nC: one??D: zw?lf\r\n\r\n{{}}");
    assert!(ask("X-Name: me\r\n").ends_with(&answer("me")), "{}", ask(""));
    assert!(ask("x-name: me\r\nX-NAME: you\r\n").ends_with(&answer("none")), "two are as good as none");
}

#[test]
fn framing_is_strict() {
    let with = |fields: &str| format!("POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n{fields}\r\n\r\n");
    for fields in [
        "Content-Length: 1\r\nContent-Length: 2",
        "Content-Length: 1\r\nContent-Length: 1",
        "Content-Length: 1, 1",
        "Content-Length: +1",
        "Content-Length: -1",
        "Content-Length: 0x1",
        "Content-Length: 1 1",
        "Content-Length:",
        "Content-Length: 1\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: chunked\r\nContent-Length: 1",
        "Transfer-Encoding: gzip",
        "Transfer-Encoding: chunked, gzip",
        "Transfer-Encoding: gzip\r\nTransfer-Encoding: ,",
        "Transfer-Encoding: ,",
        "Transfer-Encoding: \"chunked\"",
        "Transfer-Encoding: chunked;q=1",
        "Transfer-Encoding: chunked, chunked",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
        "Transfer-Encoding: xchunked",
        "Transfer-Encoding:",
        "Content-Length : 1",
        "Folded: a\r\n b",
        "Host: h2",
        "host: h",
        "No colon",
        ": no name",
        "Bare: a\rb",
        "Nul: a\0b",
        "Lf: a\nOther: b",
    ] {
        check_refused(&with(fields), 400);
    }
    check_refused("GET / HTTP/1.1\r\nAuthorization: k\r\n\r\n", 400);
    for host in [
        "a b",
        "a, b",
        "a/b",
        "a?b",
        "u@a",
        "a\\b",
        "\u{e9}",
        "a\"b",
        "<script>",
        "[::1",
        "[::1]x",
        "[::1]:x",
        "[::g]",
        "[]",
        "a:99999999",
        "a:65536",
        "a:1:2",
        "a:b",
        "a^",
        "a%4",
        "a%zz",
        "{a}",
    ] {
        check_refused(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), 400);
        let host = host.replace(['/', '?'], "<");
        check_refused(&format!("GET http://{host}:80/ HTTP/1.1\r\nHost: h\r\n\r\n"), 400);
    }
    for host in [
        "",
        "localhost",
        "weather.example:8000",
        "[::1]:8000",
        "[::ffff:1.2.3.4]:",
        "a_b~!$&'()*+;=%41",
        "a:",
        "a:65535",
        "a:0",
        "xn--bcher-kva.example",
    ] {
        let request = format!("GET / HTTP/1.1\r\nHost: {host}\r\nAuthorization: k\r\n\r\n");
        check(&request, &["200 [/ ]"], true);
    }
    check_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
    check_refused("POST / HTTP/1.0\r\nAuthorization: k\r\nTransfer-Encoding: chunked\r\n\r\n", 400);
    check_refused("GET  / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    check_refused("GET /\r\nHost: h\r\n\r\n", 400);
    check_refused("GET / HTTP/1.1\nHost: h\n\n", 400);
    check_refused(" GET / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    check_refused("G@T / HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    check_refused("\u{16}\u{3}\u{1}\u{2}\n", 400);
    check_refused("GET / HTTP/2.0\r\nHost: h\r\n\r\n", 505);
    check_refused("GET / HTTP/0.9\r\nHost: h\r\n\r\n", 505);
    check_refused("GET / x HTTP/1.1\r\nHost: h\r\n\r\n", 400);
    check_refused("GET / HTTP/1.1 \r\nHost: h\r\n\r\n", 400);
    check_refused("GET / HTTP/1.10\r\nHost: h\r\n\r\n", 400);
    check_refused("GET / HTTP/1\r\nHost: h\r\n\r\n", 400);
    check_refused("GET / http/1.1\r\nHost: h\r\n\r\n", 400);
    check_refused("GET / HTTP/1.2\r\n\r\n", 400);
    check_refused("GET / HTTP/1.3\r\nHost: h\r\nFolded: a\r\n b\r\n\r\n", 400);
    check_refused(&format!("GET / HTTP/1.2\r\nHost: h\r\n{}\r\n", "F: v\r\n".repeat(64)), 431);
    check_refused(&with("Transfer-Encoding: gzip, chunked"), 501);
    check_refused(&with("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked"), 501);
    for version in 2..=9 {
        let request = format!("GET /v HTTP/1.{version}\r\nHost: h\r\nAuthorization: k\r\n\r\n");
        check(&request, &["200 [/v ]"], true);
    }
    for list in [",chunked", "chunked , ,", " , ,\tCHUNKED,", ",\r\nTransfer-Encoding: chunked"] {
        let request = format!("{}1\r\na\r\n0\r\n\r\n", with(&format!("Transfer-Encoding: {list}")));
        check(&request, &["200 [/ a]"], true);
    }
    check_refused("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505);
    check_refused(&with("Expect: a-miracle"), 417);
    check_refused(&with("Transfer-Encoding: chunked\r\n\r\nZ"), 400);
}

#[test]
fn bounds() {
    let with = |fields: &str| format!("POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n{fields}\r\n\r\n");
    check_refused(&with(&format!("Long: {}", "x".repeat(8192))), 431);
    check_refused(&"x".repeat(8192), 431);
    check_refused(&format!("GET /{} HTTP/1.1\r\nHost: h\r\n\r\n", "x".repeat(8192)), 414);
    // What lies behind the bound is not looked at, however much of it has come at once.
    check_refused(&format!("{}\n", "x".repeat(8192)), 431);
    check_refused(&with(&"F: v\r\n".repeat(63)), 431);
    check(&with("F: v\r\n".repeat(62).trim_end()), &["200 [/ ]"], true);
    check_refused(&with("Content-Length: 1048577"), 413);
    check_refused(&with("Content-Length: 4611686018427387904"), 413);
    check_refused(&with("Content-Length: 18446744073709551616"), 413);
    check_refused(&with("Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n"), 413);

    // Exactly 8 KiB of head is taken.
    let room = 8192 - with("Long: ").len();
    let head = with(&format!("Long: {}", "x".repeat(room)));
    assert_eq!(head.len(), 8192);
    check(&head, &["200 [/ ]"], true);
    check_refused(&with(&format!("Long: {}", "x".repeat(room + 1))), 431);

    let mut client = Client::new();
    let body = "x".repeat(1 << 20);
    assert!(client.send(format!("{}{body}", with("Content-Length: 1048576")).as_bytes()));
    assert!(client.text().starts_with("HTTP/1.1 200 "));
    assert!(client.connection.held() < 1024, "nothing of it is kept");
}

#[test]
fn the_key_comes_before_the_body() {
    // Refused at once; a small body is read away, and the connection goes on.
    let mut client = Client::new();
    assert!(client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65536\r\n\r\n"));
    assert_eq!(answers(&client.text()), ["401 {\"detail\": \"who?\"}"]);
    assert!(client.text().contains("\r\nWWW-Authenticate: Bearer\r\n"));
    assert!(client.send(&[b'x'; 65_000]));
    assert!(client.connection.held() < 1024, "what is thrown away is not kept");
    assert!(client.send(&[b'x'; 536]));
    assert!(client.send(b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n"));
    assert_eq!(answers(&client.text())[1..], ["200 [/ ]"]);

    // Together with its body, and with the next request behind it.
    check(
        "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\nxxGET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n",
        &["401 {\"detail\": \"who?\"}", "200 [/ ]"],
        true,
    );
    // Who waits for our word to send nothing can go on, too.
    check("GET / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\n\r\n", &["401 {\"detail\": \"who?\"}"], true);
    // Two fields are none.
    check(
        "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nAuthorization: k\r\n\r\n",
        &["401 {\"detail\": \"who?\"}"],
        true,
    );

    // A large one, an endless one, one that waits for our word: the connection ends, gently.
    check_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 65537\r\n\r\n", 401);
    check_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\nxx", 401);
    check_refused("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n1", 401);
    check_refused("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n", 401);
}

#[test]
fn continue_is_said_only_to_who_is_let_in() {
    let mut client = Client::new();
    assert!(client.send(
        b"POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nExpect: 100-Continue\r\nContent-Length: 2\r\n\r\n"
    ));
    assert_eq!(client.text(), "HTTP/1.1 100 Continue\r\n\r\n");
    assert!(client.send(b"ok"));
    assert_eq!(answers(&client.text()), ["100", "200 [/ ok]"]);
    // A client that does not wait for it gets none, and HTTP/1.0 does not know it.
    check(
        "POST / HTTP/1.0\r\nAuthorization: k\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
        &["200 [/ ok]"],
        false,
    );
    let mut client = Client::new();
    assert!(client.send(
        b"POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok"
    ));
    assert_eq!(answers(&client.text()), ["200 [/ ok]"]);
}

#[test]
fn head_has_no_body() {
    let mut client = Client::new();
    assert!(client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n"));
    assert!(client.text().contains("\r\nContent-Length: 4\r\n"), "{}", client.text());
    assert!(client.text().ends_with("\r\n\r\n"));
    // Nor has the refusal of its body.
    let mut client = Client::new();
    client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nContent-Length: 1048577\r\n\r\n");
    assert!(client.text().starts_with("HTTP/1.1 413 ") && client.text().ends_with("\r\n\r\n"));
    let mut client = Client::new();
    client.send(b"HEAD / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nContent-Length: 9\r\n\r\nx");
    client.end();
    assert!(client.text().starts_with("HTTP/1.1 400 ") && client.text().ends_with("\r\n\r\n"));
}

#[test]
fn deadlines() {
    let mut client = Client::new();
    assert!(!client.wait(30), "a connection that says nothing");
    assert!(client.output.is_empty());

    let mut client = Client::new();
    client.now = 29;
    assert!(client.send(b"\r\n"));
    assert!(!client.wait(1), "or nothing but blank lines");

    let mut client = Client::new();
    client.now = 29;
    assert!(client.send(b"GET / HT"));
    client.now += 9;
    assert!(client.send(b"TP/1.1\r\n"), "a byte now and then does not extend it");
    assert!(client.wait(1), "listened to for a moment");
    assert!(client.text().starts_with("HTTP/1.1 408 "), "{}", client.text());
    assert!(!client.wait(1));

    let mut client = Client::new();
    assert!(client.send(b"POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nContent-Length: 9\r\n\r\n"));
    client.now = 29;
    assert!(client.send(b"12345678"));
    assert!(client.wait(1));
    assert!(client.text().starts_with("HTTP/1.1 408 "), "{}", client.text());

    let mut client = Client::new();
    assert!(client.send(b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n"));
    let answered = client.output.len();
    assert!(!client.wait(120), "idle after an answer, longer than cloudflared's 90 s");
    assert_eq!(client.output.len(), answered, "and closed without a word");

    let mut client = Client::new();
    assert!(client.send(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n"));
    client.now = 29;
    assert!(client.send(b"12345678"));
    assert!(!client.wait(1), "the body of a refused request, too");

    // An answer of which nobody takes more than a byte.
    let mut client = Client::new();
    let tick = client.tick();
    client.connection.receive(b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n", &Probe, &tick);
    assert_eq!(client.connection.step(), Step::Write);
    client.now = 29;
    client.connection.sent(1, &Probe, &client.tick());
    assert_eq!(client.connection.deadline(), client.start + Duration::from_secs(30));
    client.connection.expire(&tick);
    assert_eq!(client.connection.step(), Step::Close);
}

#[test]
fn a_half_closed_client_gets_its_answers() {
    let get = "GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n";
    let mut client = Client::new();
    let tick = client.tick();
    client.connection.receive(get.repeat(2).as_bytes(), &Probe, &tick);
    assert!(!client.end());
    assert_eq!(answers(&client.text()), ["200 [/ ]"; 2]);

    let mut client = Client::new();
    assert!(client.send(&get.as_bytes()[..20]));
    assert!(!client.end());
    assert_eq!(answers(&client.text()), ["400 {\"detail\": \"the request is incomplete\"}"]);

    let mut client = Client::new();
    assert!(!client.end());
    assert!(client.output.is_empty());
}

#[test]
fn pipelined_requests_wait_until_the_answers_are_taken() {
    let request = |n: usize| format!("GET /{n} HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n");
    let all: String = (0..1000).map(request).collect();
    let mut client = Client::new();
    let tick = client.tick();
    client.connection.receive(all.as_bytes(), &Probe, &tick);
    assert!(client.connection.output().len() < OUTPUT_PAUSE + 1024, "the answers are bounded");
    assert!(client.read_all());
    let expected: Vec<String> = (0..1000).map(|n| format!("200 [/{n} ]")).collect();
    assert_eq!(answers(&client.text()), expected);
    assert!(client.writes < 20, "many answers go out in one write: {}", client.writes);
    assert!(client.connection.held() < 64 * 1024);
}

#[test]
fn an_unfinished_head_gets_the_room_of_one_head() {
    let mut client = Client::new();
    for piece in [b'x'; MAX_HEAD - 1].chunks(1000) {
        assert!(client.send(piece));
        assert!(client.connection.held() <= MAX_HEAD, "{}", client.connection.held());
    }
}

#[test]
fn an_abandoned_answer_leaves_nothing_to_write() {
    let mut client = Client::new();
    let tick = client.tick();
    client.connection.receive(b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n", &Probe, &tick);
    client.connection.sent(1, &Probe, &tick);
    client.connection.expire(&tick);
    assert_eq!(client.connection.step(), Step::Close);
    assert_eq!(client.connection.output(), b"");
}

#[test]
fn a_stop_answers_what_is_in_flight() {
    let stopped = |request: &[u8]| {
        let mut client = Client::new();
        assert!(request.is_empty() || client.send(request));
        client.output.clear();
        client.stopping = true;
        client.connection.stop(client.start);
        client
    };
    let get = b"GET / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\n\r\n";
    assert!(!stopped(get).read_all(), "a connection without a request ends at once");

    let post = b"POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nContent-Length: 2\r\n\r\no";
    for (request, rest) in [(&b""[..], &get[..]), (&get[..20], &get[20..]), (post, b"k")] {
        let mut client = stopped(request);
        assert!(client.read_all(), "one in the middle of a request goes on");
        assert!(!client.send(rest));
        assert!(client.text().starts_with("HTTP/1.1 200 "), "{}", client.text());
        assert!(client.text().contains("\r\nConnection: close\r\n"));
    }

    // Of pipelined requests that wait until the answers are taken, the next one is the last.
    let mut client = Client::new();
    let tick = client.tick();
    client.connection.receive(&get.repeat(1000), &Probe, &tick);
    client.stopping = true;
    client.connection.stop(client.start);
    assert!(client.read_all() && client.shut, "the rest is not read, and our sending side is shut");
    assert_eq!(client.text().matches("\r\nConnection: close\r\n").count(), 1);
    assert!(client.text().rfind("Connection: close") > client.text().rfind("HTTP/1.1 200 "));

    // Who has shown no key gets no more than a moment.
    let due = |client: Client| client.connection.deadline() - client.start;
    assert_eq!(due(stopped(b"")), Duration::from_millis(250));
    let mut silent = Client::new();
    let later = silent.start + Duration::from_secs(1);
    silent.connection.stop(later);
    assert!(silent.connection.deadline() <= later, "a client that had that moment already goes at once");
    assert_eq!(due(stopped(&get[..20])), Duration::from_secs(1));
    assert_eq!(due(stopped(post)), Duration::from_secs(30));
}

#[test]
fn an_overloaded_server_says_so() {
    let mut client = Client::new();
    assert!(client.send(b"POST / HTTP/1.1\r\nHost: h\r\nAuthorization: k\r\nContent-Length: 9\r\n\r\n1"));
    let tick = client.tick();
    client.connection.overload(&tick);
    assert!(client.read_all());
    assert!(client.text().starts_with("HTTP/1.1 503 "), "{}", client.text());
    assert!(client.connection.held() < 1024);
}
