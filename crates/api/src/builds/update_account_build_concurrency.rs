//! `PUT /{account_id}/builds/concurrency` {concurrency}: how many builds of the account run at once, over
//! all nodes, in place of the server's setting for all accounts (`BOATHOOK_BUILDS_PER_ACCOUNT`); null goes
//! back to that. For whoever runs the server. Answers like `GET /{account_id}/builds/status`; 422 for a
//! number that is none from 1 to 1000.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;
use serde_json::Value;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let body: Value = call.json().await?;
    let most = match &body["concurrency"] {
        Value::Null if body.get("concurrency").is_some() => None,
        said => Some(said.as_i64().ok_or_else(|| {
            Error::Unprocessable(
                "say {\"concurrency\": <number>}, or null for the server's setting".to_owned(),
            )
        })?),
    };
    Ok(Reply::json(&[builds::set_concurrency(&call.cx, &call.account()?.id, most).await?]))
}
