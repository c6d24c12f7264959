//! Each refusal of the contract, over the wire, on both engines as far as tiny_http lets us.

use std::io::{Read as _, Write as _};
use std::net::Shutdown;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::fixture::*;

/// The refusal of a request: the status and the body's `detail`.
#[track_caller]
fn check(server: &Server, request: impl AsRef<[u8]>, status: u16, detail: &str) -> Answer {
    let request = request.as_ref();
    let answer = server.exchange(request);
    let shown = String::from_utf8_lossy(&request[..request.len().min(300)]).into_owned();
    assert_eq!(answer.status, status, "{shown}: {answer:?}");
    assert_eq!(answer.field("Content-Type"), Some("application/json"), "{shown}");
    assert_eq!(answer.json()["detail"], detail, "{shown}");
    answer
}

#[test]
fn no_malformed_or_wrong_key() {
    let ping = r#"{"point": "ping"}"#;
    for engine in ENGINES {
        let server = london(engine);
        let mut answers = Vec::new();
        for fields in [
            String::new(),
            "Authorization:\r\n".to_owned(),
            "Authorization: Bearer\r\n".to_owned(),
            "Authorization: Bearer \r\n".to_owned(),
            format!("Authorization: {KEY}\r\n"),
            format!("Authorization: Basic {KEY}\r\n"),
            format!("Authorization: Bearer{KEY}\r\n"),
            format!("Authorization: Bearer {KEY}x\r\n"),
            format!("Authorization: Bearer {}\r\n", &KEY[1..]),
            format!("Authorization: Bearer {}\r\n", KEY.to_uppercase()),
            format!("Authorization: Bearer {KEY} {KEY}\r\n"),
            format!("Authorization: Bearer {}\r\n", "x".repeat(4000)),
            format!("Authorization: Bearer {KEY}\r\nAuthorization: Bearer {KEY}\r\n"),
            format!("Authorization: Bearer wrong\r\nAuthorization: Bearer {KEY}\r\n"),
            format!("X-Api-Key: {KEY}\r\n"),
        ] {
            let answer = check(&server, call_with(&fields, ping), 401, "Unauthorized");
            assert_eq!(answer.field("WWW-Authenticate"), Some("Bearer realm=\"weatherhook\""));
            assert_eq!(answer.text(), r#"{"detail": "Unauthorized"}"#);
            let fields: Vec<_> = answer.fields.into_iter().filter(|(name, _)| name != "Date").collect();
            answers.push(fields);
        }
        assert!(answers.windows(2).all(|two| two[0] == two[1]), "{engine}: every cause looks the same");
    }
}

/// Caches of proxies keep some answers where nothing forbids it, and then they give them to clients without a key.
#[test]
fn no_cache_may_keep_an_answer() {
    let get = |path: &str, fields: &str| format!("GET {path} HTTP/1.1\r\nHost: h\r\n{fields}\r\n");
    let key = format!("Authorization: Bearer {KEY}\r\n");
    for engine in ENGINES {
        let server = london(engine);
        for (request, status) in [
            (call(r#"{"point": "ping"}"#), 200),
            (call("not JSON"), 400),
            (call_with("", "{}"), 401),
            (get("/", &key), 200),
            (get("/", ""), 401),
            (get("/weather", &key), 200),
            (get("/weather", ""), 401),
            (get("/metrics", &key), 200),
            (get("/healthz", ""), 200),
            (get("/openapi.json", ""), 200),
            (get("/mcp", ""), 401),
            (get("/mcp", &key), 405),
            (get("/elsewhere", ""), 404),
        ] {
            let answer = server.exchange(&request);
            assert_eq!(answer.status, status, "{engine}: {request}");
            let fields = answer.fields.iter().filter(|(name, _)| name == "Cache-Control");
            let values: Vec<_> = fields.map(|(_, value)| value.as_str()).collect();
            assert_eq!(values, ["no-store"], "{engine}: {request}");
        }
    }
    let server = london("event");
    let answer = server.exchange("GET / HTTP/1.1\r\n\r\n");
    assert_eq!((answer.status, answer.field("Cache-Control")), (400, Some("no-store")));
}

/// Some 40 bytes ask for thousands.
#[test]
fn strangers_together_get_a_bounded_number_of_bytes_a_second() {
    let server = london("event");
    let start = Instant::now();
    let mut client = server.connect();
    let mut stream = client.stream.try_clone().expect("a second handle");
    let flood = b"GET /openapi.json HTTP/1.1\r\nHost: h\r\n\r\n".repeat(1000);
    let sender = thread::spawn(move || while stream.write_all(&flood).is_ok() {});
    let (mut read, mut bytes) = (0, vec![0; 1 << 20]);
    while start.elapsed() < Duration::from_secs(1) {
        read += client.stream.read(&mut bytes).expect("answers");
    }
    // A burst of 1 MB, 1 MB a second, and what the buffers of the kernel and the last answer hold.
    let most = 1_000_000 + start.elapsed().as_micros() + 100_000;
    assert!(read as u128 <= most, "{read} bytes, at most {most}");
    // Other clients are answered, with the key and without.
    assert_eq!(server.call(r#"{"point": "ping"}"#).status, 200);
    assert_eq!(server.exchange("GET /healthz HTTP/1.1\r\nHost: h\r\n\r\n").status, 200);
    client.stream.shutdown(Shutdown::Both).expect("an end");
    sender.join().expect("its end");
}

#[test]
fn the_key_is_checked_before_the_body_is_read() {
    let server = london("event");
    // The body never comes, and the answer does not wait for it.
    let mut client = server.connect();
    client.send(format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n"));
    let answer = client.answer();
    assert_eq!(answer.status, 401);
    assert_eq!(answer.field("Connection"), Some("close"));
    assert!(client.is_closed());

    // A body that is not JSON is not read.
    let answer = server.exchange(call_with("Authorization: Bearer wrong-key\r\n", "not JSON"));
    assert_eq!(answer.status, 401);

    // Only clients with a key get 100 Continue.
    let mut client = server.connect();
    client.send(format!(
        "POST {PATH} HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 17\r\n\r\n"
    ));
    assert_eq!(client.answer().status, 401);
    let mut client = server.connect();
    client.send(format!(
        "POST {PATH} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\nExpect: 100-continue\r\n\
         Content-Length: 17\r\n\r\n"
    ));
    assert_eq!(client.answer().status, 100);
    client.send(r#"{"point": "ping"}"#);
    assert_eq!(client.answer().text(), r#"{"result": "pong"}"#);
}

#[test]
fn the_small_body_of_a_refused_request_is_read_away() {
    let server = london("event");
    let mut client = server.connect();
    let request = call_with("", &"x".repeat(64 * 1024));
    let (head, body) = request.split_at(request.len() - 64 * 1024);
    client.send(head);
    let answer = client.answer();
    assert_eq!((answer.status, answer.field("Connection")), (401, None));
    client.send(body);
    client.send(call(r#"{"point": "ping"}"#));
    assert_eq!(client.answer().text(), r#"{"result": "pong"}"#);
}

#[test]
fn a_refusal_reaches_a_client_that_is_still_sending() {
    let server = london("event");
    let mut client = server.connect();
    let body = vec![b'x'; 3_000_000];
    client.send(format!("POST {PATH} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n\r\n", body.len()));
    client.send(&body);
    assert_eq!(client.answer().text(), r#"{"detail": "Unauthorized"}"#);
    assert_eq!(client.stream.read(&mut [0]).expect("an end without a reset"), 0);
}

#[test]
fn bodies_that_are_not_json() {
    for engine in ENGINES {
        let server = london(engine);
        for (body, why) in [
            ("", "EOF while parsing a value at line 1 column 0"),
            ("ping", "expected value at line 1 column 1"),
            ("{\"point\": \"ping\"", "EOF while parsing an object at line 1 column 16"),
            ("{\"point\": \"ping\"} {}", "trailing characters at line 1 column 19"),
            ("{\"point\": \"ping\",\n \"params\": }", "expected value at line 2 column 12"),
            ("{'point': 'ping'}", "key must be a string at line 1 column 2"),
            ("{\"point\": \"\\ud80\"}", "invalid escape at line 1 column 17"),
            ("{\"point\": 1e999}", "number out of range at line 1 column 15"),
            ("{\"point\": NaN}", "expected value at line 1 column 11"),
        ] {
            check(&server, call(body), 400, &format!("body is not JSON: {why}"));
        }
        let mut request =
            call_with(&format!("Authorization: Bearer {KEY}\r\n"), "xxxxxxxxxxxxx").into_bytes();
        let body = request.len() - 13;
        request[body..].copy_from_slice(b"{\"point\":\"\xff\"}");
        let answer = server.exchange(&request);
        assert_eq!(answer.status, 400, "{engine}");
        let deep = format!("{{\"point\": {}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
        check(&server, call(&deep), 422, "point: expected a string, found an array");
        check(
            &server,
            call(&deep[..100_000]),
            400,
            "body is not JSON: EOF while parsing a list at line 1 column 100000",
        );
    }
}

#[test]
fn json_of_the_wrong_shape() {
    for engine in ENGINES {
        let server = london(engine);
        let query = "\"point\": \"app.external_data_tool.query\"";
        for (body, detail) in [
            ("[]".to_owned(), "body: expected an object, found an array"),
            ("null".to_owned(), "body: expected an object, found null"),
            ("\"ping\"".to_owned(), "body: expected an object, found a string"),
            ("{}".to_owned(), "point: expected a string, found nothing"),
            ("{\"point\": 5}".to_owned(), "point: expected a string, found a number"),
            ("{\"point\": null}".to_owned(), "point: expected a string, found null"),
            ("{\"point\": [\"ping\"]}".to_owned(), "point: expected a string, found an array"),
            ("{\"point\": \"ping\", \"params\": 5}".to_owned(), "params: expected an object, found a number"),
            (format!("{{{query}, \"params\": \"London\"}}"), "params: expected an object, found a string"),
            (
                format!("{{{query}, \"params\": {{\"inputs\": true}}}}"),
                "params.inputs: expected an object, found a boolean",
            ),
            (
                format!("{{{query}, \"params\": {{\"inputs\": []}}}}"),
                "params.inputs: expected an object, found an array",
            ),
        ] {
            check(&server, call(&body), 422, detail);
        }
    }
}

#[test]
fn unknown_points() {
    for engine in ENGINES {
        let server = london(engine);
        for point in ["", "Ping", "pong", "app.external_data_tool", "app.external_data_tool.query "] {
            check(&server, call(&format!("{{\"point\": \"{point}\"}}")), 400, "Not implemented");
        }
    }
}

#[test]
fn wrong_paths_and_methods() {
    for engine in ENGINES {
        let server = london(engine);
        let not_found = format!("not found: send POST to {PATH}");
        for path in
            ["/", "/api", "/api/dify", "/api/dify/receiver", "/API/dify/receive", "/?x=/api/dify/receive"]
        {
            let request = format!("POST {path} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n");
            check(&server, request, 404, &not_found);
        }
        for method in ["GET", "PUT", "DELETE", "OPTIONS", "PATCH"] {
            let request = format!("{method} {PATH} HTTP/1.1\r\nHost: h\r\n\r\n");
            let detail = format!("method not allowed: send POST to {PATH}");
            let answer = check(&server, request, 405, &detail);
            assert_eq!(answer.field("Allow"), Some("POST"));
        }
        let mut client = server.connect();
        client.send(format!("HEAD {PATH} HTTP/1.1\r\nHost: h\r\n\r\n"));
        let answer = client.answer_to("HEAD");
        assert_eq!(answer.status, 405);
        assert_ne!(answer.field("Content-Length"), Some("0"));
        client.send(call(r#"{"point": "ping"}"#));
        assert_eq!(client.answer().text(), r#"{"result": "pong"}"#, "{engine}: nothing came after the head");
    }
}

#[test]
fn too_large() {
    for engine in ENGINES {
        let server = london(engine);
        let body = format!("{{\"point\": \"ping\", \"x\": \"{}\"}}", "x".repeat(1 << 20));
        check(&server, call(&body), 413, "body too large: at most 1 MiB");
        let fits = format!("{{\"point\": \"ping\", \"x\": \"{}\"}}", "x".repeat((1 << 20) - 26));
        assert_eq!(fits.len(), 1 << 20);
        assert_eq!(server.call(&fits).status, 200, "{engine}");
    }
    let server = london("event");
    let head = call_with(&format!("Authorization: Bearer {KEY}\r\nLong: {}\r\n", "x".repeat(8192)), "{}");
    let answer = check(&server, head, 431, "head too large: at most 8 KiB and 64 fields");
    assert_eq!(answer.field("Connection"), Some("close"));
    let fields = |count: usize| {
        call_with(&format!("Authorization: Bearer {KEY}\r\n{}", "F: v\r\n".repeat(count)), "{}")
    };
    let more = 64 - fields(0).matches("\r\n").count() + 2;
    assert_eq!(server.exchange(fields(more)).status, 422);
    check(&server, fields(more + 1), 431, "head too large: at most 8 KiB and 64 fields");
    // A length that no memory holds is refused before the body comes.
    let answer = server.exchange(format!(
        "POST {PATH} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 4611686018427387904\r\n\r\n"
    ));
    assert_eq!(answer.status, 413);
}

#[test]
fn too_many_large_requests_at_once() {
    let server = london("event");
    let before = server.resident();
    let request = call(&format!("{}{{\"point\": \"ping\"}}", " ".repeat((1 << 20) - 17)));
    let mut clients: Vec<Client> = (0..60).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.send(&request[..request.len() - 1]);
        client.stream.set_nonblocking(true).expect("an option");
    }
    let is_refused = |client: &&Client| client.stream.peek(&mut [0]).is_ok();
    wait_until("more than 12 MiB are refused", || clients.iter().filter(is_refused).count() >= 48);
    if let (Some(before), Some(after)) = (before, server.resident()) {
        let grown = after.saturating_sub(before);
        assert!(grown < 16 * 1024, "{grown} KiB");
    }
    let mut answered = 0;
    for client in &mut clients {
        client.stream.set_nonblocking(false).expect("an option");
        // The connection of a refused client may be closed by now.
        let _ = client.stream.write_all(&request.as_bytes()[request.len() - 1..]);
        let answer = client.answer();
        match answer.status {
            200 => answered += 1,
            _ => assert_eq!((answer.status, answer.field("Connection")), (503, Some("close"))),
        }
    }
    assert!(answered >= 2, "{answered} bodies of 1 MiB had room");
}

/// Each answer is three times its request, and the clients do not read.
#[test]
fn large_answers_that_nobody_reads() {
    let scratch = Scratch::new();
    let list = scratch.write("words.txt", "z\n");
    let words = format!(
        "[moderation]\nwords_file = {:?}\naction = \"overridden\"\nmatch = \"substrings\"\nmask = \"█\"",
        text(&list)
    );
    for threads in ["1", "4"] {
        let server = Setup::new("event").sensor(LONDON).config(&words).arg("--threads").arg(threads).start();
        let before = server.resident();
        let request = json!({"point": "app.moderation.output", "params": {"text": "z".repeat(1_000_000)}});
        let request = call(&request.to_string());
        let mut clients: Vec<Client> = (0..40).map(|_| server.connect()).collect();
        let mut answered = 0;
        for client in &mut clients {
            client.send(&request);
            let mut status = [0; 12];
            client.stream.read_exact(&mut status).expect("the beginning of an answer");
            assert!([b"HTTP/1.1 200", b"HTTP/1.1 503"].contains(&&status), "{status:?}");
            answered += usize::from(status.ends_with(b"200"));
        }
        assert!(answered >= 2, "{answered} had room");
        // glibc's allocator keeps megabytes of what was freed.
        if let (Some(before), Some(after)) = (before, server.status("VmHWM")) {
            let grown = after.saturating_sub(before);
            assert!(grown < 22 * 1024, "{grown} KiB");
        }
    }
}

#[test]
fn long_queries_of_unfinished_requests_count() {
    let server = london("event");
    let page = || {
        server.exchange(format!("GET /metrics HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\n\r\n"))
    };
    let held = || {
        let page = page().text();
        let line = page.lines().find_map(|line| line.strip_prefix("weatherhook_buffer_bytes "));
        line.and_then(|value| value.parse::<usize>().ok()).expect("the figure")
    };
    let request = format!(
        "GET /weather?location={} HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {KEY}\r\nContent-Length: 2\r\n\r\n",
        "a".repeat(7_000)
    );
    let clients: Vec<Client> = (0..10)
        .map(|_| {
            let mut client = server.connect();
            client.send(&request);
            client
        })
        .collect();
    wait_until("they are counted", || held() >= 70_000);
    drop(clients);
}

#[test]
fn unknown_methods() {
    for engine in ENGINES {
        let server = london(engine);
        for (method, path, status) in [
            ("BREW", PATH, 501),
            ("get", "/healthz", 501),
            ("PROPFIND", "/nowhere", 501),
            ("PUT", PATH, 405),
            ("OPTIONS", "/healthz", 405),
            ("DELETE", "/nowhere", 404),
        ] {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: h\r\n\r\n");
            assert_eq!(server.exchange(request).status, status, "{engine}: {method} {path}");
        }
    }
}

#[test]
fn too_slow() {
    let server = london("event");
    let mut client = server.connect();
    client.send(format!("POST {PATH} HTTP/1.1\r\nHost: h\r\n"));
    let answer = client.answer();
    assert_eq!((answer.status, answer.field("Connection")), (408, Some("close")));
    assert_eq!(answer.json()["detail"], "too slow: the head took over 10 s");
    assert!(client.is_closed());
}
