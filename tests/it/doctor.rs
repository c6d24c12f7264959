//! `weatherhook doctor`, with the real curl: each finding has to name what is wrong.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, SocketAddrV4, TcpListener};
use std::process::Output;
use std::thread::{self, JoinHandle};

use rustix::net::{AddressFamily, SocketType};

use crate::fixture::*;

/// Directories of programs that are put before or in the place of the machine's own.
pub(crate) const CURL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/path/curl");
pub(crate) const SYSTEMCTL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/path/systemctl");

/// What it found, and whether it says that all is well. It finds no program but curl.
#[track_caller]
pub(crate) fn doctor_with(arguments: &[&str], variables: &[(&str, &str)]) -> (bool, String) {
    let scratch = Scratch::new();
    let seen = scratch.write("arguments", "");
    let mut command = weatherhook(["doctor"].iter().chain(arguments));
    command.env("PATH", CURL).env("CURL", found("curl")).env("ARGUMENTS", &seen);
    let Output { status, stdout, stderr } = output(command.envs(variables.iter().copied()));
    let findings = String::from_utf8(stdout).expect("text");
    assert!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    assert!(!findings.contains(|c: char| c.is_control() && c != '\n'), "{findings:?}");
    for line in findings.lines() {
        assert!(
            ["ok: ", "note: ", "problem: ", "  "].iter().any(|kind| line.starts_with(kind)),
            "{findings}"
        );
    }
    if let Some((_, key)) = variables.iter().find(|(name, _)| *name == "WEATHERHOOK_KEY") {
        assert!(!findings.contains(key), "{findings}");
    }
    // All users of a machine see the arguments: no key is in them.
    let seen = std::fs::read_to_string(seen).expect("arguments");
    assert!(seen.lines().all(|word| ["-q", "--config", "-"].contains(&word)), "{seen}");
    assert_eq!(findings.contains("problem: "), status.code() == Some(1), "{status}: {findings}");
    (status.success(), findings)
}

#[track_caller]
pub(crate) fn doctor(arguments: &[&str], key: &str) -> (bool, String) {
    doctor_with(arguments, &[("WEATHERHOOK_KEY", key)])
}

/// An address that refuses every connection for as long as the socket is kept, which is bound and does not
/// listen.
pub(crate) fn closed() -> (TcpListener, SocketAddr) {
    let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket");
    rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).expect("a port");
    let socket = TcpListener::from(socket);
    let address = socket.local_addr().expect("its address");
    (socket, address)
}

/// A server that answers one ping, and what it was asked.
pub(crate) fn foreign(answer: &str) -> (SocketAddr, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    let answer = answer.to_owned();
    let server = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a call");
        let mut asked = Vec::new();
        let mut bytes = [0; 4096];
        while !asked.ends_with(b"\"ping\"}") {
            let n = stream.read(&mut bytes).expect("a request");
            if n == 0 {
                break;
            }
            asked.extend_from_slice(&bytes[..n]);
        }
        // The client may close when it has read enough.
        let _ = stream.write_all(answer.as_bytes()).and_then(|()| stream.shutdown(Shutdown::Both));
        String::from_utf8(asked).expect("text")
    });
    (address, server)
}

#[test]
fn a_good_endpoint_is_good() {
    for engine in ENGINES {
        let server = london(engine);
        let (is_good, findings) = doctor(&[&format!("http://{}{PATH}", server.address)], KEY);
        assert!(is_good, "{findings}");
        assert!(
            findings.lines().any(|line| line.starts_with("ok: ping: answered in ") && line.ends_with(" ms")),
            "{findings}"
        );
        assert!(findings.contains("\n    City: London\n    Temperature: 10°C\n"), "{findings}");
        assert!(findings.contains("ok: ping with a wrong key: refused, as it has to be\n"), "{findings}");
        assert!(findings.contains("note: 127.0.0.1 is an address of your own network"), "{findings}");
    }
}

