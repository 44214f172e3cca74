//! Hands out the token of a ticket that a person said yes to: to one caller, once.

use super::is_over;
use crate::authenticate::has_expired;
use crate::tokens;
use context::{Context, Error, Result};
use model::Timestamp;
use serde::Serialize;
use store::tickets::{self, TicketState};
use store::tokens::TokenRow;
use store::{Tx, users};

/// Name of tokens that came by a ticket.
const TOKEN_NAME: &str = "command line login";

/// What `POST /oauth/tickets/{ticket_id}/exchange` answers.
#[derive(Clone, Serialize)]
pub struct AccessToken {
    /// The token's id.
    pub id: String,
    /// Its value, shown this once.
    pub access_token: String,
    /// Who said yes.
    pub user_id: String,
    /// Their address.
    pub user_email: String,
    /// When the token was made.
    pub created_at: Timestamp,
}

/// Uses up the ticket.
///
/// # Errors
/// [`Error::Unauthorized`] while nobody said yes; [`Error::NotFound`] when it is unknown, denied,
/// expired or used up, or the token that said yes no longer counts.
pub async fn exchange(cx: &Context, ticket_id: &str) -> Result<AccessToken> {
    let mut tx = cx.begin().await?;
    let Some(grantor) = tickets::exchange(&mut tx, ticket_id, cx.now()).await? else {
        return Err(refusal(&mut tx, cx, ticket_id).await?);
    };
    let grantor = store::tokens::find(&mut tx, &grantor).await?;
    let grantor = grantor.filter(|token| !has_expired(token.expires_at, cx.now())).ok_or(Error::NotFound)?;
    let user = users::find(&mut tx, &grantor.user_id).await?.ok_or(Error::NotFound)?;
    let own = tokens::row(cx, &user.id, TOKEN_NAME, grantor.scope);
    let token = TokenRow { account_id: grantor.account_id, expires_at: grantor.expires_at, ..own };
    let issued = tokens::issue(&mut tx, cx, token, &user.id).await?;
    users::logged_in(&mut tx, &user.id, cx.now()).await?;
    tx.commit().await?;
    Ok(AccessToken {
        id: issued.token.info.id,
        access_token: issued.access_token,
        user_id: user.id,
        user_email: user.email,
        created_at: issued.token.info.created_at,
    })
}

async fn refusal(tx: &mut Tx, cx: &Context, ticket_id: &str) -> Result<Error> {
    let row = tickets::find(tx, ticket_id).await?;
    let is_waiting = row.is_some_and(|row| row.state == TicketState::Waiting && !is_over(&row, cx.now()));
    Ok(if is_waiting { Error::Unauthorized("nobody has approved this ticket yet") } else { Error::NotFound })
}
