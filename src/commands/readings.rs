//! What `check` and `check --watch` print of the sources and their readings.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;
use std::thread;

use super::block::{block, quoted};
use crate::config::nearest;
use crate::format::{self, Advice, Dropped};
use crate::printed::{Lines, printed};
use crate::reading::{Quantity, Station, Unit};
use crate::sampler::{Fault, Finding, Found, Offsets, Options, Outcome, Report, Sampler};
use crate::time::{Timestamp, in_words};
use crate::{answer, file};

/// Prints each source with a line for each of its keys, or why it has no readings, and then a line for each
/// station. Where a text is not understood, or if it `proposes` anyhow, it prints what to write. `Ok(true)` if `serve` would have readings of each source; an error is one of `out`.
pub(super) fn check(
    options: &Options,
    shown: &answer::Options,
    proposes: bool,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<bool> {
    let mut sampler = Sampler::new(options.clone());
    let mut good = true;
    let reports = sampler.reports(now);
    let snapshot = sampler.snapshot(now);
    let lone = snapshot.stations().first().filter(|_| snapshot.stations().len() == 1);
    let city = lone.and_then(|lone| lone.city.as_deref());
    for report in &reports {
        write_report(report, now, out)?;
        write_missing_keys(report, out)?;
        if let Some(proposal) = proposal(report, city.or(options.city.as_deref()), proposes) {
            writeln!(out, "{proposal}")?;
        }
        good &= report.is_good;
    }
    for station in snapshot.stations().iter() {
        write_station(station, now, shown, out)?;
    }
    Ok(good)
}

fn write_report(report: &Report, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    for found in &report.streams {
        write_source(report, found, out)?;
        for finding in &found.findings {
            write_finding(finding, &report.source.texts.offsets, now, out)?;
        }
        for fault in report.faults.iter().filter(|fault| fault.name.to_string() == found.name) {
            writeln!(out, "error: {}", printed(&fault.to_string()))?;
        }
    }
    write_waiting(report, now, out)
}

/// The readings that are not shown, as each is far from the others of its sensor.
fn write_waiting(report: &Report, now: Timestamp, out: &mut dyn Write) -> io::Result<()> {
    for waiting in &report.waiting {
        let age = format!(", {}", age(waiting.reading.at, now));
        writeln!(out, "waiting: {}", waiting.described(&age))?;
    }
    match report.left_out {
        0 => Ok(()),
        n => writeln!(out, "left out: {n} readings, each far from those before and after it"),
    }
}

/// The names of `keys` that no record has, each with the name that is most like it.
fn write_missing_keys(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let names = names(report);
    for own in missing_keys(report, &names) {
        write!(out, "warning: `keys` has {}, and no record has it", quoted(own))?;
        match nearest(own, &mut names.iter().map(String::as_str)) {
            Some(near) => writeln!(out, "; did you mean {}?", quoted(near))?,
            None => {
                let names: Vec<String> = names.iter().take(SHOWN_NAMES).map(|name| quoted(name)).collect();
                writeln!(out, "; there is {}", names.join(", "))?;
            }
        }
    }
    Ok(())
}

/// Names of a text that a message shows.
const SHOWN_NAMES: usize = 10;

/// The names of all keys of a source.
fn names(report: &Report) -> BTreeSet<String> {
    report.streams.iter().flat_map(|found| found.names.iter().cloned()).collect()
}

fn missing_keys<'r>(report: &'r Report, names: &BTreeSet<String>) -> Vec<&'r str> {
    let keys = report.source.texts.dialect.keys.iter().map(|(own, _)| own.as_str());
    keys.filter(|own| !names.is_empty() && !names.contains(*own)).collect()
}

