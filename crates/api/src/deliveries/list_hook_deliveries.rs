//! `GET /hooks/{hook_id}/deliveries`: newest first. Query: `state`, `event`, `page`,
//! `per_page`.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use context::Error;
use model::DeliveryState;

pub(crate) async fn handle(call: Call) -> Outcome {
    let state =
        call.query("state").map(|text| DeliveryState::parse(text).ok_or_else(unknown_state)).transpose()?;
    let (page, which) = (call.page(), (state, call.query("event")));
    let deliveries = ::hooks::list_deliveries(&call.cx, call.param("hook_id"), which, page).await?;
    Ok(Reply::list(&deliveries, page, &call))
}

fn unknown_state() -> Error {
    let names: Vec<_> = DeliveryState::ALL.into_iter().map(DeliveryState::as_str).collect();
    Error::Invalid(format!("state is one of: {}", names.join(", ")))
}
