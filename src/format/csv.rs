//! CSV: a row with the names of the columns, then a record in each row.
//!
//! Read as RFC 4180 has it, but that a cell ends with its line; the separator is found, and beside
//! semicolons and tabulators a comma stands before decimals. `sep=;`, comments and a row of units are
//! understood. A logger that restarts may repeat the names or continue with others.

use std::borrow::Cow;

use super::findings::Fault;
use super::names::{Meaning, meaning, says_outdoors};
use super::node::{Node, is_missing};
use super::notes::units_noted;
use super::record::Reader;
use super::surroundings::{Said, Telling, Words, refused, telling};
use super::text::squashed;
use super::units::{fitting, named_unit, number_with_unit, stated};
use super::{Dialect, Format};
use crate::time::{DateOrder, Notation, Zone};
use crate::weather::compass_degrees;

pub(super) static CSV: Format = Format {
    name: "csv",
    expected: "a row of column names such as time,temperature",
    lines: true,
    recognises,
    head,
    read,
};

/// Separators that do not occur in numbers come first if the names of the columns do not decide.
const SEPARATORS: [char; 3] = [';', '\t', ','];

/// No table has more. The bound keeps a hostile line from taking memory.
const COLUMNS: usize = 1000;

/// As many lines as may stand above the names of the columns.
const TITLES: usize = 10;

/// As many lines around the names are searched for units.
const TEXTS: usize = 40;

/// No line above the rows is longer.
const HEAD_BYTES: usize = 16 * 1024;

fn recognises(beginning: &str, dialect: &Dialect) -> bool {
    let mut found = false;
    tables(beginning, dialect, &mut |table, rows| {
        let is_row = |line: &&str| table.cells(line).is_some_and(|cells| cells.len() == table.columns.len());
        found |= dialect.columns.is_empty()
            || (table.columns.len() > 1 && rows.lines().next().is_some_and(|line| is_row(&line)));
    });
    found
}

fn head(text: &str, dialect: &Dialect) -> String {
    let mut head = String::new();
    tables(text, dialect, &mut |table, _| head = [&*table.above, &*table.head].concat().concat());
    head
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let dialect = reader.dialect();
    let mut found = false;
    tables(text, dialect, &mut |table, rows| {
        found = true;
        table.read(rows, reader, dialect);
    });
    if found || !dialect.columns.is_empty() { Ok(()) } else { Err(Fault::NoRecord) }
}

/// How the rows below some names are read.
struct Table<'t> {
    separator: char,
    columns: Vec<Cow<'t, str>>,
    /// What stands above them: `sep=;`, the names, the units.
    head: Vec<&'t str>,
    /// What texts around the names say of where all rows were measured, by key.
    about: Vec<(String, String)>,
    /// The lines that say it.
    above: Vec<&'t str>,
}

