//! What is common to all plots: a caption, the drawing with its axis and its text alternative, and a table.
//!
//! A plot is drawn in units of its own width and in thousandths of its height, and stretched to the room that there is. What
//! must not be stretched, the text, stands around it in percent of that room. So one plot fits a telephone and a wall.

use super::axis::{Axis, HEIGHT, percent};
use super::html::{Html, position, whole_as_float};
use crate::answer::Scale;

/// A plot, of which the parts are HTML already.
pub(super) struct Frame<'f> {
    /// What each of its rows is.
    pub(super) legend: &'f [&'f str],
    /// Of which time it is: `24 h`.
    pub(super) name: &'f str,
    /// The lowest and the highest value; or NaN and a sum.
    pub(super) said: (f64, f64),
    pub(super) scale: Scale,
    pub(super) axis: Axis,
    pub(super) width: i64,
    /// What is drawn above the lines of the axis.
    pub(super) paths: Html,
    /// The texts below.
    pub(super) texts: Html,
    /// The heads of the columns, to which the unit is added.
    pub(super) columns: &'f [&'f str],
    /// The rows of the table.
    pub(super) rows: Html,
}

impl Frame<'_> {
    pub(super) fn write(&self, html: &mut Html) {
        html.0.push_str("<figure><figcaption>");
        for (number, label) in self.legend.iter().enumerate() {
            html.raw(&["<b class=k", if number == 0 { "0>" } else { "1>" }]);
            html.text(label);
            html.0.push_str("</b> ");
        }
        html.0.push_str("<span>");
        self.say(html);
        html.0.push_str("</span></figcaption><svg class=p role=img><title>");
        self.title(html);
        html.0.push_str(": ");
        self.say(html);
        html.0.push_str("</title>");
        stretch(html, self.width);
        html.0.push_str("<path class=g d=\"");
        self.axis.lines(html, self.width);
        html.raw(&["\"/>", &self.paths.0, "</svg>"]);
        self.axis.labels(html);
        html.raw(&[&self.texts.0, "</svg><details><summary>"]);
        self.title(html);
        html.0.push_str("</summary><table><thead><tr><td>");
        for column in self.columns {
            html.0.push_str("<th scope=col>");
            html.text(column);
            html.raw(&[", ", self.scale.symbol]);
        }
        html.raw(&["<tbody>", &self.rows.0, "</table></details></figure>"]);
    }

    /// Adds `↓ 3.2 ↑ 11.0 °C` or `Σ 2.4 mm`.
    fn say(&self, html: &mut Html) {
        let (low, high) = self.said;
        html.0.push_str(if low.is_nan() { "Σ " } else { "↓ " });
        if !low.is_nan() {
            html.number(low, self.scale.decimals);
            html.0.push_str(" ↑ ");
        }
        html.number(high, self.scale.decimals);
        html.raw(&[" ", self.scale.symbol]);
    }

    /// Adds `Temperature, Dew Point, 24 h`.
    fn title(&self, html: &mut Html) {
        for label in self.legend {
            html.text(label);
            html.0.push_str(", ");
        }
        html.0.push_str(self.name);
    }
}

/// Opens a part that is stretched to the room that there is.
pub(super) fn stretch(html: &mut Html, width: i64) {
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

/// Adds the path of a line from the middle of each slot to that of the next one. Where nothing is known it is
/// interrupted, and a value between two gaps is a dot.
pub(super) fn line(html: &mut Html, class: &str, values: &[f64], axis: &Axis) {
    html.raw(&["<path class=", class, " d=\""]);
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
    html.0.push_str("\"/>");
}

/// The room on each side of a bar, as a part of its own.
const BESIDE: f64 = 0.2;

/// Adds a bar with some room on its sides to a path: from left to right, from one height to another. One without
/// height is a stroke.
pub(super) fn bar(html: &mut Html, (left, right): (i64, i64), (from, to): (i64, i64)) {
    let width = whole_as_float(right - left);
    html.0.push('M');
    html.number(whole_as_float(left) + width * BESIDE, 1);
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

/// Where bars stand that begin at nothing.
pub(super) const GROUND: i64 = HEIGHT;

#[cfg(test)]
mod tests {
    use super::*;

    fn path(values: &[f64]) -> String {
        let mut html = Html(String::new());
        line(&mut html, "l0", values, &Axis::new((0.0, 4.0), 0.0));
        let path = html.0.strip_prefix("<path class=l0 d=\"").and_then(|path| path.strip_suffix("\"/>"));
        path.expect("a path").to_owned()
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
        bar(&mut html, (0, 6), (GROUND, 1000));
        bar(&mut html, (12, 14), (GROUND, 500));
        assert_eq!(html.0, "M1.2 1000V1000h3.6V1000zM12.4 1000V500h1.2V1000z");
    }
}
