//! The ledger of events: appended in the transaction that made them true, never changed.

use crate::query::{Row, q, selects};
use crate::{Conn, Result, Tx};
use model::{EventRecord, Page, Timestamp};

/// An event to append.
#[derive(Clone, Debug)]
pub struct NewEvent {
    /// `msg_` and 24 hex digits.
    pub id: String,
    /// Name from the catalogue.
    pub event: String,
    /// The account.
    pub account_id: String,
    /// The site.
    pub site_id: String,
    /// The deploy, submission, split test or hook.
    pub resource_id: String,
    /// Now.
    pub at: Timestamp,
    /// The exact bytes to deliver.
    pub body: String,
    /// Whether it was fired by hand, as a sample.
    pub fired: bool,
}

/// Which events to list. Absent filters let everything through.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// One account.
    pub account_id: Option<String>,
    /// One site.
    pub site_id: Option<String>,
    /// One event name.
    pub event: Option<String>,
    /// One deploy, submission, ...
    pub resource_id: Option<String>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
}

/// Appends an event, no later than at the commit.
///
/// # Errors
/// When the database fails; PostgreSQL may tell only at the commit.
pub async fn insert(tx: &mut Tx, event: &NewEvent) -> Result<()> {
    let insert = q!(
        "INSERT INTO events (id, event, account_id, site_id, resource_id, at, body, fired)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &event.id,
        &event.event,
        &event.account_id,
        &event.site_id,
        &event.resource_id,
        event.at,
        &event.body,
        event.fired
    );
    tx.later(insert, |_, _| Ok(())).await
}

selects!(select, "SELECT seq, id, event, account_id, site_id, resource_id, at, body, fired FROM events ");

/// A page of events, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, filter: &Filter, page: Page) -> Result<Vec<EventRecord>> {
    let select = q!(
        select!(
            "WHERE ($1 IS NULL OR account_id = $1) AND ($2 IS NULL OR site_id = $2)
             AND ($3 IS NULL OR event = $3) AND ($4 IS NULL OR resource_id = $4)
             AND ($5 IS NULL OR at >= $5) AND ($6 IS NULL OR at < $6)
             ORDER BY seq DESC LIMIT $7 OFFSET $8"
        ),
        &filter.account_id,
        &filter.site_id,
        &filter.event,
        &filter.resource_id,
        filter.since,
        filter.until,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// One event.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<EventRecord>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The exact bytes to deliver for an event.
///
/// # Errors
/// When the database fails.
pub async fn body(db: &mut Conn, id: &str) -> Result<Option<String>> {
    let row = db.row(q!("SELECT body FROM events WHERE id = $1", id)).await?;
    row.map(|row| row.text("body")).transpose()
}

/// Drops up to `most` events older than `before` that no delivery needs. How many there were.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    let delete = "DELETE FROM events WHERE seq IN (
            SELECT seq FROM events e
            WHERE at < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.event_id = e.id)
            ORDER BY seq LIMIT $2)";
    tx.run(q!(delete, before, most)).await
}

fn read(row: &Row) -> Result<EventRecord> {
    Ok(EventRecord {
        id: row.text("id")?,
        seq: row.int("seq")?,
        event: row.text("event")?,
        account_id: row.text("account_id")?,
        site_id: row.text("site_id")?,
        resource_id: row.text("resource_id")?,
        at: row.time("at")?,
        payload: row.json("body")?,
        fired: row.flag("fired")?,
    })
}
