//! Deliveries: one event for one hook, and every try of it, as they are made, listed and held.

use crate::events::NewEvent;
use crate::parcels::Parcel;
use crate::query::{Row, json, q, selects};
use crate::{Conn, Engine, Error, Result, Tx};
use model::{Attempt, Delivery, DeliveryState, Page, Timestamp};
use std::collections::HashMap;
use std::sync::Arc;

/// A delivery to make.
#[derive(Clone, Debug)]
pub struct NewDelivery<'a> {
    /// 24 hex digits.
    pub id: String,
    /// The event.
    pub event_id: &'a str,
    /// The event's name.
    pub event: &'a str,
    /// The hook.
    pub hook_id: &'a str,
    /// The account.
    pub account_id: &'a str,
    /// The site.
    pub site_id: &'a str,
    /// What the event is about, for hooks that get the deliveries about one thing in order.
    pub order_key: Option<&'a str>,
    /// Waiting, or held when the hook is disabled.
    pub state: DeliveryState,
    /// The exact bytes to deliver, where they are not the event's.
    pub own_body: Option<String>,
    /// The event's body.
    pub event_body: Arc<str>,
    /// Not before this instant.
    pub due: Timestamp,
    /// End of the window in which it is gathered with others, to go out in one message.
    pub digest: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// Whose deliveries to look through.
#[derive(Clone, Copy, Debug)]
pub enum Of<'a> {
    /// One hook's.
    Hook(&'a str),
    /// Those of all hooks of a site.
    Site(&'a str),
}

/// Deliveries to send again.
#[derive(Clone, Copy, Debug)]
pub struct Missed<'a> {
    /// Whose.
    pub of: Of<'a>,
    /// Made from this instant on.
    pub since: Timestamp,
    /// And before this one.
    pub until: Option<Timestamp>,
    /// In this state.
    pub state: DeliveryState,
    /// Of this event; of all when absent.
    pub event: Option<&'a str>,
    /// Whether those of disabled hooks count.
    pub disabled: bool,
}

/// A place in a hook's or a site's deliveries, oldest first. The default is before the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// When the delivery was made.
    pub at: Timestamp,
    /// Its number.
    pub seq: i64,
}

const INSERT_POSTGRES: &str =
    "WITH appended AS (
         INSERT INTO events (id, event, account_id, site_id, resource_id, at, body, fired)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8))
     INSERT INTO deliveries (id, event_id, event, hook_id, account_id, site_id, order_key, state, tries, due,
         created_at, body, digest)
     SELECT x.id, $1, $2, x.hook_id, $3, $4, x.order_key, x.state, 0, x.due, $6, x.body, x.digest
     FROM jsonb_to_recordset(CAST($9 AS jsonb)) AS x (id TEXT, hook_id TEXT, order_key TEXT, state TEXT, due BIGINT,
         body TEXT, digest BIGINT)
     RETURNING id, seq";

/// Appends an event to the ledger with its deliveries. Those that wait are handed to the sender
/// after the commit.
///
/// # Errors
/// When the database fails.
pub async fn insert_all(tx: &mut Tx, event: &NewEvent, deliveries: &[NewDelivery<'_>]) -> Result<()> {
    if tx.engine() == Engine::Sqlite || deliveries.is_empty() {
        crate::events::insert(tx, event).await?;
        for one in deliveries {
            insert(tx, one).await?;
        }
        return Ok(());
    }
    // One way to the server and back, however many hooks there are.
    let rows: Vec<_> = deliveries.iter().map(row).collect();
    let insert = q!(
        INSERT_POSTGRES,
        &event.id,
        &event.event,
        &event.account_id,
        &event.site_id,
        &event.resource_id,
        event.at,
        &event.body,
        event.fired,
        json(&rows)
    );
    let waiting = deliveries.iter().filter(|one| one.state == DeliveryState::Waiting);
    let mut parcels: HashMap<String, Parcel> = waiting.map(|one| (one.id.clone(), parcel(one, 0))).collect();
    tx.later(insert, move |rows, after| {
        for row in rows {
            let (id, seq) = (row.text("id")?, row.int("seq")?);
            after.parcels.extend(parcels.remove(&id).map(|parcel| Parcel { seq, ..parcel }));
        }
        Ok(())
    })
    .await
}

fn row(new: &NewDelivery<'_>) -> serde_json::Value {
    serde_json::json!({
        "id": new.id,
        "hook_id": new.hook_id,
        "order_key": new.order_key,
        "state": new.state.as_str(),
        "due": (new.state == DeliveryState::Waiting).then_some(new.due.0),
        "body": new.own_body,
        "digest": new.digest.map(|at| at.0),
    })
}

/// Writes one delivery down.
async fn insert(tx: &mut Tx, new: &NewDelivery<'_>) -> Result<()> {
    let waits = new.state == DeliveryState::Waiting;
    let insert = q!(
        "INSERT INTO deliveries (id, event_id, event, hook_id, account_id, site_id, order_key, state, tries, due,
             created_at, body, digest)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9, $10, $11, $12) RETURNING seq",
        &new.id,
        new.event_id,
        new.event,
        new.hook_id,
        new.account_id,
        new.site_id,
        new.order_key,
        new.state.as_str(),
        waits.then_some(new.due),
        new.now,
        &new.own_body,
        new.digest
    );
    let seq = tx.row(insert).await?.map_or(Ok(0), |row| row.int("seq"))?;
    if waits {
        tx.after.parcels.push(parcel(new, seq));
    }
    Ok(())
}

