//! The last three days of one station in slots of ten minutes: what plots show, and what days are made of.
//!
//! One kind of cell serves all rows, so that the code exists once, and a row is a ring of cells that no reading
//! makes longer. What a cell keeps does not depend on the order of its readings.

use std::fmt;

use super::{end, seconds, thousandths};
use crate::reading::{Plots, Quantity, Reading};
use crate::table::table;
use crate::time::Timestamp;

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
            Kind::Last | Kind::Sum => (0..600).contains(&self.small) && is_within(large / 1000.0),
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
        let mut changes = false;
        for &row in Row::ALL {
            let Spec { kind, of } = row.row();
            if !of.contains(&quantity) {
                continue;
            }
            let Some(cell) = self.cell(row, number) else { return false };
            let before = *cell;
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
            *cells = vec![EMPTY; Plots::SLOTS];
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
        for row in Row::ALL {
            if row.row().of.iter().any(|quantity| is_forgotten(*quantity)) && self.has(*row) {
                self.rows[row.index()] = Vec::new();
                self.changed = Some(self.first());
            }
        }
    }

    /// The number of the first slot that is kept.
    pub(super) fn first(&self) -> u32 {
        (self.newest + 1).saturating_sub(COUNT)
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

    /// The newest reading of the counter in a slot: seconds since 1970 and thousandths.
    pub(super) fn counter(&self, number: u32) -> Option<(u32, i32)> {
        let cell = self.get(Row::RainCounter, number)?;
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
    /// `2984017;-120,-118;1,-119;;;;;;;.` The full stop distinguishes a whole line from one that was cut.
    pub fn write_changes(&mut self, text: &mut String) {
        use fmt::Write as _;
        let Some(changed) = self.changed.take() else { return };
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
        let mut parts = line.strip_suffix(";.")?.split(';');
        let number = parts.next()?.parse().ok().filter(|number| *number < end(now).div_ceil(SLOT))?;
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
    number as usize % Plots::SLOTS
}
