//! Names and values as scripts print them: `temp=7.4 humidity=81`, `Temperature: 7.4 C`, and what programs
//! print on a screen (rtl_433, weewx), again and again.
//!
//! A record ends where a name comes again, at an empty line if a name comes again behind it, and at a ruler.

use std::borrow::Cow;

use super::csv::{ANY_TIME, decimal_comma};
use super::findings::{Fault, Ignored};
use super::names::{Meaning, meaning};
use super::node::{Node, is_missing};
use super::notes::{add_units, comments};
use super::record::Reader;
use super::units::number_with_unit;
use super::{Dialect, Format};

/// Record after record, in a log.
pub(super) static PAIRS: Format = Format {
    name: "pairs",
    expected: "lines such as temp=7.4 humidity=81 or Temperature: 7.4 C",
    lines: true,
    recognises,
    head,
    read,
};

/// No name is longer, in characters.
const NAME_CHARS: usize = 60;

/// No time is longer, in bytes.
const TIME_BYTES: usize = 45;

/// No record has more names.
const NAMES: usize = 1000;

/// Lines at the beginning of a text that may be words.
const WORDS: usize = 10;

/// As of JSON, one record alone may as well be a file that is rewritten.
fn recognises(beginning: &str, dialect: &Dialect) -> bool {
    // weewx's print may have one packet so far.
    let is_packet = ["LOOP:", "REC:"].iter().any(|mark| beginning.trim_start().starts_with(mark));
    begins_with_pairs(beginning, dialect) && (is_packet || blocks(beginning, dialect, 2).len() > 1)
}

/// Whether one of the first lines says something that is known.
pub(super) fn begins_with_pairs(beginning: &str, dialect: &Dialect) -> bool {
    if beginning.lines().any(|line| is_json(line.trim()) || is_section(line)) {
        return false;
    }
    let mut lines = beginning.lines().filter(|line| is_content(line)).take(WORDS);
    let known = |(key, _): &Pair<'_>| matches!(meaning(dialect.known(key)), Ok(Meaning::Measured(..)));
    lines.any(|line| Line::of(line, dialect).pairs.iter().any(known))
}

/// The time and the device of the last record, which may go on, unless it is one line.
fn head(text: &str, dialect: &Dialect) -> String {
    let comments: String = comments(text).iter().flat_map(|line| [line, "\n"]).collect();
    comments + &head_of_last(text, dialect)
}

fn head_of_last(text: &str, dialect: &Dialect) -> String {
    let Some(last) = blocks(text, dialect, usize::MAX).pop() else { return String::new() };
    let lines = last.lines().filter(|line| is_content(line)).map(|line| Line::of(line, dialect));
    let lines: Vec<Line<'_>> = lines.collect();
    let is_value = |(key, _): &Pair<'_>| !is_time(key, dialect) && !is_device(key, dialect);
    let goes_on = lines.len() > 1 || !lines.iter().any(|line| line.pairs.iter().any(is_value));
    if !goes_on || !lines.iter().any(|line| line.says_when(dialect)) {
        return String::new();
    }
    let mut head = String::new();
    for line in &lines {
        head.extend(line.time.iter().flat_map(|time| [time, "\n"]));
        let is_kept = |pair: &&Pair<'_>| !is_value(pair) && !pair.1.contains('=');
        head.extend(line.pairs.iter().filter(is_kept).flat_map(|(key, value)| [key, ": ", value, "\n"]));
    }
    head
}

fn is_device(key: &str, dialect: &Dialect) -> bool {
    matches!(meaning(dialect.known(key)), Ok(Meaning::Device(_)))
}

/// Whether a name is that of a time or of a part of one.
pub(super) fn is_time(key: &str, dialect: &Dialect) -> bool {
    matches!(meaning(dialect.known(key)), Ok(Meaning::Time(_) | Meaning::Date | Meaning::Changed))
}

fn read(text: &str, reader: &mut Reader<'_>) -> Result<(), Fault> {
    let dialect = reader.dialect();
    // What stands in a section may be measured anywhere.
    if text.lines().any(is_section) {
        return Err(Fault::NoRecord);
    }
    let mut blocks = blocks(text, dialect, usize::MAX);
    // What is left of a record whose beginning was not read has lost its time.
    let says_when = |block: &&str| block.lines().any(|line| Line::of(line, dialect).says_when(dialect));
    if blocks.first().is_some_and(|first| !says_when(first)) && blocks.iter().skip(1).take(1).any(says_when) {
        blocks.remove(0);
    }
    let (written, comments) = (reader.modified().rfc3339(), comments(text));
    reader.pieces(&blocks, &|block: &str, then: &mut dyn FnMut(&Node<'_>)| {
        let mut record = Record::new(&written);
        block.lines().filter(|line| is_content(line)).for_each(|line| _ = record.add(line, dialect));
        let mut entries = record.finish();
        add_units(&mut entries, &comments, dialect);
        then(&Node::Object(entries));
        Ok(())
    });
    Ok(())
}

/// Whether a line may hold pairs.
pub(super) fn is_content(line: &str) -> bool {
    let line = line.trim();
    !line.is_empty() && !line.starts_with(['#', ';']) && !is_ruler(line)
}

