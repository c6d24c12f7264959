//! What sensors call the quantities and their units, and what a reader tells about its text.
//!
//! The readers of the single formats share this: text in, readings out. None of them opens a file,
//! and nothing that a text contains makes one panic.

mod csv;
mod form;
mod json;
pub mod kernel;
mod prometheus;
mod record;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::LazyLock;
use std::time::Duration;

use self::record::Reader;

use crate::reading::{Device, DevicePart, Quantity, Station, Stations, Unit};
use crate::time::{Timestamp, Zone, in_words};

/// How far two clocks, of a sensor, a file and a board, may differ. What claims to be newer by more
/// has a wrong clock or another zone.
pub const AHEAD: Duration = Duration::from_secs(120);

/// The formats, those that are told most surely first.
pub static FORMATS: [&Format; 7] =
    [&json::LINES, &json::JSON, &kernel::W1, &prometheus::PROMETHEUS, &csv::CSV, &form::UPLOADS, &form::FORM];

/// A way to write records down.
pub struct Format {
    /// How the configuration calls it.
    pub name: &'static str,
    /// Whether each line is a record, so that a file is followed as it grows.
    pub lines: bool,
    /// Whether a text that begins so is written in it; without a byte order mark and blanks before.
    recognises: fn(&str, &Dialect) -> bool,
    /// The lines without which what comes after this text cannot be read.
    head: fn(&str, &Dialect) -> String,
    /// Hands the records of a text to the reader.
    read: fn(&str, &mut Reader<'_>) -> Result<(), Error>,
}

impl Format {
    /// Hands over the records of a text in their order, and what was made of each key.
    pub fn read(
        &self,
        text: &[u8],
        source: &Source<'_>,
        take: &mut dyn FnMut(Record),
        findings: &mut dyn FnMut(Finding<'_>),
    ) -> Result<(), Error> {
        let text = match std::str::from_utf8(text) {
            Ok(text) => Cow::Borrowed(text),
            // One broken line of a log takes nothing from the others.
            Err(_) if self.lines => decoded(text),
            Err(cause) => return Err(not_utf8(text, cause.valid_up_to())),
        };
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim().is_empty() {
            return Err(Error::Empty);
        }
        (self.read)(text, &mut Reader::new(source, take, findings))
    }

    /// What has to be put before the lines that will follow this text, for them to be read by
    /// themselves: the column names of CSV, with the units below them. Empty where a line needs no other.
    ///
    /// A text that consists of whole lines and begins with what was found before gives what holds from
    /// its end on, so that a log that goes on with other columns is followed, too.
    pub fn head(&self, text: &[u8], dialect: &Dialect) -> Vec<u8> {
        let text = decoded(text);
        (self.head)(text.strip_prefix('\u{feff}').unwrap_or(&text), dialect).into_bytes()
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

impl PartialEq for Format {
    fn eq(&self, other: &Format) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

/// The format called so.
pub fn named(name: &str) -> Option<&'static Format> {
    FORMATS.into_iter().find(|format| format.name == name)
}

/// Whether a key says something that is used.
pub fn is_known(key: &str) -> bool {
    meaning(key).is_ok()
}

/// The format of a text that is written as `dialect` says, by its beginning; JSON if it looks like none
/// of them.
pub fn recognise(beginning: &[u8], dialect: &Dialect) -> &'static Format {
    let text = decoded(beginning);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text).trim_start();
    FORMATS.into_iter().find(|format| (format.recognises)(text, dialect)).unwrap_or(&json::JSON)
}

/// All that a text says of each station.
pub fn stations(
    format: &Format,
    text: &[u8],
    source: &Source<'_>,
    findings: &mut dyn FnMut(Finding<'_>),
) -> Result<Vec<Station>, Error> {
    let mut stations = Stations::default();
    let mut fit = true;
    format.read(text, source, &mut |record| fit = fit && stations.merge(record.station), findings)?;
    if fit { Ok(stations.into_vec()) } else { Err(Error::TooManyStations) }
}

/// The text, and what of it is no UTF-8 as Latin-1, in which some write the sign of a degree.
fn decoded(text: &[u8]) -> Cow<'_, str> {
    if let Ok(text) = std::str::from_utf8(text) {
        return Cow::Borrowed(text);
    }
    let mut decoded = String::with_capacity(text.len());
    for chunk in text.utf8_chunks() {
        decoded.push_str(chunk.valid());
        decoded.extend(chunk.invalid().iter().map(|byte| char::from(*byte)));
    }
    Cow::Owned(decoded)
}

fn not_utf8(text: &[u8], valid: usize) -> Error {
    let valid = &text[..valid];
    let line_start = valid.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
    Error::NotUtf8 { line, column: valid.len() - line_start + 1 }
}

/// What one message of a sensor, one line of a log, one object of a list says.
#[derive(Debug)]
pub struct Record {
    /// Which device it is from, as far as it says so.
    pub device: Device,
    /// The place and the readings.
    pub station: Station,
}

/// What the configuration says about how a source is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Names that stand in the text, and the known keys that they stand for. Of two the first counts.
    pub keys: Vec<(String, String)>,
    /// The keys of the columns, for CSV without a header.
    pub columns: Vec<String>,
    /// The zone of times that name none.
    pub zone: Zone,
}

impl Dialect {
    /// As the tools write.
    pub const USUAL: Dialect = Dialect { keys: Vec::new(), columns: Vec::new(), zone: Zone::Local };

    /// The key that stands for this one.
    fn known<'k>(&'k self, key: &'k str) -> &'k str {
        self.keys.iter().find(|(own, _)| own == key).map_or(key, |(_, known)| known)
    }
}

/// What becomes of lines that have no usable time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Undated {
    /// They have just been written.
    Taken,
    /// Those of the device that wrote last are as new as the text; the others' may be from any day.
    LastDevice,
    /// Nothing is known of when they were written.
    Refused,
}

/// What a reader has to know about a text beside its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// The name for records that name no place, and for a lone record that names no city.
    pub city: Option<&'a str>,
    /// When the text was written: the time of what carries none of its own.
    pub modified: Timestamp,
    /// What becomes of lines that do not say when they were written.
    pub undated: Undated,
    /// How it is written.
    pub dialect: &'a Dialect,
}

