//! Lists: of records, of names and values, of the rows of a table, and sensor measurement lists.

use std::borrow::Cow;
use std::time::Duration;

use super::{Context, Entry, Outer, Reader, holds_objects, ordered};
use crate::format::Dialect;
use crate::format::findings::{Ignored, Path};
use crate::format::names::{Meaning, meaning};
use crate::format::node::{Node, VALUES, unit_named_by};
use crate::format::units::fitting;
use crate::time::{AHEAD, Timestamp};

impl Reader<'_> {
    /// Reads a list: of names and values, which are one record, or of records.
    pub(super) fn list(&mut self, nodes: &[Node<'_>], around: Option<&Path<'_>>, outer: Outer<'_>) {
        if is_senml(nodes) {
            self.senml(nodes, around, outer);
        } else if let Some(pairs) = pairs(nodes) {
            let entries = self.paired(&pairs, around);
            self.understood_record(&entries, outer);
        } else if let Some((columns, rows)) = nodes.split_first().filter(|(columns, _)| are_texts(columns)) {
            self.table(columns, rows, around, outer);
        } else {
            self.records(nodes, around, outer);
        }
    }

    pub(super) fn records(&mut self, nodes: &[Node<'_>], around: Option<&Path<'_>>, outer: Outer<'_>) {
        for (index, node) in nodes.iter().enumerate() {
            let path = Path::index(around, index);
            match node {
                Node::Object(entries) => self.record(entries, Some(&path), outer),
                // Home Assistant's history is a list for each entity.
                Node::List(nodes) if outer.levels > 0 && holds_objects(nodes) => {
                    self.records(nodes, Some(&path), Outer { levels: outer.levels - 1, ..outer });
                }
                _ => self.ignored(path, Ignored::NoRecord),
            }
        }
    }

    /// The names and values of a list as entries.
    pub(super) fn paired<'a>(&mut self, pairs: &[Pair<'a>], around: Option<&'a Path<'a>>) -> Vec<Entry<'a>> {
        let mut entries = Vec::with_capacity(pairs.len());
        for pair in pairs {
            let mut entry = self.entry(Path::key(around, pair.name), pair.name, pair.value);
            if matches!(entry.meaning, Ok(Meaning::Measured(..))) {
                entry.node = pair.whole;
            }
            entries.push(entry);
        }
        entries
    }

    /// Reads a table whose columns are named in a list of their own.
    pub(super) fn table(
        &mut self,
        columns: &Node<'_>,
        rows: &[Node<'_>],
        around: Option<&Path<'_>>,
        outer: Outer<'_>,
    ) {
        let Node::List(columns) = columns else { return };
        for (index, row) in rows.iter().enumerate() {
            let path = Path::index(around, index);
            let Node::List(cells) = row else {
                self.ignored(path, Ignored::NoRecord);
                continue;
            };
            let mut entries = Vec::with_capacity(cells.len());
            for (column, cell) in columns.iter().zip(cells) {
                if let Node::Text(name) = column {
                    entries.push(self.entry(Path::key(Some(&path), name), name, cell));
                }
            }
            let entries = ordered(entries, Some(&path), self.source.dialect);
            self.understood_record(&entries, outer);
        }
    }

    /// Reads sensor measurement lists (RFC 8428): what the first element says of names, times and units is the base of
    /// those that follow.
    fn senml(&mut self, nodes: &[Node<'_>], around: Option<&Path<'_>>, outer: Outer<'_>) {
        let (mut base_time, mut base_unit, mut base_value) = (0.0, None, 0.0);
        let mut base_name = "";
        for (index, node) in nodes.iter().enumerate() {
            let path = Path::index(around, index);
            if let Some(Node::Text(name)) = node.get("bn") {
                base_name = name;
            }
            base_time = number_of(node, "bt").unwrap_or(base_time);
            base_value = number_of(node, "bv").unwrap_or(base_value);
            base_unit = node.get("bu").or(base_unit);
            let name = match node.get("n") {
                Some(Node::Text(name)) => name,
                _ => "",
            };
            let whole = [base_name, name].join(" ");
            let name = if name.is_empty() { base_name } else { name };
            let Some(value) = number_of(node, "v") else { continue };
            // A device's name stands before that of what it measures.
            let name = name.rsplit([':', '/', '.']).next().unwrap_or_default();
            let value = Node::Number(base_value + value);
            let mut entry = self.entry(Path::key(Some(&path), name), name, &value);
            if let (Ok(Meaning::Measured(quantity, None)), Some(unit)) =
                (entry.meaning, node.get("u").or(base_unit))
            {
                let unit = unit_named_by(unit).ok().flatten().and_then(|unit| fitting(quantity, unit));
                entry.meaning = match unit {
                    Some(unit) => Ok(Meaning::Measured(quantity, Some(unit))),
                    None => Err(Ignored::OtherUnit),
                };
            }
            let at = senml_time(base_time + number_of(node, "t").unwrap_or(0.0), self.source.modified);
            let said = self.said_by_name(&whole, outer.context.said);
            let context = Context { at, said, ..outer.context };
            self.understood_record(&[entry], Outer { context, ..outer });
        }
    }
}

/// Times below this are relative to now, in seconds (RFC 8428, 4.5.3).
const SENML_RELATIVE: f64 = 268_435_456.0;

fn senml_time(seconds: f64, now: Timestamp) -> Option<Timestamp> {
    if seconds >= SENML_RELATIVE {
        return Timestamp::from_epoch(seconds).filter(|at| at.ahead(now) <= AHEAD);
    }
    let before = Duration::try_from_secs_f64(-seconds).ok()?;
    Some(now.before(before))
}

fn number_of(node: &Node<'_>, key: &str) -> Option<f64> {
    match node.get(key) {
        Some(Node::Number(number)) => Some(*number),
        _ => None,
    }
}

/// Whether a list is one of RFC 8428: its first element has a base, or all have a short name and value.
fn is_senml(nodes: &[Node<'_>]) -> bool {
    let has_base = |node: &Node<'_>| ["bn", "bt", "bu", "bver"].iter().any(|key| node.get(key).is_some());
    let is_short = |node: &Node<'_>| node.get("n").is_some() && node.get("v").is_some();
    nodes.first().is_some_and(has_base) || (!nodes.is_empty() && nodes.iter().all(is_short))
}

fn are_texts(node: &Node<'_>) -> bool {
    match node {
        Node::List(nodes) => nodes.len() > 1 && nodes.iter().all(|node| matches!(node, Node::Text(_))),
        _ => false,
    }
}

/// The names of the columns and the rows of an object that is a table, as InfluxDB answers.
pub(super) fn columns_and_rows<'a>(
    entries: &'a [(Cow<'a, str>, Node<'a>)],
) -> Option<(&'a Node<'a>, &'a [Node<'a>])> {
    let of = |keys: &[&str]| entries.iter().find(|(key, _)| keys.contains(&&**key)).map(|(_, node)| node);
    let columns = of(&["columns", "fields", "header", "headers"]).filter(|columns| are_texts(columns))?;
    match of(&["values", "rows", "data"])? {
        Node::List(rows) if matches!(rows.first(), Some(Node::List(_))) => Some((columns, rows)),
        _ => None,
    }
}

