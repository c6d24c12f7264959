//! `/`: the page for people with a browser, and who may look at it.

use std::net::IpAddr;
use std::time::Instant;

use super::{Request, Routes, Settings};
use crate::endpoints::PageAccess;
use crate::http::{Head, Response, Status};
use crate::page::{self, Wish};
use crate::socket::Peer;
use crate::time::Timestamp;
use crate::url;

/// What a browser asks its user for: a name that makes no difference, and the key.
const CHALLENGE: &str = r#"Basic realm="weatherhook", charset="UTF-8""#;

/// What a user reads who has cancelled that.
const UNAUTHORIZED: &str = "Unauthorized: send any user name, and the key as the password";

/// The fields of the page's head. Nothing is fetched, run or framed.
const FIELDS: [(&str, &str); 3] = [
    ("Content-Security-Policy", page::POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
];

/// Fields that proxies and tunnels add: the client is behind them, wherever that is.
const FORWARDED: [&str; 12] = [
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-forwarded-server",
    "x-real-ip",
    "x-client-ip",
    "true-client-ip",
    "cf-connecting-ip",
    "cf-ray",
    "via",
];

/// Endings of names that no server of the world can have: RFC 6762, RFC 8375, RFC 6761, ICANN's resolution of 2024 for
/// `internal`, and those of common routers.
const LOCAL_NAMES: [&str; 7] = ["local", "localhost", "home.arpa", "internal", "lan", "home", "fritz.box"];

/// Lets those in who may look.
pub(super) fn check(routes: &Routes, head: &Head<'_>, settings: &Settings) -> Result<(), Response> {
    let authorization = head.field("authorization");
    if settings.keys.admits_browser(authorization) {
        return Ok(());
    }
    // A wrong key stays wrong, and so do two of them.
    let has_tried = head.fields("authorization").next().is_some();
    if !has_tried && settings.page == PageAccess::Local && is_local(head) {
        return Ok(());
    }
    if has_tried {
        // Each browser begins without a key, and so do the scanners of the internet: only wrong ones are logged.
        routes.refused_keys.note(head.peer, Instant::now());
    }
    Err(routes.refuse(Status::Unauthorized, UNAUTHORIZED).with_field("WWW-Authenticate", CHALLENGE))
}

pub(super) fn answer(request: &Request<'_>) -> Response {
    let mut wish = Wish::default();
    for (key, value) in url::pairs(request.head.query) {
        match &*key {
            "station" => wish.station = Some(value.into_owned()),
            "refresh" => wish.is_still = value == "off",
            _ => {}
        }
    }
    let snapshot = request.routes.snapshot.load();
    let (is_known, html) = page::html(&snapshot, &wish, Timestamp::now(), &request.settings.answer);
    let status = if is_known { Status::Ok } else { Status::NotFound };
    let response = Response::new(status, "text/html; charset=utf-8", html.into_bytes());
    FIELDS.into_iter().fold(response, |response, (name, value)| response.with_field(name, value))
}

/// Whether the client is of the board's own network and asks for the board by an own name.
fn is_local(head: &Head<'_>) -> bool {
    let is_near = matches!(head.peer, Peer::Tcp(address) if is_private(address.ip()));
    is_near
        && FORWARDED.iter().all(|name| head.fields(name).next().is_none())
        && head.host().is_some_and(is_own_name)
}

/// Whether no route leads there from the internet.
fn is_private(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_private() || address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
    }
}

/// Whether a name is one that only this network has. A site of the world can have its own name lead to the board, and
/// would then read the page through the browser of its visitor; and a tunnel that adds no field keeps the name.
fn is_own_name(host: &str) -> bool {
    let without_port = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => name,
        _ => host,
    };
    let address = without_port.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    if let Ok(address) = address.unwrap_or(without_port).parse::<IpAddr>() {
        return is_private(address);
    }
    let name = without_port.strip_suffix('.').unwrap_or(without_port).to_ascii_lowercase();
    let ends = |ending: &str| name.strip_suffix(ending).is_some_and(|front| front.ends_with('.'));
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    !name.is_empty() && name.bytes().all(is_plain) || LOCAL_NAMES.iter().any(|own| name == *own || ends(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_addresses_of_the_own_network() {
        for host in [
            "localhost",
            "localhost:8000",
            "127.0.0.1",
            "192.168.1.5:8000",
            "[::1]:8000",
            "[fe80::1]",
            "[fd00::2]:80",
            "169.254.1.1",
            "pi",
            "PI:8000",
            "pi.local",
            "Pi.Local.:80",
            "weather.fritz.box",
            "weather.home.arpa",
        ] {
            assert!(is_own_name(host), "{host}");
        }
        for host in [
            "example.org",
            "weather.example.org:8000",
            "203.0.113.7",
            "203.0.113.7:8000",
            "[2001:db8::1]:80",
            "local.example.org",
            "evil-fritz.box",
            "notlocal.box",
            "192.168.1.5.evil.example",
            "127.0.0.1.nip.io",
            "8.8.8.8",
            "[::ffff:8.8.8.8]",
            "[2001:db8::1",
            ":8000",
        ] {
            assert!(!is_own_name(host), "{host}");
        }
    }

    #[test]
    fn addresses_that_no_route_leads_to() {
        for (address, expected) in [
            ("127.0.0.1", true),
            ("10.1.2.3", true),
            ("172.31.0.1", true),
            ("172.32.0.1", false),
            ("192.168.0.1", true),
            ("100.64.0.1", false),
            ("203.0.113.7", false),
            ("::1", true),
            ("::ffff:192.168.0.1", true),
            ("::ffff:203.0.113.7", false),
            ("fd12::1", true),
            ("fe80::1", true),
            ("2001:db8::1", false),
        ] {
            assert_eq!(is_private(address.parse().expect("an address")), expected, "{address}");
        }
    }
}
