//! `createTicket`: a command line asks for a token. No token is needed for that.

use crate::call::{Call, Outcome};
use crate::reply::Reply;
use accounts::tickets::NewTicket;

pub(crate) async fn handle(mut call: Call) -> Outcome {
    let new: NewTicket = call.json().await?;
    let client_id = call.query("client_id").unwrap_or_default();
    Ok(Reply::created(&accounts::tickets::create(&call.cx, client_id, &new).await?))
}
