//! Plots of days and of months, from the rows that each day leaves.

use super::axis::Axis;
use super::html::{Html, position, whole_as_float};
use super::plot::{bar, below, extremes, is_unknown, label, open};
use crate::answer::{Line, Options, Scale};
use crate::reading::{Column, Day, Diary, Unit};
use crate::time::{Date, Timestamp};

/// The days that are shown one by one.
const DAYS: i32 = 30;

/// The months that are shown, that of today included.
const MONTHS: i32 = 12;

/// What is known of a day or a month, in base units; NaN where nothing is.
struct Bar {
    when: When,
    lowest: f64,
    highest: f64,
    mean: f64,
    rain: f64,
    /// How much of it was measured, %.
    covered: u8,
}

#[derive(Clone, Copy)]
enum When {
    Day(Date),
    Month(i32, u32),
}

impl Bar {
    fn is_whole(&self) -> bool {
        self.covered >= Day::WHOLE
    }
}

/// Adds the last days, and the last months if there are several.
pub(super) fn sections(html: &mut Html, diary: &Diary, now: Timestamp, options: &Options) {
    let today = Date::of(now);
    section(html, &days(diary, today), options);
    let months = months(diary, today);
    if months.iter().filter(|month| month.covered > 0).count() > 1 {
        section(html, &months, options);
    }
}

fn days(diary: &Diary, today: Date) -> Vec<Bar> {
    let dates = (0..DAYS).rev().map(|back| today.plus(-back));
    dates.map(|date| of_day(date, diary.day(date))).collect()
}

fn of_day(date: Date, day: Option<&Day>) -> Bar {
    let value = |column| day.and_then(|day| day.value(column)).unwrap_or(f64::NAN);
    Bar {
        when: When::Day(date),
        lowest: value(Column::LowestTemperature),
        highest: value(Column::HighestTemperature),
        mean: value(Column::MeanTemperature),
        rain: value(Column::Rain),
        covered: day.map_or(0, |day| day.covered),
    }
}

fn months(diary: &Diary, today: Date) -> Vec<Bar> {
    let (year, month, _) = today.ymd();
    let count = year * 12 + i32::try_from(month).unwrap_or(1) - 1;
    let name = |back: i32| {
        let count = count - back;
        (count.div_euclid(12), u32::try_from(count.rem_euclid(12) + 1).unwrap_or(1))
    };
    let days: Vec<(Date, &Day)> =
        diary.range(today.plus(-31 * MONTHS), today).map(|day| (day.date, day)).collect();
    (0..MONTHS).rev().map(|back| of_month(name(back), &days, today)).collect()
}

/// Of all days of a month, those under the bound as far as they were measured.
fn of_month((year, month): (i32, u32), days: &[(Date, &Day)], today: Date) -> Bar {
    let is_in = |date: Date| date.ymd().0 == year && date.ymd().1 == month;
    let bars: Vec<Bar> =
        days.iter().filter(|(date, _)| is_in(*date)).map(|(date, day)| of_day(*date, Some(day))).collect();
    let all = |value: fn(&Bar) -> f64| bars.iter().map(value).collect::<Vec<f64>>();
    let known =
        |value: fn(&Bar) -> f64| all(value).into_iter().filter(|value| !value.is_nan()).collect::<Vec<f64>>();
    let (means, rain) = (known(|bar| bar.mean), known(|bar| bar.rain));
    // Those of the month that have passed.
    let passed = (0..31).filter(|back| is_in(today.plus(-back))).count();
    let passed = if passed > 0 { passed } else { 30 };
    let measured: usize = bars.iter().map(|bar| usize::from(bar.covered)).sum();
    let or_nan = |value: f64| if value.is_finite() { value } else { f64::NAN };
    Bar {
        when: When::Month(year, month),
        lowest: or_nan(extremes(&all(|bar| bar.lowest)).0),
        highest: or_nan(extremes(&all(|bar| bar.highest)).1),
        mean: means.iter().sum::<f64>() / whole_as_float(position(means.len())),
        rain: if rain.is_empty() { f64::NAN } else { rain.iter().sum() },
        covered: u8::try_from((measured / passed).min(100)).unwrap_or(100),
    }
}

fn section(html: &mut Html, bars: &[Bar], options: &Options) {
    if bars.iter().all(|bar| bar.covered == 0) {
        return;
    }
    html.0.push_str("<section><h2>");
    for (index, bar) in [bars.first(), bars.last()].into_iter().flatten().enumerate() {
        html.0.push_str(if index == 0 { "" } else { " – " });
        match bar.when {
            When::Day(date) => html.0.push_str(&date.to_string()),
            When::Month(year, month) => html.month((year, month), true),
        }
    }
    html.0.push_str("</h2><div class=\"f h\">");
    figure(html, bars, Line::Temperature, options);
    figure(html, bars, Line::Rain, options);
    html.0.push_str("</div></section>");
}