/// Whether a line only parts what stands above from what stands below: `---`, `_ _ _ _`.
fn is_ruler(line: &str) -> bool {
    let line = line.trim();
    line.len() >= 3 && line.chars().all(|c| matches!(c, '-' | '_' | '=' | '*' | '~' | ' '))
}

/// `[indoor]`, as in an INI file.
pub(super) fn is_section(line: &str) -> bool {
    let name = line.trim().strip_prefix('[').and_then(|line| line.strip_suffix(']'));
    name.is_some_and(|name| !name.contains(['=', ':']))
}

/// The records of a text, the first ones up to `most`.
fn blocks<'t>(text: &'t str, dialect: &Dialect, most: usize) -> Vec<&'t str> {
    let mut blocks = Vec::new();
    let mut names = Names::default();
    // Where the last empty line was, and how many names stand before it.
    let mut gap = None;
    let (mut start, mut end) = (0, 0);
    for line in text.split_inclusive('\n') {
        let begin = end;
        end += line.len();
        if line.trim().is_empty() {
            gap = gap.or(Some((begin, names.known.len())));
            continue;
        }
        let found = if is_content(line) { Line::of(line, dialect).names(dialect) } else { Vec::new() };
        if let Some((at, before)) = gap.filter(|(_, before)| names.has_any(&found, *before)) {
            blocks.push(&text[start..at]);
            names.known.drain(..before);
            (start, gap) = (at, None);
        }
        let count = names.known.len();
        if is_ruler(line) || names.has_any(&found, count) || count > NAMES {
            if count > 0 {
                blocks.push(&text[start..begin]);
            }
            names = Names::default();
            (start, gap) = (begin, None);
        }
        names.extend(found, dialect);
        if blocks.len() == most {
            return blocks;
        }
    }
    if !names.known.is_empty() {
        blocks.push(&text[start..]);
    }
    blocks
}

/// The names in a record so far, each with the label above it.
#[derive(Default)]
struct Names<'t> {
    known: Vec<(Option<&'t str>, &'t str)>,
    label: Option<&'t str>,
}

