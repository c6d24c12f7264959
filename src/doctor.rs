//! `weatherhook doctor`: where the way from Dify to the sensor is broken, and what mends it.
//!
//! Without a URL it looks at what this board can know. With one it calls as Dify does, through `curl`: a TLS
//! library would be larger than the rest of the program, and whoever has a terminal can have curl.

use std::env;
use std::io::{self, ErrorKind, Read as _, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Deserializer, Value};

use crate::answer;
use crate::config::{self, Config};
use crate::sampler::Sampler;
use crate::socket::Address;
use crate::time::Timestamp;

/// Dify's own bounds: connect within 5 s, then 60 s for each read.
const CONNECT_SECONDS: u32 = 5;
const PATIENCE_SECONDS: u32 = 60;

/// An answer of ours is at most some kilobytes; of another's page this much is enough to know it by.
const MAX_ANSWER: u64 = 1 << 20;

/// The longest endpoint that fits Dify's form, in characters.
const MAX_ENDPOINT: usize = 255;

/// Longer than any answer from a listener on the same board takes.
const LOCAL_PATIENCE: Duration = Duration::from_secs(5);

/// Nobody's key: what is let in with it is not checked.
const WRONG_KEY: &str = "this-is-no-key-of-yours";

const PING: &str = r#"{"point": "ping"}"#;
const QUERY: &str = r#"{"point": "app.external_data_tool.query", "params": {"app_id": "", "tool_variable": "weather", "inputs": {}, "query": ""}}"#;

/// Findings as they are written, and whether one of them has to be mended.
struct Findings<'a> {
    out: &'a mut dyn Write,
    is_good: bool,
}

impl Findings<'_> {
    fn ok(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "ok: {}", told(text))
    }

    fn note(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "note: {}", told(text))
    }

    /// What is wrong, and what to do about it.
    fn problem(&mut self, (cause, remedy): (String, String)) -> io::Result<()> {
        self.is_good = false;
        writeln!(self.out, "problem: {}\n  {}", told(&cause), told(&remedy))
    }
}

/// As it may stand in a finding: words of others neither begin a line nor steer the terminal.
fn told(text: &str) -> String {
    text.chars().fold(String::new(), |mut told, c| {
        match c {
            '\n' => told.push_str("\n    "),
            c if c.is_control() => told.extend(c.escape_default()),
            c => told.push(c),
        }
        told
    })
}

/// A configuration that cannot be used is a finding, too: never `Ok(true)`.
pub fn misconfigured(error: &config::Error, out: &mut dyn Write) -> io::Result<bool> {
    let mut findings = Findings { out, is_good: true };
    findings.problem(mended(error, "mend it: weatherhook check tells when it is right"))?;
    Ok(findings.is_good)
}

/// The error and what to do about it, which for a file of another user's is never to make it anew.
fn mended(error: &config::Error, remedy: &str) -> (String, String) {
    let cause = error.to_string();
    let is_denied = cause.ends_with(&format!("(os error {})", libc::EACCES));
    (cause, if is_denied { "run it with sudo" } else { remedy }.to_owned())
}

/// Looks at this board: configuration, key, stations, listeners, units. `Ok(true)` if all is well. Listeners of
/// systemd's are those that count, unless `is_listen_given` with the command itself.
pub fn board(
    config: &Config,
    is_listen_given: bool,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut findings = Findings { out, is_good: true };
    if let Some(file) = &config.file {
        findings.ok(&format!("the configuration {}", file.display()))?;
    }
    let key = match first_key(config) {
        Ok(key) => {
            findings.ok("a key, which has to stand in Dify, too")?;
            Some(key)
        }
        Err(error) => {
            findings.problem(mended(&error, "weatherhook keygen makes a key, where there is none yet"))?;
            None
        }
    };
    stations(config, now, &mut findings)?;

    let systemds = if is_listen_given { Vec::new() } else { systemd_listeners() };
    let are_systemds = !systemds.is_empty();
    let listeners = if are_systemds { systemds } else { config.listen.clone() };
    if are_systemds {
        findings.note("the listeners are those of weatherhook.socket, unless --listen names others")?;
    }
    for listener in &listeners {
        let endpoint = listener.endpoint(&config.path);
        let seen = match ping(listener, &config.path, key.as_deref().unwrap_or(WRONG_KEY)) {
            Ok(seen) => seen,
            Err(error) => {
                let (cause, remedy) = silent(&error);
                findings.problem((format!("{endpoint}: {cause}"), remedy.to_owned()))?;
                continue;
            }
        };
        match seen.status {
            200 if seen.result(true).is_some() => findings.ok(&format!("{endpoint} answers a ping"))?,
            401 if seen.is_our_refusal() && key.is_none() => {
                findings.ok(&format!("{endpoint} answers; the key could not be tried"))?;
            }
            401 if seen.is_our_refusal() => findings.problem((
                format!("{endpoint} answers, and refuses the key that is configured here"),
                "restart the service, which has read its keys before: systemctl restart weatherhook"
                    .to_owned(),
            ))?,
            404 | 405 if seen.is_our_refusal() => findings.problem((
                format!(
                    "{endpoint} is weatherhook's, but with another path than this configuration: {}",
                    seen.detail()
                ),
                "give --path, or restart the service: systemctl restart weatherhook".to_owned(),
            ))?,
            _ => findings.problem((
                format!("{endpoint} answers a ping with {}", seen.shown()),
                "another program listens there: give weatherhook another port".to_owned(),
            ))?,
        }
    }
    network(&listeners, are_systemds, config, &mut findings)?;
    units(&mut findings)?;
    findings.note("next: weatherhook doctor URL, with the endpoint as it stands in Dify")?;
    Ok(findings.is_good)
}

