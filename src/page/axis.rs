//! The axis of a plot: from one round number to another, in some round steps.

use super::html::{Html, whole, whole_as_float};

/// The height of a plot in its own units.
pub(super) const HEIGHT: i64 = 1000;

/// More steps than these are more than a plot of this height needs.
const STEPS: f64 = 5.0;

/// The steps that there are, each with the digits after the point that they need.
const ROUND: [(f64, u8); 16] = [
    (0.01, 2),
    (0.02, 2),
    (0.05, 2),
    (0.1, 1),
    (0.2, 1),
    (0.5, 1),
    (1.0, 0),
    (2.0, 0),
    (5.0, 0),
    (10.0, 0),
    (20.0, 0),
    (50.0, 0),
    (100.0, 0),
    (200.0, 0),
    (500.0, 0),
    (1000.0, 0),
];

/// From the lowest to the highest number of a plot.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Axis {
    low: f64,
    high: f64,
    step: f64,
    decimals: u8,
}

impl Axis {
    /// The axis for values between these two. It spans at least `span`, so that noise does not look like weather.
    pub(super) fn new((low, high): (f64, f64), span: f64) -> Axis {
        let missing = (span - (high - low)).max(0.0) / 2.0;
        let (low, high) = (low - missing, high + missing);
        // A number that is round but for its last bits is round.
        let first = |step: f64| (low / step + 1e-9).floor();
        let last = |step: f64| (high / step - 1e-9).ceil();
        let fits = |(step, _): &(f64, u8)| last(*step) - first(*step) <= STEPS;
        let (step, decimals) = ROUND.into_iter().find(fits).unwrap_or(ROUND[ROUND.len() - 1]);
        let low = first(step) * step;
        Axis { low, high: (last(step) * step).max(low + step), step, decimals }
    }

    /// The axis for amounts, from nothing.
    pub(super) fn from_zero(high: f64, span: f64) -> Axis {
        let high = high.max(span);
        Axis::new((0.0, high), 0.0)
    }

    /// Where a value is, counted from above.
    pub(super) fn y(&self, value: f64) -> i64 {
        let share = ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0);
        HEIGHT - whole(share * whole_as_float(HEIGHT))
    }

    fn ticks(&self) -> i64 {
        whole((self.high - self.low) / self.step)
    }

    fn tick(&self, number: i64) -> f64 {
        self.low + whole_as_float(number) * self.step
    }

    /// Adds a line for each step to a path, from the left to `width`.
    pub(super) fn lines(&self, html: &mut Html, width: i64) {
        for number in 0..=self.ticks() {
            html.0.push_str("M0 ");
            html.whole(self.y(self.tick(number)));
            html.0.push('H');
            html.whole(width);
        }
    }

    /// Adds the numbers of the lines, which do not grow with the plot.
    pub(super) fn labels(&self, html: &mut Html) {
        for number in 0..=self.ticks() {
            html.0.push_str("<text x=-8 dy=4 y=");
            percent(html, self.y(self.tick(number)), HEIGHT);
            html.0.push('>');
            html.number(self.tick(number), self.decimals);
            html.0.push_str("</text>");
        }
    }
}

/// Adds a part of a whole: `12.5%`.
pub(super) fn percent(html: &mut Html, part: i64, all: i64) {
    html.number(whole_as_float(part) * 100.0 / whole_as_float(all.max(1)), 1);
    html.0.push('%');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(axis: Axis, expected: &[&str]) {
        let mut html = Html(String::new());
        axis.labels(&mut html);
        let labels = html.0.split("</text>").filter_map(|text| text.split_once('>'));
        assert_eq!(labels.map(|(_, label)| label).collect::<Vec<_>>(), expected, "{axis:?}");
    }

    #[test]
    fn numbers_are_round() {
        check(Axis::new((3.2, 11.4), 5.0), &["2", "4", "6", "8", "10", "12"]);
        check(Axis::new((-7.9, 2.0), 5.0), &["-8", "-6", "-4", "-2", "0", "2"]);
        check(Axis::new((-7.9, 2.1), 5.0), &["-10", "-5", "0", "5"]);
        check(Axis::new((10.0, 10.0), 4.0), &["8", "9", "10", "11", "12"]);
        check(Axis::new((1012.2, 1013.1), 8.0), &["1008", "1010", "1012", "1014", "1016", "1018"]);
        check(Axis::new((29.87, 29.95), 0.2), &["29.80", "29.85", "29.90", "29.95", "30.00", "30.05"]);
        check(Axis::from_zero(0.0, 1.0), &["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]);
        check(Axis::from_zero(13.0, 1.0), &["0", "5", "10", "15"]);
        check(Axis::from_zero(40.5, 10.0), &["0", "10", "20", "30", "40", "50"]);
        check(Axis::from_zero(400.0, 10.0), &["0", "100", "200", "300", "400"]);
        check(
            Axis::from_zero(9000.0, 10.0),
            &["0", "1000", "2000", "3000", "4000", "5000", "6000", "7000", "8000", "9000"],
        );
    }

    #[test]
    fn values_are_where_the_axis_says() {
        let axis = Axis::new((0.0, 4.0), 0.0);
        assert_eq!([0.0, 1.0, 3.0, 4.0, 9.0].map(|value| axis.y(value)), [1000, 750, 250, 0, 0]);
        let mut html = Html(String::new());
        Axis::new((0.0, 4.0), 0.0).lines(&mut html, 24);
        assert_eq!(html.0, "M0 1000H24M0 750H24M0 500H24M0 250H24M0 0H24");
    }
}
