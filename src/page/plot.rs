//! Plots of the last hours: what is drawn, what is said of it in words, and its numbers as a table.
//!
//! A plot is drawn in slots and thousandths of its height, and stretched to the room that there is. What must not
//! be stretched, the text, stands around it in percent of that room. So one plot fits a telephone and a wall.

use super::axis::{Axis, HEIGHT, percent};
use super::html::{Html, position, start};
use crate::answer::{Line, Options, Scale};
use crate::reading::{Plot, Plots, Unit};
use crate::time::{Date, Timestamp};
use crate::weather;

/// The hours before now in slots.
pub(super) struct Span<'s> {
    plots: &'s Plots,
    /// `24 h`
    name: &'static str,
    /// The number of its first slot.
    first: i64,
    /// What the clock shows when each of its slots begins, in minutes since midnight.
    minutes: Vec<i16>,
    /// The minutes that a bar and a row of the table stand for.
    every: i16,
}

/// What one figure shows.
struct Figure {
    lines: &'static [Line],
    unit: Unit,
    /// Its axis begins at zero.
    is_amount: bool,
    /// The least that its axis spans, in the unit that sensors use.
    span: f64,
}

const FIGURES: [Figure; 4] = [
    Figure { lines: &[Line::Temperature, Line::DewPoint], unit: Unit::Celsius, is_amount: false, span: 4.0 },
    Figure { lines: &[Line::Rain], unit: Unit::Millimetre, is_amount: true, span: 1.0 },
    Figure {
        lines: &[Line::WindSpeed, Line::WindGusts],
        unit: Unit::MetrePerSecond,
        is_amount: true,
        span: 2.5,
    },
    Figure { lines: &[Line::Pressure], unit: Unit::Hectopascal, is_amount: false, span: 6.0 },
];

/// Values in the unit of the answer, NaN where nothing is known.
type Values = Vec<f64>;