/// The key that was written first.
fn first_key(config: &Config) -> Result<String, config::Error> {
    config.keys().map(|(keys, _)| keys.first())
}

fn stations(config: &Config, now: Timestamp, findings: &mut Findings<'_>) -> io::Result<()> {
    let mut sampler = Sampler::new(config.sampler.clone());
    sampler.sample(now);
    let snapshot = sampler.snapshot(now);
    let (all, stale) = (snapshot.stations().len(), answer::stale(&snapshot, now, &config.answer));
    if config.sampler.sources.is_empty() {
        let remedy = "give --sensor FILE, or write sensor or [[station]] in the file of --config".to_owned();
        findings.problem(("no sensor file is configured".to_owned(), remedy))
    } else if all == 0 || stale > 0 {
        let cause = match all {
            0 => "no station has reported".to_owned(),
            _ => format!("stations without a current reading: {stale} of {all}"),
        };
        findings.problem((cause, "weatherhook check tells what is read, and why not".to_owned()))
    } else {
        findings.ok(&format!("stations: {all}, all with current readings"))
    }
}

/// What a listener of this board answers to a ping.
fn ping(listener: &Address, path: &str, key: &str) -> io::Result<Seen> {
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
        // Another program may keep the connection: what it has said is enough to know it by.
        _ => {}
    }
    let answer = String::from_utf8_lossy(&answer);
    let status = answer.strip_prefix("HTTP/1.1 ").and_then(|line| line.get(..3)?.parse().ok());
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    Ok(Seen {
        status: status.unwrap_or(0),
        message: "something that is not HTTP/1.1".to_owned(),
        head: head.to_owned(),
        body: body.to_owned(),
        ..Seen::default()
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
            "it listens on this board only: the way in is a tunnel that ends here, or {elsewhere} opens it to \
             the network"
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
        return findings.note("there is no systemd here that could say which services run");
    };
    let names: Vec<&str> = text.lines().filter_map(|line| line.split_whitespace().next()).collect();
    let (ours, tunnels): (Vec<&str>, Vec<&str>) =
        names.into_iter().partition(|name| *name == "weatherhook.service");
    if ours.is_empty() {
        findings.note("weatherhook.service does not run: what was started by hand ends with its terminal")?;
    } else {
        findings.ok("weatherhook.service runs")?;
    }
    if tunnels.is_empty() {
        findings.note("no tunnel runs as a service of this board (docs/tunnels.md)")
    } else {
        findings.ok(&format!("running: {}", tunnels.join(", ")))
    }
}

