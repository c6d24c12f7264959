//! Dify's API extension: the calls that Dify sends and the answers that it accepts. No HTTP.

use std::borrow::Cow;
use std::io::Write as _;
use std::iter;
use std::ops::Range;

use crate::answer::{self, answer, answer_about};
use crate::endpoints::Point;
use crate::json;
use crate::moderation::{Action, Moderation};
use crate::reading::Snapshot;
use crate::received::{Fields, Json, MapAccess, Unread, mended, mismatch, optional};
use crate::time::Timestamp;

/// Why a call is not answered.
#[derive(Debug, PartialEq)]
pub enum Refusal {
    /// The body is not JSON: the error of the parser.
    NotJson(String),
    /// The body is JSON, but not a call: the field, what was expected and what was found.
    WrongShape(String),
    /// The point is not one of ours.
    NotImplemented,
}

/// What an answer is made from.
pub struct Context<'a> {
    /// The readings.
    pub snapshot: &'a Snapshot,
    /// The moment of the call.
    pub now: Timestamp,
    /// How the answer is written.
    pub options: &'a answer::Options,
    /// The words that no text may contain. Without them no text is flagged.
    pub moderation: Option<&'a Moderation>,
}

/// Answers a call. Returns its point, if that is one of ours, and the JSON of the answer.
pub fn receive(body: &[u8], context: &Context<'_>) -> (Option<Point>, Result<Cow<'static, [u8]>, Refusal>) {
    let mut point = None;
    let answer = answered(body, context, &mut point);
    (point, answer)
}

fn answered(
    body: &[u8],
    &Context { snapshot, now, options, moderation }: &Context<'_>,
    called: &mut Option<Point>,
) -> Result<Cow<'static, [u8]>, Refusal> {
    let body = &*mended(body);
    let call: Json<'_, Call<'_>> =
        serde_json::from_slice(body).map_err(|error| Refusal::NotJson(error.to_string()))?;
    let Json::Object(Call { point, params }) = call else {
        return Err(wrong_shape("body", "an object", &call));
    };
    let Json::Text(point) = point else {
        return Err(wrong_shape("point", "a string", &point));
    };
    let point = Point::named(&point);
    *called = point;
    let params = optional("params", params).map_err(Refusal::WrongShape)?;
    match point.ok_or(Refusal::NotImplemented)? {
        Point::Ping => Ok(Cow::Borrowed(br#"{"result": "pong"}"#)),
        Point::Query => {
            let inputs = optional("params.inputs", params.inputs).map_err(Refusal::WrongShape)?;
            let place = [inputs.location, inputs.city, inputs.place].into_iter().find_map(text);
            let query = text(params.query);
            let (place, query) = (place.as_deref(), query.as_deref());
            let result = match text(inputs.date) {
                None => answer(snapshot, place, query, now, options),
                Some(date) => answer_about(&date, snapshot, place, query, now, options),
            };
            let mut json = Vec::with_capacity(result.len() + 64);
            json.extend_from_slice(b"{\"result\": ");
            json::write_text(&result, &mut json);
            json.push(b'}');
            Ok(json.into())
        }
        Point::ModerationInput => {
            moderate(body, moderation, &[("inputs", Empty::Object), ("query", Empty::Text)])
        }
        Point::ModerationOutput => moderate(body, moderation, &[("text", Empty::Text)]),
    }
}

/// Dify requires an action even if nothing is flagged.
const NOT_FLAGGED: &[u8] = br#"{"flagged": false, "action": "direct_output"}"#;

/// Searches for words that no text may contain.
///
/// Dify replaces everything that it has sent with the answer, so a text without such a word must go back
/// byte for byte. The fields are therefore read as they are written in the body, which is known to be
/// JSON. Parsing them into values would lose digits of numbers and need several times the memory.
fn moderate(
    body: &[u8],
    moderation: Option<&Moderation>,
    fields: &[(&str, Empty)],
) -> Result<Cow<'static, [u8]>, Refusal> {
    let Some(moderation) = moderation else { return Ok(NOT_FLAGGED.into()) };
    // The parser does not check texts that it skips.
    let body = std::str::from_utf8(body).map_err(|_| Refusal::NotJson("invalid UTF-8".to_owned()))?;
    let params = member(body, "params").unwrap_or_default();
    let mut search = moderation.search();
    let widest = match moderation.action() {
        Action::Overridden { mask } => mask.len_utf8().max(2),
        Action::DirectOutput { .. } => 1,
    };
    // Memory that is not written to costs nothing, but a vector that grows exists twice in between.
    let mut json = Vec::with_capacity(body.len().saturating_mul(widest) + 64);
    json.extend_from_slice(br#"{"flagged": true, "action": "overridden""#);
    let mut is_flagged = false;
    for &(name, empty) in fields {
        // A missing field counts as an empty one, but Dify does not accept null in the answer.
        let given = member(params, name).filter(|&given| given != "null").unwrap_or(empty.json());
        if given.as_bytes().first() != empty.json().as_bytes().first() {
            return Err(wrong_shape(&format!("params.{name}"), empty.expected(), &parse(given)));
        }
        // Writing into a vector cannot fail.
        let _ = write!(json, ", \"{name}\": ");
        // The bytes before this are copied.
        let mut done = 0;
        for token in texts(given) {
            // It is always a text, because the JSON is valid.
            let Json::Text(text) = parse(&given[token.clone()]) else { continue };
            match moderation.action() {
                Action::DirectOutput { preset_response } if search.finds(&text) => {
                    return Ok(direct_output(preset_response).into());
                }
                Action::DirectOutput { .. } => {}
                Action::Overridden { mask } => {
                    if let Some(covered) = search.cover(&text, *mask) {
                        is_flagged = true;
                        json.extend_from_slice(&given.as_bytes()[done..token.start]);
                        json::write_text(&covered, &mut json);
                        done = token.end;
                    }
                }
            }
        }
        json.extend_from_slice(&given.as_bytes()[done..]);
    }
    json.push(b'}');
    Ok(if is_flagged { json.into() } else { NOT_FLAGGED.into() })
}

/// The value of a field of a moderation that the call does not have.
#[derive(Clone, Copy)]
enum Empty {
    Object,
    Text,
}

impl Empty {
    fn json(self) -> &'static str {
        match self {
            Empty::Object => "{}",
            Empty::Text => "\"\"",
        }
    }

    fn expected(self) -> &'static str {
        match self {
            Empty::Object => "an object",
            Empty::Text => "a string",
        }
    }
}