impl<'a> Source<'a> {
    /// A file as the tools write it, that may have been there for long.
    pub fn new(city: Option<&'a str>, modified: Timestamp) -> Source<'a> {
        static USUAL: Dialect = Dialect::USUAL;
        Source { city, modified, undated: Undated::LastDevice, dialect: &USUAL }
    }
}

/// What a reader made of one key. It borrows from the text, so that telling costs nothing where
/// nobody listens, and it carries no value of a key that was not taken.
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
    /// Words of the source itself were taken as they are.
    Words {
        /// Where they stand.
        key: Path<'a>,
        /// On one line.
        words: &'a str,
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
    /// A name, a unit or the mark of the default was taken.
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
            Ignored::OtherDevice => f.write_str("none of it is taken: `match` selects another device"),
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
    /// Not of the kind that this key takes.
    Expected(&'static str),
    /// A line that is no record: broken, half-written, or not of the format.
    BadLine,
    /// The sensor's checksum does not fit.
    Checksum,
    /// Zeros, from a wire on which nobody is.
    NoSensor,
    /// The value that the sensor has before it measures.
    PowerOn,
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
            Dropped::WrongUnit(unit) => write!(f, "{} is a unit of something else", unit.symbol()),
            Dropped::Implausible(quantity, value) => {
                let (bounds, unit) = (quantity.bounds(), quantity.base_unit().symbol());
                let blank = if unit.is_empty() { "" } else { " " };
                let shown = shown_outside(*value, &bounds);
                write!(
                    f,
                    "{shown}{blank}{unit} is outside {} to {}{blank}{unit}",
                    bounds.start(),
                    bounds.end()
                )
            }
            Dropped::NoTime => write!(f, "not a time; {FALLBACK}"),
            Dropped::Ahead(by) => {
                write!(f, "{} after the file was written: wrong clock or zone; {FALLBACK}", in_words(*by))
            }
            Dropped::Undated => f.write_str("its record has a time that cannot be used"),
            Dropped::Expected(what) => write!(f, "expected {what}"),
            Dropped::Checksum => f.write_str("the checksum is wrong"),
            Dropped::NoSensor => f.write_str("nothing but zeros: no sensor answered"),
            Dropped::PowerOn => f.write_str("85 °C stands there before the first conversion"),
            Dropped::BadLine => f.write_str("not a whole record"),
        }
    }
}

/// Why a text as a whole cannot be read.
#[derive(Debug)]
pub enum Error {
    /// Nothing but blanks.
    Empty,
    /// Bytes that are no UTF-8, with the place of the first, both counted from 1.
    NotUtf8 {
        /// The line.
        line: usize,
        /// The column, in bytes.
        column: usize,
    },
    /// Broken JSON; names line and column.
    NotJson(serde_json::Error),
    /// JSON that is neither an object nor a list.
    NoRecords,
    /// No sample of Prometheus.
    NoSamples,
    /// No `key=value`, or some in sections.
    NoPairs,
    /// CSV without a row of column names that are known.
    NoHeader,
    /// More places than any file has.
    TooManyStations,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Empty => f.write_str("empty, expected a JSON object"),
            Error::NotUtf8 { line, column } => {
                write!(f, "not UTF-8 text at line {line} column {column}, expected JSON")
            }
            Error::NotJson(cause) => write!(f, "not JSON: {cause}"),
            Error::NoRecords => f.write_str("neither a JSON object nor a list of them"),
            Error::NoSamples => f.write_str("no line with a metric and its value"),
            Error::NoPairs => f.write_str("no key=value"),
            Error::NoHeader => f.write_str("no row of column names, expected one with keys like temperature"),
            Error::TooManyStations => write!(f, "more than {} stations", Stations::MOST),
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
    Index(usize),
}

impl<'a> Path<'a> {
    /// That of a key of this name.
    pub fn key(around: Option<&'a Path<'a>>, name: &'a str) -> Path<'a> {
        Path { around, step: Step::Key(name) }
    }

    /// Whether it ends in a key of this name.
    fn is_key(&self, name: &str) -> bool {
        matches!(self.step, Step::Key(key) if key == name)
    }

    fn index(around: Option<&'a Path<'a>>, index: usize) -> Path<'a> {
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
            Step::Key(name) => {
                let dot = if self.around.is_some() { "." } else { "" };
                write!(f, "{dot}{}", one_line(name, SHOWN_CHARS).as_deref().unwrap_or("\"\""))
            }
        }
    }
}

/// The longest name or words taken from a text, in characters: they become part of a prompt.
const WORDS_CHARS: usize = 100;

/// As much of a key as a message shows, in characters.
const SHOWN_CHARS: usize = 40;

/// How many objects around a value are looked into: Tasmota answers `StatusSNS`, `DHT11`,
/// `Temperature`.
const LEVELS: usize = 2;

/// The text on one line without surrounding blanks, cut after `most` characters; `None` if nothing
/// is left.
fn one_line(text: &str, most: usize) -> Option<String> {
    // The two line separators of Unicode are not in its class of control characters.
    let blank = |c: char| if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') { ' ' } else { c };
    let line: String =
        text.trim_matches(|c| blank(c).is_whitespace()).chars().take(most).map(blank).collect();
    let line = line.trim_end();
    (!line.is_empty()).then(|| line.to_owned())
}

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Meaning {
    /// A number, with the unit that the key ends in.
    Measured(Quantity, Option<Unit>),
    /// Words about the air.
    AirQuality,
    /// Words about the precipitation.
    Precipitation,
    /// When everything beside it was observed; the zone is that of a time that names none.
    Time(Zone),
    /// The same, or its date only.
    Date,
    /// The unit of this quantity beside and below, and of those alike that have none of their own.
    UnitOf(Quantity),
    /// A unit, a system of units or an object with the unit of each quantity, for everything beside
    /// and below.
    Units,
    /// weewx's number of a system of units.
    UsUnits,
    /// An object whose contents are in this system.
    Block(System),
    /// How the place is called.
    Name(Naming),
    /// Its other names.
    Aliases,
    /// Whether it answers when no place is asked for.
    Default,
    /// The records of several places.
    Stations,
    /// What kind of message this is.
    Kind,
    /// Which device it is from.
    Device(DevicePart),
    /// Not even its presence is told.
    Secret,
}

impl Meaning {
    /// Whether it is understood only at a record itself, not at the objects inside.
    fn is_of_record(self) -> bool {
        matches!(
            self,
            Meaning::Name(_)
                | Meaning::Aliases
                | Meaning::Default
                | Meaning::Stations
                | Meaning::Kind
                | Meaning::Device(_)
        )
    }
}

