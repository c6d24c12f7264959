//! A history as one line of text, for a file that outlives a restart.

use std::fmt;

use super::History;

/// The version of the text's form. A change of a series needs no other, as its row stands in the text.
const VERSION: &str = "2";

/// The series of version 1, in which they had no title but their place.
const VERSION_1: &[&str] = &[
    "rain_day last 76x1200",
    "rain_hour last 36x120",
    "station_pressure last 22x600",
    "sea_level_pressure last 22x600",
    "temperature extremes 73x1200",
    "wind mean 10x60",
    "gust highest 10x60",
];

/// A full day of everything is half as long; what is longer was not written by us.
const TEXT_BYTES: usize = 8 << 10;

/// Version, series and a full stop, which distinguishes a whole line from one that was cut in its
/// last number: `2;wind mean 10x60=1790510400,3500,1;.`
impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(VERSION)?;
        self.write(f)?;
        f.write_str(";.")
    }
}

impl History {
    /// Reads what `Display` wrote, that of version 1 as well; `None` for anything else, which it
    /// notices before long: half a line, slots out of order, values that no sensor can have measured.
    /// A series that is not in the table, or is another there, is ignored.
    pub fn parse(text: &str) -> Option<History> {
        let text = Some(text).filter(|text| text.len() <= TEXT_BYTES)?.strip_suffix(";.")?;
        let mut parts = text.split(';');
        match parts.next()? {
            VERSION => History::of_series(parts.map(|part| part.split_once('='))),
            "1" if parts.clone().count() == VERSION_1.len() => {
                let series = VERSION_1.iter().copied().zip(parts);
                History::of_series(series.filter(|(_, slots)| !slots.is_empty()).map(Some))
            }
            _ => None,
        }
    }

    /// From titles and slots.
    fn of_series<'t>(mut series: impl Iterator<Item = Option<(&'t str, &'t str)>>) -> Option<History> {
        let mut history = History::default();
        series.try_for_each(|part| part.and_then(|(title, slots)| history.read(title, slots)))?;
        Some(history)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::tests::{H, NOON, Numbers, at, close, full, history};
    use crate::reading::{Observed, Quantity};

    /// As version 1 wrote it, after a day of reports.
    const WRITTEN_BY_VERSION_1: &str = "1;1790510400,100000,7200,100200,7200,100400,7200,100600,7200,100800,\
        7200,101000,7200,101200,7200,101400,7200,101600,7200,101800,7200,102000,7200,102200,4500,102600,\
        900,102800,1830,103200;1790593200,102400,900,102600,900,102800,1830,103200;1790589600,950110,3600,\
        950120,900,950130,900,950140,1830,950160;1790589600,1010220,3600,1010240,900,1010260,900,1010280,\
        1830,1010320;1790510400,-500,-500,7200,-450,-450,7200,-400,-400,7200,-350,-350,7200,-300,-300,\
        7200,-250,-250,7200,-200,-200,7200,-150,-150,7200,-100,-100,7200,-50,-50,7200,0,0,7200,50,50,4500,\
        100,150,900,200,200,1830,250,300;1790596830,21500,2;1790596830,22000;.";

    #[test]
    fn version_1_is_read() {
        let history = History::parse(WRITTEN_BY_VERSION_1).expect("version 1");
        let now = at(24 * H + 30);
        close(history.rain_of_hour(now), 0.8);
        close(history.rain_of_day(now), 3.2);
        close(history.rain_rate(now), None);
        close(history.pressure_change(now), 0.074_688_796_680_497_92);
        close(history.lowest_temperature(now), -5.0);
        close(history.highest_temperature(now), 3.0);
        close(history.mean_wind(now), 10.75);
        close(history.highest_gust(now), 22.0);
        assert_eq!(History::parse(&history.to_string()), Some(history.clone()));
        // Nothing that it says is ignored: what is left as text is the same but for the titles.
        let slots = |text: &str| -> Vec<String> {
            let parts = text.split(';').skip(1);
            parts.map(|part| part.rsplit('=').next().unwrap_or(part).to_owned()).collect()
        };
        assert_eq!(slots(&history.to_string()), slots(WRITTEN_BY_VERSION_1));
        // The other pressure, of its own kind.
        let only =
            |station: &str, sea_level: &str| History::parse(&format!("1;;;{station};{sea_level};;;;."));
        let twice = |value: i64| format!("{},{value},{},{}", NOON, 3 * H, value + 1_000);
        close(only(&twice(950_000), &twice(1_010_500)).expect("both").pressure_change(at(3 * H)), 1.0);
        assert_eq!(only(&twice(600_000), ""), Some(pressure(Quantity::StationPressure, 600.0)));
        assert_eq!(only("", &twice(1_000_000)), Some(pressure(Quantity::SeaLevelPressure, 1000.0)));
    }

    fn pressure(quantity: Quantity, value: f64) -> History {
        history(quantity, &[(0, value), (3 * H, value + 1.0)])
    }

    #[test]
    fn a_series_of_another_row_is_ignored() {
        let wind = "2;wind mean 10x60=1790510400,3500,1;.";
        assert_eq!(History::parse(wind).expect("ours").to_string(), wind);
        for title in ["wnd mean 10x60", "wind sum 10x60", "wind mean 11x60", "wind mean 10x600", ""] {
            let text = wind.replace("wind mean 10x60", title);
            assert_eq!(History::parse(&text), Some(History::default()), "{text}");
        }
        let text = wind.replace("2;", "2;snow depth 9x60=what,it,says;");
        assert_eq!(History::parse(&text), History::parse(wind), "{text}");
    }

