//! `POST /builds/{build_id}/retry`: builds the commit of a finished build once more. Query or JSON body:
//! `clear_cache`. 200 with the new build; 409 while the old one is not over.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use builds::Retry;
use context::Result;
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    clear_cache: bool,
}

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let retry = asked(&mut call).await?;
    let (build, _) = builds::retry(&call.cx, call.param("build_id"), retry).await?;
    Ok(Reply::json(&builds::present(&build)))
}

/// What a caller wants of the repetition.
pub(super) async fn asked(call: &mut Call) -> Result<Retry> {
    let body: Body = call.json().await?;
    let clear_cache = call.flag("clear_cache") || body.clear_cache;
    Ok(Retry { clear_cache, user_id: Some(call.user()?.user_id.clone()) })
}