/// The keys that name a place, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Naming {
    City,
    Name,
    Station,
    /// Where a sensor is, which may be a room.
    Location,
    /// How a Pimoroni Enviro calls the device, whatever place it stands in.
    Nickname,
}

/// The names of each quantity as `squashed`, without units.
const MEASURED: &[(Quantity, &[&str])] = &[
    (
        Quantity::Temperature,
        &[
            "temperature",
            "temp",
            "outtemp",
            "tempout",
            "outdoortemp",
            "outdoortemperature",
            "outsidetemp",
            "outsidetemperature",
            "airtemp",
            "airtemperature",
        ],
    ),
    (
        Quantity::FeelsLike,
        &["feelslike", "apparenttemperature", "apparenttemp", "apptemp", "realfeel", "realfeeltemperature"],
    ),
    (Quantity::Humidity, &["humidity", "hum", "rh", "relativehumidity", "outhumidity", "outdoorhumidity"]),
    (Quantity::DewPoint, &["dewpoint", "dewpt", "dewpointtemperature"]),
    (Quantity::StationPressure, &["pressure", "airpressure", "stationpressure", "absbaro", "baromabs"]),
    (
        Quantity::SeaLevelPressure,
        &[
            "barometer",
            "baromrel",
            "relbaro",
            "barsealevel",
            "seapressure",
            "sealevelpressure",
            "pressuresealevel",
            "pressuremsl",
            "mslp",
        ],
    ),
    (Quantity::WindSpeed, &["windspeed", "windavg"]),
    (Quantity::WindGust, &["windgust", "windgusts", "windgustspeed", "windmax"]),
    (Quantity::WindDirection, &["winddirection", "winddir", "windbearing"]),
    (Quantity::RainCounter, &["rain", "totalrain"]),
    (Quantity::RainRate, &["rainrate", "preciprate"]),
    (Quantity::RainToday, &["dailyrain", "raintoday", "dayrain", "preciptotal"]),
    (Quantity::Pm25, &["pm2_5", "pm25"]),
    (Quantity::Pm10, &["pm10", "pm10_0"]),
    (Quantity::UvIndex, &["uvi", "uvindex", "uv"]),
    // `light` alone may be a raw count or a percentage, so it is taken only with its unit.
    (Quantity::Illuminance, &["lux", "lightlux", "illuminance"]),
    (Quantity::Irradiance, &["solarradiation", "radiation", "irradiance"]),
];

/// Indoor quantities whose names do not say so in full, without units. `tempinf` is Ecowitt's.
const INDOOR: &[&str] = &["intemp", "intemperature", "tempin", "inhumidity", "humidityin", "humin"];

/// Keys, as `squashed`, that carry no number of their own.
const OTHERS: &[(&str, Meaning)] = &[
    ("airquality", Meaning::AirQuality),
    ("precipitation", Meaning::Precipitation),
    ("time", Meaning::Time(Zone::Local)),
    ("timestamp", Meaning::Time(Zone::Local)),
    ("datetime", Meaning::Time(Zone::Local)),
    ("epoch", Meaning::Time(Zone::Local)),
    ("ts", Meaning::Time(Zone::Local)),
    ("date", Meaning::Date),
    ("timeutc", Meaning::Time(Zone::Utc)),
    ("timestamputc", Meaning::Time(Zone::Utc)),
    ("datetimeutc", Meaning::Time(Zone::Utc)),
    ("dateutc", Meaning::Time(Zone::Utc)),
    ("obstimeutc", Meaning::Time(Zone::Utc)),
    ("unit", Meaning::Units),
    ("units", Meaning::Units),
    ("uom", Meaning::Units),
    // Home Assistant's.
    ("unitofmeasurement", Meaning::Units),
    ("unitsystem", Meaning::Units),
    // Open-Meteo's, beside `current` and `current_weather`.
    ("currentunits", Meaning::Units),
    ("currentweatherunits", Meaning::Units),
    ("usunits", Meaning::UsUnits),
    // Weather Underground's observations.
    ("imperial", Meaning::Block(System::Us)),
    ("metric", Meaning::Block(System::Metric)),
    ("metricsi", Meaning::Block(System::MetricWx)),
    ("ukhybrid", Meaning::Block(System::UkHybrid)),
    ("city", Meaning::Name(Naming::City)),
    ("name", Meaning::Name(Naming::Name)),
    ("station", Meaning::Name(Naming::Station)),
    ("location", Meaning::Name(Naming::Location)),
    ("place", Meaning::Name(Naming::Location)),
    ("site", Meaning::Name(Naming::Location)),
    ("nickname", Meaning::Name(Naming::Nickname)),
    ("aliases", Meaning::Aliases),
    ("default", Meaning::Default),
    ("stations", Meaning::Stations),
    ("observations", Meaning::Stations),
    ("type", Meaning::Kind),
    ("model", Meaning::Device(DevicePart::Model)),
    ("id", Meaning::Device(DevicePart::Id)),
    ("channel", Meaning::Device(DevicePart::Channel)),
    // The keys to accounts: Ecowitt's, Weather Underground's, Ambient Weather's.
    ("passkey", Meaning::Secret),
    ("password", Meaning::Secret),
    ("apikey", Meaning::Secret),
    ("applicationkey", Meaning::Secret),
    // Of which Ecowitt makes its key.
    ("mac", Meaning::Secret),
    ("macaddress", Meaning::Secret),
];

/// The words that rule a name out, in the singular: whatever is inside an object called so is not
/// the weather outdoors at this moment. An unknown name without any of them is taken for a sensor's.
const REFUSED: [(Ignored, &str); 4] = [
    (
        Ignored::NotCurrent,
        "forecast predicted prediction next tomorrow today yesterday yday minutely hour hourly h \
         day daily night week weekly month monthly year yearly min minimum low lowest max maximum \
         high highest peak extreme record alltime avg average mean median normal stat statistic \
         trend change previous prev past history historical archive almanac",
    ),
    (
        Ignored::Machine,
        "cpu gpu soc mcu chip processor core esp pi rpi raspi raspberry raspberrypi arduino board \
         system sys host thermal hardware internal disk ssd nvme router modem wifi battery batt \
         bat inverter charger panel motor engine boiler heater heating hvac thermostat radiator \
         hwmon smartmon smartctl ipmi drive hdd ups psu nvidia",
    ),
    (
        Ignored::Indoor,
        "in inner indoor inside interior innen home house room livingroom bedroom bathroom \
         kitchen bath living lounge nursery office hall hallway corridor floor upstair downstair \
         attic loft basement cellar garage closet cabinet laundry zimmer wohnzimmer schlafzimmer \
         keller",
    ),
    (
        Ignored::Elsewhere,
        "water pool pond sea lake river tank aquarium terrarium spa sauna tub soil ground leaf \
         compost hive beehive greenhouse fridge refrigerator freezer oven grill smoker car",
    ),
];

