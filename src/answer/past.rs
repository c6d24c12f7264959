//! The answer about days: as lines of text, and as members of a JSON object.

use std::fmt::Write as _;
use std::mem;

use super::days::{Brief, Days, Total};
use super::lines::{Labels, Line};
use super::period::Period;
use super::report::Report;
use super::units::{Measure, Units};
use crate::reading::{Column, Diary, Plot, Plots, Station};
use crate::time::{Date, Timestamp};

/// So many days have a line each. Of more the totals say enough, and the prompt stays short.
const LINES: usize = 31;

/// What stands before a value of some days, and how it is written.
type Part = (&'static str, Column, fn(Units, f64) -> Measure);

/// The lines about some days. Of two with one label the first counts, if anything of it is known.
const ROWS: &[(Line, &[Part])] = &[
    (
        Line::Temperature,
        &[
            ("lowest ", Column::LowestTemperature, Units::temperature),
            ("highest ", Column::HighestTemperature, Units::temperature),
            ("mean ", Column::MeanTemperature, Units::temperature),
        ],
    ),
    (Line::Rain, &[("", Column::Rain, Units::rain)]),
    (Line::WindGusts, &[("highest ", Column::HighestGust, Units::speed)]),
    (
        Line::Pressure,
        &[
            ("lowest ", Column::LowestSeaLevelPressure, Units::pressure),
            ("highest ", Column::HighestSeaLevelPressure, Units::pressure),
        ],
    ),
    (
        Line::Pressure,
        &[
            ("lowest ", Column::LowestStationPressure, Units::pressure),
            ("highest ", Column::HighestStationPressure, Units::pressure),
        ],
    ),
    (Line::Humidity, &[("mean ", Column::MeanHumidity, |_, percent| Measure::Whole(percent, "%"))]),
];

/// What is asked about the past of a station, and how the answer is written.
pub(super) struct Question<'q> {
    pub(super) station: &'q Station,
    pub(super) period: Period,
    pub(super) now: Timestamp,
    pub(super) units: Units,
    pub(super) labels: &'q Labels,
}

impl Question<'_> {
    /// The lines about the period, or the sentence that says what is known.
    pub(super) fn text(&self) -> String {
        let Question { station, period, labels, .. } = *self;
        let (days, mut report) = (Days::of(station, period), Report::new());
        if let Some(city) = &station.city {
            report.write(&labels[Line::City], city);
        }
        let first = station.diary.as_ref().and_then(|diary| diary.first());
        if days.known() == 0 {
            report.write("Date", &format_args!("{period} (not known)"));
        } else {
            self.write_totals(days, &mut report);
            if (2..=LINES).contains(&period.days()) {
                self.write_days(&mut report);
            }
        }
        match first {
            Some(first) if first <= period.from && days.known() > 0 => {}
            Some(first) => report.write("First Known Day", &first),
            None => report.write("First Known Day", &"none, as no day of this station is kept yet"),
        }
        report.text
    }

    fn write_totals(&self, days: Days<'_>, report: &mut Report) {
        let Question { period, units, labels, .. } = *self;
        let so_far = if period.is_under_way(self.now) { " so far" } else { "" };
        report.write("Date", &format_args!("{period}{so_far}{}", days.gaps(None)));
        let mut is_written = [false; Line::ALL.len()];
        for &(line, parts) in ROWS {
            let mut text = String::new();
            for &(before, column, measure) in parts {
                let Some(total) = days.total(column) else { continue };
                let separator = if text.is_empty() { "" } else { ", " };
                // Writing to a String cannot fail.
                let _ = write!(text, "{separator}{before}{}", measure(units, total.value));
                self.write_when(column, &total, &mut text);
                if column == Column::Rain && period.days() > 1 {
                    let _ = write!(text, "{}", days.gaps(Some(column)));
                }
            }
            if !text.is_empty() && !mem::replace(&mut is_written[line.index()], true) {
                report.write(&labels[line], &text);
            }
        }
    }

    /// When an extreme was: ` at 06:40`, or ` on 2026-11-20` where there are several days.
    fn write_when(&self, column: Column, total: &Total<'_>, text: &mut String) {
        let Some(day) = total.day.filter(|_| time_of(column).is_some()) else { return };
        if self.period.days() > 1 {
            let _ = write!(text, " on {}", day.date);
        } else if let Some(clock) = clock(total, column) {
            let _ = write!(text, " at {clock}");
        }
    }

    /// A line for each day, from the first known one on.
    fn write_days(&self, report: &mut Report) {
        let Some(diary) = &self.station.diary else { return };
        let Period { from, to, .. } = self.period;
        let mut date = from.max(diary.first().unwrap_or(from));
        while date <= to {
            let brief = diary.day(date).map(|day| Brief::of(Days::of_day(day), self.units));
            let so_far = if date == Date::of(self.now) { " so far" } else { "" };
            let label = format!("{date}{so_far}");
            match brief {
                Some(Some(brief)) => report.write(&label, &brief),
                Some(None) => report.write(&label, &"no temperature, rain or gusts"),
                None => report.write(&label, &"not known"),
            }
            date = date.next();
        }
    }
}

