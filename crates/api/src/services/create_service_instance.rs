//! `POST /sites/{site_id}/services/{addon}/instances` {config?}: gives the site an instance of an add-on.
//! 201, with a word of the provider as `config.message`; 404 without such an add-on, 409 when the site
//! has one, 422 when the provider or its manifest refuses, 502 and 504 when it does not do its part.

use super::seen;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::instances::{self, New};
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: New = call.json().await?;
    let addon = seen(&call, call.param("addon")).await?;
    let made = instances::create(&call.cx, &call.app.providers, call.site()?, &addon, new).await?;
    Ok(Reply::created(&made).header(CACHE_CONTROL, "no-store"))
}