/// The words of an object's name that say it is outdoors.
const OUTDOORS: [&str; 5] = ["out", "outdoor", "outdoors", "outside", "garden"];

/// Why an object called so, or a key that ends in a quantity, is not the weather outdoors now.
fn refused(name: &str) -> Option<Ignored> {
    // A text may have hundreds of thousands of unknown keys.
    static BY_WORD: LazyLock<HashMap<&str, Ignored>> = LazyLock::new(|| {
        REFUSED.iter().flat_map(|(why, words)| words.split(' ').map(|word| (word, *why))).collect()
    });
    let words = words(name);
    // Together too, for `AllTime` and `SoC`.
    let together = words.replace(' ', "");
    words.split(' ').chain([&*together]).find_map(|word| {
        // `DS18B20` is no plural.
        let singular = word.strip_suffix('s').filter(|singular| singular.len() > 2).unwrap_or(word);
        BY_WORD.get(word).or_else(|| BY_WORD.get(singular)).copied()
    })
}

/// The words of a name in lower case with blanks around: `daily_forecast`, `nextHour`, `ESP8266`,
/// `CPUTemp2`.
fn words(name: &str) -> String {
    let mut words = String::with_capacity(name.len() + 4);
    let mut chars = name.chars().peekable();
    let mut before = ' ';
    while let Some(c) = chars.next() {
        let ends_capitals = chars.peek().is_some_and(|next| next.is_lowercase());
        if !c.is_alphabetic() || (c.is_uppercase() && (before.is_lowercase() || ends_capitals)) {
            words.push(' ');
        }
        if c.is_alphabetic() {
            words.extend(c.to_lowercase());
        }
        before = c;
    }
    words
}

/// Whether a name says that it is about the outdoors: `outTemp`, `tempout`, `outdoor`, `garden`.
fn says_outdoors(name: &str) -> bool {
    let lower = name.to_lowercase();
    if !lower.contains("out") && !lower.contains("garden") {
        return false;
    }
    match meaning(name) {
        // No quantity has these letters for another reason.
        Ok(Meaning::Measured(..)) => true,
        _ => words(name).split(' ').any(|word| OUTDOORS.contains(&word)),
    }
}

/// What `key` is about, or why it is not used.
fn meaning(key: &str) -> Result<Meaning, Ignored> {
    if key == "uv" {
        return Err(Ignored::RawUv);
    }
    // weewx-loopdata writes paths: `current.outTemp`, `day.outTemp.max`, `current.dateTime.raw`.
    let current = match key.split_at_checked("current.".len()) {
        Some((head, tail)) if head.eq_ignore_ascii_case("current.") => tail,
        _ => key,
    };
    let current = if current == "dateTime.raw" { "dateTime" } else { current };
    if is_dotted(current) {
        return Err(Ignored::NotCurrent);
    }
    let name = squashed(current);
    if let Some((_, meaning)) = OTHERS.iter().find(|(other, _)| *other == name) {
        return Ok(*meaning);
    }
    if let Some(what) = name.strip_suffix("units").or_else(|| name.strip_suffix("unit")) {
        return unit_of(what).map(Meaning::UnitOf).ok_or(Ignored::OtherUnit);
    }
    if name.contains("indoor") || name.contains("inside") || INDOOR.iter().any(|n| suffix(&name, n).is_some())
    {
        return Err(Ignored::Indoor);
    }
    let measured = MEASURED.iter().find_map(|(quantity, names)| {
        names.iter().find_map(|measured| suffix(&name, measured)).map(|unit| (*quantity, unit))
    });
    match measured {
        None => Err(refused(current).unwrap_or(Ignored::Unknown)),
        // That of weewx is what fell since its last packet.
        Some((Quantity::RainCounter, _)) if current.len() < key.len() && name.starts_with("rain") => {
            Err(Ignored::NoCounter)
        }
        Some((quantity, None)) => Ok(Meaning::Measured(quantity, None)),
        Some((quantity, Some(unit))) => match fitting(quantity, unit) {
            Some(unit) => Ok(Meaning::Measured(quantity, Some(unit))),
            None => Err(Ignored::Suffix(unit)),
        },
    }
}

/// The quantity whose unit is declared under this name, as `squashed`.
fn unit_of(name: &str) -> Option<Quantity> {
    match name {
        "wind" | "speed" => Some(Quantity::WindSpeed),
        "precip" | "precipitation" => Some(Quantity::RainCounter),
        _ => MEASURED.iter().find(|(_, names)| names.contains(&name)).map(|(quantity, _)| *quantity),
    }
}

/// Whether the key is a path of names. The dot of `PM2.5` and that of `Temp. (°C)` make none.
fn is_dotted(key: &str) -> bool {
    let bytes = key.as_bytes();
    bytes.windows(3).any(|around| match around {
        [before, b'.', after] => {
            let digits = before.is_ascii_digit() && after.is_ascii_digit();
            before.is_ascii_alphanumeric() && after.is_ascii_alphanumeric() && !digits
        }
        _ => false,
    })
}

/// The unit that `key` has beyond `name`, `Some(None)` if it has nothing more; both `squashed`.
fn suffix(key: &str, name: &str) -> Option<Option<Unit>> {
    match key.strip_prefix(name)? {
        "" => Some(None),
        rest => unit(rest).map(Some),
    }
}

/// The form in which keys and units are compared: lower case without separators, so that
/// `outTemp`, `out_temp` and `Out Temp` are one. Between two digits a separator stays, because
/// `PM1.0` is not `PM10`.
fn squashed(text: &str) -> String {
    let mut squashed = String::with_capacity(text.len());
    let mut apart = false;
    for c in text.chars() {
        match c {
            '_' | '-' | '.' | '/' | '(' | ')' | '[' | ']' => {
                apart = true;
                continue;
            }
            _ if c.is_whitespace() => {
                apart = true;
                continue;
            }
            '°' | 'º' => squashed.push_str("deg"),
            // The micro sign and the Greek letter.
            'µ' | 'μ' => squashed.push('u'),
            '²' => squashed.push('2'),
            '³' => squashed.push('3'),
            _ => {
                if apart && c.is_ascii_digit() && squashed.ends_with(|last: char| last.is_ascii_digit()) {
                    squashed.push('_');
                }
                squashed.extend(c.to_lowercase());
            }
        }
        apart = false;
    }
    squashed
}