/// The column after this one, if that has the time of its extreme.
fn time_of(column: Column) -> Option<Column> {
    let next = *Column::ALL.get(column.index() + 1)?;
    (next.unit().is_none() && column.unit().is_some()).then_some(next)
}

/// The time of an extreme: `06:40`
fn clock(total: &Total<'_>, column: Column) -> Option<String> {
    let minutes = total.day?.value(time_of(column)?)?;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1,439")]
    let minutes = minutes as u16;
    Some(format!("{:02}:{:02}", minutes / 60, minutes % 60))
}

/// How much of the past is put into JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All days, and the series of the last three.
    Full,
    /// As in the text: the totals, and the days if they have lines.
    Text,
}

/// Writes the members about a period, each after a comma. Without a station nothing is known.
///
/// As `routes/openapi.json` has it. Of [`Extent::Text`] the first day is `""` where there is none, and there are no
/// series, and of days the member about hours is empty: assistants make variables of the members and want each in one type.
pub(super) fn write_members(
    station: Option<&Station>,
    period: Period,
    now: Timestamp,
    extent: Extent,
    json: &mut String,
) {
    let unknown = Station::default();
    let station = station.unwrap_or(&unknown);
    let days = Days::of(station, period);
    let Period { from, to, is_night } = period;
    let first = station.diary.as_ref().and_then(|diary| diary.first());
    let first = match (first, extent) {
        (Some(first), _) => format!("\"{first}\""),
        (None, Extent::Full) => "null".to_owned(),
        (None, Extent::Text) => "\"\"".to_owned(),
    };
    // Writing to a String cannot fail.
    let _ = write!(json, ", \"from\": \"{from}\", \"to\": \"{to}\", \"first_day\": {first}");
    if is_night {
        let (start, end) = Diary::NIGHT;
        let (covered, so_far) = (days.covered(), period.is_under_way(now));
        let _ = write!(
            json,
            ", \"hours\": {{\"start\": \"{start:02}:00\", \"end\": \"{end:02}:00\", \"covered_percent\": {covered}, \"so_far\": {so_far}}}"
        );
    } else if extent == Extent::Text {
        json.push_str(", \"hours\": {}");
    }
    json.push_str(", \"totals\": ");
    write_values(days, period.days() > 1, json);
    json.push_str(", \"days\": [");
    if !is_night && (extent == Extent::Full || period.days() <= LINES) {
        let mut separator = "";
        for day in days.iter() {
            let so_far = if day.date == Date::of(now) { "\"so_far\": true, " } else { "" };
            let _ = write!(
                json,
                "{separator}{{\"date\": \"{}\", \"covered_percent\": {}, {so_far}\"values\": ",
                day.date, day.covered
            );
            write_values(Days::of_day(day), false, json);
            json.push('}');
            separator = ", ";
        }
    }
    json.push(']');
    if let (Extent::Full, Some(diary)) = (extent, &station.diary) {
        write_series(diary, period, json);
    }
}

