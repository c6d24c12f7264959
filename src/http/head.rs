//! The head of a request: where it ends and what it says (RFC 9112, sections 2 to 6).
//!
//! Strict wherever two readers of the same bytes could come to differ about where a request ends:
//! behind a tunnel or a proxy such a difference lets one client speak in another's name.

use std::mem::MaybeUninit;

use memchr::memchr;

use super::{Head, MAX_BODY};
use crate::socket::Peer;

/// Room for the head: browsers and proxies send 1 to 2 KiB, and nginx and Apache allow a field 8 KiB.
pub(super) const MAX_HEAD: usize = 8 * 1024;

/// Fields in a head: Dify sends 8, and a chain of proxies adds a dozen.
const MAX_FIELDS: usize = 64;

/// Why a request cannot be read. It ends its connection: where the next one begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) status: u16,
    pub(super) detail: &'static str,
}

impl Malformed {
    pub(super) fn new(detail: &'static str) -> Malformed {
        Malformed { status: 400, detail }
    }

    pub(super) fn body_too_large() -> Malformed {
        const { assert!(MAX_BODY == 1024 * 1024) };
        Malformed { status: 413, detail: "body too large: at most 1 MiB" }
    }

    pub(super) fn head_too_large() -> Malformed {
        const { assert!(MAX_HEAD == 8 * 1024 && MAX_FIELDS == 64) };
        Malformed { status: 431, detail: "head too large: at most 8 KiB and 64 fields" }
    }
}

/// How the end of the body is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// By its length, which may be larger than we take.
    Length(u64),
    /// By the chunked transfer coding.
    Chunked,
}

/// A head that was read.
#[derive(Debug)]
pub(super) struct Parsed<'h> {
    pub(super) head: Head<'h>,
    pub(super) framing: Framing,
    /// The client waits for `100 Continue` before it sends the body.
    pub(super) expects_continue: bool,
    /// The client can go on with this connection.
    pub(super) keep_alive: bool,
    /// HTTP/1.0, where a connection that goes on has to be announced.
    pub(super) announce_keep_alive: bool,
}

/// The length of the head at the beginning of `bytes`, its empty line included; `None` while it is
/// incomplete. `scanned` remembers between calls how far was looked, so that a head that comes byte
/// by byte is looked through once.
pub(super) fn end(bytes: &[u8], scanned: &mut usize) -> Result<Option<usize>, Malformed> {
    // Further requests may follow, so the bound is held against this head alone; and what lies behind
    // it is not looked at, or the answer would depend on how much has come at once.
    let within = &bytes[..bytes.len().min(MAX_HEAD)];
    while let Some(i) = memchr(b'\n', &within[*scanned..]) {
        let lf = *scanned + i;
        // A lone LF as the end of a line is allowed to us, but not every proxy takes it for one.
        if lf == 0 || within[lf - 1] != b'\r' {
            return Err(Malformed::new("head: a line ends with CR LF"));
        }
        *scanned = lf + 1;
        if within[..lf - 1].ends_with(b"\r\n") {
            return Ok(Some(lf + 1));
        }
    }
    *scanned = within.len();
    if within.len() == MAX_HEAD { Err(Malformed::head_too_large()) } else { Ok(None) }
}

