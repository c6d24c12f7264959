//! The log: changes of state by default, requests on demand, and never a secret.

use std::fs;
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use rustix::io::ioctl_fionbio;

use crate::fixture::*;

const PING: &str = r#"{"point": "ping"}"#;

/// Stands in the body, in the query string and in the key of requests whose lines may not hold it.
const SECRET: &str = "hunter2";

#[track_caller]
fn check_status(server: &Server, request: &str, status: u16) {
    let answer = server.exchange(request);
    assert_eq!(answer.status, status, "{request}: {answer:?}");
}

#[test]
fn by_default_only_changes_of_state_are_logged() {
    for engine in ENGINES {
        let server = london(engine);
        server.ask("London");
        server.ask("Paris");
        check_status(&server, &call(PING), 200);
        check_status(&server, &call("not JSON"), 400);
        check_status(&server, &call("[]"), 422);
        check_status(&server, &call(PING).replacen(PATH, "/elsewhere", 1), 404);
        check_status(&server, &call(PING).replacen("POST", "PUT", 1), 405);
        let sensor = server.scratch.path("sensor.json");
        let listening = format!("INFO listening on http://{}{PATH} ({engine} engine)", server.address);
        let (status, log) = server.stop();
        assert!(status.success(), "{engine}: {log:?}");
        assert_eq!(
            said(&log),
            [
                format!("INFO {}: readable, stations: 1", text(&sensor)),
                listening,
                "INFO stopping: requests in flight are answered".to_owned(),
                "INFO stopped".to_owned(),
            ]
        );
    }
}

#[test]
fn each_address_is_logged() {
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(LONDON).arg("--listen").arg("[::1]:0").start();
        let (_, log) = server.stop();
        let listening: Vec<_> = log.iter().filter(|line| line.contains(" listening on http://")).collect();
        assert_eq!(listening.len(), 2, "{log:?}");
        assert!(
            listening[0].contains("http://127.0.0.1:") && listening[1].contains("http://[::1]:"),
            "{log:?}"
        );
        assert!(listening.iter().all(|line| line.ends_with(&format!("{PATH} ({engine} engine)"))), "{log:?}");
    }
}

