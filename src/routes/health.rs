//! `/healthz`: whether all stations report, for monitoring.

use super::Request;
use crate::answer;
use crate::http::{Response, Status};
use crate::time::Timestamp;

pub(super) fn answer(request: &Request<'_>) -> Response {
    let snapshot = request.routes.snapshot.load();
    let stations = snapshot.stations().len();
    let stale = answer::stale(&snapshot, Timestamp::now(), &request.settings.answer);
    let (status, text) = match stale {
        _ if stations == 0 => (Status::ServiceUnavailable, "no station has reported\n".to_owned()),
        0 => (Status::Ok, "ok\n".to_owned()),
        _ => (Status::ServiceUnavailable, format!("{stale} of {stations} stations stale\n")),
    };
    Response::new(status, "text/plain; charset=utf-8", text.into_bytes())
}