/// Writes `{"temperature_min": {"value": -1.2, "unit": "°C", "time": "06:40"}, …}`; of several days with the date of
/// each extreme, and on how many days the sum of rain was measured.
fn write_values(days: Days<'_>, several: bool, json: &mut String) {
    let mut separator = "{";
    for &column in Column::ALL {
        let Some((total, unit)) = days.total(column).zip(column.unit()) else { continue };
        let (value, unit) = (rounded(total.value), unit.symbol());
        let _ = write!(json, "{separator}\"{}\": {{\"value\": {value:?}, \"unit\": \"{unit}\"", column.key());
        if several {
            if let Some(day) = total.day {
                let _ = write!(json, ", \"date\": \"{}\"", day.date);
            }
            let _ = write!(json, ", \"days_measured\": {}", days.measured(Some(column)));
        }
        if let Some(clock) = clock(&total, column) {
            let _ = write!(json, ", \"time\": \"{clock}\"");
        }
        json.push('}');
        separator = ", ";
    }
    json.push_str(if separator == "{" { "{}" } else { "}" });
}

/// Writes the member with the values of the last three days that are in the period, if any.
fn write_series(diary: &Diary, period: Period, json: &mut String) {
    let (plots, (from, to)) = (&diary.plots, period.span());
    let is_within = |index: &usize| (from..to).contains(&plots.start(*index));
    let indices: Vec<usize> = (0..usize::from(Plots::SLOTS)).filter(is_within).collect();
    let (Some(start), Some(end)) = (indices.first(), indices.last()) else { return };
    json.push_str(", \"series\": ");
    let mut separator = "{";
    for &plot in Plot::ALL {
        let Some(values) = plots.values(plot).get(*start..=*end) else { continue };
        let _ = write!(
            json,
            "{separator}\"{}\": {{\"unit\": \"{}\", \"start\": \"{}\", \"step_seconds\": {}, \"values\": [",
            plot.key(),
            plot.unit().symbol(),
            plots.start(*start).rfc3339(),
            Plots::SLOT,
        );
        for (index, value) in values.iter().enumerate() {
            json.push_str(if index > 0 { ", " } else { "" });
            let _ = match value.is_nan() {
                true => write!(json, "null"),
                false => write!(json, "{:?}", rounded((*value).into())),
            };
        }
        json.push_str("]}");
        separator = ", ";
    }
    json.push_str(if separator == "{" { "{}" } else { "}" });
}

