//! `denyTicket`, an operation of our own: the caller says no to a ticket.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    accounts::tickets::deny(&call.cx, call.user()?, call.param("ticket_id")).await?;
    Ok(Reply::no_content())
}
