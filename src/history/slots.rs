//! The last three days of one station in slots of ten minutes: what plots show, and what days are made of.
//!
//! One kind of cell serves all rows, so that the code exists once, and a row is a ring of cells that no reading
//! makes longer. What a cell keeps does not depend on the order of its readings.

use std::fmt;
use std::ops::Range;

use super::{end, seconds, thousandths};
use crate::reading::{Plots, Quantity, Reading};
use crate::table::table;
use crate::time::{Date, Timestamp};

/// The length of a slot, seconds.
pub(super) const SLOT: u32 = Plots::SLOT;

/// The slots of three days.
const COUNT: u32 = Plots::SLOTS as u32;

/// What is kept of the readings in a slot.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Their sum in hundredths, and their number.
    Mean,
    /// The lowest and the highest, in hundredths.
    Extremes,
    /// The highest, in thousandths.
    Highest,
    /// The newest, in thousandths, and its second in the slot.
    Last,
    /// The sum of all, in thousandths, and the second of the newest.
    Sum,
}

/// A row of [`Series`].
struct Spec {
    kind: Kind,
    of: &'static [Quantity],
}

table! {
    /// What is kept. The journal has the cells of a slot in this order.
    pub(super) enum Row: Spec {
        /// °C
        TemperatureRange = Spec { kind: Kind::Extremes, of: &[Quantity::Temperature] },
        /// °C
        Temperature = Spec { kind: Kind::Mean, of: &[Quantity::Temperature] },
        /// %
        Humidity = Spec { kind: Kind::Mean, of: &[Quantity::Humidity] },
        /// hPa
        StationPressure = Spec { kind: Kind::Mean, of: &[Quantity::StationPressure] },
        /// hPa
        SeaLevelPressure = Spec { kind: Kind::Mean, of: &[Quantity::SeaLevelPressure] },
        /// m/s
        Wind = Spec { kind: Kind::Mean, of: &[Quantity::WindSpeed] },
        /// m/s
        Gust = Spec { kind: Kind::Highest, of: &[Quantity::WindGust, Quantity::WindSpeed] },
        /// mm, the counter of the gauge
        RainCounter = Spec { kind: Kind::Last, of: &[Quantity::RainCounter, Quantity::RainToday, Quantity::Rain] },
        /// mm, that of intervals
        RainIntervals = Spec { kind: Kind::Sum, of: &[Quantity::RainInterval] },
    }
}

/// The cell of a slot in which nothing was measured.
const EMPTY: Cell = Cell { small: i16::MIN, large: 0 };

/// What is kept of a slot; what its two numbers are, the [`Kind`] of its row says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    /// A number of readings, the lowest, or a second in the slot.
    small: i16,
    /// A sum, the highest, or the newest.
    large: i32,
}

/// Readings in one slot that are counted: thirty a second. Their sum fits.
const COUNTED: i16 = 18_000;

impl Cell {
    fn of(kind: Kind, second: i16, thousandths: i32) -> Cell {
        // To the nearer one, so that a reading with two decimals is kept as it is.
        let hundredths = (thousandths + 5).div_euclid(10);
        match kind {
            Kind::Mean => Cell { small: 1, large: hundredths },
            Kind::Extremes => {
                Cell { small: i16::try_from(hundredths).unwrap_or(i16::MAX), large: hundredths }
            }
            Kind::Highest => Cell { small: 0, large: thousandths },
            Kind::Last | Kind::Sum => Cell { small: second, large: thousandths },
        }
    }

    /// Adds another part of the same slot; which of the two comes first makes no difference.
    fn merge(&mut self, kind: Kind, other: Cell) {
        let (a, b) = (*self, other);
        *self = match kind {
            _ if a == EMPTY => b,
            Kind::Mean if a.small >= COUNTED => a,
            Kind::Mean => Cell { small: a.small + b.small, large: a.large.saturating_add(b.large) },
            Kind::Extremes => Cell { small: a.small.min(b.small), large: a.large.max(b.large) },
            Kind::Highest => Cell { small: 0, large: a.large.max(b.large) },
            Kind::Last if (a.small, a.large) < (b.small, b.large) => b,
            Kind::Last => a,
            Kind::Sum => Cell { small: a.small.max(b.small), large: a.large.saturating_add(b.large) },
        };
    }

