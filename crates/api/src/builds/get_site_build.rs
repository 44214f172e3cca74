//! `GET /builds/{build_id}`: one build.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;
use model::BuildState;

pub(crate) async fn handle(call: Call) -> Outcome {
    let mut db = call.cx.read().await?;
    let row = store::builds::find(&mut db, call.param("build_id")).await?.ok_or(Error::NotFound)?;
    let mut shown = builds::present(&row);
    if row.state == BuildState::Enqueued {
        shown.queue_position = builds::positions(&mut db, &call.cx).await?.get(&row.id).copied();
    }
    drop(db);
    shown.sections = builds::sections(&call.cx, &row).await?;
    Ok(Reply::json(&shown))
}
