//! `/mcp`: the weather as tools for assistants, and which pages of a browser may ask.

use super::Request;
use crate::endpoints::MCP_FIELDS;
use crate::http::{Head, Response, Status};
use crate::mcp::{self, Context, Fields};
use crate::time::Timestamp;

pub(super) fn answer(request: &Request<'_>) -> Response {
    let context = Context {
        snapshot: &request.routes.snapshot.load(),
        now: Timestamp::now(),
        options: &request.settings.answer,
    };
    let [version, method, name] = MCP_FIELDS.map(|name| value(&request.head, name));
    let reply = mcp::answer(request.body, &Fields { version, method, name }, &context);
    match reply.status {
        Status::Accepted => Response::accepted(),
        status => Response::json(reply.body).with_status(status),
    }
}

/// The value of a field. One that is there twice contradicts any body.
fn value<'h>(head: &Head<'h>, name: &str) -> Option<&'h [u8]> {
    let mut values = head.fields(name);
    let first = values.next()?;
    Some(if values.next().is_none() { first } else { b"" })
}

/// What a page of another site gets, if it calls through the browser of someone who has a key.
pub(super) const FOREIGN_ORIGIN: &str = "Origin: expected none, that of public_url, or a loopback address";

/// Whether the request comes from no browser, from a page of this board, or from one of this server. That the
/// origin is the same as `Host` would say nothing: a foreign site can choose both.
pub(super) fn is_own_origin(head: &Head<'_>, public_url: Option<&str>) -> bool {
    let mut origins = head.fields("origin").map(std::str::from_utf8);
    origins.all(|origin| origin.is_ok_and(|origin| is_own(origin, public_url)))
}

fn is_own(origin: &str, public_url: Option<&str>) -> bool {
    let Some((scheme, host, port)) = parts(origin).filter(|_| !origin.contains(['?', '#'])) else {
        return false;
    };
    let is_loopback = ["localhost", "127.0.0.1", "[::1]"].iter().any(|own| own.eq_ignore_ascii_case(host));
    let is_public = public_url.and_then(parts).is_some_and(|(own_scheme, own_host, own_port)| {
        scheme == own_scheme && host.eq_ignore_ascii_case(own_host) && port == own_port
    });
    is_loopback || is_public
}

/// Scheme, host and port of a URL.
fn parts(url: &str) -> Option<(&'static str, &str, u16)> {
    let (scheme, rest) = url.split_once("://")?;
    let schemes = [("http", 80), ("https", 443)];
    let (scheme, usual) = schemes.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(scheme))?;
    let authority = rest.split('/').next()?;
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((scheme, host, port.parse().ok()?)),
        _ => Some((scheme, authority, usual)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_other_sites_are_refused() {
        #[track_caller]
        fn check(origin: &str, expected: bool) {
            assert_eq!(is_own(origin, Some("https://Weather.example.org/board")), expected, "{origin}");
        }
        check("http://localhost", true);
        check("https://localhost:6274", true);
        check("http://127.0.0.1:8000", true);
        check("http://[::1]:8000", true);
        check("HTTP://[::1]", true);
        check("https://weather.example.org", true);
        check("https://weather.example.org:443", true);
        check("http://weather.example.org", false);
        check("https://weather.example.org:8443", false);
        check("https://weather.example.org.evil.example", false);
        check("http://localhost.evil.example", false);
        check("http://localhost@evil.example", false);
        check("http://evil.example?://localhost", false);
        check("http://127.0.0.1:8000:1", false);
        check("http://localhost:x", false);
        check("null", false);
        check("", false);
        assert!(!is_own("https://weather.example.org", None));
    }
}
