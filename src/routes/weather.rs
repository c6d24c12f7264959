//! `/weather`: the readings at one place for other tools.

use super::Request;
use crate::http::Response;
use crate::time::Timestamp;
use crate::{tool, url};

pub(super) fn answer(request: &Request<'_>) -> Response {
    let location = url::pairs(request.head.query).find(|(key, _)| key == "location");
    let place = location.as_ref().map(|(_, place)| &**place);
    let snapshot = request.routes.snapshot.load();
    let json = tool::weather(&snapshot, place, Timestamp::now(), &request.settings.answer);
    Response::json(json.into_bytes())
}
