//! Plots of the last hours, from values of ten minutes.

use super::axis::Axis;
use super::frame::{Frame, GROUND, bar, below, line, stretch};
use super::html::{Html, extremes, position, sum};
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
    /// The slots that belong together in a bar or a row of the table, as first and end: those of an hour, or of several, as
    /// the clock shows it.
    groups: Vec<(usize, usize)>,
    /// The minutes that a group stands for.
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

/// Values, NaN where nothing is known.
type Values = Vec<f64>;

impl<'s> Span<'s> {
    /// So many slots up to now.
    pub(super) fn new(
        plots: &'s Plots,
        name: &'static str,
        slots: u16,
        every: i16,
        now: Timestamp,
    ) -> Span<'s> {
        let first = Plots::slot(now) + 1 - i64::from(slots);
        let mut span = Span { plots, name, first, minutes: Vec::new(), groups: Vec::new(), every };
        for index in 0..usize::from(slots) {
            let minute = Date::minute(span.start(index));
            let before = span.minutes.last().map(|before| before / every);
            match span.groups.last_mut() {
                Some((_, end)) if before == Some(minute / every) => *end = index + 1,
                _ => span.groups.push((index, index + 1)),
            }
            span.minutes.push(minute);
        }
        span
    }

    /// When a slot begins.
    fn start(&self, index: usize) -> Timestamp {
        let slot = self.first + position(index);
        Timestamp::from_millis(slot * i64::from(Plots::SLOT) * 1000).unwrap_or(Timestamp::EPOCH)
    }

    /// The values of one row in base units.
    fn row(&self, plot: Plot) -> Values {
        let known = self.plots.values(plot);
        let ahead = self.first - Plots::slot(self.plots.start(0));
        let mut values = vec![f64::NAN; self.minutes.len()];
        for (index, value) in values.iter_mut().enumerate() {
            let index = usize::try_from(ahead + position(index)).unwrap_or(usize::MAX);
            *value = known.get(index).map_or(f64::NAN, |known| f64::from(*known));
        }
        values
    }

    /// The values that a line of the answer has in a plot, in base units.
    fn values(&self, line: Line) -> Values {
        let plot = match line {
            Line::Rain => Plot::Rain,
            Line::WindSpeed => Plot::Wind,
            Line::WindGusts => Plot::Gust,
            Line::Pressure => Plot::SeaLevelPressure,
            _ => Plot::Temperature,
        };
        let mut values = self.row(plot);
        if line == Line::DewPoint {
            for (value, humidity) in values.iter_mut().zip(self.row(Plot::Humidity)) {
                *value = weather::dew_point(*value, humidity).unwrap_or(f64::NAN);
            }
        }
        if line == Line::Pressure && extremes(&values).0.is_nan() {
            values = self.row(Plot::StationPressure);
        }
        values
    }

    /// The values of each group: rain is the sum, gusts the highest, all others the mean.
    fn grouped(&self, line: Line, values: &[f64]) -> Values {
        let mut grouped = Vec::with_capacity(self.groups.len());
        for &(first, end) in &self.groups {
            let values = values.get(first..end).unwrap_or_default();
            let (sum, count) = sum(values);
            grouped.push(match line {
                Line::Rain => sum,
                Line::WindGusts => extremes(values).1,
                _ => sum / count,
            });
        }
        grouped
    }

    /// Adds a figure for each kind of value that is known.
    pub(super) fn figures(&self, html: &mut Html, options: &Options) {
        for figure in &FIGURES {
            self.figure(html, figure, options);
        }
    }

    fn figure(&self, html: &mut Html, figure: &Figure, options: &Options) {
        let scale = options.units.scale(figure.unit);
        let (mut legend, mut rows, mut table) = (Vec::new(), Vec::new(), Vec::new());
        for &line in figure.lines {
            let mut values = self.values(line);
            if !extremes(&values).0.is_nan() {
                values.iter_mut().for_each(|value| *value = scale.of(*value));
                legend.push(label(line, options));
                table.push(self.grouped(line, &values));
                rows.push(values);
            }
        }
        let is_rain = figure.lines == [Line::Rain];
        let drawn = if is_rain { &table } else { &rows };
        let Some(first) = drawn.first() else { return };
        let mut ends = extremes(first);
        let said = if is_rain { (f64::NAN, sum(first).0) } else { ends };
        for values in drawn {
            let (low, high) = extremes(values);
            ends = (ends.0.min(low), ends.1.max(high));
        }
        let span = scale.of(figure.span) - scale.of(0.0);
        let axis = if figure.is_amount { Axis::from_zero(ends.1, span) } else { Axis::new(ends, span) };
        let (mut paths, texts) = self.ticks();
        if is_rain {
            paths.0.push_str("<path class=b d=\"");
            for (&(first, end), &value) in self.groups.iter().zip(first) {
                if !value.is_nan() {
                    bar(&mut paths, (position(first), position(end)), (GROUND, axis.y(value)));
                }
            }
            paths.0.push_str("\"/>");
        } else {
            for (class, values) in ["l0", "l1"].iter().zip(&rows).rev() {
                line(&mut paths, class, values, &axis);
            }
        }
        let rows = self.rows(&table, &scale);
        let width = position(self.minutes.len());
        let columns = &legend;
        Frame { legend: &legend, name: self.name, said, scale, axis, width, paths, texts, columns, rows }
            .write(html);
    }

    /// Lines for midnights, and the dates and hours below.
    fn ticks(&self) -> (Html, Html) {
        let hours = if self.every == 60 { 360 } else { 1440 };
        let width = self.minutes.len();
        let (mut lines, mut texts) = (Html("<path class=m d=\"".to_owned()), Html(String::new()));
        let mut before = i16::MAX;
        for (index, &minute) in self.minutes.iter().enumerate() {
            let is_tick = minute / hours != before / hours || minute < before;
            before = minute;
            // At the edges there is no room for the text.
            if !is_tick || index < width / 24 || index >= width - width / 24 {
                continue;
            }
            below(&mut texts, position(index), position(width));
            if minute < hours {
                lines.0.push('M');
                lines.whole(position(index));
                lines.0.push_str(" 0V1000");
                texts.day(Date::of(self.start(index)));
            } else {
                texts.clock(minute / hours * hours);
            }
            texts.0.push_str("</text>");
        }
        lines.0.push_str("\"/>");
        (lines, texts)
    }

    /// The rows of the table.
    fn rows(&self, table: &[Values], scale: &Scale) -> Html {
        let mut html = Html(String::new());
        let mut date = None;
        for (number, &(first, _)) in self.groups.iter().enumerate() {
            html.0.push_str("<tr><th scope=row>");
            let of = Date::of(self.start(first));
            if date.replace(of) != Some(of) || self.every != 60 {
                html.day(of);
                html.0.push(' ');
            }
            html.clock(self.minutes.get(first).copied().unwrap_or(0));
            for values in table {
                html.0.push_str("<td>");
                html.number(values.get(number).copied().unwrap_or(f64::NAN), scale.decimals);
            }
        }
        html
    }

    /// Adds a small line without words: the temperature by hours.
    pub(super) fn spark(&self, html: &mut Html) {
        let values = self.grouped(Line::Temperature, &self.values(Line::Temperature));
        let ends = extremes(&values);
        if ends.0.is_nan() {
            return;
        }
        html.0.push_str("<svg class=s aria-hidden=true>");
        stretch(html, position(values.len()));
        line(html, "l0", &values, &Axis::new(ends, 4.0));
        html.0.push_str("</svg></svg>");
    }
}

/// What stands before the colon of a line, also where the answer leaves the line out.
pub(super) fn label(line: Line, options: &Options) -> &str {
    let label = options.labels[line].as_str();
    if label.is_empty() { line.default_label() } else { label }
}