/// Reads a whole head, its empty line included.
pub(super) fn parse(bytes: &[u8], peer: Peer) -> Result<Parsed<'_>, Malformed> {
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(bytes, &mut fields).map_err(|error| match error {
        httparse::Error::TooManyHeaders => Malformed::head_too_large(),
        httparse::Error::Version => Malformed { status: 505, detail: "expected HTTP/1.1 or HTTP/1.0" },
        httparse::Error::HeaderName => Malformed::new("head: bad field name"),
        httparse::Error::HeaderValue => Malformed::new("head: bad field value"),
        httparse::Error::NewLine => Malformed::new("head: a line ends with CR LF"),
        _ => Malformed::new("head: bad request line"),
    })?;
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version) else {
        return Err(Malformed::new("head: bad request line"));
    };
    if parsed != httparse::Status::Complete(bytes.len()) {
        return Err(Malformed::new("head: an empty line in the wrong place"));
    }

    let mut hosts = 0;
    let mut length = None;
    let mut chunked = false;
    let (mut host, mut forwarded_proto) = (&b""[..], &b""[..]);
    let mut authorization = None;
    let mut authorizations = 0;
    let mut expects_continue = false;
    let (mut close, mut keep_alive) = (false, false);
    for &httparse::Header { name, value } in request.headers.iter() {
        // Most fields are none of ours, which their lengths tell.
        let is = |known: &str| name.len() == known.len() && name.eq_ignore_ascii_case(known);
        if is("host") {
            if !value.iter().all(|&byte| is_of_host(byte)) {
                return Err(Malformed::new("Host: expected a host and perhaps a port"));
            }
            hosts += 1;
            host = value;
        } else if is("content-length") {
            if length.replace(content_length(value)?).is_some() {
                return Err(Malformed::new("Content-Length: given twice"));
            }
        } else if is("transfer-encoding") {
            if chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err(Malformed::new("Transfer-Encoding: expected chunked, once"));
            }
            chunked = true;
        } else if is("authorization") {
            authorizations += 1;
            authorization = Some(value);
        } else if is("x-forwarded-proto") {
            forwarded_proto = value;
        } else if is("expect") {
            if !value.eq_ignore_ascii_case(b"100-continue") {
                return Err(Malformed { status: 417, detail: "Expect: only 100-continue is known" });
            }
            expects_continue = true;
        } else if is("connection") {
            for option in value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
                close |= option.eq_ignore_ascii_case(b"close");
                keep_alive |= option.eq_ignore_ascii_case(b"keep-alive");
            }
        }
    }
    if hosts > 1 || (hosts == 0 && minor == 1) {
        return Err(Malformed::new("Host: expected exactly one"));
    }
    let framing = match (length, chunked) {
        (Some(_), true) => {
            return Err(Malformed::new("Content-Length and Transfer-Encoding exclude each other"));
        }
        (None, true) if minor == 0 => return Err(Malformed::new("Transfer-Encoding: unknown to HTTP/1.0")),
        (None, true) => Framing::Chunked,
        (length, false) => Framing::Length(length.unwrap_or(0)),
    };
    let head = Head {
        method,
        path: path(target),
        query: query(target),
        host: text(host),
        forwarded_proto: last(forwarded_proto),
        authorization: if authorizations == 1 { authorization } else { None },
        peer,
    };
    Ok(Parsed {
        head,
        framing,
        // HTTP/1.0 has no interim answers; RFC 9110, section 10.1.1, has us ignore the wish.
        expects_continue: expects_continue && minor == 1,
        keep_alive: !close && (keep_alive || minor == 1),
        announce_keep_alive: minor == 0,
    })
}

/// Whether a byte can stand in a host and its port; not the blanks and separators by which another
/// reader could take one host for two.
fn is_of_host(byte: u8) -> bool {
    byte.is_ascii_graphic() && !matches!(byte, b',' | b'/' | b'?' | b'#' | b'@' | b'\\')
}

/// Digits only: no sign, no list, no blank inside. What does not fit 64 bits is too large whatever
/// it is exactly.
fn content_length(value: &[u8]) -> Result<u64, Malformed> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return Err(Malformed::new("Content-Length: expected digits"));
    }
    let digits = std::str::from_utf8(value).unwrap_or_default();
    Ok(digits.parse().unwrap_or(u64::MAX))
}

/// The path in a target, which may be in absolute form (RFC 9112, section 3.2.2).
pub(super) fn path(target: &str) -> &str {
    let scheme = target.get(..7).filter(|scheme| scheme.eq_ignore_ascii_case("http://"));
    let scheme = scheme.or(target.get(..8).filter(|scheme| scheme.eq_ignore_ascii_case("https://")));
    let target = match scheme {
        Some(scheme) => {
            let behind = &target[scheme.len()..];
            behind.find(['/', '?']).map_or("", |i| &behind[i..])
        }
        None => target,
    };
    let path = target.split('?').next().unwrap_or_default();
    if path.is_empty() { "/" } else { path }
}

/// What follows the path in a target.
pub(super) fn query(target: &str) -> &str {
    target.split_once('?').map_or("", |(_, query)| query)
}

/// The value of the `Host` field, if it is one; who parses heads himself has seen to that.
#[cfg(feature = "tiny_http")]
pub(super) fn host(value: &[u8]) -> &str {
    if value.iter().all(|&byte| is_of_host(byte)) { text(value) } else { "" }
}

/// The value of a field, if it is text; else it says nothing to us.
fn text(value: &[u8]) -> &str {
    std::str::from_utf8(value).unwrap_or_default()
}

/// The last member of a list: each proxy adds its own behind those before.
pub(super) fn last(list: &[u8]) -> &str {
    text(list.rsplit(|&byte| byte == b',').next().unwrap_or_default()).trim()
}
