//! The head of a request: where it ends and what it says (RFC 9112, sections 2 to 6).
//!
//! Strict wherever two readers of the same bytes could disagree about where a request ends:
//! behind a tunnel or a proxy such a difference lets one client speak in another's name.

use std::mem::MaybeUninit;
use std::net::Ipv6Addr;

use memchr::memchr;

use super::{MAX_BODY, Status};
use crate::socket::Peer;

/// Room for the head: browsers and proxies send 1 to 2 KiB, and nginx and Apache allow a field 8 KiB.
pub(super) const MAX_HEAD: usize = 8 * 1024;

/// Fields in a head: Dify sends 8, and a chain of proxies adds a dozen.
const MAX_FIELDS: usize = 64;

/// A field of a head: its name as sent, and its value without the blanks around it.
pub(super) type Field<'h> = httparse::Header<'h>;

/// What the head of a request says to a service.
#[derive(Clone, Copy, Debug)]
pub struct Head<'h> {
    /// The method, as sent: methods are case-sensitive (RFC 9110, section 9.1).
    pub method: &'h str,
    /// The path without query, as sent, never empty.
    pub path: &'h str,
    /// What follows the `?` behind the path, as sent.
    pub query: &'h str,
    /// The other end of the connection.
    pub peer: Peer,
    /// The host and perhaps a port, where the target is in absolute form.
    authority: Option<&'h str>,
    fields: &'h [Field<'h>],
    /// Instead of `fields`, where the head itself is gone.
    kept: &'h [KeptField],
}

/// Name and value of a field that is kept.
type KeptField = (&'static str, Vec<u8>);

impl<'h> Head<'h> {
    /// `target` is the second word of the request line: path and query.
    pub(super) fn new(method: &'h str, target: &'h str, fields: &'h [Field<'h>], peer: Peer) -> Head<'h> {
        let (authority, target) = split_authority(target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let path = if path.is_empty() { "/" } else { path };
        Head { method, path, query, peer, authority, fields, kept: &[] }
    }

    /// The values of all fields with this name, in their order.
    pub fn fields(&self, name: &str) -> impl DoubleEndedIterator<Item = &'h [u8]> {
        // Most fields have another name, which their lengths say.
        let is_named = move |known: &str| known.len() == name.len() && known.eq_ignore_ascii_case(name);
        let sent = self.fields.iter().filter(move |field| is_named(field.name)).map(|field| field.value);
        let kept = self.kept.iter().filter(move |(known, _)| is_named(known)).map(|(_, value)| &**value);
        sent.chain(kept)
    }

    /// The value of a field that is there exactly once. Where it is there twice, a proxy before us may have
    /// looked at the other one.
    pub fn field(&self, name: &str) -> Option<&'h [u8]> {
        let mut values = self.fields(name);
        values.next().filter(|_| values.next().is_none())
    }

    /// The host that the client asked for, perhaps with a port. `None` if it sent none (HTTP/1.0). The one in the
    /// target counts (RFC 9112, section 3.2.2).
    pub fn host(&self) -> Option<&'h str> {
        let host = self.authority.map(str::as_bytes).or_else(|| self.field("host"));
        let host = host.filter(|host| is_host(host))?;
        std::str::from_utf8(host).ok().filter(|host| !host.is_empty())
    }

    /// What has to be known of the head when the body is there, with the fields of these names.
    pub fn keep(&self, names: &[&'static str]) -> KeptHead {
        let named = |&name| self.fields(name).map(move |value| (name, value.to_owned()));
        let fields = names.iter().flat_map(named).collect();
        KeptHead { query: self.query.to_owned(), peer: self.peer, fields }
    }
}

/// What is kept of a head until the body is there. The head itself lies in a buffer that all connections use.
#[derive(Debug)]
pub struct KeptHead {
    query: String,
    peer: Peer,
    fields: Vec<KeptField>,
}

impl KeptHead {
    /// The head with what was kept: without method, path and most fields, which `admit` has seen.
    pub fn as_head(&self) -> Head<'_> {
        Head {
            method: "",
            path: "",
            query: &self.query,
            peer: self.peer,
            authority: None,
            fields: &[],
            kept: &self.fields,
        }
    }
}

/// Why a request cannot be read. It ends its connection: where the next one begins is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed {
    pub(super) status: Status,
    pub(super) detail: &'static str,
}

