//! What can be wrong on this board: configuration, key, stations, listeners, units.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::call::{Expected, Reply};
use super::{Findings, MAX_ANSWER, PING, WRONG_KEY, faulty_key};
use crate::answer;
use crate::config::{Config, SENSOR_REMEDY};
use crate::sampler::Sampler;
use crate::socket::Address;
use crate::time::Timestamp;

/// Longer than any answer from a listener on the same board takes.
const LOCAL_PATIENCE: Duration = Duration::from_secs(5);

/// Checks this board: configuration, key, stations, listeners, units. The listeners are those of systemd's
/// socket unit, unless `is_listen_given` on the command line.
pub(super) fn check(
    config: &Config,
    is_listen_given: bool,
    now: Timestamp,
    findings: &mut Findings<'_>,
) -> io::Result<()> {
    if let Some(file) = &config.file {
        findings.ok(&format!("the configuration {}", file.display()))?;
    }
    let key = key(config, findings)?;
    stations(config, now, findings)?;

    let systemds = if is_listen_given { Vec::new() } else { systemd_listeners() };
    let are_systemds = !systemds.is_empty();
    let listeners = if are_systemds { systemds } else { config.listen.clone() };
    if are_systemds {
        findings.note("the listeners are those of weatherhook.socket; --listen checks others")?;
    }
    for address in &listeners {
        listener(address, &config.path, key.as_deref(), findings)?;
    }
    network(&listeners, are_systemds, config, findings)?;
    units(findings)?;
    findings.note("next: weatherhook doctor URL, with the endpoint as it is entered in Dify")
}

/// The key for the calls that follow, if there is one.
fn key(config: &Config, findings: &mut Findings<'_>) -> io::Result<Option<String>> {
    match config.keys() {
        Ok((keys, warnings)) => {
            findings.ok("a key; the same key has to be entered in Dify")?;
            for warning in warnings {
                findings.note(&warning)?;
            }
            Ok(Some(keys.first()))
        }
        Err(error) => {
            findings.problem(faulty_key(&error, "if there is no key yet, weatherhook keygen makes one"))?;
            Ok(None)
        }
    }
}

/// Sends a ping to a listener of this board, with the key if there is one.
fn listener(address: &Address, path: &str, key: Option<&str>, findings: &mut Findings<'_>) -> io::Result<()> {
    let endpoint = address.endpoint(path);
    let reply = match ping(address, path, key.unwrap_or(WRONG_KEY)) {
        Ok(reply) => reply,
        Err(error) => {
            let (cause, remedy) = silent(&error);
            return findings.problem((format!("{endpoint}: {cause}"), remedy.to_owned()));
        }
    };
    let (cause, remedy) = match reply.status {
        200 if reply.result(Expected::Pong).is_some() => {
            return findings.ok(&format!("{endpoint} answers a ping"));
        }
        401 if reply.is_our_refusal() && key.is_none() => {
            return findings.ok(&format!("{endpoint} answers; the key could not be tried"));
        }
        401 if reply.is_our_refusal() => (
            format!("{endpoint} answers, and refuses the key that is configured here"),
            "restart the service, which still has the keys of its start: systemctl restart weatherhook",
        ),
        404 | 405 if reply.is_our_refusal() => (
            format!(
                "{endpoint} is weatherhook, but with another path than this configuration: {}",
                reply.detail()
            ),
            "give --path, or restart the service: systemctl restart weatherhook",
        ),
        _ => (
            format!("{endpoint} answers a ping with {}", reply.shown()),
            "another program listens there: give weatherhook another port",
        ),
    };
    findings.problem((cause, remedy.to_owned()))
}

fn stations(config: &Config, now: Timestamp, findings: &mut Findings<'_>) -> io::Result<()> {
    let mut sampler = Sampler::new(config.sampler.clone());
    sampler.sample(now);
    let snapshot = sampler.snapshot(now);
    let (all, stale) = (snapshot.stations().len(), answer::stale(&snapshot, now, &config.answer));
    if config.sampler.sources.is_empty() {
        findings.problem(("no sensor file is configured".to_owned(), SENSOR_REMEDY.to_owned()))
    } else if all == 0 || stale > 0 {
        let cause = match all {
            0 => "no station has reported".to_owned(),
            _ => format!("stations without a current reading: {stale} of {all}"),
        };
        findings.problem((cause, "weatherhook check shows what is read, and what is wrong".to_owned()))
    } else {
        findings.ok(&format!("stations: {all}, all with current readings"))
    }
}

