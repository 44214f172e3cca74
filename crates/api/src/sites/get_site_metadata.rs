//! `GET /sites/{site_id}/metadata`: the site's free-form object.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let mut db = call.cx.read().await?;
    Ok(Reply::json(&store::sites::metadata(&mut db, &call.site()?.id).await?))
}
