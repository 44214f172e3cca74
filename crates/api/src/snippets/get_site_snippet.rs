//! `GET /sites/{site_id}/snippets/{snippet_id}`: one snippet.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use sites::snippets;

pub(crate) async fn handle(call: Call) -> Outcome {
    let row = snippets::get(&call.cx, &call.site()?.id, call.param("snippet_id")).await?;
    Ok(Reply::json(&snippets::present(&row)))
}
