//! `weatherhook doctor`, with the real curl: each finding has to name what is wrong.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::process::Output;
use std::thread;

use crate::fixture::*;

/// What it found, and whether it says that all is well.
#[track_caller]
fn doctor(arguments: &[&str], key: &str) -> (bool, String) {
    let mut command = weatherhook(["doctor"].iter().chain(arguments));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let Output { status, stdout, stderr } = output(command.env("WEATHERHOOK_KEY", key).env("PATH", path));
    let findings = String::from_utf8(stdout).expect("text");
    assert!(stderr.is_empty(), "{}", String::from_utf8_lossy(&stderr));
    assert!(!findings.contains(key), "{findings}");
    assert_eq!(findings.contains("problem: "), !status.success(), "{findings}");
    (status.success(), findings)
}

#[test]
fn a_good_endpoint_is_good() {
    for engine in ENGINES {
        let server = london(engine);
        let (is_good, findings) = doctor(&[&format!("http://{}{PATH}", server.address)], KEY);
        assert!(is_good, "{findings}");
        assert!(findings.contains("ok: ping: answered in "), "{findings}");
        assert!(findings.contains("\n    City: London\n    Temperature: 10°C\n"), "{findings}");
        assert!(findings.contains("ok: ping with a wrong key: refused, as it has to be\n"), "{findings}");
        assert!(findings.contains("note: 127.0.0.1 is an address of your own network"), "{findings}");
    }
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
}

#[test]
fn a_silent_or_a_foreign_end_is_named() {
    let free = TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("its address");
    let (_, findings) = doctor(&[&format!("http://{free}{PATH}")], KEY);
    assert!(findings.contains("problem: ping: nobody listens at that address and port\n"), "{findings}");
    let server = london("event");
    let (_, findings) = doctor(&[&format!("https://{}{PATH}", server.address)], KEY);
    assert!(findings.contains("problem: ping: TLS fails: "), "{findings}");

    for (answer, cause) in [
        (
            "HTTP/1.1 403 Forbidden\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n<!DOCTYPE html PUBLIC>",
            "Dify's proxy (squid) refuses the address",
        ),
        ("HTTP/1.1 308 Moved\r\nLocation: https://x/\r\n\r\n", "it redirects, and Dify follows no redirect"),
        ("HTTP/1.1 530 \r\n\r\nerror code: 1033", "Cloudflare knows the tunnel, but its end on the board"),
        ("HTTP/1.1 200 OK\r\n\r\n<html>welcome", "something else than weatherhook answers there"),
        ("", "the connection ended without an answer"),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = listener.local_addr().expect("its address");
        let foreign = thread::spawn(move || {
            let (mut stream, _) = listener.accept().expect("a call");
            let mut asked = Vec::new();
            let mut bytes = [0; 4096];
            while !asked.ends_with(b"\"ping\"}") {
                let n = stream.read(&mut bytes).expect("a request");
                asked.extend_from_slice(&bytes[..n]);
            }
            stream.write_all(answer.as_bytes()).expect("an answer");
            stream.shutdown(Shutdown::Both).expect("an end");
            String::from_utf8(asked).expect("text")
        });
        let (_, findings) = doctor(&[&format!("http://{address}{PATH}")], KEY);
        assert!(findings.contains(&format!("problem: ping: {cause}")), "{findings}");
        // As Dify's client sends it.
        let asked = foreign.join().expect("the foreign server");
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
fn the_board_is_looked_at() {
    let server = london("event");
    let sensor = server.scratch.path("sensor.json");
    let address = server.address.to_string();
    let flags = ["--listen", &address, "--sensor", text(&sensor)];
    let (is_good, findings) = doctor(&flags, KEY);
    assert!(is_good, "{findings}");
    for found in [
        "ok: a key, ",
        "ok: stations: 1, all with current readings\n",
        &format!("ok: http://{address}{PATH} answers a ping\n"),
        "note: it listens on this board only: ",
    ] {
        assert!(findings.contains(found), "{found}: {findings}");
    }
    let (_, findings) = doctor(&flags, "another-key-of-nobody");
    assert!(findings.contains("and refuses the key that is configured here\n"), "{findings}");

    server.scratch.replace("sensor.json", r#"{"city": "London", "temp": 1, "time": 1600000000}"#);
    let (_, findings) = doctor(&flags, KEY);
    assert!(findings.contains("problem: stations without a current reading: 1 of 1\n"), "{findings}");

    let (status, _) = server.stop();
    assert!(status.success());
    let (_, findings) = doctor(&["--listen", &address], KEY);
    assert!(findings.contains(&format!("problem: http://{address}{PATH} does not answer: ")), "{findings}");
    assert!(findings.contains("problem: no sensor file is configured\n"), "{findings}");
}