    /// Whether sensors can have measured that.
    fn is_possible(self, Spec { kind, of }: &Spec) -> bool {
        let is_within = |value: f64| of.iter().any(|quantity| quantity.bounds().contains(&value));
        let (small, large) = (f64::from(self.small), f64::from(self.large));
        match kind {
            Kind::Mean => (1..=COUNTED).contains(&self.small) && is_within(large / small / 100.0),
            Kind::Extremes => small <= large && is_within(small / 100.0) && is_within(large / 100.0),
            Kind::Highest => self.small == 0 && is_within(large / 1000.0),
            Kind::Last => (0..600).contains(&self.small) && is_within(large / 1000.0),
            // An amount each second at most.
            Kind::Sum => (0..600).contains(&self.small) && is_within(large / 600.0 / 1000.0),
        }
    }
}

/// The past of three days: at most 31,376 bytes, with a thermometer, hygrometer, barometer and anemometer and
/// a gauge 24,464.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Series {
    /// The number of the newest slot, counted from 1970.
    newest: u32,
    /// The first slot that has changed since the journal was written.
    changed: Option<u32>,
    /// The newest slot that the journal had at the start. Of those before it what was measured is known: a log that is read again
    /// adds nothing to it, and nothing to the journal.
    restored: u32,
    /// The slot in which the present gauge took the place of another one, of which the rows know nothing any more; 0 if
    /// there was none.
    gauge_since: u32,
    /// Of each [`Row`] the slots up to the newest, each at the place of its number modulo their count; nothing
    /// for a row of which nothing is known.
    rows: [Vec<Cell>; Row::ALL.len()],
}

impl Series {
    /// Records a reading, in any order of times, under the conditions of [`History::record`](super::History::record).
    /// Whether it changed anything.
    pub fn record(&mut self, quantity: Quantity, reading: Reading, now: Timestamp) -> bool {
        let end = end(now);
        self.forget_from(end);
        let Some(value) = quantity.plausible(reading.value) else { return false };
        let Some(mut at) = seconds(reading.at).filter(|&at| at < end) else { return false };
        if quantity == Quantity::RainInterval {
            // What fell until midnight fell on the day before.
            at = at.saturating_sub(1);
            if self.newest_interval().is_some_and(|newest| at <= newest) {
                return false;
            }
        }
        let number = at / SLOT;
        let second = i16::try_from(at % SLOT).unwrap_or(0);
        let (mut changes, is_restored) = (false, number < self.restored);
        for &row in Row::ALL {
            let Spec { kind, of } = row.row();
            if !of.contains(&quantity) {
                continue;
            }
            let Some(cell) = self.cell(row, number) else { return false };
            let before = *cell;
            if is_restored && before != EMPTY {
                continue;
            }
            cell.merge(*kind, Cell::of(*kind, second, thousandths(value)));
            changes |= *cell != before;
        }
        if changes {
            self.changed = Some(self.changed.map_or(number, |changed| changed.min(number)));
        }
        changes
    }

    /// The cell of a slot, which becomes the newest if it is later; `None` if it is too old.
    fn cell(&mut self, row: Row, number: u32) -> Option<&mut Cell> {
        if number > self.newest {
            self.go_on_to(number);
        }
        if number + COUNT <= self.newest {
            return None;
        }
        let cells = &mut self.rows[row.index()];
        if cells.is_empty() {
            *cells = vec![EMPTY; Plots::SLOTS.into()];
        }
        cells.get_mut(place(number))
    }

    /// Makes room for slots up to this one.
    fn go_on_to(&mut self, number: u32) {
        let first = (self.newest + 1).max((number + 1).saturating_sub(COUNT));
        self.clear(first, number);
        self.newest = number;
    }