impl<'t> Names<'t> {
    /// Whether one of the names is among the first ones.
    fn has_any(&self, names: &[Name<'t>], first: usize) -> bool {
        names.iter().any(|name| {
            let (label, name) = self.below(name);
            self.known.iter().take(first).any(|(of, known)| *of == label && known.eq_ignore_ascii_case(name))
        })
    }

    fn below(&self, name: &Name<'t>) -> (Option<&'t str>, &'t str) {
        match name {
            Name::Label(name) | Name::OfLine(name) => (None, name),
            Name::OfPair(name) => (self.label, name),
        }
    }

    /// Adds names. Those below a label that rules them out part no records.
    fn extend(&mut self, names: Vec<Name<'t>>, dialect: &Dialect) {
        for name in names {
            let is_refused = |label| !matches!(meaning(dialect.known(label)), Ok(_) | Err(Ignored::Unknown));
            match name {
                Name::OfPair(_) if self.label.is_some_and(is_refused) => continue,
                Name::Label(label) => self.label = Some(label),
                _ => {}
            }
            self.known.push(self.below(&name));
        }
    }
}

/// What makes a new record if it comes again.
enum Name<'l> {
    /// A line that holds nothing else, for those below.
    Label(&'l str),
    /// A label before pairs, or the time of the line.
    OfLine(&'l str),
    OfPair(&'l str),
}

pub(super) type Entry<'t> = (Cow<'t, str>, Node<'t>);

/// What the lines of a record say.
pub(super) struct Record<'t> {
    entries: Vec<Entry<'t>>,
    /// What stands below a label: `Outside:`.
    label: Option<(&'t str, Vec<Entry<'t>>)>,
    /// When the text was written, for times without a year.
    written: &'t str,
}

impl<'t> Record<'t> {
    /// Nothing yet, of a text that was written then.
    pub(super) fn new(written: &'t str) -> Record<'t> {
        Record { entries: Vec::new(), label: None, written }
    }

    /// Adds what a line says. Whether it says anything.
    pub(super) fn add(&mut self, line: &'t str, dialect: &Dialect) -> bool {
        self.add_line(Line::of(line, dialect), dialect)
    }

    /// Adds what the last line says, which has no end: a number there may go on. The key of one.
    pub(super) fn add_unended(&mut self, line: &'t str, dialect: &Dialect) -> Option<&'t str> {
        let is_ended = line.trim_end().ends_with([',', ';', '|', '}', '"', '\'']);
        // A value on a line of its own is mostly written in one piece, unless a unit belongs behind it: `Temp: 48.9 F`.
        let is_whole = !line.contains(": ") && !self.has_units();
        let mut line = Line::of(line, dialect);
        let is_ended = is_ended
            || (is_whole && line.pairs.len() == 1 && !line.pairs[0].1.ends_with(['*', '°', '\u{fffd}']));
        let is_cut = |(key, value): &Pair<'_>| !is_ended && may_go_on(value) && !is_time(key, dialect);
        let cut = line.pairs.last().copied().filter(is_cut);
        line.pairs.truncate(line.pairs.len() - usize::from(cut.is_some()));
        self.add_line(line, dialect);
        cut.map(|(key, _)| key)
    }

    /// Whether one of the values names its unit.
    fn has_units(&self) -> bool {
        let below = self.label.iter().flat_map(|(_, below)| below);
        let mut texts = self.entries.iter().chain(below).filter_map(|(_, node)| match node {
            Node::Text(text) => Some(text),
            _ => None,
        });
        texts.any(|text| matches!(number_with_unit(text), Ok((_, Some(_)))))
    }

    fn add_line(&mut self, line: Line<'t>, dialect: &Dialect) -> bool {
        let Line { time, label, mut pairs } = line;
        // weewx's packets say their units near their end.
        let is_packet = pairs.first().is_some_and(|(key, _)| matches!(*key, "LOOP" | "REC"));
        if is_packet && !pairs.iter().any(|(key, _)| *key == "usUnits") {
            pairs.clear();
        }
        if is_packet {
            // The first one stands behind the time and its epoch number: `… GMT (1740954000) altimeter: 29.92`.
            for (key, _) in &mut pairs {
                *key = key.rsplit_once(") ").map_or(*key, |(_, name)| name);
            }
        }
        if let Some(time) = time {
            self.entries.push((Cow::Borrowed("time"), Node::Text(with_year(time, self.written))));
        }
        let is_label_alone = label.is_some() && pairs.is_empty();
        let entries: Vec<Entry<'t>> =
            pairs.into_iter().map(|(key, value)| entry(key, value, dialect)).collect();
        let is_something = time.is_some() || label.is_some() || !entries.is_empty();
        match (label, &mut self.label) {
            (Some(label), _) if is_label_alone => {
                self.close();
                self.label = Some((label, Vec::new()));
            }
            (Some(label), _) => self.entries.push((Cow::Borrowed(label), Node::Object(entries))),
            (None, Some((_, below))) => below.extend(entries),
            (None, None) => self.entries.extend(entries),
        }
        is_something
    }

    fn close(&mut self) {
        if let Some((label, below)) = self.label.take() {
            self.entries.push((Cow::Borrowed(label), Node::Object(below)));
        }
    }

    /// All of it.
    pub(super) fn finish(mut self) -> Vec<Entry<'t>> {
        self.close();
        self.entries
    }
}

/// Whether a value at the end of a text may have more digits.
pub(super) fn may_go_on(value: &str) -> bool {
    value.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',' | '-' | '+' | '*' | '°' | '\u{fffd}'))
}

/// A time that the system's log writes without a year (`Nov 28 10:15:00`) with that of the text, or the year before.
fn with_year<'t>(time: &'t str, written: &str) -> Cow<'t, str> {
    let is_letter = |c: char| c.is_ascii_alphabetic();
    let mut words = time.split_whitespace();
    let (Some(month), Some(day), Some(_), None) = (words.next(), words.next(), words.next(), words.next())
    else {
        return Cow::Borrowed(time);
    };
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let month = months.iter().position(|known| *known == month).filter(|_| time.starts_with(is_letter));
    let number = |range| written.get(range).and_then(|digits: &str| digits.parse::<usize>().ok());
    match (month, day.parse::<usize>(), number(0..4), number(5..7), number(8..10)) {
        (Some(index), Ok(day), Some(year), Some(now_month), Some(now_day)) => {
            let is_ahead = (index + 1, day) > (now_month, now_day + 1);
            Cow::Owned(format!("{time} {}", if is_ahead { year - 1 } else { year }))
        }
        _ => Cow::Borrowed(time),
    }
}

fn entry<'t>(key: &'t str, value: &'t str, dialect: &Dialect) -> Entry<'t> {
    let known = || meaning(dialect.known(key));
    let node = match value {
        // Python's `None` is no description of the precipitation only.
        "None" if known() != Ok(Meaning::Precipitation) => Node::Missing,
        value if is_missing(value) => Node::Missing,
        value => match decimal_comma(value).filter(|comma| !is_thousand(&value[comma + 1..])) {
            Some(comma) => Node::Text(format!("{}.{}", &value[..comma], &value[comma + 1..]).into()),
            None => Node::Text(Cow::Borrowed(first_measure(value))),
        },
    };
    (Cow::Borrowed(key), node)
}

/// Three digits behind a comma may be thousands.
fn is_thousand(behind: &str) -> bool {
    behind.bytes().take_while(u8::is_ascii_digit).count() == 3
}

/// The first of the measures that a value gives in several units: `7.4 C (45.3 F)`.
fn first_measure(value: &str) -> &str {
    let Some(end) = behind_measure(value) else { return value };
    let rest = value[end..].trim_matches([' ', '/', '(', ')', '|']);
    match (number_with_unit(&value[..end]), number_with_unit(rest)) {
        (Ok((_, Some(one))), Ok((_, Some(other)))) if one.to_base(0.0).0 == other.to_base(0.0).0 => {
            value[..end].trim_end()
        }
        _ => value,
    }
}

