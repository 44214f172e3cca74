//! `GET /events/{event_id}`: one event with its deliveries.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::Access;
use context::Error;
use model::Scope;

pub(crate) async fn handle(call: Call) -> Outcome {
    let found = ::hooks::get_event(&call.cx, call.param("event_id")).await?;
    match call.user()?.may(&found.event.account_id, Scope::Read) {
        Access::Granted => Ok(Reply::json(&found)),
        Access::Forbidden | Access::Unknown => Err(Error::NotFound),
    }
}