/// Adds a figure of lowest to highest temperatures, or of rain.
fn figure(html: &mut Html, bars: &[Bar], line: Line, options: &Options) {
    let is_rain = line == Line::Rain;
    let scale = options.units.scale(if is_rain { Unit::Millimetre } else { Unit::Celsius });
    let ends = |bar: &Bar| if is_rain { (0.0, bar.rain) } else { (bar.lowest, bar.highest) };
    let scaled = |bar: &Bar| (scale.of(ends(bar).0), scale.of(ends(bar).1));
    let highest: Vec<f64> = bars.iter().map(|bar| scaled(bar).1).collect();
    if is_unknown(&highest) {
        return;
    }
    let lowest: Vec<f64> = bars.iter().map(|bar| scaled(bar).0).collect();
    let (low, high) = (extremes(&lowest).0, extremes(&highest).1);
    let span = scale.of(1.0) - scale.of(0.0);
    let axis = if is_rain { Axis::from_zero(high, span) } else { Axis::new((low, high), 4.0 * span) };
    let width = position(bars.len());
    let said = |html: &mut Html| {
        if is_rain {
            html.0.push_str("Σ ");
            html.number(highest.iter().filter(|value| !value.is_nan()).sum(), scale.decimals);
        } else {
            html.extremes((low, high), scale.decimals);
        }
        html.raw(&[" ", scale.symbol]);
    };

    html.0.push_str("<figure><figcaption><b class=k0>");
    html.text(label(line, options));
    html.0.push_str("</b> <span>");
    said(html);
    html.0.push_str("</span></figcaption><svg class=p role=img><title>");
    name(html, bars, line, options);
    html.0.push_str(": ");
    said(html);
    html.0.push_str("</title>");
    open(html, width * 10);
    html.0.push_str("<path class=g d=\"");
    axis.lines(html, width * 10);
    html.0.push_str("\"/>");
    for (is_whole, class) in [(true, "b"), (false, "w")] {
        html.raw(&["<path class=", class, " d=\""]);
        for (index, each) in bars.iter().enumerate() {
            let (low, high) = scaled(each);
            if each.is_whole() == is_whole && !low.is_nan() && !high.is_nan() {
                let left = position(index) * 10;
                bar(html, (left, left + 10), (axis.y(low), axis.y(high)));
            }
        }
        html.0.push_str("\"/>");
    }
    html.0.push_str("</svg>");
    axis.labels(html);
    labels(html, bars, width);
    html.0.push_str("</svg>");
    table(html, bars, line, &scale, options);
    html.0.push_str("</figure>");
}

/// Adds `Temperature, 2026-11`.
fn name(html: &mut Html, bars: &[Bar], line: Line, options: &Options) {
    html.text(label(line, options));
    html.0.push_str(", ");
    html.whole(position(bars.len()));
    html.0.push_str(if bars.len() > 12 { " × 24 h" } else { " × 1 m" });
}

fn labels(html: &mut Html, bars: &[Bar], width: i64) {
    for (index, bar) in bars.iter().enumerate() {
        let is_shown = match bar.when {
            When::Day(_) => index % 7 == 1,
            When::Month(..) => true,
        };
        if is_shown {
            below(html, position(index) * 2 + 1, width * 2);
            when(html, bar.when, false);
            html.0.push_str("</text>");
        }
    }
}

fn when(html: &mut Html, when: When, is_long: bool) {
    match when {
        When::Day(date) if is_long => html.0.push_str(&date.to_string()),
        When::Day(date) => html.day(date),
        When::Month(year, month) => html.month((year, month), is_long),
    }
}

fn table(html: &mut Html, bars: &[Bar], line: Line, scale: &Scale, options: &Options) {
    html.0.push_str("<details><summary>");
    name(html, bars, line, options);
    html.0.push_str("</summary><table><thead><tr><td>");
    let is_rain = line == Line::Rain;
    for symbol in if is_rain { &["Σ "][..] } else { &["↓ ", "↑ ", "⌀ "] } {
        html.raw(&["<th scope=col>", symbol, scale.symbol]);
    }
    html.0.push_str("<tbody>");
    for bar in bars.iter().filter(|bar| bar.covered > 0) {
        html.0.push_str("<tr><th scope=row>");
        when(html, bar.when, true);
        if !bar.is_whole() {
            html.0.push_str(" (");
            html.whole(bar.covered.into());
            html.0.push_str(" %)");
        }
        let values = [bar.rain, bar.lowest, bar.highest, bar.mean];
        for value in if is_rain { &values[..1] } else { &values[1..] } {
            html.0.push_str("<td>");
            html.number(scale.of(*value), scale.decimals);
        }
    }
    html.0.push_str("</table></details>");
}