type Pair<'l> = (&'l str, &'l str);

/// What a line says: `[2026-11-28 10:15:00] Outside: temp=7.4 humidity=81`.
struct Line<'l> {
    time: Option<&'l str>,
    /// What the pairs are about.
    label: Option<&'l str>,
    pairs: Vec<Pair<'l>>,
}

impl<'l> Line<'l> {
    fn of(line: &'l str, dialect: &Dialect) -> Line<'l> {
        let line = line.trim();
        // Of another text, whose other lines say what is meant.
        if is_json(line) {
            return Line { time: None, label: None, pairs: Vec::new() };
        }
        let (time, rest) = time_before(line).map_or((None, line), |(time, rest)| (Some(time), rest));
        let rest = without_sender(rest, time);
        let (before, mut pairs) = pairs(rest, dialect);
        name_letters(&mut pairs, dialect);
        let is_label = |key: &str| !key.is_empty() && meaning(dialect.known(key)).is_err();
        let mut label = before.filter(|label| is_label(label));
        if let Some((key, "")) = pairs.first() {
            let is_colon =
                rest.split_once(*key).is_some_and(|(_, behind)| behind.trim_start().starts_with(':'));
            if is_colon && is_label(key) {
                label = Some(pairs.remove(0).0);
            }
        }
        let time_behind = pairs.last_mut().filter(|_| time.is_none()).and_then(|(_, value)| {
            let (rest, time) = time_behind(value)?;
            *value = rest;
            Some(time)
        });
        Line { time: time.or(time_behind), label, pairs }
    }

    fn names(&self, dialect: &Dialect) -> Vec<Name<'l>> {
        let mut names: Vec<Name<'l>> = self.time.map(|_| Name::OfLine("time")).into_iter().collect();
        match self.label {
            Some(label) if self.pairs.is_empty() => names.push(Name::Label(label)),
            Some(label) => names.push(Name::OfLine(label)),
            None => names.extend(self.pairs.iter().map(|(key, _)| match meaning(dialect.known(key)) {
                Ok(Meaning::Time(_)) => Name::OfLine("time"),
                _ => Name::OfPair(key),
            })),
        }
        names
    }

    fn says_when(&self, dialect: &Dialect) -> bool {
        self.time.is_some() || self.pairs.iter().any(|(key, _)| is_time(key, dialect))
    }
}

/// Gives `T` and `H` their names, and `P` beside them: one alone may be anything, and so may what is out of bounds.
fn name_letters(pairs: &mut [Pair<'_>], dialect: &Dialect) {
    const LETTERS: [(&str, &str, std::ops::RangeInclusive<f64>); 3] = [
        ("t", "temperature", -40.0..=60.0),
        ("h", "humidity", 1.0..=100.0),
        ("p", "pressure", 500.0..=1100.0),
    ];
    let find = |(letter, _, bounds): &(&str, &str, std::ops::RangeInclusive<f64>)| {
        pairs.iter().position(|(key, value)| {
            key.eq_ignore_ascii_case(letter)
                && dialect.known(key) == *key
                && number_with_unit(value)
                    .is_ok_and(|(number, unit)| unit.is_some() || bounds.contains(&number))
        })
    };
    let found = LETTERS.each_ref().map(find);
    if found[0].is_some() && found[1].is_some() {
        for (index, (_, name, _)) in found.iter().zip(&LETTERS) {
            index.iter().for_each(|index| pairs[*index].0 = name);
        }
    }
}

/// Whether a line is JSON or a part of it, or JSON without its quotes.
fn is_json(line: &str) -> bool {
    let starts = |line: &str| line.starts_with(['"', '}']) || line.ends_with(['{', '[']);
    // Python prints `{'temp': 7}`.
    let is_object = line.strip_prefix('{').is_some_and(|rest| !rest.trim_start().starts_with('\''));
    is_object || starts(line) || line.strip_prefix('[').is_some_and(|rest| starts(rest.trim_start()))
}

/// The time with which a line begins, and what follows it. Also one that cannot be read: of what was
/// written then nobody knows when it was.
fn time_before(line: &str) -> Option<(&str, &str)> {
    let inner = line.trim_start_matches(['[', '(', '<']);
    if !inner.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return None;
    }
    let ends: Vec<usize> = ends(inner).collect();
    let is_time = |end: &&usize| {
        let text = &inner[..**end];
        let is_epoch = text.len() > 8 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        (is_epoch || text.contains(':')) && ANY_TIME.read(text.trim_end_matches([',', ';', ' '])).is_some()
    };
    let end = ends.iter().rev().find(is_time).or_else(|| clock_end(inner, &ends))?;
    let rest = inner[*end..].trim_start_matches([' ', ']', ')', '>', ',', ';', '|', '\t', '-', ':']);
    Some((inner[..*end].trim_end_matches([',', ';', ' ']), rest))
}

