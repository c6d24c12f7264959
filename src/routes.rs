//! From a request to the endpoint that answers it: path, method, key, then the file of the endpoint.

use std::sync::Arc;
use std::time::Instant;

use crate::answer;
use crate::auth::Keys;
use crate::endpoints::{Access, Endpoint, PageAccess};
use crate::http::{Admission, Engine, Head, KeptHead, Meter, Response, Service, Status};
use crate::metrics::{Requests, Subject};
use crate::moderation::Moderation;
use crate::published::Published;
use crate::reading::Snapshot;
use crate::time::Timestamp;
use crate::url;

mod extension;
mod health;
mod mcp;
mod metrics;
mod openapi;
mod page;
mod refused_keys;
mod weather;

use refused_keys::RefusedKeys;

/// What is served, and what it is answered from.
pub struct Routes {
    settings: Published<Settings>,
    snapshot: Arc<Published<Snapshot>>,
    engine: Engine,
    started: Timestamp,
    meter: Arc<Meter>,
    requests: Requests,
    refused_keys: RefusedKeys,
}

/// What a reload can change.
pub struct Settings {
    /// The path of Dify's extension. It begins with a slash; one at its end makes no difference.
    pub path: String,
    /// Who may ask.
    pub keys: Keys,
    /// How answers are written.
    pub answer: answer::Options,
    /// Who may look at the page.
    pub page: PageAccess,
    /// The words that no text may have.
    pub moderation: Option<Moderation>,
    /// The URL by which the world reaches this server, if that is known.
    pub public_url: Option<String>,
}

impl Settings {
    fn extension_path(&self) -> &str {
        without_last_slash(&self.path)
    }
}

/// What an endpoint makes its answer of.
struct Request<'r> {
    routes: &'r Routes,
    settings: &'r Settings,
    /// As it came where the endpoint is open to all, else what was kept of it.
    head: Head<'r>,
    /// Empty where the endpoint is open to all.
    body: &'r [u8],
}

/// A request with a key, which waits for its body.
pub struct Admitted {
    endpoint: Endpoint,
    /// Those by which it was let in also answer it.
    settings: Arc<Settings>,
    head: KeptHead,
}

impl Routes {
    /// Serves what is published.
    pub fn new(
        settings: Settings,
        snapshot: Arc<Published<Snapshot>>,
        engine: Engine,
        meter: Arc<Meter>,
    ) -> Routes {
        Routes {
            settings: Published::new(Arc::new(settings)),
            snapshot,
            engine,
            started: Timestamp::now(),
            meter,
            requests: Requests::default(),
            refused_keys: RefusedKeys::default(),
        }
    }

    /// Replaces the settings. A request that was let in is answered by the old ones.
    pub fn change(&self, settings: Settings) {
        self.settings.store(Arc::new(settings));
    }

    /// How many of the stations have no current reading.
    pub fn stale(&self, snapshot: &Snapshot, now: Timestamp) -> usize {
        answer::stale(snapshot, now, &self.settings.load().answer)
    }

    /// Logs how many keys were refused since the last line, if it is time for one.
    pub fn report_refused_keys(&self) {
        self.refused_keys.report(Instant::now());
    }

    fn refuse(&self, status: Status, detail: &str) -> Response {
        self.meter.refuse(status);
        Response::refusal(status, detail)
    }

    /// The endpoint at the path of a request.
    fn find(&self, head: &Head<'_>, settings: &Settings) -> Result<Endpoint, Response> {
        let path = without_last_slash(head.path);
        let extension = settings.extension_path();
        let endpoint = Endpoint::at(path, extension).or_else(|| {
            let decoded = url::plain_path(path)?;
            Endpoint::at(&decoded, extension)
        });
        // A client that calls has forgotten the path, so the page does not answer it.
        let is_hidden = |endpoint: &Endpoint| {
            let is_off = settings.page == PageAccess::Off || !endpoint.method().allows(head.method);
            endpoint.access() == Access::Page && is_off
        };
        endpoint.filter(|endpoint| !is_hidden(endpoint)).ok_or_else(|| {
            let detail = format!("{NOT_FOUND}{}", send_to(Endpoint::Extension, settings));
            self.refuse(Status::NotFound, &detail)
        })
    }

    fn check_method(&self, endpoint: Endpoint, head: &Head<'_>, settings: &Settings) -> Result<(), Response> {
        if endpoint.method().allows(head.method) {
            return Ok(());
        }
        let detail = format!("{METHOD_NOT_ALLOWED}{}", send_to(endpoint, settings));
        let refusal = self.refuse(Status::MethodNotAllowed, &detail);
        Err(refusal.with_field("Allow", endpoint.method().allow()))
    }

