//! What is kept of one station beside its newest readings: three days in slots, and all days that are over.

use std::mem;
use std::sync::Arc;

use crate::history::{Series, Site};
use crate::reading::{Day, Diary, Plots, Quantity, Reading};
use crate::time::{Date, Timestamp};

/// Days of which a station keeps the newest: ten years and some.
pub(super) const DAYS: usize = 3_660;

/// Days that the series may still have, before the one under way.
const BACK: i32 = 3;

/// Days before gaps that wait until it is certain that they are over.
const CLOSED: usize = 8;

#[derive(Default)]
pub(super) struct Kept {
    series: Series,
    days: Arc<[Day]>,
    /// Whether the file of days was read.
    is_read: bool,
    /// Days that the file does not have yet.
    unwritten: Vec<Day>,
    /// Days before a gap after which the series no longer had room for all of them.
    closed: Vec<Day>,
    diary: Arc<Diary>,
    /// The slot in which the diary was made; `None` if something has changed since.
    made: Option<i64>,
}

impl Kept {
    pub(super) fn record(&mut self, quantity: Quantity, reading: Reading, now: Timestamp) {
        if self.series.record(quantity, reading, now) {
            self.made = None;
        }
    }

    /// Whether a gap ends at an instant that is so long that days before it lose their room in the series.
    pub(super) fn is_gap_until(&self, at: Timestamp) -> bool {
        self.series.is_gap_until(at)
    }

    /// Makes rows of the days before such a gap.
    pub(super) fn close(&mut self, site: Site) {
        let last = self.series.last_date();
        for date in (0..=BACK).map(|back| last.plus(-back)) {
            let known = self.closed.iter().position(|day| day.date == date);
            let known = known.map(|known| self.closed.swap_remove(known));
            let day = self.whole_day(date, site);
            // After a clock that jumped the first one may be the better one.
            self.closed.extend(known.into_iter().chain(day).max_by_key(|day| day.covered));
        }
        self.closed.sort_by_key(|day| day.date);
        self.closed.drain(..self.closed.len().saturating_sub(CLOSED));
    }

    /// The row of a day of which the series has all that was measured.
    fn whole_day(&self, date: Date, site: Site) -> Option<Day> {
        if self.series.reaches(date) { self.series.day(date, site, date.next().start()) } else { None }
    }

    pub(super) fn forget(&mut self, is_forgotten: impl Fn(Quantity) -> bool) {
        self.series.forget(is_forgotten);
        self.made = None;
    }

    /// Appends what the journal lacks.
    pub(super) fn write_changes(&mut self, text: &mut String) {
        self.series.write_changes(text);
    }

    pub(super) fn is_changed(&self) -> bool {
        self.series.is_changed()
    }

    pub(super) fn read_changes(&mut self, line: &str, now: Timestamp) {
        self.series.read_changes(line, now);
        self.made = None;
    }

    /// Whether the file of days is to be read.
    pub(super) fn is_unread(&self) -> bool {
        !self.is_read
    }

    /// Reads the file of days once more: `import` may have added some.
    pub(super) fn read_again(&mut self) {
        self.is_read = false;
    }

    /// Adds days that were read from the file.
    pub(super) fn learn(&mut self, days: Vec<Day>) {
        self.is_read = true;
        self.add(days);
    }

    /// Adds days to those that are known. A date that is known stays as it is.
    fn add(&mut self, days: Vec<Day>) {
        let mut all: Vec<Day> = self.days.iter().copied().chain(days).collect();
        // Of a date that stands there twice the row that covers more is kept, else the first: the sort is stable.
        all.sort_by_key(|day| (day.date, u8::MAX - day.covered));
        all.dedup_by_key(|day| day.date);
        all.drain(..all.len().saturating_sub(DAYS));
        self.days = all.into();
        self.made = None;
    }

    /// Makes rows of the days that are over and that the series still has, once it is known which the file has.
    pub(super) fn finish(&mut self, site: Site, now: Timestamp) {
        if !self.is_read {
            return;
        }
        let today = Date::of(now);
        let (over, closed): (Vec<Day>, Vec<Day>) =
            mem::take(&mut self.closed).into_iter().partition(|day| day.date < today);
        self.closed = closed;
        let dates = (1..=BACK).map(|back| today.plus(-back)).filter(|date| *date < today);
        let mut days: Vec<Day> = dates.filter_map(|date| self.whole_day(date, site)).chain(over).collect();
        days.retain(|day| !self.is_known(day));
        days.sort_by_key(|day| (day.date, u8::MAX - day.covered));
        days.dedup_by_key(|day| day.date);
        if !days.is_empty() {
            self.unwritten.extend(&days);
            self.add(days);
        }
    }

    fn known(&self, date: Date) -> Option<&Day> {
        self.days.binary_search_by_key(&date, |day| day.date).ok().map(|index| &self.days[index])
    }

    /// Whether the row of a day needs no better one. A clock that was ahead may have ended it too early.
    fn is_known(&self, day: &Day) -> bool {
        self.known(day.date).is_some_and(|known| known.covered >= Day::WHOLE || day.covered < Day::WHOLE)
    }

    /// The days that are over: what a clock that was ahead has made of today is not.
    fn days_before(&self, today: Date) -> Arc<[Day]> {
        match self.days.last() {
            Some(last) if last.date >= today => {
                self.days.iter().copied().filter(|day| day.date < today).collect()
            }
            _ => Arc::clone(&self.days),
        }
    }

    /// Days that the file does not have yet.
    pub(super) fn unwritten(&self) -> &[Day] {
        &self.unwritten
    }

    /// So many days are in the file now.
    pub(super) fn written(&mut self, days: usize) {
        self.unwritten.drain(..days.min(self.unwritten.len()));
    }

    /// What is published, made again once a slot, or when something has changed.
    pub(super) fn diary(&mut self, site: Site, now: Timestamp) -> Arc<Diary> {
        let slot = Plots::slot(now);
        if self.made != Some(slot) {
            self.made = Some(slot);
            let today = Date::of(now);
            let dates = (0..=BACK).rev().map(|back| today.plus(-back));
            let open = dates.filter(|date| *date == today || self.known(*date).is_none());
            let open = open.filter_map(|date| self.series.day(date, site, now)).collect();
            let nights = [today, today.next()].into_iter();
            let nights = nights.filter_map(|date| self.series.night(date, site, now)).collect();
            let new = Diary { plots: self.series.plots(site), days: self.days_before(today), open, nights };
            if new != *self.diary {
                self.diary = Arc::new(new);
            }
        }
        Arc::clone(&self.diary)
    }
}