#[test]
fn an_endpoint_of_mcp_is_called_as_dify_calls_it() {
    for engine in ENGINES {
        let server = london(engine);
        for path in ["/mcp", "/mcp/?a=b"] {
            let (is_good, findings) = doctor(&[&format!("http://{}{path}", server.address)], KEY);
            assert!(is_good, "{findings}");
            let steps = findings.lines().filter_map(|line| line.strip_prefix("ok: "));
            let steps: Vec<_> = steps.map(|step| step.split(": ").next().unwrap_or_default()).collect();
            let expected = [
                "initialize",
                "notifications/initialized",
                "tools/list",
                "tools/call",
                "initialize with a wrong key",
            ];
            assert_eq!(steps, expected, "{findings}");
            for shown in [
                "2025-06-18",
                "get_weather, get_history, list_stations",
                "City: London\n    Temperature: 10°C",
            ] {
                assert!(findings.contains(&format!("\n    {shown}")), "{findings}");
            }
        }
    }
    let server = london("event");
    let (_, findings) = doctor(&[&format!("http://{}/mcp", server.address)], "another-key-of-nobody");
    let cause = "problem: initialize: weatherhook answers, but it does not know this key\n";
    assert!(findings.contains(cause), "{findings}");
    let (_, findings) = doctor(&[&format!("http://{}/board/mcp", server.address)], KEY);
    let cause = "problem: initialize: weatherhook answers, but not at the path /board/mcp\n  the path has to be /mcp\n";
    assert!(findings.contains(cause), "{findings}");
}

#[test]
fn a_wrong_key_and_a_wrong_path_are_named() {
    let server = london("event");
    let (_, findings) = doctor(&[&format!("http://{}{PATH}", server.address)], "another-key-of-nobody");
    assert!(
        findings.contains("problem: ping: weatherhook answers, but it does not know this key\n"),
        "{findings}"
    );
    let (_, findings) = doctor(&[&format!("http://{}/api", server.address)], KEY);
    assert!(
        findings.contains("problem: ping: weatherhook answers, but not at the path /api\n"),
        "{findings}"
    );
    assert!(findings.contains(&format!("\n  not found: send POST to {PATH}\n")), "{findings}");
    let (_, findings) = doctor(&["weather.example.org"], KEY);
    assert!(findings.contains("problem: \"weather.example.org\" is no endpoint\n"), "{findings}");
    let (_, findings) = doctor_with(&[&format!("http://{}{PATH}", server.address)], &[]);
    assert!(findings.contains("problem: no key: "), "{findings}");
}

