//! HTTP/1.1 over the wire: order, endings, stops.

use std::fs;
use std::io::Read as _;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::fixture::*;

const PING: &str = r#"{"point": "ping"}"#;

#[test]
fn pipelined_requests_are_answered_in_order() {
    for engine in ENGINES {
        let server = london(engine);
        let mut client = server.connect();
        let places: Vec<String> = (0..200).map(|n| format!("Nowhere{n}")).collect();
        let calls = places.iter().enumerate().map(|(n, place)| match n % 2 {
            0 => call(PING),
            _ => call(&format!("{{\"point\": \"{place}\"}}")),
        });
        client.send(calls.collect::<String>());
        for n in 0..places.len() {
            let answer = client.answer();
            assert_eq!(answer.status, if n % 2 == 0 { 200 } else { 400 }, "{engine}: answer {n}");
        }
    }
}

#[test]
fn a_request_may_come_in_pieces() {
    for engine in ENGINES {
        let server = london(engine);
        let mut client = server.connect();
        for piece in call(PING).as_bytes().chunks(7) {
            client.send(piece);
        }
        assert_eq!(client.answer().text(), r#"{"result": "pong"}"#, "{engine}");
    }
}

#[test]
fn an_empty_line_before_a_request_is_passed_over() {
    let server = london("event");
    let mut client = server.connect();
    client.send(format!("\r\n{0}\r\n{0}", call(PING)));
    for _ in 0..2 {
        assert_eq!(client.answer().status, 200);
    }
}

#[test]
fn an_answer_comes_in_one_piece() {
    let server = london("event");
    let mut client = server.connect();
    for _ in 0..100 {
        client.send(call(PING));
        let mut bytes = [0; 1024];
        let n = client.stream.read(&mut bytes).expect("an answer");
        assert!(bytes[..n].ends_with(br#"{"result": "pong"}"#), "{}", String::from_utf8_lossy(&bytes[..n]));
    }
}

#[test]
fn a_half_closed_client_gets_its_answers() {
    for engine in ENGINES {
        let server = london(engine);
        let mut client = server.connect();
        client.send(call(PING).repeat(3));
        client.stream.shutdown(Shutdown::Write).expect("a half-closed connection");
        for _ in 0..3 {
            assert_eq!(client.answer().status, 200, "{engine}");
        }
        assert!(client.is_closed());
    }
}

#[test]
fn http_1_0() {
    for engine in ENGINES {
        let server = london(engine);
        let mut client = server.connect();
        let request = format!(
            "POST {PATH} HTTP/1.0\r\nAuthorization: Bearer {KEY}\r\nContent-Length: {}\r\n\r\n{PING}",
            PING.len()
        );
        client.send(&request);
        let mut answer = client.stream_to_end();
        assert!(answer.starts_with("HTTP/1."), "{engine}: {answer}");
        assert!(answer.contains(" 200 OK\r\n"), "{engine}: {answer}");
        assert!(answer.split_off(answer.len() - 18).starts_with("{\"result\": \"pong\"}"), "{engine}");
    }
}

#[test]
fn a_connection_ends_when_the_client_asks_for_it() {
    let server = london("event");
    let mut client = server.connect();
    client.send(call(PING).replace("keep-alive", "close"));
    let answer = client.answer();
    assert_eq!((answer.status, answer.field("Connection")), (200, Some("close")));
    assert!(client.is_closed());

    let mut client = server.connect();
    client.send(call(PING));
    assert_eq!(client.answer().field("Connection"), None);
    client.send(call(PING));
    assert_eq!(client.answer().status, 200, "the connection goes on");
}

#[test]
fn what_is_not_http_is_refused_and_closed() {
    let server = london("event");
    for (bytes, status) in [
        (&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\n"[..], 400),
        (b"GET /\r\n\r\n", 400),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    ] {
        check_refused(&server, bytes, status);
    }
}

#[track_caller]
fn check_refused(server: &Server, bytes: &[u8], status: u16) {
    let mut client = server.connect();
    client.send(bytes);
    let answer = client.answer();
    let shown = String::from_utf8_lossy(bytes);
    assert_eq!((answer.status, answer.field("Connection")), (status, Some("close")), "{shown}");
    assert!(answer.json()["detail"].is_string(), "{shown}");
    assert!(client.is_closed(), "{shown}");
}

#[test]
fn framing_is_strict() {
    let server = london("event");
    let line = format!("POST {PATH} HTTP/1.1\r\n");
    let chunked = "Transfer-Encoding: chunked\r\n";
    for (fields, body) in [
        ("Content-Length: 1\r\nContent-Length: 2\r\n", ""),
        ("Content-Length: +1\r\n", ""),
        ("Content-Length : 1\r\n", ""),
        ("Content-Length: 1\r\nTransfer-Encoding: chunked\r\n", ""),
        ("Transfer-Encoding: gzip\r\n", ""),
        ("Folded: a\r\n b\r\n", ""),
        ("Bare: a\rb\r\n", ""),
        ("Host: second\r\n", ""),
        (chunked, "0x1\r\na\r\n0\r\n\r\n"),
        (chunked, "1\r\nab\r\n0\r\n\r\n"),
    ] {
        let request = format!("{line}Host: h\r\nAuthorization: Bearer {KEY}\r\n{fields}\r\n{body}");
        check_refused(&server, request.as_bytes(), 400);
    }
    check_refused(&server, format!("{line}Authorization: Bearer {KEY}\r\n\r\n").as_bytes(), 400);
}

#[test]
fn the_table_of_descriptors_has_room_for_all_connections_from_the_start() {
    let size = london("event").status("FDSize");
    assert!(size.is_none_or(|size| size > 1024), "{size:?}");
}

#[test]
fn at_the_bound_the_longest_waiting_stranger_makes_room() {
    let scratch = Scratch::new();
    let sensor = scratch.write("sensor.json", LONDON);
    let mut command = Command::new("sh");
    command.env_clear().env("WEATHERHOOK_KEY", KEY).arg("-c").arg(format!(
        "ulimit -n 64; exec {} serve --listen 127.0.0.1:0 --threads 1 --sensor {}",
        program().join(" "),
        text(&sensor)
    ));
    let mut server = Server::spawn(&mut command, scratch);
    server.wait_for_log("at most 28 connections at once instead of 1024");
    check_room(&server, 28);
}

#[test]
fn without_descriptors_the_longest_waiting_stranger_makes_room() {
    let mut server =
        Setup::new("event").sensor(LONDON).arg("--threads").arg("1").arg("--every").arg("1h").start();
    let is_free = |fd: &u64| fs::symlink_metadata(format!("/proc/{}/fd/{fd}", server.id())).is_err();
    let limit = (0..).filter(is_free).nth(10);
    let process = Pid::from_raw(server.id().try_into().expect("small"));
    prlimit(process, Resource::Nofile, Rlimit { current: limit, maximum: limit }).expect("a lower limit");
    check_room(&server, 10);
    // The text of the error is the C library's.
    let line = server.wait_for_log("cannot accept all connections: ");
    assert!(line.ends_with("(os error 24)"), "{line}");
}

/// Fills a server with clients without a key, and connects clients with one.
#[track_caller]
fn check_room(server: &Server, room: usize) {
    let mut clients = vec![server.connect()];
    clients[0].send(call(PING));
    assert_eq!(clients[0].answer().status, 200);
    let mut strangers: Vec<Client> = (1..room).map(|_| server.connect()).collect();
    for _ in 0..room / 2 {
        clients.push(server.connect());
        let client = clients.last_mut().expect("just pushed");
        client.send(call(PING));
        assert_eq!(client.answer().status, 200);
        assert!(strangers.remove(0).is_closed());
    }
    // No other connection was closed.
    for client in clients.iter_mut().chain(&mut strangers) {
        client.send(call(PING));
        assert_eq!(client.answer().status, 200);
    }
}

#[test]
fn several_addresses_are_served() {
    for engine in ENGINES {
        let mut server = Setup::new(engine).sensor(LONDON).arg("--listen").arg("[::1]:0").start();
        let line = server.wait_for_log("http://[::1]:");
        let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
        let second = address.and_then(|address| address.parse().ok()).expect("an address");
        assert_eq!(server.call(PING).status, 200, "{engine}");
        server.address = second;
        assert_eq!(server.call(PING).status, 200, "{engine}");
    }
}

#[test]
fn a_stop_answers_what_is_in_flight() {
    for threads in ["1", "4"] {
        let mut server = Setup::new("event").sensor(LONDON).arg("--threads").arg(threads).start();
        let request = call(PING);
        let mut clients: Vec<Client> = (0..32).map(|_| server.connect()).collect();
        let mut idle = server.connect();
        for client in &mut clients {
            client.send(&request[..request.len() - 1]);
        }
        idle.send(&request);
        assert_eq!(idle.answer().status, 200);
        signal(server.id(), "TERM");
        assert!(idle.is_closed(), "an idle connection ends at once");
        wait_until("nobody is let in", || TcpStream::connect(server.address).is_err());
        for client in &mut clients {
            client.send(&request[request.len() - 1..]);
            let answer = client.answer();
            assert_eq!(answer.status, 200);
            // Another thread may not have seen the stop yet when it answers.
            if threads == "1" {
                assert_eq!(answer.field("Connection"), Some("close"));
            }
            assert!(client.is_closed());
        }
        let (status, log) = server.ended();
        assert!(status.success(), "{log:?}");
    }
}

#[test]
fn a_stranger_does_not_hold_up_a_stop() {
    let mut server = london("event");
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\n");
    let start = Instant::now();
    signal(server.id(), "TERM");
    assert_eq!(client.answer().status, 408);
    drop(client);
    let (status, log) = server.ended();
    assert!(status.success(), "{log:?}");
    assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
}

#[test]
fn a_second_signal_ends_at_once() {
    let mut server = london("event");
    let mut client = server.connect();
    client.send("POST / HTTP/1.1\r\n");
    let mut other = server.connect();
    other.send(call(PING));
    assert_eq!(other.answer().status, 200);
    signal(server.id(), "TERM");
    server.wait_for_log("stopping");
    assert!(other.is_closed());
    signal(server.id(), "TERM");
    let (status, log) = server.ended();
    assert_eq!(status.code(), Some(1), "{log:?}");
    assert!(!log.iter().any(|line| line.ends_with("stopped")));
}

#[test]
fn a_stop_without_work_is_quick_and_clean() {
    for engine in ENGINES {
        let (status, log) = london(engine).stop();
        assert_eq!(status.code(), Some(0), "{engine}: {log:?}");
        assert!(log.last().is_some_and(|line| line.ends_with("stopped")), "{engine}: {log:?}");
    }
}

#[test]
fn a_restart_binds_at_once() {
    let server = london("event");
    let address = server.address;
    // Closed by the server, so that the connection's end stays here, in TIME_WAIT.
    let mut client = server.connect();
    client.send(call(PING).replace("keep-alive", "close"));
    assert_eq!(client.answer().status, 200);
    assert!(client.is_closed());
    assert!(server.stop().0.success());
    let server = Setup::new("event").sensor(LONDON).arg("--listen").arg(address.to_string()).start();
    let mut server = server;
    let line = server.wait_for_log(&format!("http://{address}/"));
    assert!(line.contains("event engine"), "{line}");
}

#[test]
fn a_port_in_use_is_reported() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("its address").to_string();
    let scratch = Scratch::new();
    let sensor = scratch.write("sensor.json", LONDON);
    let mut command = weatherhook(["serve", "--listen", &address, "--sensor", text(&sensor)]);
    let output = output(command.env("WEATHERHOOK_KEY", KEY));
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    // "Address already in use" by glibc, "Address in use" by musl.
    let beginning = format!("weatherhook: listen {address}: Address ");
    assert!(stderr.starts_with(&beginning) && stderr.ends_with("in use (os error 98)\n"), "{stderr}");
}
