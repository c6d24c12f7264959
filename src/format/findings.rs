//! What a reader reports of a text: what it made of each key, and why a whole text cannot be read.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use super::text::one_line;
use crate::reading::{Quantity, Unit};
use crate::time::{Timestamp, in_words};

/// How many objects and lists around a value are looked into: a Shelly's message has `message`, `params`,
/// `temperature:0` and `tC`.
pub(super) const LEVELS: usize = 4;

/// What a reader made of one key. It borrows from the text, so that telling costs nothing where
/// nobody listens, and it carries no value of a key that was not used.
#[derive(Clone, Copy, Debug)]
pub enum Finding<'a> {
    /// A number was read.
    Reading {
        /// Where it stands.
        key: Path<'a>,
        /// What it is about.
        quantity: Quantity,
        /// The value in the quantity's base unit.
        value: f64,
        /// The unit in which it was read.
        unit: Unit,
        /// Whether the text names no unit, so that the usual one was assumed.
        assumed: bool,
        /// When it was observed.
        at: Timestamp,
    },
    /// A description by the source itself was read.
    Text {
        /// Where they stand.
        key: Path<'a>,
        /// On one line.
        text: &'a str,
        /// When they were written.
        at: Timestamp,
    },
    /// The time of what stands beside and below was read.
    Time {
        /// Where it stands.
        key: Path<'a>,
        /// The time.
        at: Timestamp,
    },
    /// A name, a unit or the mark of the default was read.
    Setting {
        /// Where it stands.
        key: Path<'a>,
        /// What was made of it.
        value: fmt::Arguments<'a>,
    },
    /// A key is not used.
    Ignored {
        /// Where it stands.
        key: Path<'a>,
        /// Why.
        why: Ignored,
    },
    /// A key is understood, and its value cannot be used.
    Dropped {
        /// Where it stands.
        key: Path<'a>,
        /// Why.
        why: Dropped,
    },
    /// A text has a key of this name, whatever becomes of it. Of a secret there is no such finding.
    Key {
        /// The name as it is written.
        name: &'a str,
    },
}

/// Why a key is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ignored {
    /// No key of the table.
    Unknown,
    /// Measured indoors.
    Indoor,
    /// A forecast, an extreme, a mean: not what is measured now.
    NotCurrent,
    /// The temperature of a chip or a machine.
    Machine,
    /// Water, soil, a fridge: not the air outdoors.
    Elsewhere,
    /// The suffix is a unit of something else.
    Suffix(Unit),
    /// The unit of something that is not read.
    OtherUnit,
    /// rtl_433's `uv` is a raw count.
    RawUv,
    /// The same record has it from another key.
    Earlier(&'static str),
    /// The same record has a key that says it is outdoors.
    NotOutdoors(&'static str),
    /// The same record has a better name.
    OtherName,
    /// Objects within objects within objects.
    TooDeep,
    /// A tyre's pressure sensor, which rtl_433 hears too.
    Tyre,
    /// An element of the list is no object.
    NoRecord,
    /// A chip that may measure itself or the board.
    OtherChip,
    /// An amount of rain in some time, which does not count on.
    NoCounter,
    /// A record of a device that is not asked for.
    OtherDevice,
    /// A text that says that its record is not about the air outdoors.
    Surroundings,
    /// The air of another place than the values that the record already has.
    OtherAir,
    /// The configuration leaves it out.
    LeftOut,
    /// A name that is not that of a place.
    NoPlace,
}

impl fmt::Display for Ignored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ignored::Unknown => f.write_str("not a known key"),
            Ignored::Indoor => f.write_str("measured indoors"),
            Ignored::NotCurrent => f.write_str("not a current observation"),
            Ignored::Machine => f.write_str("measured in a machine, not in the air"),
            Ignored::Elsewhere => f.write_str("not measured in the air outdoors"),
            Ignored::Suffix(unit) => write!(f, "ends like {}, which does not fit its name", unit.symbol()),
            Ignored::OtherUnit => f.write_str("the unit of nothing that is read"),
            Ignored::RawUv => f.write_str("may be a raw count; `uvi` or `UV` is read as the UV index"),
            Ignored::Earlier(what) => write!(f, "another key of this record gives the {what}"),
            Ignored::NotOutdoors(what) => write!(f, "another key of this record is the outdoor {what}"),
            Ignored::OtherName => f.write_str("this record has another name"),
            Ignored::TooDeep => write!(f, "nested more than {LEVELS} levels deep"),
            Ignored::Tyre => f.write_str("a tyre (\"type\": \"TPMS\")"),
            Ignored::OtherChip => f.write_str("its chip is not known to measure the air"),
            Ignored::NoCounter => f.write_str("rain of some time here, not a counter"),
            Ignored::Surroundings => f.write_str(
                "says that its record is not about the air outdoors; `match` selects a record all the same",
            ),
            Ignored::OtherAir => {
                f.write_str("the temperature or humidity of this record is from another object")
            }
            Ignored::LeftOut => f.write_str("left out by `keys`"),
            Ignored::NoPlace => f.write_str("not the name of a place"),
            Ignored::OtherDevice => f.write_str("`match` selects another device"),
            Ignored::NoRecord => f.write_str("not an object"),
        }
    }
}