/// What to write about a source that is not understood, or about any; `None` if nothing helps.
fn proposal(report: &Report, city: Option<&str>, always: bool) -> Option<String> {
    let names = names(report);
    let fault_of = |found: &Found| report.faults.iter().find(|fault| fault.name.to_string() == found.name);
    let is_lossy = |found: &&Found| {
        let is_loss = |finding: &Finding| {
            matches!(finding.outcome, Outcome::Dropped(Dropped::NoTime | Dropped::Cells { .. }))
        };
        fault_of(found).is_some_and(Fault::is_of_text) || found.findings.iter().any(is_loss)
    };
    let troubled = report.streams.iter().find(is_lossy);
    let is_missing = !missing_keys(report, &names).is_empty();
    let found = troubled.or_else(|| report.streams.first().filter(|_| always || is_missing))?;
    let beginning = file::read_beginning(Path::new(&found.name), BEGINNING).ok()?;
    let format = found.format.and_then(|format| format::named(format.name));
    let outcomes = || found.findings.iter().map(|finding| (&finding.key, &finding.outcome));
    let quantities: Vec<Quantity> = outcomes()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::Reading { quantity, .. } => Some(*quantity),
            _ => None,
        })
        .collect();
    let writer = outcomes().find_map(|(key, outcome)| match outcome {
        Outcome::Setting(name) if key.ends_with("writer") => Some(name.as_str()),
        _ => None,
    });
    let read = format::Read { quantities: &quantities, writer };
    let advice = format::advise(&beginning, format, &report.source.texts.dialect, read);
    let fault = fault_of(found);
    if fault.is_some() && advice == Advice::default() {
        return None;
    }
    let block = block(&report.source, &names, &advice, fault.is_some_and(Fault::selects_nothing));
    if !always {
        return Some(format!("# this may help:\n{block}"));
    }
    let city = quoted(city.unwrap_or("Home"));
    Some(format!("\n# for weatherhook.toml:\n[[station]]\ncity = {city}\n\n{block}"))
}

/// As much of a file as is looked at for what to write.
const BEGINNING: usize = 16 * 1024;

/// Which file it is, of which station, in which format and why, and how many records it has.
fn write_source(report: &Report, found: &Found, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "source: {}", found.name)?;
    if let Some(station) = &report.source.station {
        write!(out, ": station {station}")?;
    }
    if let Some(format) = found.format {
        let why = format.by.map_or("as configured".to_owned(), |by| format!("recognised by {by}"));
        write!(out, ": format {}, {why}: records: {}", format.name, found.records)?;
    }
    writeln!(out)
}

fn write_finding(
    finding: &Finding,
    offsets: &Offsets,
    now: Timestamp,
    out: &mut dyn Write,
) -> io::Result<()> {
    let Finding { key, outcome, dropped } = finding;
    write!(out, "{}: {key}: {}", outcome.verb(), described(outcome, offsets, now))?;
    writeln!(out, "{}", if *dropped > 1 { format!(" ({dropped} times)") } else { String::new() })
}

/// What was made of a key.
fn described(outcome: &Outcome, offsets: &Offsets, now: Timestamp) -> String {
    match outcome {
        Outcome::Reading { quantity, value, unit, assumed, at } => {
            let mut text = format!("{} {:.1}", quantity.name(), tenths(*value));
            if *unit != Unit::One {
                let whence = if *assumed { "assumed" } else { "read" };
                text += &format!(" {} ({} {whence})", quantity.base_unit().symbol(), unit.symbol());
            }
            format!("{text}{}, {}", before_offset(*quantity, offsets), age(*at, now))
        }
        Outcome::Text { text, at } => format!("\"{text}\", {}", age(*at, now)),
        Outcome::Time(at) => format!("{at}, {}", age(*at, now)),
        Outcome::Setting(value) => value.clone(),
        Outcome::Ignored(why) => why.to_string(),
        Outcome::Dropped(why) => why.to_string(),
    }
}

/// The humidity follows the offset of the temperature, unless it has one of its own.
fn before_offset(quantity: Quantity, offsets: &Offsets) -> String {
    let follows = quantity == Quantity::Humidity && offsets.contains_key(&Quantity::Temperature);
    match offsets.get(&quantity) {
        Some(thousandths) => format!(", before `offset` {:+}", *thousandths as f64 / 1000.0),
        None if follows => ", before `offset` of the temperature".to_owned(),
        None => String::new(),
    }
}

