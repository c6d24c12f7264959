//! `/weather`: the readings at one place for other tools, and its past days.

use super::Request;
use crate::answer::Period;
use crate::http::{Response, Status};
use crate::time::{Date, Timestamp};
use crate::{tool, url};

pub(super) fn answer(request: &Request<'_>) -> Response {
    let value = |name| url::pairs(request.head.query).find(|(key, _)| key == name).map(|(_, value)| value);
    let (place, from, to) = (value("location"), value("from"), value("to"));
    let now = Timestamp::now();
    let period = match Period::between(from.as_deref(), to.as_deref(), Date::of(now)) {
        Ok(period) => period,
        Err(why) => return Response::refusal(Status::BadRequest, &why),
    };
    let snapshot = request.routes.snapshot.load();
    let json = tool::weather(&snapshot, place.as_deref(), period, now, &request.settings.answer);
    Response::json(json.into_bytes())
}
