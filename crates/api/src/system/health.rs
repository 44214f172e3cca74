//! `GET /healthz`: whether this node can reach its database.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use serde_json::json;

pub(crate) async fn handle(call: Call) -> Outcome {
    let mut db = call.cx.read().await?;
    store::settings::get(&mut db, "owner").await?;
    Ok(Reply::json(&json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") })))
}
