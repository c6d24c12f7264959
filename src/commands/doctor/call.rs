//! A call as Dify makes it, and the answer. It goes through `curl`: a TLS library would be larger than the rest of
//! the program, and curl is easy to install.

use std::env;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use serde_json::{Deserializer, Value};

use super::MAX_ANSWER;
use crate::file;
use crate::http::OVERLOADED;
use crate::routes::{METHOD_NOT_ALLOWED, NOT_FOUND};

/// Dify's own bounds: connect within 5 s, then 60 s for each read.
const CONNECT_SECONDS: u32 = 5;

const PATIENCE_SECONDS: u32 = 60;

/// The parts of a URL that matter to its way.
#[derive(Debug, PartialEq)]
pub(super) struct Target<'u> {
    pub(super) is_https: bool,
    pub(super) host: &'u str,
    pub(super) port: Option<u16>,
    pub(super) path: &'u str,
}

impl Target<'_> {
    pub(super) fn parse(url: &str) -> Option<Target<'_>> {
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
    pub(super) fn is_private(&self) -> bool {
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
    pub(super) fn is_of_a_tailnet(&self) -> bool {
        self.name().ends_with(".ts.net")
    }

    /// The host as names are compared.
    fn name(&self) -> String {
        self.host.trim_end_matches('.').to_ascii_lowercase()
    }
}

/// What a call gave.
#[derive(Debug, Default)]
pub(super) struct Reply {
    /// curl's exit code; 0 if there was a whole answer.
    pub(super) code: i32,
    /// What curl says of it.
    pub(super) message: String,
    pub(super) status: u16,
    /// The proxy's own answer to a CONNECT.
    pub(super) connect: u16,
    /// How long it took, by curl.
    pub(super) seconds: f64,
    /// The variable that names a proxy for the call.
    pub(super) proxy: Option<&'static str>,
    pub(super) head: String,
    pub(super) body: String,
}

/// What a call is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Expected {
    /// By Dify's extension: that it is there.
    Pong,
    /// By Dify's extension: lines for the prompt.
    Lines,
    /// By MCP: the version that is spoken.
    Version,
    /// By MCP: that a notification was received.
    Receipt,
    /// By MCP: the names of the tools.
    Tools,
    /// By MCP: what a tool says.
    ToolText,
}

/// The versions of MCP that Dify knows, up to 1.16.0.
const VERSIONS_OF_DIFY: [&str; 3] = ["2024-11-05", "2025-03-26", "2025-06-18"];

impl Expected {
    /// Whether Dify's client of MCP makes the call.
    pub(super) fn is_mcp(self) -> bool {
        !matches!(self, Expected::Pong | Expected::Lines)
    }

    fn accept(self) -> &'static str {
        if self.is_mcp() { "application/json, text/event-stream" } else { "*/*" }
    }
}

/// Calls with the fields that Dify's client sends. The key goes through a pipe: all users of a machine
/// see the arguments.
pub(super) fn call(
    url: &str,
    target: &Target<'_>,
    key: &str,
    body: &str,
    expected: Expected,
) -> io::Result<Reply> {
    let mut options = format!(
        "silent\nshow-error\nhttp1.1\ngloboff\ncompressed\nsuppress-connect-headers\ndump-header = \"-\"\n\
         connect-timeout = {CONNECT_SECONDS}\nmax-time = {PATIENCE_SECONDS}\n\
         write-out = \"\\n%{{http_code}} %{{http_connect}} %{{time_total}}\"\n"
    );
    let quoted = |text: &str| text.replace('\\', "\\\\").replace('"', "\\\"");
    for (option, value) in [
        ("url", url),
        ("user-agent", "python-httpx/0.28.1"),
        ("header", &format!("Accept: {}", expected.accept())),
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
        // A curl that does not read them ends, and says why.
        let _ = stdin.write_all(options.as_bytes());
    }
    let printed = match child.stdout.take() {
        Some(stdout) => file::read_most(&OwnedFd::from(stdout).into(), MAX_ANSWER)?,
        None => Vec::new(),
    };
    let output = child.wait_with_output()?;
    let message = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    let reply = Reply::read(output.status.code().unwrap_or(-1), message, &String::from_utf8_lossy(&printed));
    Ok(Reply { proxy: proxy(target), ..reply })
}

