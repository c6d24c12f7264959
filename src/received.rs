//! JSON that others send: any value is accepted, and only what an answer needs is kept.
//!
//! Hand-written visitors read it. So an error can name the mismatch (`point: expected a string, found a number`),
//! and a message is read without copying it. What is skipped may be as deep as it is long.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;

use memchr::memchr;
pub use serde::de::MapAccess;
use serde::de::{Deserialize, Deserializer, IgnoredAny, SeqAccess, Visitor};
use serde_json::Number;

/// Any JSON value. Only the parts that we need are kept.
#[derive(Default)]
pub enum Json<'a, O = Unread> {
    /// There is no such member.
    #[default]
    Missing,
    /// `null`
    Null,
    /// `true` or `false`
    Boolean,
    /// A number.
    Number(Number),
    /// A string.
    Text(Cow<'a, str>),
    /// An array, which is skipped.
    Array,
    /// An object, with the fields that are read.
    Object(O),
}

impl<O> Json<'_, O> {
    /// What it is, for a message.
    pub fn kind(&self) -> &'static str {
        match self {
            Json::Missing => "nothing",
            Json::Null => "null",
            Json::Boolean => "a boolean",
            Json::Number(_) => "a number",
            Json::Text(_) => "a string",
            Json::Array => "an array",
            Json::Object(_) => "an object",
        }
    }
}

/// An object that reads the fields it knows. If a name occurs twice, the last value counts.
pub trait Fields<'de>: Default {
    /// Reads the value of the field `name`, or skips it.
    ///
    /// # Errors
    ///
    /// The value is not JSON.
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error>;
}

/// The fields of an object that are skipped.
#[derive(Default)]
pub struct Unread;

/// Says that a field is not of the kind that was expected.
pub fn mismatch<O>(field: &str, expected: &str, found: &Json<'_, O>) -> String {
    format!("{field}: expected {expected}, found {}", found.kind())
}

/// An object that may be missing or null, which means the same as an empty one.
///
/// # Errors
///
/// It is neither: the message of [`mismatch`].
pub fn optional<O: Default>(field: &str, found: Json<'_, O>) -> Result<O, String> {
    match found {
        Json::Object(object) => Ok(object),
        Json::Missing | Json::Null => Ok(O::default()),
        _ => Err(mismatch(field, "an object", &found)),
    }
}

/// How [`mended`] writes what it has mended.
pub const MENDED: &str = "\\ufffd";

/// The text with U+FFFD in place of each half of a surrogate pair (`\ud83d`). Python writes such halves if a user
/// has typed one or a growing text was cut there. JSON allows them, Unicode and the parser do not, and no user's
/// message should fail for that.
pub fn mended(body: &[u8]) -> Cow<'_, [u8]> {
    const HALF: Range<u16> = 0xd800..0xe000;
    const SECOND: Range<u16> = 0xdc00..0xe000;
    let mut mended = Cow::Borrowed(body);
    let unit = |at: usize| {
        let digits = body.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut at = 0;
    while let Some(next) = memchr(b'\\', &body[at..]) {
        at += next;
        at += match unit(at) {
            Some(half) if HALF.contains(&half) => {
                let pair = !SECOND.contains(&half) && unit(at + 6).is_some_and(|half| SECOND.contains(&half));
                if !pair {
                    mended.to_mut()[at..at + 6].copy_from_slice(MENDED.as_bytes());
                }
                if pair { 12 } else { 6 }
            }
            // An escaped backslash has two bytes.
            _ => 2,
        };
        at = at.min(body.len());
    }
    mended
}

impl<'de> Fields<'de> for Unread {
    fn read_field<A: MapAccess<'de>>(&mut self, _: &str, map: &mut A) -> Result<(), A::Error> {
        map.next_value().map(|IgnoredAny| ())
    }
}

impl<'de, O: Fields<'de>> Deserialize<'de> for Json<'de, O> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Any(PhantomData))
    }
}

/// Accepts any JSON value.
struct Any<O>(PhantomData<O>);

impl<'de, O: Fields<'de>> Visitor<'de> for Any<O> {
    type Value = Json<'de, O>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self::Value, E> {
        Ok(Json::Boolean)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Json::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        // All numbers in JSON are finite.
        Ok(Number::from_f64(number).map_or(Json::Null, Json::Number))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Json::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while let Some(IgnoredAny) = seq.next_element()? {}
        Ok(Json::Array)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = O::default();
        while let Some(name) = map.next_key::<Json<'de>>()? {
            match name {
                Json::Text(name) => object.read_field(&name, &mut map)?,
                _ => Unread.read_field("", &mut map)?,
            }
        }
        Ok(Json::Object(object))
    }
}
