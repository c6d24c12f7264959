//! From readings to the lines that are put into the prompt: a [`Line`] is a row of `answer/lines.rs`.

mod days;
mod lines;
mod past;
mod period;
mod report;
mod units;

pub use self::lines::{Labels, Line};
pub use self::past::Extent;
pub use self::period::Period;
pub use self::units::{Scale, Units};

use std::time::Duration;

use self::past::Question;
use self::report::{Current, Report};
use crate::quantity::rounded;
use crate::reading::{Observed, Quantity, Reading, Snapshot, Station};
use crate::time::{Date, Timestamp};

/// A reading of this age is stale, unless configured otherwise: stations report every few minutes,
/// and the weather can change within a quarter of an hour.
pub const STALE_AFTER: Duration = Duration::from_secs(15 * 60);

/// How many stations are named when the model has to ask which one is meant: enough to choose from,
/// and still a short prompt.
const MAX_NAMED: usize = 20;

/// How the answer is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// The units of the numbers.
    pub units: Units,
    /// What stands before the colons.
    pub labels: Labels,
    /// A reading of this age is stale and is left out.
    pub stale_after: Duration,
}

impl Default for Options {
    fn default() -> Options {
        Options { units: Units::default(), labels: Labels::default(), stale_after: STALE_AFTER }
    }
}

/// The text about the weather that the model gets: the lines of one station, or one sentence that says
/// why there are none. A language model reads it, so every case has an answer.
///
/// A `place` that is given and not blank must be known. Without one, the station is the one that `query`,
/// the user's message, names, or else the default station.
pub fn answer(
    snapshot: &Snapshot,
    place: Option<&str>,
    query: Option<&str>,
    now: Timestamp,
    options: &Options,
) -> String {
    match find(snapshot, place, query) {
        Ok(station) => report(station, now, options),
        Err(reason) => reason.sentence(snapshot),
    }
}

/// The text about the days that `date` names, at the station that [`answer`] would find. What cannot be answered is said
/// in a sentence.
pub fn answer_about(
    date: &str,
    snapshot: &Snapshot,
    place: Option<&str>,
    query: Option<&str>,
    now: Timestamp,
    options: &Options,
) -> String {
    match (find(snapshot, place, query), Period::read("date", date, Date::of(now))) {
        (Err(reason), _) => reason.sentence(snapshot),
        (_, Err(reason)) => reason,
        (Ok(station), Ok(period)) => past(station, period, now, options),
    }
}

/// The lines about days at a station.
pub fn past(station: &Station, period: Period, now: Timestamp, options: &Options) -> String {
    station.asked(now);
    let Options { units, ref labels, .. } = *options;
    Question { station, period, now, units, labels }.text()
}

/// Writes what is known of days as members of a JSON object, each after a comma: see `routes/openapi.json`.
pub fn write_past(
    station: Option<&Station>,
    period: Period,
    now: Timestamp,
    extent: Extent,
    json: &mut String,
) {
    past::write_members(station, period, now, extent, json);
}

/// Why there is no station to answer from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unanswered {
    /// No station has reported, so which places there are is unknown.
    NoStations,
    /// The place has no station.
    UnknownPlace,
    /// No place was given, and there is no default station.
    NoPlace,
}

impl Unanswered {
    /// The sentence for the prompt.
    pub fn sentence(self, snapshot: &Snapshot) -> String {
        match self {
            Unanswered::NoStations => "No readings yet: the sensors have not reported.".to_owned(),
            Unanswered::UnknownPlace => "Unknown city".to_owned(),
            Unanswered::NoPlace => ask_back(snapshot),
        }
    }
}

/// The station that is meant.
///
/// # Errors
///
/// There is none.
pub fn find<'s>(
    snapshot: &'s Snapshot,
    place: Option<&str>,
    query: Option<&str>,
) -> Result<&'s Station, Unanswered> {
    if snapshot.stations().is_empty() {
        return Err(Unanswered::NoStations);
    }
    if let Some(place) = place.filter(|place| !place.trim().is_empty()) {
        return snapshot.named(place).ok_or(Unanswered::UnknownPlace);
    }
    let named = query.and_then(|query| snapshot.named_in(query));
    named.or_else(|| snapshot.default_station()).ok_or(Unanswered::NoPlace)
}

/// The lines of a station, or the sentence that says that it has not reported.
pub fn report(station: &Station, now: Timestamp, options: &Options) -> String {
    station.asked(now);
    if station.newest().is_none() {
        let station = station.city.as_deref().unwrap_or("the station");
        return format!("No readings yet: {station} has not reported.");
    }
    let Options { units, stale_after, ref labels } = *options;
    let current = Current { station, now, today: Date::of(now), units, stale_after };
    let mut report = Report::new();
    for &line in Line::ALL {
        line.write(&current, &labels[line], &mut report);
    }
    report.text
}

/// A line by itself, for a page that shows also what is stale.
pub struct Shown {
    /// Which line it is.
    pub line: Line,
    /// What stands behind its colon.
    pub value: String,
    /// When that was observed.
    pub at: Timestamp,
    /// Whether it is current.
    pub is_current: bool,
}

