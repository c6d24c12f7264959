//! From a request to the room that answers it: path, method, key, and then Dify's points.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use log::warn;

use crate::answer;
use crate::auth::Keys;
use crate::extension::{self, Refusal};
use crate::http::{Head, Response, Service};
use crate::sampler::Published;
use crate::time::Timestamp;

/// The one endpoint, its key and what it answers from.
pub struct Routes {
    path: String,
    keys: Keys,
    published: Arc<Published>,
    options: answer::Options,
    /// For those who took the wrong path or method: which ones are right.
    not_found: String,
    not_allowed: String,
    refused: RefusedKeys,
}

impl Routes {
    /// `path` begins with a slash; one at its end makes no difference.
    pub fn new(path: &str, keys: Keys, published: Arc<Published>, options: answer::Options) -> Routes {
        let endpoint = format!("send POST to {path}");
        Routes {
            path: without_last_slash(path).to_owned(),
            keys,
            published,
            options,
            not_found: format!("not found: {endpoint}"),
            not_allowed: format!("method not allowed: {endpoint}"),
            refused: RefusedKeys::default(),
        }
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
    type Route = ();

    fn admit(&self, head: &Head<'_>) -> Result<(), Response> {
        if without_last_slash(head.path) != self.path {
            return Err(Response::refusal(404, &self.not_found));
        }
        if head.method != "POST" {
            return Err(Response::refusal(405, &self.not_allowed).with_field("Allow", "POST"));
        }
        if !self.keys.admits(head.authorization) {
            self.refused.note(head.peer.ip(), Instant::now());
            return Err(Response::refusal(401, "Unauthorized").with_field("WWW-Authenticate", "Bearer"));
        }
        Ok(())
    }

    fn respond(&self, (): (), body: &[u8]) -> Response {
        match extension::receive(body, &self.published.load(), Timestamp::now(), &self.options) {
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
    last_from: Option<IpAddr>,
    last_line: Option<Instant>,
}

/// The least time between two lines.
const BETWEEN_LINES: Duration = Duration::from_secs(60);

impl RefusedKeys {
    fn note(&self, from: IpAddr, now: Instant) {
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
        warn!("requests refused for a wrong or missing key: {}, the last from {from}", tally.count);
        *tally = Tally { last_line: Some(now), ..Tally::default() };
    }
}
