//! What the keys of a text are about: the names of quantities, times, units, places and devices. The
//! words that rule a name out are in `surroundings`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::findings::Ignored;
use super::surroundings::{INDOOR, has_outdoor_word, refused, spaced};
use super::text::squashed;
use super::units::{System, fitting, stated, unit};
use crate::reading::{DevicePart, Quantity, Unit};
use crate::time::offset;

/// What a key is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Meaning {
    /// A number, with the unit that the key ends in.
    Measured(Quantity, Option<Unit>),
    /// A description of the air.
    AirQuality,
    /// A description of the precipitation.
    Precipitation,
    /// In how long the rain of an interval fell; this many minutes are one.
    RainMinutes(f64),
    /// When everything beside it was observed, and where the key says it the zone of a time that names
    /// none, in minutes east of Greenwich.
    Time(Option<i16>),
    /// When it last changed or was made, which is when it was observed if nothing else says that.
    Changed,
    /// When it was observed, if the value is a time: the name only mentions one.
    Stamp,
    /// The same, or its date only.
    Date,
    /// The unit of this quantity beside and below, and of those alike that have none of their own.
    UnitOf(Quantity),
    /// A unit, a system of units or an object with the unit of each quantity, for everything beside
    /// and below.
    Units,
    /// Such an object, by its name that of other values; else the unit of something that is not read.
    OtherUnits,
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
    /// The topic of a message, which is the device's number if it has no other.
    Topic,
    /// A secret: not even its presence is reported.
    Secret,
}

impl Meaning {
    /// Whether it is understood only at a record itself, not at the objects inside.
    pub(super) fn is_of_record(self) -> bool {
        matches!(
            self,
            Meaning::Name(_)
                | Meaning::Aliases
                | Meaning::Default
                | Meaning::Stations
                | Meaning::Kind
                | Meaning::Device(_)
                | Meaning::Topic
        )
    }
}

/// The keys that name a place, the best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Naming {
    City,
    Name,
    Station,
    /// Where a sensor is, which may be a room.
    Location,
    /// How a Pimoroni Enviro calls the device, whatever place it stands in.
    Nickname,
}

/// The names of each quantity as `squashed`, without units.
pub(super) const MEASURED: &[(Quantity, &[&str])] = &[
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
    (
        Quantity::Humidity,
        &["humidity", "hum", "rh", "relativehumidity", "humout", "outhum", "outhumidity", "outdoorhumidity"],
    ),
    (Quantity::DewPoint, &["dewpoint", "dewpt", "dewpointtemperature"]),
    (Quantity::StationPressure, STATION_PRESSURE),
    (Quantity::SeaLevelPressure, SEA_LEVEL_PRESSURE),
    (Quantity::WindSpeed, &["windspeed", "windavg"]),
    (Quantity::WindGust, &["windgust", "windgusts", "windgustspeed", "windmax"]),
    (Quantity::WindDirection, &["winddirection", "winddir", "windbearing"]),
    (Quantity::RainCounter, &["totalrain", "raintotal", "raincounter", "rainfalltotal", "totalrainfall"]),
    (Quantity::RainRate, &["rainrate", "preciprate", "rainfallrate", "precipitationrate", "rainintensity"]),
    (
        Quantity::RainToday,
        &[
            "dailyrain",
            "raintoday",
            "dayrain",
            "preciptotal",
            "raindaily",
            "dailyrainfall",
            "todayrain",
            "rainfalltoday",
            "preciptoday",
            "precipitationtoday",
            "rainsincemidnight",
            "precipitationsincemidnight",
            // Tempest.
            "precipaccumlocalday",
        ],
    ),
    (
        Quantity::RainHour,
        &[
            "rainlasthour",
            "rainoflasthour",
            "rainpasthour",
            "rainlast60min",
            "rain1h",
            "precip1h",
            "preciplasthour",
            "precipitationlasthour",
            // Tempest.
            "precipaccumlast1hr",
        ],
    ),
    (Quantity::RainInterval, &["raininterval", "intervalrain", "rainofinterval"]),
    (Quantity::Rain, &["rain", "rainfall"]),
    (Quantity::Pm25, &["pm2_5", "pm25", "sdsp2"]),
    (Quantity::Pm10, &["pm10", "pm10_0", "sdsp1"]),
    (Quantity::UvIndex, &["uvi", "uvindex", "uv"]),
    // `light` alone may be a raw count or a percentage, so it is read only with its unit.
    (Quantity::Illuminance, &["lux", "lightlux", "illuminance"]),
    (Quantity::Irradiance, &["solarradiation", "solarrad", "radiation", "irradiance"]),
];

