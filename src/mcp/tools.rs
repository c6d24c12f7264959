//! The tools: a row for each, and what each answers.

use std::io::Write as _;
use std::ptr;

use super::Context;
use super::message::Arguments;
use crate::answer::{self, Extent, Period, Unanswered};
use crate::json::write_text;
use crate::reading::{Observed, Snapshot, Station};
use crate::received::{Json, mismatch};
use crate::table::table;
use crate::time::Date;

table! {
    /// What an assistant can call.
    pub(super) enum Tool: Row {
        /// The current weather at one place.
        GetWeather = Row {
            name: "get_weather",
            title: "Current weather",
            description: "Gives the current weather at a place where this service has a station: temperature, wind, \
                rain, humidity, pressure and whatever else is measured there. These are measurements, not forecasts.",
            input: r#""location":{"type":"string","description":"The name of the place, for example London. Leave it out for the default station."}"#,
            output: r#""report":{"type":"string","description":"The weather in lines of text."},"city":{"type":"string","description":"The place; empty if it has no name."},"observed":{"type":"string","description":"When the newest reading was taken; empty if none is current."},"readings":{"type":"object","description":"The current readings by name, each with value, unit and age_seconds."}"#,
            required: r#""report","city","observed","readings""#,
        },
        /// The days before at one place.
        GetHistory = Row {
            name: "get_history",
            title: "Past weather",
            description: "Gives the weather of past days at a place where this service has a station: lowest, highest and mean \
                temperature, rain, gusts, pressure and humidity, for each day and for all days together, or for last night. Today is known as far as \
                it has passed. There are no forecasts.",
            input: r#""location":{"type":"string","description":"The name of the place, for example London. Leave it out for the default station."},"from":{"type":"string","description":"The first day, like 2026-11-20, or a word: today, yesterday, last night, this week, this month, last 7 days, last 30 days. Leave it out for the last 7 days."},"to":{"type":"string","description":"The last day. Leave it out for the days until today."}"#,
            output: r#""report":{"type":"string","description":"The days in lines of text."},"city":{"type":"string","description":"The place; empty if it has no name."},"from":{"type":"string","description":"The first day."},"to":{"type":"string","description":"The last day."},"first_day":{"type":"string","description":"The first day that is known; empty if none is."},"hours":{"type":"object","description":"Of last night only: start and end by the station's clock, from the evening of from to the morning of to; covered_percent (how much was measured) and so_far (whether it goes on). Otherwise empty."},"totals":{"type":"object","description":"Extremes, means and the sum of rain of all these days by name, each with value and unit; the date or time of an extreme; days_measured says on how many days this was measured."},"days":{"type":"array","items":{"type":"object"},"description":"The known days, if at most 31 are asked for: each with date, covered_percent (how much of the day was measured) and values; so_far marks today. Of a night none."}"#,
            required: r#""report","city","from","to","first_day","hours","totals","days""#,
        },
        /// The places that have a station.
        ListStations = Row {
            name: "list_stations",
            title: "Weather stations",
            description: "Lists the places where this service has a weather station, which get_weather can be asked for.",
            input: "",
            output: r#""report":{"type":"string","description":"The places in lines of text."},"stations":{"type":"array","items":{"type":"object"},"description":"Each with city, default and current: whether it answers when no place is given, and whether it reports now."}"#,
            required: r#""report","stations""#,
        },
    }
}

/// A tool as a client sees it. None changes anything, so all have the same annotations.
#[derive(Debug)]
struct Row {
    name: &'static str,
    title: &'static str,
    /// For the model.
    description: &'static str,
    /// The properties of its arguments, in JSON. None is required.
    input: &'static str,
    /// The properties of its data, in JSON. Dify makes variables of them, and keeps the names `text`, `json` and
    /// `files` for itself.
    output: &'static str,
    /// The names of those properties.
    required: &'static str,
}

/// What a call gives.
pub(super) enum Outcome {
    /// A text for the model; and the members that follow it in the data, in JSON, each with a comma before it.
    Report { text: String, data: Vec<u8> },
    /// Why the tool cannot answer.
    Failure(String),
}