/// The unit that is called so, as `squashed`: a suffix of a key, a word beside a number, or
/// weewx's name of a unit.
fn unit(name: &str) -> Option<Unit> {
    Some(match name {
        "c" | "degc" | "celsius" | "degreec" | "degreesc" | "degreescelsius" => Unit::Celsius,
        "f" | "degf" | "fahrenheit" | "degreef" | "degreesf" | "degreesfahrenheit" => Unit::Fahrenheit,
        "k" | "kelvin" | "degreek" => Unit::Kelvin,
        "%" | "pct" | "percent" | "%rh" => Unit::Percent,
        "ratio" => Unit::Ratio,
        "pa" | "pascal" | "pascals" => Unit::Pascal,
        "hpa" | "hectopascal" | "hectopascals" | "mbar" | "mb" | "millibar" | "millibars" => {
            Unit::Hectopascal
        }
        "kpa" | "kilopascal" | "kilopascals" => Unit::Kilopascal,
        "inhg" => Unit::InchOfMercury,
        "ms" | "mps" | "meterpersecond" | "meterspersecond" | "metrespersecond" => Unit::MetrePerSecond,
        "kmh" | "kph" | "kmph" | "kmperhour" | "kilometersperhour" | "kilometresperhour" => {
            Unit::KilometrePerHour
        }
        "mph" | "mih" | "mileperhour" | "milesperhour" => Unit::MilePerHour,
        "kn" | "kt" | "kts" | "knot" | "knots" => Unit::Knot,
        "deg" | "degree" | "degrees" | "degreecompass" => Unit::Degree,
        "mm" | "millimeter" | "millimeters" | "millimetre" | "millimetres" => Unit::Millimetre,
        "cm" | "centimeters" | "centimetres" => Unit::Centimetre,
        "in" | "inch" | "inches" => Unit::Inch,
        "mmh" | "mmhr" | "mmperhour" | "millimetersperhour" | "millimetresperhour" => Unit::MillimetrePerHour,
        "cmh" | "cmhr" | "cmperhour" => Unit::CentimetrePerHour,
        "inh" | "inhr" | "inchperhour" | "inchesperhour" => Unit::InchPerHour,
        "ugm3" | "microgrampermetercubed" | "microgramspercubicmeter" | "microgramspercubicmetre" => {
            Unit::MicrogramPerCubicMetre
        }
        "lx" | "lux" => Unit::Lux,
        "wm2" | "wattpermetersquared" | "wattspersquaremeter" | "wattspersquaremetre" => {
            Unit::WattPerSquareMetre
        }
        "uvindex" => Unit::One,
        _ => return None,
    })
}

/// The unit if the quantity can be given in it. `rainratein` and `baromrelin` mean inches per hour
/// and inches of mercury.
fn fitting(quantity: Quantity, unit: Unit) -> Option<Unit> {
    let meant = match (quantity.base_unit(), unit) {
        (Unit::Hectopascal, Unit::Inch) => Unit::InchOfMercury,
        (Unit::MillimetrePerHour, Unit::Millimetre) => Unit::MillimetrePerHour,
        (Unit::MillimetrePerHour, Unit::Centimetre) => Unit::CentimetrePerHour,
        (Unit::MillimetrePerHour, Unit::Inch) => Unit::InchPerHour,
        _ => unit,
    };
    (meant.to_base(0.0).0 == quantity.base_unit()).then_some(meant)
}

/// The unit of a number without one. Pressure is told by its magnitude: the three ranges, which
/// cover what there is on Earth's surface, do not touch.
fn usual_unit(quantity: Quantity, number: f64) -> Unit {
    match quantity.base_unit() {
        Unit::Hectopascal if (30.0..=115.0).contains(&number) => Unit::Kilopascal,
        Unit::Hectopascal if (30_000.0..=115_000.0).contains(&number) => Unit::Pascal,
        base => base,
    }
}

/// A finite number and, if there is one, the unit behind it: `79.2°F`, `8 km/h`, `66`. A comma may
/// stand before decimals or before thousands, so that its number is none.
fn number_with_unit(text: &str) -> Result<(f64, Option<Unit>), Dropped> {
    let text = text.trim();
    let end = text
        .find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | '.' | ',' | 'e' | 'E'))
        .unwrap_or(text.len());
    let (number, rest) = text.split_at(end);
    let number = number.parse().ok().filter(|number: &f64| number.is_finite()).ok_or(Dropped::NoNumber)?;
    Ok((number, named_unit(rest)?))
}

/// The unit of that name; `None` if the name is empty.
fn named_unit(name: &str) -> Result<Option<Unit>, Dropped> {
    match squashed(name).as_str() {
        "" => Ok(None),
        name => unit(name).map(Some).ok_or(Dropped::UnknownUnit),
    }
}

/// The units that a record declares, by quantity, for the numbers that have none of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Units([Declared; Quantity::ALL.len()]);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Declared {
    #[default]
    Nothing,
    Unit(Unit),
    /// One of several.
    Open,
    /// Something that is not known: its numbers cannot be told.
    Unknown,
}

impl Units {
    fn of(system: System) -> Units {
        Units(Quantity::ALL.map(|quantity| system.declares(quantity)))
    }

    /// Nothing can be told, except what has no unit.
    fn unknown() -> Units {
        Units(Quantity::ALL.map(|quantity| match quantity.base_unit() {
            Unit::One => Declared::Nothing,
            _ => Declared::Unknown,
        }))
    }

    fn declared(&self, quantity: Quantity) -> Declared {
        self.0[quantity as usize]
    }

    /// Declares the unit of whatever can be given in it.
    fn declare(&mut self, unit: Unit) {
        self.declare_alike(unit.to_base(0.0).0, Declared::Unit(unit));
    }

    /// Declares the units of single quantities. Each counts for those alike too, the dew point
    /// beside the temperature, unless these have their own.
    fn declare_each(&mut self, declared: &[(Quantity, Declared)]) {
        for (quantity, declared) in declared {
            self.declare_alike(quantity.base_unit(), *declared);
        }
        for (quantity, declared) in declared {
            self.0[*quantity as usize] = *declared;
        }
    }

