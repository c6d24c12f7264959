//! Records: what the values of a text are about, whatever format they are written in.
//!
//! A record is an object with the readings of one place. What it is called by, how deep it may
//! nest and in which units it is read stands in `names` and `units`. Within a record the first usable value
//! of a quantity counts: what says that it is outdoors before what does not, the record's own keys
//! before those of the objects inside it, else in the order of the text. Where a key says that it
//! is outdoors, only another such one steps in for it.

mod lists;
mod said;
mod times;
mod units;
mod writers;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::HashMap;
use std::fmt;

use self::lists::{columns_and_rows, pairs, records_in};
use self::said::{is_invalid, mark_own_temperature};
use super::catalogue::Writers;
use super::findings::{Dropped, Fault, Finding, Ignored, LEVELS, Path};
use super::names::{Meaning, Naming, meaning, own_unit, says_outdoors, unit_stem};
use super::node::{Node, identity, is_missing, mentions_outdoors, number, unit_named_by, value_in};
use super::surroundings::{Said, Telling, Words, telling};
use super::text::{WORDS_CHARS, one_line};
use super::units::{Converted, Units, convert, number_with_unit};
use super::{Dialect, Record, Source, Undated};
use crate::reading::{ALIASES, Device, Observed, Quantity, Reading, Station, Unit};
use crate::time::DateOrder;
use crate::time::Timestamp;
use crate::weather::compass_degrees;

/// What the objects around a value say about it.
#[derive(Clone, Copy)]
struct Context {
    /// `None` if their time cannot be used.
    at: Option<Timestamp>,
    units: Units,
    /// One of them says that it is outdoors.
    outdoors: bool,
    /// What their texts say of where it was measured.
    said: Said,
    /// One of them says that the values are none.
    invalid: bool,
    /// In how many minutes the rain of an interval fell.
    rain_minutes: Option<f64>,
}

impl Context {
    /// What holds for a whole text.
    fn of(source: &Source<'_>) -> Context {
        let at = Some(source.modified);
        let said = source.elsewhere.map_or(Said::Nothing, Said::Rather);
        Context { at, units: Units::default(), outdoors: false, said, invalid: false, rain_minutes: None }
    }
}

/// One key of an object.
struct Entry<'a> {
    key: Path<'a>,
    meaning: Result<Meaning, Ignored>,
    /// Whether the key says that it is about the outdoors.
    outdoors: bool,
    /// What its text or mark may say of where the record was measured.
    telling: Option<Telling>,
    /// Whether the configuration says what it is about.
    is_renamed: bool,
    node: &'a Node<'a>,
}

/// What stands around a record.
#[derive(Clone, Copy)]
struct Outer<'o> {
    context: Context,
    /// The device, for records that name none.
    device: &'o Device,
    /// The place, for records that name none.
    city: Option<&'o str>,
    /// How many objects and lists may still be entered.
    levels: usize,
}

/// What was read of a record so far.
struct Collected {
    device: Device,
    station: Station,
    /// Quantities of keys that say they are outdoors, usable or not.
    outdoors: Vec<Quantity>,
    /// How many objects were looked into, and the number of the present one.
    objects: usize,
    object: usize,
    /// Quantities of the air, and the number of the object that each is from.
    air: Vec<(Quantity, usize)>,
    /// Quantities whose unit is only assumed, the base unit.
    assumed: Vec<Quantity>,
}

