//! HTML while it is written, and the numbers in it. No function here is generic: each exists once in the program.

use crate::time::Date;

/// The nearest whole number.
pub(super) fn whole(value: f64) -> i64 {
    // What is shown is plausible, so it is small, and a float that does not fit becomes the nearest that does.
    #[expect(clippy::cast_possible_truncation)]
    let whole = value.round() as i64;
    whole
}

/// A page as far as it is written.
pub(super) struct Html(pub(super) String);

impl Html {
    /// Adds parts that are HTML already.
    pub(super) fn raw(&mut self, parts: &[&str]) {
        for part in parts {
            self.0.push_str(part);
        }
    }

    /// Adds a text, of which nothing is HTML, also within an attribute in quotes.
    pub(super) fn text(&mut self, text: &str) {
        for character in text.chars() {
            match character {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                other => self.0.push(other),
            }
        }
    }

    /// Adds a text as a part of a URL's query.
    pub(super) fn query(&mut self, text: &str) {
        const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
        for byte in text.bytes() {
            if byte.is_ascii_alphanumeric() {
                self.0.push(byte.into());
            } else {
                let digits = [b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]];
                self.0.extend(digits.map(char::from));
            }
        }
    }

    pub(super) fn whole(&mut self, number: i64) {
        if number < 0 {
            self.0.push('-');
        }
        self.digits(number.unsigned_abs());
    }

    fn digits(&mut self, number: u64) {
        self.0.push_str(itoa::Buffer::new().format(number));
    }

    /// Adds a number with so many digits after the point, and nothing for one that is not known.
    pub(super) fn number(&mut self, value: f64, decimals: u8) {
        if value.is_nan() {
            return;
        }
        let power = 10_i64.pow(decimals.into());
        let digits = whole(value * whole_as_float(power));
        if digits < 0 {
            self.0.push('-');
        }
        let digits = digits.unsigned_abs();
        let power = power.unsigned_abs();
        self.digits(digits / power);
        if decimals > 0 {
            self.0.push('.');
            let behind = digits % power;
            if decimals == 2 && behind < 10 {
                self.0.push('0');
            }
            self.digits(behind);
        }
    }

    fn two_digits(&mut self, number: u32) {
        if number < 10 {
            self.0.push('0');
        }
        self.whole(number.into());
    }

    /// Adds a time of the day: `06:40`.
    pub(super) fn clock(&mut self, minute: i16) {
        let minute = u32::from(minute.unsigned_abs());
        self.two_digits(minute / 60);
        self.0.push(':');
        self.two_digits(minute % 60);
    }

    /// Adds a day without its year: `11-28`.
    pub(super) fn day(&mut self, date: Date) {
        self.0.push_str(date.to_string().get("2026-".len()..).unwrap_or_default());
    }
}

/// A small whole number as a float.
pub(super) fn whole_as_float(number: i64) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let float = number as f64;
    float
}

/// The number of an element, for coordinates.
pub(super) fn position(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}

/// The lowest and the highest of those that are known; NaN if none is.
pub(super) fn extremes(values: &[f64]) -> (f64, f64) {
    // Of a number and NaN both operations give the number.
    values.iter().fold((f64::NAN, f64::NAN), |(low, high), value| (low.min(*value), high.max(*value)))
}

/// The sum of those that are known, and their number; an empty sum is NaN.
pub(super) fn sum(values: &[f64]) -> (f64, f64) {
    let (mut sum, mut count) = (f64::NAN, 0.0);
    for &value in values.iter().filter(|value| !value.is_nan()) {
        sum = if count == 0.0 { value } else { sum + value };
        count += 1.0;
    }
    (sum, count)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Html)) -> String {
        let mut html = Html(String::new());
        write(&mut html);
        html.0
    }

    #[test]
    fn numbers_have_their_digits() {
        for (value, decimals, expected) in [
            (10.25, 1, "10.3"),
            (-0.04, 1, "0.0"),
            (-0.06, 1, "-0.1"),
            (-12.0, 0, "-12"),
            (29.9249, 2, "29.92"),
            (0.05, 2, "0.05"),
            (1013.0, 1, "1013.0"),
            (f64::NAN, 1, ""),
        ] {
            assert_eq!(written(|html| html.number(value, decimals)), expected);
        }
    }

    #[test]
    fn nothing_of_a_text_is_html() {
        assert_eq!(written(|html| html.text("<script>&\"'")), "&lt;script&gt;&amp;&quot;&#39;");
        assert_eq!(written(|html| html.query("Zü r&x=1")), "Z%C3%BC%20r%26x%3D1");
    }

    #[test]
    fn unknown_values_are_left_out() {
        let values = [f64::NAN, 2.0, -1.0, f64::NAN];
        assert_eq!((extremes(&values), sum(&values)), ((-1.0, 2.0), (1.0, 2.0)));
        let none = [f64::NAN];
        assert!(extremes(&none).0.is_nan() && sum(&none).0.is_nan() && sum(&[]).0.is_nan());
    }

    #[test]
    fn times_and_days() {
        assert_eq!(written(|html| html.clock(400)), "06:40");
        assert_eq!(written(|html| html.day(Date::parse("2026-03-05").expect("a date"))), "03-05");
    }
}
