//! systemd's protocols, with a socket of the test instead of systemd's.

use std::net::TcpListener;
use std::os::fd::AsRawFd;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::Command;

use crate::fixture::*;

/// Where systemd would listen.
struct Manager(UnixDatagram);

impl Manager {
    fn at(address: &SocketAddr) -> Manager {
        let socket = UnixDatagram::bind_addr(address).expect("a socket");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Manager(socket)
    }

    #[track_caller]
    fn hear(&self) -> String {
        let mut bytes = [0; 1024];
        let n = self.0.recv(&mut bytes).expect("a message");
        String::from_utf8_lossy(&bytes[..n]).into_owned()
    }

    /// The next message that is not the watchdog's.
    #[track_caller]
    fn hear_news(&self) -> String {
        loop {
            let message = self.hear();
            if message != "WATCHDOG=1" {
                return message;
            }
        }
    }
}

#[track_caller]
fn check_life(manager: &Manager, setup: Setup) {
    let server = setup.start();
    assert_eq!(manager.hear(), "STATUS=serving 1 station, 0 stale");
    assert_eq!(manager.hear(), "READY=1");
    // It listens when it says so.
    assert_eq!(server.call(r#"{"point": "ping"}"#).status, 200);

    let old =
        r#"[{"city": "London", "temp": 1}, {"city": "Paris", "temp": 2, "time": "2020-01-01T00:00:00Z"}]"#;
    server.scratch.replace("sensor.json", old);
    assert_eq!(manager.hear(), "STATUS=serving 2 stations, 1 stale");

    signal(server.id(), "HUP");
    let message = manager.hear();
    let micros = message.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").expect("a reload");
    assert!(micros.parse::<u64>().is_ok_and(|micros| micros > 0), "{message}");
    assert_eq!(manager.hear(), "READY=1");

    let (status, _) = server.stop();
    assert!(status.success());
    assert_eq!(manager.hear(), "STOPPING=1");
}

#[test]
fn systemd_is_notified_of_each_change() {
    for engine in ENGINES {
        let setup = Setup::new(engine).sensor(LONDON);
        let path = setup.scratch.path("notify");
        let manager = Manager::at(&SocketAddr::from_pathname(&path).expect("an address"));
        check_life(&manager, setup.env("NOTIFY_SOCKET", text(&path)));

        let name = format!("weatherhook-it-{}-{engine}", std::process::id());
        let manager = Manager::at(&SocketAddr::from_abstract_name(&name).expect("an address"));
        check_life(&manager, Setup::new(engine).sensor(LONDON).env("NOTIFY_SOCKET", format!("@{name}")));
    }
}

#[test]
fn the_watchdog_is_notified_while_requests_are_answered() {
    for engine in ENGINES {
        let setup = Setup::new(engine).sensor(LONDON);
        let path = setup.scratch.path("notify");
        let manager = Manager::at(&SocketAddr::from_pathname(&path).expect("an address"));
        let setup = setup.env("NOTIFY_SOCKET", text(&path)).env("WATCHDOG_USEC", "400000");
        let server = setup.env("RUST_LOG", "debug").start();
        for _ in 0..5 {
            while manager.hear() != "WATCHDOG=1" {}
        }
        let (status, log) = server.stop();
        assert!(status.success());
        // Each time, a request was answered.
        let asked = log.iter().filter(|line| line.contains(" HEAD /watchdog 404 ")).count();
        assert!(asked >= 5, "{engine}: {asked}: {log:?}");
        assert_eq!(manager.hear_news(), "STOPPING=1");
    }
}

#[test]
fn the_watchdog_is_not_notified_for_another_process() {
    let setup = Setup::new("event").sensor(LONDON).env("WATCHDOG_USEC", "1000").env("WATCHDOG_PID", "1");
    let setup = setup.env("RUST_LOG", "debug");
    let server = setup.start();
    assert_eq!(server.call(r#"{"point": "ping"}"#).status, 200);
    let (_, log) = server.stop();
    assert!(!log.iter().any(|line| line.contains(" HEAD /watchdog 404 ")), "{log:?}");
}

/// The only thread of the tiny_http engine can be kept waiting for a body, which stands here for
/// whatever may keep a server from answering.
#[cfg(feature = "tiny_http")]
#[test]
fn the_watchdog_is_silent_while_nobody_answers() {
    let setup = Setup::new("tiny_http").sensor(LONDON).arg("--threads").arg("1");
    let path = setup.scratch.path("notify");
    let manager = Manager::at(&SocketAddr::from_pathname(&path).expect("an address"));
    let setup = setup.env("NOTIFY_SOCKET", text(&path)).env("WATCHDOG_USEC", "400000");
    let mut server = setup.start();
    while manager.hear() != "WATCHDOG=1" {}
    let mut client = server.connect();
    // tiny_http itself waits for the smallest bodies, before any of our threads does.
    let request = call(&format!(r#"{{"point": "ping", "more": "{}"}}"#, "x".repeat(4000)));
    let (most, rest) = request.split_at(request.len() - 1);
    client.send(most);
    server.wait_for_log("watchdog not notified: no answer from 127.0.0.1:");
    // What was said before that is all there is.
    manager.0.set_nonblocking(true).expect("an option");
    while manager.0.recv(&mut [0; 64]).is_ok() {}
    manager.0.set_nonblocking(false).expect("an option");
    server.forget_log();
    server.wait_for_log("watchdog not notified: no answer from 127.0.0.1:");
    manager.0.set_nonblocking(true).expect("an option");
    assert!(manager.0.recv(&mut [0; 64]).is_err(), "notified although nobody answers");
    manager.0.set_nonblocking(false).expect("an option");
    client.send(rest);
    assert_eq!(client.answer().status, 200);
    while manager.hear() != "WATCHDOG=1" {}
}

#[test]
fn sockets_are_taken_over() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a socket");
    let address = listener.local_addr().expect("its address");
    // What a child inherits is what is not closed on exec.
    rustix::io::fcntl_setfd(&listener, rustix::io::FdFlags::empty()).expect("a flag");
    for engine in ENGINES {
        let scratch = Scratch::new();
        let sensor = scratch.write("sensor.json", LONDON);
        let mut command = Command::new("sh");
        command.env_clear().env("WEATHERHOOK_KEY", KEY).env("TZ", "UTC").env("LISTEN_FDS", "1");
        command.arg("-c").arg(format!(
            "exec 3<&{}; LISTEN_PID=$$ exec {} serve --engine {engine} --sensor {} --listen 127.0.0.1:1",
            listener.as_raw_fd(),
            program().join(" "),
            text(&sensor)
        ));
        let mut server = Server::spawn(&mut command, scratch);
        assert_eq!(server.address, address, "the one that was handed over, not the configured one");
        assert_eq!(server.call(r#"{"point": "ping"}"#).status, 200, "{engine}");
        signal(server.id(), "TERM");
        assert!(server.ended().0.success());
    }
}