/// Why the value of a known key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dropped {
    /// Neither a finite number nor a text with one.
    NoNumber,
    /// The unit beside the number, or the one that the record declares, is not known.
    UnknownUnit,
    /// The record is `metric`, which leaves the unit of the wind open.
    OpenUnit,
    /// It names no unit, and the units that other numbers of the record name differ.
    MixedUnits,
    /// A temperature and a dew point above it, of which one is read in a wrong unit.
    BelowDewPoint,
    /// It names no unit, and in the usual one it contradicts other values of its record.
    NotCelsius,
    /// The unit is one of something else.
    WrongUnit(Unit),
    /// Outside of what can be measured; the value is in the base unit.
    Implausible(Quantity, f64),
    /// No time of a known form.
    NoTime,
    /// A time this far after the text was written.
    Ahead(Duration),
    /// Its time cannot be used, and that of the text, which holds other records too, says nothing.
    Undated,
    /// It has no time, and nothing says that it is as new as the text.
    Overtaken,
    /// Not of the kind that this key takes.
    Expected(&'static str),
    /// A number at the end of a text without a line end.
    Unended,
    /// A number without the unit that the same key has elsewhere in the text.
    LostUnit,
    /// A line that is no record: broken, half-written, or not of the format.
    BadLine,
    /// A row of a table has another number of cells than the table has columns.
    Cells {
        /// How many the row has.
        found: usize,
        /// How many names the table has.
        names: usize,
        /// Whether the names are those of `columns`.
        configured: bool,
    },
    /// The sensor's checksum does not fit.
    Checksum,
    /// Zeros, from a wire on which nobody is.
    NoSensor,
    /// The value that the sensor has before it measures.
    PowerOn,
    /// A mark beside it says that it is none.
    Invalid,
}

/// A value outside of `bounds` with as many decimals as it takes to see that it is: 60.01, not 60.0.
fn shown_outside(value: f64, bounds: &RangeInclusive<f64>) -> String {
    if value.abs() >= 1e15 {
        // 1e300 in full would be 300 zeros.
        return format!("{value:.1e}");
    }
    let is_outside = |shown: &String| shown.parse().is_ok_and(|shown: f64| !bounds.contains(&shown));
    let mut shown = (1..=3).map(|decimals| format!("{value:.decimals$}"));
    shown.find(is_outside).unwrap_or_else(|| format!("{value:e}"))
}

