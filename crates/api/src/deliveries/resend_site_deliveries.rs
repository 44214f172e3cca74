//! `POST /sites/{site_id}/resend` with `{since, until?, state?}`: sends again what the site's hooks
//! missed, save those that are disabled. Answers `{count, more}`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use ::hooks::ResendSince;
use store::deliveries::Of;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let which: ResendSince = call.json().await?;
    let of = Of::Site(&call.site()?.id);
    Ok(Reply::accepted(&::hooks::resend_since(&call.cx, of, &which).await?))
}
