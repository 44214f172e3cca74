//! `GET /hooks/types`: what hooks can deliver to, of which events, with which settings.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(_: Call) -> Outcome {
    Ok(Reply::json(&::hooks::types()))
}