impl Tool {
    /// The tool with this name.
    pub(super) fn named(name: &str) -> Option<Tool> {
        Tool::ALL.iter().copied().find(|tool| tool.row().name == name)
    }

    /// Calls it.
    pub(super) fn call(self, arguments: &Arguments<'_>, context: &Context<'_>) -> Outcome {
        match self {
            Tool::GetWeather => weather(arguments, context),
            Tool::GetHistory => history(arguments, context),
            Tool::ListStations => stations(context),
        }
    }

    fn write(self, json: &mut Vec<u8>) {
        let Row { name, title, description, input, output, required } = self.row();
        // Writing into a vector cannot fail.
        let _ = write!(
            json,
            r#"{{"name":"{name}","title":"{title}","description":"{description}","inputSchema":{{"type":"object","properties":{{{input}}}}},"outputSchema":{{"type":"object","properties":{{{output}}},"required":[{required}]}},"annotations":{{"readOnlyHint":true,"destructiveHint":false,"idempotentHint":true,"openWorldHint":false}}}}"#
        );
    }
}

/// Writes the member `tools` of a list.
pub(super) fn write_list(json: &mut Vec<u8>) {
    json.extend_from_slice(br#""tools":["#);
    for (index, tool) in Tool::ALL.iter().enumerate() {
        if index > 0 {
            json.push(b',');
        }
        tool.write(json);
    }
    json.push(b']');
}

/// The text of an argument, if it is given.
fn given<'a>(name: &str, argument: &'a Json<'_>) -> Result<Option<&'a str>, Outcome> {
    match argument {
        Json::Text(text) => Ok(Some(text)),
        Json::Missing | Json::Null => Ok(None),
        _ => Err(Outcome::Failure(mismatch(name, "a string", argument))),
    }
}

/// The station that is asked for, or the sentence that says why there is none.
fn station<'s>(
    arguments: &Arguments<'_>,
    snapshot: &'s Snapshot,
) -> Result<Result<&'s Station, String>, Outcome> {
    let place = given("location", &arguments.location)?;
    match answer::find(snapshot, place, None) {
        Ok(station) => Ok(Ok(station)),
        Err(Unanswered::UnknownPlace) => {
            let known = answer::some_places(snapshot).map(|places| format!(". Stations: {places}"));
            let sentence = Unanswered::UnknownPlace.sentence(snapshot);
            Err(Outcome::Failure(sentence + &known.unwrap_or_default()))
        }
        // A model can do something about these; they are no failures of the tool.
        Err(reason @ (Unanswered::NoStations | Unanswered::NoPlace)) => Ok(Err(reason.sentence(snapshot))),
    }
}

