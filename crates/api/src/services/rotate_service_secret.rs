//! `POST /services/{addonName}/rotate_secret` {overlap_hours?}: draws a new secret for an add-on of one's
//! own, shown this once. It signs at once; the old one signs beside it, as `X-Nf-Sign-Previous`, for 24
//! hours or as many as were asked for.

use super::own;
use crate::call::{Call, Outcome};
use crate::reply::Reply;
use addons::registry::{self, Rotation};
use http::header::CACHE_CONTROL;
use model::Scope;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let rotation: Rotation = call.json().await?;
    let addon = own(&call, Scope::Admin).await?;
    let rotated = registry::rotate(&call.cx, &addon, &rotation, &call.user()?.user_id).await?;
    Ok(Reply::json(&rotated).header(CACHE_CONTROL, "no-store"))
}