    fn declare_alike(&mut self, base: Unit, declared: Declared) {
        // An amount of rain and its rate are alike.
        let dimension = |base| if base == Unit::MillimetrePerHour { Unit::Millimetre } else { base };
        for quantity in Quantity::ALL {
            let fits = match declared {
                Declared::Unit(unit) => fitting(quantity, unit).is_some(),
                _ => true,
            };
            if fits && dimension(quantity.base_unit()) == dimension(base) {
                self.0[quantity as usize] = declared;
            }
        }
    }
}

/// A system of units.
#[derive(Clone, Copy, Debug, PartialEq)]
enum System {
    /// weewx's `US`, Weather Underground's `imperial`.
    Us,
    /// Weather Underground's `metric`.
    Metric,
    /// The word `metric` elsewhere: the wind is in km/h or in m/s.
    SomeMetric,
    /// weewx's `METRIC`, which counts rain in cm.
    WeewxMetric,
    /// weewx's `METRICWX`, Weather Underground's `metric_si`.
    MetricWx,
    /// Weather Underground's, with the wind in mph.
    UkHybrid,
}

impl System {
    /// By the word for it.
    fn named(word: &str) -> Option<System> {
        match word.trim().to_ascii_lowercase().as_str() {
            "us" | "imperial" => Some(System::Us),
            "metric" => Some(System::SomeMetric),
            "metricwx" => Some(System::MetricWx),
            _ => None,
        }
    }

    /// By weewx's number of it (`usUnits`).
    fn numbered(number: f64) -> Option<System> {
        match number {
            1.0 => Some(System::Us),
            16.0 => Some(System::WeewxMetric),
            17.0 => Some(System::MetricWx),
            _ => None,
        }
    }

    fn declares(self, quantity: Quantity) -> Declared {
        Declared::Unit(match (quantity.base_unit(), self) {
            (Unit::Celsius, System::Us) => Unit::Fahrenheit,
            (Unit::Celsius, _) => Unit::Celsius,
            (Unit::Hectopascal, System::Us) => Unit::InchOfMercury,
            (Unit::Hectopascal, _) => Unit::Hectopascal,
            (Unit::MetrePerSecond, System::Us | System::UkHybrid) => Unit::MilePerHour,
            (Unit::MetrePerSecond, System::Metric | System::WeewxMetric) => Unit::KilometrePerHour,
            (Unit::MetrePerSecond, System::MetricWx) => Unit::MetrePerSecond,
            (Unit::MetrePerSecond, System::SomeMetric) => return Declared::Open,
            // A rate is in this length an hour.
            (Unit::Millimetre | Unit::MillimetrePerHour, System::Us) => Unit::Inch,
            (Unit::Millimetre | Unit::MillimetrePerHour, System::WeewxMetric) => Unit::Centimetre,
            (Unit::Millimetre | Unit::MillimetrePerHour, _) => Unit::Millimetre,
            _ => return Declared::Nothing,
        })
    }
}

impl fmt::Display for System {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            System::Us => "°F, inHg, mph, in",
            System::Metric => "°C, hPa, km/h, mm",
            System::SomeMetric => "°C, hPa, mm; km/h or m/s",
            System::WeewxMetric => "°C, hPa, km/h, cm",
            System::MetricWx => "°C, hPa, m/s, mm",
            System::UkHybrid => "°C, hPa, mph, mm",
        })
    }
}

/// A number in its quantity's base unit.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Converted {
    value: f64,
    unit: Unit,
    assumed: bool,
}

