//! A listener in the file system, for a tunnel on the same board.

use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener, UnixStream};
use std::path::Path;
use std::process::Command;

use crate::fixture::*;

/// All that is answered to a request after which the connection ends.
#[track_caller]
fn exchange(socket: &Path, request: &str) -> String {
    let mut stream = UnixStream::connect(socket).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.write_all(request.as_bytes()).expect("the server takes what is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}

fn ping(key: &str) -> String {
    let fields = format!("Authorization: Bearer {key}\r\n");
    call_with(&fields, r#"{"point": "ping"}"#).replace("Connection: keep-alive", "Connection: close")
}

#[track_caller]
fn check_answers(socket: &Path) {
    let answer = exchange(socket, &ping(KEY));
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with(r#"{"result": "pong"}"#), "{answer}");
}

#[test]
fn a_socket_in_the_file_system_answers_beside_the_network() {
    for engine in ENGINES {
        let setup = Setup::new(engine).sensor(LONDON).env("RUST_LOG", "debug");
        let socket = setup.scratch.path("http.sock");
        let mut server = setup.arg("--listen").arg(format!("unix:{}", text(&socket))).start();
        server.wait_for_log(&format!("listening on unix:{}, path /api/dify/receive (", text(&socket)));
        check_answers(&socket);
        assert_eq!(server.call(r#"{"point": "ping"}"#).status, 200, "{engine}");

        let answer = exchange(&socket, &ping("wrong key"));
        assert!(answer.starts_with("HTTP/1.1 401 "), "{engine}: {answer}");
        server.wait_for_log("wrong or missing key: 1, the last from a unix socket");
        server.wait_for_log(" unix POST /api/dify/receive 401 ");

        // Not `stop`, with which the directory goes, too.
        signal(server.id(), "TERM");
        assert!(server.ended().0.success());
        assert!(
            !socket.exists() && server.scratch.path("sensor.json").exists(),
            "{engine}: it is left behind"
        );
    }
}

#[test]
fn a_tunnel_can_be_the_only_way_in() {
    let scratch = Scratch::new();
    let (sensor, socket) = (scratch.write("sensor.json", LONDON), scratch.path("http.sock"));
    let listen = format!("unix:{}", text(&socket));
    let flags = ["--sensor", text(&sensor), "--listen", &listen];
    let mut child = weatherhook(["serve"].iter().chain(&flags)).env("WEATHERHOOK_KEY", KEY).spawn();
    let child = child.as_mut().expect("the program starts");
    wait_until("a listener", || UnixStream::connect(&socket).is_ok());
    check_answers(&socket);
    signal(child.id(), "TERM");
    assert!(child.wait().expect("an end").success());

    let output = output(weatherhook(["check"].iter().chain(&flags)).env("WEATHERHOOK_KEY", KEY));
    let findings = String::from_utf8_lossy(&output.stdout);
    assert!(findings.starts_with(&format!("endpoint: {listen}, path /api/dify/receive\n")), "{findings}");
}

#[test]
fn the_socket_of_a_process_that_was_killed_is_taken_over_and_no_other() {
    let setup = || {
        let setup = Setup::new("event").sensor(LONDON);
        let socket = setup.scratch.path("http.sock");
        (setup.arg("--listen").arg(format!("unix:{}", text(&socket))), socket)
    };
    let (first, socket) = setup();
    // As a killed process does, this leaves the file.
    drop(UnixListener::bind(&socket).expect("a socket"));
    let mut server = first.start();
    server.wait_for_log("listening on unix:");
    check_answers(&socket);

    let flags = ["serve", "--sensor", "/", "--listen", &format!("unix:{}", text(&socket))];
    let refused = output(weatherhook(flags).env("WEATHERHOOK_KEY", KEY));
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8_lossy(&refused.stderr);
    // "Address already in use" by glibc, "Address in use" by musl.
    assert!(message.contains(&format!("listen unix:{}: Address ", text(&socket))), "{message}");
    assert!(message.contains("in use (os error 98)"), "{message}");
    check_answers(&socket);

    let (second, path) = setup();
    second.scratch.write("http.sock", "no socket");
    let mut command = weatherhook(["serve", "--sensor", "/", "--listen", &format!("unix:{}", text(&path))]);
    assert_eq!(output(command.env("WEATHERHOOK_KEY", KEY)).status.code(), Some(1));
    assert_eq!(std::fs::read(&path).expect("the file"), b"no socket");
}

/// A server that gets two listeners as systemd hands them over, and the socket at which systemd would hear it.
#[track_caller]
fn handed_over(engine: &str, listeners: [OwnedFd; 2], scratch: Scratch) -> (UnixDatagram, Server) {
    let notify = scratch.path("notify");
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_pathname(&notify).expect("an address"));
    let manager = manager.expect("a socket");
    manager.set_read_timeout(Some(PATIENCE)).expect("a time-out");

    let mut command = Command::new("sh");
    command.env_clear().env("WEATHERHOOK_KEY", KEY).env("TZ", "UTC").env("LISTEN_FDS", "2");
    command.env("NOTIFY_SOCKET", &notify).env("WATCHDOG_USEC", "400000").env("RUST_LOG", "debug");
    // As its standard input and output they reach the shell, which gives them systemd's numbers.
    let [first, second] = listeners;
    command.stdin(first).stdout(second);
    command.arg("-c").arg(format!(
        "exec 3<&0 4<&1 </dev/null >/dev/null; LISTEN_PID=$$ exec {} serve --engine {engine} --sensor {}",
        program().join(" "),
        text(&scratch.path("sensor.json"))
    ));
    (manager, Server::spawn(&mut command, scratch))
}

#[track_caller]
fn wait_for_watchdog(manager: &UnixDatagram) {
    let mut bytes = [0; 1024];
    while manager.recv(&mut bytes).map(|n| &bytes[..n]).expect("a message") != b"WATCHDOG=1" {}
}

/// Under systemd: the manager has opened the socket and keeps it, and the watchdog's request takes this
/// way, as a service without a network of its own has no other.
#[test]
fn a_socket_that_was_handed_over_is_asked_by_the_watchdog_and_left_there() {
    for engine in ENGINES {
        let scratch = Scratch::new();
        let socket = scratch.path("http.sock");
        let listener = UnixListener::bind(&socket).expect("a socket");
        // A port at which nobody answers would fail the watchdog.
        let silent = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        scratch.write("sensor.json", LONDON);
        let (manager, mut server) = handed_over(engine, [silent.into(), listener.into()], scratch);
        server.wait_for_log("using the sockets that systemd has opened");
        check_answers(&socket);
        wait_for_watchdog(&manager);
        server.wait_for_log(" unix HEAD /watchdog 404 ");
        signal(server.id(), "TERM");
        assert!(server.ended().0.success());
        assert!(socket.exists(), "it is the manager's");
    }
}

#[test]
fn a_path_that_is_not_absolute_is_reported() {
    for listen in ["unix:", "unix:http.sock", "unix:./http.sock"] {
        let refused = run(["serve", "--sensor", "/", "--listen", listen]);
        assert_eq!(refused.status.code(), Some(2), "{listen}");
        let message = String::from_utf8_lossy(&refused.stderr);
        let wanted = format!(
            "--listen: expected ADDR:PORT, like 127.0.0.1:8000 or [::1]:8000, or unix:/PATH, found \"{listen}\""
        );
        assert!(message.contains(&wanted), "{message}");
    }
    let path = format!("unix:/{}", "x".repeat(200));
    let refused =
        output(weatherhook(["serve", "--sensor", "/", "--listen", &path]).env("WEATHERHOOK_KEY", KEY));
    assert_eq!(refused.status.code(), Some(1));
    let message = String::from_utf8_lossy(&refused.stderr);
    assert!(message.contains(&format!("listen {path}: path must be shorter than SUN_LEN")), "{message}");
}

/// A file that has replaced the socket meanwhile is kept.
#[test]
fn a_stop_takes_only_its_own_socket_away() {
    let setup = Setup::new("event").sensor(LONDON);
    let socket = setup.scratch.path("http.sock");
    let mut server = setup.arg("--listen").arg(format!("unix:{}", text(&socket))).start();
    server.wait_for_log("listening on unix:");
    // Made while the first is there, so that it cannot have its number.
    let path = server.scratch.path("other.sock");
    let other = UnixListener::bind(&path).expect("another's socket");
    std::fs::rename(path, &socket).expect("its place");
    // Not `stop`, with which the directory goes, too.
    signal(server.id(), "TERM");
    assert!(server.ended().0.success());
    assert!(UnixStream::connect(&socket).is_ok(), "the other one's socket is gone");
    drop(other);
}

#[test]
fn a_start_that_fails_leaves_no_socket() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let scratch = Scratch::new();
    let socket = scratch.path("http.sock");
    let port = taken.local_addr().expect("its address").to_string();
    let flags = ["serve", "--sensor", "/", "--listen", &format!("unix:{}", text(&socket)), "--listen", &port];
    assert_eq!(output(weatherhook(flags).env("WEATHERHOOK_KEY", KEY)).status.code(), Some(1));
    assert!(!socket.exists());
}

/// As of a server that hangs: connect(2) would wait for ever.
#[test]
fn a_full_queue_is_not_waited_for() {
    let scratch = Scratch::new();
    let socket = scratch.path("http.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    rustix::net::listen(&listener, 0).expect("a short queue");
    let _waiting = UnixStream::connect(&socket).expect("a place in it");
    let flags = ["serve", "--sensor", "/", "--listen", &format!("unix:{}", text(&socket))];
    let refused = output(weatherhook(flags).env("WEATHERHOOK_KEY", KEY));
    assert_eq!(refused.status.code(), Some(1), "somebody listens there");
    assert!(socket.exists());
}

/// A socket that may not be connected to is no reason to have a service killed that answers elsewhere.
#[test]
fn the_watchdog_asks_at_another_listener_where_one_cannot_be_reached() {
    let scratch = Scratch::new();
    let socket = scratch.path("http.sock");
    let unreachable = UnixListener::bind(&socket).expect("a socket");
    let reachable = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
    std::fs::remove_file(&socket).expect("its name");
    scratch.write("sensor.json", LONDON);
    let (manager, _server) = handed_over("event", [unreachable.into(), reachable.into()], scratch);
    wait_for_watchdog(&manager);
}
