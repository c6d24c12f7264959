//! From a request to the room that answers it: path, method, key, and then Dify's points.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use crate::answer;
use crate::auth::Keys;
use crate::extension::{self, Refusal};
use crate::http::{Head, Response, Service};
use crate::moderation::Moderation;
use crate::published::Published;
use crate::reading::Snapshot;
use crate::socket::Peer;
use crate::time::Timestamp;

/// The one endpoint and what it answers from.
pub struct Routes {
    terms: Published<Terms>,
    snapshot: Arc<Published<Snapshot>>,
    refused: RefusedKeys,
}

/// What a reload can change: where the endpoint is, who is let in, how answers are written, which words
/// no text may have.
pub struct Terms {
    path: String,
    keys: Keys,
    answer: answer::Options,
    moderation: Option<Moderation>,
    /// For those who took the wrong path or method: which ones are right.
    not_found: String,
    not_allowed: String,
}

impl Terms {
    /// `path` begins with a slash; one at its end makes no difference.
    pub fn new(path: &str, keys: Keys, answer: answer::Options, moderation: Option<Moderation>) -> Terms {
        let endpoint = format!("send POST to {path}");
        Terms {
            path: without_last_slash(path).to_owned(),
            keys,
            answer,
            moderation,
            not_found: format!("not found: {endpoint}"),
            not_allowed: format!("method not allowed: {endpoint}"),
        }
    }
}

impl Routes {
    /// Serves what is published.
    pub fn new(terms: Terms, snapshot: Arc<Published<Snapshot>>) -> Routes {
        Routes { terms: Published::new(Arc::new(terms)), snapshot, refused: RefusedKeys::default() }
    }

    /// Puts other terms in force; a request that was let in is answered by the old ones.
    pub fn change(&self, terms: Terms) {
        self.terms.store(Arc::new(terms));
    }

    /// From which age on readings are not told as current.
    pub fn stale_after(&self) -> Duration {
        self.terms.load().answer.stale_after
    }

    /// Logs what came to be known of refused keys since the last line, if it is time for one.
    pub fn report_refused_keys(&self) {
        self.refused.report(Instant::now());
    }
}

fn without_last_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}

impl Service for Routes {
    type Route = Arc<Terms>;

    fn admit(&self, head: &Head<'_>) -> Result<Arc<Terms>, Response> {
        let terms = self.terms.load();
        if without_last_slash(head.path) != terms.path {
            return Err(Response::refusal(404, &terms.not_found));
        }
        if head.method != "POST" {
            return Err(Response::refusal(405, &terms.not_allowed).with_field("Allow", "POST"));
        }
        if !terms.keys.admits(head.authorization) {
            self.refused.note(head.peer, Instant::now());
            return Err(Response::refusal(401, "Unauthorized").with_field("WWW-Authenticate", "Bearer"));
        }
        Ok(terms)
    }

    fn respond(&self, terms: Arc<Terms>, body: &[u8]) -> Response {
        let moderation = terms.moderation.as_ref();
        match extension::receive(body, &self.snapshot.load(), Timestamp::now(), &terms.answer, moderation) {
            Ok(json) => Response::json(json),
            Err(Refusal::NotJson(why)) => Response::refusal(400, &format!("body is not JSON: {why}")),
            Err(Refusal::WrongShape(why)) => Response::refusal(422, &why),
            Err(Refusal::NotImplemented) => Response::refusal(400, "Not implemented"),
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