    fn check_key(&self, head: &Head<'_>, settings: &Settings) -> Result<(), Response> {
        if settings.keys.admits(head.field("authorization")) {
            return Ok(());
        }
        self.refused_keys.note(head.peer, Instant::now());
        let refusal = self.refuse(Status::Unauthorized, "Unauthorized");
        Err(refusal.with_field("WWW-Authenticate", CHALLENGE))
    }

    fn check_origin(&self, head: &Head<'_>, settings: &Settings) -> Result<(), Response> {
        if mcp::is_own_origin(head, settings.public_url.as_deref()) {
            return Ok(());
        }
        Err(self.refuse(Status::Forbidden, mcp::FOREIGN_ORIGIN))
    }

    /// The endpoint of a request that may have its answer.
    fn allowed(&self, head: &Head<'_>, settings: &Settings) -> Result<Endpoint, Response> {
        if !is_known(head.method) {
            return Err(self.refuse(Status::NotImplemented, "not implemented: an unknown method"));
        }
        let endpoint = self.find(head, settings)?;
        match endpoint.access() {
            Access::Open => self.check_method(endpoint, head, settings)?,
            Access::Key => {
                self.check_method(endpoint, head, settings)?;
                self.check_key(head, settings)?;
            }
            Access::Page => page::check(self, head, settings)?,
            Access::KeyFirst => {
                self.check_origin(head, settings)?;
                self.check_key(head, settings)?;
                self.check_method(endpoint, head, settings)?;
            }
        }
        Ok(endpoint)
    }

    /// Has the endpoint's file answer, and counts the answer.
    fn answer(&self, endpoint: Endpoint, request: &Request<'_>) -> Response {
        let (subject, response) = match endpoint {
            Endpoint::Extension => extension::answer(request),
            Endpoint::Mcp => (Subject::Endpoint(endpoint), mcp::answer(request)),
            Endpoint::Page => (Subject::Endpoint(endpoint), page::answer(request)),
            Endpoint::Weather => (Subject::Endpoint(endpoint), weather::answer(request)),
            Endpoint::Openapi => (Subject::Endpoint(endpoint), openapi::answer(request)),
            Endpoint::Health => (Subject::Endpoint(endpoint), health::answer(request)),
            Endpoint::Metrics => (Subject::Endpoint(endpoint), metrics::answer(request)),
        };
        self.requests.count(subject, response.status());
        response
    }
}

impl Service for Routes {
    type Route = Admitted;

    fn admit(&self, head: &Head<'_>) -> Admission<Admitted> {
        let settings = self.settings.load();
        match self.allowed(head, &settings) {
            Err(refusal) => Admission::Answer(refusal),
            Ok(endpoint) if endpoint.access() == Access::Open => {
                let request = Request { routes: self, settings: &settings, head: *head, body: &[] };
                Admission::Answer(self.answer(endpoint, &request))
            }
            Ok(endpoint) => {
                Admission::Body(Admitted { endpoint, settings, head: head.keep(endpoint.fields()) })
            }
        }
    }

    fn respond(&self, Admitted { endpoint, settings, head }: Admitted, body: &[u8]) -> Response {
        let request = Request { routes: self, settings: &settings, head: head.as_head(), body };
        self.answer(endpoint, &request)
    }
}

/// Whether this is a method that a server should know: those of RFC 9110 (section 9) and RFC 5789, and QUERY, which the
/// httpbis group has agreed on.
fn is_known(method: &str) -> bool {
    matches!(
        method,
        "POST" | "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE" | "PATCH" | "CONNECT" | "TRACE" | "QUERY"
    )
}

/// What a client without a key is asked for.
const CHALLENGE: &str = "Bearer realm=\"weatherhook\"";

/// How the refusal of an unknown path begins. The doctor recognises weatherhook by it.
pub const NOT_FOUND: &str = "not found: send ";

/// How the refusal of a wrong method begins. The doctor recognises weatherhook by it.
pub const METHOD_NOT_ALLOWED: &str = "method not allowed: send ";

/// What a client is asked to do instead.
fn send_to(endpoint: Endpoint, settings: &Settings) -> String {
    format!("{} to {}", endpoint.method().name(), endpoint.path(&settings.path))
}

fn without_last_slash(path: &str) -> &str {
    path.strip_suffix('/').unwrap_or(path)
}
