//! Plots of days and of months, from the rows that each day leaves.

use super::axis::Axis;
use super::frame::{Frame, bar, below};
use super::html::{Html, extremes, position, sum};
use super::plot::label;
use crate::answer::{Line, Options};
use crate::reading::{Column, Day, Diary, Unit};
use crate::time::{Date, Timestamp};

/// The days that are shown one by one.
const DAYS: i32 = 30;

/// The months that are shown, that of today included.
const MONTHS: i32 = 12;

/// What is known of some days in a row, in base units; NaN where nothing is.
struct Bar {
    /// `2026-11-28`, or `2026-11`.
    name: String,
    lowest: f64,
    highest: f64,
    mean: f64,
    rain: f64,
    /// How much of them was measured, %.
    covered: u32,
    /// The same of the days of which the rain is known.
    rain_covered: u32,
}

impl Bar {
    /// From one day to another, both included.
    fn of(days: &[&Day], first: Date, last: Date, count: u32) -> Bar {
        let (mut lowest, mut highest, mut covered, mut rain_covered) = (f64::NAN, f64::NAN, 0, 0);
        let (mut means, mut rain) = (Vec::new(), Vec::new());
        for day in days.iter().filter(|day| (first..=last).contains(&day.date)) {
            let value = |column| day.value(column).unwrap_or(f64::NAN);
            lowest = lowest.min(value(Column::LowestTemperature));
            highest = highest.max(value(Column::HighestTemperature));
            means.push(value(Column::MeanTemperature));
            rain.push(value(Column::Rain));
            covered += u32::from(day.covered);
            if day.value(Column::Rain).is_some() {
                rain_covered += u32::from(day.covered);
            }
        }
        let (mean, rain) = (sum(&means), sum(&rain).0);
        Bar {
            name: first.to_string(),
            lowest,
            highest,
            mean: mean.0 / mean.1,
            rain,
            covered: covered / count.max(1),
            rain_covered: rain_covered / count.max(1),
        }
    }

    fn covered(&self, is_rain: bool) -> u32 {
        if is_rain { self.rain_covered } else { self.covered }
    }

    fn is_whole(&self, is_rain: bool) -> bool {
        self.covered(is_rain) >= u32::from(Day::WHOLE)
    }
}

/// Adds the last days, and the last months if there are several.
pub(super) fn sections(html: &mut Html, diary: &Diary, now: Timestamp, options: &Options) {
    let today = Date::of(now);
    let days: Vec<&Day> = diary.range(today.plus(-31 * MONTHS), today).collect();
    let (mut bars, mut months) = (Vec::new(), Vec::new());
    for back in (0..DAYS).rev() {
        let date = today.plus(-back);
        bars.push(Bar::of(&days, date, date, 1));
    }
    let mut last = today;
    for _ in 0..MONTHS {
        let (_, _, count) = last.ymd();
        let first = last.plus(1 - i32::try_from(count).unwrap_or(1));
        let mut month = Bar::of(&days, first, last, count);
        month.name.truncate("2026-11".len());
        months.push(month);
        last = first.plus(-1);
    }
    months.reverse();
    section(html, &bars, options);
    if months.iter().filter(|month| month.covered > 0).count() > 1 {
        section(html, &months, options);
    }
}

fn section(html: &mut Html, bars: &[Bar], options: &Options) {
    let (Some(first), Some(last)) = (bars.first(), bars.last()) else { return };
    if bars.iter().all(|bar| bar.covered == 0) {
        return;
    }
    let name = [first.name.as_str(), " – ", &last.name].concat();
    html.raw(&["<section><h2>", &name, "</h2><div class=\"f h\">"]);
    figure(html, bars, &name, Line::Temperature, options);
    figure(html, bars, &name, Line::Rain, options);
    html.0.push_str("</div></section>");
}