/// What a line says of a station by itself: what is current as in the answer, and else the newest that is known.
pub fn shown(station: &Station, line: Line, now: Timestamp, options: &Options) -> Option<Shown> {
    let with = |stale_after, is_current| {
        let mut report = Report::new();
        let current = Current { station, now, today: Date::of(now), units: options.units, stale_after };
        line.write(&current, "-", &mut report);
        let value = report.text.strip_prefix("-: ")?.to_owned();
        Some(Shown { line, value, at: report.newest?, is_current })
    };
    with(options.stale_after, true).or_else(|| with(Duration::MAX, false))
}

/// The current readings of a station, in the order of the quantities. Their values are rounded.
pub fn readings(
    station: &Station,
    now: Timestamp,
    options: &Options,
) -> impl Iterator<Item = (Quantity, Reading)> {
    let current = station.readings().filter(move |(_, reading)| is_current(reading.at, now, options));
    current.map(|(quantity, Observed { value, at })| (quantity, Observed { value: rounded(value), at }))
}

/// Whether what was observed at this time is current: not stale, and not ahead of the clock.
pub fn is_current(at: Timestamp, now: Timestamp, options: &Options) -> bool {
    report::is_current(at, now, options.stale_after)
}

/// How many stations have no current reading.
pub fn stale(snapshot: &Snapshot, now: Timestamp, options: &Options) -> usize {
    let reports = |station: &&Station| station.newest().is_some_and(|at| is_current(at, now, options));
    snapshot.stations().len() - snapshot.stations().iter().filter(reports).count()
}

/// Names the stations, so that the model can ask which one is meant.
fn ask_back(snapshot: &Snapshot) -> String {
    let count = snapshot.stations().len();
    let named = some_places(snapshot).map_or_else(String::new, |places| format!(": {places}"));
    format!("No place with a station was named; there are {count} stations{named}.")
}

/// Names some stations, and counts the others: `London, Paris and 3 more`. `None` if no station has a name.
pub fn some_places(snapshot: &Snapshot) -> Option<String> {
    let count = snapshot.stations().len();
    let cities = snapshot.stations().iter().filter_map(|station| station.city.as_deref());
    let named: Vec<&str> = cities.take(MAX_NAMED).collect();
    let mut text = named.join(", ");
    if named.len() < count {
        text.push_str(&format!(" and {} more", count - named.len()));
    }
    (!named.is_empty()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::lines::tests::{minutes, now, station, station_at};
    use super::*;
    use Quantity::Temperature;

    #[test]
    fn before_the_first_reading() {
        #[track_caller]
        fn check(stations: Vec<Station>, place: Option<&str>, expected: &str) {
            assert_eq!(answer(&Snapshot::new(stations), place, None, now(), &Options::default()), expected);
        }
        let nothing = "No readings yet: the sensors have not reported.";
        check(vec![], None, nothing);
        check(vec![], Some("London"), nothing);
        check(vec![station(&[])], Some("London"), "No readings yet: London has not reported.");
        check(vec![Station::default()], None, "No readings yet: the station has not reported.");
    }

    #[test]
    fn the_place_then_the_query_then_the_default() {
        let warm = |city: &str| station_at(city, minutes(3), &[(Temperature, 20.0)]);
        let mut default = warm("London");
        default.default = true;
        let marked = Snapshot::new(vec![warm("Paris"), default, warm("Rome")]);
        let unmarked = Snapshot::new(vec![warm("Paris"), warm("London")]);
        let only = Snapshot::new(vec![warm("Paris")]);

        #[track_caller]
        fn check(snapshot: &Snapshot, place: Option<&str>, query: Option<&str>, expected: &str) {
            let text = answer(snapshot, place, query, now(), &Options::default());
            assert_eq!(text.lines().next(), Some(expected));
        }
        check(&marked, Some("rome, Italy"), Some("Paris?"), "City: Rome");
        check(&marked, Some("Oslo"), Some("Paris?"), "Unknown city");
        check(&marked, None, Some("And in Paris?"), "City: Paris");
        check(&marked, Some(" \t"), Some("And in Paris?"), "City: Paris");
        check(&marked, Some(""), Some("And here?"), "City: London");
        check(&marked, None, None, "City: London");
        check(&only, None, Some("And in Oslo?"), "City: Paris");
        check(&only, Some("Oslo"), None, "Unknown city");
        check(&unmarked, None, Some("London"), "City: London");
        let ask = "No place with a station was named; there are 2 stations: Paris, London.";
        check(&unmarked, None, Some("And here?"), ask);
        check(&unmarked, Some(""), None, ask);
    }

    #[test]
    fn asking_back_names_a_few_stations() {
        #[track_caller]
        fn check(stations: Vec<Station>, expected: &str) {
            assert_eq!(ask_back(&Snapshot::new(stations)), expected);
        }
        let named = |number: usize| station_at(&format!("P{number}"), minutes(3), &[]);
        check(
            vec![named(1), Station::default()],
            "No place with a station was named; there are 2 stations: P1 and 1 more.",
        );
        check(vec![Station::default(); 2], "No place with a station was named; there are 2 stations.");
        let many = ask_back(&Snapshot::new((0..10_000).map(named).collect()));
        assert!(many.ends_with(", P18, P19 and 9980 more."), "{many}");
    }
}
