//! When what a record says was observed.

use super::{Entry, Reader};
use crate::format::findings::{Dropped, Finding, Ignored};
use crate::format::names::Meaning;
use crate::format::node::{self, Node};
use crate::time::{AHEAD, Timestamp, Zone};

impl Reader<'_> {
    /// When the entries were observed, which is `outer` if they do not say it. A time that cannot be
    /// used is no better than none only where the file's own is this record's: among other records
    /// that keep the file fresh a dead station would look alive.
    pub(super) fn time(&mut self, entries: &[Entry<'_>], outer: Option<Timestamp>) -> Option<Timestamp> {
        let (mut at, mut fallback) = (None, outer);
        let halves = self.halves(entries);
        let times = entries.iter().filter(|entry| entry.says_when()).count();
        for (index, entry) in entries.iter().enumerate().filter(|(_, entry)| entry.says_when()) {
            let time = match halves {
                Some((date, _, joined)) if index == date => Some(joined),
                Some((_, time, _)) if index == time => continue,
                _ => node::time(entry.node, self.zone(entry)),
            };
            match time.map(|time| (time, time.ahead(self.source.modified))) {
                _ if at.is_some() => self.ignored(entry.key, Ignored::Earlier("time")),
                Some((time, ahead)) if ahead <= AHEAD => {
                    at = Some(time);
                    (self.findings)(Finding::Time { key: entry.key, at: time });
                }
                None if entry.meaning == Ok(Meaning::Date) && times > 1 => {
                    self.ignored(entry.key, Ignored::Earlier("time"));
                }
                unusable => {
                    let why = unusable.map_or(Dropped::NoTime, |(_, ahead)| Dropped::Ahead(ahead));
                    self.dropped(entry.key, why);
                    fallback = outer.filter(|_| self.lone);
                }
            }
        }
        at.or(fallback)
    }

    /// The date and the time of day that stand in two keys, by their places, and what they say together.
    fn halves(&self, entries: &[Entry<'_>]) -> Option<(usize, usize, Timestamp)> {
        let halves = entries.iter().enumerate().filter_map(|(index, entry)| match entry.node {
            Node::Text(text) if entry.says_when() && node::time(entry.node, self.zone(entry)).is_none() => {
                Some((index, text, self.zone(entry)))
            }
            _ => None,
        });
        // The first two: a text may have any number of them.
        let halves: Vec<_> = halves.take(2).collect();
        let [(one, first, zone), (other, second, other_zone)] = halves.as_slice() else { return None };
        let zone = if *other_zone == Zone::Utc { Zone::Utc } else { *zone };
        let time = |date, time| Timestamp::parse(&format!("{date} {time}"), zone);
        match time(first, second) {
            Some(joined) => Some((*one, *other, joined)),
            None => Some((*other, *one, time(second, first)?)),
        }
    }

    /// That of a written time that names none.
    fn zone(&self, entry: &Entry<'_>) -> Zone {
        match entry.meaning {
            Ok(Meaning::Time(Zone::Utc)) => Zone::Utc,
            _ => self.source.dialect.zone,
        }
    }
}

impl Entry<'_> {
    /// Whether it is a time or a part of one.
    fn says_when(&self) -> bool {
        matches!(self.meaning, Ok(Meaning::Time(_) | Meaning::Date))
            && !matches!(self.node, Node::Object(_) | Node::Missing)
    }
}

#[cfg(test)]
mod tests {
    use crate::format::record::tests::read_all;
    use crate::format::tests::{WRITTEN, at};
    use crate::reading::Quantity::*;
    use crate::reading::Station;
    use crate::time::{Timestamp, Zone};

    /// When the only station's temperature was observed.
    #[track_caller]
    fn check_time(text: &str, expected: Timestamp) -> Vec<String> {
        let (stations, findings) = read_all(text.as_bytes());
        assert_eq!(stations[0].reading(Temperature).map(|reading| reading.at), Some(expected), "{text}");
        findings
    }

    #[test]
    fn each_reading_has_its_own_time() {
        check_time(r#"{"temp": 1}"#, at(WRITTEN));
        check_time(r#"{"temp": 1, "timestamp": "2025-03-02T21:00:00+01:00"}"#, at("2025-03-02T20:00:00Z"));
        check_time(r#"{"temp": 1, "ts": 1740949200}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "epoch": "1740949200000"}"#, at("2025-03-02T21:00:00Z"));
        check_time(r#"{"temp": 1, "dateutc": "2025-03-02 21:00:00"}"#, at("2025-03-02T21:00:00Z"));
        let local = Timestamp::parse("2025-02-02 22:26:03", Zone::Local).expect("a time");
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
        for broken in ["\"@0.087052s\"", "null", "-1", "1e300", "\"now\"", "[]"] {
            let findings = check_time(&format!(r#"{{"temp": 1, "time": {broken}}}"#), at(WRITTEN));
            assert_eq!(
                findings,
                ["time: not a time; the file's own is used if there is one record only"],
                "{broken}"
            );
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
                "[0].time: not a time; the file's own is used if there is one record only",
                "[0].temp: its record has a time that cannot be used",
                "[0].precipitation: its record has a time that cannot be used",
                "[0].BME280.rh: its record has a time that cannot be used",
                "[1].time: 56 min after the file was written: wrong clock or zone; the file's own is used if there is one record only",
                "[1].rh: its record has a time that cannot be used",
                "[2].rh.ts: not a time; the file's own is used if there is one record only",
                "[2].rh: its record has a time that cannot be used",
            ]
        );
        let newest: Vec<_> = stations.iter().map(Station::newest).collect();
        assert_eq!(newest, [None, Some(at("2025-03-02T21:00:00Z")), Some(at(WRITTEN))]);
        // Lists of one are no other records.
        check_time(r#"[{"temp": 1, "time": "?"}]"#, at(WRITTEN));
        check_time(r#"{"stations": [{"temp": 1, "time": "?"}]}"#, at(WRITTEN));
    }
}