impl<'t> Table<'t> {
    fn new(separator: char, columns: Vec<Cow<'t, str>>) -> Table<'t> {
        Table { separator, columns, head: Vec::new(), about: Vec::new(), above: Vec::new() }
    }

    /// The columns as this line names them: none of its cells is a value, and at least this many are
    /// known keys.
    fn named_by(line: &'t str, separator: char, known: usize, dialect: &Dialect) -> Option<Table<'t>> {
        let line = content(line);
        let mut columns = cells(line.strip_prefix('#').unwrap_or(line), separator, COLUMNS)?;
        while columns.last().is_some_and(|name| name.is_empty()) {
            columns.pop();
        }
        if columns.len() < 2 || columns.iter().any(|name| is_value(name)) || are_groups(&columns) {
            return None;
        }
        let is_known = |name: &&Cow<'_, str>| {
            meaning(dialect.known(name)).is_ok_and(|meaning| meaning != Meaning::Stamp)
                || (known > 1 && where_measured(name, "").is_some())
        };
        let names = columns.iter().filter(is_known).nth(known - 1).is_some();
        names.then(|| Table::new(separator, columns))
    }

    /// The columns as the configuration names them; the separator is the one that gives as many.
    fn configured(line: &str, separator: Option<char>, dialect: &'t Dialect) -> Table<'t> {
        let count = dialect.columns.len();
        let fits = |separator: &char| {
            cells(content(line), *separator, count).is_some_and(|cells| cells.len() == count)
        };
        let separator = separator.or_else(|| SEPARATORS.into_iter().find(fits)).unwrap_or(',');
        let columns = dialect.columns.iter().map(|name| Cow::Borrowed(&**name)).collect();
        Table::new(separator, columns)
    }

    /// Puts the names of groups of columns before theirs, if the line above consists of such: `Outdoor` stands there once
    /// above `Temperature` and `Humidity`, or Davis' `Hi` above `Temp`.
    fn group(&mut self, above: &str, dialect: &Dialect) -> bool {
        let Some(groups) = cells(content(above), self.separator, COLUMNS) else { return false };
        if self.has_units(above, dialect) || groups == self.columns {
            return false;
        }
        let named = groups.iter().filter(|group| !group.is_empty()).count();
        let is_row = groups.iter().any(|group| is_value(group));
        if is_row || named < 2 || groups.len() + 1 < self.columns.len() {
            return false;
        }
        // Two rows of different names that need no others: a logger was started twice.
        if has_each_once(&groups) && has_each_once(&self.columns) {
            return false;
        }
        let mut group = "";
        // Else each column has its own, or none: `Wind Wind`.
        let is_spanned = !has_neighbours(&groups);
        for index in 0..self.columns.len().max(groups.len()) {
            let own = groups.get(index).map_or("", |own| own);
            group = if own.is_empty() && is_spanned { group } else { own };
            match self.columns.get_mut(index) {
                Some(name) if name.is_empty() => *name = Cow::Owned(own.to_owned()),
                Some(name) if !group.is_empty() => *name = Cow::Owned(grouped(group, name, dialect)),
                Some(_) => {}
                None if own.is_empty() => {}
                None => self.columns.push(Cow::Owned(own.to_owned())),
            }
        }
        true
    }

    /// Takes the units of the columns from the lines around their names: from a row of units wherever it stands, else from
    /// the row of words `below` the names, else from what a comment or a title says.
    fn learn(&mut self, texts: &[&'t str], below: Option<&'t str>, dialect: &Dialect) {
        let is_measured =
            |name: &Cow<'_, str>| matches!(meaning(dialect.known(name)), Ok(Meaning::Measured(..)));
        if self.columns.iter().any(is_measured) {
            // Davis' barometer.
            let bars = self.columns.iter_mut().filter(|name| **name == "Bar" && dialect.known(name) == "Bar");
            bars.for_each(|name| *name = Cow::Borrowed("barometer"));
        }
        let units = texts.iter().rev().find(|line| self.has_units(line, dialect)).copied().or(below);
        let units = units.filter(|line| self.take_units(line, dialect));
        self.head.extend(units);
        let notes: Vec<&'t str> = texts.iter().filter(|line| !self.head.contains(line)).copied().collect();
        let before = self.columns.clone();
        for name in &mut self.columns {
            let known = dialect.known(name);
            let Ok(Meaning::Measured(quantity, None)) = meaning(known) else { continue };
            match units_noted(&notes, quantity, name)[..] {
                [] => {}
                [unit] => *name = Cow::Owned(format!("{known} ({})", unit.symbol())),
                // It is no known key, and `check` shows why.
                _ => *name = Cow::Owned(format!("{known} (its unit is in doubt)")),
            }
        }
        if self.columns != before {
            self.head.extend(notes);
        }
        for line in texts {
            let is_row = self.head.contains(line) && below != Some(line);
            self.learn_where(line, is_row);
        }
        self.about.extend((self.has("timezone:") && self.has("co2")).then(netatmo));
    }

    /// Whether a name begins so, as `squashed`.
    fn has(&self, name: &str) -> bool {
        self.columns.iter().any(|column| squashed(column).starts_with(name))
    }

    /// Takes what a line around the names says of where the rows were measured: `Location: Kitchen`.
    fn learn_where(&mut self, line: &'t str, is_row: bool) {
        let is_mark = |c: char| c.is_whitespace() || matches!(c, '"' | '#') || c == self.separator;
        let pair = line.trim_start_matches(is_mark).split_once([':', '=', self.separator]);
        let (key, text) = pair.unwrap_or_default();
        // Netatmo's base and its modules for rooms measure carbon dioxide; its export names the module.
        let said = match squashed(line).contains("modulename") && self.has("co2") {
            true => Some(netatmo()),
            false => where_measured(key.trim_matches(is_mark), text.trim_matches(is_mark)),
        };
        // A title of few words: `Kitchen`.
        let cells: Vec<&str> = line.split(self.separator).filter(|_| !is_row && said.is_none()).collect();
        let says_out = |cell: &&str| Words::of(cell).said(Telling::Sensor) == Said::Outdoors;
        let is_title = cells.len() <= 2 && !cells.iter().any(says_out);
        let title = cells.into_iter().filter(|_| is_title).map(|cell| cell.trim_matches(is_mark));
        let title = title.filter(|cell| Words::of(cell).said(Telling::Other) != Said::Nothing);
        let said: Vec<_> =
            said.into_iter().chain(title.map(|cell| (TITLE.to_owned(), cell.to_owned()))).collect();
        if !said.is_empty() {
            self.above.push(line);
        }
        self.about.extend(said);
    }

    /// Takes what a table without rows that are read says of those of the next one, if no table between says more: the
    /// rows of a table of texts, as in Netatmo's exports, or the titles of the same names further up.
    fn follow(&mut self, before: &Table<'t>, is_again: bool, rows: &'t str, dialect: &Dialect) {
        if before.has_no_values(dialect) {
            before.head.iter().for_each(|line| self.learn_where(line, true));
            for row in rows.split_inclusive('\n').take(TITLES) {
                let cells = before.cells(row).unwrap_or_default();
                let said =
                    before.columns.iter().zip(cells).filter_map(|(name, cell)| where_measured(name, &cell));
                self.about.extend(said);
                self.above.push(row);
            }
        } else if is_again {
            (self.about, self.above) = (before.about.clone(), before.above.clone());
        }
    }

    /// Whether no column is a time or a value.
    fn has_no_values(&self, dialect: &Dialect) -> bool {
        let is_read = |name: &Cow<'_, str>| is_read(dialect.known(name));
        !self.columns.iter().any(is_read)
    }

    /// Whether a line is a row of texts with a unit below a column that can be given in it.
    fn has_units(&self, line: &str, dialect: &Dialect) -> bool {
        let names_unit = |(name, cell): (&Cow<'_, str>, &Cow<'_, str>)| match meaning(dialect.known(name)) {
            Ok(Meaning::Measured(quantity, _)) => {
                let named = stated(quantity, named_unit(cell).ok().flatten());
                named.is_some_and(|unit| fitting(quantity, unit).is_some())
            }
            _ => false,
        };
        let cells = self.cells(line).unwrap_or_default();
        cells.len() > 1
            && !cells.iter().any(|cell| is_value(cell) && !is_no_unit(cell))
            && self.columns.iter().zip(&cells).any(names_unit)
    }

    /// Whether a line is a row of values: it has one where the columns have a quantity or a time.
    fn is_row(&self, line: &str, dialect: &Dialect) -> bool {
        let cells = self.cells(line).filter(|cells| cells.len() == self.columns.len()).unwrap_or_default();
        let is_value = |cell: &str| is_value(cell) || compass_degrees(cell).is_some();
        self.columns.iter().zip(&cells).any(|(name, cell)| is_value(cell) && is_read(dialect.known(name)))
    }

    /// Takes a row as the units of the columns, if it is one.
    fn take_units(&mut self, line: &str, dialect: &Dialect) -> bool {
        let Some(units) = self.cells(line).filter(|_| line.len() <= HEAD_BYTES) else { return false };
        // Words below a number's name can be nothing else.
        let is_unit = |(name, unit): (&Cow<'_, str>, &Cow<'_, str>)| {
            let measured = matches!(meaning(dialect.known(name)), Ok(Meaning::Measured(..)));
            measured && !unit.is_empty() && compass_degrees(unit).is_none()
        };
        let is_value =
            |unit: &Cow<'_, str>| is_value(unit) && !(is_no_unit(unit) && self.has_units(line, dialect));
        if units.iter().any(is_value) || !self.columns.iter().zip(&units).any(is_unit) {
            return false;
        }
        for (name, unit) in self.columns.iter_mut().zip(units) {
            let known = dialect.known(name);
            let with_unit = format!("{known} ({unit})");
            let takes = match meaning(known) {
                // One that is not known must not pass for the usual one.
                Ok(Meaning::Measured(_, None)) => !unit.is_empty() && !is_no_unit(&unit),
                Ok(Meaning::Time(_) | Meaning::Date) => is_read(&with_unit),
                _ => false,
            };
            if takes {
                *name = Cow::Owned(with_unit);
            }
        }
        true
    }

    /// As many cells as there are columns, or fewer; what is empty beyond them does not count.
    fn cells<'l>(&self, line: &'l str) -> Option<Vec<Cow<'l, str>>> {
        cells(content(line), self.separator, self.columns.len())
    }

    fn read(&self, rows: &str, reader: &mut Reader<'_>, dialect: &Dialect) {
        let says_when =
            |name: &str| matches!(meaning(dialect.known(name)), Ok(Meaning::Time(_) | Meaning::Date));
        let mut times: Vec<usize> =
            (0..self.columns.len()).filter(|at| says_when(&self.columns[*at])).collect();
        let mut columns: Vec<&str> = self.columns.iter().map(|name| &**name).collect();
        if times.is_empty() && self.begins_with_times(rows) {
            columns[0] = "time";
            times.push(0);
        }
        reader.lines(rows, &|line: &str, then: &mut dyn FnMut(&Node<'_>)| {
            if line.starts_with('#') {
                return Ok(());
            }
            // A board that loses its power leaves zeros.
            if line.contains('\0') {
                return Err(Fault::NoRecord);
            }
            let cells = self.cells(line).filter(|cells| cells.len() == self.columns.len());
            let cells = cells.ok_or_else(|| self.misfit(line))?;
            // Else a row of any age would get the file's time.
            if !times.is_empty() && times.iter().all(|time| is_missing(&cells[*time])) {
                return Err(Fault::NoRecord);
            }
            // A word in a column without a name may be that of a room.
            let counts = |(name, cell): &(&&str, Cow<'_, str>)| {
                !name.is_empty() || cell.starts_with(char::is_alphabetic)
            };
            let named = columns.iter().zip(cells).filter(counts);
            let cells = named.map(|(name, cell)| (Cow::Borrowed(*name), self.node(cell)));
            let about = self
                .about
                .iter()
                .map(|(key, text)| (Cow::Borrowed(&**key), Node::Text(Cow::Borrowed(&**text))));
            let entries = cells.chain(about).collect();
            then(&Node::Object(entries));
            Ok(())
        });
    }

    /// Whether the first column has no name, as the index of pandas, and times in it. A plain number counts rows.
    fn begins_with_times(&self, rows: &str) -> bool {
        let is_apart = |cell: &str| cell.chars().filter(|c| !c.is_ascii_digit()).count() > 1;
        let first = rows.lines().find(|line| !line.trim().is_empty()).and_then(|line| self.cells(line));
        let first = first.as_deref().and_then(|cells| cells.first());
        self.columns.first().is_some_and(|name| name.is_empty())
            && first.is_some_and(|cell| is_apart(cell) && ANY_TIME.read(cell).is_some())
    }

    /// Why a line is no row of the table.
    fn misfit(&self, line: &str) -> Fault {
        match cells(content(line), self.separator, COLUMNS) {
            Some(cells) if cells.len() > 1 => Fault::Cells { found: cells.len(), names: self.columns.len() },
            _ => Fault::NoRecord,
        }
    }

    fn node<'l>(&self, cell: Cow<'l, str>) -> Node<'l> {
        if is_missing(&cell) {
            return Node::Missing;
        }
        if cell.eq_ignore_ascii_case("true") || cell.eq_ignore_ascii_case("false") {
            return Node::Bool(cell.eq_ignore_ascii_case("true"));
        }
        match (self.separator, decimal_comma(&cell)) {
            (';' | '\t', Some(comma)) => {
                Node::Text(format!("{}.{}", &cell[..comma], &cell[comma + 1..]).into())
            }
            _ => Node::Text(cell),
        }
    }
}