impl Malformed {
    pub(super) fn new(detail: &'static str) -> Malformed {
        Malformed { status: Status::BadRequest, detail }
    }

    pub(super) fn incomplete() -> Malformed {
        Malformed::new("the request is incomplete")
    }

    pub(super) fn body_too_large() -> Malformed {
        const { assert!(MAX_BODY == 1024 * 1024) };
        Malformed { status: Status::ContentTooLarge, detail: "body too large: at most 1 MiB" }
    }

    pub(super) fn head_too_large() -> Malformed {
        const { assert!(MAX_HEAD == 8 * 1024 && MAX_FIELDS == 64) };
        Malformed {
            status: Status::RequestHeaderFieldsTooLarge,
            detail: "head too large: at most 8 KiB and 64 fields",
        }
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
    if within.len() < MAX_HEAD {
        return Ok(None);
    }
    let is_one_line = memchr(b'\n', within).is_none();
    Err(if is_one_line && within.contains(&b' ') {
        Malformed {
            status: Status::UriTooLong,
            detail: "target too long: at most 8 KiB with the rest of the head",
        }
    } else {
        Malformed::head_too_large()
    })
}

/// Room for the fields of a head. Nothing is written there before a field is.
pub(super) struct FieldBuffer<'h>([MaybeUninit<Field<'h>>; MAX_FIELDS]);

impl FieldBuffer<'_> {
    pub(super) fn new() -> Self {
        FieldBuffer([const { MaybeUninit::uninit() }; MAX_FIELDS])
    }
}

/// A head of HTTP/1.2 to 1.9 as one of 1.1. The parser does not know these versions, and a client that speaks one of
/// them understands 1.1, too (RFC 9110, section 2.5).
pub(super) fn of_later_version(head: &[u8]) -> Option<Vec<u8>> {
    let line = memchr(b'\r', head)?;
    let is_later = matches!(&head[..line], [.., b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'2'..=b'9']);
    is_later.then(|| [&head[..line - 1], b"1", &head[line..]].concat())
}

/// Why the parser does not like what stands behind the target.
fn bad_version(rest: &[u8]) -> Malformed {
    match rest {
        [b'H', b'T', b'T', b'P', b'/', b'0'..=b'9', b'.', b'0'..=b'9', b'\r', b'\n', ..] => {
            let detail = "expected HTTP/1.1 or HTTP/1.0";
            Malformed { status: Status::HttpVersionNotSupported, detail }
        }
        _ => Malformed::new("head: bad request line"),
    }
}

