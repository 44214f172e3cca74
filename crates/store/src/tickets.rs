//! Tickets: login requests of command lines, approved on a page and exchanged once for a token.

use crate::query::{Row, q};
use crate::{Conn, Error, Result, Tx};
use model::Timestamp;
use serde::de::Error as _;

/// Where a ticket stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TicketState {
    /// Nobody answered yet.
    Waiting,
    /// A person said yes.
    Authorized,
    /// A person said no.
    Denied,
    /// Its token was handed out.
    Exchanged,
}

impl TicketState {
    const ALL: [Self; 4] = [Self::Waiting, Self::Authorized, Self::Denied, Self::Exchanged];

    /// The state's name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Authorized => "authorized",
            Self::Denied => "denied",
            Self::Exchanged => "exchanged",
        }
    }
}

/// A ticket as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRow {
    /// 24 hex digits.
    pub id: String,
    /// Which program asks.
    pub client_id: String,
    /// What it tells the person who decides.
    pub message: Option<String>,
    /// Where it stands.
    pub state: TicketState,
    /// The token that said yes.
    pub token_id: Option<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it counts for nothing.
    pub expires_at: Timestamp,
}

/// The ticket with this id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<TicketRow>> {
    let select = q!(
        "SELECT id, client_id, message, state, token_id, created_at, expires_at FROM tickets WHERE id = $1",
        id
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// How many tickets are kept.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn) -> Result<i64> {
    db.row(q!("SELECT COUNT(*) AS n FROM tickets")).await?.map_or(Ok(0), |row| row.int("n"))
}

/// Writes a new ticket.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, ticket: &TicketRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO tickets (id, client_id, message, state, token_id, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &ticket.id,
        &ticket.client_id,
        &ticket.message,
        ticket.state.as_str(),
        &ticket.token_id,
        ticket.created_at,
        ticket.expires_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Answers a ticket that waits, in the name of a token; whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn answer(
    tx: &mut Tx,
    id: &str,
    state: TicketState,
    token_id: &str,
    now: Timestamp,
) -> Result<bool> {
    let update = q!(
        "UPDATE tickets SET state = $2, token_id = $3
         WHERE id = $1 AND state = 'waiting' AND expires_at > $4",
        id,
        state.as_str(),
        token_id,
        now
    );
    Ok(tx.run(update).await? > 0)
}

/// Uses up a ticket that was authorized. The id of the token that said yes, to one caller only.
///
/// # Errors
/// When the database fails.
pub async fn exchange(tx: &mut Tx, id: &str, now: Timestamp) -> Result<Option<String>> {
    let update = q!(
        "UPDATE tickets SET state = 'exchanged'
         WHERE id = $1 AND state = 'authorized' AND expires_at > $2 RETURNING token_id",
        id,
        now
    );
    tx.row(update).await?.map_or(Ok(None), |row| row.text_opt("token_id"))
}

/// Drops tickets that expired before `before`; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    tx.run(q!("DELETE FROM tickets WHERE expires_at < $1", before)).await
}

fn read(row: &Row) -> Result<TicketRow> {
    let state = row.text("state")?;
    let unknown = || Error::Document("state", serde_json::Error::custom("unknown ticket state"));
    Ok(TicketRow {
        id: row.text("id")?,
        client_id: row.text("client_id")?,
        message: row.text_opt("message")?,
        state: TicketState::ALL.into_iter().find(|s| s.as_str() == state).ok_or_else(unknown)?,
        token_id: row.text_opt("token_id")?,
        created_at: row.time("created_at")?,
        expires_at: row.time("expires_at")?,
    })
}
