//! What an answer, or none, says about the way from Dify to weatherhook: the cause and the remedy.

use std::net::IpAddr;

use super::call::{Expected, Reply, Target};

/// The cause and the remedy; `None` for an answer that Dify accepts.
pub(super) fn explain(
    reply: &Reply,
    target: &Target<'_>,
    path: &str,
    expected: Expected,
) -> Option<(String, String)> {
    let (cause, remedy): (&str, String) = match reply.status {
        _ if reply.code != 0 || reply.status == 0 => return Some(unanswered(reply, target)),
        _ if reply.result(expected).is_some() => return None,
        200 | 202 => ("another program than weatherhook answers there", format!(
            "the endpoint has to lead to the listener of weatherhook and to the path {path}, with no page of a \
             tunnel or a portal between"
        )),
        300..=399 if expected.is_mcp() => (
            "it redirects, and not every client of MCP follows",
            format!("enter the other endpoint: {}", reply.field("Location").unwrap_or("it names none")),
        ),
        300..=399 => (
            "it redirects, and Dify follows no redirect",
            format!("enter the other endpoint: {}", reply.field("Location").unwrap_or("it names none")),
        ),
        401 if reply.is_our_refusal() => (
            "weatherhook answers, but it does not know this key",
            "the key in Dify has to be in the key file: sudo cat /etc/weatherhook/key; after a change: \
             systemctl restart weatherhook"
                .to_owned(),
        ),
        401 => (
            "something before weatherhook asks for a password",
            "remove the password of the tunnel or proxy for this endpoint: Dify sends only the key of weatherhook"
                .to_owned(),
        ),
        403 | 407 if reply.is_squids() => refused_by_squid(target),
        403 if is_cloudflares(reply) => (
            "Cloudflare refuses the call",
            "remove Access policies, bot protection and WAF rules from this host name".to_owned(),
        ),
        403 => ("something before weatherhook refuses the call", "check the rules of tunnel and proxy".to_owned()),
        404 if reply.field("Ngrok-Error-Code").is_some() => (
            "ngrok knows the name, but no tunnel of that name is up",
            "start it: systemctl start weatherhook-ngrok".to_owned(),
        ),
        404 if reply.is_our_refusal() => {
            let remedy = if expected.is_mcp() { format!("the path has to be {path}") } else { reply.detail() };
            let asked = if target.path.is_empty() { "/" } else { target.path };
            return Some((
                format!("weatherhook answers, but not at the path {asked}"),
                remedy,
            ));
        }
        404 => (
            "something answers that does not know the path",
            format!("the path of the endpoint has to be {path}, and the tunnel has to lead to weatherhook"),
        ),
        405 if expected.is_mcp() => ("the path is not that of MCP", format!("the path of the endpoint has to be {path}")),
        405 => ("the path is not that of the extension", format!("the path of the endpoint has to be {path}")),
        413 | 431 => ("the request is too large for something on the way", "check the limits of the proxies".to_owned()),
        429 => ("the tunnel accepts no more calls for now", "check the limits of its plan".to_owned()),
        502..=504 | 530 => return Some(unreached(reply)),
        _ => ("the answer is not from weatherhook", "check the logs of tunnel and proxy".to_owned()),
    };
    Some((cause.to_owned(), remedy))
}

/// The cause and the remedy where something on the way could not get an answer.
fn unreached(reply: &Reply) -> (String, String) {
    let (cause, remedy): (&str, String) = match reply.status {
        502..=504 if reply.is_squids() => unreached_by_squid(),
        503 if reply.is_our_refusal() => {
            ("weatherhook is overloaded", "journalctl -u weatherhook".to_owned())
        }
        _ if reply.body.contains("error code: 1033") => (
            "Cloudflare knows the tunnel, but its end on the board is not connected",
            "systemctl status weatherhook-cloudflared; its log: journalctl -u weatherhook-cloudflared"
                .to_owned(),
        ),
        530 => {
            let code = reply.body.split_once("error code: ").map_or("unknown", |(_, rest)| rest);
            let code = code.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            return (
                format!("Cloudflare cannot reach the end of the tunnel (error code {code})"),
                "the entry of the name at Cloudflare has to lead to the tunnel".to_owned(),
            );
        }
        _ => (
            "the tunnel is up, but it does not reach weatherhook",
            "on the board: weatherhook doctor; the target of the tunnel has to be http://127.0.0.1:8000 or \
             unix:/run/weatherhook/http.sock"
                .to_owned(),
        ),
    };
    (cause.to_owned(), remedy)
}