/// The one of the ends behind a time of day, before which nothing but a date stands.
fn clock_end<'e>(text: &str, ends: &'e [usize]) -> Option<&'e usize> {
    let mut start = 0;
    for end in ends {
        let word = text[start..*end].trim_matches([' ', ',']);
        let is_short = word.len() == 3 && word.starts_with(|c: char| c.is_ascii_uppercase());
        if is_clock(word) {
            return Some(end);
        }
        if !(word.is_empty() || is_short || word.starts_with(|c: char| c.is_ascii_digit())) {
            return None;
        }
        start = *end;
    }
    None
}

/// Where words end in which a time may stand.
fn ends(text: &str) -> impl Iterator<Item = usize> {
    let marks = text.char_indices().take_while(|(at, _)| *at <= TIME_BYTES);
    let is_end = |c: char| matches!(c, ' ' | ']' | ')' | '>' | ',' | ';' | '|' | '\t');
    let whole = (text.len() <= TIME_BYTES).then_some(text.len());
    // `2026-11-28 10:15:00: temp=7.4`
    let is_colon = move |at: usize| text[at..].starts_with(": ");
    marks.filter(move |(at, c)| is_end(*c) || is_colon(*at)).map(|(at, _)| at).chain(whole)
}

/// Whether a word is a time of day. A hardware address has more colons.
fn is_clock(word: &str) -> bool {
    let word = word.trim_matches([' ', '[', ']', '(', ')', ',', ';']);
    let parts: Vec<&str> = word.split(':').collect();
    let is_number =
        |part: &&str| part.len() <= 2 && !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts[..2].iter().all(is_number) && parts[1].len() == 2
}

/// The end of a value that is a time, and what stands before it: `81 % at 2026-11-28 10:15:00`.
fn time_behind(value: &str) -> Option<(&str, &str)> {
    let ends = |c: char| matches!(c, ' ' | '@' | '[' | '(');
    if !value.contains(':') || ANY_TIME.read(value).is_some() {
        return None;
    }
    value.match_indices(ends).find_map(|(at, mark)| {
        let time = value[at + mark.len()..].trim_matches([' ', ')', ']', '(', '[', '@']);
        let is_time = ANY_TIME.read(time).is_some() || is_clock(time);
        let before = value[..at].trim_end_matches([' ', ',', '@', '-', '(', '[']);
        (is_time && !before.is_empty()).then_some((before, time))
    })
}

/// A line without the machine and the program that the system's log names (`raspberrypi dht[123]: `), and
/// without the weight of a message.
fn without_sender<'l>(line: &'l str, time: Option<&str>) -> &'l str {
    let mut line = line;
    if time.is_some() {
        let mut words = line.splitn(3, ' ');
        if let (Some(_), Some(program), Some(rest)) = (words.next(), words.next(), words.next()) {
            let is_system = time.is_some_and(|time| time.starts_with(|c: char| c.is_ascii_alphabetic()));
            if program.ends_with("]:") || (is_system && program.ends_with(':')) {
                line = rest;
            }
        }
    }
    for weight in ["INFO", "DEBUG", "WARNING", "NOTICE", "[INFO]", "[DEBUG]"] {
        if let Some(rest) = line.strip_prefix(weight).filter(|rest| rest.starts_with([' ', ':', '\t'])) {
            line = rest.trim_start_matches([' ', ':', '-', '\t']);
        }
    }
    line
}

/// The pairs of a line, `name=value` and `name: value`, parted by blanks, commas, semicolons or bars, and what stands
/// before them.
fn pairs<'l>(line: &'l str, dialect: &Dialect) -> (Option<&'l str>, Vec<Pair<'l>>) {
    let mut pairs: Vec<Pair<'l>> = Vec::new();
    let (mut from, mut label) = (0, None);
    while let Some(at) = next_mark(line, from) {
        let before = &line[from..at];
        let key = match pairs.last_mut() {
            None => {
                let (words, key) = before.split_at(key_start(before));
                label = Some(words.trim_matches(is_around));
                key
            }
            Some((_, value)) => {
                let (of_value, key) = before.split_at(value_end(before, dialect));
                *value = trimmed(of_value);
                key
            }
        };
        let key = key.trim_matches(is_around);
        if is_name(key) {
            pairs.push((key, trimmed(&line[at + 1..])));
        } else if pairs.is_empty() {
            return (None, pairs);
        } else if let Some((_, value)) = pairs.last_mut() {
            // No name: the value goes on.
            *value = "";
        }
        from = at + 1;
    }
    (label.filter(|label| is_name(label)), pairs)
}

/// Signs around names that are no part of them.
fn is_around(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '\'' | '{' | '-' | '*' | '>' | '|' | ',' | ';' | '[' | ']')
}

/// The place of the next `=` or `:` that parts a name from its value.
fn next_mark(line: &str, from: usize) -> Option<usize> {
    let marks = line[from..].match_indices(['=', ':']).map(|(at, mark)| (from + at, mark));
    marks.filter(|(at, mark)| is_mark(&line[..*at], &line[at + 1..], mark)).map(|(at, _)| at).next()
}