/// The number in its base unit, if it can be believed. `unit` is the one that stands at the number
/// or its key and overrides what the record declares.
fn convert(quantity: Quantity, number: f64, unit: Option<Unit>, units: &Units) -> Result<Converted, Dropped> {
    let (unit, assumed) = match (unit, units.declared(quantity)) {
        (Some(unit), _) | (None, Declared::Unit(unit)) => (unit, false),
        (None, Declared::Nothing) => (usual_unit(quantity, number), true),
        (None, Declared::Open) => return Err(Dropped::OpenUnit),
        (None, Declared::Unknown) => return Err(Dropped::UnknownUnit),
    };
    let unit = fitting(quantity, unit).ok_or(Dropped::WrongUnit(unit))?;
    let (_, value) = unit.to_base(number);
    let value = quantity.plausible(value).ok_or(Dropped::Implausible(quantity, value))?;
    Ok(Converted { value, unit, assumed })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When the texts of the tests were written.
    pub(super) const WRITTEN: &str = "2025-03-02T22:30:00Z";

    pub(super) fn at(text: &str) -> Timestamp {
        Timestamp::parse(text, Zone::Utc).expect("a time")
    }

    /// The stations of `text`, and the findings that are no readings.
    #[track_caller]
    pub(super) fn read(format: &Format, text: &[u8], source: &Source<'_>) -> (Vec<Station>, Vec<String>) {
        let mut findings = Vec::new();
        let stations = stations(format, text, source, &mut |finding| findings.extend(complaint(finding)));
        (stations.expect("readable"), findings)
    }

    /// What a finding tells of a key that was not taken.
    pub(super) fn complaint(finding: Finding<'_>) -> Option<String> {
        match finding {
            Finding::Ignored { key, why } => Some(format!("{key}: {why}")),
            Finding::Dropped { key, why } => Some(format!("{key}: {why}")),
            _ => None,
        }
    }

    /// The readings of the only station, if there is one, to hundredths.
    #[track_caller]
    pub(super) fn only(stations: &[Station]) -> Vec<(Quantity, f64)> {
        assert!(stations.len() <= 1, "{stations:?}");
        stations.first().map(readings).unwrap_or_default()
    }

    /// The readings, to hundredths.
    pub(super) fn readings(station: &Station) -> Vec<(Quantity, f64)> {
        let reading = |quantity| Some((quantity, (station.reading(quantity)?.value * 100.0).round() / 100.0));
        Quantity::ALL.into_iter().filter_map(reading).collect()
    }

    /// Changes bytes of the texts and puts pieces between them: whatever becomes of them, no value that
    /// cannot be comes out, and every message can be written.
    #[track_caller]
    pub(super) fn check_mutated(format: &Format, texts: &[&str], pieces: &[&str]) {
        let source = Source::new(Some("London"), at(WRITTEN));
        let mut readable = 0;
        mutated(texts, pieces, &mut |text| {
            let stations = stations(format, text, &source, &mut check_finding);
            readable += usize::from(stations.is_ok());
            stations.iter().flatten().for_each(check_station);
        });
        assert!(readable > 500, "only {readable} of the mutated texts were still readable");
    }

    pub(super) fn mutated(texts: &[&str], pieces: &[&str], then: &mut dyn FnMut(&[u8])) {
        // Marsaglia's xorshift64, so that a failure comes again.
        let mut state = 0x2545_f491_4f6c_dd1d_u64;
        let mut below = |bound: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % bound as u64).expect("small")
        };
        for _ in 0..5_000 {
            let mut text = texts[below(texts.len())].as_bytes().to_vec();
            for _ in 0..=below(3) {
                let place = below(text.len().max(1)).min(text.len());
                match below(5) {
                    0 => text.truncate(place),
                    1 => drop(text.splice(place..place, pieces[below(pieces.len())].bytes())),
                    2 => drop(text.splice(place..place, [0xff])),
                    3 => drop(text.splice(place..text.len().min(place + below(8)), [])),
                    _ => text.iter_mut().skip(place).take(1).for_each(|byte| *byte ^= 1 << below(8)),
                }
            }
            then(&text);
        }
    }

    pub(super) fn check_finding(finding: Finding<'_>) {
        if let Some(line) = complaint(finding) {
            assert!(!line.contains(char::is_control), "{line:?}");
        }
    }

    #[track_caller]
    pub(super) fn check_station(station: &Station) {
        for quantity in Quantity::ALL {
            let value = station.reading(quantity).map(|reading| reading.value);
            assert!(value.is_none_or(|value| quantity.plausible(value) == Some(value)), "{value:?}");
        }
        let mut names = station.city.iter().chain(&station.aliases);
        assert!(names.all(|name| !name.is_empty() && !name.contains(char::is_control)));
    }

    #[track_caller]
    fn check(key: &str, expected: Result<Meaning, Ignored>) {
        assert_eq!(meaning(key), expected, "{key}");
    }

    #[test]
    fn keys_are_found_however_they_are_written() {
        let measured = |quantity, unit| Ok(Meaning::Measured(quantity, unit));
        for key in
            ["temperature", "Temperature", "temp", "outTemp", "out_temp", "Out Temp", "current.outTemp"]
        {
            check(key, measured(Quantity::Temperature, None));
        }
        check("temperature_C", measured(Quantity::Temperature, Some(Unit::Celsius)));
        check("Temp. (°F)", measured(Quantity::Temperature, Some(Unit::Fahrenheit)));
        check("tempf", measured(Quantity::Temperature, Some(Unit::Fahrenheit)));
        check("temperature_celsius", measured(Quantity::Temperature, Some(Unit::Celsius)));
        check("feelslikec", measured(Quantity::FeelsLike, Some(Unit::Celsius)));
        check("feels_like", measured(Quantity::FeelsLike, None));
        check("dewpoint", measured(Quantity::DewPoint, None));
        check("dew_point", measured(Quantity::DewPoint, None));
        check("humidity_ratio", measured(Quantity::Humidity, Some(Unit::Ratio)));
        check("pressure_hPa", measured(Quantity::StationPressure, Some(Unit::Hectopascal)));
        check("baromabsin", measured(Quantity::StationPressure, Some(Unit::InchOfMercury)));
        check("baromrelin", measured(Quantity::SeaLevelPressure, Some(Unit::InchOfMercury)));
        check("SeaPressure", measured(Quantity::SeaLevelPressure, None));
        check("Wind Speed", measured(Quantity::WindSpeed, None));
        check("windspeedmph", measured(Quantity::WindSpeed, Some(Unit::MilePerHour)));
        check("wind_avg_km_h", measured(Quantity::WindSpeed, Some(Unit::KilometrePerHour)));
        check("wind_avg_m_s", measured(Quantity::WindSpeed, Some(Unit::MetrePerSecond)));
        check("wind_max_mi_h", measured(Quantity::WindGust, Some(Unit::MilePerHour)));
        check("wind_dir_deg", measured(Quantity::WindDirection, Some(Unit::Degree)));
        check("rain_in", measured(Quantity::RainCounter, Some(Unit::Inch)));
        check("totalrainin", measured(Quantity::RainCounter, Some(Unit::Inch)));
        check("rain_rate_mm_h", measured(Quantity::RainRate, Some(Unit::MillimetrePerHour)));
        check("rainratein", measured(Quantity::RainRate, Some(Unit::InchPerHour)));
        check("dailyrainin", measured(Quantity::RainToday, Some(Unit::Inch)));
        check("pm2_5_ug_m3", measured(Quantity::Pm25, Some(Unit::MicrogramPerCubicMetre)));
        check("PM2.5", measured(Quantity::Pm25, None));
        check("pm25", measured(Quantity::Pm25, None));
        check("pm10_0", measured(Quantity::Pm10, None));
        check("UV", measured(Quantity::UvIndex, None));
        check("light_lux", measured(Quantity::Illuminance, None));
        check("solarradiation", measured(Quantity::Irradiance, None));
        check("dateutc", Ok(Meaning::Time(Zone::Utc)));
        check("dateTime", Ok(Meaning::Time(Zone::Local)));
        check("current.dateTime.raw", Ok(Meaning::Time(Zone::Local)));
        for key in ["TempUnit", "temp_units", "temperature_unit"] {
            check(key, Ok(Meaning::UnitOf(Quantity::Temperature)));
        }
        check("wind_unit", Ok(Meaning::UnitOf(Quantity::WindSpeed)));
        check("SpeedUnit", Ok(Meaning::UnitOf(Quantity::WindSpeed)));
        check("precipitation_unit", Ok(Meaning::UnitOf(Quantity::RainCounter)));
        check("hourly_units", Err(Ignored::OtherUnit));
    }

    #[test]
    fn what_looks_like_an_outdoor_reading_is_not_taken_for_one() {
        for key in
            ["inTemp", "intemp", "tempinf", "indoortempf", "humidityin", "indoorhumidity", "Inside Temp"]
        {
            check(key, Err(Ignored::Indoor));
        }
        check("temperature_in", Err(Ignored::Suffix(Unit::Inch)));
        check("wind_speed_hPa", Err(Ignored::Suffix(Unit::Hectopascal)));
        check("rain_mm_h", Err(Ignored::Suffix(Unit::MillimetrePerHour)));
        for key in ["day.outTemp.max", "10m.windGust", "current.outTemp.raw", "outTemp.max", "forecast"] {
            check(key, Err(Ignored::NotCurrent));
        }
        check("uv", Err(Ignored::RawUv));
        for key in
            ["PM1.0", "pm1_0", "temp1f", "temperature_1_C", "light", "maxdailygust", "mic", "", "current."]
        {
            check(key, Err(Ignored::Unknown));
        }
    }

    #[test]
    fn names_of_other_times_and_places_are_refused() {
        for name in [
            "forecast",
            "forecasts",
            "forecast1",
            "forecast_tomorrow",
            "daily_forecast",
            "nextHour",
            "day_max",
            "last_24h",
            "records",
            "highs",
            "lows",
            "stats",
            "yday",
            "AllTime",
            "forecast_temperature",
        ] {
            check(name, Err(Ignored::NotCurrent));
        }
        for name in [
            "cpu_thermal",
            "cpu_temp",
            "CPUTemp",
            "SoC",
            "pi",
            "rpi",
            "system",
            "esp",
            "ESP8266",
            "ESP32",
            "battery",
            "inverter",
        ] {
            check(name, Err(Ignored::Machine));
        }
        for name in ["in", "inner", "kitchen", "basement", "house", "home", "living_room", "innen"] {
            check(name, Err(Ignored::Indoor));
        }
        for name in ["fridge", "pool", "water", "soil", "pool_temperature", "soil_temp", "SoilTemp2"] {
            check(name, Err(Ignored::Elsewhere));
        }
        for name in [
            "BME280",
            "DHT11",
            "SHT3X",
            "StatusSNS",
            "readings",
            "data",
            "current",
            "outdoor",
            "AM2301",
            "DS18B20",
            "sensor1",
            "garden",
            "weather",
            "last_reading",
            "values",
        ] {
            check(name, Err(Ignored::Unknown));
        }
        assert!(matches!(meaning("metric"), Ok(Meaning::Block(_))));
        assert_eq!(meaning("observations"), Ok(Meaning::Stations));
    }

    #[test]
    fn names_tell_whether_they_are_about_the_outdoors() {
        for name in
            ["outTemp", "outdoor_temperature_C", "tempout", "out", "Outdoors", "sensor_outside", "garden"]
        {
            assert!(says_outdoors(name), "{name}");
        }
        for name in ["temp", "route", "output", "readings", "throughout"] {
            assert!(!says_outdoors(name), "{name}");
        }
        let names = MEASURED.iter().flat_map(|(_, names)| *names);
        for name in names.filter(|name| name.contains("out")) {
            assert!(name.starts_with("out") || *name == "tempout", "{name}");
        }
    }

    #[test]
    fn a_name_with_any_unit_has_one_meaning() {
        let units = [
            "c", "f", "k", "pct", "ratio", "pa", "hpa", "kpa", "inhg", "ms", "kmh", "mph", "kn", "deg", "mm",
        ];
        let more = ["cm", "in", "mmh", "cmh", "inh", "ugm3", "lux", "wm2"];
        for (quantity, name) in
            MEASURED.iter().flat_map(|(q, names)| names.iter().map(move |name| (*q, *name)))
        {
            for word in units.iter().chain(&more) {
                let unit = unit(word).expect("a unit");
                let expected = match fitting(quantity, unit) {
                    // `humin`, `tempin`: inches are not their unit, so that indoors costs nothing.
                    _ if INDOOR.contains(&format!("{name}{word}").as_str()) => Err(Ignored::Indoor),
                    Some(unit) => Ok(Meaning::Measured(quantity, Some(unit))),
                    None => Err(Ignored::Suffix(unit)),
                };
                check(&format!("{name}_{word}"), expected);
            }
        }
    }

    #[test]
    fn numbers_carry_their_unit() {
        #[track_caller]
        fn check(text: &str, expected: Result<(f64, Option<Unit>), Dropped>) {
            assert_eq!(number_with_unit(text), expected, "{text}");
        }
        check("79.2°F", Ok((79.2, Some(Unit::Fahrenheit))));
        check(" -3 °C ", Ok((-3.0, Some(Unit::Celsius))));
        check("8 km/h", Ok((8.0, Some(Unit::KilometrePerHour))));
        check("66%", Ok((66.0, Some(Unit::Percent))));
        check("29.92 inHg", Ok((29.92, Some(Unit::InchOfMercury))));
        check("0.02 in/hr", Ok((0.02, Some(Unit::InchPerHour))));
        check("7 µg/m³", Ok((7.0, Some(Unit::MicrogramPerCubicMetre))));
        check("139°", Ok((139.0, Some(Unit::Degree))));
        check("93.2", Ok((93.2, None)));
        check("1.5e1", Ok((15.0, None)));
        check("5 bananas", Err(Dropped::UnknownUnit));
        for text in ["", "--", "NaN", "inf", "-Infinity", "1e999", "1-2", "21,5", "E", "°C", "2025-03-02"] {
            check(text, Err(Dropped::NoNumber));
        }
    }

    #[test]
    fn the_unit_of_a_bare_pressure_is_told_by_its_magnitude() {
        #[track_caller]
        fn check(number: f64, expected: Option<(f64, Unit)>) {
            let converted = convert(Quantity::StationPressure, number, None, &Units::default()).ok();
            let found =
                converted.map(|converted| ((converted.value * 100.0).round() / 100.0, converted.unit));
            assert_eq!(found, expected, "{number}");
        }
        check(101.325, Some((1013.25, Unit::Kilopascal)));
        check(1013.25, Some((1013.25, Unit::Hectopascal)));
        check(101_325.0, Some((1013.25, Unit::Pascal)));
        // Inches of mercury would be 301 hPa as kPa and 29.9 as hPa: neither is believed.
        check(30.1, None);
        check(29.9, None);
        check(0.0, None);
        check(5000.0, None);
    }

    #[test]
    fn a_path_is_shown_on_one_bounded_line() {
        let list = Path::key(None, "stations");
        let record = Path::index(Some(&list), 2);
        assert_eq!(Path::key(Some(&record), "a\u{1b}[31m\nb").to_string(), "stations[2].a [31m b");
        assert_eq!(Path::key(None, &"x".repeat(1000)).to_string().len(), SHOWN_CHARS);
        assert_eq!(Path::key(None, "\n").to_string(), "\"\"");
    }
}