/// Not reduced to sea level. `QFE` is what aviation calls it.
const STATION_PRESSURE: &[&str] = &[
    "pressure",
    "airpressure",
    "stationpressure",
    "surfacepressure",
    "absolutepressure",
    "pressureabsolute",
    "abspressure",
    "pressureabs",
    "absbaro",
    "absbarom",
    "baromabs",
    "barabsolute",
    "barometerabsolute",
    "barometerabs",
    "baroabs",
    "pressureqfe",
    "qfe",
];

/// Reduced to sea level by the program that writes it: the altimeter setting (`QNH`) for a standard air, `QFF`
/// for that of the day, and what stations show as relative. Weather Underground's `baromin` is `barom` in inches.
const SEA_LEVEL_PRESSURE: &[&str] = &[
    "barometer",
    "barom",
    "baromrel",
    "relbaro",
    "relbarom",
    "relativebarometer",
    "barometerrelative",
    "barometerrel",
    "barorel",
    "pressurereduced",
    "reducedpressure",
    "pressureqnh",
    "pressureqff",
    "relativepressure",
    "pressurerelative",
    "relpressure",
    "pressurerel",
    "barsealevel",
    "seapressure",
    "sealevelpressure",
    "pressuresealevel",
    "pressureatsealevel",
    "meansealevelpressure",
    "pressuremsl",
    "mslpressure",
    "mslp",
    "slp",
    "qnh",
    "qff",
    "altim",
    "altimeter",
    "altimetersetting",
];