fn direct_output(preset_response: &str) -> Vec<u8> {
    let mut json = br#"{"flagged": true, "action": "direct_output", "preset_response": "#.to_vec();
    json::write_text(preset_response, &mut json);
    json.push(b'}');
    json
}

/// Parses a piece of valid JSON.
fn parse(json: &str) -> Json<'_> {
    serde_json::from_slice(json.as_bytes()).unwrap_or_default()
}

/// The value of a member of an object, as it is written in valid JSON. If the name occurs twice, the last
/// value. `None` if `object` is no object.
fn member<'j>(object: &'j str, name: &str) -> Option<&'j str> {
    let mut found = None;
    let mut rest = object.trim_ascii_start().strip_prefix('{')?;
    loop {
        rest = rest.trim_ascii_start();
        if !rest.starts_with('"') {
            return found;
        }
        let (own, behind) = rest.split_at(end_of_text(rest.as_bytes(), 0));
        let value = behind.trim_ascii_start().strip_prefix(':')?.trim_ascii_start();
        let (value, behind) = value.split_at(end_of_value(value.as_bytes()));
        if matches!(parse(own), Json::Text(own) if own == name) {
            found = Some(value.trim_ascii_end());
        }
        rest = behind.strip_prefix(',').unwrap_or_default();
    }
}

/// Where the value at the beginning of `json` ends: before a comma or a closing bracket that is not its
/// own. It is not recursive, because a value may be as deep as it is long.
fn end_of_value(json: &[u8]) -> usize {
    let (mut at, mut depth) = (0, 0_usize);
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => {
                at = end_of_text(json, at);
                continue;
            }
            b'{' | b'[' => depth += 1,
            b',' | b'}' | b']' if depth == 0 => break,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        at += 1;
    }
    at
}

/// Behind the closing quote of the text whose opening quote is at `start`.
fn end_of_text(json: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while json.get(at).is_some_and(|&byte| byte != b'"') {
        at += if json[at] == b'\\' { 2 } else { 1 };
    }
    (at + 1).min(json.len())
}

/// The places of all texts in valid JSON, with their quotes, at any depth. Names of members are left out.
fn texts(json: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = json.as_bytes();
    let mut at = 0;
    iter::from_fn(move || {
        loop {
            let start = at + bytes[at..].iter().position(|&byte| byte == b'"')?;
            at = end_of_text(bytes, start);
            if !bytes[at..].trim_ascii_start().starts_with(b":") {
                return Some(start..at);
            }
        }
    })
}

fn wrong_shape<O>(field: &str, expected: &str, found: &Json<'_, O>) -> Refusal {
    Refusal::WrongShape(mismatch(field, expected, found))
}

/// A text, if it is more than blanks. A number counts as the text of its digits.
fn text<O>(found: Json<'_, O>) -> Option<Cow<'_, str>> {
    match found {
        Json::Text(text) if !text.trim().is_empty() => Some(text),
        Json::Number(number) => Some(number.to_string().into()),
        _ => None,
    }
}

/// `{"point": …, "params": …}`
#[derive(Default)]
struct Call<'a> {
    point: Json<'a>,
    params: Json<'a, Params<'a>>,
}

/// The parameters of a query. Dify sends more, but the answer does not depend on them.
#[derive(Default)]
struct Params<'a> {
    inputs: Json<'a, Inputs<'a>>,
    query: Json<'a>,
}

/// The variables of the app that can name a place, and days.
#[derive(Default)]
struct Inputs<'a> {
    location: Json<'a>,
    city: Json<'a>,
    place: Json<'a>,
    date: Json<'a>,
}

impl<'de> Fields<'de> for Call<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "point" => self.point = map.next_value()?,
            "params" => self.params = map.next_value()?,
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Params<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "inputs" => self.inputs = map.next_value()?,
            "query" => self.query = map.next_value()?,
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}

impl<'de> Fields<'de> for Inputs<'de> {
    fn read_field<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<(), A::Error> {
        match name {
            "location" => self.location = map.next_value()?,
            "city" => self.city = map.next_value()?,
            "place" => self.place = map.next_value()?,
            "date" => self.date = map.next_value()?,
            _ => Unread.read_field(name, map)?,
        }
        Ok(())
    }
}
