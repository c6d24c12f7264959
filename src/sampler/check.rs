//! What `weatherhook check` says about the sensor file.

use std::io::{self, Write};

use super::board::Board;
use super::{Options, source_of};
use crate::format::Finding;
use crate::reading::{Quantity, Station, Unit};
use crate::time::{Timestamp, in_words};

/// Writes a line for each key of each file and each station, or why there are none. `Ok(true)` if
/// `serve` would have readings of each source; an error is one of `out`.
pub fn check(options: &Options, now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    let mut board = Board::new(&options.stations, options.city.as_deref());
    let mut good = true;
    for (id, source) in options.sources.iter().enumerate() {
        let mut source = source_of(source, options);
        let city = source.options.station.clone();
        let mut written = Ok(());
        let faults = source.look(
            now,
            &mut |file, change| board.take((id, file), city.as_deref(), change),
            &mut |finding| {
                if written.is_ok() {
                    written = write_finding(finding, now, out);
                }
            },
        );
        written?;
        for (path, fault) in faults {
            writeln!(out, "error: {}: {fault}", path.display())?;
        }
        good &= source.is_good() == Some(true);
    }
    if good {
        for station in board.snapshot().0.stations() {
            write_station(station, out)?;
        }
    }
    Ok(good)
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