/// Calls the endpoint as Dify does, and explains what it meets. `Ok(true)` if all is well.
pub fn endpoint(url: &str, config: &Config, out: &mut dyn Write) -> io::Result<bool> {
    let mut findings = Findings { out, is_good: true };
    let Some(target) = Target::parse(url) else {
        let cause = format!("{url:?} is no endpoint");
        let remedy = format!("expected one like https://weather.example.org{}", config.path);
        findings.problem((cause, remedy))?;
        return Ok(false);
    };
    let key = match first_key(config) {
        Ok(key) => key,
        Err(error) => {
            findings
                .problem(mended(&error, "give --key-file or WEATHERHOOK_KEY: the key that stands in Dify"))?;
            return Ok(false);
        }
    };
    about(&target, url, &mut findings)?;
    let steps: [(&str, &str, &str); 3] =
        [("ping", PING, &key), ("query", QUERY, &key), ("ping with a wrong key", PING, WRONG_KEY)];
    for (step, body, key) in steps {
        let seen = match call(url, &target, key, body) {
            Ok(seen) => seen,
            Err(error) => {
                let cause = format!("curl cannot be run: {error}");
                findings.problem((cause, "install it: sudo apt install curl".to_owned()))?;
                return Ok(false);
            }
        };
        let expects_refusal = key == WRONG_KEY;
        let is_ping = body == PING;
        match explain(&seen, &target, &config.path, is_ping) {
            None if expects_refusal => {
                let cause = format!("{step}: it was let in");
                let remedy = "somebody before weatherhook answers in its name, such as a cache: have calls go \
                              through to it";
                findings.problem((cause, remedy.to_owned()))?;
            }
            Some(_) if expects_refusal && seen.status == 401 && seen.is_our_refusal() => {
                findings.ok(&format!("{step}: refused, as it has to be"))?;
            }
            None => {
                let result = seen.result(is_ping).unwrap_or_default();
                findings.ok(&format!("{step}: answered in {:.0} ms\n{result}", seen.seconds * 1000.0))?;
            }
            Some((cause, remedy)) => {
                findings.problem((format!("{step}: {cause}"), remedy))?;
                findings.note(&format!("what came: {}", seen.shown()))?;
                // The others would meet the same.
                return Ok(false);
            }
        }
    }
    Ok(findings.is_good)
}

/// What has to be known of an address that is not public.
const SQUID_REFUSES: &str = "a self-hosted Dify's proxy (squid) refuses it until SSRF_PROXY_ALLOW_PRIVATE_IPS on \
                             ssrf_proxy, or NO_PROXY on api and worker, names it";

/// What an endpoint says by itself.
fn about(target: &Target<'_>, url: &str, findings: &mut Findings<'_>) -> io::Result<()> {
    let length = url.chars().count();
    if length > MAX_ENDPOINT {
        let cause = format!("the endpoint has {length} characters, and Dify takes {MAX_ENDPOINT}");
        findings.problem((cause, "set a shorter path".to_owned()))?;
    }
    if target.is_private() {
        findings.note(&format!(
            "{} is an address of your own network: Dify Cloud cannot reach it, and {SQUID_REFUSES}",
            target.host
        ))?;
    }
    if target.is_of_a_tailnet() {
        findings.note(&format!(
            "{} is a name of a tailnet: Dify Cloud, and who else is not in it, gets there by Tailscale Funnel \
             only, and without that {SQUID_REFUSES}",
            target.host
        ))?;
    }
    if target.is_https && target.port.is_some_and(|port| port != 443) {
        findings.note("a self-hosted Dify's proxy (squid) refuses https on any port but 443")?;
    }
    Ok(())
}

/// The parts of a URL that matter to its way.
#[derive(Debug, PartialEq)]
struct Target<'u> {
    is_https: bool,
    host: &'u str,
    port: Option<u16>,
    path: &'u str,
}

impl Target<'_> {
    fn parse(url: &str) -> Option<Target<'_>> {
        let (scheme, rest) = url.split_once("://")?;
        let is_https = scheme.eq_ignore_ascii_case("https");
        if !is_https && !scheme.eq_ignore_ascii_case("http")
            || url.contains(|c: char| c.is_control() || c == ' ')
        {
            return None;
        }
        let (authority, path) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, port)) if !port.ends_with(']') => (host, Some(port.parse().ok()?)),
            _ => (authority, None),
        };
        let host = host.trim_start_matches('[').trim_end_matches(']');
        (!host.is_empty() && !host.contains('@')).then_some(Target { is_https, host, port, path })
    }

    /// Whether only the own board or network knows it.
    fn is_private(&self) -> bool {
        match self.host.parse().map(|address: IpAddr| address.to_canonical()) {
            Ok(IpAddr::V4(address)) => {
                // RFC 6598: shared addresses, which tailnets use.
                let is_shared = address.octets()[0] == 100 && (64..128).contains(&address.octets()[1]);
                address.is_private() || address.is_loopback() || address.is_link_local() || is_shared
            }
            Ok(IpAddr::V6(address)) => {
                address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
            }
            Err(_) => {
                let host = self.name();
                let own = [".local", ".lan", ".internal", ".home.arpa"];
                !host.contains('.') || own.iter().any(|own| host.ends_with(own))
            }
        }
    }

    /// Whether Tailscale has given the name: without its Funnel only the tailnet knows it.
    fn is_of_a_tailnet(&self) -> bool {
        self.name().ends_with(".ts.net")
    }

    /// The host as names are compared.
    fn name(&self) -> String {
        self.host.trim_end_matches('.').to_ascii_lowercase()
    }
}

