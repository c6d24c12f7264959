//! The weather of one day at one station: a row of a table that any spreadsheet opens.

use std::fmt;

use super::{Quantity, Unit};
use crate::table::table;
use crate::time::Date;

/// How a column is written.
struct Row {
    /// Its name in the header, with the unit.
    head: &'static str,
    /// What it is a value of; `None` for a time of the day.
    of: Option<Quantity>,
    /// Digits after the point, those that are kept.
    decimals: u8,
}

const fn value(head: &'static str, of: Quantity, decimals: u8) -> Row {
    Row { head, of: Some(of), decimals }
}

const fn time(head: &'static str) -> Row {
    Row { head, of: None, decimals: 0 }
}

table! {
    /// What is known of a day beside its date and coverage. Each time is that of the extreme before it, to ten
    /// minutes: when the slot began.
    pub enum Column: Row {
        /// °C
        LowestTemperature = value("temperature_min_C", Quantity::Temperature, 2),
        /// Minutes since midnight as the clock shows them.
        LowestTemperatureTime = time("temperature_min_time"),
        /// °C
        HighestTemperature = value("temperature_max_C", Quantity::Temperature, 2),
        /// Minutes since midnight.
        HighestTemperatureTime = time("temperature_max_time"),
        /// °C, the mean of the means of ten minutes.
        MeanTemperature = value("temperature_mean_C", Quantity::Temperature, 2),
        /// %, likewise.
        MeanHumidity = value("humidity_mean_%", Quantity::Humidity, 0),
        /// mm
        Rain = value("rain_mm", Quantity::RainCounter, 1),
        /// m/s
        HighestGust = value("gust_max_m/s", Quantity::WindGust, 1),
        /// Minutes since midnight.
        HighestGustTime = time("gust_max_time"),
        /// hPa, of the means of ten minutes.
        LowestSeaLevelPressure = value("sea_level_pressure_min_hPa", Quantity::SeaLevelPressure, 1),
        /// hPa, likewise.
        HighestSeaLevelPressure = value("sea_level_pressure_max_hPa", Quantity::SeaLevelPressure, 1),
        /// hPa, likewise.
        LowestStationPressure = value("station_pressure_min_hPa", Quantity::StationPressure, 1),
        /// hPa, likewise.
        HighestStationPressure = value("station_pressure_max_hPa", Quantity::StationPressure, 1),
    }
}

impl Column {
    /// Its name without the unit; a time has the name of its extreme.
    pub fn key(self) -> &'static str {
        let head = self.row().head;
        head.rsplit_once('_').map_or(head, |(key, _)| key)
    }

    /// The unit of its values; `None` for a time of the day.
    pub fn unit(self) -> Option<Unit> {
        self.row().of.map(Quantity::base_unit)
    }

    /// What so many units of its last digit are: in the base unit of its quantity, or minutes since midnight.
    pub fn value(self, digits: i32) -> f64 {
        f64::from(digits) / power(self)
    }
}

const UNKNOWN: i16 = i16::MIN;

/// One day at one station: 30 bytes, so that ten years are 110 kB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Day {
    /// The day of the board's calendar.
    pub date: Date,
    /// How much of the day, or of what has passed of it, was measured, %: slots of ten minutes with a temperature
    /// (without a thermometer: with any reading) among all, and those between regular reports of up to an hour. It rounds down, so that 100 is all.
    pub covered: u8,
    /// In units of the last digit.
    values: [i16; Column::ALL.len()],
}

impl Day {
    /// Days that are covered less say what was measured, and not how the day was.
    pub const WHOLE: u8 = 80;

    /// A day of which nothing is known.
    pub fn new(date: Date, covered: u8) -> Day {
        Day { date, covered, values: [UNKNOWN; Column::ALL.len()] }
    }

    /// A value in the base unit of its quantity, or a time in minutes since midnight; `None` if it is not known.
    pub fn value(&self, column: Column) -> Option<f64> {
        self.digits(column).map(|digits| column.value(digits))
    }

    /// The same in units of the column's last digit.
    pub fn digits(&self, column: Column) -> Option<i32> {
        let digits = self.values[column.index()];
        (digits != UNKNOWN).then_some(digits.into())
    }

    /// Sets a value. One that is out of the bounds of its quantity is not known.
    pub fn set(&mut self, column: Column, value: f64) {
        let is_possible = match column.row().of {
            Some(quantity) => quantity.bounds().contains(&value),
            None => (0.0..1440.0).contains(&value),
        };
        let digits = (value * power(column)).round();
        if is_possible && digits <= i16::MAX.into() {
            // Of all bounds only that of rain does not fit, and that is checked.
            #[expect(clippy::cast_possible_truncation)]
            let digits = digits as i16;
            self.values[column.index()] = digits;
        }
    }

