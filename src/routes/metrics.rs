//! `/metrics`: the figures of this server for Prometheus.

use super::{Request, Routes};
use crate::http::{Response, Status};
use crate::metrics;
use crate::time::Timestamp;

pub(super) fn answer(request: &Request<'_>) -> Response {
    let Routes { engine, started, meter, requests, snapshot, .. } = request.routes;
    let sources = metrics::Sources {
        engine: *engine,
        started: *started,
        meter,
        requests,
        snapshot: &snapshot.load(),
        options: &request.settings.answer,
    };
    let page = metrics::page(&sources, Timestamp::now());
    Response::new(Status::Ok, metrics::CONTENT_TYPE, page.into_bytes())
}