#[test]
fn a_silent_or_a_foreign_end_is_named() {
    let (_socket, closed) = closed();
    let url = format!("http://{closed}{PATH}");
    let (_, findings) = doctor(&[&url], KEY);
    assert!(findings.contains("problem: ping: nothing listens at that address and port\n"), "{findings}");
    let proxy = format!("http://{closed}");
    let (_, findings) = doctor_with(&[&url], &[("WEATHERHOOK_KEY", KEY), ("http_proxy", &proxy)]);
    assert!(
        findings.contains("or the proxy is not reached\n  check the address of the proxy in http_proxy\n"),
        "{findings}"
    );
    let server = london("event");
    let (_, findings) = doctor(&[&format!("https://{}{PATH}", server.address)], KEY);
    assert!(findings.contains("problem: ping: TLS fails: "), "{findings}");

    let large = format!("HTTP/1.1 200 OK\r\n\r\n{}", "x\n".repeat(1 << 20));
    for (answer, cause) in [
        (
            "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n<!DOCTYPE html PUBLIC>",
            "Dify's proxy (squid) refuses the address",
        ),
        (
            "HTTP/1.1 308 Moved\r\nLocation: https://x/\u{1b}[2J\r\n\r\n",
            "it redirects, and Dify follows no redirect\n  enter the other endpoint: https://x/\\u{1b}[2J\n",
        ),
        ("HTTP/1.1 530 \r\n\r\nerror code: 1033", "Cloudflare knows the tunnel, but its end on the board"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>welcome", "another program than weatherhook answers there"),
        (
            "HTTP/1.1 200 OK\r\n\r\n{\"result\": \"anyone\"}",
            "another program than weatherhook answers there\n",
        ),
        (
            "HTTP/1.1 404 Not Found\r\n\r\n{\"detail\": \"Not Found\"}",
            "something answers that does not know the path",
        ),
        ("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{\"result\": \"pong\"}", "the answer was cut off\n"),
        (&large, "another program than weatherhook answers there, with more than a megabyte\n"),
        ("", "the connection ended without an answer"),
    ] {
        let (address, server) = foreign(answer);
        let (_, findings) = doctor(&[&format!("http://{address}{PATH}")], KEY);
        assert!(findings.contains(&format!("problem: ping: {cause}")), "{findings}");
        // As Dify's client sends it.
        let asked = server.join().expect("the foreign server");
        for field in [
            format!("POST {PATH} HTTP/1.1"),
            format!("Authorization: Bearer {KEY}"),
            "Accept: */*".to_owned(),
            "Accept-Encoding: gzip, deflate".to_owned(),
            "Connection: keep-alive".to_owned(),
            "Content-Type: application/json".to_owned(),
            "User-Agent: python-httpx/0.28.1".to_owned(),
            "Content-Length: 17".to_owned(),
        ] {
            assert!(asked.lines().any(|line| line == field), "{field}: {asked}");
        }
    }
}

#[test]
fn trailers_do_no_harm() {
    let (address, server) = foreign(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: A\r\n\r\n\
         12\r\n{\"result\": \"pong\"}\r\n0\r\nA: b\r\n\r\n",
    );
    let (_, findings) = doctor(&[&format!("http://{address}{PATH}")], KEY);
    server.join().expect("the foreign server");
    assert!(findings.contains("ok: ping: answered in "), "{findings}");
}

#[test]
fn a_curl_that_does_not_work_is_named() {
    let (_socket, address) = closed();
    let url = format!("http://{address}{PATH}");
    let (_, findings) =
        doctor_with(&[&url], &[("WEATHERHOOK_KEY", KEY), ("CURL", "/nowhere/curl-of-the-tests")]);
    assert!(findings.contains("problem: ping: curl could not call it\n"), "{findings}");
    assert!(findings.contains("/nowhere/curl-of-the-tests: "), "{findings}");
    let (_, findings) = doctor_with(&[&url], &[("WEATHERHOOK_KEY", KEY), ("PATH", "/nowhere")]);
    assert!(findings.contains("problem: curl cannot be run: "), "{findings}");
}

#[test]
fn the_board_is_looked_at() {
    let server = london("event");
    let sensor = server.scratch.path("sensor.json");
    let address = server.address.to_string();
    let flags = ["--listen", &address, "--sensor", text(&sensor)];
    let (is_good, findings) = doctor(&flags, KEY);
    assert!(is_good, "{findings}");
    for found in [
        "ok: a key; ",
        "ok: stations: 1, all with current readings\n",
        &format!("ok: http://{address}{PATH} answers a ping\n"),
        "note: it listens on this board only: ",
        "note: which services run is unknown: ",
    ] {
        assert!(findings.contains(found), "{found}: {findings}");
    }
    let (_, findings) = doctor(&flags, "another-key-of-nobody");
    assert!(findings.contains("and refuses the key that is configured here\n"), "{findings}");
    let (_, findings) = doctor_with(&flags, &[]);
    assert!(findings.contains("\n  if there is no key yet, weatherhook keygen makes one\n"), "{findings}");
    assert!(findings.contains("answers; the key could not be tried\n"), "{findings}");
    let faulty = "problem: WEATHERHOOK_KEY: line 1: a key has only visible ASCII characters and no blanks inside\n  \
                  correct the key, or replace it: weatherhook keygen makes one\n";
    for arguments in [&flags[..], &["https://weather.example.org/"]] {
        let (_, findings) = doctor(arguments, "a-key of-the-tests");
        assert!(findings.contains(faulty), "{findings}");
    }
    // Blanks around a key are no part of it, but who copies the line may enter them in Dify.
    let url = format!("http://{address}{PATH}");
    for arguments in [&flags[..], &[&url]] {
        let (is_good, findings) = doctor_with(arguments, &[("WEATHERHOOK_KEY", &format!("{KEY} "))]);
        assert!(is_good, "{findings}");
        let note = "note: WEATHERHOOK_KEY: line 1: the blanks around the key are ignored here; ";
        assert!(findings.contains(note), "{findings}");
    }
    let (_, findings) = doctor(&[&flags[..], &["--path", "/other"]].concat(), KEY);
    assert!(
        findings
            .contains("/other is weatherhook, but with another path than this configuration: not found: "),
        "{findings}"
    );
    let (_, findings) = doctor(&["--listen", &address, "--sensor", "/nowhere"], KEY);
    assert!(findings.contains("problem: no station has reported\n"), "{findings}");

    server.scratch.replace("sensor.json", r#"{"city": "London", "temp": 1, "time": 1600000000}"#);
    let (_, findings) = doctor(&flags, KEY);
    assert!(findings.contains("problem: stations without a current reading: 1 of 1\n"), "{findings}");

    let (_socket, closed) = closed();
    let (_, findings) = doctor(&["--listen", &closed.to_string()], KEY);
    assert!(findings.contains(&format!("problem: http://{closed}{PATH}: no answer: ")), "{findings}");
    assert!(findings.contains("problem: no sensor file is configured\n"), "{findings}");

    for (answer, shown) in [
        ("HTTP/1.1 200 OK\r\n\r\n{\"result\": \"anyone\"}", "status 200, "),
        ("HTTP/1.1 401 No\r\n\r\n{\"detail\": \"Unauthorized\"}", "status 401, "),
        ("SSH-2.0-x\r\n", "something that is not HTTP/1.1\n"),
    ] {
        let (address, server) = foreign(answer);
        let (_, findings) = doctor(&["--listen", &address.to_string()], KEY);
        server.join().expect("the foreign server");
        let expected = format!("problem: http://{address}{PATH} answers a ping with {shown}");
        assert!(findings.contains(&expected), "{findings}");
        assert!(findings.contains("\n  another program listens there: "), "{findings}");
    }
}

#[test]
fn the_installed_service_is_looked_at() {
    let server = london("event");
    let (_socket, closed) = closed();
    let sensor = server.scratch.path("sensor.json");
    let toml = format!("listen = \"{closed}\"\nsensor = {sensor:?}\n");
    let file = server.scratch.write("weatherhook.toml", toml);
    let address = server.address.to_string();
    let path = format!("{CURL}:{SYSTEMCTL}");
    let installed = text(file.parent().expect("its directory"));
    let variables = [("CONFIGURATION_DIRECTORY", installed), ("PATH", &path), ("LISTEN", &address)];
    let (is_good, findings) = doctor_with(&[], &variables);
    assert!(is_good, "{findings}");
    for found in [
        &format!("ok: the configuration {}\n", text(&file)),
        "note: the listeners are those of weatherhook.socket; ",
        &format!("ok: http://{address}{PATH} answers a ping\n"),
        "ok: weatherhook.service runs\n",
        "ok: running: ngrok.service\n",
    ] {
        assert!(findings.contains(found), "{found}: {findings}");
    }
    let (_, findings) = doctor_with(&["--listen", &closed.to_string()], &variables);
    assert!(findings.contains(&format!("problem: http://{closed}{PATH}: no answer: ")), "{findings}");
    assert!(!findings.contains("weatherhook.socket"), "{findings}");
    // A systemctl without a systemd.
    let (_, findings) = doctor_with(&[], &[("LISTEN", ""), variables[0], variables[1]]);
    assert!(findings.contains(&format!("problem: http://{closed}{PATH}: no answer: ")), "{findings}");
    assert!(findings.contains("note: which services run is unknown: "), "{findings}");
}
