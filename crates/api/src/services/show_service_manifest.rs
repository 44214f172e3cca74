//! `GET /services/{addonName}/manifest`: what the add-on's provider says of it, to the letter; kept for
//! a day. 502 or 504 when it says nothing.

use super::seen;
use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    let addon = seen(&call, call.param("addonName")).await?;
    Ok(Reply::raw("application/json", addons::manifest(&call.cx, &call.app.providers, &addon).await?))
}