impl Collected {
    /// Whether a quantity is of other air than the values that there are: its object measures one of these, too. A
    /// probe's temperature and the humidity of the box on the wall are not of one place.
    fn is_other_air(&self, quantity: Quantity, entries: &[Entry<'_>]) -> bool {
        let measures = |quantity: &Quantity| {
            entries
                .iter()
                .any(|entry| matches!(entry.meaning, Ok(Meaning::Measured(own, _)) if own == *quantity))
        };
        let is_other = |(air, object): &(Quantity, usize)| *object != self.object && measures(air);
        AIR.contains(&quantity) && self.station.reading(quantity).is_none() && self.air.iter().any(is_other)
    }
}

/// The quantities that are only true together.
const AIR: [Quantity; 4] =
    [Quantity::Temperature, Quantity::Humidity, Quantity::DewPoint, Quantity::FeelsLike];

/// Hands over what one line is.
pub(super) type Parse<'p> = &'p dyn Fn(&str, &mut dyn FnMut(&Node<'_>)) -> Result<(), Fault>;

/// Lines at the end of a text that may be no records, for the last record to be found.
const BROKEN_AT_END: usize = 10;

/// Hands over what a text says, record by record.
pub(super) struct Reader<'r> {
    text: &'r str,
    /// The order of dates that can be read in two ways, found when the first one comes.
    order: OnceCell<Option<DateOrder>>,
    source: &'r Source<'r>,
    emit: &'r mut dyn FnMut(Record),
    findings: &'r mut dyn FnMut(Finding<'_>),
    /// Whether the text holds one record, so that the time and the place of the file are its own.
    lone: bool,
    /// What was made of keys so far, for the many records that have the same.
    known: HashMap<String, Known>,
    /// What was made of texts.
    texts: HashMap<String, Words>,
    /// Whether an earlier record showed that it is in US units.
    us: bool,
    /// The paths of keys without a unit of which a value had one.
    with_units: Vec<String>,
    /// Why what is not current is not.
    undated: Dropped,
}

/// What a key says.
#[derive(Clone, Copy)]
struct Known {
    meaning: Result<Meaning, Ignored>,
    /// Whether it says that it is about the outdoors.
    outdoors: bool,
    /// The writers of records with this key.
    writers: Writers,
    telling: Option<Telling>,
    /// Whether the configuration says what it is about.
    is_renamed: bool,
}

/// Pieces at the end of a text by which it is known which devices still write.
const PUNCTUAL: usize = 1000;

/// As many keys as records usually have; more are looked at each time.
const KNOWN: usize = 200;

impl<'r> Reader<'r> {
    /// A reader of `text`, by whose dates their order is told.
    pub(super) fn new(
        text: &'r str,
        source: &'r Source<'r>,
        emit: &'r mut dyn FnMut(Record),
        findings: &'r mut dyn FnMut(Finding<'_>),
    ) -> Reader<'r> {
        let (known, texts) = (HashMap::new(), HashMap::new());
        let (us, with_units) = (false, Vec::new());
        Reader {
            text,
            order: OnceCell::new(),
            source,
            emit,
            findings,
            lone: true,
            known,
            texts,
            us,
            with_units,
            undated: Dropped::Undated,
        }
    }

    /// How the text is written.
    pub(super) fn dialect(&self) -> &'r Dialect {
        self.source.dialect
    }

    /// Whether `match` selects records, wherever their sensors are.
    pub(super) fn picks(&self) -> bool {
        self.source.picked
    }

    /// When the text was written.
    pub(super) fn modified(&self) -> Timestamp {
        self.source.modified
    }

    /// Reads a whole text that is one value.
    pub(super) fn root(&mut self, root: &Node<'_>) -> Result<(), Fault> {
        let context = Context::of(self.source);
        self.lone = records_in(root, self.source.dialect) < 2;
        let outer = Outer { context, device: &Device::default(), city: None, levels: LEVELS };
        match root {
            Node::Object(entries) => self.record(entries, None, outer),
            Node::List(nodes) => self.list(nodes, None, outer),
            _ => return Err(Fault::NoRecord),
        }
        Ok(())
    }

    /// Reads lines that are a record each. `parse` hands over what a line is; one that is none is skipped.
    pub(super) fn lines(&mut self, text: &str, parse: Parse<'_>) {
        let lines = || text.lines().filter(|line| !line.trim().is_empty());
        let last: Vec<Device> = self.last_device(&mut lines().rev(), parse).into_iter().collect();
        for line in lines() {
            self.piece(line, &last, parse);
        }
    }

    /// Reads pieces of some lines that are a record each, as `lines` does, but for those without a time.
    pub(super) fn pieces(&mut self, pieces: &[&str], parse: Parse<'_>) {
        let punctual = self.punctual(pieces, parse);
        for piece in pieces {
            self.piece(piece, &punctual, parse);
        }
    }

    /// The devices whose newest pieces may be as new as the text, if they do not say when they were written: behind
    /// each no more of the others follow than twice as many as came before it, or than there are devices. One that
    /// has fallen silent is overdue by that.
    fn punctual(&mut self, pieces: &[&str], parse: Parse<'_>) -> Vec<Device> {
        struct Heard {
            device: Device,
            at: usize,
            before: usize,
        }
        if self.source.undated != Undated::LastDevice {
            return Vec::new();
        }
        let mut heard: Vec<Heard> = Vec::new();
        let pieces = &pieces[pieces.len().saturating_sub(PUNCTUAL)..];
        for (at, piece) in pieces.iter().enumerate() {
            let _ = parse(piece, &mut |node| {
                let device = self.device_of(node);
                match heard.iter_mut().find(|heard| heard.device == device) {
                    Some(heard) => (heard.before, heard.at) = (at - heard.at, at),
                    None => heard.push(Heard { device, at, before: 0 }),
                }
            });
        }
        let (last, count) = (pieces.len().saturating_sub(1), heard.len());
        heard.retain(|heard| last - heard.at < count.max(2 * heard.before + 1));
        heard.into_iter().map(|heard| heard.device).collect()
    }

    /// The device of the first piece that is a record, if only that device's records may have no time.
    fn last_device(&mut self, pieces: &mut dyn Iterator<Item = &str>, parse: Parse<'_>) -> Option<Device> {
        if self.source.undated != Undated::LastDevice {
            return None;
        }
        pieces.take(BROKEN_AT_END).find_map(|piece| {
            let mut last = None;
            let _ = parse(piece, &mut |node| last = Some(self.device_of(node)));
            last
        })
    }

    /// Which device a record is from.
    fn device_of(&mut self, node: &Node<'_>) -> Device {
        match node {
            Node::Object(entries) => device(&self.entries(entries, None).0),
            _ => Device::default(),
        }
    }

    /// Reads a piece that is a record.
    ///
    /// Of those without a usable time only those count that have just been written, and in a file that
    /// was there before those of the device that wrote last: the others' may be from any day.
    fn piece(&mut self, piece: &str, last: &[Device], parse: Parse<'_>) {
        let context = Context::of(self.source);
        let parsed = parse(piece, &mut |node| {
            let Node::Object(entries) = node else { return };
            let (mut found, writers) = self.entries(entries, None);
            let device = device(&found);
            self.lone = match self.source.undated {
                Undated::Current => true,
                Undated::LastDevice => last.contains(&device),
                Undated::Refused => false,
            };
            let at = context.at.filter(|_| self.lone);
            self.undated = Dropped::Overtaken;
            let name = (device != Device::default()).then(|| device.to_string());
            let around = name.as_deref().map(|name| Path::key(None, name));
            found.iter_mut().for_each(|entry| entry.key = Path::key(around.as_ref(), entry.key.name()));
            let context = Context { at, ..context };
            let outer = Outer { context, device: &Device::default(), city: None, levels: LEVELS };
            self.found_record(entries, (found, writers), around.as_ref(), outer);
        });
        if let Err(fault) = parsed {
            let configured = !self.dialect().columns.is_empty();
            let why = match fault {
                Fault::Cells { found, names } => Dropped::Cells { found, names, configured },
                Fault::NotJson(_) | Fault::NoRecord | Fault::TooMany => Dropped::BadLine,
            };
            self.dropped(Path::key(None, "a line"), why);
        }
    }

    fn record(&mut self, entries: &[(Cow<'_, str>, Node<'_>)], around: Option<&Path<'_>>, outer: Outer<'_>) {
        let found = self.entries(entries, around);
        self.found_record(entries, found, around, outer);
    }

    fn found_record<'a>(
        &mut self,
        entries: &'a [(Cow<'a, str>, Node<'a>)],
        (found, writers): (Vec<Entry<'a>>, Writers),
        around: Option<&'a Path<'a>>,
        outer: Outer<'_>,
    ) {
        if let Some(writer) = writers.of(entries) {
            self.by_writer(writer, entries, around, outer);
        } else if let Some((columns, rows)) = columns_and_rows(entries) {
            self.table(columns, rows, around, outer);
        } else {
            let understood = ordered(found, around, self.source.dialect);
            self.understood_record(&understood, outer);
        }
    }

    fn understood_record(&mut self, entries: &[Entry<'_>], outer: Outer<'_>) {
        let is_tyre = |entry: &&Entry<'_>| match (entry.meaning, entry.node) {
            (Ok(Meaning::Kind), Node::Text(kind)) => kind.eq_ignore_ascii_case("TPMS"),
            _ => false,
        };
        if let Some(tyre) = entries.iter().find(is_tyre) {
            return self.ignored(tyre.key, Ignored::Tyre);
        }
        let mut context = self.context(entries, outer.context);
        if !entries.iter().any(Entry::says_when) {
            context.at = self.time_beside(entries, context.at);
        }
        self.assumed_units(entries, outer.levels, &mut context.units);
        let mut collected = Collected {
            device: Device::default(),
            station: Station::called(self.name(entries).or_else(|| outer.city.map(str::to_owned))),
            outdoors: Vec::new(),
            objects: 0,
            object: 0,
            air: Vec::new(),
            assumed: Vec::new(),
        };
        self.identify(entries, &mut collected);
        let is_own = collected.device != Device::default();
        if !is_own {
            collected.device = outer.device.clone();
        }
        let levels = outer.levels;
        let holds_records = match self.wrapped(entries, levels) {
            Some(wrapped) => {
                let Collected { device, station, .. } = &collected;
                let outer = Outer { context, device, city: station.city.as_deref(), levels: levels - 1 };
                match entries[wrapped].node {
                    Node::Object(inner) => self.record(inner, Some(&entries[wrapped].key), outer),
                    Node::List(nodes) => self.list(nodes, Some(&entries[wrapped].key), outer),
                    _ => {}
                }
                true
            }
            None => {
                self.readings(entries, context, levels, &mut collected);
                entries.iter().any(Entry::holds_records)
            }
        };
        self.doubt_celsius(entries, &mut collected);
        let Collected { mut station, device, .. } = collected;
        self.doubt_temperatures(entries, &mut station);
        // What only holds records is no place, whatever its name.
        let is_place = station.city.is_some() && !holds_records && context.said.against().is_none();
        if station.newest().is_some() || is_place {
            station.city = station.city.or_else(|| self.source.city.map(str::to_owned));
            station.shrink_to_fit();
            let around = if is_own { outer.device.clone() } else { Device::default() };
            (self.emit)(Record { device, around, station });
        }
    }

    /// Collects which device and which place a record is about.
    fn identify(&mut self, entries: &[Entry<'_>], collected: &mut Collected) {
        let Collected { station, device, .. } = collected;
        let mut topic = None;
        for entry in entries {
            match (entry.meaning, entry.node) {
                (Ok(_), Node::Missing) => {}
                (Ok(Meaning::Aliases), Node::List(names)) => {
                    if names.len() > ALIASES {
                        self.dropped(entry.key, Dropped::Expected("at most 100 names"));
                    }
                    for (index, name) in names.iter().take(ALIASES).enumerate() {
                        station.aliases.extend(self.called(Path::index(Some(&entry.key), index), name));
                    }
                }
                (Ok(Meaning::Aliases), _) => self.dropped(entry.key, Dropped::Expected("a list of names")),
                (Ok(Meaning::Default), Node::Bool(default)) => {
                    station.default = *default;
                    self.setting(entry.key, format_args!("{default}"));
                }
                (Ok(Meaning::Default), _) => self.dropped(entry.key, Dropped::Expected("true or false")),
                (Ok(Meaning::Device(part)), node) => match identity(node) {
                    Some(text) => {
                        self.setting(entry.key, format_args!("\"{text}\""));
                        device.set(part, Some(text));
                    }
                    None => self.dropped(entry.key, Dropped::Expected("a number or a text")),
                },
                (Ok(Meaning::Topic), node) => topic = topic.or(identity(node)),
                (Ok(Meaning::Kind), _) => self.ignored(entry.key, Ignored::Unknown),
                (Ok(Meaning::Stations), Node::List(_)) => {}
                (Ok(Meaning::Stations), _) => self.dropped(entry.key, Dropped::Expected("a list of records")),
                _ => {}
            }
        }
        if *device == Device::default() {
            device.id = topic;
        }
    }

    /// The place of the only entry with weather in it, if the record has none of its own: `{"time": …, "topic":
    /// …, "payload": {…}}`. What stands inside is a record of its own, for which the rest is what stands around.
    fn wrapped(&mut self, entries: &[Entry<'_>], levels: usize) -> Option<usize> {
        if levels == 0 || entries.iter().any(Entry::is_weather) {
            return None;
        }
        let mut found = None;
        for (index, entry) in entries.iter().enumerate() {
            if entry.may_hold_records() && self.holds_weather(entry.node, levels - 1) {
                if found.is_some() {
                    return None;
                }
                found = Some(index);
            }
        }
        found
    }

    /// Whether a value somewhere inside is a measured one.
    fn holds_weather(&mut self, node: &Node<'_>, levels: usize) -> bool {
        match node {
            Node::Object(entries) if self.writer(entries).is_some() => true,
            Node::Object(entries) => entries.iter().any(|(key, node)| match self.known(key).meaning {
                Ok(Meaning::Measured(..)) => true,
                Err(Ignored::Unknown) | Ok(Meaning::Stamp) => {
                    levels > 0 && self.holds_weather(node, levels - 1)
                }
                _ => false,
            }),
            Node::List(nodes) => match pairs(nodes) {
                Some(pairs) => pairs.iter().any(|pair| self.known(pair.name).meaning.is_ok()),
                None => nodes.iter().any(|node| self.holds_weather(node, levels)),
            },
            _ => false,
        }
    }

    /// The best of the record's names.
    fn name(&mut self, entries: &[Entry<'_>]) -> Option<String> {
        let mut names = Vec::new();
        for Entry { key, meaning, node, .. } in entries {
            let Ok(Meaning::Name(naming)) = meaning else { continue };
            if !matches!(node, Node::Object(_) | Node::Missing) {
                names.push((*naming, *key, *node));
            }
        }
        names.sort_by_key(|(naming, ..)| *naming);
        // All names but a city's may be the device's.
        let configured = self.lone && self.source.city.is_some();
        let mut best = None;
        for (naming, key, node) in names {
            if best.is_some() || (configured && naming != Naming::City) {
                self.ignored(key, Ignored::OtherName);
            } else if matches!(node, Node::Text(text) if naming != Naming::City && !self.is_place(text)) {
                self.ignored(key, Ignored::NoPlace);
            } else {
                best = self.called(key, node);
            }
        }
        best
    }

    fn called(&mut self, key: Path<'_>, node: &Node<'_>) -> Option<String> {
        let name = match node {
            Node::Text(name) => one_line(name, WORDS_CHARS),
            _ => None,
        };
        match &name {
            Some(name) => self.setting(key, format_args!("\"{name}\"")),
            None => self.dropped(key, Dropped::Expected("a name")),
        }
        name
    }

    /// What these entries say about each other and about the objects inside.
    fn context(&mut self, entries: &[Entry<'_>], outer: Context) -> Context {
        let said = self.said(entries, outer.said);
        let invalid = outer.invalid || is_invalid(entries);
        Context {
            at: self.time(entries, outer.at),
            units: self.units(entries, outer.units),
            outdoors: outer.outdoors || (said == Said::Outdoors && outer.said != said),
            said,
            invalid,
            rain_minutes: self.rain_minutes(entries).or(outer.rain_minutes),
        }
    }

    /// In how many minutes the rain of an interval fell, if a key says it.
    fn rain_minutes(&mut self, entries: &[Entry<'_>]) -> Option<f64> {
        let (key, minutes) = entries.iter().find_map(|entry| Some((entry.key, entry.rain_minutes()?)))?;
        self.setting(key, format_args!("rain of {minutes} min"));
        Some(minutes)
    }

    /// Takes what the entries and, `levels` deep, the objects inside give.
    fn readings(
        &mut self,
        entries: &[Entry<'_>],
        context: Context,
        levels: usize,
        collected: &mut Collected,
    ) {
        collected.objects += 1;
        let object = collected.objects;
        for entry in entries {
            match (entry.meaning, entry.node) {
                (_, Node::Object(inner)) if entry.holds_keys() => {
                    self.nested(entry, inner, context, levels, collected);
                }
                (_, Node::List(nodes)) if entry.may_hold_records() && entry.holds_records() => {
                    let Some(levels) = levels.checked_sub(1) else {
                        self.ignored(entry.key, Ignored::TooDeep);
                        continue;
                    };
                    match pairs(nodes) {
                        Some(pairs) => {
                            let inner = self.paired(&pairs, Some(&entry.key));
                            let context = self.context(&inner, context);
                            self.readings(&inner, context, levels, collected);
                        }
                        None => {
                            let Collected { device, station, .. } = &*collected;
                            let (device, city) = (device.clone(), station.city.clone());
                            let outer = Outer { context, device: &device, city: city.as_deref(), levels };
                            self.records(nodes, Some(&entry.key), outer);
                        }
                    }
                }
                (Ok(Meaning::Measured(quantity, suffix)), node) => {
                    collected.object = object;
                    if collected.is_other_air(quantity, entries) {
                        self.ignored(entry.key, Ignored::OtherAir);
                    } else {
                        self.measured(entry, quantity, suffix, Given::of(node), context, collected);
                    }
                }
                (Ok(Meaning::AirQuality | Meaning::Precipitation), _)
                    if context.said.against().is_some() || context.invalid => {}
                (Ok(Meaning::AirQuality), node) => {
                    self.text(entry.key, "air quality", node, context.at, &mut collected.station.air_quality);
                }
                (Ok(Meaning::Precipitation), node) => {
                    let slot = &mut collected.station.precipitation;
                    self.text(entry.key, "precipitation", node, context.at, slot);
                }
                (Err(why), _) => self.ignored(entry.key, why),
                (Ok(meaning), _) if levels < LEVELS && meaning.is_of_record() => {
                    self.ignored(entry.key, Ignored::Unknown);
                }
                (Ok(Meaning::Stamp), _) if !entry.says_when() => self.ignored(entry.key, Ignored::Unknown),
                (Ok(_), _) => {}
            }
        }
    }

    fn nested(
        &mut self,
        entry: &Entry<'_>,
        inner: &[(Cow<'_, str>, Node<'_>)],
        context: Context,
        levels: usize,
        collected: &mut Collected,
    ) {
        let units = match entry.meaning {
            Ok(Meaning::Secret | Meaning::Stations) => return,
            Ok(Meaning::Units | Meaning::OtherUnits | Meaning::UnitOf(_) | Meaning::UsUnits) => return,
            Ok(Meaning::Block(system)) => Units::of(system),
            Ok(_) | Err(Ignored::Unknown) => context.units,
            Err(why) => return self.ignored(entry.key, why),
        };
        let Some(levels) = levels.checked_sub(1) else {
            return self.ignored(entry.key, Ignored::TooDeep);
        };
        let inner = self.understood(inner, Some(&entry.key));
        let outdoors = context.outdoors || entry.outdoors;
        let context = self.context(&inner, Context { units, outdoors, ..context });
        self.readings(&inner, context, levels, collected);
    }

    fn measured(
        &mut self,
        entry: &Entry<'_>,
        quantity: Quantity,
        suffix: Option<Unit>,
        given: Given<'_>,
        outer: Context,
        collected: &mut Collected,
    ) {
        let key = entry.key;
        // What fell in a known time is a rate. Amounts are only added up where none can be missing.
        let minutes = outer.rain_minutes.filter(|_| quantity == Quantity::RainInterval);
        let given_as = quantity;
        let quantity = if minutes.is_some() { Quantity::RainRate } else { quantity };
        if collected.station.reading(quantity).is_some() {
            return self.ignored(key, Ignored::Earlier(quantity.name()));
        }
        if outer.outdoors || entry.outdoors {
            collected.outdoors.push(quantity);
        } else if collected.outdoors.contains(&quantity) {
            // What stands beside a failed outdoor sensor is the indoor one.
            return self.ignored(key, Ignored::NotOutdoors(quantity.name()));
        }
        if matches!(given.value, Node::Missing) {
            return;
        }
        let beside = self.understood(given.beside, Some(&key));
        if let Some(why) = self.said(&beside, outer.said).against() {
            return self.ignored(key, why);
        }
        if outer.invalid || is_invalid(&beside) {
            return self.dropped(key, Dropped::Invalid);
        }
        if suffix.is_none() && given.beside.is_empty() && self.has_lost_unit(&key, quantity, given.value) {
            return self.dropped(key, Dropped::LostUnit);
        }
        let at = self.time(&beside, outer.at).ok_or(self.undated);
        let converted = given.converted(given_as, suffix, &beside, &outer.units);
        let converted = converted.and_then(|amount| match minutes {
            Some(minutes) => amount.per_hour(minutes),
            None => Ok(amount),
        });
        match at.and_then(|at| Ok((at, converted?))) {
            Ok((at, Converted { value, unit, assumed })) => {
                collected.station.update(quantity, Reading { value, at });
                collected.air.extend(AIR.contains(&quantity).then_some((quantity, collected.object)));
                let is_usual = assumed && unit == quantity.base_unit();
                collected.assumed.extend(is_usual.then_some(quantity));
                (self.findings)(Finding::Reading { key, quantity, value, unit, assumed, at });
            }
            Err(why) => self.dropped(key, why),
        }
    }

    /// Whether a value names no unit and another one of its key did: a line that was cut. Programs write no unit only
    /// behind a zero.
    fn has_lost_unit(&mut self, key: &Path<'_>, quantity: Quantity, node: &Node<'_>) -> bool {
        let Node::Text(text) = node else { return false };
        let is_bare = text.ends_with(|c: char| c.is_ascii_digit());
        if is_bare && self.with_units.is_empty() {
            return false;
        }
        let path = key.names();
        let is_known = self.with_units.contains(&path);
        if is_bare {
            let is_zero = quantity.base_unit() != Unit::Celsius && text.parse() == Ok(0.0);
            return is_known && !is_zero;
        }
        if !is_known && self.with_units.len() < KNOWN && matches!(number_with_unit(text), Ok((_, Some(_)))) {
            self.with_units.push(path);
        }
        false
    }

    fn text(
        &mut self,
        key: Path<'_>,
        what: &'static str,
        node: &Node<'_>,
        at: Option<Timestamp>,
        slot: &mut Option<Observed<String>>,
    ) {
        if slot.is_some() {
            return self.ignored(key, Ignored::Earlier(what));
        }
        if matches!(node, Node::Missing) {
            return;
        }
        let Some(at) = at else { return self.dropped(key, self.undated) };
        let text = match node {
            // An amount or an index of unknown kind is no description.
            Node::Text(text) if number_with_unit(text).is_err() => one_line(text, WORDS_CHARS),
            _ => None,
        };
        match text.filter(|text| !is_missing(text)) {
            Some(text) => {
                (self.findings)(Finding::Text { key, text: &text, at });
                *slot = Some(Observed { value: text, at });
            }
            None => self.dropped(key, Dropped::Expected("words")),
        }
    }

    /// The entries in the order in which their values count.
    fn understood<'a>(
        &mut self,
        entries: &'a [(Cow<'a, str>, Node<'a>)],
        around: Option<&'a Path<'a>>,
    ) -> Vec<Entry<'a>> {
        let (entries, _) = self.entries(entries, around);
        ordered(entries, around, self.source.dialect)
    }

    /// The entries in the order of the text, and the writers whose records have such keys.
    fn entries<'a>(
        &mut self,
        entries: &'a [(Cow<'a, str>, Node<'a>)],
        around: Option<&'a Path<'a>>,
    ) -> (Vec<Entry<'a>>, Writers) {
        let mut writers = Writers::default();
        let entry = |(key, node): &'a (Cow<'a, str>, Node<'a>)| {
            let known = self.known(key);
            writers = writers.and(known.writers);
            Entry::new(Path::key(around, key), known, node)
        };
        (entries.iter().map(entry).collect(), writers)
    }

    /// A value, and what its key says.
    fn entry<'a>(&mut self, key: Path<'a>, name: &str, node: &'a Node<'a>) -> Entry<'a> {
        Entry::new(key, self.known(name), node)
    }

    fn known(&mut self, key: &str) -> Known {
        if let Some(known) = self.known.get(key) {
            return *known;
        }
        let name = self.source.dialect.known(key);
        let is_renamed = name != key;
        let meaning =
            if is_renamed && name.is_empty() { Err(Ignored::LeftOut) } else { self.meaning(key, name) };
        let (outdoors, telling, writers) = (says_outdoors(name), telling(name), Writers::begun_by(key));
        let known = Known { meaning, outdoors, writers, telling, is_renamed };
        if known.meaning != Ok(Meaning::Secret) {
            (self.findings)(Finding::Key { name: key });
        }
        if self.known.len() < KNOWN {
            self.known.insert(key.to_owned(), known);
        }
        known
    }

    /// What a key is about that stands for the known key `name`, if the configuration says so. The unit in it counts,
    /// too: `"Temp, (*F)" = "temperature"`, and `t_roof_unit` beside `t_roof`.
    fn meaning(&self, key: &str, name: &str) -> Result<Meaning, Ignored> {
        match meaning(name) {
            Ok(Meaning::Measured(quantity, None)) if name != key => {
                Ok(Meaning::Measured(quantity, own_unit(key, quantity)))
            }
            Ok(Meaning::OtherUnits) => {
                let stem = unit_stem(key).map(|stem| self.source.dialect.known(stem));
                match stem.map(meaning) {
                    Some(Ok(Meaning::Measured(quantity, _))) => Ok(Meaning::UnitOf(quantity)),
                    _ => Ok(Meaning::OtherUnits),
                }
            }
            other => other,
        }
    }

    fn setting(&mut self, key: Path<'_>, value: fmt::Arguments<'_>) {
        (self.findings)(Finding::Setting { key, value });
    }

    pub(super) fn ignored(&mut self, key: Path<'_>, why: Ignored) {
        (self.findings)(Finding::Ignored { key, why });
    }

    pub(super) fn dropped(&mut self, key: Path<'_>, why: Dropped) {
        (self.findings)(Finding::Dropped { key, why });
    }
}