/// What came of a call.
#[derive(Debug, Default)]
struct Seen {
    /// curl's exit code; 0 if there was a whole answer.
    code: i32,
    /// What curl says of it.
    message: String,
    status: u16,
    /// The proxy's own answer to a CONNECT.
    connect: u16,
    /// How long it took, by curl.
    seconds: f64,
    /// The variable that names a proxy for the call.
    proxy: Option<&'static str>,
    head: String,
    body: String,
}

/// Calls with the fields that Dify's client sends. The key goes through a pipe: arguments are seen by all
/// users of a machine.
fn call(url: &str, target: &Target<'_>, key: &str, body: &str) -> io::Result<Seen> {
    let mut options = format!(
        "silent\nshow-error\nhttp1.1\ngloboff\ncompressed\nsuppress-connect-headers\ndump-header = \"-\"\n\
         connect-timeout = {CONNECT_SECONDS}\nmax-time = {PATIENCE_SECONDS}\n\
         write-out = \"\\n%{{http_code}} %{{http_connect}} %{{time_total}}\"\n"
    );
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    for (option, value) in [
        ("url", url),
        ("user-agent", "python-httpx/0.28.1"),
        ("header", "Accept: */*"),
        ("header", "Accept-Encoding: gzip, deflate"),
        ("header", "Connection: keep-alive"),
        ("header", "Content-Type: application/json"),
        ("header", &format!("Authorization: Bearer {key}")),
        ("data-raw", body),
    ] {
        options.push_str(&format!("{option} = \"{}\"\n", quoted(value)));
    }
    let mut curl = Command::new("curl");
    // -q: not what the user has set for other purposes.
    curl.args(["-q", "--config", "-"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = curl.spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // Who does not read them ends, and says why.
        let _ = stdin.write_all(options.as_bytes());
    }
    let mut printed = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        stdout.take(MAX_ANSWER).read_to_end(&mut printed)?;
    }
    let output = child.wait_with_output()?;
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let seen = Seen::read(output.status.code().unwrap_or(-1), message, &String::from_utf8_lossy(&printed));
    Ok(Seen { proxy: proxy(target), ..seen })
}

/// The variable by which curl takes a proxy for the call. Whether `no_proxy` speaks against it is curl's to know.
fn proxy(target: &Target<'_>) -> Option<&'static str> {
    let of_scheme = if target.is_https { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy"; 2] };
    let mut all = of_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]);
    all.find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

impl Seen {
    /// `printed`: the heads, the body, and a line with the two statuses and the time.
    fn read(code: i32, message: String, printed: &str) -> Seen {
        let (mut rest, last) = printed.rsplit_once('\n').unwrap_or((printed, ""));
        let mut last = last.split(' ');
        let mut status = || last.next().and_then(|status| status.parse().ok()).unwrap_or(0);
        let (status, connect) = (status(), status());
        let seconds = last.next().and_then(|seconds| seconds.parse().ok()).unwrap_or(0.0);
        let mut head = "";
        // Interim answers come before the one that counts.
        while let Some((first, behind)) = rest.split_once("\r\n\r\n").filter(|_| rest.starts_with("HTTP/")) {
            (head, rest) = (first, behind);
            if !head.starts_with("HTTP/1.1 1") {
                break;
            }
        }
        let (head, body) = (head.to_owned(), rest.to_owned());
        Seen { code, message, status, connect, seconds, proxy: None, head, body }
    }

    fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    fn json(&self) -> Value {
        let is_field = |line: &str| {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            line.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(is_of_name))
        };
        let mut values = Deserializer::from_str(&self.body).into_iter();
        let value = values.next().and_then(Result::ok).unwrap_or_default();
        let rest = self.body.get(values.byte_offset()..).unwrap_or_default();
        // curl writes the trailers of an answer in chunks (RFC 9112, 7.1.2) right behind its body.
        let are_trailers = || self.field("Transfer-Encoding").is_some() && rest.lines().all(is_field);
        if rest.trim_ascii().is_empty() || are_trailers() { value } else { Value::Null }
    }

    /// The result that Dify takes, which for a ping is one word.
    fn result(&self, is_ping: bool) -> Option<String> {
        let json = self.json();
        json["result"].as_str().filter(|result| !is_ping || *result == "pong").map(str::to_owned)
    }

    /// The sentence of a refusal.
    fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether it is a refusal of weatherhook's, by its words: many a server has the form.
    fn is_our_refusal(&self) -> bool {
        let detail = self.detail();
        match self.status {
            401 => detail == "Unauthorized" && self.field("WWW-Authenticate") == Some("Bearer"),
            404 => detail.starts_with("not found: send POST to "),
            405 => detail.starts_with("method not allowed: send "),
            503 => detail.starts_with("too many "),
            _ => false,
        }
    }

    /// Whether squid answers, and not what lies behind it.
    fn is_squids(&self) -> bool {
        self.field("X-Squid-Error").is_some()
            || self.field("Server").is_some_and(|server| server.to_ascii_lowercase().starts_with("squid"))
            || self.body.starts_with("<!DOCTYPE html PUBLIC")
    }

    /// The beginning of what came, in one line.
    fn shown(&self) -> String {
        let line: String =
            self.body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
        match (self.status, self.code) {
            (1.., 0) => format!("status {}, {line:?}", self.status),
            _ => self.message.clone(),
        }
    }
}