/// What becomes of a record whose time cannot be used.
const FALLBACK: &str = "the file's own is used if there is one record only";

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dropped::NoNumber => f.write_str("not a number"),
            Dropped::UnknownUnit => f.write_str("the unit is not known"),
            Dropped::OpenUnit => {
                f.write_str("metric may mean km/h or m/s; expected the unit in the key or beside the value")
            }
            Dropped::MixedUnits => f.write_str(
                "it names no unit, and the record shows different ones; expected the unit in the key or beside \
                 the value, or in `keys` such as `keys = { temp = \"temperature_F\" }`",
            ),
            Dropped::BelowDewPoint => {
                f.write_str("the temperature is below the dew point, so one of them is wrong; both are left out")
            }
            Dropped::NotCelsius => f.write_str(
                "it names no unit and cannot be °C beside the humidity of its record; expected the unit in the key \
                 or in `keys` such as `keys = { temp = \"temperature_F\" }`",
            ),
            Dropped::WrongUnit(unit) => write!(f, "{} is a unit of something else", unit.symbol()),
            Dropped::Implausible(quantity, value) => {
                let (bounds, unit) = (quantity.bounds(), quantity.base_unit().symbol());
                let blank = if unit.is_empty() { "" } else { " " };
                let shown = shown_outside(*value, bounds);
                write!(
                    f,
                    "{shown}{blank}{unit} is outside {} to {}{blank}{unit}",
                    bounds.start(),
                    bounds.end()
                )
            }
            Dropped::NoTime => f.write_str(
                "not a time that can be read, so nothing of the record is current; `time_format` says how to read it",
            ),
            Dropped::Ahead(by) => {
                write!(f, "{} after the file was written: wrong clock or zone; {FALLBACK}", in_words(*by))
            }
            Dropped::Undated => f.write_str("its record has a time that cannot be used"),
            Dropped::Overtaken => f.write_str("its line has no time, and lines of others follow it"),
            Dropped::Expected(what) => write!(f, "expected {what}"),
            Dropped::Checksum => f.write_str("the checksum is wrong"),
            Dropped::NoSensor => f.write_str("nothing but zeros: no sensor answered"),
            Dropped::PowerOn => f.write_str("85 °C stands there before the first conversion"),
            Dropped::Invalid => f.write_str("its record says that it is not valid"),
            Dropped::Cells { found, names, configured: true } => {
                write!(f, "it has {found} cells, and `columns` has {names} names")
            }
            Dropped::Cells { found, names, configured: false } => {
                write!(f, "it has {found} cells, and the table has {names} names")
            }
            Dropped::Unended => f.write_str("the last line has no end, so digits may be missing"),
            Dropped::LostUnit => {
                f.write_str("it has no unit here, and has one in other lines; the line may be broken")
            }
            Dropped::BadLine => f.write_str("not a whole record"),
        }
    }
}

/// What the reader of one format finds wrong with a whole text. [`Error`] adds what the format expects.
#[derive(Debug)]
pub(super) enum Fault {
    /// Broken JSON; names line and column.
    NotJson(serde_json::Error),
    /// Nothing in it has the shape of a record.
    NoRecord,
    /// It would take too much memory.
    TooMany,
    /// A row of a table has another number of cells than the table has columns.
    Cells {
        /// How many the row has.
        found: usize,
        /// How many names the table has.
        names: usize,
    },
}

/// Why a text as a whole cannot be read.
#[derive(Debug)]
pub enum Error {
    /// Nothing but blanks.
    Empty {
        /// What the text should contain.
        expected: &'static str,
    },
    /// Broken JSON; names line and column.
    NotJson(serde_json::Error),
    /// Nothing in it has the shape of a record.
    NoRecord {
        /// What the text should contain.
        expected: &'static str,
    },
    /// It would take too much memory: a list or an object takes more than the two bytes in which it is written.
    TooMany,
    /// The configuration names no format, and the text looks like none of them.
    Unrecognised {
        /// What it looks like, and what to write.
        looks: String,
    },
    /// The configuration names a format, and the text is not even alike.
    OtherFormat {
        /// The name of the format.
        name: &'static str,
        /// What it looks like, and what to write.
        looks: String,
    },
}