/// Whether a name stands twice in a row.
fn has_neighbours(names: &[Cow<'_, str>]) -> bool {
    names.windows(2).any(|two| two[0] == two[1] && !two[0].is_empty())
}

/// Whether names are only the upper halves of the names of columns, of which some have none.
fn are_groups(names: &[Cow<'_, str>]) -> bool {
    has_neighbours(names) && names.iter().filter(|name| name.is_empty()).count() > 1
}

fn has_each_once(names: &[Cow<'_, str>]) -> bool {
    names.iter().enumerate().all(|(index, name)| !name.is_empty() && !names[..index].contains(name))
}

/// The name of a column in a group: `Outdoor Temperature(℃)`, `Relative Pressure (hPa)`. Where the two together mean
/// nothing the column's own is its name only if the group says nothing else: that of the wind, the outdoors, the rain.
fn grouped(group: &str, name: &str, dialect: &Dialect) -> String {
    let (stem, unit) = name.split_at(name.find(['(', '[']).unwrap_or(name.len()));
    let before = format!("{group} {name}");
    let behind = format!("{} {group} {unit}", stem.trim_end());
    let is_known = |name: &str| meaning(dialect.known(name)).is_ok();
    let (short, of) = (squashed(stem), squashed(group));
    let is_plain = says_outdoors(group) || short.starts_with(&of) || of.contains(&short) || of == "rainfall";
    match (is_known(&before), is_known(&behind)) {
        (false, true) => behind,
        (false, false) if is_plain && refused(group).is_none() => name.to_owned(),
        _ => before,
    }
}

/// Hands over each table with the rows below it.
fn tables<'t>(text: &'t str, dialect: &'t Dialect, then: &mut dyn FnMut(&Table<'t>, &'t str)) {
    let mut found =
        Found { text, dialect, current: None, texts: Vec::new(), below: None, is_head: false, rows: 0 };
    let mut separator: Option<(char, &'t str)> = None;
    let mut end = 0;
    // How many lines before the first table were no names.
    let mut skipped = 0;
    for line in text.split_inclusive('\n') {
        let start = end;
        end += line.len();
        if line.trim().is_empty() {
            continue;
        }
        if let Some(named) = separator_line(line) {
            separator = Some((named, line));
        } else if let Some(mut table) = named(line, separator, found.current.as_ref(), skipped, dialect) {
            table.head = separator.iter().map(|(_, line)| *line).collect();
            if dialect.columns.is_empty() {
                let groups = found.line_above(start).filter(|above| table.group(above, dialect));
                table.head.extend(groups);
                table.head.push(line);
                found.name_again(&mut table);
                found.begin(table, start, end, then);
            }
            // Else the columns are called otherwise, whatever the file says.
        } else if found.current.is_none() && !dialect.columns.is_empty() && !line.starts_with('#') {
            let mut table = Table::configured(line, separator.map(|(separator, _)| separator), dialect);
            table.learn(&found.texts, None, dialect);
            found.current = Some((table, start));
        } else if found.current.is_some() {
            found.look_below(line, start, end);
        } else {
            found.keep(line);
            if !line.starts_with('#') {
                // A title, the logger's number; but a row is one of a table without names.
                skipped += 1;
                if skipped > TITLES || begins_with_value(line) {
                    return;
                }
            }
        }
    }
    if let Some((mut table, rows)) = found.current {
        table.learn(&found.texts, found.below, dialect);
        then(&table, &text[rows..]);
    }
}

/// What was found of a text so far.
struct Found<'t> {
    text: &'t str,
    dialect: &'t Dialect,
    /// The last table, and where its rows begin.
    current: Option<(Table<'t>, usize)>,
    /// The lines that may name units or rooms, and that directly below the names.
    texts: Vec<&'t str>,
    below: Option<&'t str>,
    /// Whether no row of values has come below the last names.
    is_head: bool,
    /// How many lines have come since.
    rows: usize,
}

impl<'t> Found<'t> {
    /// The line above the one that begins here, if it is no row.
    fn line_above(&self, start: usize) -> Option<&'t str> {
        let line = self.text[..start].split_inclusive('\n').next_back()?;
        let is_row = self.current.as_ref().is_some_and(|(table, _)| table.is_row(line, self.dialect));
        let is_kept = !is_row && line.len() <= HEAD_BYTES && !line.starts_with('#');
        Some(line).filter(|line| is_kept && !line.trim().is_empty())
    }

    /// Names the columns as before if the same names come again without those of groups above them.
    fn name_again(&self, table: &mut Table<'t>) {
        if let Some((before, _)) = &self.current {
            if table.head.len() < before.head.len() && table.head.last() == before.head.last() {
                (table.columns, table.head) = (before.columns.clone(), before.head.clone());
            }
        }
    }

    fn keep(&mut self, line: &'t str) {
        if line.len() <= HEAD_BYTES && self.texts.len() < TEXTS {
            self.texts.push(line);
        }
    }

    /// Looks at a line below names.
    fn look_below(&mut self, line: &'t str, start: usize, end: usize) {
        let Some((table, rows)) = &mut self.current else { return };
        let has_units = self.is_head && table.has_units(line, self.dialect);
        self.is_head = has_units || (self.is_head && !table.is_row(line, self.dialect));
        let is_of_words = |cells: Vec<Cow<'_, str>>| has_units || !cells.iter().any(|cell| is_value(cell));
        if self.is_head && table.cells(line).is_some_and(is_of_words) {
            let is_below = *rows == start && line.len() <= HEAD_BYTES && !line.starts_with('#');
            self.below = self.below.or(is_below.then_some(line));
            *rows = end;
        }
        self.rows += usize::from(!self.is_head);
        let is_late = self.rows < TITLES && !self.is_head && table.has_units(line, self.dialect);
        if self.is_head || is_late || line.starts_with('#') {
            self.keep(line);
        }
    }

    /// Begins a table, and hands over the one before.
    fn begin(
        &mut self,
        next: Table<'t>,
        start: usize,
        end: usize,
        then: &mut dyn FnMut(&Table<'t>, &'t str),
    ) {
        let (before, dialect) = (self.current.replace((next, end)), self.dialect);
        if let (Some((mut table, rows)), Some((next, _))) = (before, &mut self.current) {
            let rows = &self.text[rows..start];
            // Names without rows may have been units: `TS`, `RN`, `Deg F`.
            self.texts.extend(table.head.last().filter(|_| self.is_head));
            let is_again = table.columns == next.columns;
            // What stands directly above other names is about these.
            let comments = self.text[..start].lines().rev().take_while(|line| line.starts_with('#')).count();
            let comments = if is_again || self.is_head { 0 } else { comments };
            let texts = &self.texts[..self.texts.len().saturating_sub(comments)];
            table.learn(texts, self.below.take(), dialect);
            next.follow(&table, is_again, rows, dialect);
            if !table.has_no_values(dialect) {
                then(&table, rows);
            }
            if !self.is_head {
                // Another file was appended, with titles of its own.
                if !is_again {
                    self.texts.retain(|line| next.has_units(line, dialect));
                }
                let lines = rows.split_inclusive('\n').rev().take(TITLES);
                self.texts.extend(lines.filter(|line| !table.is_row(line, dialect)));
            }
        }
        (self.is_head, self.rows) = (true, 0);
    }
}

/// Whether a cell in a row of units stands below what has none: an index, a number.
fn is_no_unit(cell: &str) -> bool {
    is_missing(cell) || cell == "1"
}

/// What Netatmo's modules for rooms say of themselves elsewhere.
fn netatmo() -> (String, String) {
    ("type".to_owned(), "NAMain".to_owned())
}

/// The key of a title.
const TITLE: &str = "title above";

/// Whether a column of this name is of values or times.
fn is_read(known: &str) -> bool {
    matches!(meaning(known), Ok(Meaning::Measured(..) | Meaning::Time(_) | Meaning::Date))
}

/// A key and its text if they say where something was measured. They give a place no name.
fn where_measured(key: &str, text: &str) -> Option<(String, String)> {
    match telling(key)? {
        Telling::Place => Some(("stationname".to_owned(), text.to_owned())),
        Telling::Model | Telling::Sensor => Some((key.to_owned(), text.to_owned())),
        _ => None,
    }
}

fn begins_with_value(line: &str) -> bool {
    line.split(SEPARATORS).next().is_some_and(|cell| is_value(cell.trim_matches(['"', ' '])))
}

/// The columns, if this line names them: with the separator that gives the most.
fn named<'t>(
    line: &'t str,
    separator: Option<(char, &str)>,
    current: Option<&(Table<'_>, usize)>,
    skipped: usize,
    dialect: &Dialect,
) -> Option<Table<'t>> {
    // Mostly it is a row with a time or a number in front.
    if line.len() > HEAD_BYTES || is_value(line.split(SEPARATORS).next().unwrap_or_default().trim()) {
        return None;
    }
    let again = current.is_some_and(|(table, _)| table.head.contains(&line));
    // One known key may as well be a word among others, in a comment or in a row.
    let is_first = current.is_none() && skipped == 0;
    let known = if again || (is_first && !line.starts_with('#')) { 1 } else { 2 };
    let fits = |one: &char| separator.is_none_or(|(separator, _)| separator == *one);
    let separators = SEPARATORS.into_iter().filter(fits);
    let tables = separators.filter_map(|separator| Table::named_by(line, separator, known, dialect));
    tables.max_by_key(|table| table.columns.len())
}

/// `sep=;`, which names the separator to a spreadsheet.
fn separator_line(line: &str) -> Option<char> {
    let rest = line.trim_matches(['\r', '\n', ' ']).trim_matches('"').strip_prefix("sep=")?;
    let mut rest = rest.chars();
    rest.next().filter(|one| SEPARATORS.contains(one) && rest.next().is_none())
}

/// The line without its end. A tabulator there is the mark of an empty cell.
fn content(line: &str) -> &str {
    line.trim_end_matches(['\r', '\n'])
}

/// The cells of a line; `None` if there are more than `most` or a quote does not end.
pub(super) fn cells(line: &str, separator: char, most: usize) -> Option<Vec<Cow<'_, str>>> {
    let mut cells = Vec::new();
    let mut rest = Some(line);
    while let Some(line) = rest {
        let (cell, behind) = match line.trim_start_matches(' ').strip_prefix('"') {
            Some(quoted) => unquoted(quoted, separator)?,
            None => match line.split_once(separator) {
                Some((cell, behind)) => (Cow::Borrowed(cell.trim()), Some(behind)),
                None => (Cow::Borrowed(line.trim()), None),
            },
        };
        if cells.len() < most {
            cells.push(cell);
        } else if !cell.is_empty() {
            return None;
        }
        rest = behind;
    }
    Some(cells)
}

