//! `PUT /sites/{site_id}/build_hooks/{id}` {title?, branch?, and the options of a new one}: changes a
//! build hook; what is absent stays, an option that is null ends. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::hooks::{self, Setup};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    hooks::update(&call.cx, &call.site()?.id, call.param("id"), &setup).await?;
    Ok(Reply::no_content())
}