fn is_mark(before: &str, after: &str, mark: &str) -> bool {
    let after_digit = before.ends_with(|c: char| c.is_ascii_digit());
    match mark {
        "=" => !before.ends_with(['=', '!', '<', '>']) && !after.starts_with('='),
        // Neither that of 10:15 nor that of a URL.
        _ => {
            after.is_empty()
                || after.starts_with(char::is_whitespace)
                || (!after_digit && !after.starts_with(['/', ':']))
        }
    }
}

/// Where the first name of a line begins, which stands at the end of this text.
fn key_start(before: &str) -> usize {
    let text = before.trim_end();
    let marks = ["  ", "] ", "> ", "- "].iter().filter_map(|mark| text.rfind(mark).map(|at| at + mark.len()));
    let open = text.rfind('{').map(|at| at + 1);
    marks.chain(gap(text)).chain(open).max().unwrap_or_default()
}

/// Where the last sign between pairs ends.
fn gap(text: &str) -> Option<usize> {
    let is_decimal = |at: usize| {
        let is_digit = |c: char| c.is_ascii_digit();
        text[..at].ends_with(is_digit) && text[at + 1..].starts_with(is_digit)
    };
    let mut gaps = text.rmatch_indices(['\t', ',', ';', '|']).map(|(at, _)| at);
    gaps.find(|at| !text[*at..].starts_with(',') || !is_decimal(*at)).map(|at| at + 1)
}

/// Where a value ends that is followed by a name.
fn value_end(before: &str, dialect: &Dialect) -> usize {
    let start = before.len() - before.trim_start().len();
    let text = before.trim();
    let wide = text.rfind("  ").map(|at| at + 2);
    let at =
        gap(text).max(wide).or_else(|| behind_measures(text)).unwrap_or_else(|| name_start(text, dialect));
    start + at
}

/// Where the text begins behind a measure and others of the same: `7.4 C (45.3 F) Humidity`.
fn behind_measures(text: &str) -> Option<usize> {
    let mut at = behind_measure(text)?;
    loop {
        let rest = text[at..].trim_start_matches([' ', '/', '(', ')', '|']);
        at = text.len() - rest.len();
        match behind_measure(rest) {
            Some(more) => at += more,
            None => return Some(at),
        }
    }
}

/// Where the text begins behind a number and its unit, of up to two words.
fn behind_measure(text: &str) -> Option<usize> {
    let (number, rest) = text.split_once(' ')?;
    let (_, unit) = number_with_unit(number).ok()?;
    let start = number.len() + 1;
    if unit.is_some() {
        return Some(start);
    }
    let blanks: Vec<usize> = rest.match_indices(' ').map(|(at, _)| at).take(2).collect();
    let is_unit =
        |end: &&usize| matches!(number_with_unit(&format!("0 {}", &rest[..**end])), Ok((_, Some(_))));
    Some(blanks.iter().rev().find(is_unit).map_or(start, |end| start + end + 1))
}

/// Where the longest known name begins with which a text ends, else its last word.
fn name_start(text: &str, dialect: &Dialect) -> usize {
    let words = || text.match_indices(' ').map(|(at, _)| at + 1);
    words()
        .find(|at| meaning(dialect.known(&text[*at..])).is_ok())
        .or_else(|| words().next_back())
        .unwrap_or_default()
}

/// A name has a letter, and is short.
fn is_name(key: &str) -> bool {
    key.chars().take(NAME_CHARS + 1).count() <= NAME_CHARS
        && key.contains(char::is_alphabetic)
        && !key.contains(['<', '>', '{', '}', '"'])
}

