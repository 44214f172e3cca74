//! `authorizeTicket`, an operation of our own: the caller says yes to a ticket.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::tickets::authorize(&call.cx, call.user()?, call.param("ticket_id")).await?))
}
