//! `PUT /sites/{site_id}/snippets/{snippet_id}`: changes a snippet; what is absent stays. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use sites::snippets::{self, Setup};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let setup: Setup = call.json().await?;
    snippets::update(&call.cx, &call.site()?.id, call.param("snippet_id"), setup).await?;
    Ok(Reply::no_content())
}
