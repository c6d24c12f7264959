//! Whether the sources move.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::source::Options;

/// Counts the looks at the sources, so that somebody outside can see that they go on.
#[derive(Debug, Default)]
pub struct Progress {
    returns: AtomicU64,
    /// In milliseconds.
    patience: AtomicU64,
}

impl Progress {
    /// How often a source has returned with what it saw.
    pub fn returns(&self) -> u64 {
        self.returns.load(Ordering::Relaxed)
    }

    /// For how long none may return, as long as all is well: the longest time that one waits. While the
    /// source with the shortest time hangs, the others still move.
    pub fn patience(&self) -> Duration {
        Duration::from_millis(self.patience.load(Ordering::Relaxed))
    }

    pub(super) fn count(&self) {
        self.returns.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn expect<'o>(&self, sources: impl Iterator<Item = &'o Options>) {
        let every = sources.map(|source| source.every).max().unwrap_or_default();
        self.patience.store(u64::try_from(every.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_source_that_waits_longest_counts() {
        let sources =
            [1, 3600, 60].map(|seconds| Options::files("sensor".into(), Duration::from_secs(seconds)));
        let progress = Progress::default();
        progress.expect(sources.iter());
        assert_eq!(progress.patience(), Duration::from_secs(3600));
    }
}