/// Reads a whole head, its empty line included.
pub(super) fn parse<'h>(
    bytes: &'h [u8],
    buffer: &'h mut FieldBuffer<'h>,
    peer: Peer,
) -> Result<Parsed<'h>, Malformed> {
    let mut request = httparse::Request::new(&mut []);
    let parsed = request.parse_with_uninit_headers(bytes, &mut buffer.0);
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Err(Malformed::new("head: bad request line"));
    };
    let end = parsed.map_err(|error| match error {
        httparse::Error::TooManyHeaders => Malformed::head_too_large(),
        httparse::Error::Version => {
            bad_version(bytes.get(method.len() + target.len() + 2..).unwrap_or_default())
        }
        httparse::Error::HeaderName => Malformed::new("head: bad field name"),
        httparse::Error::HeaderValue => Malformed::new("head: bad field value"),
        httparse::Error::NewLine => Malformed::new("head: a line ends with CR LF"),
        _ => Malformed::new("head: bad request line"),
    })?;
    let minor = request.version.unwrap_or(1);
    let fields: &[_] = request.headers;
    if end != httparse::Status::Complete(bytes.len()) {
        return Err(Malformed::new("head: an empty line in the wrong place"));
    }
    let head = Head::new(method, target, fields, peer);
    if head.authority.is_some_and(|host| host.is_empty() || !is_host(host.as_bytes())) {
        return Err(Malformed::new("target: expected a host and perhaps a port"));
    }

    let mut hosts = 0;
    let mut length = None;
    let (mut chunked, mut is_encoded) = (None, false);
    let mut expects_continue = false;
    let (mut close, mut keep_alive) = (false, false);
    for &Field { name, value } in fields {
        // Most fields are none of ours, which their lengths show.
        let is = |known: &str| name.len() == known.len() && name.eq_ignore_ascii_case(known);
        if is("host") {
            if !is_host(value) {
                return Err(Malformed::new("Host: expected a host and perhaps a port"));
            }
            hosts += 1;
        } else if is("content-length") {
            if length.replace(content_length(value)?).is_some() {
                return Err(Malformed::new("Content-Length: given twice"));
            }
        } else if is("transfer-encoding") {
            codings(value, &mut chunked, &mut is_encoded)?;
        } else if is("expect") {
            if !value.eq_ignore_ascii_case(b"100-continue") {
                let detail = "Expect: only 100-continue is known";
                return Err(Malformed { status: Status::ExpectationFailed, detail });
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
    if is_encoded && chunked == Some(true) {
        let detail = "Transfer-Encoding: only chunked is known";
        return Err(Malformed { status: Status::NotImplemented, detail });
    }
    if chunked == Some(false) {
        return Err(Malformed::new("Transfer-Encoding: expected chunked, once and last"));
    }
    let framing = match (length, chunked.is_some()) {
        (Some(_), true) => {
            return Err(Malformed::new("Content-Length and Transfer-Encoding exclude each other"));
        }
        (None, true) if minor == 0 => return Err(Malformed::new("Transfer-Encoding: unknown to HTTP/1.0")),
        (None, true) => Framing::Chunked,
        (length, false) => Framing::Length(length.unwrap_or(0)),
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

/// Reads a list of transfer codings, in which empty members are ignored (RFC 9110, section 5.6.1). `chunked`: there is
/// one, and whether the last of them is `chunked`; `is_encoded`: there are others.
fn codings(value: &[u8], chunked: &mut Option<bool>, is_encoded: &mut bool) -> Result<(), Malformed> {
    *chunked = chunked.or(Some(false));
    for coding in
        value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).filter(|coding| !coding.is_empty())
    {
        let name = coding.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next().unwrap_or_default();
        if name.is_empty() || !name.iter().all(|&byte| is_token(byte)) || *chunked == Some(true) {
            return Err(Malformed::new("Transfer-Encoding: expected chunked, once and last"));
        }
        *chunked = Some(coding.eq_ignore_ascii_case(b"chunked"));
        *is_encoded |= *chunked == Some(false);
    }
    Ok(())
}

/// Whether a byte can stand in a token (RFC 9110, section 5.6.2).
pub(super) fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Whether a value is a host and perhaps a port (RFC 9110, section 7.2). The grammar also has a comma, by which another
/// reader could take one host for two.
fn is_host(value: &[u8]) -> bool {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    let Some(end) = value.iter().position(|byte| !is_plain(byte)) else { return true };
    let (host, port) = if value[0] == b'[' {
        let end = value.iter().position(|&byte| byte == b']').unwrap_or(0);
        value.split_at(end + 1)
    } else {
        value.split_at(memchr(b':', &value[end..]).map_or(value.len(), |colon| end + colon))
    };
    let is_port = |digits: &[u8]| content_length(digits).is_ok_and(|port| port <= u16::MAX.into());
    let is_good_port = match port {
        [] | [b':'] => true,
        [b':', digits @ ..] => is_port(digits),
        _ => false,
    };
    is_good_port && (host.len() == end || is_name_or_ipv6(host))
}

fn is_name_or_ipv6(host: &[u8]) -> bool {
    if let [b'[', address @ .., b']'] = host {
        return std::str::from_utf8(address).is_ok_and(|address| address.parse::<Ipv6Addr>().is_ok());
    }
    let is_named = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+;=".contains(byte);
    let is_hex = |digits: &[u8]| digits.iter().all(u8::is_ascii_hexdigit);
    let mut codes = host.split(|&byte| byte == b'%').skip(1);
    host.iter().all(is_named) && codes.all(|rest| rest.get(..2).is_some_and(is_hex))
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

/// The authority of a target in absolute form (RFC 9112, section 3.2.2), and what follows it.
fn split_authority(target: &str) -> (Option<&str>, &str) {
    let is_scheme =
        |scheme: &&str| scheme.eq_ignore_ascii_case("http://") || scheme.eq_ignore_ascii_case("https://");
    // Nearly all targets are paths.
    let scheme = match target.starts_with('/') {
        true => None,
        false => target.get(..7).filter(is_scheme).or(target.get(..8).filter(is_scheme)),
    };
    let Some(scheme) = scheme else { return (None, target) };
    let behind = &target[scheme.len()..];
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    (Some(&behind[..end]), &behind[end..])
}