/// The answer of a listener of this board to a ping.
fn ping(listener: &Address, path: &str, key: &str) -> io::Result<Reply> {
    let mut stream = listener.connect(LOCAL_PATIENCE)?;
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{PING}",
        PING.len()
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    match stream.take(MAX_ANSWER).read_to_end(&mut answer) {
        Err(error) if answer.is_empty() => return Err(error),
        // Another program may keep the connection: what it has sent is enough to recognize it.
        _ => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok(Reply {
        status: status.unwrap_or(0),
        message: "something that is not HTTP/1.1".to_owned(),
        head: head.to_owned(),
        body: body.to_owned(),
        ..Reply::default()
    })
}

/// Why a listener of this board does not answer, and what to do about it.
fn silent(error: &io::Error) -> (String, &'static str) {
    match error.kind() {
        // The first is what a socket's own time-out is (socket(7)).
        ErrorKind::WouldBlock | ErrorKind::TimedOut => (
            format!("no answer within {} s", LOCAL_PATIENCE.as_secs()),
            "what listens there hangs, or is another program: systemctl status weatherhook",
        ),
        ErrorKind::PermissionDenied => ("this user may not connect".to_owned(), "run it with sudo"),
        _ => (
            format!("no answer: {error}"),
            "start the service: systemctl start weatherhook; its log: journalctl -u weatherhook",
        ),
    }
}

/// What systemctl prints, where there is one and it can.
fn systemctl(arguments: &[&str]) -> Option<String> {
    let output = Command::new("systemctl").args(arguments).stderr(Stdio::null()).output().ok()?;
    output.status.success().then_some(())?;
    String::from_utf8(output.stdout).ok()
}

/// Where weatherhook.socket listens, if it does: in lines like `127.0.0.1:8000 (Stream)`.
fn systemd_listeners() -> Vec<Address> {
    let is_active =
        systemctl(&["is-active", "weatherhook.socket"]).is_some_and(|text| text.trim() == "active");
    let text = is_active.then(|| systemctl(&["show", "-P", "Listen", "weatherhook.socket"])).flatten();
    let sockets = text.iter().flat_map(|text| text.lines()).filter_map(|line| line.strip_suffix(" (Stream)"));
    sockets
        .filter_map(|socket| match socket.parse() {
            Ok(address) => Some(Address::Tcp(address)),
            Err(_) => socket.starts_with('/').then(|| Address::Unix(socket.into())),
        })
        .collect()
}

fn network(
    listeners: &[Address],
    are_systemds: bool,
    config: &Config,
    findings: &mut Findings<'_>,
) -> io::Result<()> {
    let open = listeners.iter().find_map(|listener| match listener {
        Address::Tcp(address) if !address.ip().is_loopback() => Some(address),
        _ => None,
    });
    let Some(open) = open else {
        let elsewhere = if are_systemds { "systemctl edit weatherhook.socket" } else { "listen" };
        return findings.note(&format!(
            "it listens on this board only: Dify comes in through a tunnel that ends here, or {elsewhere} opens \
             it to the network"
        ));
    };
    let addresses: Vec<IpAddr> = if open.ip().is_unspecified() { own_addresses() } else { vec![open.ip()] };
    for address in addresses {
        let reached = SocketAddr::new(address, open.port());
        findings.note(&format!("in your network it is http://{reached}{}", config.path))?;
    }
    Ok(())
}

/// The addresses by which this board speaks to the rest of the world, found without a packet: connecting a
/// datagram socket only looks at the routes. The far ends are documentation's own (RFC 5737, RFC 3849).
fn own_addresses() -> Vec<IpAddr> {
    let own = |local: IpAddr, far: IpAddr| {
        let socket = UdpSocket::bind(SocketAddr::new(local, 0)).ok()?;
        socket.connect(SocketAddr::new(far, 9)).ok()?;
        let address = socket.local_addr().ok()?.ip();
        (!address.is_unspecified()).then_some(address)
    };
    let four = own(Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::new(192, 0, 2, 1).into());
    let six = own(Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into());
    [four, six].into_iter().flatten().collect()
}

fn units(findings: &mut Findings<'_>) -> io::Result<()> {
    let running = [
        "list-units",
        "--plain",
        "--no-legend",
        "--type=service",
        "--state=active",
        "weatherhook*",
        "cloudflared*",
        "ngrok*",
    ];
    let Some(text) = systemctl(&running) else {
        return findings.note("which services run is unknown: there is no systemd here");
    };
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let (ours, tunnels): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| *name == "weatherhook.service");
    if ours.is_empty() {
        findings.note(
            "weatherhook.service does not run; a server that was started by hand ends with its terminal",
        )?;
    } else {
        findings.ok("weatherhook.service runs")?;
    }
    if tunnels.is_empty() {
        findings.note("no tunnel runs as a service of this board (docs/tunnels.md)")
    } else {
        findings.ok(&format!("running: {}", tunnels.join(", ")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_is_explained() {
        for (kind, cause, remedy) in [
            (ErrorKind::WouldBlock, "no answer within 5 s", "what listens there hangs"),
            (ErrorKind::TimedOut, "no answer within 5 s", "what listens there hangs"),
            (ErrorKind::PermissionDenied, "this user may not connect", "run it with sudo"),
            (ErrorKind::ConnectionRefused, "no answer: connection refused", "start the service: "),
        ] {
            let found = silent(&kind.into());
            assert!(found.0 == cause && found.1.starts_with(remedy), "{found:?}");
        }
    }
}