/// To three decimals, more than any sensor has, and no −0.
fn rounded(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0 + 0.0
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::*;
    use crate::answer::{self, Options};
    use crate::json;
    use crate::reading::Day;
    use crate::time::utc;

    /// Ten days, of which one is missing, one is half measured, and the last is today.
    fn station() -> Station {
        let day = |text: &str| Day::parse(text).expect("a day");
        let days = [
            "2026-11-19,100,1.00,05:00,8.00,14:00,4.00,80,0.2,5.0,12:00,1000.1,1005.2,,",
            "2026-11-20,98,-1.20,06:40,5.31,14:10,2.00,87,2.4,11.8,13:20,1009.1,1014.2,,",
            "2026-11-22,49,3.00,08:00,6.00,15:00,5.00,90,1.0,,,,,990.1,991.2",
            "2026-11-23,80,,,,,,55,,,,,,,",
        ];
        let open = vec![day("2026-11-24,100,2.00,03:30,2.50,04:00,2.20,70,0.0,2.0,04:10,,,,")];
        let days = days.map(day).into();
        let mut station = Station::called(Some("London".to_owned()));
        station.diary = Some(Arc::new(Diary { days, open, ..Diary::default() }));
        station
    }

    fn now() -> Timestamp {
        Date::parse("2026-11-24").expect("a date").start()
    }

    fn period(from: &str, to: &str) -> Period {
        Period::days_of(Date::parse(from).expect("a date"), Date::parse(to).expect("a date"))
    }

    #[track_caller]
    fn check(station: &Station, (from, to): (&str, &str), expected: &[&str]) {
        let text = answer::past(station, period(from, to), now(), &Options::default());
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_day_has_its_extremes_with_their_times() {
        let day = |day| (day, day);
        check(
            &station(),
            day("2026-11-20"),
            &[
                "City: London",
                "Date: 2026-11-20",
                "Temperature: lowest -1°C at 06:40, highest 5°C at 14:10, mean 2°C",
                "Rain: 2.4 mm",
                "Wind Gusts: highest 42 km/h at 13:20",
                "Pressure: lowest 1009 hPa, highest 1014 hPa",
                "Humidity: mean 87%",
            ],
        );
        check(
            &station(),
            day("2026-11-22"),
            &[
                "City: London",
                "Date: 2026-11-22 (measured 49% of the day)",
                "Temperature: lowest 3°C at 08:00, highest 6°C at 15:00, mean 5°C",
                "Rain: 1.0 mm",
                "Pressure: lowest 990 hPa, highest 991 hPa",
                "Humidity: mean 90%",
            ],
        );
        check(
            &station(),
            day("2026-11-24"),
            &[
                "City: London",
                "Date: 2026-11-24 so far",
                "Temperature: lowest 2°C at 03:30, highest 3°C at 04:00, mean 2°C",
                "Rain: 0.0 mm",
                "Wind Gusts: highest 7 km/h at 04:10",
                "Humidity: mean 70%",
            ],
        );
        let unknown = ["City: London", "Date: 2026-11-21 (not known)", "First Known Day: 2026-11-19"];
        check(&station(), day("2026-11-21"), &unknown);
        let nothing = "First Known Day: none, as no day of this station is kept yet";
        check(&Station::default(), day("2026-11-21"), &["Date: 2026-11-21 (not known)", nothing]);
    }

    /// A night of which most was measured, and the one after it.
    fn night_owl() -> Station {
        let night = |text: &str| Day::parse(text).expect("a night");
        let nights = vec![
            night("2026-11-24,98,-1.20,06:40,5.31,18:00,2.00,87,2.4,11.8,23:20,1009.1,1014.2,,"),
            night("2026-11-25,60,3.00,20:00,4.00,18:00,3.50,,,,,,,,"),
        ];
        let mut station = station();
        station.diary = station.diary.map(|diary| Arc::new(Diary { nights, ..Diary::clone(&diary) }));
        station
    }

    /// The night that ends on a day, at an hour of the board's clock.
    #[track_caller]
    fn check_night((day, hour): (&str, u32), station: &Station, expected: &[&str]) {
        let today = Date::parse(day).expect("a date");
        let night = Period::read("date", "last night", today).expect("a night");
        let text = answer::past(station, night, today.at(hour), &Options::default());
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn a_night_names_its_hours() {
        let lines = [
            "City: London",
            "Date: last night, 2026-11-23 18:00 to 2026-11-24 09:00",
            "Temperature: lowest -1°C at 06:40, highest 5°C at 18:00, mean 2°C",
            "Rain: 2.4 mm",
            "Wind Gusts: highest 42 km/h at 23:20",
            "Pressure: lowest 1009 hPa, highest 1014 hPa",
            "Humidity: mean 87%",
        ];
        let so_far = format!("{} so far", lines[1]);
        let so_far = [&[lines[0], so_far.as_str()], &lines[2..]].concat();
        check_night(("2026-11-24", 0), &night_owl(), &so_far);
        check_night(("2026-11-24", 8), &night_owl(), &so_far);
        // From nine on it is over, and in the evening the next one is not the last one yet.
        check_night(("2026-11-24", 9), &night_owl(), &lines);
        check_night(("2026-11-24", 23), &night_owl(), &lines);
        let next = [
            "City: London",
            "Date: last night, 2026-11-24 18:00 to 2026-11-25 09:00 so far (measured 60% of the night)",
            "Temperature: lowest 3°C at 20:00, highest 4°C at 18:00, mean 4°C",
        ];
        check_night(("2026-11-25", 0), &night_owl(), &next);
        let unknown = [
            "City: London",
            "Date: last night, 2026-11-25 18:00 to 2026-11-26 09:00 (not known)",
            "First Known Day: 2026-11-19",
        ];
        check_night(("2026-11-26", 1), &night_owl(), &unknown);
    }

    #[test]
    fn several_days_have_their_totals_and_a_line_each() {
        let totals = [
            "City: London",
            "Date: 2026-11-18 to 2026-11-24 (4 of 7 days measured)",
            "Temperature: lowest -1°C on 2026-11-20, highest 8°C on 2026-11-19, mean 3°C",
            "Rain: 3.6 mm (3 of 7 days measured)",
            "Wind Gusts: highest 42 km/h on 2026-11-20",
            "Pressure: lowest 1000 hPa, highest 1014 hPa",
            "Humidity: mean 76%",
        ];
        let days = [
            "2026-11-19: 1°C to 8°C, rain 0.2 mm, gusts 18 km/h",
            "2026-11-20: -1°C to 5°C, rain 2.4 mm, gusts 42 km/h",
            "2026-11-21: not known",
            "2026-11-22: 3°C to 6°C, rain 1.0 mm (measured 49% of the day)",
            "2026-11-23: no temperature, rain or gusts",
            "2026-11-24 so far: 2°C to 3°C, rain 0.0 mm, gusts 7 km/h",
            "First Known Day: 2026-11-19",
        ];
        check(&station(), ("2026-11-18", "2026-11-24"), &[&totals[..], &days[..]].concat());
        // A month and more: the totals alone.
        let text = answer::past(&station(), period("2026-10-25", "2026-11-24"), now(), &Options::default());
        assert_eq!(text.lines().count(), totals.len() + days.len(), "{text}");
        let text = answer::past(&station(), period("2026-10-24", "2026-11-24"), now(), &Options::default());
        assert_eq!(text.lines().count(), totals.len() + 1, "{text}");
    }

    fn members(period: Period, extent: Extent, station: Option<&Station>) -> Value {
        let mut text = "{\"a\": 1".to_owned();
        answer::write_past(station, period, now(), extent, &mut text);
        text.push('}');
        let value: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(json::text(&value).len(), text.len(), "as Python writes it: {text}");
        value
    }

    #[test]
    fn the_json_says_the_same() {
        let all = period("2026-11-18", "2026-11-24");
        let found = members(all, Extent::Full, Some(&station()));
        let dates: Vec<_> = found["days"].as_array().expect("days").iter().map(|day| &day["date"]).collect();
        assert_eq!(dates, ["2026-11-19", "2026-11-20", "2026-11-22", "2026-11-23", "2026-11-24"]);
        assert_eq!(found["first_day"], "2026-11-19");
        assert_eq!((&found["from"], &found["to"]), (&json!("2026-11-18"), &json!("2026-11-24")));
        assert_eq!(
            found["totals"]["temperature_min"],
            json!({"value": -1.2, "unit": "°C", "date": "2026-11-20", "days_measured": 3, "time": "06:40"})
        );
        assert_eq!(found["totals"]["rain"], json!({"value": 3.6, "unit": "mm", "days_measured": 3}));
        assert_eq!(
            found["days"][3],
            json!({"date": "2026-11-23", "covered_percent": 80,
            "values": {"humidity_mean": {"value": 55.0, "unit": "%"}}})
        );
        assert_eq!(
            found["days"][1]["values"]["gust_max"],
            json!({"value": 11.8, "unit": "m/s", "time": "13:20"})
        );
        assert_eq!((found["days"][3].get("so_far"), &found["days"][4]["so_far"]), (None, &json!(true)));
        assert_eq!(found.get("series"), None);
        // Too many for the text, too.
        let year = period("2026-01-01", "2026-11-24");
        assert_eq!(members(year, Extent::Text, Some(&station()))["days"], json!([]));
        let none = members(all, Extent::Full, None);
        assert_eq!(
            none,
            json!({"a": 1, "from": "2026-11-18", "to": "2026-11-24", "first_day": null, "totals": {},
            "days": []})
        );
        assert_eq!(members(all, Extent::Text, None)["first_day"], "");
    }

    #[test]
    fn the_json_of_a_night_says_its_hours() {
        let night = Period { is_night: true, ..period("2026-11-23", "2026-11-24") };
        for extent in [Extent::Full, Extent::Text] {
            let found = members(night, extent, Some(&night_owl()));
            assert_eq!((&found["from"], &found["to"]), (&json!("2026-11-23"), &json!("2026-11-24")));
            assert_eq!(
                found["hours"],
                json!({"start": "18:00", "end": "09:00", "covered_percent": 98, "so_far": true})
            );
            assert_eq!(found["days"], json!([]));
            let lowest = json!({"value": -1.2, "unit": "°C", "time": "06:40"});
            assert_eq!(found["totals"]["temperature_min"], lowest);
            assert_eq!(found["first_day"], "2026-11-19");
        }
        // Days have none, and for assistants an empty one.
        let days = period("2026-11-23", "2026-11-24");
        assert_eq!(members(days, Extent::Full, Some(&night_owl())).get("hours"), None);
        assert_eq!(members(days, Extent::Text, Some(&night_owl()))["hours"], json!({}));
        let unknown = members(night, Extent::Full, Some(&station()));
        assert_eq!((&unknown["totals"], &unknown["hours"]["covered_percent"]), (&json!({}), &json!(0)));
    }

    #[test]
    fn the_series_are_those_of_the_period() {
        let end = utc("2026-11-24T06:00:00Z");
        let slot = u32::try_from(Plots::slot(end)).expect("a slot");
        let mut values = vec![f32::NAN; usize::from(Plots::SLOTS)];
        let last = values.len() - 1;
        (values[last - 1], values[last]) = (-0.0001, 2.25);
        let mut station = station();
        let plots = Plots::new(slot, vec![(Plot::Temperature, values.into())]);
        station.diary = Some(Arc::new(Diary { plots, ..Diary::default() }));
        let day = Date::of(utc("2026-11-24T05:00:00Z"));
        let found = members(Period::days_of(day, day), Extent::Full, Some(&station));
        let series = &found["series"]["temperature"];
        let values = series["values"].as_array().expect("values");
        assert_eq!(values[values.len() - 3..], [json!(null), json!(0.0), json!(2.25)]);
        assert_eq!((&series["unit"], &series["step_seconds"]), (&json!("°C"), &json!(600)));
        let start = day.start().max(station.diary.as_ref().expect("a diary").plots.start(0));
        assert_eq!(series["start"], start.rfc3339());
        let night = Period { is_night: true, ..Period::days_of(day.plus(-1), day) };
        let found = members(night, Extent::Full, Some(&station));
        let series = &found["series"]["temperature"];
        assert_eq!(series["start"], day.plus(-1).at(18).rfc3339());
        let hours = end.age(day.plus(-1).at(18)).max(day.plus(-1).at(18).age(end)).as_secs() / 3600;
        assert_eq!(series["values"].as_array().map(|values| values.len() as u64), Some(6 * hours.min(15)));
        let before = period("2026-11-01", "2026-11-02");
        assert_eq!(members(before, Extent::Full, Some(&station)).get("series"), None);
    }
}
