//! `GET /sites/{site_id}/identity`: how visitors' tokens are verified, with `has_secret`, `secret_set_at`
//! and, in `previous`, until when each replaced secret still counts. No secret is shown.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::sites::identity;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&identity::present(call.site()?, call.cx.now())))
}
