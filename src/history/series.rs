//! A series: slots of fixed length, and the kinds of what is kept of the readings in one.

use std::fmt;

use crate::reading::Quantity;

/// What is kept of the readings in one slot.
pub(super) trait Slot: Copy {
    /// What it is called in the text of a history.
    const KIND: &'static str;

    /// What it is written as after its time.
    type Numbers: AsRef<[i32]> + AsMut<[i32]> + Default;

    /// A slot of one reading, in thousandths; `None` if the number is too large for this kind.
    fn of(at: u32, value: i32) -> Option<Self>;

    /// The time of the newest reading, seconds since 1970.
    fn at(&self) -> u32;

    /// Adds another part of the same slot; which of the two comes first makes no difference.
    fn merge(&mut self, other: Self);

    /// The numbers after the time.
    fn numbers(&self) -> Self::Numbers;

    /// From a time and the numbers after it, if a sensor can have measured them.
    fn from_numbers(at: u32, numbers: Self::Numbers, quantities: &[Quantity]) -> Option<Self>;
}

/// The newest reading, in thousandths; of two in the same second the larger one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Last {
    pub(super) at: u32,
    pub(super) value: i32,
}

impl Slot for Last {
    const KIND: &'static str = "last";
    type Numbers = [i32; 1];

    fn of(at: u32, value: i32) -> Option<Last> {
        Some(Last { at, value })
    }

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Last) {
        if (self.at, self.value) < (other.at, other.value) {
            *self = other;
        }
    }

    fn numbers(&self) -> [i32; 1] {
        [self.value]
    }

    fn from_numbers(at: u32, [value]: [i32; 1], quantities: &[Quantity]) -> Option<Last> {
        in_bounds(f64::from(value) / 1000.0, quantities).then_some(Last { at, value })
    }
}

/// The highest reading, in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Highest {
    pub(super) at: u32,
    pub(super) value: i32,
}

impl Slot for Highest {
    const KIND: &'static str = "highest";
    type Numbers = [i32; 1];

    fn of(at: u32, value: i32) -> Option<Highest> {
        Some(Highest { at, value })
    }

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Highest) {
        *self = Highest { at: self.at.max(other.at), value: self.value.max(other.value) };
    }

    fn numbers(&self) -> [i32; 1] {
        [self.value]
    }

    fn from_numbers(at: u32, [value]: [i32; 1], quantities: &[Quantity]) -> Option<Highest> {
        in_bounds(f64::from(value) / 1000.0, quantities).then_some(Highest { at, value })
    }
}

/// The lowest and the highest reading, in hundredths: the day's most numerous slots, kept small.
/// Values from -327 to 327 fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Extremes {
    pub(super) at: u32,
    pub(super) lowest: i16,
    pub(super) highest: i16,
}

impl Slot for Extremes {
    const KIND: &'static str = "extremes";
    type Numbers = [i32; 2];

    fn of(at: u32, value: i32) -> Option<Extremes> {
        // To the nearer one, so that a reading with two decimals is kept as it is.
        let value = i16::try_from((value + 5).div_euclid(10)).ok()?;
        Some(Extremes { at, lowest: value, highest: value })
    }

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Extremes) {
        *self = Extremes {
            at: self.at.max(other.at),
            lowest: self.lowest.min(other.lowest),
            highest: self.highest.max(other.highest),
        };
    }

    fn numbers(&self) -> [i32; 2] {
        [self.lowest.into(), self.highest.into()]
    }

    fn from_numbers(at: u32, [lowest, highest]: [i32; 2], quantities: &[Quantity]) -> Option<Extremes> {
        let is_measured = |value: i32| in_bounds(f64::from(value) / 100.0, quantities);
        let is_measured = lowest <= highest && is_measured(lowest) && is_measured(highest);
        let (lowest, highest) = (lowest.try_into().ok()?, highest.try_into().ok()?);
        is_measured.then_some(Extremes { at, lowest, highest })
    }
}

/// The sum of the readings, in thousandths, and their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mean {
    pub(super) at: u32,
    pub(super) sum: i32,
    pub(super) count: u32,
}

/// Readings in one slot that are counted, far more than a sensor sends in a minute. Those after which
/// the sum would not fit are not counted either.
const COUNTED: u32 = 20_000;

impl Slot for Mean {
    const KIND: &'static str = "mean";
    type Numbers = [i32; 2];

    fn of(at: u32, value: i32) -> Option<Mean> {
        Some(Mean { at, sum: value, count: 1 })
    }

    fn at(&self) -> u32 {
        self.at
    }

    fn merge(&mut self, other: Mean) {
        self.at = self.at.max(other.at);
        let count = self.count + other.count;
        if let Some(sum) = self.sum.checked_add(other.sum).filter(|_| count <= COUNTED) {
            (self.sum, self.count) = (sum, count);
        }
    }

    fn numbers(&self) -> [i32; 2] {
        [self.sum, i32::try_from(self.count).unwrap_or(0)]
    }

    fn from_numbers(at: u32, [sum, count]: [i32; 2], quantities: &[Quantity]) -> Option<Mean> {
        let count = u32::try_from(count).ok().filter(|count| (1..=COUNTED).contains(count))?;
        let mean = f64::from(sum) / f64::from(count) / 1000.0;
        in_bounds(mean, quantities).then_some(Mean { at, sum, count })
    }
}