fn trimmed(value: &str) -> &str {
    let value = value.trim_matches([' ', '\t', ',', ';', '|', '\r', '\n', '}']);
    value.strip_prefix(['"', '\'']).and_then(|value| value.strip_suffix(['"', '\''])).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::form::FORM;
    use crate::format::tests::{WRITTEN, at, check_mutated, only, read as read_format};
    use crate::format::{Source, recognise};
    use crate::reading::Quantity::{self, *};
    use crate::reading::Station;
    use crate::time::Zone;

    fn dialect() -> Dialect {
        Dialect { zone: Zone::Utc, ..Dialect::USUAL }
    }

    #[track_caller]
    fn stations_in(format: &Format, text: &str) -> Vec<Station> {
        let dialect = dialect();
        assert_eq!(recognise(text.as_bytes(), &dialect).ok(), Some(format), "{text}");
        let source = Source { dialect: &dialect, ..Source::new(None, at(WRITTEN)) };
        read_format(format, text.as_bytes(), &source).0
    }

    #[track_caller]
    fn check(format: &Format, text: &str, expected: &[(Quantity, f64)]) {
        assert_eq!(only(&stations_in(format, text)), expected, "{text}");
    }

    const BOTH: &[(Quantity, f64)] = &[(Temperature, 7.4), (Humidity, 81.0)];

    #[test]
    fn one_record() {
        for text in [
            "temp=7.4 humidity=81\n",
            "temp=7.4 humidity=81%",
            "temp: 7.4, humidity: 81\n",
            "temp: 7.4\nhumidity: 81\n",
            "Temp: 7.4 C  Humidity: 81 %",
            "Temp: 7.4 C Humidity: 81 %\n",
            "Temperature: 7.4 degrees C Humidity: 81 percent",
            "Temperature = 7.4 °C\nApprox. Altitude = 83 m\nHumidity = 81 %\n",
            "\nTemperature:7.4C\tHumidity:81%\tAltitude:83 m\n",
            "Humidity: 81.00%  Temperature: 7.40°C 45.32°F  Heat index: 5.6°C 42.1°F",
            "Temperature: 7.4 C (45.3 F) Humidity: 81 %",
            "Temperature: 45.32 F / 7.4 C, Humidity: 81 %",
            "Temperature: 7,4 °C, Humidity: 81,0 %",
            "Temperatur=3;temp=7,4;humidity=81\n",
            "DHT22 reading\nTemperature: 7.4 C\nHumidity: 81 %",
            "{'temperature': 7.4, 'humidity': 81, 'pressure': None}",
            "{'time': '2025-03-02 22:20:00', 'temperature': 7.4, 'humidity': 81, 'ok': True}",
            "Outside: temp=7.4 humidity=81\nInside: temp=21 humidity=40\n",
            "temp=7.4 humidity=81 pressure=99",
            "Inside:\n  Temperature: 21\n  Humidity: 40\n\nOutside:\n  Temperature: 7.4\n  Humidity: 81\n",
            "[sensor1] temp=7.4 humidity=81\n",
            "garden, temp=7.4, humidity=81\n",
            "T=7.4 H=81\n",
            "h: 81 t: 45.32F\n",
            "# temperature in °F\ntemp=45.32\nhumidity=81\n",
        ] {
            check(&FORM, text, BOTH);
        }
        for none in [
            "T=7.4\n",
            "T=7400 H=81\n",
            "Kitchen: temp=21\n",
            "fridge temp=4 hum=9\n",
            "Freezer:\ntemp: -18\n",
        ] {
            let humidity = none.contains("hum").then_some((Humidity, 9.0));
            check(&FORM, none, humidity.as_slice());
        }
    }

    #[test]
    fn records_in_a_log() {
        for text in [
            "temp=2.1 humidity=95\ntemp=7.4 humidity=81\n",
            "Temperature: 2.1 C\nHumidity: 95 %\n\nTemperature: 7.4 C\nHumidity: 81 %\n",
            "Temperature: 2.1 C\n\nHumidity: 95 %\n\nTemperature: 7.4 C\n\nHumidity: 81 %\n",
            "Failed to read\ntemp=2.1 humidity=95\nFailed to read\nTemp=7.4 Humidity=81%\ntemp=7.4",
            "temp=2.1,humidity=95\r\ntemp=7.4,humidity=81\r\n",
            "DHT22 test:\ntemp: 2.1\nhumidity: 95\ntemp: 7.4\nhumidity: 81\n",
            "Inside:\ntemp: 21\n\nOutside:\ntemp: 2.1\nhumidity: 95\n\nInside:\ntemp: 21\n\nOutside:\ntemp: 7.4\nhumidity: 81\n",
            "--------\ntemp: 2.1\n--------\ntemp: 7.4\nhumidity: 81\n--------\n",
            "{'temp': 2.1}\n{'temp': 7.4, 'humidity': 81}\n",
        ] {
            check(&PAIRS, text, BOTH);
        }
    }

    #[test]
    fn times_of_lines() {
        let newest = "2025-03-02T22:20:00Z";
        for (time, other) in [
            ("2025-03-02 22:20:00 ", "2025-03-02 22:10:00 "),
            ("[2025-03-02 22:20:00] ", "[2025-03-02 22:10:00] "),
            ("2025-03-02T22:20:00Z - INFO - ", "2025-03-02T22:10:00Z - INFO - "),
            ("2025-03-02 22:20:00,000 INFO: ", "2025-03-02 22:10:00,000 INFO: "),
            ("03/02/2025 10:20:00 PM, ", "03/02/2025 10:10:00 PM, "),
            ("Sun Mar 2 22:20:00 2025: ", "Sun Mar  2 22:10:00 2025: "),
            ("Mar  2 22:20:00 raspberrypi dht[123]: ", "Mar  2 22:10:00 raspberrypi dht[123]: "),
            ("2025-03-02T22:20:00+0000 pi python3[9]: ", "2025-03-02T22:10:00+0000 pi python3[9]: "),
            ("1740954000 ", "1740953400 "),
            ("time=1740954000 ", "time=1740953400 "),
            ("time: 2025-03-02 22:20:00 UTC, ", "time: 2025-03-02 22:10:00 UTC, "),
            ("Date: 2025-03-02  Time: 22:20:00\n", "Date: 2025-03-02  Time: 22:10:00\n"),
        ] {
            let text = format!("{other}temp=2.1 humidity=95\n{time}temp=7.4 humidity=81\n");
            let stations = stations_in(&PAIRS, &text);
            assert_eq!(only(&stations), BOTH, "{text}");
            assert_eq!(stations[0].newest(), Some(at(newest)), "{text}");
        }
        let behind = "temp=2.1 at 2025-03-02 22:10:00\ntemp=7.4 at 2025-03-02 22:20:00\n";
        assert_eq!(stations_in(&PAIRS, behind)[0].newest(), Some(at(newest)));
        // The last December.
        let text = "Dec 31 23:59:00 pi dht[1]: temp=2.1\nDec 31 23:59:30 pi dht[1]: temp=7.4\n";
        assert_eq!(stations_in(&PAIRS, text)[0].newest(), Some(at("2024-12-31T23:59:30Z")));
        // A time of day may be that of any day.
        check(&PAIRS, "22:10:00 temp=2.1\n22:20:00 temp=7.4\n", &[]);
        check(&FORM, "22:10 temp=2.1\n", &[]);
        // What follows another record has no part of its time.
        let text = "temp=-9 humidity=9\n2025-03-02 22:10 temp=7.4\n2025-03-02 22:20 humidity=81\n";
        check(&PAIRS, text, BOTH);
    }

    #[test]
    fn the_screens_of_rtl_433_and_weewx() {
        let screen = "_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _\n\
            time      : 2025-03-02 22:20:00\n\
            model     : Acurite-5n1                  message_type: 56          id        : 301\n\
            Channel   : A            Battery   : 1             Wind Speed: 14.4 km/h Temperature: 50.0 F      Humidity  : 71 %\n";
        let readings = [(Temperature, 10.0), (Humidity, 71.0), (WindSpeed, 4.0)];
        let text = format!("{}{screen}", screen.replace("22:20", "22:10").replace("50.0", "20.0"));
        let stations = stations_in(&PAIRS, &text);
        assert_eq!(only(&stations), readings);
        assert_eq!(stations[0].newest(), Some(at("2025-03-02T22:20:00Z")));
        let tyre = screen.replace("message_type: 56", "type      : TPMS");
        check(&PAIRS, &format!("{tyre}{tyre}"), &[]);
        let packet = "2025-03-02 22:20:00 GMT (1740954000) barometer: 29.92, dateTime: 1740954000, inTemp: 70.2, \
            outHumidity: 71.0, outTemp: 50.0, rain: 0.0, rainRate: None, usUnits: 1, windDir: None, windSpeed: 8.948\n";
        // Without its units it says nothing.
        let cut = packet.split_once("usUnits").expect("units").0;
        check(&FORM, &format!("temp: 4\nLOOP:   {cut}"), &[(Temperature, 4.0)]);
        let text = format!("LOOP:   {packet}REC:    {packet}");
        let expected = [(Temperature, 10.0), (Humidity, 71.0), (SeaLevelPressure, 1013.21), (WindSpeed, 4.0)];
        check(&PAIRS, &text, &expected);
    }

    #[test]
    fn a_record_goes_on_behind_the_end_of_the_text() {
        #[track_caller]
        fn check(text: &str, expected: &str) {
            let head = PAIRS.head(text.as_bytes(), &dialect());
            assert_eq!(String::from_utf8(head).expect("UTF-8"), expected, "{text}");
        }
        check("time : 2025-03-02 22:20:00\n", "time: 2025-03-02 22:20:00\n");
        check("time: 1\n\ntime: 2\nmodel : A\ntemp: 7\n", "time: 2\nmodel: A\n");
        check("[2025-03-02 22:20] \n", "2025-03-02 22:20\n");
        check("[2025-03-02 22:20] temp: 7\nhumidity: 81\n", "2025-03-02 22:20\n");
        check("2025-03-02 22:20 temp=7 humidity=81\n", "");
        check("2025-03-02 22:20 temp=7\n", "");
        check("temp: 7\nhumidity: 81\n", "");
        check("nothing\n", "");
    }

    #[test]
    fn what_is_no_record_is_not_recognised() {
        for text in [
            "[a]\ntemp=5\n[b]\ntemp=6\n",
            "Host: localhost\nContent-Type: text/plain\n",
            "http://a.example/b\nhttp://a.example/c\n",
            "a: b\nc: d\na: e\n",
            "hello\n",
            "Wet bulb temperature: 5 C\n",
        ] {
            let format = recognise(text.as_bytes(), &Dialect::USUAL).ok();
            assert!(format != Some(&PAIRS) && format != Some(&FORM), "{text}: {format:?}");
        }
        let list = recognise(b"[1, 2]\n", &Dialect::USUAL).ok();
        assert_eq!(list.map(|format| format.name), Some("json"));
    }

    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        let pieces = [
            "\n", "\n\n", ":", "=", " ", "  ", ",", "\t", "-----\n", "(", "NaN", "1e999", "°", "time: ", "{",
            "'", "\"",
        ];
        let texts = [
            "2025-03-02 22:10:00 temp=2.1 humidity=95\n2025-03-02 22:20:00 temp=7.4 humidity=81\n",
            "Temperature: 7.4 C (45.3 F)\nHumidity: 81 %\n\nTemperature: 7,4 C\nHumidity: 81 %\n",
            "Mar  2 22:20:00 pi dht[1]: Outside: temp=7.4\nMar  2 22:21:00 pi dht[1]: Inside: temp=21\n",
        ];
        check_mutated(&PAIRS, &texts, &pieces);
        check_mutated(&FORM, &texts, &pieces);
    }
}