    fn clear(&mut self, first: u32, last: u32) {
        for cells in self.rows.iter_mut().filter(|cells| !cells.is_empty()) {
            (first..=last).for_each(|number| cells[place(number)] = EMPTY);
            if cells.iter().all(|cell| *cell == EMPTY) {
                *cells = Vec::new();
            }
        }
    }

    /// Forgets the slots that begin at `end` or later: the clock was set back.
    pub fn forget_from(&mut self, end: u32) {
        let last = end.div_ceil(SLOT).saturating_sub(1);
        if last < self.newest {
            self.clear((last + 1).max(self.first()), self.newest);
            self.newest = last;
            self.changed = self.changed.filter(|changed| *changed <= last);
        }
    }

    /// Forgets the rows of a quantity that `is_forgotten`.
    pub fn forget(&mut self, is_forgotten: impl Fn(Quantity) -> bool) {
        for &row in Row::ALL {
            if row.row().of.iter().any(|quantity| is_forgotten(*quantity)) && self.has(row) {
                self.rows[row.index()] = Vec::new();
                self.changed = Some(self.first());
                if matches!(row, Row::RainCounter | Row::RainIntervals) {
                    self.gauge_since = self.newest;
                }
            }
        }
    }

    /// Whether one gauge has measured all that is known of these slots.
    pub(super) fn is_of_one_gauge(&self, slots: &Range<u32>) -> bool {
        !(slots.start + 1..slots.end).contains(&self.gauge_since)
    }

    /// The number of the first slot that is kept.
    pub(super) fn first(&self) -> u32 {
        (self.newest + 1).saturating_sub(COUNT)
    }

    /// Whether nothing was recorded for more than a day before an instant. After a shorter gap there is still room for
    /// the day before it.
    pub fn is_gap_until(&self, at: Timestamp) -> bool {
        self.newest > 0 && Plots::slot(at) > i64::from(self.newest + COUNT / 3)
    }

    /// The day of the newest slot.
    pub fn last_date(&self) -> Date {
        Date::of(
            Timestamp::from_millis(i64::from(self.newest) * i64::from(SLOT) * 1000)
                .unwrap_or(Timestamp::EPOCH),
        )
    }

    /// Whether there is room for all slots of a day, and none of it was forgotten as too old.
    pub fn reaches(&self, date: Date) -> bool {
        seconds(date.start()).is_some_and(|start| self.first() <= start / SLOT)
    }

    /// The number of the slot after the newest.
    pub(super) fn end(&self) -> u32 {
        self.newest + 1
    }

    /// Whether anything is known in this row.
    pub(super) fn has(&self, row: Row) -> bool {
        !self.rows[row.index()].is_empty()
    }

    /// The cell of a slot in which something was measured.
    fn get(&self, row: Row, number: u32) -> Option<Cell> {
        let is_kept = (self.first()..=self.newest).contains(&number);
        self.rows[row.index()].get(place(number)).copied().filter(|cell| is_kept && *cell != EMPTY)
    }

    /// The value of a slot in the base unit: a mean, the highest, a sum; the newest of a counter.
    pub(super) fn value(&self, row: Row, number: u32) -> Option<f64> {
        let cell = self.get(row, number)?;
        let (small, large) = (f64::from(cell.small), f64::from(cell.large));
        Some(match row.row().kind {
            Kind::Mean => large / small / 100.0,
            Kind::Extremes => large / 100.0,
            Kind::Highest | Kind::Last | Kind::Sum => large / 1000.0,
        })
    }

    /// The lowest value of a slot in a row of extremes.
    pub(super) fn lowest(&self, row: Row, number: u32) -> Option<f64> {
        Some(f64::from(self.get(row, number)?.small) / 100.0)
    }

    /// The newest reading of a counter in a slot, or the sum of amounts: seconds since 1970 and thousandths.
    pub(super) fn counted(&self, row: Row, number: u32) -> Option<(u32, i32)> {
        let cell = self.get(row, number)?;
        Some((second_of(number, cell), cell.large))
    }

    fn newest_interval(&self) -> Option<u32> {
        let known = self.has(Row::RainIntervals).then(|| (self.first()..=self.newest).rev());
        known?.find_map(|number| Some(second_of(number, self.get(Row::RainIntervals, number)?)))
    }

