//! What clients without a key are sent a second, all of them together: their small requests must not draw large
//! answers without end.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Bytes a microsecond, so 1 MB a second: the uplink of a home has about as much.
const RATE: u64 = 1;

/// What a burst may take at once, in microseconds of the rate: 1 MB, which is some 4,000 refusals.
const BURST: u64 = 1_000_000;

/// How long those wait for whom nothing is left: what comes together in this time is a few answers.
pub(super) const PAUSE: Duration = Duration::from_millis(10);

/// How much was sent, as the time that it takes at the rate.
pub(super) struct Allowance {
    since: Instant,
    /// Until when the rate is used up, in microseconds behind `since`. Up to [`BURST`] of it may lie ahead.
    used_until: AtomicU64,
}

impl Allowance {
    pub(super) fn new(now: Instant) -> Allowance {
        Allowance { since: now, used_until: AtomicU64::new(0) }
    }

    /// Whether another answer may be sent.
    pub(super) fn is_left(&self, now: Instant) -> bool {
        self.used_until.load(Ordering::Relaxed) <= self.micros(now) + BURST
    }

    /// Counts what was sent.
    pub(super) fn spend(&self, bytes: usize, now: Instant) {
        let (now, time) = (self.micros(now), bytes as u64 / RATE);
        let later = |until: u64| Some(until.max(now) + time);
        // The closure never declines.
        let _ = self.used_until.fetch_update(Ordering::Relaxed, Ordering::Relaxed, later);
    }

    fn micros(&self, now: Instant) -> u64 {
        u64::try_from(now.saturating_duration_since(self.since).as_micros()).unwrap_or(u64::MAX / 2)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_the_rate() {
        let start = Instant::now();
        let allowance = Allowance::new(start);
        let send = |at| {
            let send = |_: &u64| allowance.is_left(at).then(|| allowance.spend(1000, at)).is_some();
            (0..).take_while(send).count()
        };
        let at = |seconds| start + Duration::from_secs(seconds);
        for (seconds, answers) in
            [(0, 1001), (0, 0), (1, 1000), (2, 1000), (4, 1001), (3600, 1001), (3600, 0)]
        {
            assert_eq!(send(at(seconds)), answers, "after {seconds} s");
        }
    }
}
