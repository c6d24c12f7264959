//! What mosquitto_sub prints: `topic message` in each line (`-v`), perhaps with the time of receipt in front
//! (`-F "%I %t %p"`). A message is an object in JSON, or one value whose name is the end of its topic.

use std::borrow::Cow;

use super::findings::Fault;
use super::json;
use super::names::{Meaning, meaning};
use super::node::Node;
use super::record::Reader;
use super::{Dialect, Format};

pub(super) static TOPICS: Format = Format {
    name: "topics",
    expected: "lines such as home/garden/temperature 7.4",
    lines: true,
    recognises,
    head,
    read,
};

/// The ends of topics that name no quantity: what is above does.
const PLAIN: [&str; 4] = ["value", "state", "raw", "status"];

/// No record has more values.
const NAMES: usize = 1000;

/// The level of a topic below which rtl_433 writes the model.
const DEVICES: &str = "devices";

fn recognises(beginning: &str, _: &Dialect) -> bool {
    beginning.lines().find(|line| !line.trim().is_empty()).is_some_and(|line| Message::of(line).is_some())
}

/// The time and the device of the last record of values, which may go on.
fn head(text: &str, dialect: &Dialect) -> String {
    let last = records(text).pop().unwrap_or_default();
    if !last.lines().any(|line| is_time(line, dialect)) {
        return String::new();
    }
    let is_device = |line: &str| matches!(means(line, dialect), Some(Meaning::Device(_)));
    last.split_inclusive('\n').filter(|line| is_time(line, dialect) || is_device(line)).collect()
}

/// What the value of a line is about.
fn means(line: &str, dialect: &Dialect) -> Option<Meaning> {
    let (_, name) = Message::of(line)?.value()?;
    meaning(dialect.known(name)).ok()
}

fn is_time(line: &str, dialect: &Dialect) -> bool {
    matches!(means(line, dialect), Some(Meaning::Time(_)))
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let dialect = reader.dialect();
    let mut records = records(text);
    // What is left of a record whose beginning was not read has lost its time.
    let says_when = |record: &&str| record.lines().any(|line| is_time(line, dialect));
    let has_value = |record: &&str| {
        Message::of(record.lines().next().unwrap_or_default())
            .is_some_and(|message| message.value().is_some())
    };
    if records.first().is_some_and(|first| has_value(first) && !says_when(first))
        && records.get(1).is_some_and(says_when)
    {
        records.remove(0);
    }
    reader.pieces(&records, &|record: &str, then: &mut dyn FnMut(&Node<'_>)| {
        let message = record.lines().next().and_then(Message::of).ok_or(Fault::NoRecord)?;
        if message.value().is_some() {
            let values = record.lines().filter_map(Message::of);
            let values = values.filter_map(|line| Some((line.value()?.1, line.payload)));
            let entries = values.chain(message.beside());
            let entries = entries.map(|(key, text)| (Cow::Borrowed(key), Node::Text(text.into())));
            then(&Node::Object(entries.collect()));
            return Ok(());
        }
        json::object(message.payload, &mut |node| {
            if let Node::Object(entries) = node {
                let owned =
                    |(key, text): (&str, &str)| (key.to_owned().into(), Node::Text(text.to_owned().into()));
                entries.extend(message.beside().map(owned));
            }
            then(node);
        })
    });
    Ok(())
}

/// The lines of each record: one with an object, or the values of one topic that follow each other.
fn records(text: &str) -> Vec<&str> {
    let mut records = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut around = ("", None);
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        let begin = end;
        end += line.len();
        let message = Message::of(line);
        let value = message.as_ref().and_then(|message| Some((message.value()?, message.time)));
        let goes_on = value.is_some_and(|((topic, name), time)| {
            (topic, time) == around && !names.contains(&name) && (1..NAMES).contains(&names.len())
        });
        if !goes_on {
            records.extend(Some(&text[start..begin]).filter(|record| !record.trim().is_empty()));
            names.clear();
            start = begin;
        }
        if let Some(((topic, name), time)) = value {
            around = (topic, time);
            names.push(name);
        }
    }
    records.extend(Some(&text[start..]).filter(|record| !record.trim().is_empty()));
    records
}

/// What a line says.
struct Message<'l> {
    time: Option<&'l str>,
    topic: &'l str,
    payload: &'l str,
}