    /// The first line of a table of days.
    pub fn header() -> String {
        Column::ALL.iter().fold("date,covered_%".to_owned(), |text, column| text + "," + column.row().head)
    }

    /// From a line that `Display` wrote, or a spreadsheet; `None` if it is another or not whole.
    pub fn parse(line: &str) -> Option<Day> {
        let mut cells = line.split(',');
        let date = Date::parse(cells.next()?)?;
        let covered = cells.next()?.parse().ok().filter(|covered| *covered <= 100)?;
        let mut day = Day::new(date, covered);
        for &column in Column::ALL {
            let cell = cells.next()?;
            let value = match cell.split_once(':') {
                _ if cell.is_empty() => continue,
                Some((hour, minute)) if column.row().of.is_none() => {
                    let (hour, minute): (u8, u8) = (hour.parse().ok()?, minute.parse().ok()?);
                    f64::from(hour) * 60.0 + f64::from(minute)
                }
                _ => cell.parse().ok()?,
            };
            day.set(column, value);
            day.value(column)?;
        }
        cells.next().is_none().then_some(day)
    }
}

fn power(column: Column) -> f64 {
    match column.row().decimals {
        0 => 1.0,
        1 => 10.0,
        _ => 100.0,
    }
}

/// The row of the table: `2026-11-20,98,-1.20,06:40,…`, a cell that is not known empty.
impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{},{}", self.date, self.covered)?;
        for (column, value) in Column::ALL.iter().zip(self.values) {
            f.write_str(",")?;
            let Row { of, decimals, .. } = column.row();
            let digits = value.unsigned_abs();
            match of {
                _ if value == UNKNOWN => {}
                None => write!(f, "{:02}:{:02}", digits / 60, digits % 60)?,
                Some(_) => {
                    let (sign, power) = (if value < 0 { "-" } else { "" }, 10_u16.pow((*decimals).into()));
                    write!(f, "{sign}{}", digits / power)?;
                    if power > 1 {
                        write!(f, ".{:0width$}", digits % power, width = usize::from(*decimals))?;
                    }
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "2026-11-20,98,-1.20,06:40,5.31,14:10,2.05,87,2.4,11.8,13:20,1009.1,1014.2,,";

    #[test]
    fn a_row_is_read_as_it_was_written() {
        assert_eq!(
            Day::header(),
            "date,covered_%,temperature_min_C,temperature_min_time,temperature_max_C,temperature_max_time,\
             temperature_mean_C,humidity_mean_%,rain_mm,gust_max_m/s,gust_max_time,sea_level_pressure_min_hPa,\
             sea_level_pressure_max_hPa,station_pressure_min_hPa,station_pressure_max_hPa"
        );
        let day = Day::parse(WRITTEN).expect("a day");
        assert_eq!(day.to_string(), WRITTEN);
        assert_eq!(day.value(Column::LowestTemperature), Some(-1.2));
        assert_eq!(day.value(Column::LowestTemperatureTime), Some(400.0));
        assert_eq!(day.value(Column::HighestStationPressure), None);
        assert_eq!(size_of::<Day>(), 30);
        // A spreadsheet leaves out zeros at the end.
        assert_eq!(Day::parse(&WRITTEN.replace("-1.20,", "-1.2,")), Some(day));
        let empty = Day::new(day.date, 0);
        assert_eq!(empty.to_string(), "2026-11-20,0,,,,,,,,,,,,,");
        assert_eq!(Day::parse(&empty.to_string()), Some(empty));
    }

    #[test]
    fn a_row_that_is_not_whole_is_none() {
        for cut in 0..WRITTEN.len() {
            assert_eq!(Day::parse(&WRITTEN[..cut]), None, "{cut}");
        }
        for (from, to) in [
            ("98", "101"),
            ("-1.20", "-61"),
            ("-1.20", "x"),
            ("06:40", "24:00"),
            ("87", "104"),
            (",,", ",,,"),
            ("2.4", "3276.8"),
        ] {
            assert_eq!(Day::parse(&WRITTEN.replace(from, to)), None, "{to}");
        }
    }

    #[test]
    fn each_value_keeps_the_bounds_of_its_quantity() {
        let date = Date::parse("2026-11-20").expect("a date");
        for &column in Column::ALL {
            let bounds = column.row().of.map_or(0.0..=1439.0, |of| of.bounds().clone());
            let most = if column == Column::Rain { 2_000.0 } else { *bounds.end() };
            for value in [*bounds.start(), most] {
                let mut day = Day::new(date, 100);
                day.set(column, value);
                assert_eq!(day.value(column), Some(value), "{column:?}");
                assert_eq!(Day::parse(&day.to_string()), Some(day), "{day}");
                day.set(column, f64::NAN);
                day.set(column, *bounds.start() - 0.1);
                assert_eq!(day.value(column), Some(value), "{column:?}");
            }
        }
    }
}