/// Prints the readings of each station again and again, until nobody reads them.
pub(super) fn watch(options: Options, out: &mut dyn Write, is_terminal: bool) -> io::Result<()> {
    let every = options.sources.iter().map(|source| source.every).min().unwrap_or_default();
    let mut sampler = Sampler::new(options);
    loop {
        let now = Timestamp::now();
        let reports = sampler.reports(now);
        let mut table = String::new();
        for station in sampler.snapshot(now).stations().iter() {
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
        let written = write!(out, "{begin}").and_then(|()| write!(Lines(out), "{now}\n{table}\n"));
        match written.and_then(|()| out.flush()) {
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

fn write_station(
    station: &Station,
    now: Timestamp,
    options: &answer::Options,
    out: &mut dyn Write,
) -> io::Result<()> {
    let readings = Quantity::ALL.iter().filter(|quantity| station.reading(**quantity).is_some()).count();
    write!(
        out,
        "station: {}: readings: {readings}",
        station.city.as_deref().unwrap_or("without a name (--city gives it one)")
    )?;
    if !station.aliases.is_empty() {
        write!(out, ", also called {}", station.aliases.join(", "))?;
    }
    if station.default {
        write!(out, ", the default")?;
    }
    if let Some(newest) = station.newest().filter(|newest| !answer::is_current(*newest, now, options)) {
        let limit = in_words(options.stale_after);
        write!(out, ", the newest {}: too old to be shown, `stale_after` is {limit}", age(newest, now))?;
    }
    writeln!(out)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::time::{Duration, SystemTime};

    use super::*;
    use crate::file::Scratch;
    use crate::sampler::SourceOptions;

    #[test]
    fn every_key_and_every_station_has_a_line() {
        let scratch = Scratch::new();
        let sensor = scratch.write(
            "sensor.json",
            r#"[{"city": "London", "aliases": ["LDN"], "default": true, "time": "2025-03-02T22:26:00Z",
                 "tempf": 50, "humidity": "66%", "UV": 2, "wind_speed": 2.5, "rain": -1, "mic": "X",
                 "precipitation": "Light rain"}, {"city": "Bonn"}]"#,
        );
        let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1_740_954_420);
        let file = File::options().write(true).open(&sensor).expect("opened");
        file.set_modified(written).expect("set");
        let options = Options {
            stations: Vec::new(),
            sources: vec![SourceOptions::files(sensor.clone(), Duration::from_secs(3600))],
            city: Some("Ulm".to_owned()),
            state: None,
        };
        let now = crate::time::utc("2025-03-02T22:29:00Z");
        // In this machine's zone.
        let observed = now.before(Duration::from_secs(180));
        let mut out = Vec::new();
        let good = check(&options, &answer::Options::default(), false, now, &mut out).expect("written");
        assert_eq!(
            String::from_utf8(out).expect("text"),
            "source: SENSOR: format json, recognised by a JSON object or a list of them: records: 2\n\
             read: [0].time: OBSERVED, 3 min old\n\
             read: [0].city: \"London\"\n\
             read: [0].aliases[0]: \"LDN\"\n\
             read: [0].default: true\n\
             read: [0].tempf: temperature 10.0 °C (°F read), 3 min old\n\
             read: [0].humidity: humidity 66.0 % (% read), 3 min old\n\
             read: [0].UV: UV index 2.0, 3 min old\n\
             read: [0].wind_speed: wind speed 1.1 m/s (mph assumed), 3 min old\n\
             dropped: [0].rain: -25.4 mm is outside 0 to 1000000 mm\n\
             ignored: [0].mic: not a known key\n\
             read: [0].precipitation: \"Light rain\", 3 min old\n\
             read: [1].city: \"Bonn\"\n\
             station: London: readings: 4, also called LDN, the default\n\
             station: Bonn: readings: 0\n"
                .replace("OBSERVED", &observed.to_string())
                .replace("SENSOR", &sensor.display().to_string())
        );
        assert!(good);
    }
}
