//! From a request to the room that answers it: path, method, key, and then what is wanted.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use crate::answer;
use crate::auth::Keys;
use crate::extension::{self, Knowledge, Point, Refusal};
use crate::http::{Engine, Head, Meter, Response, Service};
use crate::metrics::{self, Requests, Subject};
use crate::moderation::Moderation;
use crate::published::Published;
use crate::reading::Snapshot;
use crate::socket::Peer;
use crate::time::Timestamp;
use crate::{tool, url};

/// The weather for tools other than Dify's extension.
const WEATHER: &str = "/weather";
/// The document by which they learn to ask for it.
const DOCUMENT: &str = "/openapi.json";
/// Whether all stations report, for whoever watches.
const HEALTH: &str = "/healthz";
/// Figures for Prometheus.
const METRICS: &str = "/metrics";

/// What is served, and what it is answered from.
pub struct Routes {
    terms: Published<Terms>,
    snapshot: Arc<Published<Snapshot>>,
    engine: Engine,
    started: Timestamp,
    meter: Arc<Meter>,
    requests: Requests,
    refused: RefusedKeys,
}

/// What a reload can change: where the endpoint is, who is let in, how answers are written, which words
/// no text may have.
pub struct Terms {
    path: String,
    keys: Keys,
    answer: answer::Options,
    moderation: Option<Moderation>,
    /// The URL by which the world reaches this server, if that is known.
    public_url: Option<String>,
    /// For those who took the wrong path or method: which ones are right.
    not_found: String,
    not_allowed: String,
}

impl Terms {
    /// `path` begins with a slash; one at its end makes no difference.
    pub fn new(
        path: &str,
        keys: Keys,
        answer: answer::Options,
        moderation: Option<Moderation>,
        public_url: Option<String>,
    ) -> Terms {
        let endpoint = format!("send POST to {path}");
        Terms {
            path: without_last_slash(path).to_owned(),
            keys,
            answer,
            moderation,
            public_url,
            not_found: format!("not found: {endpoint}"),
            not_allowed: format!("method not allowed: {endpoint}"),
        }
    }

    /// The URL by which a client has reached us. Who is on this board may say that it speaks https to the
    /// world; a stranger's word does not count.
    fn server(&self, head: &Head<'_>) -> String {
        if let Some(url) = &self.public_url {
            return url.clone();
        }
        let is_local = match head.peer {
            Peer::Tcp(address) => address.ip().to_canonical().is_loopback(),
            Peer::Unix => true,
        };
        let is_https = is_local && head.forwarded_proto.eq_ignore_ascii_case("https");
        let host = if head.host.is_empty() { "localhost" } else { head.host };
        format!("{}://{host}", if is_https { "https" } else { "http" })
    }
}

impl Routes {
    /// Serves what is published.
    pub fn new(
        terms: Terms,
        snapshot: Arc<Published<Snapshot>>,
        engine: Engine,
        meter: Arc<Meter>,
    ) -> Routes {
        Routes {
            terms: Published::new(Arc::new(terms)),
            snapshot,
            engine,
            started: Timestamp::now(),
            meter,
            requests: Requests::default(),
            refused: RefusedKeys::default(),
        }
    }

    /// Puts other terms in force; a request that was let in is answered by the old ones.
    pub fn change(&self, terms: Terms) {
        self.terms.store(Arc::new(terms));
    }

    /// How many of the stations have nothing current to tell.
    pub fn stale(&self, snapshot: &Snapshot, now: Timestamp) -> usize {
        answer::stale(snapshot, now, &self.terms.load().answer)
    }

    /// Logs what came to be known of refused keys since the last line, if it is time for one.
    pub fn report_refused_keys(&self) {
        self.refused.report(Instant::now());
    }

    fn refuse(&self, status: u16, detail: &str) -> Response {
        self.meter.refuse(status);
        Response::refusal(status, detail)
    }

    /// Counts an answer and passes it on.
    fn counted(&self, subject: Subject, response: Response) -> Response {
        self.requests.count(subject, response.status);
        response
    }

    fn health(&self) -> Response {
        let snapshot = self.snapshot.load();
        let stations = snapshot.stations().len();
        let stale = self.stale(&snapshot, Timestamp::now());
        let (status, text) = match stale {
            _ if stations == 0 => (503, "no station has reported\n".to_owned()),
            0 => (200, "ok\n".to_owned()),
            _ => (503, format!("{stale} of {stations} stations stale\n")),
        };
        Response::text(status, "text/plain; charset=utf-8", text)
    }