fn is_cloudflares(reply: &Reply) -> bool {
    reply.field("Server").is_some_and(|server| server.eq_ignore_ascii_case("cloudflare"))
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
        "it has to know the name, and the port has to be open: try the endpoint from the machine of Dify";
    ("Dify's proxy (squid) could not connect", remedy.to_owned())
}

/// What curl's exit code says where there was no answer, or not a whole one.
fn unanswered(reply: &Reply, target: &Target<'_>) -> (String, String) {
    let (cause, remedy) = match reply.code {
        7 if reply.proxy.is_some() => (
            "nothing listens at that address and port, or the proxy is not reached",
            format!("check the address of the proxy in {}", reply.proxy.unwrap_or_default()),
        ),
        5 | 97 => ("the proxy is not reached", "check the address of the proxy in the environment".to_owned()),
        6 => ("the name of the host is not known", "check its spelling, and whether the tunnel still has it".to_owned()),
        7 => (
            "nothing listens at that address and port",
            "on the board: weatherhook doctor; inside Dify's containers 127.0.0.1 is the container, not the board"
                .to_owned(),
        ),
        28 => (
            "no answer in time",
            "a firewall drops the packets, the address is wrong, or the tunnel hangs: restart it".to_owned(),
        ),
        35 | 51 | 53 | 54 | 58 | 59 | 60 | 64 | 66 | 77 | 80 | 82 | 83 | 91 => (
            "TLS fails: the certificate, its name or its chain is not accepted, or that port does not speak TLS",
            "weatherhook itself speaks http only: give tunnel or proxy a certificate of a public authority"
                .to_owned(),
        ),
        // It sent more than we read.
        23 => (
            "another program than weatherhook answers there, with more than a megabyte",
            "check where the tunnel or the proxy leads to".to_owned(),
        ),
        52 | 55 | 56 if (400..500).contains(&reply.connect) => refused_by_squid(target),
        52 | 55 | 56 if reply.connect >= 500 => unreached_by_squid(),
        18 | 55 | 56 if reply.status != 0 => (
            "the answer was cut off",
            "the end of the tunnel is gone, or something on the way changes answers: on the board: weatherhook doctor"
                .to_owned(),
        ),
        1 | 8 | 52 | 55 | 56 => (
            "the connection ended without an answer",
            "that port does not speak http, or the end of the tunnel is gone: on the board: weatherhook doctor".to_owned(),
        ),
        _ => ("curl could not call it", "its message is below".to_owned()),
    };
    (cause.to_owned(), remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/api/dify/receive";

    #[test]
    fn squid_gets_a_network() {
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
        let reply = Reply { status, head: head.to_owned(), body: body.to_owned(), ..Reply::default() };
        let target = Target { is_https: true, host: "a.example", port: None, path: "/x" };
        let cause =
            explain(&reply, &target, PATH, Expected::Pong).map(|(cause, _)| cause).unwrap_or_default();
        assert_eq!(cause, expected, "{status} {body}");
    }

    /// What people meet.
    #[test]
    fn answers_are_explained() {
        let detail = |text: &str| format!("{{\"detail\": \"{text}\"}}");
        let page = "<!DOCTYPE html PUBLIC \"-//W3C//DTD HTML 4.01//EN\">";
        check(200, "", r#"{"result": "pong"}"#, "");
        check(200, "", "<html>", "another program than weatherhook answers there");
        check(200, "", r#"{"result": 5}"#, "another program than weatherhook answers there");
        check(200, "", r#"{"result": "anyone"}"#, "another program than weatherhook answers there");
        check(301, "Location: https://b", "", "it redirects, and Dify follows no redirect");
        let bearer = "HTTP/1.1 401\r\nwww-authenticate: Bearer";
        check(401, bearer, &detail("Unauthorized"), "weatherhook answers, but it does not know this key");
        check(401, "", &detail("Unauthorized"), "something before weatherhook asks for a password");
        check(401, bearer, &detail("Not authenticated"), "something before weatherhook asks for a password");
        check(401, "", "who?", "something before weatherhook asks for a password");
        check(403, "", page, "Dify's proxy (squid) refuses the address");
        check(403, "X-Squid-Error: ERR_ACCESS_DENIED 0", "", "Dify's proxy (squid) refuses the address");
        check(403, "Server: cloudflare", "", "Cloudflare refuses the call");
        check(403, "", "", "something before weatherhook refuses the call");
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
        check(413, "", "", "the request is too large for something on the way");
        check(429, "", "", "the tunnel accepts no more calls for now");
        check(502, "", "bad gateway", "the tunnel is up, but it does not reach weatherhook");
        check(503, "", page, "Dify's proxy (squid) could not connect");
        check(502, "X-Squid-Error: ERR_DNS_FAIL 0", "", "Dify's proxy (squid) could not connect");
        check(503, "", &detail("too many large requests at once"), "weatherhook is overloaded");
        check(503, "", &detail("down"), "the tunnel is up, but it does not reach weatherhook");
        check(502, "", "took 1033 ms", "the tunnel is up, but it does not reach weatherhook");
        check(
            530,
            "",
            "error code: 1016\n",
            "Cloudflare cannot reach the end of the tunnel (error code 1016)",
        );
        check(530, "", "<html>", "Cloudflare cannot reach the end of the tunnel (error code unknown)");
        check(503, "", "unavailable", "the tunnel is up, but it does not reach weatherhook");
        check(
            530,
            "",
            "error code: 1033",
            "Cloudflare knows the tunnel, but its end on the board is not connected",
        );
        check(418, "", "", "the answer is not from weatherhook");
    }

    #[test]
    fn answers_of_mcp_are_explained() {
        #[track_caller]
        fn check(status: u16, head: &str, body: &str, expected: &str, remedy: &str) {
            let reply = Reply { status, head: head.to_owned(), body: body.to_owned(), ..Reply::default() };
            let target = Target { is_https: true, host: "a.example", port: None, path: "/x/mcp" };
            let found = explain(&reply, &target, "/mcp", Expected::Version).expect("a cause");
            assert_eq!((&*found.0, found.1.contains(remedy)), (expected, true), "{found:?}");
        }
        let redirects = "it redirects, and not every client of MCP follows";
        check(308, "Location: https://b/mcp", "", redirects, "https://b/mcp");
        let refusal = r#"{"detail": "not found: send POST to /y"}"#;
        let path = "weatherhook answers, but not at the path /x/mcp";
        check(404, "", refusal, path, "the path has to be /mcp");
        check(405, "", "", "the path is not that of MCP", "/mcp");
        check(202, "", "", "another program than weatherhook answers there", "/mcp");
    }

    #[test]
    fn failures_are_explained() {
        let cause = |code, connect| {
            let reply = Reply { code, connect, ..Reply::default() };
            let target = Target { is_https: true, host: "a.example", port: Some(8443), path: "/x" };
            explain(&reply, &target, PATH, Expected::Pong).expect("a cause").0
        };
        for (code, connect, expected) in [
            (5, 0, "the proxy is not reached"),
            (6, 0, "the name of the host is not known"),
            (7, 0, "nothing listens at that address and port"),
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
