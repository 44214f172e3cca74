//! `showTicket`: whether a person said yes. 404 says that they said no, or too late.

use crate::call::{Call, Outcome};
use crate::reply::Reply;

pub(crate) async fn handle(call: Call) -> Outcome {
    Ok(Reply::json(&accounts::tickets::show(&call.cx, call.param("ticket_id")).await?))
}