#[test]
fn a_request_is_one_line_at_debug_level() {
    for engine in ENGINES {
        let server = Setup::new(engine).sensor(LONDON).env("RUST_LOG", "debug").start();
        let query = format!(
            r#"{{"point": "app.external_data_tool.query", "params": {{"inputs": {{"location": "{SECRET}"}}}}}}"#
        );
        let mut expected = Vec::new();
        for (method, path, key, body, status, bytes) in [
            ("POST", PATH, KEY, PING, 200, r#"{"result": "pong"}"#.len()),
            ("POST", PATH, KEY, query.as_str(), 200, r#"{"result": "Unknown city"}"#.len()),
            (
                "POST",
                PATH,
                KEY,
                SECRET,
                400,
                r#"{"detail": "body is not JSON: expected value at line 1 column 1"}"#.len(),
            ),
            ("POST", PATH, SECRET, PING, 401, r#"{"detail": "Unauthorized"}"#.len()),
            (
                "POST",
                "/elsewhere",
                KEY,
                PING,
                404,
                format!(r#"{{"detail": "not found: send POST to {PATH}"}}"#).len(),
            ),
            (
                "DELETE",
                PATH,
                KEY,
                PING,
                405,
                format!(r#"{{"detail": "method not allowed: send POST to {PATH}"}}"#).len(),
            ),
        ] {
            let mut client = server.connect();
            let peer = client.stream.local_addr().expect("an address");
            let request = call_with(&format!("Authorization: Bearer {key}\r\n"), body);
            let target = format!("{method} {path}?token={SECRET}&{SECRET}");
            client.send(request.replacen(&format!("POST {PATH}"), &target, 1));
            let answer = client.answer();
            assert_eq!((answer.status, answer.body.len()), (status, bytes), "{engine}: {answer:?}");
            expected.push(format!("DEBUG {peer} {method} {path} {status} {bytes} B"));
        }
        let (status, log) = server.stop();
        assert!(status.success());
        for secret in [KEY, SECRET] {
            assert!(!log.iter().any(|line| line.contains(secret)), "{engine}: {log:#?}");
        }
        let requests: Vec<String> = said(&log)
            .into_iter()
            .filter(|line| line.starts_with("DEBUG 127.0.0.1:"))
            .map(|line| {
                let (line, micros) =
                    line.strip_suffix(" µs").and_then(|line| line.rsplit_once(' ')).expect("a time");
                assert!(micros.parse::<u32>().is_ok_and(|micros| micros < 20_000_000), "{micros}");
                line.to_owned()
            })
            .collect();
        assert_eq!(requests, expected, "{engine}: {log:#?}");
    }
}

#[test]
fn requests_in_pieces_and_on_one_connection_are_a_line_each() {
    let server = Setup::new("event").sensor(LONDON).env("RUST_LOG", "debug").start();
    let mut client = server.connect();
    for piece in call(PING).as_bytes().chunks(50) {
        client.send(piece);
    }
    assert_eq!(client.answer().status, 200);
    client.send(call(PING).repeat(3));
    for _ in 0..3 {
        assert_eq!(client.answer().status, 200);
    }
    // What is no request of HTTP has neither method nor path.
    check_status(&server, "hunter2\r\n\r\n", 400);
    let said = said(&server.stop().1);
    let pings = said.iter().filter(|line| line.contains(&format!(" POST {PATH} 200 18 B "))).count();
    let others = said.iter().filter(|line| line.contains(" - - 400 ")).count();
    assert_eq!((pings, others), (4, 1), "{said:#?}");
    assert!(!said.iter().any(|line| line.contains(SECRET)), "{said:#?}");
}

#[test]
fn refused_keys_are_logged_once_a_minute() {
    for engine in ENGINES {
        let mut server = london(engine);
        let refused = |key: &str| {
            check_status(&server, &call_with(&format!("Authorization: Bearer {key}\r\n"), PING), 401);
        };
        refused(&format!("{SECRET}-first"));
        for n in 0..50 {
            refused(&format!("{SECRET}-{n}"));
        }
        check_status(&server, &call_with("", PING), 401);
        check_status(&server, &call(PING), 200);
        let line = server.wait_for_log("refused");
        assert!(
            line.ends_with(" WARN  requests refused for a wrong or missing key: 1, the last from 127.0.0.1"),
            "{line}"
        );
        let (_, log) = server.stop();
        let warnings = log.iter().filter(|line| !line.contains(" INFO ")).count();
        assert_eq!(warnings, 1, "{engine}: {log:#?}");
        assert!(!log.iter().any(|line| line.contains(SECRET) || line.contains(KEY)), "{engine}: {log:#?}");
    }
}

#[test]
fn the_level_can_be_set() {
    let scratch = Scratch::new();
    let sensor = scratch.write("sensor.json", LONDON);
    let query = |level| {
        let mut command = weatherhook(["query", "London", "--sensor", text(&sensor)]);
        output(command.env("RUST_LOG", level))
    };
    let [logged, silent] = ["info", "off"].map(query);
    assert!(String::from_utf8_lossy(&logged.stderr).contains(" INFO "), "{logged:?}");
    assert!(silent.stderr.is_empty() && silent.status.success(), "{silent:?}");
}

/// A process that does not outlive its test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The reader of a container's log, or `less`, stops reading for as long as it likes.
#[test]
fn a_log_that_is_not_read_stops_no_answer() {
    for engine in ENGINES {
        let scratch = Scratch::new();
        let (sensor, socket) = (scratch.write("sensor.json", LONDON), scratch.path("http.sock"));
        let mut reader = Command::new("cat");
        let reader = reader.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a reader");
        let Ending(reader) = &mut Ending(reader);
        signal(reader.id(), "STOP");
        let state = format!("/proc/{}/stat", reader.id());
        wait_until("the reader stops", || fs::read_to_string(&state).is_ok_and(|stat| stat.contains(") T ")));
        let mut pipe = reader.stdin.take().expect("a pipe");
        ioctl_fionbio(&pipe, true).expect("a pipe that does not wait");
        while pipe.write(&[b'\n'; 4096]).is_ok() {}
        ioctl_fionbio(&pipe, false).expect("a pipe that waits");
        let mut command = weatherhook(["serve", "--engine", engine, "--listen"]);
        command.arg(format!("unix:{}", text(&socket))).arg("--sensor").arg(sensor);
        command.env("WEATHERHOOK_KEY", KEY).env("RUST_LOG", "debug").stderr(pipe);
        let Ending(child) = &mut Ending(command.spawn().expect("the program starts"));
        // So that only the child holds the pipe's end.
        drop(command);
        wait_until("a listener", || UnixStream::connect(&socket).is_ok());
        for (key, status) in [("wrong", 401), (KEY, 200), ("wrong", 401), (KEY, 200)] {
            let mut stream = UnixStream::connect(&socket).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
            let request = call(PING).replace(KEY, key).replace("keep-alive", "close");
            stream.write_all(request.as_bytes()).expect("a request");
            let mut answer = String::new();
            stream.read_to_string(&mut answer).expect("an answer in time");
            assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{engine}: {answer}");
        }
        signal(reader.id(), "CONT");
        signal(child.id(), "TERM");
        assert!(child.wait().expect("an end").success(), "{engine}");
        let mut log = String::new();
        reader.stdout.take().expect("a pipe").read_to_string(&mut log).expect("what was read");
        let log: Vec<_> = log.lines().collect();
        assert!(
            log.iter().any(|line| line.contains("WARN  the log was not read in time; lines dropped: ")),
            "{log:?}"
        );
        assert!(log.last().is_some_and(|line| line.ends_with("INFO  stopped")), "{engine}: {log:?}");
    }
}