/// Keys, as `squashed`, that carry no number of their own.
pub(super) const OTHERS: &[(&str, Meaning)] = &[
    ("airquality", Meaning::AirQuality),
    ("precipitation", Meaning::Precipitation),
    ("time", Meaning::Time(None)),
    ("timestamp", Meaning::Time(None)),
    ("datetime", Meaning::Time(None)),
    ("epoch", Meaning::Time(None)),
    ("ts", Meaning::Time(None)),
    ("tst", Meaning::Time(None)),
    ("dt", Meaning::Time(None)),
    ("stamp", Meaning::Time(None)),
    ("unixtime", Meaning::Time(None)),
    ("unixtimestamp", Meaning::Time(None)),
    ("epochtime", Meaning::Time(None)),
    ("obstime", Meaning::Time(None)),
    ("observationtime", Meaning::Time(None)),
    ("observedat", Meaning::Time(None)),
    ("observed", Meaning::Time(None)),
    ("measuredat", Meaning::Time(None)),
    ("recordedat", Meaning::Time(None)),
    ("sampletime", Meaning::Time(None)),
    ("readingtime", Meaning::Time(None)),
    ("lastupdate", Meaning::Time(None)),
    ("lastupdated", Meaning::Time(None)),
    ("lastupdatedepoch", Meaning::Time(None)),
    ("lastreported", Meaning::Time(None)),
    ("lastseen", Meaning::Time(None)),
    ("updated", Meaning::Time(None)),
    ("updatedat", Meaning::Time(None)),
    ("createdat", Meaning::Changed),
    ("lastchanged", Meaning::Changed),
    ("date", Meaning::Date),
    ("simpledate", Meaning::Date),
    // In German, French, Spanish, Italian and Dutch.
    ("zeit", Meaning::Time(None)),
    ("uhrzeit", Meaning::Time(None)),
    ("zeitstempel", Meaning::Time(None)),
    ("zeitpunkt", Meaning::Time(None)),
    ("datumzeit", Meaning::Time(None)),
    ("horodatage", Meaning::Time(None)),
    ("heure", Meaning::Time(None)),
    ("dateheure", Meaning::Time(None)),
    ("hora", Meaning::Time(None)),
    ("fechahora", Meaning::Time(None)),
    ("ora", Meaning::Time(None)),
    ("dataora", Meaning::Time(None)),
    ("tijd", Meaning::Time(None)),
    ("tijdstip", Meaning::Time(None)),
    ("datumtijd", Meaning::Time(None)),
    ("datum", Meaning::Date),
    ("fecha", Meaning::Date),
    ("timeutc", Meaning::Time(Some(0))),
    ("timestamputc", Meaning::Time(Some(0))),
    ("datetimeutc", Meaning::Time(Some(0))),
    ("dateutc", Meaning::Time(Some(0))),
    ("obstimeutc", Meaning::Time(Some(0))),
    ("unit", Meaning::Units),
    ("units", Meaning::Units),
    ("uom", Meaning::Units),
    // The National Weather Service's, NGSI's.
    ("unitcode", Meaning::Units),
    // Home Assistant's.
    ("unitofmeasurement", Meaning::Units),
    ("nativeunitofmeasurement", Meaning::Units),
    ("unitsystem", Meaning::Units),
    // Visual Crossing's.
    ("unitgroup", Meaning::Units),
    // SwitchBot's, if it names one of temperatures.
    ("scale", Meaning::OtherUnits),
    ("tempscale", Meaning::UnitOf(Quantity::Temperature)),
    ("temperaturescale", Meaning::UnitOf(Quantity::Temperature)),
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
    ("topic", Meaning::Topic),
    ("model", Meaning::Device(DevicePart::Model)),
    ("id", Meaning::Device(DevicePart::Id)),
    // rtl_433's, of some sensors.
    ("housecode", Meaning::Device(DevicePart::Id)),
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

/// Whether a name says that it is about the outdoors: `outTemp`, `tempout`, `outdoor`, `garden`.
pub(super) fn says_outdoors(name: &str) -> bool {
    let lower = name.to_lowercase();
    if !lower.contains("out") && !lower.contains("garden") {
        return false;
    }
    match meaning(name) {
        // No quantity has these letters for another reason.
        Ok(Meaning::Measured(..)) => true,
        _ => has_outdoor_word(name),
    }
}

/// What keys mean that one program writes exactly so.
const VERBATIM: &[(&str, Result<Meaning, Ignored>)] = &[
    ("uv", Err(Ignored::RawUv)),
    // Weather Underground's protocol of uploads: the inches of the past 60 minutes. rtl_433's counter is
    // `rain_in`.
    ("rainin", Ok(Meaning::Measured(Quantity::RainHour, Some(Unit::Inch)))),
    // Beside `rain_interval`, which is then a rate.
    ("rain_interval_minutes", Ok(Meaning::RainMinutes(1.0))),
    ("rain_interval_seconds", Ok(Meaning::RainMinutes(1.0 / 60.0))),
    // The piezo gauge of an Ecowitt gateway, in inches whatever it shows. Its hour is that of the clock.
    ("rrain_piezo", Ok(Meaning::Measured(Quantity::RainRate, Some(Unit::InchPerHour)))),
    ("drain_piezo", Ok(Meaning::Measured(Quantity::RainToday, Some(Unit::Inch)))),
    ("hrain_piezo", Err(Ignored::NoCounter)),
    ("erain_piezo", Err(Ignored::NoCounter)),
    ("wrain_piezo", Err(Ignored::NoCounter)),
    ("mrain_piezo", Err(Ignored::NoCounter)),
    ("yrain_piezo", Err(Ignored::NoCounter)),
];

/// Rain of some time in the names of gateways: the event and the week have no quantity, and `hourlyrain`
/// is a rate for Ambient Weather and the hour of the clock for Ecowitt.
const OF_SOME_TIME: [&str; 6] =
    ["hourlyrain", "eventrain", "weeklyrain", "monthlyrain", "yearlyrain", "last24hrain"];

/// The unit behind the name of a rain that its own name calls a total: `rain_mm_total`, `rainTotal_mm`.
fn total_of_rain(name: &str) -> Option<Option<Unit>> {
    suffix(name.strip_suffix("total")?, "rain")
}

/// What `key` is about, or why it is not used.
pub(super) fn meaning(key: &str) -> Result<Meaning, Ignored> {
    if let Some((_, meaning)) = VERBATIM.iter().find(|(verbatim, _)| *verbatim == key) {
        return *meaning;
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
    if let Some(zone) = time_in_words(current) {
        return Ok(Meaning::Time(zone));
    }
    if let Some(meaning) = of_units(current, &name) {
        return meaning;
    }
    if name.contains("indoor") || name.contains("inside") || INDOOR.iter().any(|n| suffix(&name, n).is_some())
    {
        return Err(Ignored::Indoor);
    }
    let measured = measured(current, &name);
    match measured.or_else(|| Some((Quantity::RainCounter, total_of_rain(&name)?))) {
        None if OF_SOME_TIME.iter().any(|of| suffix(&name, of).is_some()) => Err(Ignored::NoCounter),
        None => match (refused(without_unit(current)), behind_chip(current)) {
            (Some(why), _) => Err(why),
            (None, Some(behind)) => meaning(behind),
            (None, None) if mentions_time(current) => Ok(Meaning::Stamp),
            (None, None) => Err(Ignored::Unknown),
        },
        // That of weewx is what fell since its last packet.
        Some((Quantity::Rain, _)) if current.len() < key.len() => Err(Ignored::NoCounter),
        Some((quantity, None)) => Ok(Meaning::Measured(quantity, None)),
        Some((quantity, Some(unit))) => {
            match stated(quantity, Some(unit)).map(|unit| fitting(quantity, unit)) {
                Some(None) => Err(Ignored::Suffix(unit)),
                unit => Ok(Meaning::Measured(quantity, unit.flatten())),
            }
        }
    }
}

/// What a name that is about units means; `squashed` is it without separators.
fn of_units(name: &str, squashed: &str) -> Option<Result<Meaning, Ignored>> {
    let affixes = ["units", "unit"];
    // Tempest's `units_temp`.
    let what = affixes.iter().find_map(|affix| unit_of(squashed.strip_prefix(affix)?));
    if let Some(quantity) = what {
        return Some(Ok(Meaning::UnitOf(quantity)));
    }
    let what = affixes.iter().find_map(|affix| squashed.strip_suffix(affix))?;
    Some(match (unit_of(what), refused(name)) {
        (Some(quantity), _) => Ok(Meaning::UnitOf(quantity)),
        (None, Some(_)) => Err(Ignored::OtherUnit),
        (None, None) => Ok(Meaning::OtherUnits),
    })
}

/// The quantity that a name means, and its unit; `squashed` is it without separators. In brackets a unit may
/// stand once more: Govee's `Temperature_Celsius(℃)`.
fn measured(name: &str, squashed_name: &str) -> Option<(Quantity, Option<Unit>)> {
    let plain = |name: &str| {
        MEASURED.iter().find_map(|(quantity, names)| {
            names.iter().find_map(|measured| suffix(name, measured)).map(|unit| (*quantity, unit))
        })
    };
    // Without the unit of a speed they may be a direction or a description.
    let moving = |name: &str| {
        let speed = |quantity, moving| {
            Some((quantity, suffix(name, moving)?.and_then(|unit| fitting(quantity, unit))))
        };
        let found = speed(Quantity::WindSpeed, "wind").or_else(|| speed(Quantity::WindGust, "gust"));
        found.filter(|(_, unit)| unit.is_some())
    };
    plain(squashed_name).or_else(|| moving(squashed_name)).or_else(|| {
        let (name, bracketed) = bracketed(name)?;
        let found = plain(&squashed(name))?;
        // HOBOware names the logger in them.
        let is_again = found.1.is_some() && unit(&squashed(bracketed)) == found.1;
        (is_again || bracketed.contains("S/N")).then_some(found)
    })
}

/// What stands before the brackets at the end of a name, and in them.
fn bracketed(name: &str) -> Option<(&str, &str)> {
    let name = name.trim_end();
    let (stem, inner) = name
        .strip_suffix(')')
        .map(|name| name.rsplit_once('('))
        .unwrap_or_else(|| name.strip_suffix(']').and_then(|name| name.rsplit_once('[')))?;
    Some((stem.trim_end(), inner))
}

/// The name without a unit in brackets: that of `Vapor Pressure (inHg)` is no word of rooms.
fn without_unit(name: &str) -> &str {
    match bracketed(name) {
        Some((stem, inner)) if unit(&squashed(inner)).is_some() => stem,
        _ => name,
    }
}

/// The key whose unit a key of this name is.
pub(super) fn unit_stem(name: &str) -> Option<&str> {
    let affix = |affix: &str| {
        let at = name.len().checked_sub(affix.len())?;
        name.get(at..).filter(|end| end.eq_ignore_ascii_case(affix)).and(name.get(..at))
    };
    Some(affix("units").or_else(|| affix("unit"))?.trim_end_matches(['_', '-', '.', ' ']))
}

/// The unit that a name of the user's own choice ends in: `Temp, (*F)`, `roof_temp_f`, `wind (km/h)`.
pub(super) fn own_unit(name: &str, quantity: Quantity) -> Option<Unit> {
    let named = |text: &str| unit(&squashed(text)).and_then(|unit| fitting(quantity, unit));
    if let Some((_, inner)) = bracketed(name) {
        return named(inner);
    }
    let is_apart = |c: char| matches!(c, ' ' | ',' | '_' | '-' | '.');
    let ends = name.rmatch_indices(is_apart).take(3).map(|(at, _)| name.split_at(at));
    let units = ends.filter_map(|(stem, end)| Some((stem, end, named(end)?)));
    let (stem, end, unit) = units.last()?;
    // A single letter may as well be the name of a sensor.
    let stem = stem.to_lowercase();
    let is_temperature = ["temp", "dew", "feels"].iter().any(|word| stem.contains(word)) || stem == "t";
    (is_temperature || end.trim_start_matches(is_apart).len() > 1).then_some(unit)
}

/// What stands beside `time` and `date` in the names of times: `Timestamp for sample frequency every 15
/// min`, `Date Time - GMT +05:00`, `time_local`. With any other word it may be the time of something else.
const BESIDE_TIME: &str = "time timestamp date datetime stamp for sample frequency every min of observation \
     measurement measured reading record local utc gmt epoch unix iso raw ms s sec seconds hh mm ss yyyy dd";

/// Whether a name of several words is that of a time, and the zone that it names.
fn time_in_words(name: &str) -> Option<Option<i16>> {
    let words = spaced(name);
    let mut words = words.split(' ').filter(|word| !word.is_empty());
    if !words.next().is_some_and(|first| matches!(first, "time" | "timestamp" | "date" | "datetime")) {
        return None;
    }
    let mut is_utc = false;
    for word in words {
        if !BESIDE_TIME.split(' ').any(|known| known == word) {
            return None;
        }
        is_utc |= matches!(word, "utc" | "gmt");
    }
    // `GMT +05:00`, `GMT-07:00`.
    let sign = name.rfind(['+', '-', '\u{2212}']).filter(|_| is_utc);
    let named = sign.and_then(|sign| offset(name[sign..].trim_end_matches([')', ']', ' '])));
    Some(named.or(is_utc.then_some(0)))
}

/// The words of names that may be those of a time, in English, German, French, Spanish, Italian and Dutch.
const TIME_WORDS: &str = "t ts time timestamp date datetime stamp epoch unix posix utc iso when at \
     localtime eventtime logged recorded captured received receive sampled measured observed reported published \
     publish posted sent arrival seen read updated update created change changed reading \
     zeit datum uhrzeit zeitstempel zeitpunkt heure horodatage fecha hora momento ora tijd tijdstip tijdstempel";

/// The words beside these with which a name is that of another time, or of a length of time.
const OTHER_TIMES: &str = "start started starts end ended ends begin boot booted since uptime up zone tz offset \
     duration elapsed expire expires expiry valid until sunrise sunset moonrise moonset rise set birth install \
     installed interval generation response build firmware version calibration period delay age run running on \
     off count total reset remaining left";

/// Whether a name mentions a time and says nothing against it.
fn mentions_time(name: &str) -> bool {
    // A text may have hundreds of thousands of unknown keys.
    static BY_WORD: LazyLock<HashMap<&str, bool>> = LazyLock::new(|| {
        let time = TIME_WORDS.split(' ').map(|word| (word, true));
        time.chain(OTHER_TIMES.split(' ').map(|word| (word, false))).collect()
    });
    let words = spaced(name);
    let mut said = words.split(' ').filter_map(|word| BY_WORD.get(word)).peekable();
    said.peek().is_some() && said.all(|is_time| *is_time)
}

/// What stands in a name behind that of a chip: `temperature` in `BME280_temperature`. Chips have letters, then
/// digits. What measures a machine (`ESP32`) is none.
fn behind_chip(name: &str) -> Option<&str> {
    let (chip, behind) = name.split_once(['_', '-', ' '])?;
    let digits = chip.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let count = digits.bytes().take_while(u8::is_ascii_digit).count();
    let is_chip = (2..=6).contains(&(chip.len() - digits.len())) && count >= 2 && chip.len() <= 10;
    (is_chip && refused(chip).is_none()).then_some(behind)
}

/// The quantity whose unit is declared under this name, as `squashed`.
pub(super) fn unit_of(name: &str) -> Option<Quantity> {
    match name {
        "temps" => Some(Quantity::Temperature),
        "wind" | "speed" => Some(Quantity::WindSpeed),
        "precip" | "precipitation" | "rainfall" => Some(Quantity::RainCounter),
        "press" | "baro" | "bar" => Some(Quantity::StationPressure),
        _ => MEASURED.iter().find(|(_, names)| names.contains(&name)).map(|(quantity, _)| *quantity),
    }
}

/// Whether the key is a path of names. The dot of `PM2.5` and that of `Temp. (°C)` make none.
pub(super) fn is_dotted(key: &str) -> bool {
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
pub(super) fn suffix(key: &str, name: &str) -> Option<Option<Unit>> {
    match key.strip_prefix(name)? {
        "" => Some(None),
        rest => unit(rest).map(Some),
    }
}

/// Whether a key says something that is used.
pub fn is_known(key: &str) -> bool {
    meaning(key).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(key: &str, expected: Result<Meaning, Ignored>) {
        assert_eq!(meaning(key), expected, "{key}");
    }

    #[test]
    fn every_quantity_has_a_key() {
        for quantity in Quantity::ALL {
            let keys = MEASURED.iter().filter(|(known, _)| *known == quantity).map(|(_, keys)| keys.len());
            assert!(keys.sum::<usize>() > 0, "no key of a sensor file means {quantity:?}");
        }
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
        check("rain_in", measured(Quantity::Rain, Some(Unit::Inch)));
        check("rainin", measured(Quantity::RainHour, Some(Unit::Inch)));
        check("Rain", measured(Quantity::Rain, None));
        check("rain_mm_total", measured(Quantity::RainCounter, Some(Unit::Millimetre)));
        check("raintotal", measured(Quantity::RainCounter, None));
        check("precip_accum_local_day", measured(Quantity::RainToday, None));
        check("precip_accum_last_1hr", measured(Quantity::RainHour, None));
        check("rain_1h", measured(Quantity::RainHour, None));
        check("drain_piezo", measured(Quantity::RainToday, Some(Unit::Inch)));
        check("rrain_piezo", measured(Quantity::RainRate, Some(Unit::InchPerHour)));
        for key in ["hrain_piezo", "yrain_piezo", "hourlyrainin", "eventrainin", "yearlyrainin"] {
            check(key, Err(Ignored::NoCounter));
        }
        for key in ["rain_24h", "precip_accum_local_yesterday", "rain_event"] {
            assert!(meaning(key).is_err(), "{key}");
        }
        check("totalrainin", measured(Quantity::RainCounter, Some(Unit::Inch)));
        check("rain_rate_mm_h", measured(Quantity::RainRate, Some(Unit::MillimetrePerHour)));
        check("rainratein", measured(Quantity::RainRate, Some(Unit::InchPerHour)));
        check("dailyrainin", measured(Quantity::RainToday, Some(Unit::Inch)));
        check("pm2_5_ug_m3", measured(Quantity::Pm25, Some(Unit::MicrogramPerCubicMetre)));
        check("PM2.5", measured(Quantity::Pm25, None));
        check("pm25", measured(Quantity::Pm25, None));
        check("pm10_0", measured(Quantity::Pm10, None));
        check("SDS_P1", measured(Quantity::Pm10, None));
        check("BME280_temperature", measured(Quantity::Temperature, None));
        check("dht22-humidity", measured(Quantity::Humidity, None));
        check("ESP32_temperature", Err(Ignored::Machine));
        check("DS18B20_pool_temperature", Err(Ignored::Elsewhere));
        check("UV", measured(Quantity::UvIndex, None));
        check("light_lux", measured(Quantity::Illuminance, None));
        check("solarradiation", measured(Quantity::Irradiance, None));
        check("dateutc", Ok(Meaning::Time(Some(0))));
        check("dateTime", Ok(Meaning::Time(None)));
        check("Timestamp for sample frequency every 15 min min", Ok(Meaning::Time(None)));
        check("Date Time - GMT +05:00", Ok(Meaning::Time(Some(300))));
        check("Date Time, GMT-07:00", Ok(Meaning::Time(Some(-420))));
        check("Time (UTC)", Ok(Meaning::Time(Some(0))));
        check("created_at", Ok(Meaning::Changed));
        for key in [
            "logged_at",
            "eventTime",
            "rx_time",
            "lastReceived",
            "Time (America/New_York)",
            "utc",
            "t",
            "data e ora",
        ] {
            check(key, Ok(Meaning::Stamp));
        }
        for other in
            ["timezone", "time_offset", "generationtime_ms", "uptime", "time_since_boot", "Date of birth"]
        {
            assert!(!matches!(meaning(other), Ok(Meaning::Time(_) | Meaning::Stamp)), "{other}");
        }
        check("current.dateTime.raw", Ok(Meaning::Time(None)));
        for key in ["TempUnit", "temp_units", "temperature_unit"] {
            check(key, Ok(Meaning::UnitOf(Quantity::Temperature)));
        }
        check("wind_unit", Ok(Meaning::UnitOf(Quantity::WindSpeed)));
        check("SpeedUnit", Ok(Meaning::UnitOf(Quantity::WindSpeed)));
        check("precipitation_unit", Ok(Meaning::UnitOf(Quantity::RainCounter)));
        for key in ["units_temp", "tempunit", "temp_scale"] {
            check(key, Ok(Meaning::UnitOf(Quantity::Temperature)));
        }
        check("pressunit", Ok(Meaning::UnitOf(Quantity::StationPressure)));
        check("units_pressure", Ok(Meaning::UnitOf(Quantity::StationPressure)));
        check("rainunit", Ok(Meaning::UnitOf(Quantity::Rain)));
        check("hourly_units", Err(Ignored::OtherUnit));
        check("sensor_units", Ok(Meaning::OtherUnits));
    }

    #[test]
    fn a_header_names_its_unit_in_many_ways() {
        let measured = |quantity, unit| Ok(Meaning::Measured(quantity, unit));
        for key in [
            "Temp (°F)",
            "Temp, *F",
            "Temp, (*F)",
            "Temp, °F (LGR S/N: 10, SEN S/N: 10)",
            "Temperature [degF]",
            "Temperature(℉)",
            "Temperature_Fahrenheit(℉)",
            "Temperature (&deg;F)",
            "Temperature Â°F",
            "Temp (\u{fffd}F)",
            "Temp. F°",
        ] {
            check(key, measured(Quantity::Temperature, Some(Unit::Fahrenheit)));
        }
        check("Temperature_Celsius(℉)", Err(Ignored::Unknown));
        check("Temperature (°Ré)", Err(Ignored::Unknown));
        check("Temperature (°)", measured(Quantity::Temperature, None));
        check("RH, (%)", measured(Quantity::Humidity, Some(Unit::Percent)));
        check(
            "Humidity（％）".replace(['（', '）'], " ").as_str(),
            measured(Quantity::Humidity, Some(Unit::Percent)),
        );
        check("Wind Speed (kt)", measured(Quantity::WindSpeed, Some(Unit::Knot)));
        check("Wind(m/s)", measured(Quantity::WindSpeed, Some(Unit::MetrePerSecond)));
        check("gust_mph", measured(Quantity::WindGust, Some(Unit::MilePerHour)));
        for key in ["wind", "gust", "wind_deg", "Wind (°)"] {
            check(key, Err(Ignored::Unknown));
        }
        check("Solar Radiation (W/m^2)", measured(Quantity::Irradiance, Some(Unit::WattPerSquareMetre)));
        check("Vapor Pressure (inHg)", Err(Ignored::Unknown));
    }

    #[test]
    fn pressure_at_sea_level_is_known_by_its_name() {
        #[track_caller]
        fn check_all(names: &[&str], expected: Quantity) {
            for name in names {
                match meaning(name) {
                    Ok(Meaning::Measured(quantity, _)) => assert_eq!(quantity, expected, "{name}"),
                    other => panic!("{name}: {other:?}"),
                }
            }
        }
        check_all(
            &[
                "Pressure (QNH)",
                "baro_rel",
                "altim",
                "altimeter",
                "altim_in_hg",
                "Altimeter Setting (inHg)",
                "Relative Pressure (inHg)",
                "rel. pressure",
                "slp",
                "SLP_hPa",
                "QNH",
                "qff",
                "mslp",
                "Barometer",
                "barometer_inHg",
                "baromin",
                "baromrelin",
                "pressure_msl",
                "bar_sea_level",
            ],
            Quantity::SeaLevelPressure,
        );
        check_all(
            &[
                "QFE",
                "absbaromin",
                "baromabsin",
                "Absolute Pressure (hPa)",
                "pressure_absolute",
                "surface_pressure",
                "bar_absolute",
                "pressure",
            ],
            Quantity::StationPressure,
        );
    }

    #[test]
    fn a_name_of_ones_own_may_end_in_a_unit() {
        #[track_caller]
        fn check_own(name: &str, quantity: Quantity, expected: Option<Unit>) {
            assert_eq!(own_unit(name, quantity), expected, "{name}");
        }
        check_own("Temp, (*F)", Quantity::Temperature, Some(Unit::Fahrenheit));
        check_own("Außentemperatur [°F]", Quantity::Temperature, Some(Unit::Fahrenheit));
        check_own("roof_temp_f", Quantity::Temperature, Some(Unit::Fahrenheit));
        check_own("t_f", Quantity::Temperature, Some(Unit::Fahrenheit));
        check_own("Roof °F", Quantity::Temperature, Some(Unit::Fahrenheit));
        check_own("roof_wind_km_h", Quantity::WindSpeed, Some(Unit::KilometrePerHour));
        check_own("press_inhg", Quantity::StationPressure, Some(Unit::InchOfMercury));
        check_own("sensor_f", Quantity::Temperature, None);
        check_own("roof", Quantity::Temperature, None);
        check_own("t_in", Quantity::Temperature, None);
        check_own("", Quantity::Temperature, None);
        for (name, stem) in [("t_roof_unit", "t_roof"), ("windUnits", "wind"), ("unit", "")] {
            assert_eq!(unit_stem(name), Some(stem));
        }
        assert_eq!(unit_stem("é"), None);
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
        for name in ["Relative (hPa)", "Absolute(inHg)", "Tendency (inHg)"] {
            check(name, Err(Ignored::Unknown));
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
            assert!(name.starts_with("out") || name.ends_with("out"), "{name}");
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
                    None if stated(quantity, Some(unit)).is_none() => Ok(Meaning::Measured(quantity, None)),
                    None => Err(Ignored::Suffix(unit)),
                };
                check(&format!("{name}_{word}"), expected);
            }
        }
    }
}
