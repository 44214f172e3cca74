//! Says yes or no to a ticket in the name of the person who is asked.

use super::{TicketView, view};
use crate::Principal;
use context::{Context, Error, Result};
use store::tickets::{self, TicketState};

/// Says yes: the command line that opened the ticket may fetch a token of the caller's.
///
/// # Errors
/// [`Error::NotFound`] when the ticket does not wait for an answer.
pub async fn authorize(cx: &Context, who: &Principal, ticket_id: &str) -> Result<TicketView> {
    answer(cx, who, ticket_id, TicketState::Authorized).await
}

/// Says no: the ticket is as good as unknown from now on.
///
/// # Errors
/// [`Error::NotFound`] when the ticket does not wait for an answer.
pub async fn deny(cx: &Context, who: &Principal, ticket_id: &str) -> Result<()> {
    answer(cx, who, ticket_id, TicketState::Denied).await.map(|_| ())
}

async fn answer(cx: &Context, who: &Principal, ticket_id: &str, state: TicketState) -> Result<TicketView> {
    let mut tx = cx.begin().await?;
    if !tickets::answer(&mut tx, ticket_id, state, &who.token_id, cx.now()).await? {
        return Err(Error::NotFound);
    }
    let row = tickets::find(&mut tx, ticket_id).await?.ok_or(Error::NotFound)?;
    tx.commit().await?;
    Ok(view(row))
}
