//! How the texts of a source are read, whatever brings them: the format, the devices that are
//! selected, the offsets.

use std::collections::BTreeMap;

use super::findings::Findings;
use super::seen::Error;
use crate::format::{self, Dialect, Finding, Format, Ignored, Record, Undated, kernel};
use crate::reading::{Device, Quantity, Reading, Station};
use crate::time::Timestamp;
use crate::weather;

/// What is read of a text, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// How it is written; `None` if that is to be detected.
    pub format: Option<&'static Format>,
    /// Only records of devices with these parts are kept.
    pub select: Device,
    /// Names, columns and the zone of its own.
    pub dialect: Dialect,
    /// What is added to each reading, in base units, for sensors that are wrong by so much.
    pub offsets: Offsets,
}

impl Options {
    /// As the tools write.
    pub const USUAL: Options = Options {
        format: None,
        select: Device { model: None, id: None, channel: None },
        dialect: Dialect::USUAL,
        offsets: Offsets::new(),
    };
}

/// What is added to the readings of a quantity, in thousandths of its base unit.
pub type Offsets = BTreeMap<Quantity, i64>;

/// Reads the texts of a source.
#[derive(Clone, Copy)]
pub(super) struct Texts<'t> {
    pub(super) options: &'t Options,
    /// The configured place of all records.
    pub(super) station: Option<&'t str>,
    /// The place of records that name none.
    pub(super) city: Option<&'t str>,
    /// Why the name of the file, which the configuration does not name, says that it is not outdoors.
    pub(super) elsewhere: Option<Ignored>,
    /// Whether records are wanted wherever their sensors stand.
    pub(super) anywhere: bool,
    /// Whether all records are wanted, and not those of the last day only: the time of those that say none.
    pub(super) of_all: Option<Timestamp>,
}

/// When a text was written.
#[derive(Clone, Copy)]
pub(super) struct Moment {
    /// The time of records without one.
    pub(super) modified: Timestamp,
    /// What becomes of these.
    pub(super) undated: Undated,
}

impl Texts<'_> {
    /// Reads a text: its records of the devices that are selected.
    pub(super) fn records(
        &self,
        format: &Format,
        text: &[u8],
        moment: Moment,
        findings: &mut Findings,
    ) -> Result<Vec<Record>, Error> {
        let mut selection = Selection::new(self.options);
        let source = self.source(moment);
        if let Some(why) = source.elsewhere {
            findings.add(&Finding::Ignored { key: format::Path::key(None, "name of the file"), why });
        }
        let find = &mut |finding: Finding<'_>| findings.add(&finding);
        format.read(text, &source, &mut |record| selection.add(record), find).map_err(Error::Format)?;
        Ok(selection.finish(findings))
    }

    /// Reads the files of a kernel driver, by name and contents, as they are now.
    pub(super) fn kernel_records(
        &self,
        files: &[(String, String)],
        now: Timestamp,
        findings: &mut Findings,
    ) -> Result<Vec<Record>, Error> {
        let mut selection = Selection::new(self.options);
        let find = &mut |finding: Finding<'_>| findings.add(&finding);
        let moment = Moment { modified: now, undated: Undated::Current };
        let source = format::Source { elsewhere: None, ..self.source(moment) };
        kernel::read(files, &source, &mut |record| selection.add(record), find).map_err(Error::Format)?;
        Ok(selection.finish(findings))
    }

    fn source(&self, moment: Moment) -> format::Source<'_> {
        let Moment { modified, undated } = moment;
        let (modified, undated) =
            self.of_all.map_or((modified, undated), |unknown| (unknown, Undated::Refused));
        let picked = self.anywhere || self.options.select != Device::default();
        let elsewhere = self.elsewhere.filter(|_| !picked);
        let Texts { options, city, .. } = *self;
        format::Source { city, modified, undated, dialect: &options.dialect, picked, elsewhere }
    }
}

/// Whether any of the records has a reading.
pub(super) fn have_weather(records: &[Record]) -> bool {
    records.iter().any(|record| record.station.newest().is_some())
}

/// The records of the devices that are selected, and which other devices there are.
struct Selection<'o> {
    options: &'o Options,
    records: Vec<Record>,
    others: BTreeMap<String, Option<String>>,
}

impl<'o> Selection<'o> {
    fn new(options: &'o Options) -> Selection<'o> {
        Selection { options, records: Vec::new(), others: BTreeMap::new() }
    }

    fn add(&mut self, mut record: Record) {
        if is_selected(&self.options.select, &record) {
            correct(&mut record.station, &self.options.offsets);
            self.records.push(record);
        } else {
            self.others.insert(record.device.to_string(), record.device.selection());
        }
    }

    /// The records; the findings name the other devices.
    fn finish(self, findings: &mut Findings) -> Vec<Record> {
        findings.add_records(self.records.len());
        for (other, selection) in &self.others {
            findings.add_unselected(selection.as_deref());
            let key = format::Path::key(None, other);
            findings.add(&Finding::Ignored { key, why: Ignored::OtherDevice });
        }
        self.records
    }
}

/// Whether each part that is asked for is that of the device or of the message around it.
fn is_selected(select: &Device, record: &Record) -> bool {
    let Record { device, around, .. } = record;
    let parts = [
        (&select.model, [&device.model, &around.model]),
        (&select.id, [&device.id, &around.id]),
        (&select.channel, [&device.channel, &around.channel]),
    ];
    parts.into_iter().all(|(wanted, said)| wanted.is_none() || said.contains(&wanted))
}

/// Adds the offsets. What is measured in air that the sensor has warmed has too low a humidity: it is
/// that of the same vapour at the corrected temperature, unless it has an offset of its own.
fn correct(station: &mut Station, offsets: &Offsets) {
    let measured = station.reading(Quantity::Temperature);
    station.change(|quantity, reading| match offsets.get(&quantity) {
        Some(thousandths) => {
            let value = quantity.plausible(reading.value + *thousandths as f64 / 1000.0)?;
            Some(Reading { value, ..reading })
        }
        None => Some(reading),
    });
    let corrected = station.reading(Quantity::Temperature);
    let (Some(measured), Some(corrected)) = (measured, corrected) else { return };
    if measured != corrected && !offsets.contains_key(&Quantity::Humidity) {
        station.change(|quantity, reading| {
            if quantity != Quantity::Humidity {
                return Some(reading);
            }
            let value = weather::humidity_at(reading.value, measured.value, corrected.value)?;
            Some(Reading { value: quantity.plausible(value)?, ..reading })
        });
    }
}
