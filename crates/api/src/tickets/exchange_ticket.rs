//! `exchangeTicket`: fetches the token of an approved ticket, once.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::created(&accounts::tickets::exchange(&call.cx, call.param("ticket_id")).await?))
}