/// The variable by which curl takes a proxy for the call. Whether `no_proxy` speaks against it is curl's to know.
fn proxy(target: &Target<'_>) -> Option<&'static str> {
    let of_scheme = if target.is_https { ["https_proxy", "HTTPS_PROXY"] } else { ["http_proxy"; 2] };
    let mut all = of_scheme.into_iter().chain(["all_proxy", "ALL_PROXY"]);
    all.find(|name| env::var_os(name).is_some_and(|value| !value.is_empty()))
}

impl Reply {
    /// `printed`: the heads, the body, and a line with the two statuses and the time.
    fn read(code: i32, message: String, printed: &str) -> Reply {
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
        Reply { code, message, status, connect, seconds, proxy: None, head, body }
    }

    pub(super) fn field(&self, name: &str) -> Option<&str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).next()
    }

    fn json(&self) -> Value {
        let is_field = |line: &str| {
            let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
            line.split_once(':').is_some_and(|(name, _)| !name.is_empty() && name.bytes().all(is_of_name))
        };
        let mut values = Deserializer::from_slice(self.body.as_bytes()).into_iter();
        let value = values.next().and_then(Result::ok).unwrap_or_default();
        let rest = self.body.get(values.byte_offset()..).unwrap_or_default();
        // curl writes the trailers of an answer in chunks (RFC 9112, 7.1.2) right behind its body.
        let are_trailers = || self.field("Transfer-Encoding").is_some() && rest.lines().all(is_field);
        if rest.trim_ascii().is_empty() || are_trailers() { value } else { Value::Null }
    }

    /// What Dify reads from the answer; `None` if it does not accept it.
    pub(super) fn result(&self, expected: Expected) -> Option<String> {
        let result = &self.json()["result"];
        let text = match expected {
            Expected::Receipt => return (self.status == 202).then(|| "received".to_owned()),
            _ if self.status != 200 => None,
            Expected::Pong => result.as_str().filter(|result| *result == "pong"),
            Expected::Lines => result.as_str(),
            Expected::Version => {
                result["protocolVersion"].as_str().filter(|version| VERSIONS_OF_DIFY.contains(version))
            }
            Expected::Tools => {
                let names: Vec<_> =
                    result["tools"].as_array()?.iter().filter_map(|tool| tool["name"].as_str()).collect();
                return (!names.is_empty()).then(|| names.join(", "));
            }
            Expected::ToolText => result["content"][0]["text"].as_str(),
        };
        text.map(str::to_owned)
    }

    /// The sentence of a refusal.
    pub(super) fn detail(&self) -> String {
        self.json()["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// Whether weatherhook itself refuses, by the text: other servers refuse in the same form.
    pub(super) fn is_our_refusal(&self) -> bool {
        let detail = self.detail();
        match self.status {
            401 => {
                let is_ours = |challenge: &str| challenge.starts_with("Bearer");
                detail == "Unauthorized" && self.field("WWW-Authenticate").is_some_and(is_ours)
            }
            404 => detail.starts_with(NOT_FOUND),
            405 => detail.starts_with(METHOD_NOT_ALLOWED),
            503 => detail == OVERLOADED,
            _ => false,
        }
    }

    /// Whether squid answers, and not what lies behind it.
    pub(super) fn is_squids(&self) -> bool {
        self.field("X-Squid-Error").is_some()
            || self.field("Server").is_some_and(|server| server.to_ascii_lowercase().starts_with("squid"))
            || self.body.starts_with("<!DOCTYPE html PUBLIC")
    }

    /// The beginning of what came, in one line.
    pub(super) fn shown(&self) -> String {
        let line: String =
            self.body.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(100).collect();
        match (self.status, self.code) {
            (1.., 0) => format!("status {}, {line:?}", self.status),
            _ => self.message.clone(),
        }
    }
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
    fn what_curl_prints_is_taken_apart() {
        let printed =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nServer: a: b\r\n\r\n{}\r\n\r\nx\n200 0 0.001";
        let reply = Reply::read(0, String::new(), printed);
        assert_eq!((reply.status, reply.connect, reply.seconds), (200, 0, 0.001));
        assert_eq!((reply.field("server"), &*reply.body), (Some("a: b"), "{}\r\n\r\nx"));
        let twice = format!("HTTP/1.1 200 OK\r\n\r\n{printed}");
        assert!(Reply::read(0, String::new(), &twice).body.starts_with("HTTP/1.1 100 "), "that is its body");
        let nothing = Reply::read(7, "curl: (7) no".to_owned(), "\n000 403");
        assert_eq!((nothing.status, nothing.connect, &*nothing.body), (0, 403, ""));
        assert_eq!(nothing.shown(), "curl: (7) no");
        assert_eq!(Reply::read(2, String::new(), "").status, 0);
    }

    #[test]
    fn what_dify_reads_from_an_answer() {
        #[track_caller]
        fn check(status: u16, body: &str, expected: Expected, result: Option<&str>) {
            let reply = Reply { status, body: body.to_owned(), ..Reply::default() };
            assert_eq!(reply.result(expected).as_deref(), result, "{status} {body} {expected:?}");
        }
        check(200, r#"{"result": "x"}"#, Expected::Lines, Some("x"));
        check(200, r#"{"result": "x"}"#, Expected::Pong, None);
        check(401, r#"{"result": "pong"}"#, Expected::Pong, None);
        let version = r#"{"result": {"protocolVersion": "2025-06-18"}}"#;
        check(200, version, Expected::Version, Some("2025-06-18"));
        check(200, &version.replace("06-18", "11-25"), Expected::Version, None);
        check(202, "", Expected::Receipt, Some("received"));
        check(200, "", Expected::Receipt, None);
        let tools = r#"{"result": {"tools": [{"name": "a"}, {"name": "b"}]}}"#;
        check(200, tools, Expected::Tools, Some("a, b"));
        check(200, r#"{"result": {"tools": []}}"#, Expected::Tools, None);
        check(200, r#"{"result": {"content": [{"text": "x"}]}}"#, Expected::ToolText, Some("x"));
        check(200, r#"{"error": {"code": -32601}}"#, Expected::ToolText, None);
    }

    #[test]
    fn only_trailers_may_stand_behind_an_answer() {
        let is_pong = |head: &str, behind: &str| {
            let body = format!("{{\"result\": \"pong\"}}{behind}");
            Reply { status: 200, head: head.to_owned(), body, ..Reply::default() }
                .result(Expected::Pong)
                .is_some()
        };
        let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked";
        assert!(is_pong("", "\r\n") && is_pong(chunked, "") && is_pong(chunked, "A: b\r\nC: d\r\n"));
        assert!(!is_pong("", "A: b\r\n") && !is_pong(chunked, "<a href=\"x:y\">") && !is_pong(chunked, "{"));
    }
}
