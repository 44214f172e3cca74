//! `GET /builds/{build_id}`: one build.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;

pub(crate) async fn handle(call: Call) -> Outcome {
    let row = store::builds::find(&mut call.cx.read().await?, call.param("build_id")).await?;
    Ok(Reply::json(&builds::present(&row.ok_or(Error::NotFound)?)))
}