/// The cell that begins behind a quote, and what follows its separator.
fn unquoted(text: &str, separator: char) -> Option<(Cow<'_, str>, Option<&str>)> {
    let mut end = text.find('"')?;
    while text[end + 1..].starts_with('"') {
        end += 2 + text[end + 2..].find('"')?;
    }
    let cell = match &text[..end] {
        cell if cell.contains('"') => Cow::Owned(cell.replace("\"\"", "\"").trim().to_owned()),
        cell => Cow::Borrowed(cell.trim()),
    };
    let behind = text[end + 1..].trim_start_matches(' ');
    match behind.strip_prefix(separator) {
        Some(behind) => Some((cell, Some(behind))),
        None => behind.trim().is_empty().then_some((cell, None)),
    }
}

/// Enough to know a time by.
pub(super) const ANY_TIME: Notation<'_> =
    Notation { zone: &Zone::Utc, order: &|| Some(DateOrder::Dmy), format: None };

/// Whether a cell is what stands below names: a number, a time, the mark of a missing value.
pub(super) fn is_value(cell: &str) -> bool {
    let digits = cell.starts_with(|c: char| c.is_ascii_digit());
    let is_numeric = digits && !cell.contains(char::is_alphabetic);
    let is_time = || digits && ANY_TIME.read(cell).is_some();
    let is_missing = !cell.is_empty() && is_missing(cell);
    // `outTemp: 50.0`, a value with its name.
    let is_pair = || {
        cell.split_once([':', '=']).is_some_and(|(name, value)| {
            let is_mark = |c: char| matches!(c, ' ' | '\'' | '{');
            let value = value.trim_matches(is_mark);
            let value_is = || number_with_unit(value).is_ok() || ANY_TIME.read(value).is_some();
            let name = name.trim_matches(is_mark);
            // The minutes of a zone have a digit before their colon.
            let meaning = Some(name).filter(|name| name.ends_with(char::is_alphabetic)).map(meaning);
            matches!(meaning, Some(Ok(Meaning::Measured(..) | Meaning::Time(_) | Meaning::Date)))
                && value_is()
        })
    };
    is_numeric
        || is_missing
        || is_time()
        || number_with_unit(cell).is_ok()
        || decimal_comma(cell).is_some()
        || is_pair()
}