/// How many records a value holds, as far as objects that may hold some are entered.
pub(super) fn records_in(node: &Node<'_>, dialect: &Dialect) -> usize {
    match node {
        Node::List(nodes) if pairs(nodes).is_some() => 1,
        Node::List(nodes) => nodes.iter().map(|node| records_in(node, dialect)).sum(),
        Node::Object(entries) => {
            let holds = |key: &str| {
                let known = dialect.known(key);
                let may_hold =
                    matches!(meaning(known), Ok(Meaning::Stations | Meaning::Stamp) | Err(Ignored::Unknown));
                may_hold && !known.is_empty()
            };
            let inner = entries.iter().filter(|(key, node)| node.is_composed() && holds(key));
            inner.map(|(_, node)| records_in(node, dialect)).sum::<usize>().max(1)
        }
        _ => 0,
    }
}

/// One value of a list of names and values.
pub(super) struct Pair<'a> {
    /// What the value is called.
    pub(super) name: &'a str,
    /// The value.
    value: &'a Node<'a>,
    /// The object that has both.
    pub(super) whole: &'a Node<'a>,
}

/// The keys of names in lists of names and values.
const NAMES: [&str; 8] = ["value_type", "name", "n", "key", "parameter", "variable", "type", "label"];

/// The names and values of a list in which every element is one.
pub(super) fn pairs<'a>(nodes: &'a [Node<'a>]) -> Option<Vec<Pair<'a>>> {
    let pair = |whole: &'a Node<'a>| match whole {
        Node::Object(entries) => {
            let of = |keys: &[&str]| keys.iter().find_map(|key| whole.get(key));
            let Some(Node::Text(name)) = of(&NAMES) else { return None };
            let value = of(&VALUES).filter(|value| !value.is_composed())?;
            (entries.len() <= 8).then_some(Pair { name, value, whole })
        }
        _ => None,
    };
    if nodes.is_empty() { None } else { nodes.iter().map(pair).collect() }
}

#[cfg(test)]
mod tests {
    use crate::format::record::tests::{check, read_all};
    use crate::format::tests::at;
    use crate::reading::Quantity::*;
    use crate::reading::Station;

    #[test]
    fn lists_are_entered_wherever_they_stand() {
        let expected = &[(Temperature, 7.4), (Humidity, 81.0)];
        for text in [
            r#"[{"temp": 7.4, "rh": 81}]"#,
            r#"{"data": [{"temp": 7.4, "rh": 81}]}"#,
            r#"{"status": "ok", "body": {"devices": [{"module": {"readings": {"temp": 7.4, "rh": 81}}}]}}"#,
            r#"{"payload": {"temp": 7.4, "rh": 81}, "topic": "x/garden", "qos": 0}"#,
            r#"{"last_reading": {"temp": 7.4, "rh": 81}}"#,
            r#"{"sensordatavalues": [{"value_type": "BME280_temperature", "value": "7.4"}, {"value_type": "humidity", "value": 81}]}"#,
            r#"[{"name": "temperature", "value": 45.32, "unit": "F"}, {"name": "humidity", "value": 81}]"#,
            r#"{"city": "Home", "temp": 7.4, "probes": [{"key": "humidity", "val": "81 %"}]}"#,
            r#"[["time", "temp", "rh"], ["2025-03-02T22:20:00Z", 7.4, 81]]"#,
            r#"{"results": [{"series": [{"columns": ["time", "temp", "rh"], "values": [[1740954000, 7.4, 81]]}]}]}"#,
        ] {
            check(text, expected);
        }
        // Five deep, or in a list that is about another time.
        check(r#"{"a": {"b": {"c": {"d": {"e": {"temp": 7.4}}}}}}"#, &[]);
        check(r#"{"a": [{"b": [{"c": [{"d": [{"e": [{"temp": 7.4}]}]}]}]}]}"#, &[]);
        check(
            r#"{"temp": 7.4, "rh": 81, "hourly": [{"temp": 9}], "forecast": {"list": [{"temp": 9}]}}"#,
            expected,
        );
    }

    #[test]
    fn the_times_of_rows_and_of_wrappers_count() {
        let newest = |text: &str| read_all(text.as_bytes()).0.iter().filter_map(Station::newest).max();
        let expected = Some(at("2025-03-02T22:20:00Z"));
        for text in [
            r#"{"time": 1740954000, "message": {"temp": 7.4}}"#,
            r#"{"tst": "2025-03-02T22:20:00.000000Z", "topic": "t", "payload": {"temp": 7.4}}"#,
            r#"{"data": {"ts": 1740954000, "conditions": [{"temp": 7.4}, {"rh": 81}]}}"#,
            r#"[["time", "temp"], [1740953000, 7.3], [1740954000, 7.4]]"#,
            r#"{"time": 5, "message": {"time": 1740954000, "temp": 7.4}}"#,
        ] {
            assert_eq!(newest(text), expected, "{text}");
        }
    }

    #[test]
    fn sensor_measurement_lists() {
        let text = r#"[{"bn": "urn:dev:ow:10e2073a01080063:", "bt": 1740954000, "n": "temperature", "u": "K", "v": 280.55},
            {"n": "humidity", "u": "%RH", "v": 81, "t": -60}, {"n": "pressure", "u": "Pa", "v": 100320},
            {"n": "dew_point", "u": "lm", "v": 4}, {"n": "open", "vb": true}]"#;
        let findings = check(text, &[(Temperature, 7.4), (Humidity, 81.0), (StationPressure, 1003.2)]);
        assert_eq!(findings, ["[3].dew_point: the unit of nothing that is read"]);
        let (stations, _) = read_all(text.as_bytes());
        assert_eq!(stations[0].reading(Humidity).map(|reading| reading.at), Some(at("2025-03-02T22:19:00Z")));
        // The name of the device says where it is.
        for bedroom in [
            r#"[{"bn": "home/bedroom/", "n": "temperature", "v": 21.4}]"#,
            r#"[{"bn": "bedroom"}, {"n": "temperature", "v": 21.4}]"#,
            r#"[{"n": "bedroom/temperature", "v": 21.4, "t": 0}]"#,
        ] {
            check(bedroom, &[]);
        }
        // Relative to now.
        let (stations, _) = read_all(br#"[{"n": "temperature", "v": 7.4, "t": -600}]"#);
        assert_eq!(stations[0].newest(), Some(at("2025-03-02T22:20:00Z")));
    }
}
