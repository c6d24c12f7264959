//! What `weatherhook check` says about the sensor file.

use std::collections::HashMap;
use std::io::{self, Write};
use std::thread;

use super::{Options, Sampler};
use crate::format::Finding;
use crate::reading::{Quantity, Station, Unit};
use crate::time::{Timestamp, in_words};

/// Writes a line for each key of each file and each station, or why there are none. `Ok(true)` if
/// `serve` would have readings of each source; an error is one of `out`.
pub fn check(options: &Options, now: Timestamp, out: &mut dyn Write) -> io::Result<bool> {
    let mut sampler = Sampler::new(options.clone());
    let mut good = true;
    for id in 0..sampler.sources.len() {
        let mut found = Findings::default();
        let faults = sampler.look_at(id, now, &mut |finding| found.add(&finding, now));
        for Found { text, times, .. } in found.lines {
            let times = if times > 1 { format!(" ({times} times)") } else { String::new() };
            writeln!(out, "{text}{times}")?;
        }
        for (path, fault) in faults {
            writeln!(out, "error: {}: {fault}", path.display())?;
        }
        good &= sampler.sources[id].is_good() == Some(true);
    }
    if good {
        for station in sampler.snapshot(now).stations() {
            write_station(station, out)?;
        }
    }
    Ok(good)
}

/// What was found, each key once: the lines of a log say the same again and again, and the last counts.
#[derive(Default)]
struct Findings {
    lines: Vec<Found>,
    /// Where each stands, by what was made of which key.
    index: HashMap<String, usize>,
}

struct Found {
    text: String,
    /// How often a value was not taken.
    times: usize,
}

impl Findings {
    fn add(&mut self, finding: &Finding<'_>, now: Timestamp) {
        let (key, text) = told(finding, now);
        let loss = usize::from(matches!(finding, Finding::Dropped { .. }));
        match self.index.get(&key) {
            Some(&index) => {
                let found = &mut self.lines[index];
                found.text = text;
                found.times += loss;
            }
            None => {
                self.index.insert(key, self.lines.len());
                self.lines.push(Found { text, times: loss });
            }
        }
    }
}

/// What was made of which key, and all that is told of it.
fn told(finding: &Finding<'_>, now: Timestamp) -> (String, String) {
    let (key, rest) = match finding {
        Finding::Reading { key, quantity, value, unit, assumed, at } => {
            let mut rest = format!("{} {:.1}", quantity.name(), tenths(*value));
            if *unit != Unit::One {
                let whence = if *assumed { "assumed" } else { "read" };
                rest += &format!(" {} ({} {whence})", quantity.base_unit().symbol(), unit.symbol());
            }
            (format!("read: {key}"), format!("{rest}, {}", age(*at, now)))
        }
        Finding::Words { key, words, at } => {
            (format!("read: {key}"), format!("\"{words}\", {}", age(*at, now)))
        }
        Finding::Time { key, at } => (format!("read: {key}"), format!("{at}, {}", age(*at, now))),
        Finding::Setting { key, value } => (format!("read: {key}"), value.to_string()),
        Finding::Ignored { key, why } => (format!("ignored: {key}"), why.to_string()),
        Finding::Dropped { key, why } => (format!("dropped: {key}"), why.to_string()),
    };
    let text = format!("{key}: {rest}");
    (key, text)
}

/// Writes what is known of each station, until there is nobody to read it.
pub fn watch(options: Options, out: &mut dyn Write, is_terminal: bool) -> io::Result<()> {
    let every = options.sources.iter().map(|source| source.every).min().unwrap_or_default();
    let mut sampler = Sampler::new(options);
    loop {
        let now = Timestamp::now();
        let faults = sampler.look(now);
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
        for (path, fault) in faults {
            table += &format!("error: {}: {fault}\n", path.display());
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
