//! What `weatherhook check` says about the sensor file.

use std::io::{self, Write};
use std::thread;

use super::{Finding, Options, Outcome, Sampler};
use crate::reading::{Quantity, Station, Unit};
use crate::time::{Timestamp, in_words};

/// Writes a line for each key of each file and each station, or why there are none. `Ok(true)` if
/// `serve` would have readings of each source; an error is one of `out`.
pub fn check(options: &Options, now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    let mut sampler = Sampler::new(options.clone());
    let mut good = true;
    for report in sampler.reports(now) {
        for finding in &report.findings {
            write_finding(finding, now, out)?;
        }
        for fault in &report.faults {
            writeln!(out, "error: {fault}")?;
        }
        good &= report.is_good;
    }
    if good {
        for station in sampler.snapshot(now).stations() {
            write_station(station, out)?;
        }
    }
    Ok(good)
}

fn write_finding(finding: &Finding, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    let Finding { key, outcome, dropped } = finding;
    write!(out, "{}: {key}: {}", outcome.verb(), described(outcome, now))?;
    writeln!(out, "{}", if *dropped > 1 { format!(" ({dropped} times)") } else { String::new() })
}

/// What was made of a key.
fn described(outcome: &Outcome, now: Timestamp) -> String {
    match outcome {
        Outcome::Reading { quantity, value, unit, assumed, at } => {
            let mut text = format!("{} {:.1}", quantity.name(), tenths(*value));
            if *unit != Unit::One {
                let whence = if *assumed { "assumed" } else { "read" };
                text += &format!(" {} ({} {whence})", quantity.base_unit().symbol(), unit.symbol());
            }
            format!("{text}, {}", age(*at, now))
        }
        Outcome::Words { words, at } => format!("\"{words}\", {}", age(*at, now)),
        Outcome::Time(at) => format!("{at}, {}", age(*at, now)),
        Outcome::Setting(value) => value.clone(),
        Outcome::Ignored(why) => why.to_string(),
        Outcome::Dropped(why) => why.to_string(),
    }
}

/// Writes what is known of each station, until there is nobody to read it.
pub fn watch(options: Options, out: &mut dyn Write, is_terminal: bool) -> io::Result<()> {
    let every = options.sources.iter().map(|source| source.every).min().unwrap_or_default();
    let mut sampler = Sampler::new(options);
    loop {
        let now = Timestamp::now();
        let reports = sampler.reports(now);
        let mut table = String::new();
        for station in sampler.snapshot(now).stations() {
            table += &format!("{}\n", station.city.as_deref().unwrap_or("without a name"));
            for quantity in Quantity::ALL {
                let Some(reading) = station.reading(quantity) else { continue };
                let value = tenths(reading.value);
                let (name, unit) = (quantity.name(), quantity.base_unit().symbol());
                table += &format!("  {name:<18} {value:>9.1} {unit:<6} {}\n", age(reading.at, now));
            }
        }
        for fault in reports.iter().flat_map(|report| &report.faults) {
            table += &format!("error: {fault}\n");
        }
        // To the upper left corner, and away with what was there.
        let begin = if is_terminal { "\x1b[H\x1b[2J" } else { "" };
        match write!(out, "{begin}{now}\n{table}\n").and_then(|()| out.flush()) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            written => written?,
        }
        thread::sleep(every);
    }
}

/// To a tenth, and without the sign of -0.0.
fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0 + 0.0
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