impl NewDelivery<'_> {
    /// The delivery as it is shown once it is written down.
    #[must_use]
    pub fn shown(&self) -> Delivery {
        Delivery {
            id: self.id.clone(),
            event_id: self.event_id.to_owned(),
            event: self.event.to_owned(),
            hook_id: self.hook_id.to_owned(),
            site_id: self.site_id.to_owned(),
            state: self.state,
            tries: 0,
            next_try_at: (self.state == DeliveryState::Waiting).then_some(self.due),
            created_at: self.now,
            finished_at: None,
        }
    }
}

fn parcel(new: &NewDelivery<'_>, seq: i64) -> Parcel {
    Parcel {
        id: new.id.clone(),
        seq,
        hook_id: new.hook_id.to_owned(),
        event_id: new.event_id.to_owned(),
        event: new.event.to_owned(),
        account_id: new.account_id.to_owned(),
        site_id: new.site_id.to_owned(),
        order_key: new.order_key.map(str::to_owned),
        created_at: new.now,
        due: new.due,
        digest: new.digest,
        tries: 0,
        resent_after: 0,
        body: Some(new.own_body.as_deref().map_or_else(|| Arc::clone(&new.event_body), Arc::from)),
    }
}

selects!(
    select,
    "SELECT id, event_id, event, hook_id, site_id, state, tries, due, created_at, finished_at
     FROM deliveries "
);

/// One delivery.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<Delivery>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// A page of a hook's deliveries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut Conn,
    hook_id: &str,
    (state, event): (Option<DeliveryState>, Option<&str>),
    page: Page,
) -> Result<Vec<Delivery>> {
    let select = q!(
        select!(
            "WHERE hook_id = $1 AND ($2 IS NULL OR state = $2) AND ($3 IS NULL OR event = $3)
             ORDER BY created_at DESC, seq DESC LIMIT $4 OFFSET $5"
        ),
        hook_id,
        state.map(DeliveryState::as_str),
        event,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// The deliveries of an event, in the order of their ids.
///
/// # Errors
/// When the database fails.
pub async fn of_event(db: &mut Conn, event_id: &str) -> Result<Vec<Delivery>> {
    let select = q!(select!("WHERE event_id = $1 ORDER BY id"), event_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// The tries of a delivery, first to last.
///
/// # Errors
/// When the database fails.
pub async fn attempts(db: &mut Conn, delivery_id: &str) -> Result<Vec<Attempt>> {
    let select = q!(
        "SELECT id, delivery_id, number, at, queued_ms, duration_ms, status, error_class, error, request, response
         FROM attempts WHERE delivery_id = $1 ORDER BY number, id",
        delivery_id
    );
    db.rows(select).await?.iter().map(read_attempt).collect()
}

/// Deliveries that one transaction holds or cancels at most: a queue may be very long, and nobody
/// else writes meanwhile.
pub const STOPPED_AT_ONCE: i64 = 5_000;

/// Keeps up to [`STOPPED_AT_ONCE`] that wait for a hook until they are sent again by hand; whether
/// that was all.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx, hook_id: &str) -> Result<bool> {
    let update = q!(
        "UPDATE deliveries SET state = 'held', due = NULL WHERE seq IN (
             SELECT seq FROM deliveries WHERE hook_id = $1 AND state = 'waiting' LIMIT $2)",
        hook_id,
        STOPPED_AT_ONCE
    );
    Ok(tx.run(update).await? < STOPPED_AT_ONCE.unsigned_abs())
}

/// Ends up to [`STOPPED_AT_ONCE`] that wait or are kept for a hook; whether that was all.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &mut Tx, hook_id: &str, now: Timestamp) -> Result<bool> {
    let update = q!(
        "UPDATE deliveries SET state = 'cancelled', due = NULL, finished_at = $2 WHERE seq IN (
             SELECT seq FROM deliveries WHERE hook_id = $1 AND state IN ('waiting', 'held') LIMIT $3)",
        hook_id,
        now,
        STOPPED_AT_ONCE
    );
    Ok(tx.run(update).await? < STOPPED_AT_ONCE.unsigned_abs())
}

/// Makes a delivery due now; its schedule of tries starts over. False when there is none.
///
/// # Errors
/// When the database fails.
pub async fn rearm(tx: &mut Tx, id: &str, now: Timestamp) -> Result<bool> {
    let update = q!(
        "UPDATE deliveries SET state = 'waiting', due = $2, finished_at = NULL, resent_after = tries WHERE id = $1",
        id,
        now
    );
    Ok(tx.run(update).await? > 0)
}

