//! Metrics of the running server for Prometheus, in its text format: counts of requests, and the stations'
//! readings in base units.

use std::fmt::{Display, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::answer::{self, Options};
use crate::endpoints::{Endpoint, Point};
use crate::http::{Engine, Meter, Status};
use crate::quantity::{Family, Quantity, rounded};
use crate::reading::Snapshot;
use crate::time::Timestamp;

/// The content type of the text format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// How many stations have their readings on the page. More would be megabytes at each scrape.
const MAX_STATIONS: usize = 1000;

/// The subject of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A call of Dify's extension: its point, `None` for one that is unknown.
    Call(Option<Point>),
    /// An endpoint of another kind.
    Endpoint(Endpoint),
}

/// How often each status was the answer.
type Counts = [AtomicU64; Status::ALL.len()];

/// Requests that were answered by a handler, by what they were about and their status.
#[derive(Debug, Default)]
pub struct Requests {
    points: [Counts; Point::ALL.len()],
    /// The extension's own are calls of no known point.
    endpoints: [Counts; Endpoint::ALL.len()],
}

impl Requests {
    /// Counts one.
    pub fn count(&self, subject: Subject, status: Status) {
        let counts = match subject {
            Subject::Call(Some(point)) => &self.points[point.index()],
            Subject::Call(None) => &self.endpoints[Endpoint::Extension.index()],
            Subject::Endpoint(endpoint) => &self.endpoints[endpoint.index()],
        };
        counts[status.index()].fetch_add(1, Ordering::Relaxed);
    }

    /// The label of each subject with its counts.
    fn labelled(&self) -> impl Iterator<Item = (&'static str, &Counts)> {
        let points = Point::ALL.iter().map(|point| point.name()).zip(&self.points);
        points.chain(Endpoint::ALL.iter().map(|endpoint| endpoint.label()).zip(&self.endpoints))
    }
}

/// What the metrics are made from.
pub struct Sources<'a> {
    /// What answers.
    pub engine: Engine,
    /// When the process began to serve.
    pub started: Timestamp,
    /// What the engine counts.
    pub meter: &'a Meter,
    /// What was answered.
    pub requests: &'a Requests,
    /// The stations and their readings.
    pub snapshot: &'a Snapshot,
    /// From which age on a reading is stale.
    pub options: &'a Options,
}

/// The metrics, as a page of Prometheus' text format.
pub fn page(sources: &Sources<'_>, now: Timestamp) -> String {
    let Sources { engine, started, meter, requests, snapshot, options } = sources;
    let mut page = Page(String::new());

    page.family("build_info", "gauge", "The version and the engine that answers.");
    let labels = [("version", env!("CARGO_PKG_VERSION")), ("engine", engine.name())];
    page.sample("build_info", &labels, 1);
    page.family("start_time_seconds", "gauge", "When the server began to serve, since the epoch.");
    page.sample("start_time_seconds", &[], started.epoch_seconds());

    page.family("requests_total", "counter", "Requests that were answered, by Dify's point or by path.");
    for (subject, counts) in requests.labelled() {
        for (status, count) in Status::ALL.iter().zip(counts) {
            let count = count.load(Ordering::Relaxed);
            if count > 0 {
                page.sample("requests_total", &[("point", subject), ("status", &status.to_string())], count);
            }
        }
    }
    page.family("refusals_total", "counter", "Requests that were refused from their head or their framing.");
    for (status, count) in meter.refusals() {
        page.sample("refusals_total", &[("status", &status.to_string())], count);
    }
    page.family("handler_panics_total", "counter", "Requests whose handler failed, answered 500.");
    page.sample("handler_panics_total", &[], meter.panics());
    if *engine == Engine::Event {
        let (open, accepted, held) = meter.connections();
        page.family("connections", "gauge", "Connections that are open.");
        page.sample("connections", &[], open);
        page.family("connections_accepted_total", "counter", "Connections since the start.");
        page.sample("connections_accepted_total", &[], accepted);
        page.family("buffer_bytes", "gauge", "Memory held for what clients sent or did not take yet.");
        page.sample("buffer_bytes", &[], held);
    }

    page.family("stations", "gauge", "Stations that are served.");
    page.sample("stations", &[], snapshot.stations().len());
    page.family("stations_stale", "gauge", "Stations without a current reading.");
    page.sample("stations_stale", &[], answer::stale(snapshot, now, options));
    let stations = || {
        let stations = snapshot.stations().iter().take(MAX_STATIONS);
        stations.map(|station| (station.city.as_deref().unwrap_or_default(), station))
    };
    page.family("reading_age_seconds", "gauge", "How old the newest reading is.");
    for (city, station) in stations() {
        for quantity in Quantity::ALL {
            if let Some(reading) = station.reading(quantity) {
                let labels = [("city", city), ("quantity", quantity.key())];
                // Below zero for a reading that is ahead of a clock that was set back.
                let age = reading.at.age(now).as_secs_f64() - reading.at.ahead(now).as_secs_f64();
                page.sample("reading_age_seconds", &labels, age);
            }
        }
    }
    for quantity in Quantity::ALL {
        let Family { name, kind, help, convert } = quantity.family();
        let mut is_new = true;
        for (city, station) in stations() {
            // Prometheus stores each sample as a value of this moment, so an old one is left out.
            let reading = station.reading(quantity);
            if let Some(reading) = reading.filter(|reading| answer::is_current(reading.at, now, options)) {
                if is_new {
                    page.family(name, kind, help);
                    is_new = false;
                }
                page.sample(name, &[("city", city)], rounded(convert(reading.value)));
            }
        }
    }
    page.0
}

/// The page while it is written. Writing into a String does not fail.
struct Page(String);

impl Page {
    /// Begins the samples of one name. They must stand together.
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.0, "# HELP weatherhook_{name} {help}\n# TYPE weatherhook_{name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let _ = write!(self.0, "weatherhook_{name}");
        for (index, (label, text)) in labels.iter().enumerate() {
            let _ = write!(self.0, "{}{label}=\"", if index == 0 { '{' } else { ',' });
            for letter in text.chars() {
                match letter {
                    '\\' => self.0.push_str("\\\\"),
                    '"' => self.0.push_str("\\\""),
                    '\n' => self.0.push_str("\\n"),
                    letter => self.0.push(letter),
                }
            }
            self.0.push('"');
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }
}
