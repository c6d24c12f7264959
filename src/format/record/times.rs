//! When what a record says was observed.

use super::{Entry, Reader};
use crate::format::findings::{Dropped, Finding, Ignored};
use crate::format::names::{Meaning, meaning};
use crate::format::node::{self, Node};
use crate::time::{AHEAD, DateOrder, Notation, Timestamp, Zone};

impl Reader<'_> {
    /// When the entries were observed, which is `outer` if they do not say it. A record that says a time
    /// which cannot be read is from no known time, whatever the file's own is.
    pub(super) fn time(&mut self, entries: &[Entry<'_>], outer: Option<Timestamp>) -> Option<Timestamp> {
        let (mut at, mut fallback) = (None, outer);
        let halves = self.halves(entries);
        let mut times: Vec<_> = entries.iter().enumerate().filter(|(_, entry)| entry.says_when()).collect();
        times.sort_by_key(|(_, entry)| match entry.meaning {
            Ok(Meaning::Changed) => 1,
            Ok(Meaning::Stamp) => 2,
            _ => 0,
        });
        let count = times.len();
        if count > 0 {
            self.undated = Dropped::Undated;
        }
        for (index, entry) in times {
            let time = match halves {
                Some((date, _, joined)) if index == date => Some(joined),
                Some((_, time, _)) if index == time => continue,
                _ => self.read_time(entry, entry.node),
            };
            match time.map(|time| (time, time.ahead(self.source.modified))) {
                _ if at.is_some() => self.ignored(entry.key, Ignored::Earlier("time")),
                Some((time, ahead)) if ahead <= AHEAD => {
                    at = Some(time);
                    (self.findings)(Finding::Time { key: entry.key, at: time });
                }
                None if entry.meaning == Ok(Meaning::Date) && count > 1 => {
                    self.ignored(entry.key, Ignored::Earlier("time"));
                }
                None if entry.meaning == Ok(Meaning::Stamp) => self.ignored(entry.key, Ignored::Unknown),
                None => {
                    self.dropped(entry.key, Dropped::NoTime);
                    fallback = None;
                }
                Some((_, ahead)) => {
                    self.dropped(entry.key, Dropped::Ahead(ahead));
                    fallback = fallback.filter(|_| self.lone);
                }
            }
        }
        at.or(fallback)
    }

    /// The time of a record whose own keys say none, if an object beside its readings does: weewx writes
    /// `{"generation": {"time": …}, "current": {…}}`. `outer` if none does.
    pub(super) fn time_beside(
        &mut self,
        entries: &[Entry<'_>],
        outer: Option<Timestamp>,
    ) -> Option<Timestamp> {
        for entry in entries {
            let (Err(Ignored::Unknown), Node::Object(inner)) = (entry.meaning, entry.node) else { continue };
            let inner = self.understood(inner, Some(&entry.key));
            let is_measured = |entry: &Entry<'_>| matches!(entry.meaning, Ok(Meaning::Measured(..)));
            let says_when = |entry: &Entry<'_>| entry.says_when() && entry.meaning != Ok(Meaning::Changed);
            if inner.iter().any(says_when)
                && !inner.iter().any(|entry| is_measured(entry) || entry.holds_keys())
            {
                return self.time(&inner, outer);
            }
        }
        outer
    }

    /// The date and the time of day that stand in two keys, by their places, and what they say together.
    fn halves(&self, entries: &[Entry<'_>]) -> Option<(usize, usize, Timestamp)> {
        let is_half = |entry: &Entry<'_>| entry.says_when() && self.read_time(entry, entry.node).is_none();
        let halves = entries.iter().enumerate().filter_map(|(index, entry)| match entry.node {
            Node::Text(text) if is_half(entry) && entry.meaning != Ok(Meaning::Stamp) => {
                Some((index, entry, text))
            }
            _ => None,
        });
        // The first two: a text may have any number of them.
        let halves: Vec<_> = halves.take(2).collect();
        let [(one, first, first_text), (other, second, second_text)] = halves.as_slice() else { return None };
        let zone = if first.names_zone() { first } else { second };
        let joined = |date, time| self.read_time(zone, &Node::Text(format!("{date} {time}").into()));
        match joined(first_text, second_text) {
            Some(joined) => Some((*one, *other, joined)),
            None => Some((*other, *one, joined(second_text, first_text)?)),
        }
    }

    /// The time that a value of this entry is.
    fn read_time(&self, entry: &Entry<'_>, node: &Node<'_>) -> Option<Timestamp> {
        let named = match entry.meaning {
            Ok(Meaning::Time(Some(minutes))) => Some(Zone::Fixed(minutes)),
            _ => None,
        };
        let dialect = self.source.dialect;
        let zone = named.as_ref().unwrap_or(&dialect.zone);
        let order = || *self.order.get_or_init(|| DateOrder::of(self.text, self.source.modified));
        node::time(node, &Notation { zone, order: &order, format: dialect.time_format.as_deref() })
    }
}

impl Entry<'_> {
    /// Whether it is a time or a part of one.
    pub(super) fn says_when(&self) -> bool {
        match self.meaning {
            Ok(Meaning::Time(_) | Meaning::Changed | Meaning::Date) => {
                match self.node {
                    // An object of that name may hold readings instead.
                    Node::Object(entries) => {
                        !entries.is_empty()
                            && !entries.iter().any(|(key, node)| {
                                node.is_composed() || matches!(meaning(key), Ok(Meaning::Measured(..)))
                            })
                    }
                    Node::Missing | Node::Null => false,
                    _ => true,
                }
            }
            Ok(Meaning::Stamp) => looks_like_time(self.node),
            _ => false,
        }
    }

    /// Whether its key says in which zone it is.
    fn names_zone(&self) -> bool {
        matches!(self.meaning, Ok(Meaning::Time(Some(_))))
    }
}

/// The first epoch number that is taken for one under a name that only mentions a time: 2001-09-09.
const EPOCH: f64 = 1e9;

/// Whether a value may be a whole time: no hour of a day, no length of time.
fn looks_like_time(node: &Node<'_>) -> bool {
    match node {
        Node::Number(number) => *number >= EPOCH,
        Node::Text(text) => text.bytes().filter(u8::is_ascii_digit).count() >= 6,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::format::record::tests::read_all;
    use crate::format::tests::{WRITTEN, at};
    use crate::reading::Quantity::*;
    use crate::reading::Station;
    use crate::time::{Notation, Timestamp, Zone};

    /// When the only station's temperature was observed.
    #[track_caller]
    fn check_time(text: &str, expected: Timestamp) -> Vec<String> {
        let (stations, findings) = read_all(text.as_bytes());
        assert_eq!(stations[0].reading(Temperature).map(|reading| reading.at), Some(expected), "{text}");
        findings
    }

    const NO_TIME: &str =
        "not a time that can be read, so nothing of the record is current; `time_format` says how to read it";
    const UNDATED: &str = "its record has a time that cannot be used";

    #[test]
    fn each_reading_has_its_own_time() {
        check_time(r#"{"temp": 1}"#, at(WRITTEN));
        check_time(r#"{"temp": 1, "timestamp": "2025-03-02T21:00:00+01:00"}"#, at("2025-03-02T20:00:00Z"));
        check_time(r#"{"temp": 1, "ts": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "epoch": "1740949200000"}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "dateutc": "2025-03-02 21:00:00"}"#, at("2025-03-02T21:00:00Z"));
        let local = Notation { zone: &Zone::Local, order: &|| None, format: None }
            .read("2025-02-02 22:26:03")
            .expect("a time");
        check_time(r#"{"Time": "2025-02-02T22:26:03", "BME280": {"Temperature": 1}}"#, local);
        check_time(r#"{"temp": 1, "date": "2025-02-02", "time": "22:26:03"}"#, local);
        check_time(r#"{"temp": 1, "time": "22:26:03", "date": "02/02/2025"}"#, local);
        check_time(r#"{"temp": 1, "date": "2025-03-02", "ts": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        check_time(
            r#"{"ts": 7, "BME280": {"ts": 1740949200, "Temperature": 1}}"#,
            at("2025-03-02T21:00:00Z"),
        );
        check_time(r#"{"ts": 7, "temp": {"value": 1, "time": 1740949200}}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"time": 1740949200, "stations": [{"temp": 1}]}"#, at("2025-03-02T21:00:00Z"));
        // A clock two minutes fast is one; more is another zone.
        check_time(r#"{"temp": 1, "time": "2025-03-02T22:32:00Z"}"#, at("2025-03-02T22:32:00Z"));
        let findings = check_time(r#"{"temp": 1, "time": "2025-03-02T23:26:03Z"}"#, at(WRITTEN));
        assert_eq!(
            findings,
            [
                "time: 56 min after the file was written: wrong clock or zone; the file's own is used if there is one record only"
            ]
        );
        check_time(r#"{"temp": 1, "time": "now", "ts": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        // Null says no time; what says one that cannot be read is from any time.
        check_time(r#"{"temp": 1, "time": null}"#, at(WRITTEN));
        for broken in ["\"@0.087052s\"", "-1", "1e300", "\"now\"", "\"22:29\"", "[]"] {
            let (stations, findings) = read_all(format!(r#"{{"temp": 1, "time": {broken}}}"#).as_bytes());
            assert_eq!(stations, [], "{broken}");
            assert_eq!(findings, [format!("time: {NO_TIME}"), format!("temp: {UNDATED}")], "{broken}");
        }
    }

    #[test]
    fn a_time_may_be_an_object() {
        for time in [
            r#"{"$date": "2025-03-02T21:00:00Z"}"#,
            r#"{"$date": 1740949200000}"#,
            r#"{"seconds": 1740949200, "nanoseconds": 5}"#,
            r#"{"utc": "2025-03-02T21:00:00Z", "local": "?"}"#,
        ] {
            check_time(&format!(r#"{{"temp": 1, "timestamp": {time}}}"#), at("2025-03-02T21:00:00Z"));
        }
        let (stations, _) = read_all(br#"{"temp": 1, "timestamp": {"day": 2, "hour": 21}}"#);
        assert_eq!(stations, []);
        check_time(r#"{"updated": {"temp": 1}}"#, at(WRITTEN));
    }

    #[test]
    fn a_name_that_mentions_a_time_counts_if_its_value_is_one() {
        check_time(r#"{"temp": 1, "logged_at": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "rx_time": "2025-03-02T21:00:00Z"}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "rx_time": 5, "ts": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "received": 1740952800, "ts": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        for other in
            ["\"read_time\": 0.25", "\"t\": 21.5", "\"local_time\": \"22:29\"", "\"uptime\": 1740949200"]
        {
            check_time(&format!(r#"{{"temp": 1, {other}}}"#), at(WRITTEN));
        }
    }

    #[test]
    fn among_others_a_record_without_a_usable_time_is_dropped() {
        let (stations, findings) = read_all(
            br#"[{"city": "Bonn", "time": "22:29 h", "temp": 1, "precipitation": "Snow", "BME280": {"rh": 5}},
                {"city": "Ulm", "time": "2025-03-02T23:26:03Z", "temp": {"value": 2, "ts": 1740949200}, "rh": 6},
                {"city": "Rom", "temp": 3, "rh": {"value": 7, "ts": "?"}}]"#,
        );
        assert_eq!(
            findings,
            [
                &format!("[0].time: {NO_TIME}"),
                "[0].temp: its record has a time that cannot be used",
                "[0].precipitation: its record has a time that cannot be used",
                "[0].BME280.rh: its record has a time that cannot be used",
                "[1].time: 56 min after the file was written: wrong clock or zone; the file's own is used if there is one record only",
                "[1].rh: its record has a time that cannot be used",
                &format!("[2].rh.ts: {NO_TIME}"),
                "[2].rh: its record has a time that cannot be used",
            ]
        );
        let newest: Vec<_> = stations.iter().map(Station::newest).collect();
        assert_eq!(newest, [None, Some(at("2025-03-02T21:00:00Z")), Some(at(WRITTEN))]);
        // Lists of one are no other records.
        let ahead = at("2025-03-02T23:26:03Z").epoch_seconds();
        check_time(&format!(r#"[{{"temp": 1, "time": {ahead}}}]"#), at(WRITTEN));
        check_time(&format!(r#"{{"stations": [{{"temp": 1, "time": {ahead}}}]}}"#), at(WRITTEN));
    }
}