/// Where the comma stands in `21,5` and `-3,25 °C`.
pub(super) fn decimal_comma(cell: &str) -> Option<usize> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let sign = usize::from(cell.starts_with(['+', '-']));
    let comma = sign + Some(digits(&cell[sign..])).filter(|digits| *digits > 0)?;
    let decimals = cell[comma..].strip_prefix(',')?;
    let behind = &decimals[Some(digits(decimals)).filter(|digits| *digits > 0)?..];
    (!behind.starts_with([',', '.'])).then_some(comma)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_mutated, only, read};
    use crate::format::{Error, Source, recognise};
    use crate::reading::Quantity::{self, *};

    /// The readings of the only station of `text`, and the findings that are none.
    #[track_caller]
    fn check(text: &str, expected: &[(Quantity, f64)]) -> Vec<String> {
        check_in(&Dialect::USUAL, text, expected)
    }

    #[track_caller]
    fn check_in(dialect: &Dialect, text: &str, expected: &[(Quantity, f64)]) -> Vec<String> {
        let source = Source { dialect, ..Source::new(None, at(WRITTEN)) };
        let (stations, findings) = read(&CSV, text.as_bytes(), &source);
        assert_eq!(only(&stations), expected, "{text}: {findings:?}");
        findings
    }

    fn columns(names: &[&str]) -> Dialect {
        Dialect { columns: names.iter().map(|&name| name.to_owned()).collect(), ..Dialect::USUAL }
    }

    #[test]
    fn a_room_in_a_column_without_a_name_is_not_outdoors() {
        let rows = "2025-03-02 22:00:00,Backyard,7.4\n2025-03-02 22:10:00,Kitchen,21\n";
        for name in ["", "name", "where", "Zimmer"] {
            check_in(&columns(&["time", name, "temperature_C"]), rows, &[(Temperature, 7.4)]);
            check(&format!("time,{name},temperature_C\n{rows}"), &[(Temperature, 7.4)]);
        }
    }

    #[test]
    fn the_head_of_a_log_has_the_units_of_its_comments_and_rows() {
        let row = "2025-03-02 22:20:00,50,20\n";
        for (head_lines, expected) in [
            ("# temperature in °F\ntime,temp,hum\n", 10.0),
            ("# a\ntime,temp,hum\n# humidity in %, °F\n", 10.0),
            ("TS,Deg F,%\nx,y,z\ntime,temp,hum\n", 10.0),
            ("time,temp,hum\n,Avg,Smp\nTS,Deg F,%\n", 10.0),
            ("# calibrated at 32 °F\ntime,temp,hum\n", 50.0),
        ] {
            let text = [head_lines, row].concat();
            check(&text, &[(Temperature, expected), (Humidity, 20.0)]);
            let head = head(&text, &Dialect::USUAL);
            check(&[&head, row].concat(), &[(Temperature, expected), (Humidity, 20.0)]);
        }
        let dialect = columns(&["time", "temp", "hum"]);
        let text = ["# temperature in °F\n", row].concat();
        check_in(&dialect, &text, &[(Temperature, 10.0), (Humidity, 20.0)]);
        check_in(&dialect, &[&head(&text, &dialect), row].concat(), &[(Temperature, 10.0), (Humidity, 20.0)]);
    }

    #[test]
    fn titles_may_stand_above_the_names() {
        let hobo = "Serial Number:1 --\n\nDate Time - GMT +00:00,\"Temp, (*F)\",\"RH, (%)\",\"DewPt, (*F)\",EOF,\n\
                    2025-03-02 22:20:00,50,60,41, ,\n";
        check(hobo, &[(Temperature, 10.0), (Humidity, 60.0), (DewPoint, 5.0)]);
        assert!(recognises(hobo, &Dialect::USUAL));
        let head = head(hobo, &Dialect::USUAL);
        assert!(head.starts_with("Date Time"), "{head}");
        // One word of a text is no table.
        assert!(!recognises("hello, world\nit is, a, temperature\n1,2,3\n", &Dialect::USUAL));
        let late = format!("{}time,temperature\n1740954000,5\n", "a title\n".repeat(TITLES + 1));
        assert!(!recognises(&late, &Dialect::USUAL));
    }

    #[test]
    fn a_row_of_groups_may_stand_above_the_names() {
        // Ecowitt's export.
        let expected = &[
            (Temperature, 10.0),
            (FeelsLike, 8.0),
            (Humidity, 71.0),
            (DewPoint, 5.0),
            (StationPressure, 999.0),
            (SeaLevelPressure, 1013.2),
            (WindSpeed, 4.0),
            (WindDirection, 45.0),
        ];
        let names = "Temperature(℃),Feels Like(℃),Dew Point(℃),Humidity(%),Temperature(℃),Wind Speed(km/h),\
                     Wind Direction(º),Relative(hPa),Absolute(hPa)";
        let values = "2025-03-02 22:20,10.0,8.0,5.0,71,21.5,14.4,45,1013.2,999.0\n";
        for groups in [
            "Time,Outdoor,,,,Indoor,Wind,,Pressure,",
            "Time,Outdoor,,,,Indoor,Wind,,Pressure",
            "Time,Outdoor,Outdoor,Outdoor,Outdoor,Indoor,Wind,Wind,Pressure,Pressure",
            "A title\nTime,Outdoor,,,,Indoor,Wind,,Pressure,",
        ] {
            let text = format!("{groups}\n,{names}\n{values}");
            check(&text, expected);
            let again = format!("{}{values}", head(&text, &Dialect::USUAL));
            check(&again, expected);
        }
        // Indoors first, and no name in the upper row that is known by itself.
        let text = ",Indoor,,Outdoor,\nTime,Temp,Hum,Temp,Hum\n2025-03-02 22:20,21,40,5,90\n";
        check(text, &[(Temperature, 5.0), (Humidity, 90.0)]);
        // Davis: what was highest is not what is.
        check(
            "\t\tTemp\tHi\tLow\tWind\nDate\tTime\tOut\tTemp\tTemp\tSpeed\n02.03.2025\t22:20\t5\t9\t1\t2\n",
            &[(Temperature, 5.0), (WindSpeed, 2.0)],
        );
        // The lower row alone: what has no name is the time.
        let text = ",Temperature(℃),Humidity(%)\n2025-03-02 12:20,5,90\n";
        let (stations, _) = read(&CSV, text.as_bytes(), &Source::new(None, at(WRITTEN)));
        assert_eq!(stations[0].newest(), Some(at("2025-03-02T12:20:00Z")));
        check(",temp,hum\n0,5,90\n1,6,91\n", &[(Temperature, 6.0), (Humidity, 91.0)]);
        // A logger that was started twice.
        check("time,temp\ntime,humidity\n1740954000,60\n", &[(Humidity, 60.0)]);
    }

    #[test]
    fn the_names_of_the_columns_tell_all() {
        let expected = &[(Temperature, 21.5), (Humidity, 60.0)];
        for text in [
            "time,temperature,humidity\n2025-03-02 22:20:00,21.5,60\n",
            "\u{feff}time,temperature,humidity\r\n2025-03-02 22:20:00,21.5,60\r\n",
            "\n\ntime;temp;hum\n02/03/2025 22:20;21,5;60\n",
            "time\ttemp\thum\n02.03.2025 22:20\t21,5\t60,0 %\n",
            "sep=;\r\ntime;temp;hum\r\n1740954000;21.5;60\r\n",
            "\"sep=;\"\ntime;temp;hum\n1740954000;21.5;60\n",
            "\"time\",\"temp\",\"hum\"\n\"2025-03-02 22:20:00\",\"21.5\",\"60\"\n",
            "# a logger\n#time,temp,hum\n# started\n2025-03-02 22:20:00,21.5,60\n",
            "# temp, of the garden\ntime,temp,hum\n2025-03-02 22:20:00,21.5,60\n",
            "time,temp,hum,\n2025-03-02 22:20:00,21.5,60,\n",
            "time,temp,hum,\n2025-03-02 22:20:00,21.5,60\n",
            "time,temp,hum\n2025-03-02 22:20:00,21.5,60,,\n",
            "time, temp , hum\n2025-03-02 22:20:00, 21.5 , 60\n",
            "date,time,temp,hum\n2025-03-02,22:20:00,21.5,60\n",
            "time,date,temp,hum\n22:20,02/03/2025,21.5,60\n",
            "date,temp,hum\n2025-03-02 22:20:00,21.5,60\n",
        ] {
            let local = ["1740954000"].iter().any(|epoch| text.contains(epoch));
            let dialect = Dialect { zone: if local { Zone::Local } else { Zone::Utc }, ..Dialect::USUAL };
            assert_eq!(check_in(&dialect, text, expected), [""; 0], "{text}");
            let source = Source { dialect: &dialect, ..Source::new(None, at(WRITTEN)) };
            let (stations, _) = read(&CSV, text.as_bytes(), &source);
            assert_eq!(stations[0].newest(), Some(at("2025-03-02T22:20:00Z")), "{text}");
        }
    }

    #[test]
    fn units_stand_in_the_names_or_below_them() {
        let expected = &[(Temperature, 10.0), (StationPressure, 1013.0)];
        check("temperature (°C),pressure [hPa]\n10,1013\n", expected);
        check("temp [°F],pressure (kPa)\n50,101.3\n", expected);
        check("temp_F;pressure_Pa\n50,0;101300\n", expected);
        check("temp,pressure\n50 °F,1013 mbar\n", expected);
        check("time,temp,pressure\n,°F,hPa\n2025-03-02T22:20:00Z,50,1013\n", expected);
        check("time,temp,pressure\nUTC,degF,\n2025-03-02 22:20:00,50,1013\n", expected);
        check("temp_F,pressure\n°C,kPa\n50,101.3\n", expected);
        // In Latin-1, as a terminal of old has it.
        let (stations, _) =
            read(&CSV, b"temp (\xb0F),pressure,note\n50,1013,\xfcber\n", &Source::new(None, at(WRITTEN)));
        assert_eq!(only(&stations), expected);
        // What is named and not known is not guessed.
        let findings = check("temp (Réaumur),rh\n50,40\n", &[(Humidity, 40.0)]);
        assert_eq!(findings, ["temp (Réaumur): not a known key"]);
        check("temp,rh\nRéaumur,%\n50,40\n", &[(Humidity, 40.0)]);
        // A row of words is one of units only below a number's name.
        check("station,wind_dir\nshed,ENE\nshed,calm\n", &[(WindDirection, 67.5)]);
    }

    #[test]
    fn a_comma_is_one_of_decimals_only_where_it_separates_nothing() {
        check("temp;rh\n-3,25 °C;60\n", &[(Temperature, -3.25), (Humidity, 60.0)]);
        check("temp;rh\n1,000,5;60\n", &[(Humidity, 60.0)]);
        check("temp;pressure\n3;1.013,2\n", &[(Temperature, 3.0)]);
        check("temp,rh\n\"21,5\",60\n", &[(Humidity, 60.0)]);
        let findings = check("temp,rh\n21,5,60\n", &[]);
        assert_eq!(findings, ["a line: it has 3 cells, and the table has 2 names"]);
    }

    #[test]
    fn what_is_missing_is_no_fault() {
        for missing in ["", "-", "NaN", "nan", "n/a", "\"\"", " "] {
            let text = format!("temp,rh,city\n4,5,\n{missing},6,{missing}\n");
            assert_eq!(check(&text, &[(Temperature, 4.0), (Humidity, 6.0)]), [""; 0], "{missing}");
        }
        // The other sensor is indoors as before when the outdoor one has failed.
        check("outTemp,temp,rh\n,21,6\n", &[(Humidity, 6.0)]);
        // A row of any age would else be as new as the file.
        let findings =
            check("time,temp,rh\n,21,6\n2025-03-02T22:20:00Z,4,5\n", &[(Temperature, 4.0), (Humidity, 5.0)]);
        assert_eq!(findings, ["a line: not a whole record"]);
    }

    #[test]
    fn rows_that_are_none_are_counted() {
        let misfit = "it has 3 cells, and the table has 2 names";
        for (bad, why) in [
            ("9", "not a whole record"),
            ("9,9,9", misfit),
            ("\"9,9", "not a whole record"),
            ("\"9\"9,9", "not a whole record"),
            ("9,9\0", "not a whole record"),
            ("\0\0\09,9", "not a whole record"),
        ] {
            let findings = check(&format!("temp,rh\n4,5\n{bad}\n"), &[(Temperature, 4.0), (Humidity, 5.0)]);
            assert_eq!(findings, [format!("a line: {why}")], "{bad:?}");
        }
        let findings =
            check_in(&columns(&["temp", "rh"]), "4,5\n4,5,6\n", &[(Temperature, 4.0), (Humidity, 5.0)]);
        assert_eq!(findings, ["a line: it has 3 cells, and `columns` has 2 names"]);
    }

    #[test]
    fn names_may_come_again_or_change() {
        let expected = &[(Temperature, 6.0), (Humidity, 7.0)];
        assert_eq!(check("temp,rh\n4,5\ntemp,rh\n6,7\n", expected), [""; 0]);
        assert_eq!(check("foo,rh\n4,5\nfoo,rh\n6,7\n", &[(Humidity, 7.0)]).len(), 2);
        assert_eq!(check("temp,rh\n4,5\nrh,temp\n7,6\n", expected), [""; 0]);
        // A word in a row that is a key as well.
        let findings =
            check("precipitation,temp,rh\nSnow,4,5\nRain,-,\n", &[(Temperature, 4.0), (Humidity, 5.0)]);
        assert_eq!(findings, [""; 0]);
    }

    #[test]
    fn a_part_is_read_below_the_head_of_what_was_before() {
        #[track_caller]
        fn check_head(dialect: &Dialect, text: &str, expected: &str) {
            let head = CSV.head(text.as_bytes(), dialect);
            assert_eq!(String::from_utf8_lossy(&head), expected, "{text}");
            assert_eq!(CSV.head(&head, dialect), head, "{text}");
        }
        let usual = &Dialect::USUAL;
        check_head(usual, "", "");
        check_head(usual, "1,2\n", "");
        check_head(usual, "temp,rh\n", "temp,rh\n");
        check_head(usual, "\u{feff}\nsep=,\n# a logger\ntemp,rh\n°F,%\n4,5\n", "sep=,\ntemp,rh\n°F,%\n");
        check_head(usual, "temp,rh\n4,5\nrh,temp\n7,6\n", "rh,temp\n");
        check_head(&columns(&["temp", "rh"]), "temp,rh\n4,5\n", "");
        check_head(&columns(&["temp", "rh"]), "sep=;\n4;5\n", "");
        check_in(&columns(&["temp", "rh"]), "sep=;\ntemp;rh\n", &[]);
        // A head only is no error and no record.
        check("temp,rh\n", &[]);
        check("temp,rh\n°F,%\n", &[]);
        assert!(matches!(
            CSV.read(b"1,2\n", &Source::new(None, at(WRITTEN)), &mut |_| {}, &mut |_| {}),
            Err(Error::NoRecord { .. })
        ));
    }

    #[test]
    fn the_configuration_names_columns_and_keys() {
        let dialect = columns(&["time", "temp", "rh"]);
        let expected = &[(Temperature, 21.5), (Humidity, 60.0)];
        for text in [
            "1740954000,21.5,60\n",
            "1740954000;21,5;60\n",
            "1740954000\t21.5\t60\n",
            "time,temp,rh\n1740954000,21.5,60\n",
            "sep=;\n1740954000;21,5;60\n",
            "# a logger\n1740954000;21,5;60\n",
        ] {
            assert_eq!(check_in(&dialect, text, expected), [""; 0], "{text}");
            assert_eq!(recognise(text.as_bytes(), &dialect).ok(), Some(&CSV), "{text}");
        }
        assert_ne!(recognise(b"1,2\n", &dialect).ok(), Some(&CSV));
        let keys = [("Temperatur", "temperature"), ("Feuchte", "humidity"), ("Wann", "time")];
        let keys = keys.map(|(name, key)| (name.to_owned(), key.to_owned())).into();
        let dialect = Dialect { keys, ..Dialect::USUAL };
        let text = "Wann;Temperatur;Feuchte\n;°F;%\n1740954000;70,7;60\n";
        assert_eq!(check_in(&dialect, text, expected), [""; 0]);
        assert_eq!(recognise(text.as_bytes(), &dialect).ok(), Some(&CSV));
        assert_ne!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&CSV));
    }

    #[test]
    fn a_row_of_names_is_recognised() {
        for text in [
            "time,temp",
            "x;pressure (hPa)\n",
            "\u{feff}\n\"temp\"\t\"rh\"",
            "sep=;\ntemp;rh",
            "# a\n# temp,rh\n1,2",
        ] {
            assert_eq!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&CSV), "{text}");
        }
        for text in [
            "",
            "temp",
            "foo,bar",
            "temp,5",
            "time,2025-03-02 22:26",
            "{\"temp\": 4,\n\"rh\": 5}",
            "temp=5,rh=6",
            "temp 5",
        ] {
            assert_ne!(recognise(text.as_bytes(), &Dialect::USUAL).ok(), Some(&CSV), "{text}");
        }
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let texts = [
            "time,temperature,humidity,wind_dir,city\n2025-03-02T22:20:00Z,21.5,60,ENE,Köln\n1740954000,-,5,7,\"a, \"\"b\"\"\"\n",
            "sep=;\r\ndate;time;temp;pressure;rain\r\n;;°F;kPa;in\r\n02/03/2025;22:20;50,5;101,3;0,1\r\n",
            "# a\n#ts\tpm2_5\tprecipitation\n1740954000\t12\tSnow\nts\tuvi\n1\t2\n",
        ];
        check_mutated(
            &CSV,
            &texts,
            &["\n", "\r\n", ",", ";", "\t", "\"", "sep=", "NaN", "temp,rh\n", "1e999", "-9", "#", "°"],
        );
    }
}