macro_rules! missed {
    ($columns:literal, $whose:literal, $rest:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM deliveries d JOIN hooks h ON h.id = d.hook_id
             WHERE ",
            $whose,
            " AND d.created_at >= $2 AND ($3 IS NULL OR d.created_at < $3) AND d.state = $4
               AND ($5 IS NULL OR d.event = $5) AND h.disabled <= $6 ",
            $rest
        )
    };
}

macro_rules! missed_after {
    ($whose:literal) => {
        missed!(
            "d.id, d.hook_id, d.created_at, d.seq",
            $whose,
            "AND (d.created_at > $7 OR (d.created_at = $7 AND d.seq > $8)) ORDER BY d.created_at, d.seq LIMIT $9"
        )
    };
}

/// Up to `most` deliveries to send again, as `(id, hook)`, in the order in which they were written
/// down, those after the place `after`. Those of disabled hooks are left out.
///
/// # Errors
/// When the database fails.
pub async fn missed(
    db: &mut Conn,
    what: &Missed<'_>,
    after: Place,
    most: i64,
) -> Result<Vec<(String, String, Place)>> {
    let (sql, whose) = match what.of {
        Of::Hook(id) => (missed_after!("d.hook_id = $1"), id),
        Of::Site(id) => (missed_after!("d.site_id = $1"), id),
    };
    let since = what.since.max(after.at);
    let select = q!(
        sql,
        whose,
        since,
        what.until,
        what.state.as_str(),
        what.event,
        what.disabled,
        after.at,
        after.seq,
        most
    );
    let read = |row: &Row| {
        let place = Place { at: row.time("created_at")?, seq: row.int("seq")? };
        Ok((row.text("id")?, row.text("hook_id")?, place))
    };
    db.rows(select).await?.iter().map(read).collect()
}

/// How many deliveries [`missed`] would find in all.
///
/// # Errors
/// When the database fails.
pub async fn count_missed(db: &mut Conn, what: &Missed<'_>) -> Result<i64> {
    let (sql, whose) = match what.of {
        Of::Hook(id) => (missed!("COUNT(*) AS n", "d.hook_id = $1", ""), id),
        Of::Site(id) => (missed!("COUNT(*) AS n", "d.site_id = $1", ""), id),
    };
    let select = q!(sql, whose, what.since, what.until, what.state.as_str(), what.event, what.disabled);
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

fn state(row: &Row) -> Result<DeliveryState> {
    use serde::de::Error as _;
    let unknown = || Error::Document("state", serde_json::Error::custom("no such delivery state"));
    DeliveryState::parse(&row.text("state")?).ok_or_else(unknown)
}

fn read(row: &Row) -> Result<Delivery> {
    Ok(Delivery {
        id: row.text("id")?,
        event_id: row.text("event_id")?,
        event: row.text("event")?,
        hook_id: row.text("hook_id")?,
        site_id: row.text("site_id")?,
        state: state(row)?,
        tries: row.int("tries")?,
        next_try_at: row.time_opt("due")?,
        created_at: row.time("created_at")?,
        finished_at: row.time_opt("finished_at")?,
    })
}

fn read_attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        id: row.text("id")?,
        delivery_id: row.text("delivery_id")?,
        number: row.int("number")?,
        at: row.time("at")?,
        queued_ms: row.int("queued_ms")?,
        duration_ms: row.int("duration_ms")?,
        status: row.int_opt("status")?,
        error_class: row.text_opt("error_class")?,
        error: row.text_opt("error")?,
        request: row.json("request")?,
        response: row.text_opt("response")?.map(|text| parsed(&text)).transpose()?,
    })
}

fn parsed(text: &str) -> Result<serde_json::Value> {
    serde_json::from_str(text).map_err(|e| Error::Document("response", e))
}

/// Drops up to `most` deliveries that ended before `before`, with their attempts. How many there
/// were.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    let delete = "DELETE FROM deliveries WHERE id IN (
            SELECT id FROM deliveries WHERE finished_at < $1 ORDER BY finished_at LIMIT $2)";
    tx.run(q!(delete, before, most)).await
}

/// Drops up to `most` of the oldest deliveries that ended, with their attempts, as far as more than
/// `kept` deliveries were made since. How many there were.
///
/// # Errors
/// When the database fails.
pub async fn forget_beyond(tx: &mut Tx, kept: i64, most: i64) -> Result<u64> {
    let delete = "DELETE FROM deliveries WHERE seq IN (
            SELECT seq FROM deliveries
            WHERE seq <= (SELECT MAX(seq) FROM deliveries) - $1 AND finished_at IS NOT NULL
            ORDER BY seq LIMIT $2)";
    tx.run(q!(delete, kept, most)).await
}
