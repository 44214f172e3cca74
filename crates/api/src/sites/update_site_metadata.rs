//! `PUT /sites/{site_id}/metadata`: replaces the site's free-form object. 204.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use serde_json::{Map, Value};

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let metadata: Map<String, Value> = call.json().await?;
    let mut tx = call.cx.begin().await?;
    store::sites::set_metadata(&mut tx, &call.site()?.id, &metadata, call.cx.now()).await?;
    tx.commit().await?;
    Ok(Reply::no_content())
}
