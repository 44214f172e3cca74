//! Tickets: a command line asks for a token, a person says yes on a page, and the command line
//! fetches it once (contract clients 5). What is handed out reaches no further and lives no longer
//! than the token that said yes.

mod answer;
mod create;
mod exchange;
mod show;

pub use answer::{authorize, deny};
pub use create::{CLIENT_ID_MAX, LIFE_MS, MESSAGE_MAX, NewTicket, TICKETS_MAX, create};
pub use exchange::{AccessToken, exchange};
pub use show::show;

use model::{Ticket, Timestamp};
use serde::Serialize;
use store::tickets::{TicketRow, TicketState};

/// A ticket with what it tells the person who decides.
#[derive(Clone, Debug, Serialize)]
pub struct TicketView {
    /// The ticket.
    #[serde(flatten)]
    pub ticket: Ticket,
    /// The message of the program that asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

fn view(row: TicketRow) -> TicketView {
    let ticket = Ticket {
        id: row.id,
        client_id: row.client_id,
        authorized: row.state == TicketState::Authorized,
        created_at: row.created_at,
    };
    TicketView { ticket, message: row.message }
}

fn is_over(row: &TicketRow, now: Timestamp) -> bool {
    row.expires_at <= now || matches!(row.state, TicketState::Denied | TicketState::Exchanged)
}