    fn figures(&self, terms: &Terms) -> Response {
        let sources = metrics::Sources {
            engine: self.engine,
            started: self.started,
            meter: &self.meter,
            requests: &self.requests,
            snapshot: &self.snapshot.load(),
            options: &terms.answer,
        };
        Response::text(200, metrics::CONTENT_TYPE, metrics::page(&sources, Timestamp::now()))
    }
}

fn without_last_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

/// A request with a key.
pub struct Admitted {
    terms: Arc<Terms>,
    wanted: Wanted,
}

enum Wanted {
    /// The answer to a call of Dify's extension.
    Call,
    /// The weather at a place.
    Weather(Option<String>),
    Figures,
}

impl Service for Routes {
    type Route = Admitted;

    fn admit(&self, head: &Head<'_>) -> Result<Admitted, Response> {
        let terms = self.terms.load();
        let path = without_last_slash(head.path);
        let is_read = matches!(head.method, "GET" | "HEAD");
        let wanted = match path {
            _ if path == terms.path => {
                if head.method != "POST" {
                    return Err(self.refuse(405, &terms.not_allowed).with_field("Allow", "POST"));
                }
                Wanted::Call
            }
            WEATHER | DOCUMENT | HEALTH | METRICS if !is_read => {
                let detail = format!("method not allowed: send GET to {path}");
                return Err(self.refuse(405, &detail).with_field("Allow", "GET, HEAD"));
            }
            // These need no key, so that no body is taken either: strangers would have it held.
            DOCUMENT => {
                let document = Response::json(tool::openapi(&terms.server(head)).into_bytes());
                return Err(self.counted(Subject::Document, document));
            }
            HEALTH => return Err(self.counted(Subject::Health, self.health())),
            METRICS => Wanted::Figures,
            WEATHER => {
                let location = url::pairs(head.query).find(|(key, _)| key == "location");
                Wanted::Weather(location.map(|(_, place)| place.into_owned()))
            }
            _ => return Err(self.refuse(404, &terms.not_found)),
        };
        if !terms.keys.admits(head.authorization) {
            self.refused.note(head.peer, Instant::now());
            return Err(self.refuse(401, "Unauthorized").with_field("WWW-Authenticate", "Bearer"));
        }
        Ok(Admitted { terms, wanted })
    }

    fn respond(&self, Admitted { terms, wanted }: Admitted, body: &[u8]) -> Response {
        match wanted {
            Wanted::Call => {
                let knowledge = Knowledge {
                    snapshot: &self.snapshot.load(),
                    now: Timestamp::now(),
                    options: &terms.answer,
                    moderation: terms.moderation.as_ref(),
                };
                let (point, answer) = extension::receive(body, &knowledge);
                let subject = match point {
                    Some(Point::Ping) => Subject::Ping,
                    Some(Point::Query) => Subject::Query,
                    Some(Point::ModerationInput) => Subject::ModerationInput,
                    Some(Point::ModerationOutput) => Subject::ModerationOutput,
                    None => Subject::NoPoint,
                };
                let response = match answer {
                    Ok(json) => Response::json(json),
                    Err(Refusal::NotJson(why)) => Response::refusal(400, &format!("body is not JSON: {why}")),
                    Err(Refusal::WrongShape(why)) => Response::refusal(422, &why),
                    Err(Refusal::NotImplemented) => Response::refusal(400, "Not implemented"),
                };
                self.counted(subject, response)
            }
            Wanted::Weather(place) => {
                let snapshot = self.snapshot.load();
                let json = tool::weather(&snapshot, place.as_deref(), Timestamp::now(), &terms.answer);
                self.counted(Subject::Weather, Response::json(json.into_bytes()))
            }
            Wanted::Figures => self.counted(Subject::Metrics, self.figures(&terms)),
        }
    }
}

/// Refused keys are told in the log, but whoever tries many must not fill the card with lines.
#[derive(Default)]
struct RefusedKeys(Mutex<Tally>);

#[derive(Default)]
struct Tally {
    /// Refused since the last line.
    count: u64,
    last_from: Option<Peer>,
    last_line: Option<Instant>,
}

/// The least time between two lines.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

impl RefusedKeys {
    fn note(&self, from: Peer, now: Instant) {
        {
            let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            tally.count += 1;
            tally.last_from = Some(from);
        }
        self.report(now);
    }

    fn report(&self, now: Instant) {
        let mut tally = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = tally.last_line.is_none_or(|last| now.saturating_duration_since(last) >= BETWEEN_LINES);
        let Some(from) = tally.last_from.filter(|_| due && tally.count > 0) else { return };
        let from = match from {
            Peer::Tcp(address) => address.ip().to_string(),
            Peer::Unix => "a unix socket".to_owned(),
        };
        warn!("requests refused for a wrong or missing key: {}, the last from {from}", tally.count);
        *tally = Tally { last_line: Some(now), ..Tally::default() };
    }
}
