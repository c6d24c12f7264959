//! One content of a file, as far as it is known without reading it.

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::seen::Error;
use crate::file;
use crate::time::{AHEAD, Timestamp};

/// A second write within one step of the file system's clock leaves the modification time as it
/// was. FAT, as on memory sticks, has the coarsest: 2 s.
const CLOCK_STEP: Duration = Duration::from_secs(2);

/// What distinguishes one content of a file from the next without reading it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Version {
    device: u64,
    inode: u64,
    pub(super) size: u64,
    pub(super) modified: SystemTime,
}

impl Version {
    pub(super) fn of(metadata: &Metadata) -> Result<Version, Error> {
        let modified = metadata.modified().map_err(Error::Io)?;
        Ok(Version { device: metadata.dev(), inode: metadata.ino(), size: metadata.len(), modified })
    }

    /// Whether both are contents of one file.
    pub(super) fn is_same_file(&self, other: &Version) -> bool {
        (self.device, self.inode) == (other.device, other.inode)
    }

    /// Whether the file with that metadata has, or had, this content.
    pub(super) fn is_file_of(&self, metadata: &Metadata) -> bool {
        (self.device, self.inode) == (metadata.dev(), metadata.ino())
    }

    pub(super) fn at(path: &Path) -> Result<Version, Error> {
        Version::of(&file::look(path).map_err(Error::Io)?)
    }

    /// How far in the future it was written, if clocks do not differ by so much.
    pub(super) fn ahead(&self, now: Timestamp) -> Option<Duration> {
        Some(Timestamp::from(self.modified).ahead(now)).filter(|ahead| *ahead > AHEAD)
    }

    /// When the file was written. What was written in the future counts as written now, and ages
    /// from here on.
    pub(super) fn written(&self, now: Timestamp) -> Timestamp {
        Timestamp::from(self.modified).min(now)
    }

    /// Whether a write after `now` must show. Not if the file is as new as a step of its clock; a
    /// modification time far in the future, after the clock was set back, is a settled one too.
    pub(super) fn is_settled(&self, now: Timestamp) -> bool {
        let modified = Timestamp::from(self.modified);
        modified.age(now) > CLOCK_STEP || modified.ahead(now) > CLOCK_STEP
    }
}
