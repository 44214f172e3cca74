//! `PATCH /sites/{site_id}`: changes settings; absent fields stay, null clears.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use crate::sites::show;
use sites::Changes;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let changes: Changes = call.json().await?;
    let site = sites::update(&call.cx, &call.site()?.id, changes).await?;
    Ok(Reply::json(&show::one(&call.cx, &site).await?))
}