/// The value of a measured key: a number or text, alone or as the `value` of an object that may
/// name its unit and time beside it.
struct Given<'a> {
    value: &'a Node<'a>,
    beside: &'a [(Cow<'a, str>, Node<'a>)],
}

impl<'a> Given<'a> {
    fn of(node: &'a Node<'a>) -> Given<'a> {
        let beside = match node {
            Node::Object(entries) => entries.as_slice(),
            _ => &[],
        };
        Given { value: value_in(beside).unwrap_or(node), beside }
    }

    /// The unit nearest to the number counts: in its text, beside it, in the key, of the record.
    fn converted(
        &self,
        quantity: Quantity,
        suffix: Option<Unit>,
        beside: &[Entry<'_>],
        units: &Units,
    ) -> Result<Converted, Dropped> {
        let named = beside.iter().find_map(|entry| match (entry.meaning, entry.node) {
            (Ok(Meaning::Units | Meaning::UnitOf(_)), node) => Some(unit_named_by(node)),
            _ => None,
        });
        let outer = named.transpose()?.flatten().or(suffix);
        match (quantity, number(self.value), self.value) {
            (_, Ok((number, unit)), _) => convert(quantity, number, unit.or(outer), units),
            (Quantity::WindDirection, Err(Dropped::NoNumber), Node::Text(point)) => {
                let degrees =
                    compass_degrees(point).ok_or(Dropped::Expected("degrees or a compass point"))?;
                convert(quantity, degrees, Some(Unit::Degree), units)
            }
            (_, Err(why), _) => Err(why),
        }
    }
}