/// Adds a figure of lowest to highest temperatures, or of rain.
fn figure(html: &mut Html, bars: &[Bar], name: &str, line: Line, options: &Options) {
    let is_rain = line == Line::Rain;
    let scale = options.units.scale(if is_rain { Unit::Millimetre } else { Unit::Celsius });
    let (mut lows, mut highs) = (Vec::new(), Vec::new());
    for bar in bars {
        let (low, high) = if is_rain { (0.0, bar.rain) } else { (bar.lowest, bar.highest) };
        lows.push(scale.of(low));
        highs.push(scale.of(high));
    }
    let (low, high) = (extremes(&lows).0, extremes(&highs).1);
    if high.is_nan() {
        return;
    }
    let span = scale.of(1.0) - scale.of(0.0);
    let axis = if is_rain { Axis::from_zero(high, span) } else { Axis::new((low, high), 4.0 * span) };
    let width = position(bars.len());
    let (mut paths, mut texts) = (Html(String::new()), Html(String::new()));
    // One that is not whole is only an outline.
    for (class, is_whole) in [("b", true), ("w", false)] {
        paths.raw(&["<path class=", class, " d=\""]);
        for (index, ((each, low), high)) in bars.iter().zip(&lows).zip(&highs).enumerate() {
            if each.is_whole(is_rain) == is_whole && !high.is_nan() {
                let left = position(index) * 10;
                bar(&mut paths, (left, left + 10), (axis.y(*low), axis.y(*high)));
            }
        }
        paths.0.push_str("\"/>");
    }
    for (index, bar) in bars.iter().enumerate() {
        // There is room for each month, and for a day of each week.
        if bars.len() <= 12 || index % 7 == 1 {
            below(&mut texts, position(index) * 2 + 1, width * 2);
            texts.raw(&[bar.name.get("2026-".len()..).unwrap_or_default(), "</text>"]);
        }
    }
    let mut rows = Html(String::new());
    for bar in bars.iter().filter(|bar| bar.covered(is_rain) > 0) {
        rows.raw(&["<tr><th scope=row>", &bar.name]);
        if !bar.is_whole(is_rain) {
            rows.0.push_str(" (");
            rows.whole(bar.covered(is_rain).into());
            rows.0.push_str(" %)");
        }
        let values = [bar.rain, bar.lowest, bar.highest, bar.mean];
        for value in if is_rain { &values[..1] } else { &values[1..] } {
            rows.0.push_str("<td>");
            rows.number(scale.of(*value), scale.decimals);
        }
    }
    let said = if is_rain { (f64::NAN, sum(&highs).0) } else { (low, high) };
    let columns: &[&str] = if is_rain { &["Σ"] } else { &["↓", "↑", "⌀"] };
    let legend = &[label(line, options)];
    Frame { legend, name, said, scale, axis, width: width * 10, paths, texts, columns, rows }.write(html);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        Date::parse(text).expect("a date")
    }

    fn day(text: &str, covered: u8, lowest: f64, rain: Option<f64>) -> Day {
        let mut day = Day::new(date(text), covered);
        day.set(Column::LowestTemperature, lowest);
        day.set(Column::HighestTemperature, lowest + 10.0);
        day.set(Column::MeanTemperature, lowest + 4.0);
        if let Some(rain) = rain {
            day.set(Column::Rain, rain);
        }
        day
    }

    #[test]
    fn a_month_is_that_of_its_days() {
        let days = [
            day("2026-10-31", 100, -20.0, Some(50.0)),
            day("2026-11-01", 100, -1.0, Some(2.5)),
            day("2026-11-02", 50, 3.0, None),
            day("2026-11-04", 90, 4.0, Some(0.5)),
        ];
        let days: Vec<&Day> = days.iter().collect();
        let bar = Bar::of(&days, date("2026-11-01"), date("2026-11-04"), 4);
        assert_eq!((bar.lowest, bar.highest, bar.mean, bar.rain), (-1.0, 14.0, 6.0, 3.0));
        assert_eq!((bar.covered, bar.is_whole(false)), (60, false));
        // Of the second day the rain is not known.
        assert_eq!((bar.rain_covered, bar.is_whole(true)), (47, false));
        let bar = Bar::of(&days, date("2026-11-02"), date("2026-11-02"), 1);
        assert_eq!((bar.covered, bar.lowest), (50, 3.0));
        let bar = Bar::of(&days, date("2026-11-03"), date("2026-11-03"), 1);
        assert!(bar.covered == 0 && bar.lowest.is_nan() && bar.rain.is_nan() && bar.mean.is_nan());
    }
}
