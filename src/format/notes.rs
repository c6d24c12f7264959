//! Units that are named in words above a table: `# temperature in °F, wind in mph`.

use std::borrow::Cow;

use super::Dialect;
use super::names::{Meaning, meaning, unit_of};
use super::node::Node;
use super::text::squashed;
use super::units::{Declared, Marks, System, Units, fitting, number_with_unit, stated, unit};
use crate::reading::{Quantity, Unit};

/// What the lines say of the unit of a column: at most two, and two mean that it is in doubt.
pub(super) fn units_noted(lines: &[&str], quantity: Quantity, column: &str) -> Vec<Unit> {
    // Those beside a word of the quantity, and those that it can be given in.
    let (mut own, mut alike) = (Vec::new(), Vec::new());
    for line in lines {
        let is_of_units =
            line.split(|c: char| !c.is_alphabetic()).any(|word| squashed(word).starts_with("unit"));
        for clause in line.split([',', ';', '|', '\t']).flat_map(|clause| clause.split(" and ")) {
            let words: Vec<&str> = clause.split(is_between).filter(|word| !word.is_empty()).collect();
            let is_named = is_about(&words, quantity, column);
            for unit in units_in(&words, quantity, is_named, is_of_units) {
                add(&mut alike, unit);
                if is_named {
                    add(&mut own, unit);
                }
            }
        }
    }
    if own.is_empty() { alike } else { own }
}

/// The comments of a text that name units, of the first ones.
pub(super) fn comments(text: &str) -> Vec<&str> {
    let comments = text.lines().filter(|line| line.starts_with(['#', ';'])).take(COMMENTS);
    let names_unit = |line: &&str| {
        let mut quantities = Quantity::ALL.into_iter().filter(|quantity| Marks::concern(*quantity));
        quantities.any(|quantity| !units_noted(&[line], quantity, "").is_empty())
    };
    comments.filter(names_unit).collect()
}

/// As many comments as are looked at.
const COMMENTS: usize = 20;

/// Puts the units that comments name behind the values that name none. Where a comment leaves it in doubt, the value has
/// a unit that is not known.
pub(super) fn add_units(entries: &mut [(Cow<'_, str>, Node<'_>)], comments: &[&str], dialect: &Dialect) {
    if comments.is_empty() {
        return;
    }
    for (key, node) in entries {
        match (meaning(dialect.known(key)), &mut *node) {
            (_, Node::Object(inner)) => add_units(inner, comments, dialect),
            (Ok(Meaning::Measured(quantity, None)), Node::Text(text)) if is_bare(text) => {
                let unit = match units_noted(comments, quantity, key)[..] {
                    [] => continue,
                    [unit] => unit.symbol(),
                    _ => "?",
                };
                *node = Node::Text(format!("{text} {unit}").into());
            }
            _ => {}
        }
    }
}

fn is_bare(text: &str) -> bool {
    matches!(number_with_unit(text), Ok((_, None)))
}

fn is_between(c: char) -> bool {
    c.is_whitespace() || matches!(c, '#' | '=' | ':' | '(' | ')' | '[' | ']' | '"' | '\'')
}

fn add(units: &mut Vec<Unit>, unit: Unit) {
    if !units.contains(&unit) && units.len() < 2 {
        units.push(unit);
    }
}

/// Whether one of the words is the column's name or means its quantity.
fn is_about(words: &[&str], quantity: Quantity, column: &str) -> bool {
    let means = |name: &str| {
        let is_alike = |of: Quantity| of == quantity;
        name == squashed(column)
            || unit_of(name).is_some_and(is_alike)
            || matches!(meaning(name), Ok(Meaning::Measured(of, _)) if is_alike(of))
    };
    words.iter().any(|word| means(&squashed(word)))
        || words.windows(2).any(|two| means(&squashed(&two.concat())))
}

/// The units among the words that the quantity can be given in. Behind a number stands that of an amount. A single
/// letter is one only where the quantity or the word `units` is, and `in` only at the end.
fn units_in(words: &[&str], quantity: Quantity, is_named: bool, is_of_units: bool) -> Vec<Unit> {
    let mut units = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let is_amount = at > 0 && words[at - 1].parse::<f64>().is_ok();
        let found = (1..=3).rev().find_map(|count| {
            let name = squashed(&words.get(at..at + count)?.concat());
            let counts = match name.as_str() {
                "in" => units.is_empty() && at > 0 && at + 1 == words.len(),
                name => name.len() > 1 || is_named || is_of_units,
            };
            Some((count, unit(&name).filter(|_| counts)?))
        });
        let Some((count, unit)) = found else {
            let system = System::named(words[at]).filter(|_| is_of_units);
            match system.map(|system| Units::of(system).declared(quantity)) {
                Some(Declared::Unit(unit)) => units.extend(fitting(quantity, unit)),
                // The wind of a metric station.
                Some(Declared::Open) => units.extend([Unit::KilometrePerHour, Unit::MetrePerSecond]),
                _ => {}
            }
            at += 1;
            continue;
        };
        let meant = stated(quantity, Some(unit)).and_then(|unit| fitting(quantity, unit));
        units.extend(meant.filter(|_| !is_amount));
        at += count;
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Quantity::*;

    #[test]
    fn units_in_words() {
        for (line, quantity, expected) in [
            ("# units: temperature in °F, wind in mph", Temperature, &[Unit::Fahrenheit][..]),
            ("# units: temperature in °F, wind in mph", WindSpeed, &[Unit::MilePerHour]),
            ("# units: temperature in °F, wind in mph", WindGust, &[Unit::MilePerHour]),
            ("# units: temperature in °F, wind in mph", Humidity, &[]),
            ("# all temperatures in degrees Fahrenheit", DewPoint, &[Unit::Fahrenheit]),
            ("# temp=F; rain=in; pressure (in Hg)", Temperature, &[Unit::Fahrenheit]),
            ("# temp=F; rain=in; pressure (in Hg)", Rain, &[Unit::Inch]),
            ("# temp=F; rain=in; pressure (in Hg)", StationPressure, &[Unit::InchOfMercury]),
            ("# temperature °C and dew point °F", Temperature, &[Unit::Celsius]),
            ("# temperature °C and dew point °F", DewPoint, &[Unit::Fahrenheit]),
            ("# miles per hour", WindSpeed, &[Unit::MilePerHour]),
            ("# device 7; units=F", Temperature, &[Unit::Fahrenheit]),
            ("# US units", Temperature, &[Unit::Fahrenheit]),
            ("# unit system: metric", Temperature, &[Unit::Celsius]),
            ("Units,imperial", WindSpeed, &[Unit::MilePerHour]),
            // In doubt.
            ("Units;metric", WindSpeed, &[Unit::KilometrePerHour, Unit::MetrePerSecond]),
            ("# converted from °F to °C", Temperature, &[Unit::Fahrenheit, Unit::Celsius]),
            // Nothing of the sort.
            ("# alarm at 40 °F, firmware C", Temperature, &[]),
            ("# written in 2026, for us", Rain, &[]),
        ] {
            assert_eq!(units_noted(&[line], quantity, "x"), expected, "{line}: {quantity:?}");
        }
        assert_eq!(units_noted(&["# t_roof: F"], Temperature, "t_roof"), [Unit::Fahrenheit]);
    }
}