impl<'l> Message<'l> {
    fn of(line: &'l str) -> Option<Message<'l>> {
        let line = line.trim();
        if let Some(message) = Message::without_time(line) {
            return Some(message);
        }
        let is_time = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && !word.contains('/');
        // A date and a time of day may be two words.
        let words = line.split_inclusive(' ').take(2).take_while(|word| is_time(&word.trim()));
        words
            .scan(0, |end, word| {
                *end += word.len();
                Some(line.split_at(*end))
            })
            .find_map(|(time, rest)| {
                let message = Message::without_time(rest.trim_start())?;
                Some(Message { time: Some(time.trim()), ..message })
            })
    }

    fn without_time(line: &'l str) -> Option<Message<'l>> {
        let (topic, payload) = match line.find(" {") {
            // A topic may have blanks.
            Some(at) => (&line[..at], line[at..].trim_start()),
            None => line.split_once(' ')?,
        };
        let is_level = |level: &str| !level.contains(['"', '=', ',', ';', '{', '<', '+', '#']);
        let is_topic = topic.contains('/')
            && topic.starts_with(|c: char| c.is_alphabetic() || matches!(c, '/' | '$' | '_'))
            && topic.split('/').all(is_level);
        (is_topic && !payload.is_empty()).then_some(Message { time: None, topic, payload })
    }

    /// What the topic of a lone value is about, and the name of the value; `None` if it is an object.
    fn value(&self) -> Option<(&'l str, &'l str)> {
        if self.payload.starts_with('{') {
            return None;
        }
        let (mut around, mut name) = self.topic.rsplit_once('/').unwrap_or(("", self.topic));
        while PLAIN.contains(&name) {
            let Some((above, last)) = around.rsplit_once('/') else { break };
            (around, name) = (above, last);
        }
        Some((around, name))
    }

    /// What the line says beside its payload.
    fn beside(&self) -> impl Iterator<Item = (&'l str, &'l str)> + use<'l> {
        let value = self.value();
        let topic = value.map_or(self.topic, |(around, _)| around);
        // The root of all topics of a house says nothing of where in it a sensor is.
        let topic = topic
            .split_once('/')
            .filter(|(root, _)| ["home", "house"].contains(root))
            .map_or(topic, |(_, rest)| rest);
        let device =
            topic.split('/').skip_while(|level| *level != DEVICES).nth(1).filter(|_| value.is_some());
        // Below that level stands the type, where there is one, else the model.
        let kind = if device == Some("TPMS") { "type" } else { "model" };
        let pairs = [("topic", Some(topic)), ("time", self.time), (kind, device)];
        pairs.into_iter().filter_map(|(key, text)| Some((key, text?)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_mutated, only, read};
    use crate::format::{Source, recognise};
    use crate::reading::Quantity::{self, *};
    use crate::reading::Station;
    use crate::time::Zone;

    #[track_caller]
    fn check(text: &str, expected: &[(Quantity, f64)]) -> Vec<Station> {
        let dialect = Dialect { zone: Zone::Utc, ..Dialect::USUAL };
        assert_eq!(recognise(text.as_bytes(), &dialect).ok(), Some(&TOPICS), "{text}");
        let source = Source { dialect: &dialect, ..Source::new(None, at(WRITTEN)) };
        let (stations, findings) = read(&TOPICS, text.as_bytes(), &source);
        assert_eq!(only(&stations), expected, "{text}: {findings:?}");
        stations
    }

    const VALUES: &str = "rtl_433/pi/devices/Nexus-TH/2/11/time 2025-03-02 22:20:00\n\
        rtl_433/pi/devices/Nexus-TH/2/11/id 11\nrtl_433/pi/devices/Nexus-TH/2/11/temperature_C 7.4\n\
        rtl_433/pi/devices/Nexus-TH/2/11/humidity 81\n";

    #[test]
    fn events_and_values() {
        let expected = [(Temperature, 7.4), (Humidity, 81.0)];
        for text in [
            "rtl_433/pi/events {\"time\": \"2025-03-02 22:20:00\", \"temperature_C\": 7.4, \"humidity\": 81}\n",
            "tele/garden/SENSOR {\"Time\": \"2025-03-02T22:20:00\", \"BME280\": {\"Temperature\": 7.4, \"Humidity\": 81}}",
            "2025-03-02T22:20:00+0000 zigbee2mqtt/My Garden {\"temperature\": 7.4, \"humidity\": 81}\n",
            "2025-03-02 22:20:00 weather/a/temperature 7.4\n2025-03-02 22:20:00 weather/a/humidity 81 %\n",
            "1740954000.123 weather/a/temperature 7.4\n1740954000.223 weather/a/humidity/value 81\n",
            VALUES,
        ] {
            let stations = check(text, &expected);
            let time = stations[0].newest().expect("a time").epoch_seconds();
            assert!((1_740_954_000.0..1_740_954_001.0).contains(&time), "{text}: {time}");
        }
        let undated =
            "/weather/temperature 3\n/weather/humidity 90\n/weather/temperature 7.4\n/weather/humidity 81\n";
        check(undated, &expected);
        check(
            "garden/sensor/outdoor_temperature/state 7.4 °C\ngarden/sensor/outdoor_humidity/state 81\n",
            &expected,
        );
        check("rtl_433/pi/devices/TPMS/Ford/a/temperature_C 30\nrtl_433/pi/devices/TPMS/Ford/a/id 3\n", &[]);
    }

    #[test]
    fn values_have_the_time_of_their_own_message() {
        let old = VALUES.replace("2025-03-02", "2025-03-01");
        // The beginning of the first was not read: it is from any time.
        let text = format!("{}{VALUES}", old.split_once('\n').expect("lines").1.replace("7.4", "-9"));
        check(&text, &[(Temperature, 7.4), (Humidity, 81.0)]);
        let only_humidity = VALUES.replace("Nexus-TH/2/11/temperature_C", "Nexus-TH/2/11/battery_ok");
        let stations = check(&format!("{old}{only_humidity}"), &[(Temperature, 7.4), (Humidity, 81.0)]);
        assert_eq!(
            stations[0].reading(Temperature).map(|reading| reading.at),
            Some(at("2025-03-01T22:20:00Z"))
        );
    }

    /// Of lines that were there before, without times.
    #[test]
    fn the_newest_line_of_each_topic_that_still_writes_counts() {
        let garden = "z2m/garden {\"temperature\": 8.4}\n";
        let kitchen = "z2m/kitchen {\"humidity\": 44, \"temperature\": 21.4}\n";
        let terrace = "z2m/terrace {\"humidity\": 77}\n";
        check(&[garden, kitchen].concat(), &[(Temperature, 8.4)]);
        check(&[garden, terrace].concat(), &[(Temperature, 8.4), (Humidity, 77.0)]);
        check(&[garden, terrace, kitchen, kitchen, kitchen].concat(), &[]);
        // The kitchen writes five times as often.
        let round = [garden, &kitchen.repeat(5)].concat();
        check(&[round.repeat(3), kitchen.repeat(4)].concat(), &[(Temperature, 8.4)]);
        // The garden has fallen silent.
        check(&[round.repeat(3), kitchen.repeat(20)].concat(), &[]);
        let source = Source::new(None, at(WRITTEN));
        let text = [garden, &kitchen.repeat(9)].concat();
        let (_, findings) = read(&TOPICS, text.as_bytes(), &source);
        let why = "z2m/garden.temperature: its line has no time, and lines of others follow it";
        assert!(findings.iter().any(|finding| finding == why), "{findings:?}");
        check("home/garden/temperature 8.4\nhome/kitchen/temperature 21.4\n", &[(Temperature, 8.4)]);
    }

    #[test]
    fn a_record_goes_on_behind_the_end_of_the_text() {
        for (written, head) in [(1, 1), (2, 2), (3, 2), (4, 2)] {
            let lines = |count| VALUES.split_inclusive('\n').take(count).collect::<String>();
            assert_eq!(TOPICS.head(lines(written).as_bytes(), &Dialect::USUAL), lines(head).into_bytes());
        }
        assert_eq!(TOPICS.head(b"a/temperature 7\n", &Dialect::USUAL), b"");
    }

    #[test]
    fn other_texts_are_not_recognised() {
        for text in
            ["temp/C 7", "a/b", "Date/Time,temp 5", "28/11/2026 10:15 7.4", "http://a/b=3 c", "temp=a/b 3"]
        {
            let is_topics = recognise(text.as_bytes(), &Dialect::USUAL).ok() == Some(&TOPICS);
            assert_eq!(is_topics, text == "temp/C 7", "{text}");
        }
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let event = "rtl_433/pi/events {\"temperature_C\": 7.4, \"humidity\": 81}\n";
        let timed =
            "2025-03-02 22:20:00 weather/a/temperature 7.4\n2025-03-02 22:20:00 weather/a/humidity 81 %\n";
        check_mutated(
            &TOPICS,
            &[VALUES, event, timed],
            &["\n", "/", " ", " {", "}", "time ", "value", "1e999", "TPMS", "°"],
        );
    }
}
