//! What `weatherhook check` says about the sensor file.

use std::io::{self, Write};

use super::{Error, Options, read, stations};
use crate::format::Finding;
use crate::reading::{Quantity, Station, Unit};
use crate::time::{Timestamp, in_words};

/// Writes a line for each key of the sensor file and each of its stations, or why there are none.
/// `Ok(true)` if `serve` would have readings; an error is one of `out`.
pub fn check(options: &Options, now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    let path = options.sensor.display();
    let mut written = Ok(());
    let result = read(&options.sensor).and_then(|(text, version)| match version.ahead(now) {
        Some(ahead) => Err(Error::FromFuture(ahead)),
        None => stations(&text, options, version.written(now), &mut |finding| {
            if written.is_ok() {
                written = write_finding(finding, now, out);
            }
        }),
    });
    written?;
    match result {
        Ok(stations) => {
            for station in &stations {
                write_station(station, out)?;
            }
            Ok(true)
        }
        Err(cause) => {
            writeln!(out, "error: {path}: {cause}")?;
            Ok(false)
        }
    }
}

fn write_finding(finding: Finding<'_>, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    match finding {
        Finding::Reading { key, quantity, value, unit, assumed, at } => {
            // To a tenth, and without the sign of -0.0.
            let value = (value * 10.0).round() / 10.0 + 0.0;
            write!(out, "read: {key}: {} {value:.1}", quantity.name())?;
            if unit != Unit::One {
                let whence = if assumed { "assumed" } else { "read" };
                write!(out, " {} ({} {whence})", quantity.base_unit().symbol(), unit.symbol())?;
            }
            writeln!(out, ", {}", age(at, now))
        }
        Finding::Words { key, words, at } => writeln!(out, "read: {key}: \"{words}\", {}", age(at, now)),
        Finding::Time { key, at } => writeln!(out, "read: {key}: {at}, {}", age(at, now)),
        Finding::Setting { key, value } => writeln!(out, "read: {key}: {value}"),
        Finding::Ignored { key, why } => writeln!(out, "ignored: {key}: {why}"),
        Finding::Dropped { key, why } => writeln!(out, "dropped: {key}: {why}"),
    }
}

fn age(at: Timestamp, now: Timestamp) -> String {
    format!("{} old", in_words(at.age(now)))
}

fn write_station(station: &Station, out: &mut dyn Write) -> io::Result<()> {
    let readings = Quantity::ALL.iter().filter(|quantity| station.reading(**quantity).is_some()).count();
    write!(
        out,
        "station: {}: readings: {readings}",
        station.city.as_deref().unwrap_or("without a name (--city gives it one)")
    )?;
    if !station.aliases.is_empty() {
        write!(out, ", also called {}", station.aliases.join(", "))?;
    }
    writeln!(out, "{}", if station.default { ", the default" } else { "" })
}
