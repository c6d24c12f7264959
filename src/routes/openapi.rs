//! `/openapi.json`: the document that describes `/weather` to other tools.

use std::borrow::Cow;

use super::Request;
use crate::http::{Head, Response};
use crate::socket::Peer;

/// OpenAPI 3.1, with the placeholders [`SERVER`] and [`VERSION`].
const SOURCE: &[u8] = include_bytes!("openapi.json");

/// The same without line ends and indentation, which are a quarter of it: clients without a key may fetch it.
const DOCUMENT: &str = match std::str::from_utf8(&joined::<{ joined::<{ SOURCE.len() }>().1 }>().0) {
    Ok(text) => text,
    Err(_) => "",
};

/// The lines of the source as one, and its length. No string of JSON has a line end inside.
const fn joined<const N: usize>() -> ([u8; N], usize) {
    let mut text = [0; N];
    let (mut from, mut to, mut is_indent) = (0, 0, false);
    while from < SOURCE.len() {
        let byte = SOURCE[from];
        is_indent = byte == b'\n' || (is_indent && byte == b' ');
        if !is_indent {
            text[to] = byte;
            to += 1;
        }
        from += 1;
    }
    (text, to)
}

const SERVER: &str = r#""SERVER""#;
const VERSION: &str = r#""VERSION""#;

pub(super) fn answer(request: &Request<'_>) -> Response {
    let public_url = request.settings.public_url.as_deref();
    let server = public_url.map_or_else(|| server(&request.head).into(), Cow::from);
    Response::json(document(&server).into_bytes())
}

/// The document of a server with this URL.
fn document(server: &str) -> String {
    let text = |text: &str| serde_json::to_string(text).unwrap_or_default();
    DOCUMENT.replacen(SERVER, &text(server), 1).replacen(VERSION, &text(env!("CARGO_PKG_VERSION")), 1)
}

/// The URL with which a client has reached us. A client on this board, such as a tunnel, may say that it serves
/// https to the public; other clients are not trusted in this.
fn server(head: &Head<'_>) -> String {
    let is_local = match head.peer {
        Peer::Tcp(address) => address.ip().to_canonical().is_loopback(),
        Peer::Unix => true,
    };
    let is_https = is_local && forwarded_proto(head).eq_ignore_ascii_case(b"https");
    let host = head.host().unwrap_or("localhost");
    format!("{}://{host}", if is_https { "https" } else { "http" })
}

/// The last value of `X-Forwarded-Proto`: each proxy adds its own behind those before.
fn forwarded_proto<'h>(head: &Head<'h>) -> &'h [u8] {
    let list = head.fields("x-forwarded-proto").next_back().unwrap_or_default();
    list.rsplit(|&byte| byte == b',').next().unwrap_or_default().trim_ascii()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_document_names_the_server_whatever_it_is_called() {
        let document: serde_json::Value = serde_json::from_str(&document(r#"https://a"b\c"#)).expect("JSON");
        assert_eq!(document["servers"], json!([{"url": r#"https://a"b\c"#}]));
        assert_eq!(document["info"]["version"], env!("CARGO_PKG_VERSION"));
        assert_eq!(document["openapi"], "3.1.0");
    }
}
