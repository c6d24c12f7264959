//! The weather as tools for assistants, by the Model Context Protocol (MCP). No sockets.
//!
//! Each message is answered by itself: there are no sessions. Two generations of the protocol are served. A
//! *legacy* client sends `initialize` first and names a version there. A *modern* client (2026-07-28) repeats
//! version, method and tool in each message and in the head of its request, where both have to agree.
//!
//! Source: the specification at modelcontextprotocol.io, versions 2024-11-05 to 2026-07-28.

mod message;
mod tools;

use std::borrow::Cow;
use std::io::Write as _;

use self::message::{Arguments, Message, Params};
use self::tools::{Outcome, Tool};
use crate::answer;
use crate::http::Status;
use crate::json::write_text;
use crate::reading::Snapshot;
use crate::received::{Json, MENDED, mended, mismatch, optional};
use crate::time::Timestamp;

/// The version of modern clients.
const MODERN: &str = "2026-07-28";

/// The versions that begin with `initialize`, the newest first.
const LEGACY: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];

/// What an answer is made from.
pub struct Context<'a> {
    /// The readings.
    pub snapshot: &'a Snapshot,
    /// The moment of the call.
    pub now: Timestamp,
    /// How the text of the weather is written.
    pub options: &'a answer::Options,
}

/// What the head of the request says about the message in its body: the values of the three fields.
#[derive(Clone, Copy, Debug, Default)]
pub struct Fields<'a> {
    /// `MCP-Protocol-Version`
    pub version: Option<&'a [u8]>,
    /// `Mcp-Method`
    pub method: Option<&'a [u8]>,
    /// `Mcp-Name`
    pub name: Option<&'a [u8]>,
}

/// The answer to a message.
#[derive(Debug, PartialEq)]
pub struct Reply {
    /// The status, on which clients depend, too.
    pub status: Status,
    /// JSON, or nothing with [`Status::Accepted`].
    pub body: Vec<u8>,
}

/// The generation of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Legacy,
    Modern,
}

/// Why a message has no result.
#[derive(Debug, PartialEq)]
enum Fault {
    NotJson(String),
    Invalid(String),
    UnknownMethod,
    WrongParams(String),
    UnknownTool(String),
    /// The field of the head that contradicts the body.
    Contradiction(&'static str),
    /// The version that was asked for.
    UnknownVersion(String),
}

impl Fault {
    /// The code of JSON-RPC 2.0, section 5.1, or of the protocol.
    fn code(&self) -> i32 {
        match self {
            Fault::NotJson(_) => -32700,
            Fault::Invalid(_) => -32600,
            Fault::UnknownMethod => -32601,
            Fault::WrongParams(_) | Fault::UnknownTool(_) => -32602,
            Fault::Contradiction(_) => -32020,
            Fault::UnknownVersion(_) => -32022,
        }
    }

    /// Some clients, Dify among them, show a body with the status 200 only.
    fn status(&self, era: Era) -> Status {
        match (self, era) {
            (Fault::UnknownTool(_), _) | (Fault::UnknownMethod | Fault::WrongParams(_), Era::Legacy) => {
                Status::Ok
            }
            (Fault::UnknownMethod, Era::Modern) => Status::NotFound,
            _ => Status::BadRequest,
        }
    }

    fn message(&self) -> Cow<'_, str> {
        match self {
            Fault::NotJson(why) => format!("body is not JSON: {why}").into(),
            Fault::Invalid(why) | Fault::WrongParams(why) => why.into(),
            Fault::UnknownMethod => "Method not found".into(),
            Fault::UnknownTool(name) => format!("Unknown tool: {name}").into(),
            Fault::Contradiction(field) => format!("Header mismatch: {field}").into(),
            Fault::UnknownVersion(_) => "Unsupported protocol version".into(),
        }
    }
}

/// Answers the message in the body of a request with these fields.
pub fn answer(body: &[u8], fields: &Fields<'_>, context: &Context<'_>) -> Reply {
    let mut json = Vec::with_capacity(CAPACITY);
    // Some programs write a byte order mark in front (RFC 8259, section 8.1).
    let body = mended(body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body));
    let mut request = Request { id: None, era: Era::Legacy, is_mended: matches!(body, Cow::Owned(_)) };
    let status = match request.answer(&body, fields, context, &mut json) {
        Ok(status) => status,
        Err(fault) => {
            json.clear();
            request.write_fault(&fault, &mut json);
            fault.status(request.era)
        }
    };
    Reply { status, body: json }
}

/// Space for the answer about a station that reports everything, in bytes: one allocation is enough.
const CAPACITY: usize = 3 * 1024;

/// What is known of a request while it is read.
struct Request<'a> {
    /// As it was written in the message.
    id: Option<Cow<'a, str>>,
    era: Era,
    /// Whether its text is not quite as it came.
    is_mended: bool,
}

