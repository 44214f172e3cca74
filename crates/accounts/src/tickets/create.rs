//! Opens a ticket. Anybody may, so what can be left behind is bounded.

use super::{TicketView, view};
use crate::check;
use context::{Context, Error, Result};
use serde::Deserialize;
use store::tickets::{self, TicketRow, TicketState};

/// Longest `client_id`, in characters; real clients send 64.
pub const CLIENT_ID_MAX: usize = 128;
/// Longest message to the person who decides, in characters.
pub const MESSAGE_MAX: usize = 500;
/// Life of a ticket, in milliseconds: ten minutes, twice what the clients wait.
pub const LIFE_MS: i64 = 600_000;
/// Tickets that are kept at once.
pub const TICKETS_MAX: i64 = 10_000;
/// What a caller waits when there are too many, in seconds.
const RETRY_AFTER_S: u64 = 60;

/// The body of `POST /oauth/tickets`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewTicket {
    /// What to tell the person who decides.
    pub message: Option<String>,
}

/// Opens a ticket that waits for an answer.
///
/// # Errors
/// [`Error::Unprocessable`] for a bad `client_id` or message; [`Error::TooMany`] when
/// [`TICKETS_MAX`] are waiting.
pub async fn create(cx: &Context, client_id: &str, new: &NewTicket) -> Result<TicketView> {
    let now = cx.now();
    let message = new.message.as_deref().map(|text| check::text("message", text, MESSAGE_MAX)).transpose()?;
    let ticket = TicketRow {
        id: cx.id(),
        client_id: check::text("client_id", client_id, CLIENT_ID_MAX)?,
        message,
        state: TicketState::Waiting,
        token_id: None,
        created_at: now,
        expires_at: now.plus_millis(LIFE_MS),
    };
    let mut tx = cx.begin().await?;
    tickets::forget(&mut tx, now).await?;
    if tickets::count(&mut tx).await? >= TICKETS_MAX {
        return Err(Error::TooMany { retry_after: RETRY_AFTER_S });
    }
    tickets::insert(&mut tx, &ticket).await?;
    tx.commit().await?;
    Ok(view(ticket))
}