    /// Whether the journal lacks something.
    pub fn is_changed(&self) -> bool {
        self.changed.is_some()
    }

    /// Writes the slots that have changed since the last time, a line each: the number of the slot and its cells,
    /// `2984017;-120,-118;1,-119;;;;;;;.` Before them stands since when the gauge is the present one: `!2984017;.` The full stop distinguishes a whole line from one that was cut.
    pub fn write_changes(&mut self, text: &mut String) {
        use fmt::Write as _;
        let Some(changed) = self.changed.take() else { return };
        if self.gauge_since > self.first() {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "!{};.", self.gauge_since);
        }
        for number in changed.max(self.first())..=self.newest {
            if !Row::ALL.iter().any(|&row| self.get(row, number).is_some()) {
                continue;
            }
            // Writing to a String cannot fail.
            let _ = write!(text, "{number}");
            for &row in Row::ALL {
                let _ = match self.get(row, number) {
                    Some(Cell { small, large }) => write!(text, ";{small},{large}"),
                    None => text.write_str(";"),
                };
            }
            text.push_str(";.\n");
        }
    }

    /// Puts what a line says in the place of what is known of its slot. A line that was not written here, or that
    /// is of the future, changes nothing.
    pub fn read_changes(&mut self, line: &str, now: Timestamp) -> Option<()> {
        let is_past = |number: &u32| *number < end(now).div_ceil(SLOT);
        if let Some(since) = line.strip_prefix('!') {
            let since = since.strip_suffix(";.")?.parse().ok().filter(is_past)?;
            if since != self.gauge_since {
                // The lines before this one have the rain of the gauge before.
                self.rows[Row::RainCounter.index()] = Vec::new();
                self.rows[Row::RainIntervals.index()] = Vec::new();
                self.gauge_since = since;
            }
            return Some(());
        }
        let mut parts = line.strip_suffix(";.")?.split(';');
        let number = parts.next()?.parse().ok().filter(is_past)?;
        let mut cells = [EMPTY; Row::ALL.len()];
        for &row in Row::ALL {
            let part = parts.next()?;
            if let Some((small, large)) = part.split_once(',') {
                let cell = Cell { small: small.parse().ok()?, large: large.parse().ok()? };
                cells[row.index()] = Some(cell).filter(|cell| cell.is_possible(row.row()))?;
            } else if !part.is_empty() {
                return None;
            }
        }
        if parts.next().is_some() {
            return None;
        }
        for (&row, new) in Row::ALL.iter().zip(cells) {
            // A row of which nothing is known stays empty.
            if new != EMPTY || self.get(row, number).is_some() {
                *self.cell(row, number)? = new;
            }
        }
        self.restored = self.restored.max(number);
        Some(())
    }

    /// The bytes that it takes, those on the heap included.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        size_of::<Series>() + self.rows.iter().map(|row| row.capacity() * size_of::<Cell>()).sum::<usize>()
    }
}

fn second_of(number: u32, cell: Cell) -> u32 {
    number * SLOT + u32::try_from(cell.small).unwrap_or(0)
}

