//! `exchangeTicket`: fetches the token of an approved ticket, once.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use http::header::CACHE_CONTROL;

pub(crate) async fn handle(call: Call) -> Outcome {
    let token = accounts::tickets::exchange(&call.cx, call.param("ticket_id")).await?;
    Ok(Reply::created(&token).header(CACHE_CONTROL, "no-store"))
}
