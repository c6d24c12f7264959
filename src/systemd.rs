//! Notifications to systemd, and the sockets that it hands over: sd_notify(3), sd_watchdog_enabled(3) and
//! sd_listen_fds(3). Without systemd, all of it does nothing.

use std::ffi::OsString;
use std::io;
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;
use std::{env, process};

use listenfd::ListenFd;
use log::warn;
use rustix::time::{ClockId, clock_gettime};

use crate::socket::Listener;

/// The service listens and has tried its first sample.
pub fn ready() {
    notify("READY=1");
}

/// The configuration is being read again; [`ready`] says when that is over.
pub fn reloading() {
    let now = clock_gettime(ClockId::Monotonic);
    // With Type=notify-reload, systemd checks by this time that the message was sent after its signal.
    notify(&format!("RELOADING=1\nMONOTONIC_USEC={}", now.tv_sec * 1_000_000 + now.tv_nsec / 1_000));
}

/// The service ends.
pub fn stopping() {
    notify("STOPPING=1");
}

/// What `systemctl status` shows.
pub fn status(line: &str) {
    notify(&format!("STATUS={line}"));
}

/// The service is alive.
pub fn alive() {
    notify("WATCHDOG=1");
}

/// The longest time between two calls of [`alive`]; `None` if systemd does not watch this process.
pub fn watchdog() -> Option<Duration> {
    let number = |name| env::var(name).ok()?.parse::<u64>().ok();
    let for_us = number("WATCHDOG_PID").is_none_or(|id| id == u64::from(process::id()));
    number("WATCHDOG_USEC").filter(|&micros| for_us && micros > 0).map(Duration::from_micros)
}

/// The sockets that systemd has opened for us. Call this before any thread starts: it removes the variables that
/// describe them from the environment.
pub fn listeners() -> io::Result<Vec<Listener>> {
    let mut handed = ListenFd::from_env();
    let mut listeners = Vec::new();
    for index in 0..handed.len() {
        // A socket that is not TCP stays in the list, to be tried as a Unix socket.
        let listener = match handed.take_tcp_listener(index) {
            Err(_) => handed.take_unix_listener(index)?.map(Listener::Unix),
            Ok(listener) => listener.map(Listener::Tcp),
        };
        listeners.extend(listener);
    }
    Ok(listeners)
}

fn notify(message: &str) {
    let Some(socket) = env::var_os("NOTIFY_SOCKET") else { return };
    if let Err(error) = send(&socket, message) {
        warn!("systemd not notified ({}): {error}", message.replace('\n', " "));
    }
}

fn send(socket: &OsString, message: &str) -> io::Result<()> {
    // A leading @ stands for the NUL byte of an abstract name.
    let address = match socket.as_bytes().strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(socket)?,
    };
    UnixDatagram::unbound()?.send_to_addr(message.as_bytes(), &address).map(drop)
}
