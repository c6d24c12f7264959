//! The messages of JSON-RPC, and what their requests repeat in the head.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::base64;
use crate::received::{Fields, Json, MapAccess, Unread};

/// Where a modern message names its version, and what its client can do.
pub(super) const VERSION: &str = "io.modelcontextprotocol/protocolVersion";
pub(super) const CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// `{"jsonrpc": "2.0", "id": …, "method": …, "params": …}`
#[derive(Default)]
pub(super) struct Message<'a> {
    pub(super) version: Json<'a>,
    /// As it is written: it goes back as it came.
    pub(super) id: Option<&'a str>,
    pub(super) method: Json<'a>,
    pub(super) params: Json<'a, Params<'a>>,
    /// Whether it has a `result` or an `error`.
    pub(super) is_response: bool,
}

/// The parameters of all methods. What others there are makes no difference.
#[derive(Default)]
pub(super) struct Params<'a> {
    /// The name of a tool.
    pub(super) name: Json<'a>,
    pub(super) arguments: Json<'a, Arguments<'a>>,
    /// The version that `initialize` asks for.
    pub(super) version: Json<'a>,
    pub(super) meta: Meta<'a>,
}

/// What a modern message says about its client.
#[derive(Default)]
pub(super) struct Meta<'a> {
    pub(super) version: Json<'a>,
    pub(super) capabilities: Json<'a>,
}

/// The arguments of all tools. Unknown ones are ignored: some clients add their own.
#[derive(Default)]
pub(super) struct Arguments<'a> {
    pub(super) location: Json<'a>,
    pub(super) from: Json<'a>,
    pub(super) to: Json<'a>,
}

impl<'de> Fields<'de> for Message<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "jsonrpc" => self.version = map.next_value()?,
            "id" => self.id = Some(map.next_value::<&RawValue>()?.get()),
            "method" => self.method = map.next_value()?,
            "params" => self.params = map.next_value()?,
            "result" | "error" => {
                self.is_response = true;
                Unread.read_field(name, map)?;
            }
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Params<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "name" => self.name = map.next_value()?,
            "arguments" => self.arguments = map.next_value()?,
            "protocolVersion" => self.version = map.next_value()?,
            "_meta" => match map.next_value()? {
                Json::Object(meta) => self.meta = meta,
                _ => self.meta = Meta::default(),
            },
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Meta<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            VERSION => self.version = map.next_value()?,
            CAPABILITIES => self.capabilities = map.next_value()?,
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Arguments<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "location" => self.location = map.next_value()?,
            "from" => self.from = map.next_value()?,
            "to" => self.to = map.next_value()?,
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}

/// Whether a JSON value can be the id of a request: a string or an integer, of any length.
pub(super) fn is_id(json: &str) -> bool {
    let digits = json.strip_prefix('-').unwrap_or(json);
    json.starts_with('"') || (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// The value of a field of the head. What cannot stand there is written in Base64 (RFC 4648, section 4):
/// `=?base64?TWFpbno=?=`. `None` for one that is not.
pub(super) fn decoded(value: &[u8]) -> Option<Cow<'_, [u8]>> {
    let value = value.trim_ascii();
    let coded = value.strip_prefix(b"=?base64?").and_then(|rest| rest.strip_suffix(b"?="));
    coded.map_or(Some(Cow::Borrowed(value)), |coded| base64(coded).map(Cow::Owned))
}

fn base64(coded: &[u8]) -> Option<Vec<u8>> {
    let padding = coded.iter().rev().take_while(|&&byte| byte == b'=').count();
    if coded.len() % 4 != 0 || padding > 2 {
        return None;
    }
    base64::decode(&coded[..coded.len() - padding])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_integers_are_ids() {
        for id in ["0", "-1", "12345678901234567890123", r#""""#, r#""a""#] {
            assert!(is_id(id), "{id}");
        }
        for other in ["null", "true", "1.0", "1e3", "-", "[1]", "{}"] {
            assert!(!is_id(other), "{other}");
        }
    }

    #[test]
    fn fields_are_decoded() {
        #[track_caller]
        fn check(value: &str, expected: Option<&str>) {
            assert_eq!(decoded(value.as_bytes()).as_deref(), expected.map(str::as_bytes), "{value}");
        }
        check(" get_weather\t", Some("get_weather"));
        check("=?base64?Z2V0X3dlYXRoZXI=?=", Some("get_weather"));
        check("=?base64?5rip5bqm?=", Some("温度"));
        check("=?base64?Zg==?=", Some("f"));
        check("=?base64??=", Some(""));
        check("=?base64?Zg?=", None);
        check("=?base64?Zg=?=", None);
        check("=?base64?Z===?=", None);
        check("=?base64?====?=", None);
        check("=?base64?Z%==?=", None);
        check("=?base64?=", Some("=?base64?="));
    }
}
