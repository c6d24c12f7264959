//! The files in which a driver of the kernel shows one sensor. They have neither a size nor a time that
//! means anything: they are read at each look, and what they say is of that moment.

use std::path::{Path, PathBuf};

use super::findings::Findings;
use super::seen::Error;
use super::text::{Texts, have_weather};
use crate::file;
use crate::format::{Record, kernel};
use crate::time::Timestamp;

/// More than any driver's file says.
const BYTES: usize = 4096;

/// Entries of a driver's directory that are looked at.
const ENTRIES: usize = 1000;

/// The files of one sensor.
pub(super) struct Driver {
    directory: PathBuf,
    names: Vec<String>,
}

impl Driver {
    /// The sensor whose directory or file this is.
    pub(super) fn at(path: &Path) -> Option<Driver> {
        if path.is_dir() {
            let entries = path.read_dir().ok()?.flatten().take(ENTRIES);
            let names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
            let wanted = kernel::wanted(&names.iter().map(String::as_str).collect::<Vec<_>>());
            let names: Vec<String> = wanted.into_iter().map(str::to_owned).collect();
            return (!names.is_empty()).then(|| Driver { directory: path.to_owned(), names });
        }
        let name = path.file_name()?.to_str().filter(|name| kernel::is_kernel_file(name))?;
        Some(Driver { directory: path.parent()?.to_owned(), names: vec![name.to_owned(), "name".to_owned()] })
    }

    /// Reads the sensor. This may take a second, while the chip measures.
    pub(super) fn read(
        &self,
        texts: &Texts<'_>,
        now: Timestamp,
        findings: &mut Findings,
    ) -> Result<Vec<Record>, Error> {
        let mut files = Vec::new();
        let mut fault = None;
        for name in &self.names {
            match file::read_small(&self.directory.join(name), BYTES) {
                Ok(contents) => {
                    files.push((name.clone(), String::from_utf8_lossy(&contents.bytes).into_owned()));
                }
                // A bus may fail now and then (EIO), and does not hide what else there is. An offset that
                // is there and cannot be read is not none.
                Err(error) if name != "name" => {
                    fault = fault.or(Some(error));
                    files.push((name.clone(), String::new()));
                }
                Err(_) => {}
            }
        }
        let records = texts
            .kernel_records(&files, now, findings)
            .and_then(|records| if have_weather(&records) { Ok(records) } else { Err(Error::NoWeather) });
        records.map_err(|error| fault.map_or(error, Error::Io))
    }
}