/// What stands in the way and what to do about it; `None` for an answer that Dify takes.
fn explain(seen: &Seen, target: &Target<'_>, path: &str, is_ping: bool) -> Option<(String, String)> {
    let (cause, remedy): (&str, String) = match seen.status {
        _ if seen.code != 0 || seen.status == 0 => return Some(unanswered(seen, target)),
        200 if seen.result(is_ping).is_some() => return None,
        200 => ("something else than weatherhook answers there", format!(
            "the endpoint has to lead to weatherhook's listener and path {path}, with no page of a tunnel or a \
             portal between"
        )),
        300..=399 => (
            "it redirects, and Dify follows no redirect",
            format!("enter the other endpoint: {}", seen.field("Location").unwrap_or("it names none")),
        ),
        401 if seen.is_our_refusal() => (
            "weatherhook answers, but it does not know this key",
            "the key in Dify has to be one of the key file's: sudo cat /etc/weatherhook/key; after a change: \
             systemctl restart weatherhook"
                .to_owned(),
        ),
        401 => (
            "somebody before weatherhook asks who you are",
            "take the tunnel's or proxy's own password away from this endpoint: Dify sends weatherhook's key only"
                .to_owned(),
        ),
        403 | 407 if seen.is_squids() => refused_by_squid(target),
        403 if is_cloudflares(seen) => (
            "Cloudflare refuses the call",
            "take Access policies, bot protection and WAF rules away from this host name".to_owned(),
        ),
        403 => ("somebody before weatherhook refuses the call", "look at the rules of tunnel and proxy".to_owned()),
        404 if seen.field("Ngrok-Error-Code").is_some() => (
            "ngrok knows the name, but no tunnel of that name is up",
            "start it: systemctl start weatherhook-ngrok".to_owned(),
        ),
        404 if seen.is_our_refusal() => {
            let asked = if target.path.is_empty() { "/" } else { target.path };
            return Some((
                format!("weatherhook answers, but not at the path {asked}"),
                seen.detail(),
            ));
        }
        404 => (
            "something answers that does not know the path",
            format!("the endpoint's path has to be {path}, and the tunnel has to lead to weatherhook"),
        ),
        405 => ("the path is not that of the extension", format!("the endpoint's path has to be {path}")),
        413 | 431 => ("the request is too large for somebody on the way", "look at the limits of proxies".to_owned()),
        429 => ("the tunnel lets no more calls through for now", "look at its plan's limits".to_owned()),
        502..=504 if seen.is_squids() => unreached_by_squid(),
        503 if seen.is_our_refusal() => ("weatherhook is overloaded", "journalctl -u weatherhook".to_owned()),
        530 | 502..=504 if seen.body.contains("error code: 1033") => (
            "Cloudflare knows the tunnel, but its end on the board is not connected",
            "systemctl status weatherhook-cloudflared; its log: journalctl -u weatherhook-cloudflared".to_owned(),
        ),
        530 => {
            let code = seen.body.split_once("error code: ").map_or("unknown", |(_, rest)| rest);
            let code = code.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            return Some((
                format!("Cloudflare cannot reach the tunnel's end (error code {code})"),
                "the name's entry at Cloudflare has to lead to the tunnel".to_owned(),
            ));
        }
        502..=504 => (
            "the tunnel is up, but weatherhook is not reached at its end",
            "on the board: weatherhook doctor; the tunnel's target has to be http://127.0.0.1:8000 or \
             unix:/run/weatherhook/http.sock"
                .to_owned(),
        ),
        _ => ("an answer that is none of weatherhook's", "look at what tunnel and proxy say of it".to_owned()),
    };
    Some((cause.to_owned(), remedy))
}

