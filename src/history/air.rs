//! Pressure, temperature and wind.

use super::series::{Extremes, since};
use super::{HOUR, History, MINUTE, end, observed};
use crate::reading::Reading;
use crate::time::Timestamp;

impl History {
    /// How much the pressure has changed in 3 h, hPa, positive when it rises.
    ///
    /// Taken from the reading nearest to 3 h ago, 2 h to 3 h 30 min, and scaled to 3 h: the words for
    /// it are defined by the change in 3 h, and the change as it is would belittle a storm's fall for
    /// the first hour after a start. Of station and sea-level pressure the one that was reported last
    /// counts, the station's own if both: the WMO defines the tendency by it, and no temperature of
    /// the day is in it. The two are never subtracted from each other.
    pub fn pressure_change(&self, now: Timestamp) -> Option<Reading> {
        let change = |samples| {
            let samples = since(samples, 3 * HOUR, 2 * HOUR, 3 * HOUR + 30 * MINUTE)?;
            let (first, last) = (samples.first()?, samples.last()?);
            let difference = f64::from(last.value - first.value) / 1000.0;
            observed(last.at, difference * f64::from(3 * HOUR) / f64::from(last.at - first.at))
        };
        let station = change(self.station_pressure.before(end(now)));
        let sea_level = change(self.sea_level_pressure.before(end(now)));
        // Of two that are equally new, `max_by_key` returns the later one.
        sea_level.into_iter().chain(station).max_by_key(|change| change.at)
    }

    /// The lowest temperature of the 24 h (and up to 20 min) before the newest reading of it, °C.
    ///
    /// `None` while these cover less than 22 h, as hourly reports always do, or leave out more than
    /// 2 h at a time, in which a night's low or a day's high may have been.
    pub fn lowest_temperature(&self, now: Timestamp) -> Option<Reading> {
        let day = self.day_of_temperature(now)?;
        observed(day.last()?.at, hundredths(day.iter().map(|slot| slot.lowest).min()?))
    }

    /// The highest temperature, under the conditions of the lowest.
    pub fn highest_temperature(&self, now: Timestamp) -> Option<Reading> {
        let day = self.day_of_temperature(now)?;
        observed(day.last()?.at, hundredths(day.iter().map(|slot| slot.highest).max()?))
    }

    fn day_of_temperature(&self, now: Timestamp) -> Option<&[Extremes]> {
        let day = self.temperature.before(end(now));
        let covered = day.last()?.at - day.first()?.at >= 22 * HOUR;
        let whole = day.windows(2).all(|pair| pair[1].at - pair[0].at <= 2 * HOUR);
        (covered && whole).then_some(day)
    }

    /// The mean of the wind speed in the 10 minutes to the newest reading of it, m/s: WMO-No. 8 has
    /// wind averaged over 10 min. Every minute counts the same, however often it was reported.
    pub fn mean_wind(&self, now: Timestamp) -> Option<Reading> {
        let minutes = self.wind.before(end(now));
        let sum: f64 = minutes.iter().map(|minute| f64::from(minute.sum) / f64::from(minute.count)).sum();
        observed(minutes.last()?.at, sum / 1000.0 / minutes.len() as f64)
    }

    /// The highest of gusts and wind speeds in the 10 minutes to the newest reading of either, m/s.
    pub fn highest_gust(&self, now: Timestamp) -> Option<Reading> {
        let minutes = self.gust.before(end(now));
        let highest = minutes.iter().map(|minute| minute.value).max()?;
        observed(minutes.last()?.at, f64::from(highest) / 1000.0)
    }
}