impl<'s> Span<'s> {
    /// So many hours up to now.
    pub(super) fn new(
        plots: &'s Plots,
        name: &'static str,
        slots: i64,
        every: i16,
        now: Timestamp,
    ) -> Span<'s> {
        let first = Plots::slot(now) + 1 - slots;
        let minutes = (first..first + slots).map(|slot| Date::minute(start(slot))).collect();
        Span { plots, name, first, minutes, every }
    }

    fn width(&self) -> i64 {
        position(self.minutes.len())
    }

    /// The values of one row in base units.
    fn row(&self, plot: Plot) -> Values {
        let values = self.plots.values(plot);
        let ahead = self.first - Plots::slot(self.plots.start(0));
        let at = |index: usize| {
            let index = usize::try_from(ahead + position(index)).ok()?;
            values.get(index).copied().map(f64::from)
        };
        (0..self.minutes.len()).map(|index| at(index).unwrap_or(f64::NAN)).collect()
    }

    /// The values that a line of the answer has in a plot, in base units.
    fn values(&self, line: Line) -> Values {
        match line {
            Line::Temperature => self.row(Plot::Temperature),
            Line::DewPoint => {
                let pairs = self.row(Plot::Temperature).into_iter().zip(self.row(Plot::Humidity));
                pairs.map(|(air, humidity)| weather::dew_point(air, humidity).unwrap_or(f64::NAN)).collect()
            }
            Line::WindSpeed => self.row(Plot::Wind),
            Line::WindGusts => self.row(Plot::Gust),
            Line::Rain => self.row(Plot::Rain),
            _ => {
                let sea = self.row(Plot::SeaLevelPressure);
                if is_unknown(&sea) { self.row(Plot::StationPressure) } else { sea }
            }
        }
    }

    /// The slots that belong together in a bar or a row: those of an hour as the clock shows it.
    fn groups(&self) -> Vec<(usize, usize)> {
        let mut groups: Vec<(usize, usize)> = Vec::new();
        for (index, minute) in self.minutes.iter().enumerate() {
            match groups.last_mut() {
                Some((first, end)) if self.minutes[*first] / self.every == minute / self.every => {
                    *end = index + 1
                }
                _ => groups.push((index, index + 1)),
            }
        }
        groups
    }

    /// Where a line stands for midnight, and where the clock is read.
    fn ticks(&self) -> impl Iterator<Item = (usize, i16)> {
        let hours = if self.every == 60 { 360 } else { 1440 };
        let edge = self.minutes.len() / 24;
        let inner = edge.max(1)..self.minutes.len() - edge;
        inner.filter_map(move |index| {
            let (before, minute) = (self.minutes[index - 1], self.minutes[index]);
            let is_tick = before / hours != minute / hours || minute < before;
            is_tick.then_some((index, minute / hours * hours))
        })
    }

    /// Adds a figure for each kind of value that is known.
    pub(super) fn figures(&self, html: &mut Html, options: &Options) {
        for figure in &FIGURES {
            self.figure(html, figure, options);
        }
    }

    fn figure(&self, html: &mut Html, figure: &Figure, options: &Options) {
        let scale = options.units.scale(figure.unit);
        let rows: Vec<(Line, Values)> =
            figure.lines.iter().map(|&line| (line, self.scaled(line, &scale))).collect();
        let rows: Vec<_> = rows.into_iter().filter(|(_, values)| !is_unknown(values)).collect();
        if rows.is_empty() {
            return;
        }
        let is_rain = figure.lines == [Line::Rain];
        let table: Vec<Values> = rows.iter().map(|(line, values)| self.grouped(*line, values)).collect();
        let drawn = if is_rain { &table[0] } else { &rows[0].1 };
        let bounds = |(low, high): (f64, f64), values: &Values| {
            let (own_low, own_high) = extremes(values);
            (low.min(own_low), high.max(own_high))
        };
        let all = rows.iter().map(|(_, values)| values).fold(extremes(drawn), bounds);
        let span = scale.of(figure.span) - scale.of(0.0);
        let axis = if figure.is_amount { Axis::from_zero(all.1, span) } else { Axis::new(all, span) };

        let said = |html: &mut Html| {
            if is_rain {
                html.0.push_str("Σ ");
                html.number(known(drawn).sum(), scale.decimals);
            } else {
                html.extremes(extremes(drawn), scale.decimals);
            }
            html.raw(&[" ", scale.symbol]);
        };
        html.0.push_str("<figure><figcaption>");
        for (number, (line, _)) in rows.iter().enumerate() {
            html.raw(&["<b class=k", if number == 0 { "0>" } else { "1>" }]);
            html.text(label(*line, options));
            html.0.push_str("</b> ");
        }
        html.0.push_str("<span>");
        said(html);
        html.0.push_str("</span></figcaption><svg class=p role=img><title>");
        self.name(html, &rows, options);
        html.0.push_str(": ");
        said(html);
        html.0.push_str("</title>");
        self.open(html, &axis);
        if is_rain {
            html.0.push_str("<path class=b d=\"");
            bars(html, &self.groups(), drawn, &axis);
            html.0.push_str("\"/>");
        } else {
            for (number, (_, values)) in rows.iter().enumerate().rev() {
                html.raw(&["<path class=l", if number == 0 { "0" } else { "1" }, " d=\""]);
                line(html, values, &axis);
                html.0.push_str("\"/>");
            }
        }
        html.0.push_str("</svg>");
        axis.labels(html);
        self.labels(html);
        html.0.push_str("</svg>");
        self.table(html, &rows, &table, &scale, options);
        html.0.push_str("</figure>");
    }

    fn scaled(&self, line: Line, scale: &Scale) -> Values {
        self.values(line).into_iter().map(|value| scale.of(value)).collect()
    }

    /// The values of each group: rain is the sum, gusts the highest, all others the mean.
    fn grouped(&self, line: Line, values: &Values) -> Values {
        let of = |(first, end): (usize, usize)| {
            let values = &values[first..end];
            let (sum, count) =
                known(values).fold((0.0, 0.0), |(sum, count), value| (sum + value, count + 1.0));
            match line {
                _ if count == 0.0 => f64::NAN,
                Line::Rain => sum,
                Line::WindGusts => extremes(values).1,
                _ => sum / count,
            }
        };
        self.groups().into_iter().map(of).collect()
    }

    /// Adds `Temperature, Dew Point, 24 h`.
    fn name(&self, html: &mut Html, rows: &[(Line, Values)], options: &Options) {
        for (line, _) in rows {
            html.text(label(*line, options));
            html.0.push_str(", ");
        }
        html.0.push_str(self.name);
    }

    /// Opens the part that is stretched, with lines for round numbers and for midnights.
    fn open(&self, html: &mut Html, axis: &Axis) {
        open(html, self.width());
        html.0.push_str("<path class=g d=\"");
        axis.lines(html, self.width());
        html.0.push_str("\"/><path class=m d=\"");
        for (index, _) in self.ticks().filter(|(_, minute)| *minute == 0) {
            html.0.push('M');
            html.whole(position(index));
            html.0.push_str(" 0V1000");
        }
        html.0.push_str("\"/>");
    }

    /// Adds hours and dates below the plot.
    fn labels(&self, html: &mut Html) {
        for (index, minute) in self.ticks() {
            below(html, position(index), self.width());
            if minute == 0 {
                html.day(Date::of(start(self.first + position(index))));
            } else {
                html.clock(minute);
            }
            html.0.push_str("</text>");
        }
    }

    fn table(
        &self,
        html: &mut Html,
        rows: &[(Line, Values)],
        table: &[Values],
        scale: &Scale,
        options: &Options,
    ) {
        html.0.push_str("<details><summary>");
        self.name(html, rows, options);
        html.raw(&["</summary><table><thead><tr><td>"]);
        for (line, _) in rows {
            html.0.push_str("<th scope=col>");
            html.text(label(*line, options));
            html.raw(&[", ", scale.symbol]);
        }
        html.0.push_str("<tbody>");
        for (number, (first, _)) in self.groups().into_iter().enumerate() {
            html.0.push_str("<tr><th scope=row>");
            if self.every != 60 || number == 0 || self.minutes[first] < self.every {
                html.day(Date::of(start(self.first + position(first))));
                html.0.push(' ');
            }
            html.clock(self.minutes[first]);
            for values in table {
                html.0.push_str("<td>");
                html.number(values[number], scale.decimals);
            }
        }
        html.0.push_str("</table></details>");
    }

    /// Adds a small line without words: the temperature by hours.
    pub(super) fn spark(&self, html: &mut Html) {
        let values = self.grouped(Line::Temperature, &self.values(Line::Temperature));
        if is_unknown(&values) {
            return;
        }
        html.0.push_str("<svg class=s aria-hidden=true>");
        open(html, position(values.len()));
        html.0.push_str("<path class=l0 d=\"");
        line(html, &values, &Axis::new(extremes(&values), 4.0));
        html.0.push_str("\"/></svg></svg>");
    }
}