/// Which device an object is from.
fn device(entries: &[Entry<'_>]) -> Device {
    let mut device = Device::default();
    let mut topic = None;
    for entry in entries {
        match entry.meaning {
            Ok(Meaning::Device(part)) => device.set(part, identity(entry.node)),
            Ok(Meaning::Topic) => topic = identity(entry.node),
            _ => {}
        }
    }
    if device == Device::default() {
        device.id = topic;
    }
    device
}

fn holds_objects(nodes: &[Node<'_>]) -> bool {
    nodes.iter().any(|node| matches!(node, Node::Object(_)))
}

/// The entries of one object in the order in which their values count.
fn ordered<'a>(mut entries: Vec<Entry<'a>>, around: Option<&Path<'_>>, dialect: &Dialect) -> Vec<Entry<'a>> {
    // Open-Meteo's `rain` is what fell in some minutes, Pimoroni Enviro's since its last reading or in an hour: these
    // rise and fall, unlike a counter.
    let is_of_some_time = around.is_some_and(|around| around.is_key("readings") || around.is_key("current"))
        || entries.iter().any(|entry| entry.key.is_key("rain_per_second"));
    let is_upload = entries.iter().any(|entry| entry.key.is_key("stationtype"));
    if is_of_some_time && dialect.known("rain") == "rain" {
        for entry in entries.iter_mut().filter(|entry| entry.key.is_key("rain")) {
            entry.meaning = Err(Ignored::NoCounter);
        }
    }
    if entries.iter().any(|entry| entry.meaning == Ok(Meaning::UsUnits)) {
        mark_rain_of_weewx(&mut entries);
    }
    // rtl_433 names the model, and its `rain_mm` counts since the battery was inserted.
    if entries.iter().any(|entry| entry.key.is_key("model")) {
        for entry in &mut entries {
            if let Ok(Meaning::Measured(Quantity::Rain, Some(unit))) = entry.meaning {
                entry.meaning = Ok(Meaning::Measured(Quantity::RainCounter, Some(unit)));
            }
        }
    }
    // Where Ecowitt and Ambient Weather send their `stationtype`, `uv` is the index, unlike rtl_433's.
    if is_upload {
        for entry in entries.iter_mut().filter(|entry| entry.meaning == Err(Ignored::RawUv)) {
            entry.meaning = Ok(Meaning::Measured(Quantity::UvIndex, None));
        }
    }
    mark_own_temperature(&mut entries);
    entries
        .sort_by_cached_key(|entry| (!entry.outdoors && !mentions_outdoors(entry.node), entry.holds_keys()));
    entries
}

/// Of weewx, `rain` is what fell since its last packet. The rows of its archive say in how many minutes. Its extension
/// for MQTT adds the units to the names.
fn mark_rain_of_weewx(entries: &mut [Entry<'_>]) {
    let rain = entries.iter().position(|entry| {
        let is_it = ["rain", "rain_in", "rain_cm", "rain_mm"].iter().any(|name| entry.key.is_key(name));
        is_it && !entry.is_renamed
    });
    let Some(rain) = rain else { return };
    let is_interval = |entry: &&mut Entry<'_>| {
        (entry.key.is_key("interval") || entry.key.is_key("interval_minute")) && !entry.is_renamed
    };
    let minutes = entries.iter_mut().find(is_interval).and_then(|entry| {
        entry.meaning = Ok(Meaning::RainMinutes(1.0));
        entry.rain_minutes()
    });
    entries[rain].meaning = match (entries[rain].meaning, minutes) {
        (Ok(Meaning::Measured(_, unit)), Some(_)) => Ok(Meaning::Measured(Quantity::RainInterval, unit)),
        _ => Err(Ignored::NoCounter),
    };
}

impl<'a> Entry<'a> {
    fn new(key: Path<'a>, known: Known, node: &'a Node<'a>) -> Entry<'a> {
        let Known { meaning, outdoors, telling, is_renamed, .. } = known;
        Entry { key, meaning, outdoors, telling, is_renamed, node }
    }

    /// In how many minutes the rain of an interval fell.
    fn rain_minutes(&self) -> Option<f64> {
        match self.meaning {
            Ok(Meaning::RainMinutes(each)) => {
                let (number, _) = number(self.node).ok()?;
                Some(number * each).filter(|minutes| (0.01..=1440.0).contains(minutes))
            }
            _ => None,
        }
    }

    /// Whether it is a value of the weather.
    fn is_weather(&self) -> bool {
        matches!(self.meaning, Ok(Meaning::Measured(..) | Meaning::AirQuality | Meaning::Precipitation))
            && !self.holds_keys()
            && !matches!(self.node, Node::Missing | Node::Null)
    }

    /// Whether records may stand inside: its key says nothing of another kind.
    fn may_hold_records(&self) -> bool {
        matches!(
            self.meaning,
            Ok(Meaning::Stations | Meaning::Name(_) | Meaning::Stamp) | Err(Ignored::Unknown)
        )
    }

    /// Whether it is a list of objects.
    fn holds_records(&self) -> bool {
        match self.node {
            Node::List(nodes) => holds_objects(nodes),
            _ => false,
        }
    }

    /// Whether it is an object with further keys, not one that only says more of its own value.
    fn holds_keys(&self) -> bool {
        match (self.meaning, self.node) {
            (Ok(Meaning::Measured(..)), Node::Object(entries)) => value_in(entries).is_none(),
            (_, node) => matches!(node, Node::Object(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::tests::{WRITTEN, at, check_mutated, stations};
    use crate::format::{Error, named};
    use crate::reading::Quantity::*;

    fn read(
        text: &[u8],
        source: &Source<'_>,
        record: &mut dyn FnMut(Finding<'_>),
    ) -> Result<Vec<Station>, Error> {
        stations(named("json").expect("a format"), text, source, record)
    }

    /// What `text` gives without a configured city, and its findings that are no readings.
    #[track_caller]
    pub(super) fn read_all(text: &[u8]) -> (Vec<Station>, Vec<String>) {
        read_for(None, text)
    }

    #[track_caller]
    fn read_for(city: Option<&str>, text: &[u8]) -> (Vec<Station>, Vec<String>) {
        let mut findings = Vec::new();
        let mut record = |finding: Finding<'_>| match finding {
            Finding::Reading { .. }
            | Finding::Text { .. }
            | Finding::Time { .. }
            | Finding::Setting { .. }
            | Finding::Key { .. } => {}
            Finding::Ignored { key, why } => findings.push(format!("{key}: {why}")),
            Finding::Dropped { key, why } => findings.push(format!("{key}: {why}")),
        };
        let stations = read(text, &Source::new(city, at(WRITTEN)), &mut record).expect("readable");
        (stations, findings)
    }

    #[track_caller]
    fn only(stations: &[Station]) -> &Station {
        assert_eq!(stations.len(), 1, "{stations:?}");
        &stations[0]
    }

    /// The rounded readings of the only station of `text`.
    #[track_caller]
    pub(super) fn check(text: &str, expected: &[(Quantity, f64)]) -> Vec<String> {
        let (stations, findings) = read_all(text.as_bytes());
        let station = stations.first().cloned().unwrap_or_default();
        assert!(stations.len() <= 1, "{stations:?}");
        let found: Vec<(Quantity, f64)> = Quantity::ALL
            .iter()
            .filter_map(|quantity| {
                Some((*quantity, (station.reading(*quantity)?.value * 100.0).round() / 100.0))
            })
            .collect();
        assert_eq!(found, expected, "{text}: {findings:?}");
        findings
    }

    #[test]
    fn a_script_of_ones_own() {
        let (stations, findings) = read_all(
            r#"{"city": "London", "aliases": ["Londres", "LDN"], "default": true, "time": "2025-03-02T22:26:03Z",
                "temperature": 10, "humidity": 81, "wind_speed": "8 km/h", "wind_direction": "ENE",
                "air_quality": "Poor", "precipitation": "None"}"#
                .as_bytes(),
        );
        assert_eq!(findings, [""; 0]);
        let london = only(&stations);
        assert_eq!(london.city.as_deref(), Some("London"));
        assert_eq!(london.aliases, ["Londres", "LDN"]);
        assert!(london.default);
        assert_eq!(london.newest(), Some(at("2025-03-02T22:26:03Z")));
        assert_eq!(london.reading(WindDirection).map(|reading| reading.value), Some(67.5));
        assert_eq!(london.air_quality.as_ref().map(|text| text.value.as_str()), Some("Poor"));
        assert_eq!(london.precipitation.as_ref().map(|text| text.value.as_str()), Some("None"));
    }

    #[test]
    fn the_shapes_of_the_tools() {
        // rtl_433: the suffix is the unit, one line mixes them.
        check(
            r#"{"time": "2025-03-02 22:26:03", "model": "Acurite-5n1", "id": 839, "wind_avg_km_h": 4.32, "rain_in": 0.5}"#,
            &[(WindSpeed, 1.2), (RainCounter, 12.7)],
        );
        check(
            r#"{"model": "Atlas", "wind_avg_mi_h": 10, "temperature_F": 50, "humidity": 56, "uvi": 0, "lux": 4}"#,
            &[(Temperature, 10.0), (Humidity, 56.0), (WindSpeed, 4.47), (UvIndex, 0.0), (Illuminance, 4.0)],
        );
        check(
            r#"{"model": "Bresser", "wind_gust": 2.4, "wind_speed": 2, "wind_dir_deg": 292.5}"#,
            &[(WindSpeed, 2.0), (WindGust, 2.4), (WindDirection, 292.5)],
        );
        check(
            r#"{"model": "WH0290", "pm2_5_ug_m3": 10, "estimated_pm10_0_ug_m3": 11, "PM1.0": 4}"#,
            &[(Pm25, 10.0)],
        );
        // Tasmota: units are siblings of the sensors.
        check(
            r#"{"BME280": {"Temperature": 21.5, "Pressure": 741.3}, "PressureUnit": "mmHg", "TempUnit": "C"}"#,
            &[(Temperature, 21.5), (StationPressure, 988.32)],
        );
        let findings = check(
            r#"{"StatusSNS": {"DHT11": {"Temperature": 78.8, "Humidity": 27}, "SHT3X": {"Temperature": 74.8},
                "ESP32": {"Temperature": 120}, "TempUnit": "F"}}"#,
            &[(Temperature, 26.0), (Humidity, 27.0)],
        );
        assert_eq!(
            findings,
            [
                "StatusSNS.SHT3X.Temperature: another key of this record gives the temperature",
                "StatusSNS.ESP32: measured in a machine, not in the air",
            ]
        );
        // Ecowitt: everything is a text, imperial by its names.
        check(
            r#"{"dateutc": "2025-03-02 22:20:00", "tempinf": "79.5", "baromrelin": "29.92", "tempf": "50.0",
                "windgustmph": "10", "rainratein": "0.1", "dailyrainin": "1", "humidity": "-9999", "uv": "2"}"#,
            &[
                (Temperature, 10.0),
                (SeaLevelPressure, 1013.21),
                (WindGust, 4.47),
                (RainRate, 2.54),
                (RainToday, 25.4),
            ],
        );
        check(
            r#"{"nickname": "shed", "readings": {"temperature": 27.5, "pressure": 996.2, "light": 0.4}}"#,
            &[(Temperature, 27.5), (StationPressure, 996.2)],
        );
        // weewx, by three of its extensions.
        check(
            r#"{"current.outTemp": "50.0°F", "day.outTemp.max": "85.1°F", "current.barometer": "29.92 inHg"}"#,
            &[(Temperature, 10.0), (SeaLevelPressure, 1013.21)],
        );
        check(
            r#"{"outTemp": {"value": 50, "units": "°F"}, "windSpeed": {"value": 3.6, "unit": "km/h"}}"#,
            &[(Temperature, 10.0), (WindSpeed, 1.0)],
        );
        check(
            r#"{"observations": [{"humidity": 64, "imperial": {"temp": 50, "windSpeed": 10, "pressure": 29.92,
                "precipRate": 1, "precipTotal": 2}}]}"#,
            &[
                (Temperature, 10.0),
                (Humidity, 64.0),
                (StationPressure, 1013.21),
                (WindSpeed, 4.47),
                (RainRate, 25.4),
                (RainToday, 50.8),
            ],
        );
        check(r#"{"metric": {"temp": 10, "windSpeed": 3.6}}"#, &[(Temperature, 10.0), (WindSpeed, 1.0)]);
        // What fell in some minutes or in an hour is no counter.
        for text in [
            r#"{"nickname": "shed", "readings": {"temp": 10, "rain": 0.3}}"#,
            r#"{"temp": 10, "rain": 0.3, "rain_per_second": 0.001}"#,
            r#"{"temp": 10, "rain": 0.3, "usUnits": 17}"#,
            r#"{"current": {"temp": 10, "rain": 0.3}}"#,
            r#"{"current.outTemp": 10, "current.rain": "0.3 mm"}"#,
        ] {
            let findings = check(text, &[(Temperature, 10.0)]);
            assert!(findings[0].ends_with("rain: rain of some time here, not a counter"), "{findings:?}");
        }
        check(r#"{"temp": 10, "rain": 90.3}"#, &[(Temperature, 10.0), (Rain, 90.3)]);
    }

    #[test]
    fn what_is_not_outdoors_now_is_ignored() {
        let findings = check(
            r#"{"indoor": {"temperature": 21}, "temperature_in": 20, "inside_temp": 22, "max": {"temperature": 30},
                "a": {"b": {"c": {"d": {"e": {"temperature": 9}}}}}, "temperature": {"min": 1, "max": 9}}"#,
            &[],
        );
        assert_eq!(
            findings,
            [
                "temperature_in: ends like in, which does not fit its name",
                "inside_temp: measured indoors",
                "indoor: measured indoors",
                "max: not a current observation",
                "a.b.c.d.e: nested more than 4 levels deep",
                "temperature.min: not a current observation",
                "temperature.max: not a current observation",
            ]
        );
        for other in
            ["forecast1", "nextHour", "last_24h", "cpu_thermal", "ESP8266", "pool", "living_room", "in"]
        {
            check(&format!(r#"{{"{other}": {{"temperature": 21}}}}"#), &[]);
            check(&format!(r#"{{"a": {{"{other}": {{"temperature": 21}}}}}}"#), &[]);
            check(&format!(r#"{{"{other}_temperature": 21}}"#), &[]);
        }
        let findings = check(r#"[{"type": "TPMS", "pressure_kPa": 101.3, "temperature_C": 20}, 7]"#, &[]);
        assert_eq!(findings, ["[0].type: a tyre (\"type\": \"TPMS\")", "[1]: not an object"]);
    }

    #[test]
    fn what_says_outdoors_counts_before_what_does_not() {
        check(r#"{"temperature": 21, "outdoor_temperature": 5}"#, &[(Temperature, 5.0)]);
        check(r#"{"temp": 21, "outTemp": 5, "inTemp": 21.2}"#, &[(Temperature, 5.0)]);
        check(
            r#"{"humidity": 40, "outHumidity": 90, "outTemp": 5}"#,
            &[(Temperature, 5.0), (Humidity, 90.0)],
        );
        check(
            r#"{"in": {"temperature": 21, "humidity": 40}, "out": {"temperature": 5}}"#,
            &[(Temperature, 5.0)],
        );
        check(r#"{"kitchen": {"temperature": 21}, "outdoor": {"temperature": 5}}"#, &[(Temperature, 5.0)]);
        check(r#"{"BME280": {"temperature": 21}, "garden": {"temperature": 5}}"#, &[(Temperature, 5.0)]);
        check(r#"{"BME280": {"temperature": 21}, "station": {"outTemp": 5}}"#, &[(Temperature, 5.0)]);
        check(r#"{"temperature": 21, "outside": {"sensor": {"temperature": 5}}}"#, &[(Temperature, 5.0)]);
        check(r#"{"outTemp": null, "out": {"temperature": 5}, "temp": 21}"#, &[(Temperature, 5.0)]);
        // The other sensor is indoors as before when the outdoor one has failed.
        let findings =
            check(r#"{"temperature": 21, "out": {"temperature": null}, "humidity": 5}"#, &[(Humidity, 5.0)]);
        assert_eq!(
            findings,
            [
                "out.temperature: not a number",
                "temperature: another key of this record is the outdoor temperature",
            ]
        );
    }

    #[test]
    fn values_that_cannot_be_are_dropped_and_told() {
        #[track_caller]
        fn check_dropped(value: &str, why: &str) {
            let findings =
                check(&format!(r#"{{"humidity": 50, "temperature": {value}}}"#), &[(Humidity, 50.0)]);
            assert_eq!(findings, [format!("temperature: {why}")], "{value}");
        }
        check_dropped("-9999", "-9999.0 °C is outside -60 to 60 °C");
        check_dropped("60.01", "60.01 °C is outside -60 to 60 °C");
        check_dropped("1e300", "1.0e300 °C is outside -60 to 60 °C");
        check_dropped("\"1e308 °F\"", "5.6e307 °C is outside -60 to 60 °C");
        check_dropped("1e999", "not a number");
        check_dropped("NaN", "not a number");
        check_dropped("-Infinity", "not a number");
        check_dropped("null", "not a number");
        check_dropped("true", "not a number");
        check_dropped("[1, 2]", "not a number");
        check_dropped("{\"value\": null}", "not a number");
        check_dropped("\"--\"", "not a number");
        check_dropped("\"NaN\"", "not a number");
        check_dropped("\"\"", "not a number");
        check_dropped("\"12 apples\"", "the unit is not known");
        check_dropped("\"12 hPa\"", "hPa is a unit of something else");
        for (text, expected) in [
            (r#"{"rh": 103.04}"#, "rh: 103.04 % is outside 1 to 103 %"),
            (r#"{"uvi": 16.5}"#, "uvi: 16.5 is outside 0 to 16"),
            (r#"{"wind_speed": -0.04}"#, "wind_speed: -0.04 m/s is outside 0 to 75 m/s"),
            (r#"{"wind_speed": -0.00000123}"#, "wind_speed: -1.23e-6 m/s is outside 0 to 75 m/s"),
            (r#"{"temp": 60.0000001}"#, "temp: 6.00000001e1 °C is outside -60 to 60 °C"),
        ] {
            assert_eq!(check(text, &[]), [expected]);
        }
        // Another sensor of the same record steps in.
        check(r#"{"a": {"temperature": null}, "b": {"temperature": 4}}"#, &[(Temperature, 4.0)]);
        check(r#"{"humidity": 102, "wind_dir": "calm"}"#, &[(Humidity, 100.0)]);
        check(r#"{"temperature": 4, "temperature": 5}"#, &[(Temperature, 4.0)]);
        check(r#"{"a": {"temperature": 4}, "temperature": 5}"#, &[(Temperature, 5.0)]);
        // Not within a text, and not what only looks like it.
        let (stations, _) = read_all(r#"{"city": "\"NaN\", 1e999 \\", "temp": NaN, "rh": 5}"#.as_bytes());
        assert_eq!(stations[0].city.as_deref(), Some(r#""NaN", 1e999 \"#));
    }

    #[test]
    fn every_known_key_is_told() {
        let mut found = Vec::new();
        let text = r#"{"time": "?", "ts": 1740949200, "timestamp": 5, "city": "Bonn", "name": "BME280", "default": true,
            "aliases": ["A", 7], "units": "metric", "TempUnit": "F", "wind_unit": null, "usUnits": 17, "type": "x",
            "current_units": {"rain": "in"}}"#;
        let source = Source::new(None, at(WRITTEN));
        let stations = read(text.as_bytes(), &source, &mut |finding| {
            found.push(match finding {
                Finding::Key { .. } => return,
                Finding::Time { key, at } => format!("{key}: {}", at.age(source.modified).as_secs()),
                Finding::Setting { key, value } => format!("{key}: {value}"),
                Finding::Ignored { key, why } => format!("ignored {key}: {why}"),
                Finding::Dropped { key, why } => format!("dropped {key}: {why}"),
                other => format!("{other:?}"),
            });
        });
        assert_eq!(stations.expect("readable").len(), 1);
        assert_eq!(
            found,
            [
                "dropped time: not a time that can be read, so nothing of the record is current; `time_format` says how to read it",
                "ts: 5400",
                "ignored timestamp: another key of this record gives the time",
                "units: °C, hPa, mm; km/h or m/s",
                "TempUnit: °F",
                "wind_unit: none",
                "usUnits: °C, hPa, m/s, mm",
                "current_units.rain: in",
                "city: \"Bonn\"",
                "ignored name: this record has another name",
                "default: true",
                "aliases[0]: \"A\"",
                "dropped aliases[1]: expected a name",
                "ignored type: not a known key",
            ]
        );
    }

    #[test]
    fn a_number_that_has_lost_its_unit_is_left_out() {
        #[track_caller]
        fn check_last(first: &str, second: &str, expected: f64) {
            let rows = format!(r#"[{{"ts": 1740954000, {first}}}, {{"ts": 1740954060, {second}}}]"#);
            let (stations, findings) = read_all(rows.as_bytes());
            let found = only(&stations).reading(Temperature).expect("a temperature").value;
            assert_eq!(found.round(), expected, "{rows}: {findings:?}");
        }
        check_last(r#""temp": "50 °F""#, r#""temp": "41 °F""#, 5.0);
        check_last(r#""temp": "50 °F""#, r#""temp": "41""#, 10.0);
        // What is a number says that it has none, and another key is another thing.
        check_last(r#""temp": "50 °F""#, r#""temp": 4"#, 4.0);
        check_last(r#""temp": "50 °F""#, r#""outTemp": "4""#, 4.0);
        check_last(r#""temp": "50""#, r#""temp": "4""#, 4.0);
    }

    #[test]
    fn words_are_words_on_one_line() {
        #[track_caller]
        fn check_words(value: &str, expected: Option<&str>) {
            let (stations, findings) =
                read_all(format!(r#"{{"rh": 50, "precipitation": {value}}}"#).as_bytes());
            let text = stations[0].precipitation.as_ref().map(|text| text.value.as_str());
            assert_eq!(text, expected, "{value}");
            assert_eq!(findings.is_empty(), expected.is_some(), "{findings:?}");
        }
        check_words("\"Light rain\"", Some("Light rain"));
        check_words("\"2 showers\"", Some("2 showers"));
        check_words("\" None\\r\\n\"", Some("None"));
        check_words("\"a\\n\\u2028b\\u0007\"", Some("a  b"));
        check_words(&format!("\"{}\"", "é".repeat(500)), Some(&"é".repeat(100)));
        for none in ["\"\"", "\" \\n\"", "\"--\"", "\"unknown\"", "null", "0.2", "\"0.2 mm\"", "\"7\""] {
            check_words(none, None);
        }
    }

    #[test]
    fn records_of_one_place_are_merged() {
        let history = r#"[{"city": "Köln", "ts": 2000, "temp": 2, "aliases": ["Cologne"]},
            {"city": "KÖLN ", "ts": 3000, "rh": 70, "precipitation": "Snow", "aliases": ["Cologne", "Colonia"]},
            {"city": "köln", "ts": 1000, "temp": 1, "rh": 60, "precipitation": "Dry", "default": true}]"#;
        let (stations, _) = read_all(history.as_bytes());
        let cologne = only(&stations);
        assert_eq!(cologne.city.as_deref(), Some("Köln"));
        assert_eq!(cologne.aliases, ["Cologne", "Colonia"]);
        assert!(cologne.default);
        assert_eq!(cologne.reading(Temperature).map(|reading| reading.value), Some(2.0));
        assert_eq!(cologne.reading(Humidity).map(|reading| reading.value), Some(70.0));
        assert_eq!(cologne.precipitation.as_ref().map(|text| text.value.as_str()), Some("Snow"));
    }

    #[test]
    fn a_record_is_called_by_its_best_name() {
        #[track_caller]
        fn check(city: Option<&str>, text: &str, expected: &[Option<&str>]) {
            let (stations, _) = read_for(city, text.as_bytes());
            let names: Vec<Option<&str>> = stations.iter().map(|station| station.city.as_deref()).collect();
            assert_eq!(names, expected, "{text}");
        }
        check(None, r#"{"temp": 1}"#, &[None]);
        check(None, r#"[{"temp": 1}, {"rh": 5}, {"foo": 5}]"#, &[None]);
        check(Some("London"), r#"[{"temp": 1}, {"city": "london", "rh": 5}]"#, &[Some("London")]);
        check(Some("London"), r#"[{"city": "Bonn", "rh": 5}, {"temp": 1}]"#, &[Some("Bonn"), Some("London")]);
        check(None, r#"{"name": "BME280", "city": "Bonn", "temp": 1}"#, &[Some("Bonn")]);
        check(None, r#"{"nickname": "shed", "temp": 1}"#, &[Some("shed")]);
        check(None, r#"{"location": "Bonn", "nickname": "shed", "temp": 1}"#, &[Some("Bonn")]);
        check(Some("London"), r#"{"location": "Bonn", "temp": 1}"#, &[Some("London")]);
        for device in ["name", "station", "nickname"] {
            check(Some("London"), &format!(r#"{{"{device}": "BME280", "temp": 1}}"#), &[Some("London")]);
            check(Some("London"), &format!(r#"[{{"{device}": "BME280", "temp": 1}}]"#), &[Some("London")]);
        }
        check(Some("London"), r#"{"city": "Bonn", "name": "BME280", "temp": 1}"#, &[Some("Bonn")]);
        check(
            Some("London"),
            r#"[{"name": "A", "rh": 1}, {"nickname": "B", "rh": 1}]"#,
            &[Some("A"), Some("B")],
        );
        check(None, r#"{"station": "A\nB\u0000", "temp": 1}"#, &[Some("A B")]);
        check(None, r#"{"city": " ", "station": 7, "temp": 1}"#, &[None]);
        check(
            None,
            r#"{"name": "mine", "stations": [{"city": "Bonn"}, {"name": "Ulm"}]}"#,
            &[Some("Bonn"), Some("Ulm")],
        );
        check(None, r#"{"sensor": {"name": "shed", "temp": 1}}"#, &[Some("shed")]);
        check(None, "[]", &[]);
        check(None, "{}", &[]);
    }

    #[test]
    fn no_value_of_an_ignored_key_is_told() {
        let text = r#"{"PASSKEY": "0123SECRET", "passkey": {"a": "SECRET"}, "token": "SECRET", "temp": "SECRET",
            "time": "SECRET", "type": "SECRET", "TempUnit": "SECRET", "wind_dir": "SECRET"}"#;
        let mut found = String::new();
        let source = Source::new(None, at(WRITTEN));
        let stations = read(text.as_bytes(), &source, &mut |finding| {
            found += &match finding {
                Finding::Ignored { key, why } => format!("{key}: {why}\n"),
                Finding::Dropped { key, why } => format!("{key}: {why}\n"),
                other => format!("{other:?}\n"),
            }
        });
        assert!(stations.is_ok_and(|stations| stations.is_empty()));
        assert!(found.contains("token: not a known key"), "{found}");
        assert!(!found.contains("SECRET") && !found.to_lowercase().contains("passkey"), "{found}");
    }

    #[test]
    fn a_text_that_is_no_json_says_where() {
        #[track_caller]
        fn check(text: &[u8], expected: &str) {
            let source = Source::new(None, at(WRITTEN));
            let error = read(text, &source, &mut |_| {}).expect_err("an error").to_string();
            assert_eq!(error, expected);
        }
        check(b"", "empty, expected a JSON object or a list of them");
        check(b"\xef\xbb\xbf \r\n", "empty, expected a JSON object or a list of them");
        check(b"\xff\xfe{\0", "not JSON: EOF while parsing an object at line 1 column 1");
        check(b"{\"a\": 1", "not JSON: EOF while parsing an object at line 1 column 7");
        check(b"{\"a\": NaN,\n \"b\" 1}", "not JSON: expected `:` at line 2 column 6");
        check(b"{\"a\": 1}\n{\"a\": 2}", "not JSON: trailing characters at line 2 column 1");
        check(
            b"\0\0\0\0",
            "not in the format json: it holds bytes that are no text; let the program write lines such as \
             `time,temperature`",
        );
        check(b"12", "no record in it, expected a JSON object or a list of them");
        check(&vec![b'['; 256 << 10], "not JSON: recursion limit exceeded at line 1 column 128");
        check(
            "{\"a\":".repeat(100_000).as_bytes(),
            "not JSON: recursion limit exceeded at line 1 column 636",
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_error() {
        check("\u{feff}{\"temp\": 4}", &[(Temperature, 4.0)]);
    }

    /// Whatever becomes of a text, no value that cannot be comes out of it.
    #[test]
    fn mutated_texts_give_believable_values_or_none() {
        const TEXTS: [&str; 4] = [
            r#"{"city":"Köln","aliases":["C"],"time":"2025-03-02 22:26:03","temp":"79.2°F","wind_dir":"ENE","rh":66}"#,
            r#"{"stations":[{"name":"A","pm2_5":1e2,"rain_in":0.5},{"precipitation":"Light \"rain\"","ts":1}]}"#,
            r#"[{"imperial":{"temp":50,"pressure":29.9},"BME280":{"Temperature":NaN},"TempUnit":"F"},{"usUnits":16}]"#,
            r#"{"outTemp":{"value":-9999,"units":"°F"},"dateutc":"2025-03-02 22:20:00","current.windSpeed":"8 mph"}"#,
        ];
        check_mutated(
            named("json").expect("a format"),
            &TEXTS,
            &["{", "}", "[", "]", "\"", "\\", ",", "1e999", "-9", "null", "\"value\":"],
        );
    }
}
