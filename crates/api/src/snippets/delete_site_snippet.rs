//! `DELETE /sites/{site_id}/snippets/{snippet_id}`: deletes a snippet. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use sites::snippets;

pub(crate) async fn handle(call: Call) -> Outcome {
    snippets::delete(&call.cx, &call.site()?.id, call.param("snippet_id")).await?;
    Ok(Reply::no_content())
}