/// Where the cell of a slot is in its row.
fn place(number: u32) -> usize {
    (number % COUNT) as usize
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{H, M, Numbers, at};
    use crate::reading::Observed;

    /// Three days of everything, each minute.
    fn full() -> Series {
        let mut series = Series::default();
        for minute in 0..80 * 60 {
            for quantity in Quantity::ALL {
                let value = match quantity {
                    Quantity::StationPressure | Quantity::SeaLevelPressure => 1000.12,
                    Quantity::RainCounter => 98_765.0 + minute as f64 / 60.0,
                    _ => 12.3 + minute as f64 / 100.0,
                };
                let now = at(minute * M);
                series.record(quantity, Observed { value, at: now }, now);
            }
        }
        series
    }

    fn journal(series: &mut Series) -> String {
        let mut text = String::new();
        series.write_changes(&mut text);
        text
    }

    fn restored(text: &str, now: Timestamp) -> Series {
        let mut series = Series::default();
        for line in text.lines() {
            series.read_changes(line, now);
        }
        series
    }

    /// Whether both have the same slots.
    fn is_same(one: &Series, other: &Series) -> bool {
        one.newest == other.newest && one.rows == other.rows
    }

    #[test]
    fn sizes() {
        let mut once = Series::default();
        once.record(Quantity::Temperature, Observed { value: 20.0, at: at(0) }, at(0));
        let (mut full, once) = (full(), once.bytes());
        let text = journal(&mut full).len();
        println!(
            "bytes of a station: with a thermometer {once}, with everything {}, as text {text}",
            full.bytes()
        );
        assert!(full.bytes() <= 31_376 && once <= 7_200, "{} {once}", full.bytes());
        assert!(text <= 46_000, "{text}");
    }

    #[test]
    fn survives_a_restart() {
        let now = at(80 * H);
        let mut series = full();
        let text = journal(&mut series);
        assert!(!series.is_changed());
        assert!(is_same(&restored(&text, now), &series));
        // The slot that goes on is written once more, and takes the place of what was written of it before.
        for second in [0, 700] {
            let now = at(80 * H + second);
            series.record(Quantity::Temperature, Observed { value: -10.0, at: now }, now);
        }
        let more = journal(&mut series);
        assert_eq!(more.lines().count(), 2);
        let mut again = restored(&(text.clone() + &more), at(81 * H));
        assert!(is_same(&again, &series));
        // A log that is read once more changes only the slot that may not have been over.
        for minute in 0..79 * 60 {
            let reading = Observed { value: 59.0, at: at(minute * M) };
            again.record(Quantity::Temperature, reading, at(81 * H));
        }
        assert!(is_same(&again, &series));
        assert!(!again.is_changed());
        // Of a torn line nothing is read.
        let last = more.lines().last().expect("a line");
        for cut in 0..last.len() {
            assert_eq!(Series::default().read_changes(&last[..cut], at(81 * H)), None, "{cut}");
        }
        assert_eq!(Series::default().read_changes(last, at(81 * H)), Some(()));
        // What is ahead of the clock is not read.
        assert_eq!(Series::default().read_changes(last, at(79 * H)), None);
        // A gauge that was replaced is gone after a restart, too.
        series.forget(|quantity| quantity == Quantity::RainCounter);
        let all = text + &more + &journal(&mut series);
        assert_eq!(restored(&all, at(81 * H)).value(Row::RainCounter, series.newest), None);
    }

    #[test]
    fn lines_that_cannot_be_are_not_read() {
        #[track_caller]
        fn check(row: Row, refused: &[&str], read: &str) {
            let line = |cell: &str| {
                let cells = Row::ALL.iter().map(|of| if *of == row { cell } else { "" });
                format!("2984017;{};.", cells.collect::<Vec<_>>().join(";"))
            };
            for cell in
                refused.iter().chain(&["1", "1,", ",1", "1,2,3", "x,1", "1;2", "40000,1", "1,2147483648"])
            {
                assert_eq!(Series::default().read_changes(&line(cell), at(0)), None, "{cell}");
            }
            assert_eq!(Series::default().read_changes(&line(read), at(0)), Some(()), "{read}");
        }
        check(Row::TemperatureRange, &["-6001,0", "0,6001", "7,6"], "6,7");
        check(Row::Temperature, &["0,1", "-1,1", "18001,1", "1,6001"], "1,6000");
        check(Row::StationPressure, &["2,90000"], "1,90000");
        check(Row::Gust, &["1,1", "0,75001", "0,-1"], "0,75000");
        check(Row::RainCounter, &["600,1", "-1,1", "0,-1", "0,1000000001"], "599,1000000000");
        check(Row::RainIntervals, &["600,1", "-1,1", "0,-1"], "599,1");
        let possible = "2984017;6,7;1,6000;;;;;0,75000;599,1;;.";
        assert_eq!(Series::default().read_changes(possible, at(0)), Some(()));
        for number in ["-1", "x", "", "4294967296", "4294967295"] {
            assert_eq!(
                Series::default().read_changes(&possible.replace("2984017", number), at(0)),
                None,
                "{number}"
            );
        }
    }

    /// A journal of anything: no panic, and what is read keeps the bounds.
    #[test]
    fn a_mutated_journal_is_harmless() {
        const WRITTEN: &[u8] = b"0123456789,;-. x";
        let text = journal(&mut full());
        let original: Vec<u8> = text.lines().rev().take(3).collect::<Vec<_>>().join("\n").into_bytes();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let mut read = 0;
        for _ in 0..6_000 {
            let bytes = numbers.mutated(&original, WRITTEN);
            let mut series = restored(&String::from_utf8_lossy(&bytes), at(81 * H));
            read += i32::from(series.newest > 0);
            for quantity in Quantity::ALL {
                let now = at(numbers.below(90 * H));
                series.record(quantity, Observed { value: numbers.below(1_100) as f64, at: now }, now);
            }
            for number in series.first()..series.end() {
                let (low, high) = (
                    series.lowest(Row::TemperatureRange, number),
                    series.value(Row::TemperatureRange, number),
                );
                assert!(
                    low.is_none_or(|low| (-60.0..=60.0).contains(&low)) && low <= high,
                    "{low:?} {high:?}"
                );
            }
            assert!(series.bytes() <= 31_376);
        }
        assert!(read > 300, "{read}");
    }

    /// The ring against a list: times that go on, jump, are late, and a clock that is set back.
    #[test]
    fn slots_are_those_of_the_newest_three_days() {
        for seed in 1..30 {
            let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15 + seed);
            let (mut series, mut plain, mut second) = (Series::default(), Vec::<(i64, i64)>::new(), 0);
            for _ in 0..400 {
                second += match numbers.below(20) {
                    0 => numbers.below(100 * H),
                    1 => -numbers.below(30 * H),
                    _ => numbers.below(20 * M),
                };
                let now = at(second);
                let value = numbers.below(4_000);
                let newest_slot = |seconds: i64| (crate::history::tests::NOON + seconds).div_euclid(600);
                let end = newest_slot(second + 121 + 599);
                plain.retain(|(slot, _)| *slot < end);
                let slot = newest_slot(second);
                plain.push((slot, value));
                let newest = plain.iter().map(|(slot, _)| *slot).max().expect("one");
                plain.retain(|(slot, _)| slot + 432 > newest);
                series.record(Quantity::Temperature, Observed { value: value as f64 / 100.0, at: now }, now);
                for slot in (newest - 500..newest + 3).step_by(7) {
                    let all: Vec<i64> =
                        plain.iter().filter(|(of, _)| *of == slot).map(|(_, value)| *value).collect();
                    let number = u32::try_from(slot).expect("after 1970");
                    let highest = all.iter().max().map(|value| *value as f64 / 100.0);
                    assert_eq!(series.value(Row::TemperatureRange, number), highest, "seed {seed}");
                    let mean = series.value(Row::Temperature, number);
                    let sum = all.iter().sum::<i64>() as f64;
                    assert_eq!(
                        mean,
                        (!all.is_empty()).then(|| sum / all.len() as f64 / 100.0),
                        "seed {seed}"
                    );
                }
            }
        }
    }

    #[test]
    fn any_time_is_taken() {
        let mut series = full();
        for millis in [0, 1, i64::from(u32::MAX) * 1000, 253_402_300_799_999, 5_000_000_000_000, 1_000_000] {
            let now = Timestamp::from_millis(millis).expect("an instant");
            for quantity in Quantity::ALL {
                series.record(quantity, Observed { value: 10.0, at: now }, now);
            }
            assert!(series.bytes() <= 31_376);
            let _ = journal(&mut series);
        }
        let storm = at(0);
        for _ in 0..40_000 {
            series.record(Quantity::StationPressure, Observed { value: 1_100.0, at: storm }, storm);
        }
        assert_eq!(series.value(Row::StationPressure, series.newest), Some(1_100.0));
    }
}