impl Request<'_> {
    /// Writes the result, if there is one.
    fn answer(
        &mut self,
        body: &[u8],
        fields: &Fields<'_>,
        context: &Context<'_>,
        json: &mut Vec<u8>,
    ) -> Result<Status, Fault> {
        let Message { version, id, method, params, is_response } = message(body)?;
        // It would not go back as it came.
        if self.is_mended && id.is_some_and(|id| id.contains(MENDED)) {
            return Err(Fault::NotJson("half a surrogate pair in the id".to_owned()));
        }
        self.id = id.filter(|id| message::is_id(id)).map(|id| Cow::Owned(id.to_owned()));
        if !matches!(&version, Json::Text(version) if version == "2.0") {
            return Err(Fault::Invalid(r#"jsonrpc: expected "2.0""#.to_owned()));
        }
        if is_response && matches!(method, Json::Missing) {
            return Ok(Status::Accepted);
        }
        let Json::Text(method) = method else {
            return Err(Fault::Invalid(mismatch("method", "a string", &method)));
        };
        // Nobody waits for an answer to a notification, whatever is wrong with it.
        if id.is_none() {
            return Ok(Status::Accepted);
        }
        let params: Params<'_> = optional("params", params).map_err(Fault::Invalid)?;
        if self.id.is_none() {
            return Err(Fault::Invalid("id: expected a string or an integer".to_owned()));
        }
        self.era = era(&method, &params, fields)?;
        if self.era == Era::Modern {
            agree(&method, &params, fields)?;
        }
        self.write_result(&method, params, context, json)?;
        Ok(Status::Ok)
    }

    /// `{"jsonrpc":"2.0","id":0`
    fn write_start(&self, json: &mut Vec<u8>) {
        json.extend_from_slice(br#"{"jsonrpc":"2.0""#);
        if let Some(id) = &self.id {
            json.extend_from_slice(br#","id":"#);
            json.extend_from_slice(id.as_bytes());
        }
    }

    fn write_result(
        &self,
        method: &str,
        params: Params<'_>,
        context: &Context<'_>,
        json: &mut Vec<u8>,
    ) -> Result<(), Fault> {
        self.write_start(json);
        json.extend_from_slice(br#","result":{"#);
        if self.era == Era::Modern {
            json.extend_from_slice(br#""resultType":"complete","#);
        }
        match (self.era, method) {
            (Era::Legacy, "initialize") => write_initialized(&params, json),
            (Era::Legacy, "ping") => {}
            (Era::Modern, "server/discover") => write_discovery(json),
            (era, "tools/list") => {
                tools::write_list(json);
                if era == Era::Modern {
                    json.extend_from_slice(CACHING);
                }
            }
            (_, "tools/call") => write_call(params, context, json)?,
            _ => return Err(Fault::UnknownMethod),
        }
        if self.era == Era::Modern {
            json.extend_from_slice(br#","_meta":{"io.modelcontextprotocol/serverInfo":"#);
            json.extend_from_slice(SERVER.as_bytes());
            json.push(b'}');
        }
        json.extend_from_slice(b"}}");
        Ok(())
    }

    fn write_fault(&self, fault: &Fault, json: &mut Vec<u8>) {
        self.write_start(json);
        // Writing into a vector cannot fail.
        let _ = write!(json, ",\"error\":{{\"code\":{},\"message\":", fault.code());
        write_text(&fault.message(), json);
        if let Fault::UnknownVersion(requested) = fault {
            json.extend_from_slice(br#","data":{"supported":"#);
            write_versions(json);
            json.extend_from_slice(br#","requested":"#);
            write_text(requested, json);
            json.push(b'}');
        }
        json.extend_from_slice(b"}}");
    }
}

fn message(body: &[u8]) -> Result<Message<'_>, Fault> {
    let found: Json<'_, Message<'_>> =
        serde_json::from_slice(body).map_err(|error| Fault::NotJson(error.to_string()))?;
    match found {
        Json::Object(message) => Ok(message),
        // A batch. Only the version 2025-03-26 had it.
        _ => Err(Fault::Invalid(mismatch("body", "one object", &found))),
    }
}

/// The generation of the client. `initialize` belongs to the old one, whatever the head says: some clients send
/// their newest version there.
fn era(method: &str, params: &Params<'_>, fields: &Fields<'_>) -> Result<Era, Fault> {
    let sent = fields.version.map(String::from_utf8_lossy);
    match (&params.meta.version, sent.as_deref()) {
        (Json::Missing, _) if method == "initialize" => Ok(Era::Legacy),
        // Clients of 2024-11-05 and 2025-03-26, and Dify's, send no version.
        (Json::Missing, None) => Ok(Era::Legacy),
        (Json::Missing, Some(MODERN)) => Ok(Era::Modern),
        (Json::Missing, Some(sent)) if LEGACY.contains(&sent) => Ok(Era::Legacy),
        (Json::Missing, Some(sent)) => Err(Fault::UnknownVersion(sent.to_owned())),
        (Json::Text(version), Some(sent)) if version == sent && LEGACY.contains(&sent) => Ok(Era::Legacy),
        _ => Ok(Era::Modern),
    }
}

/// Checks that head and body of a modern request agree: something on its way may have looked at the head only.
fn agree(method: &str, params: &Params<'_>, fields: &Fields<'_>) -> Result<(), Fault> {
    let Json::Text(version) = &params.meta.version else {
        return Err(Fault::WrongParams(mismatch(message::VERSION, "a string", &params.meta.version)));
    };
    if fields.version != Some(version.as_bytes()) {
        return Err(Fault::Contradiction("MCP-Protocol-Version"));
    }
    if version != MODERN {
        return Err(Fault::UnknownVersion(version.to_string()));
    }
    if !matches!(params.meta.capabilities, Json::Object(_)) {
        let found = &params.meta.capabilities;
        return Err(Fault::WrongParams(mismatch(message::CAPABILITIES, "an object", found)));
    }
    if fields.method != Some(method.as_bytes()) {
        return Err(Fault::Contradiction("Mcp-Method"));
    }
    match &params.name {
        Json::Text(name) if method == "tools/call" => {
            let sent = fields.name.and_then(message::decoded);
            let is_same = sent.is_some_and(|sent| *sent == *name.as_bytes());
            if is_same { Ok(()) } else { Err(Fault::Contradiction("Mcp-Name")) }
        }
        _ => Ok(()),
    }
}

/// The name is what Home Assistant calls the server.
const SERVER: &str =
    concat!(r#"{"name":"weatherhook","title":"Weather","version":""#, env!("CARGO_PKG_VERSION"), r#""}"#);

/// The same for all clients, until the program is replaced by another version: an hour.
const CACHING: &[u8] = br#","ttlMs":3600000,"cacheScope":"public""#;

/// For the system prompt of the assistant.
const INSTRUCTIONS: &str = "Measurements of weather stations that stand where this server is, of now and of past days. There are no forecasts.";

fn write_initialized(params: &Params<'_>, json: &mut Vec<u8>) {
    let asked = match &params.version {
        Json::Text(version) => LEGACY.into_iter().find(|known| known == version),
        _ => None,
    };
    let version = asked.unwrap_or(LEGACY[0]);
    // Writing into a vector cannot fail.
    let _ = write!(
        json,
        r#""protocolVersion":"{version}","capabilities":{{"tools":{{}}}},"serverInfo":{SERVER},"instructions":"{INSTRUCTIONS}""#
    );
}

fn write_discovery(json: &mut Vec<u8>) {
    json.extend_from_slice(br#""supportedVersions":"#);
    write_versions(json);
    // Writing into a vector cannot fail.
    let _ = write!(json, r#","capabilities":{{"tools":{{}}}},"instructions":"{INSTRUCTIONS}""#);
    json.extend_from_slice(CACHING);
}

fn write_versions(json: &mut Vec<u8>) {
    let _ = write!(json, "[\"{MODERN}\",\"{}\"]", LEGACY.join("\",\""));
}

/// The longest name of a tool that an error repeats, in characters. The protocol allows 128.
const SHOWN_NAME: usize = 128;

fn write_call(params: Params<'_>, context: &Context<'_>, json: &mut Vec<u8>) -> Result<(), Fault> {
    let Json::Text(name) = &params.name else {
        return Err(Fault::WrongParams(mismatch("params.name", "a string", &params.name)));
    };
    let Some(tool) = Tool::named(name) else {
        return Err(Fault::UnknownTool(name.chars().take(SHOWN_NAME).collect()));
    };
    // Models write an empty text for no arguments. What is wrong with their arguments they can correct themselves.
    let outcome = match params.arguments {
        Json::Text(nothing) if nothing.is_empty() => tool.call(&Arguments::default(), context),
        arguments => match optional("arguments", arguments) {
            Ok(arguments) => tool.call(&arguments, context),
            Err(why) => Outcome::Failure(why),
        },
    };
    match outcome {
        Outcome::Report { text, data } => {
            json.extend_from_slice(br#""content":[{"type":"text","text":"#);
            let start = json.len();
            write_text(&text, json);
            let written = start..json.len();
            // Some assistants show the model the text only, others the data only, so both have all of it.
            json.extend_from_slice(br#"}],"structuredContent":{"report":"#);
            json.extend_from_within(written);
            json.extend_from_slice(&data);
            json.extend_from_slice(br#"},"isError":false"#);
        }
        Outcome::Failure(text) => {
            json.extend_from_slice(br#""content":[{"type":"text","text":"#);
            write_text(&text, json);
            json.extend_from_slice(br#"}],"isError":true"#);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