fn is_cloudflares(seen: &Seen) -> bool {
    seen.field("Server").is_some_and(|server| server.eq_ignore_ascii_case("cloudflare"))
}

fn refused_by_squid(target: &Target<'_>) -> (&'static str, String) {
    if target.is_https && target.port.is_some_and(|port| port != 443) {
        ("Dify's proxy (squid) refuses https on this port", "serve https on port 443".to_owned())
    } else {
        let host = target.host;
        let network = match host.parse() {
            Ok(IpAddr::V4(_)) => format!("{host}/32"),
            Ok(IpAddr::V6(_)) => format!("{host}/128"),
            Err(_) => "ADDRESS/32, its address,".to_owned(),
        };
        (
            "Dify's proxy (squid) refuses the address",
            format!(
                "for a private address: SSRF_PROXY_ALLOW_PRIVATE_IPS={network} on ssrf_proxy, or \
                 NO_PROXY={host} on api and worker; or use a tunnel"
            ),
        )
    }
}

fn unreached_by_squid() -> (&'static str, String) {
    let remedy =
        "the name has to be known to it, and the port open: try the endpoint from the machine of Dify";
    ("Dify's proxy (squid) could not connect", remedy.to_owned())
}

/// What curl's exit code says where there was no answer, or not a whole one.
fn unanswered(seen: &Seen, target: &Target<'_>) -> (String, String) {
    let (cause, remedy) = match seen.code {
        7 if seen.proxy.is_some() => (
            "nobody listens at that address and port, or the proxy is not reached",
            format!("look at the proxy's address in {}", seen.proxy.unwrap_or_default()),
        ),
        5 | 97 => ("the proxy is not reached", "look at the proxy's address in the environment".to_owned()),
        6 => ("the host's name is not known", "is it spelt right, and does the tunnel still have it?".to_owned()),
        7 => (
            "nobody listens at that address and port",
            "on the board: weatherhook doctor; inside Dify's containers 127.0.0.1 is the container, not the board"
                .to_owned(),
        ),
        28 => (
            "no answer in time",
            "a firewall or a wrong address swallows the packets, or the tunnel hangs: restart it".to_owned(),
        ),
        35 | 51 | 53 | 54 | 58 | 59 | 60 | 64 | 66 | 77 | 80 | 82 | 83 | 91 => (
            "TLS fails: the certificate, its name or its chain is not accepted, or that port does not speak TLS",
            "weatherhook itself speaks http only: let tunnel or proxy have a certificate of a public authority"
                .to_owned(),
        ),
        // It went on when it had been read enough.
        23 => (
            "something else than weatherhook answers there, with more than a megabyte",
            "look where the tunnel or the proxy leads to".to_owned(),
        ),
        52 | 55 | 56 if (400..500).contains(&seen.connect) => refused_by_squid(target),
        52 | 55 | 56 if seen.connect >= 500 => unreached_by_squid(),
        18 | 55 | 56 if seen.status != 0 => (
            "the answer was cut off",
            "the tunnel's end is gone, or something on the way changes answers: on the board: weatherhook doctor"
                .to_owned(),
        ),
        1 | 8 | 52 | 55 | 56 => (
            "the connection ended without an answer",
            "that port does not speak http, or the tunnel's end is gone: on the board: weatherhook doctor".to_owned(),
        ),
        _ => ("curl could not call it", "its own words stand below".to_owned()),
    };
    (cause.to_owned(), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_target(url: &str, expected: Option<(bool, &str, Option<u16>, &str)>) {
        let expected = expected.map(|(is_https, host, port, path)| Target { is_https, host, port, path });
        assert_eq!(Target::parse(url), expected, "{url}");
    }

    #[test]
    fn endpoints_are_taken_apart() {
        check_target("https://a.example/b?c", Some((true, "a.example", None, "/b?c")));
        check_target("HTTP://a:8000", Some((false, "a", Some(8000), "")));
        check_target("http://[::1]:8000/x", Some((false, "::1", Some(8000), "/x")));
        check_target("http://[fd00::1]/", Some((false, "fd00::1", None, "/")));
        for none in [
            "",
            "a.example",
            "ftp://a",
            "https://",
            "https:///x",
            "http://a:port/",
            "http://a b",
            "http://u@a",
        ] {
            check_target(none, None);
        }
    }

    #[test]
    fn addresses_of_the_own_network_are_known() {
        let is_private = |host| Target { is_https: true, host, port: None, path: "/" }.is_private();
        for host in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.2",
            "169.254.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "::1",
            "fd00::1",
            "fe80::1",
            "localhost",
            "raspberrypi",
            "raspberrypi.local",
            "pi.lan.",
            "::ffff:192.168.1.2",
            "host.docker.internal",
            "Pi.Home.Arpa",
        ] {
            assert!(is_private(host), "{host}");
        }
        for host in [
            "8.8.8.8",
            "::ffff:8.8.8.8",
            "100.63.0.1",
            "100.128.0.1",
            "172.32.0.1",
            "2606:4700::1",
            "weather.example.org",
            "pi.tail1234.ts.net",
        ] {
            assert!(!is_private(host), "{host}");
        }
    }

    #[test]
    fn an_endpoint_says_by_itself_who_reaches_it() {
        let told = |url| {
            let mut out = Vec::new();
            let mut findings = Findings { out: &mut out, is_good: true };
            let target = Target::parse(url).expect("an endpoint");
            about(&target, url, &mut findings).expect("written");
            String::from_utf8(out).expect("UTF-8")
        };
        assert_eq!(told("https://weather.example.org/x"), "");
        assert!(told("http://192.168.1.2:8000/x").contains("192.168.1.2 is an address of your own network"));
        let tailnet = told("https://Pi.tail1234.ts.net./x");
        assert!(tailnet.contains("is a name of a tailnet") && !tailnet.contains("own network"), "{tailnet}");
        assert!(tailnet.contains("NO_PROXY"), "{tailnet}");
        assert!(told("https://weather.example.org:8443/x").contains("any port but 443"));
    }

    #[test]
    fn what_curl_prints_is_taken_apart() {
        let printed =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nServer: a: b\r\n\r\n{}\r\n\r\nx\n200 0 0.001";
        let seen = Seen::read(0, String::new(), printed);
        assert_eq!((seen.status, seen.connect, seen.seconds), (200, 0, 0.001));
        assert_eq!((seen.field("server"), &*seen.body), (Some("a: b"), "{}\r\n\r\nx"));
        let twice = format!("HTTP/1.1 200 OK\r\n\r\n{printed}");
        assert!(Seen::read(0, String::new(), &twice).body.starts_with("HTTP/1.1 100 "), "that is its body");
        let nothing = Seen::read(7, "curl: (7) no".to_owned(), "\n000 403");
        assert_eq!((nothing.status, nothing.connect, &*nothing.body), (0, 403, ""));
        assert_eq!(nothing.shown(), "curl: (7) no");
        assert_eq!(Seen::read(2, String::new(), "").status, 0);
    }

    const PATH: &str = "/api/dify/receive";

    #[test]
    fn only_trailers_may_stand_behind_an_answer() {
        let is_pong = |head: &str, behind: &str| {
            let body = format!("{{\"result\": \"pong\"}}{behind}");
            Seen { head: head.to_owned(), body, ..Seen::default() }.result(true).is_some()
        };
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked";
        assert!(is_pong("", "\r\n") && is_pong(chunked, "") && is_pong(chunked, "A: b\r\nC: d\r\n"));
        assert!(!is_pong("", "A: b\r\n") && !is_pong(chunked, "<a href=\"x:y\">") && !is_pong(chunked, "{"));
    }

    #[test]
    fn foreign_words_begin_no_line() {
        assert_eq!(told("a\nok: b\r\u{1b}[2J\u{85}°"), "a\n    ok: b\\r\\u{1b}[2J\\u{85}°");
    }

    #[test]
    fn what_is_denied_is_not_made_anew() {
        let remedy = |cause: &str| mended(&config::Error::Config(cause.to_owned()), "make one").1;
        let denied = io::Error::from_raw_os_error(libc::EACCES);
        assert_eq!(remedy(&format!("/etc/weatherhook/key: {denied}")), "run it with sudo");
        assert_eq!(remedy("key: No such file or directory (os error 2)"), "make one");
        assert_eq!(remedy("key: expected a key, found nothing"), "make one");
    }

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

    #[test]
    fn squid_is_told_a_network() {
        for (host, network) in
            [("192.168.1.2", "192.168.1.2/32 "), ("fd00::1", "fd00::1/128 "), ("pi.lan", "ADDRESS/32, its")]
        {
            let target = Target { is_https: false, host, port: None, path: "/" };
            let (_, remedy) = refused_by_squid(&target);
            assert!(remedy.contains(&format!("SSRF_PROXY_ALLOW_PRIVATE_IPS={network}")), "{remedy}");
            assert!(remedy.contains(&format!("NO_PROXY={host} ")), "{remedy}");
        }
    }

    #[track_caller]
    fn check(status: u16, head: &str, body: &str, expected: &str) {
        let seen = Seen { status, head: head.to_owned(), body: body.to_owned(), ..Seen::default() };
        let target = Target { is_https: true, host: "a.example", port: None, path: "/x" };
        let cause = explain(&seen, &target, PATH, true).map(|(cause, _)| cause).unwrap_or_default();
        assert_eq!(cause, expected, "{status} {body}");
    }

    /// The rows of what people meet.
    #[test]
    fn answers_are_explained() {
        let detail = |text: &str| format!("{{\"detail\": \"{text}\"}}");
        let page = "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">";
        check(200, "", r#"{"result": "pong"}"#, "");
        check(200, "", "<html>", "something else than weatherhook answers there");
        check(200, "", r#"{"result": 5}"#, "something else than weatherhook answers there");
        check(200, "", r#"{"result": "anyone"}"#, "something else than weatherhook answers there");
        check(301, "Location: https://b", "", "it redirects, and Dify follows no redirect");
        let bearer = "HTTP/1.1 401\r\nwww-authenticate: Bearer";
        check(401, bearer, &detail("Unauthorized"), "weatherhook answers, but it does not know this key");
        check(401, "", &detail("Unauthorized"), "somebody before weatherhook asks who you are");
        check(401, bearer, &detail("Not authenticated"), "somebody before weatherhook asks who you are");
        check(401, "", "who?", "somebody before weatherhook asks who you are");
        check(403, "", page, "Dify's proxy (squid) refuses the address");
        check(403, "X-Squid-Error: ERR_ACCESS_DENIED 0", "", "Dify's proxy (squid) refuses the address");
        check(403, "Server: cloudflare", "", "Cloudflare refuses the call");
        check(403, "", "", "somebody before weatherhook refuses the call");
        check(404, "", &detail("not found: send POST to /y"), "weatherhook answers, but not at the path /x");
        check(404, "", &detail("Not Found"), "something answers that does not know the path");
        check(
            404,
            "Ngrok-Error-Code: ERR_NGROK_3200",
            "",
            "ngrok knows the name, but no tunnel of that name is up",
        );
        check(404, "", "nothing", "something answers that does not know the path");
        check(405, "", "", "the path is not that of the extension");
        check(413, "", "", "the request is too large for somebody on the way");
        check(429, "", "", "the tunnel lets no more calls through for now");
        check(502, "", "bad gateway", "the tunnel is up, but weatherhook is not reached at its end");
        check(503, "", page, "Dify's proxy (squid) could not connect");
        check(502, "X-Squid-Error: ERR_DNS_FAIL 0", "", "Dify's proxy (squid) could not connect");
        check(503, "", &detail("too many large requests at once"), "weatherhook is overloaded");
        check(503, "", &detail("down"), "the tunnel is up, but weatherhook is not reached at its end");
        check(502, "", "took 1033 ms", "the tunnel is up, but weatherhook is not reached at its end");
        check(530, "", "error code: 1016\n", "Cloudflare cannot reach the tunnel's end (error code 1016)");
        check(530, "", "<html>", "Cloudflare cannot reach the tunnel's end (error code unknown)");
        check(503, "", "unavailable", "the tunnel is up, but weatherhook is not reached at its end");
        check(
            530,
            "",
            "error code: 1033",
            "Cloudflare knows the tunnel, but its end on the board is not connected",
        );
        check(418, "", "", "an answer that is none of weatherhook's");
    }

    #[test]
    fn failures_are_explained() {
        let cause = |code, connect| {
            let seen = Seen { code, connect, ..Seen::default() };
            let target = Target { is_https: true, host: "a.example", port: Some(8443), path: "/x" };
            explain(&seen, &target, PATH, true).expect("a cause").0
        };
        for (code, connect, expected) in [
            (5, 0, "the proxy is not reached"),
            (6, 0, "the host's name is not known"),
            (7, 0, "nobody listens at that address and port"),
            (28, 0, "no answer in time"),
            (60, 0, "TLS fails"),
            (35, 0, "TLS fails"),
            (52, 0, "the connection ended without an answer"),
            (56, 403, "Dify's proxy (squid) refuses https on this port"),
            (56, 503, "Dify's proxy (squid) could not connect"),
            (99, 0, "curl could not call it"),
        ] {
            assert!(cause(code, connect).starts_with(expected), "{code}: {}", cause(code, connect));
        }
    }
}