/// The newest slots, `COUNT` at most and each `LENGTH` seconds long, in the order of their times.
/// A slot in which nothing was measured takes no room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slots<S, const LENGTH: u32, const COUNT: usize>(Vec<S>);

impl<S, const LENGTH: u32, const COUNT: usize> Default for Slots<S, LENGTH, COUNT> {
    fn default() -> Self {
        Slots(Vec::new())
    }
}

impl<S: Slot, const LENGTH: u32, const COUNT: usize> Slots<S, LENGTH, COUNT> {
    /// The first number of a slot that is kept when the newest one has the number `newest`.
    fn oldest(newest: u32) -> u32 {
        newest.saturating_sub(u32::try_from(COUNT).unwrap_or(u32::MAX) - 1)
    }

    /// Adds a part of a slot, unless it is older than the slots that are kept.
    pub(super) fn add(&mut self, new: Option<S>) {
        let Some(new) = new else { return };
        let number = new.at() / LENGTH;
        let newest = self.0.last().map_or(number, |last| last.at() / LENGTH).max(number);
        let oldest = Self::oldest(newest);
        if number < oldest {
            return;
        }
        let outdated = self.0.partition_point(|slot| slot.at() / LENGTH < oldest);
        self.0.drain(..outdated);
        let place = self.0.partition_point(|slot| slot.at() / LENGTH < number);
        match self.0.get_mut(place).filter(|slot| slot.at() / LENGTH == number) {
            Some(slot) => slot.merge(new),
            None => {
                if self.0.len() == self.0.capacity() {
                    // A quarter more, and never more than there are slots.
                    self.0.reserve_exact((1 + self.0.len() / 4).min(COUNT - self.0.len()));
                }
                self.0.insert(place, new);
            }
        }
    }

    /// The slots whose newest reading is before `end`.
    pub(super) fn before(&self, end: u32) -> &[S] {
        &self.0[..self.0.partition_point(|slot| slot.at() < end)]
    }

    /// The time of the newest reading.
    pub(super) fn newest(&self) -> Option<u32> {
        self.0.last().map(Slot::at)
    }

    /// Drops the slots whose newest reading is at `end` or later.
    pub(super) fn forget_from(&mut self, end: u32) {
        self.0.truncate(self.before(end).len());
    }

    /// The bytes of the list.
    #[cfg(test)]
    pub(super) fn heap(&self) -> usize {
        self.0.capacity() * size_of::<S>()
    }

    /// What stands before the slots in a text: the whole row, as slots of another length, number or
    /// kind would be misread.
    pub(super) fn title(&self, name: &str) -> String {
        title(name, S::KIND, COUNT, LENGTH)
    }

    /// Writes `;title=time,number,…`, each time as seconds after the one before; nothing if empty.
    pub(super) fn write(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return Ok(());
        }
        write!(f, ";{}", self.title(name))?;
        let (mut separator, mut before) = ('=', 0);
        for slot in &self.0 {
            write!(f, "{separator}{}", slot.at() - before)?;
            for number in slot.numbers().as_ref() {
                write!(f, ",{number}")?;
            }
            (separator, before) = (',', slot.at());
        }
        Ok(())
    }

    /// Fills empty slots from what `write` wrote after the title.
    pub(super) fn read(&mut self, text: &str, quantities: &[Quantity]) -> Option<()> {
        let mut written = text.split(',');
        let (mut slots, mut before) = (Vec::new(), 0_u32);
        while let Some(time) = written.next() {
            let at = before.checked_add(time.parse().ok()?)?;
            let mut numbers = S::Numbers::default();
            for number in numbers.as_mut() {
                *number = written.next()?.parse().ok()?;
            }
            let is_next = slots.is_empty() || at / LENGTH > before / LENGTH;
            let slot = S::from_numbers(at, numbers, quantities).filter(|_| is_next && slots.len() < COUNT)?;
            slots.push(slot);
            before = at;
        }
        // A series that stands there twice was not written by us.
        if !self.0.is_empty() || slots.first()?.at() / LENGTH < Self::oldest(before / LENGTH) {
            return None;
        }
        slots.shrink_to_fit();
        self.0 = slots;
        Some(())
    }
}

/// A row of the table, as it stands in a text. Outside of `Slots`, so that it is not compiled for each row.
fn title(name: &str, kind: &str, count: usize, length: u32) -> String {
    format!("{name} {kind} {count}x{length}")
}

/// The samples from the one whose age before the newest is nearest to `wanted`, if it is from
/// `least` to `most` seconds; of two that are equally near the newer one.
pub(super) fn since(samples: &[Last], wanted: u32, least: u32, most: u32) -> Option<&[Last]> {
    let newest = samples.last()?.at;
    let ages = samples.iter().map(|sample| newest - sample.at).enumerate();
    let (first, _) = ages
        .filter(|(_, age)| (least..=most).contains(age))
        .min_by_key(|&(_, age)| (age.abs_diff(wanted), age))?;
    samples.get(first..)
}

/// Whether a value is within the bounds of a quantity that the series is made of.
fn in_bounds(value: f64, quantities: &[Quantity]) -> bool {
    quantities.iter().any(|quantity| quantity.bounds().contains(&value))
}
