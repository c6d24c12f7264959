//! The beginning of a text as a table, for what is said and proposed about texts that are not understood.

use std::borrow::Cow;

use super::csv::{cells, is_value};
use super::json::parsed;
use super::names::{Meaning, meaning};
use super::node::{Node, value_in};

/// Rows that are looked at.
const ROWS: usize = 50;

/// No table that people write has more columns.
const COLUMNS: usize = 200;

/// Some rows, and what the columns are called.
#[derive(Debug, PartialEq)]
pub(super) struct Sample {
    /// `None` for a table without names.
    pub(super) names: Option<Vec<String>>,
    /// What a text elsewhere calls each column; empty where none does.
    pub(super) titles: Vec<String>,
    /// A cell for each column; empty where there is no value.
    pub(super) rows: Vec<Vec<String>>,
    /// What stands between the cells.
    pub(super) separator: char,
}

impl Sample {
    /// The beginning of a table, with or without a row of names.
    pub(super) fn of_table(text: &str) -> Option<Sample> {
        let mut lines: Vec<&str> = text.lines().take(ROWS).filter(|line| !line.trim().is_empty()).collect();
        if lines.len() > 1 && !text.ends_with('\n') && text.lines().nth(ROWS).is_none() {
            // It may be cut.
            lines.pop();
        }
        lines.retain(|line| !line.trim_start_matches('"').starts_with("sep="));
        // Those that do not occur in numbers come first.
        [';', '\t', ',', ' '].into_iter().find_map(|separator| Sample::separated(&lines, separator))
    }

    fn separated(lines: &[&str], separator: char) -> Option<Sample> {
        let rows = lines.iter().filter_map(|line| row(line, separator)).collect::<Vec<_>>();
        let begin = rows.iter().position(|row| row.iter().any(|cell| is_value(cell)))?;
        let width = rows.last()?.len();
        let names =
            rows[..begin].iter().rev().find(|row| row.iter().filter(|cell| !cell.is_empty()).count() > 1);
        let names = names.map(|names| names.iter().map(|name| uncommented(name)).collect());
        let is_whole = |row: &&Vec<String>| row.len() == width && row.iter().any(|cell| is_value(cell));
        let whole: Vec<Vec<String>> = rows[begin..].iter().filter(is_whole).cloned().collect();
        let is_table = whole.len() * 2 > rows.len() - begin
            && (separator != ' ' || whole.iter().all(|row| are_values(row)));
        (width > 1 && is_table).then_some(Sample { names, titles: Vec::new(), rows: whole, separator })
    }

    /// The keys of JSON with their values, wherever they stand; a row for each record.
    pub(super) fn of_json(text: &str) -> Option<Sample> {
        let mut keys = Keys::default();
        let is_whole = parsed(text, |root| keys.add_all(root)).is_ok();
        if !is_whole {
            for line in text.lines().take(ROWS) {
                let _ = parsed(line, |node| keys.add_all(node));
            }
        }
        let Keys { names, titles, mut rows, further } = keys;
        rows.extend(further);
        rows.iter_mut().for_each(|row| row.resize(names.len(), String::new()));
        (!rows.is_empty()).then_some(Sample { names: Some(names), titles, rows, separator: ',' })
    }

    /// How many columns there are.
    pub(super) fn width(&self) -> usize {
        self.rows.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// What a text elsewhere calls a column.
    pub(super) fn title(&self, column: usize) -> Option<&str> {
        self.titles.get(column).map(String::as_str).filter(|title| !title.is_empty())
    }

    /// The values of a column that are there.
    pub(super) fn values(&self, column: usize) -> impl DoubleEndedIterator<Item = &str> {
        self.rows
            .iter()
            .filter_map(move |row| row.get(column))
            .map(String::as_str)
            .filter(|cell| !cell.is_empty())
    }
}

fn row(line: &str, separator: char) -> Option<Vec<String>> {
    let row: Vec<String> = match separator {
        ' ' => line.split_whitespace().map(str::to_owned).collect(),
        _ => cells(line, separator, COLUMNS)?.into_iter().map(Cow::into_owned).collect(),
    };
    (row.len() > 1).then_some(row)
}

fn are_values(row: &[String]) -> bool {
    row.iter().all(|cell| is_value(cell))
}

fn uncommented(name: &str) -> String {
    name.strip_prefix('#').unwrap_or(name).trim().to_owned()
}

/// The keys of records in the order in which they come, and a row for each record.
#[derive(Default)]
struct Keys {
    names: Vec<String>,
    titles: Vec<String>,
    /// The numbers of a key that its row has already.
    further: Vec<Vec<String>>,
    rows: Vec<Vec<String>>,
}

impl Keys {
    fn add_all(&mut self, root: &Node<'_>) {
        match root {
            Node::List(nodes) => nodes.iter().take(ROWS).for_each(|node| self.add_all(node)),
            Node::Object(_) if self.rows.len() < ROWS => {
                let mut row = Vec::new();
                self.fill(root, &mut row);
                self.rows.push(row);
            }
            _ => {}
        }
    }

