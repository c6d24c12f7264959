//! The path of Dify's extension: its calls, and the status for each error in a call.

use super::Request;
use crate::extension::{self, Context, Refusal};
use crate::http::{Response, Status};
use crate::metrics::Subject;
use crate::time::Timestamp;

pub(super) fn answer(request: &Request<'_>) -> (Subject, Response) {
    let context = Context {
        snapshot: &request.routes.snapshot.load(),
        now: Timestamp::now(),
        options: &request.settings.answer,
        moderation: request.settings.moderation.as_ref(),
    };
    let (point, answer) = extension::receive(request.body, &context);
    let response = match answer {
        Ok(json) => Response::json(json),
        Err(Refusal::NotJson(why)) => {
            Response::refusal(Status::BadRequest, &format!("body is not JSON: {why}"))
        }
        Err(Refusal::WrongShape(why)) => Response::refusal(Status::UnprocessableContent, &why),
        Err(Refusal::NotImplemented) => Response::refusal(Status::BadRequest, "Not implemented"),
    };
    (Subject::Call(point), response)
}