fn weather(arguments: &Arguments<'_>, context: &Context<'_>) -> Outcome {
    let &Context { snapshot, now, options } = context;
    match station(arguments, snapshot) {
        Ok(Ok(station)) => {
            let mut data = Vec::with_capacity(1024);
            write_readings(station, context, &mut data);
            Outcome::Report { text: answer::report(station, now, options), data }
        }
        Ok(Err(text)) => {
            Outcome::Report { text, data: br#","city":"","observed":"","readings":{}"#.to_vec() }
        }
        Err(failure) => failure,
    }
}

fn history(arguments: &Arguments<'_>, &Context { snapshot, now, options }: &Context<'_>) -> Outcome {
    let days = || {
        let (from, to) = (given("from", &arguments.from)?, given("to", &arguments.to)?);
        let today = Date::of(now);
        let period = Period::between(from, to, today).map_err(Outcome::Failure)?;
        Ok((station(arguments, snapshot)?, period.unwrap_or_else(|| Period::last_week(today))))
    };
    let (station, period) = match days() {
        Ok(found) => found,
        Err(failure) => return failure,
    };
    let (text, station) = match station {
        Ok(station) => (answer::past(station, period, now, options), Some(station)),
        Err(text) => (text, None),
    };
    let mut data = br#","city":"#.to_vec();
    write_text(station.and_then(|station| station.city.as_deref()).unwrap_or_default(), &mut data);
    let mut members = String::new();
    answer::write_past(station, period, now, Extent::Text, &mut members);
    data.extend_from_slice(members.as_bytes());
    Outcome::Report { text, data }
}

/// Writes city, time and readings of a station.
fn write_readings(station: &Station, &Context { now, options, .. }: &Context<'_>, data: &mut Vec<u8>) {
    data.extend_from_slice(br#","city":"#);
    write_text(station.city.as_deref().unwrap_or_default(), data);
    data.extend_from_slice(br#","readings":{"#);
    let mut newest = None;
    for (quantity, Observed { value, at }) in answer::readings(station, now, options) {
        if newest.is_some() {
            data.push(b',');
        }
        newest = newest.max(Some(at));
        // Neither keys nor units have anything that JSON escapes.
        data.push(b'"');
        data.extend_from_slice(quantity.key().as_bytes());
        data.extend_from_slice(br#"":{"value":"#);
        // Writing into a vector cannot fail.
        let _ = serde_json::to_writer(&mut *data, &value);
        data.extend_from_slice(br#","unit":""#);
        data.extend_from_slice(quantity.base_unit().symbol().as_bytes());
        data.extend_from_slice(br#"","age_seconds":"#);
        let _ = serde_json::to_writer(&mut *data, &at.age(now).as_secs());
        data.push(b'}');
    }
    data.extend_from_slice(br#"},"observed":"#);
    write_text(&newest.map(|at| at.rfc3339()).unwrap_or_default(), data);
}

/// How many stations are listed. More would be megabytes in a prompt.
const MAX_STATIONS: usize = 1000;

fn stations(&Context { snapshot, now, options }: &Context<'_>) -> Outcome {
    let all = snapshot.stations();
    let default = snapshot.default_station();
    let mut text = format!("Stations: {}", all.len());
    let mut data = br#","stations":["#.to_vec();
    for (index, station) in all.iter().take(MAX_STATIONS).enumerate() {
        let city = station.city.as_deref();
        let is_default = default.is_some_and(|default| ptr::eq(default, station));
        let is_current = station.newest().is_some_and(|at| answer::is_current(at, now, options));
        text.push('\n');
        text.push_str(city.unwrap_or("a station without a name"));
        text.push_str(if is_default { " (answers when no place is given)" } else { "" });
        text.push_str(if is_current { "" } else { ": no current reading" });
        data.extend_from_slice(if index > 0 { br#",{"city":"# } else { br#"{"city":"# });
        write_text(city.unwrap_or_default(), &mut data);
        // Writing into a vector cannot fail.
        let _ = write!(data, r#","default":{is_default},"current":{is_current}}}"#);
    }
    if all.len() > MAX_STATIONS {
        text.push_str(&format!("\nand {} more", all.len() - MAX_STATIONS));
    }
    data.push(b']');
    Outcome::Report { text, data }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The names that the protocol and Dify allow, and schemas that are JSON.
    #[test]
    fn each_tool_is_one_that_clients_accept() {
        for &tool in Tool::ALL {
            let Row { name, output, .. } = tool.row();
            assert_eq!(Tool::named(name), Some(tool));
            assert!(!name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
            let mut json = Vec::new();
            tool.write(&mut json);
            let tool: Value = serde_json::from_slice(&json).expect("JSON");
            let properties = tool["outputSchema"]["properties"].as_object().expect("an object").clone();
            for taken in ["text", "json", "files"] {
                assert!(!properties.contains_key(taken), "{name}: {output}");
            }
            let required = tool["outputSchema"]["required"].as_array().expect("a list");
            let mut required: Vec<_> = required.iter().filter_map(Value::as_str).collect();
            required.sort_unstable();
            assert_eq!(required, properties.keys().collect::<Vec<_>>(), "{name}");
            let annotations = json!({"readOnlyHint": true, "destructiveHint": false, "idempotentHint": true,
                "openWorldHint": false});
            assert_eq!(tool["annotations"], annotations);
            assert_eq!(tool["inputSchema"]["type"], "object");
        }
        assert_eq!(Tool::named(""), None);
    }
}