fn hundredths(value: i16) -> f64 {
    f64::from(value) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{H, M, at, close, every, history};
    use crate::reading::{Observed, Quantity};

    #[test]
    fn changes_of_pressure() {
        const STATION: Quantity = Quantity::StationPressure;
        close(history(STATION, &every(M, 0, 2 * H - M, |_| 1000.0)).pressure_change(at(9 * H)), None);
        close(history(STATION, &every(M, 0, 5 * H, |_| 1000.0)).pressure_change(at(9 * H)), 0.0);
        let rising = every(10 * M, 0, 6 * H, |second| 1000.0 + second as f64 / 3600.0);
        close(history(STATION, &rising).pressure_change(at(9 * H)), 3.0);
        // Two hours are scaled to three.
        close(history(STATION, &[(0, 1000.0), (2 * H, 998.0)]).pressure_change(at(9 * H)), -3.0);
        close(history(STATION, &[(0, 1000.0), (4 * H, 998.0)]).pressure_change(at(9 * H)), None);

        // Each kind by itself; the newer one counts, the station's own if both are as new.
        let mut both = history(STATION, &[(0, 950.0), (3 * H, 951.0)]);
        for (second, value) in [(0, 1010.0), (3 * H, 1012.0)] {
            let reading = Observed { value, at: at(second) };
            both.record(Quantity::SeaLevelPressure, reading, at(3 * H));
        }
        close(both.pressure_change(at(3 * H)), 1.0);
        let reading = Observed { value: 1012.0, at: at(3 * H + 1) };
        both.record(Quantity::SeaLevelPressure, reading, at(3 * H + 1));
        close(both.pressure_change(at(3 * H + 1)), 2.0 * 10_800.0 / 10_801.0);
        let mut mixed = history(STATION, &[(0, 950.0)]);
        mixed.record(Quantity::SeaLevelPressure, Observed { value: 1012.0, at: at(3 * H) }, at(3 * H));
        close(mixed.pressure_change(at(3 * H)), None);
    }

    #[test]
    fn extremes_of_the_temperature() {
        // Lowest an hour after the start, highest at its end.
        let saw = |second: i64| (second % (24 * H) - H).abs() as f64 / 3600.0;
        let day = history(Quantity::Temperature, &every(5 * M, 0, 23 * H, saw));
        close(day.lowest_temperature(at(23 * H)), 0.0);
        close(day.highest_temperature(at(23 * H)), 22.0);
        let half = history(Quantity::Temperature, &every(5 * M, 0, 12 * H, saw));
        close(half.lowest_temperature(at(12 * H)), None);
        close(half.highest_temperature(at(12 * H)), None);
        // Three hours are missing.
        let mut gap = every(5 * M, 0, 23 * H, saw);
        gap.retain(|(second, _)| !(5 * H..8 * H).contains(second));
        close(history(Quantity::Temperature, &gap).lowest_temperature(at(23 * H)), None);
        // An hour and some seconds apart, for two days: there is always a result.
        for end in 24..48 {
            let hourly = every(H + 5, 0, end * H, |_| -12.34);
            close(history(Quantity::Temperature, &hourly).lowest_temperature(at(50 * H)), -12.34);
        }
        // What is more than a day old is gone.
        let mut cold = vec![(0, -20.0)];
        cold.extend(every(30 * M, 30 * M, 25 * H, |_| 5.0));
        close(history(Quantity::Temperature, &cold).lowest_temperature(at(25 * H)), 5.0);
    }

    #[test]
    fn wind_of_ten_minutes() {
        let wind = history(Quantity::WindSpeed, &every(M, 0, H, |second| (second / 60) as f64));
        close(wind.mean_wind(at(H)), 55.5);
        close(wind.highest_gust(at(H)), 60.0);
        // Minutes count the same, and a message that comes three times counts as one minute.
        let repeated = [(0, 2.0), (M, 4.0), (M, 4.0), (M, 4.0)];
        close(history(Quantity::WindSpeed, &repeated).mean_wind(at(M)), 3.0);
        let mut gusts = wind.clone();
        gusts.record(Quantity::WindGust, Observed { value: 70.5, at: at(H + 30) }, at(H + 30));
        close(gusts.highest_gust(at(H + 30)), 70.5);
        close(gusts.mean_wind(at(H + 30)), 55.5);
        close(History::default().mean_wind(at(0)), None);
        close(History::default().highest_gust(at(0)), None);
        // More than any board reports in a minute, of the most that is believed.
        let storm: Vec<_> = (0..30_000).map(|_| (0, 75.0)).collect();
        close(history(Quantity::WindSpeed, &storm).mean_wind(at(0)), 75.0);
    }
}