/// What stands before the colon of a line, also where the answer leaves the line out.
pub(super) fn label(line: Line, options: &Options) -> &str {
    let label = options.labels[line].as_str();
    if label.is_empty() { line.default_label() } else { label }
}

/// Opens a part that is stretched to the room that there is.
pub(super) fn open(html: &mut Html, width: i64) {
    html.0.push_str("<svg viewBox=\"0 0 ");
    html.whole(width);
    html.0.push_str(" 1000\" preserveAspectRatio=none>");
}

/// Opens a text below a plot, at a part of its width.
pub(super) fn below(html: &mut Html, x: i64, width: i64) {
    html.0.push_str("<text class=x y=100% dy=16 x=");
    percent(html, x, width);
    html.0.push('>');
}

pub(super) fn known(values: &[f64]) -> impl Iterator<Item = f64> {
    values.iter().copied().filter(|value| !value.is_nan())
}

pub(super) fn is_unknown(values: &[f64]) -> bool {
    values.iter().all(|value| value.is_nan())
}

/// The lowest and the highest.
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    let wider = |(low, high): (f64, f64), value: f64| (low.min(value), high.max(value));
    known(values).fold((f64::INFINITY, f64::NEG_INFINITY), wider)
}

/// Adds the path of a line from the middle of each slot to that of the next one. Where nothing is known it is
/// interrupted, and a value between two gaps is a dot.
fn line(html: &mut Html, values: &[f64], axis: &Axis) {
    let mut before: Option<i64> = None;
    for (index, &value) in values.iter().enumerate() {
        if value.is_nan() {
            before = None;
            continue;
        }
        let y = axis.y(value);
        match before {
            Some(before) => {
                html.0.push_str("l1 ");
                html.whole(y - before);
            }
            None => {
                html.0.push('M');
                html.whole(position(index));
                html.0.push_str(".5 ");
                html.whole(y);
                html.0.push_str("h0");
            }
        }
        before = Some(y);
    }
}

/// Adds the path of a bar for each group. One without rain is a stroke on the ground, and one of which nothing is
/// known is not there.
fn bars(html: &mut Html, groups: &[(usize, usize)], values: &[f64], axis: &Axis) {
    for (&(first, end), &value) in groups.iter().zip(values) {
        if !value.is_nan() {
            bar(html, (position(first), position(end)), (HEIGHT, axis.y(value)));
        }
    }
}

/// The room on each side of a bar, as a part of its own.
const BESIDE: f64 = 0.2;

/// Adds a bar with some room on its sides: from left to right, from one height to another.
pub(super) fn bar(html: &mut Html, (left, right): (i64, i64), (from, to): (i64, i64)) {
    let width = super::html::whole_as_float(right - left);
    html.0.push('M');
    html.number(super::html::whole_as_float(left) + width * BESIDE, 1);
    html.0.push(' ');
    html.whole(from);
    html.0.push('V');
    html.whole(to);
    html.0.push('h');
    html.number(width * (1.0 - 2.0 * BESIDE), 1);
    html.0.push('V');
    html.whole(from);
    html.0.push('z');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(values: &[f64]) -> String {
        let mut html = Html(String::new());
        line(&mut html, values, &Axis::new((0.0, 4.0), 0.0));
        html.0
    }

    #[test]
    fn a_line_goes_from_slot_to_slot() {
        assert_eq!(path(&[0.0, 1.0, 1.0, 4.0]), "M0.5 1000h0l1 -250l1 0l1 -750");
        assert_eq!(path(&[]), "");
    }

    #[test]
    fn a_gap_stays_a_gap() {
        let gap = f64::NAN;
        assert_eq!(path(&[gap, 1.0, 2.0, gap, 4.0, gap, gap]), "M1.5 750h0l1 -250M4.5 0h0");
        assert_eq!(path(&[gap, gap]), "");
    }

    #[test]
    fn a_bar_stands_on_the_ground() {
        let mut html = Html(String::new());
        let values = [0.0, f64::NAN, 2.0];
        bars(&mut html, &[(0, 6), (6, 12), (12, 14)], &values, &Axis::new((0.0, 4.0), 0.0));
        assert_eq!(html.0, "M1.2 1000V1000h3.6V1000zM12.4 1000V500h1.2V1000z");
    }
}