    fn fill(&mut self, node: &Node<'_>, row: &mut Vec<String>) {
        match node {
            Node::Object(entries) => {
                for (name, value) in entries {
                    match leaf(value).or_else(|| measured(name, value)) {
                        Some(text) => self.set(name, text, row),
                        None => self.fill(value, row),
                    }
                }
            }
            Node::List(nodes) => nodes.iter().take(ROWS).for_each(|node| self.fill(node, row)),
            _ => {}
        }
    }

    /// Of values with one name the first counts. A text before a number is a name for it, as in
    /// `{"channel": {"field1": "Roof"}, "feeds": [{"field1": "7.4"}]}`.
    fn set(&mut self, name: &str, text: String, row: &mut Vec<String>) {
        let index = self.names.iter().position(|known| known == name).unwrap_or(self.names.len());
        if index >= COLUMNS {
            return;
        }
        if index == self.names.len() {
            self.names.push(name.to_owned());
            self.titles.push(String::new());
        }
        if row.len() <= index {
            row.resize(index + 1, String::new());
        }
        let is_named = !is_value(&row[index]) && is_number(&text);
        if row[index].is_empty() {
            row[index] = text;
        } else if is_named {
            self.titles[index] = std::mem::replace(&mut row[index], text);
        } else if is_number(&text)
            && self.further.len() < ROWS
            && !matches!(meaning(name), Ok(Meaning::Device(_)))
        {
            let mut row = vec![String::new(); index];
            row.push(text);
            self.further.push(row);
        }
    }
}

fn is_number(text: &str) -> bool {
    text.parse().is_ok_and(|number: f64| number.is_finite())
}

/// The value of an object that is one measured value: `"temperature": {"value": 7.4, "unitCode": "C"}`. What stands in
/// it needs no name.
fn measured(name: &str, node: &Node<'_>) -> Option<String> {
    let Node::Object(entries) = node else { return None };
    matches!(meaning(name), Ok(Meaning::Measured(..))).then(|| value_in(entries).and_then(leaf))?
}

/// A value that holds no others, as a text.
fn leaf(node: &Node<'_>) -> Option<String> {
    match node {
        Node::Object(_) | Node::List(_) => None,
        Node::Number(number) => Some(number.to_string()),
        Node::Text(text) => Some(text.clone().into_owned()),
        _ => Some(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_known_by_its_rows() {
        #[track_caller]
        fn check(text: &str, expected: Option<(Option<&[&str]>, usize, char)>) {
            let found = Sample::of_table(text);
            let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
            assert_eq!(
                found.map(|found| (found.names, found.rows[0].len(), found.separator)),
                expected.map(|(known, width, separator)| (known.map(names), width, separator)),
                "{text}"
            );
        }
        check("2026-11-28 20:10,7.4,81\n2026-11-28 20:11,7.4,81\n", Some((None, 3, ',')));
        check("2026-11-28 20:10;7,4;81\n", Some((None, 3, ';')));
        check("sep=;\nZeit;Wärme\n2026-11-28 20:10;7,4\n", Some((Some(&["Zeit", "Wärme"]), 2, ';')));
        check(
            "# when\twarmth\n2026-11-28 20:10\t7.4\n2026-11-28",
            Some((Some(&["when", "warmth"]), 2, '\t')),
        );
        check("a b\n1 2 3\n4 5 6\n", Some((Some(&["a", "b"]), 3, ' ')));
        check("Hello, world\nthis is text\n", None);
        check("7.4\n7.5\n", None);
        check("a: 1\nb: 2\n", None);
        check("", None);
    }

    #[test]
    fn keys_are_found_wherever_they_stand() {
        let found =
            Sample::of_json(r#"{"a": {"b": 1, "c": [{"d": "x", "b": 2}]}, "e": null}"#).expect("keys");
        assert_eq!(found.names, Some(["b", "d", "e"].map(str::to_owned).to_vec()));
        let rows = [["1", "x", ""], ["2", "", ""]];
        assert_eq!(found.rows, rows.map(|row| row.map(str::to_owned).to_vec()));
        let lines = Sample::of_json("{\"a\": 1}\n{\"b\": 2}\n{\"a\"").expect("keys");
        assert_eq!(lines.rows, [["1", ""], ["", "2"]].map(|row| row.map(str::to_owned).to_vec()));
        assert_eq!(Sample::of_json("[1, 2]"), None);
    }
}