    /// A kind that cannot hold a quantity shows here.
    #[test]
    fn every_series_keeps_the_bounds_of_its_quantities() {
        for (name, quantities) in History::SERIES {
            for &quantity in *quantities {
                let bounds = quantity.bounds();
                for value in [*bounds.start(), *bounds.end()] {
                    // So often that a sum is as large as it gets.
                    let history = history(quantity, &vec![(0, value); 30_000]);
                    let text = history.to_string();
                    assert!(text.contains(&format!(";{name} ")), "{name} has not kept {value}: {text}");
                    assert_eq!(History::parse(&text), Some(history), "{text}");
                }
            }
        }
    }

    #[test]
    fn sizes() {
        let once = history(Quantity::Temperature, &[(0, 20.0)]).bytes();
        let (bytes, text) = (full().bytes(), full().to_string().len());
        println!("bytes of a station: seen once {once}, after a day {bytes}, as text {text}");
        assert!(bytes <= 2_688, "{bytes}");
        assert!(once <= 208, "{once}");
        assert!(text <= TEXT_BYTES / 2, "{text}");
    }

    #[test]
    fn survives_a_restart() {
        let history = full();
        let text = history.to_string();
        let read = History::parse(&text).expect("our own text");
        assert_eq!(read, history);
        assert_eq!(read.rain_of_day(at(26 * H)), history.rain_of_day(at(26 * H)));
        assert!(read.rain_of_day(at(26 * H)).is_some());
        assert_eq!(History::default().to_string(), "2;.");
        assert_eq!(History::parse("2;."), Some(History::default()));
        for cut in 0..text.len() {
            assert_eq!(History::parse(&text[..cut]), None, "{cut}");
        }
    }

    #[track_caller]
    fn refused(text: &str) {
        assert_eq!(History::parse(text), None, "{text:?}");
    }

    #[test]
    fn what_was_not_written_here_is_not_read() {
        for text in
            ["", "1", "2", "2;", "3;.", "2;.;", "2;.\n", "2;;.", "2;5,1;.", "1;;;;;;;.", "1;;;;;;;;;."]
        {
            refused(text);
        }
        let wind = "wind mean 10x60=1790510400,3500,1";
        refused(&format!("2;{wind};{wind};."));
        refused(&"2;".repeat(TEXT_BYTES));
        assert_eq!(History::parse("1;;;;;;;;."), Some(History::default()));
    }

    /// Slots that are none, after each title.
    #[test]
    fn slots_that_cannot_be_are_not_read() {
        #[track_caller]
        fn check(title: &str, refused: &[&str], read: &str) {
            for slots in refused {
                self::refused(&format!("2;{title}={slots};."));
            }
            let history = History::parse(&format!("2;{title}={read};."));
            assert!(history.is_some_and(|history| history != History::default()), "{title}");
        }
        let malformed = ["", "5", "5,x", "-5,1", "5,1,", "4294967296,1", "4294967295,1,1,1"];
        check("rain_day last 76x1200", &malformed, "5,1");
        // Twice in one slot, too far apart, out of bounds.
        let impossible = ["5,1,5,1", "5,1,99999,1", "5,-1", "5,1000000001"];
        check("rain_day last 76x1200", &impossible, "5,1,1200,1");
        check("station_pressure last 22x600", &["5,499999"], "5,500000");
        check("sea_level_pressure last 22x600", &["5,849999"], "5,850000");
        let extremes = ["5,6001,6001", "5,7,6", "5,-6000,70000", "5,7"];
        check("temperature extremes 73x1200", &extremes, "5,6,7");
        check("wind mean 10x60", &["5,1,0", "5,75001,1", "5,-1,1", "5,1,20001"], "5,75000,1");
        check("gust highest 10x60", &["5,75001", "5,-1"], "5,75000");
    }

    /// A state file of anything: no panic, and what is read keeps the bounds.
    #[test]
    fn a_mutated_state_is_refused_or_harmless() {
        const WRITTEN: &[u8] = b"0123456789,;-. x=";
        let original = full().to_string().into_bytes();
        let mut numbers = Numbers(0x9e37_79b9_7f4a_7c15);
        let mut read = 0;
        for _ in 0..20_000 {
            let bytes = numbers.mutated(&original, WRITTEN);
            let Ok(text) = String::from_utf8(bytes) else { continue };
            let Some(mut history) = History::parse(&text) else { continue };
            read += 1;
            let now = at(numbers.below(60 * H));
            for quantity in Quantity::ALL {
                history.record(quantity, Observed { value: numbers.below(1_100) as f64, at: now }, now);
            }
            for (found, bounds) in [
                (history.rain_of_hour(now), 0.0..=2000.0),
                (history.rain_of_day(now), 0.0..=100_000.0),
                (history.rain_rate(now), 0.0..=300.0),
                (history.pressure_change(now), -900.0..=900.0),
                (history.lowest_temperature(now), -60.0..=60.0),
                (history.highest_temperature(now), -60.0..=60.0),
                (history.mean_wind(now), 0.0..=75.0),
                (history.highest_gust(now), 0.0..=75.0),
            ] {
                assert!(found.is_none_or(|found| bounds.contains(&found.value)), "{found:?}");
            }
            assert!(history.bytes() <= 3_000, "{}", history.bytes());
            assert!(History::parse(&history.to_string()).is_some(), "{history}");
        }
        assert!(read > 100, "{read}");
    }
}