impl Error {
    /// The fault of a text in a format that expects this.
    pub(super) fn new(fault: Fault, expected: &'static str) -> Error {
        match fault {
            Fault::NotJson(cause) => Error::NotJson(cause),
            Fault::TooMany => Error::TooMany,
            Fault::NoRecord | Fault::Cells { .. } => Error::NoRecord { expected },
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty { expected } => write!(f, "empty, expected {expected}"),
            Error::NotJson(cause) => write!(f, "not JSON: {cause}"),
            Error::NoRecord { expected } => write!(f, "no record in it, expected {expected}"),
            Error::TooMany => f.write_str("too many lists, objects and values for the memory of a board"),
            Error::Unrecognised { looks } => write!(f, "the format is not recognised: {looks}"),
            Error::OtherFormat { name, looks } => write!(f, "not in the format {name}: {looks}"),
        }
    }
}

impl std::error::Error for Error {}

/// Where a key stands: its name and, before it, those of the objects and lists around it.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    around: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Key(&'a str),
    Inside(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    /// That of a key of this name.
    pub fn key(around: Option<&'a Path<'a>>, name: &'a str) -> Path<'a> {
        Path { around, step: Step::Key(name) }
    }

    /// Whether it ends in a key of this name.
    pub(super) fn is_key(&self, name: &str) -> bool {
        matches!(self.step, Step::Key(key) if key == name)
    }

    /// That of a value some keys further inside, which are separated by `/`.
    pub(super) fn inside(around: Option<&'a Path<'a>>, keys: &'a str) -> Path<'a> {
        Path { around, step: Step::Inside(keys) }
    }

    /// Whether it ends in a key that begins so, in any case.
    pub(super) fn begins_with(&self, beginning: &str) -> bool {
        match self.step {
            Step::Key(key) => {
                key.get(..beginning.len()).is_some_and(|key| key.eq_ignore_ascii_case(beginning))
            }
            Step::Index(_) | Step::Inside(_) => false,
        }
    }

    /// The name of the key that it ends in; empty for a place in a list.
    pub(super) fn name(&self) -> &'a str {
        match self.step {
            Step::Key(key) => key,
            Step::Inside(_) | Step::Index(_) => "",
        }
    }

    /// The names of the keys, without the places in lists.
    pub(super) fn names(&self) -> String {
        let mut names = self.around.map(Path::names).unwrap_or_default();
        if let Step::Key(key) | Step::Inside(key) = self.step {
            names.push('/');
            names.push_str(key);
        }
        names
    }

    pub(super) fn index(around: Option<&'a Path<'a>>, index: usize) -> Path<'a> {
        Path { around, step: Step::Index(index) }
    }
}

/// `stations[2].BME280.Temperature`, on one line and each name cut to a bearable length.
impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(around) = self.around {
            around.fmt(f)?;
        }
        match self.step {
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Inside(keys) => {
                let dot = if self.around.is_some() { "." } else { "" };
                write!(f, "{dot}{}", keys.replace('/', "."))
            }
            Step::Key(name) => {
                let dot = if self.around.is_some() { "." } else { "" };
                write!(f, "{dot}{}", one_line(name, SHOWN_CHARS).as_deref().unwrap_or("\"\""))
            }
        }
    }
}

/// As much of a key as a message shows, in characters.
pub(super) const SHOWN_CHARS: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_shown_on_one_bounded_line() {
        let list = Path::key(None, "stations");
        let record = Path::index(Some(&list), 2);
        assert_eq!(Path::key(Some(&record), "a\u{1b}[31m\nb").to_string(), "stations[2].a [31m b");
        assert_eq!(Path::key(None, &"x".repeat(1000)).to_string().len(), SHOWN_CHARS);
        assert_eq!(Path::key(None, "\n").to_string(), "\"\"");
    }
}
