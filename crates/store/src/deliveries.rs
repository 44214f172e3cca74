//! Deliveries: one event for one hook, and every try of it.

use crate::hooks::{self, HookRow};
use crate::query::{Row, json, q};
use crate::{Conn, Error, Result, Tx};
use model::{Attempt, Delivery, DeliveryState, Page, Timestamp};

/// A delivery to make.
#[derive(Clone, Debug)]
pub struct NewDelivery<'a> {
    /// 24 hex digits.
    pub id: &'a str,
    /// The event.
    pub event_id: &'a str,
    /// The event's name.
    pub event: &'a str,
    /// The hook.
    pub hook_id: &'a str,
    /// The site.
    pub site_id: &'a str,
    /// Waiting, or held when the hook is disabled.
    pub state: DeliveryState,
    /// Now.
    pub now: Timestamp,
}

/// Everything that one try needs.
#[derive(Clone, Debug)]
pub struct Work {
    /// The delivery.
    pub delivery: Delivery,
    /// Tries made before the last resend.
    pub resent_after: i64,
    /// Account of the site.
    pub account_id: String,
    /// The exact bytes to deliver.
    pub body: String,
    /// The hook, unless it is gone.
    pub hook: Option<HookRow>,
}

/// What becomes of a delivery after a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Where it stands now.
    pub state: DeliveryState,
    /// When the next try is due, when it waits for one.
    pub due: Option<Timestamp>,
    /// Now.
    pub now: Timestamp,
}

/// Where a delivery stands in truth after [`settle`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Its state.
    pub state: DeliveryState,
    /// Number of the try.
    pub tries: i64,
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
}

/// Writes a delivery down; the first try is due at once unless it is held.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, new: &NewDelivery<'_>) -> Result<()> {
    let due = (new.state == DeliveryState::Waiting).then_some(new.now);
    let insert = q!(
        "INSERT INTO deliveries (id, event_id, event, hook_id, site_id, state, tries, due, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $8)",
        new.id,
        new.event_id,
        new.event,
        new.hook_id,
        new.site_id,
        new.state.as_str(),
        due,
        new.now
    );
    tx.run(insert).await.map(|_| ())
}

/// One delivery.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<Delivery>> {
    let select = q!(
        "SELECT id, event_id, event, hook_id, site_id, state, tries, due, created_at, finished_at
         FROM deliveries WHERE id = $1",
        id
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// A page of a hook's deliveries, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(
    db: &mut Conn,
    hook_id: &str,
    state: Option<DeliveryState>,
    page: Page,
) -> Result<Vec<Delivery>> {
    let select = q!(
        "SELECT id, event_id, event, hook_id, site_id, state, tries, due, created_at, finished_at
         FROM deliveries WHERE hook_id = $1 AND ($2 IS NULL OR state = $2)
         ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4",
        hook_id,
        state.map(DeliveryState::as_str),
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
    let select = q!(
        "SELECT id, event_id, event, hook_id, site_id, state, tries, due, created_at, finished_at
         FROM deliveries WHERE event_id = $1 ORDER BY id",
        event_id
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// The tries of a delivery, first to last.
///
/// # Errors
/// When the database fails.
pub async fn attempts(db: &mut Conn, delivery_id: &str) -> Result<Vec<Attempt>> {
    let select = q!(
        "SELECT id, delivery_id, number, at, duration_ms, status, error_class, error, request, response
         FROM attempts WHERE delivery_id = $1 ORDER BY number, id",
        delivery_id
    );
    db.rows(select).await?.iter().map(read_attempt).collect()
}

/// Everything that a try of this delivery needs, in one read.
///
/// # Errors
/// When the database fails.
pub async fn work(db: &mut Conn, id: &str) -> Result<Option<Work>> {
    let select = q!(
        "SELECT d.id AS delivery_id, d.event_id, d.event, d.hook_id, d.state, d.tries, d.due, d.resent_after,
             d.created_at AS delivered_from, d.finished_at, e.account_id, e.body, e.site_id,
             h.id AS hook, h.kind, h.events, h.filters, h.data, h.sealed, h.disabled, h.form_id, h.user_id,
             h.success, h.created_at, h.updated_at
         FROM deliveries d JOIN events e ON e.id = d.event_id LEFT JOIN hooks h ON h.id = d.hook_id
         WHERE d.id = $1",
        id
    );
    db.row(select).await?.as_ref().map(read_work).transpose()
}

/// Writes down how a try ended. A delivery that stopped waiting meanwhile (its hook was disabled or
/// deleted) keeps its state, unless the try delivered it. None when there is no such delivery.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, id: &str, outcome: &Outcome) -> Result<Option<Settled>> {
    let wins = outcome.state == DeliveryState::Delivered;
    let finished = finished(outcome.state).then_some(outcome.now);
    let update = q!(
        "UPDATE deliveries SET tries = tries + 1,
             due = CASE WHEN $2 = 1 OR state = 'waiting' THEN $4 ELSE due END,
             finished_at = CASE WHEN $2 = 1 OR state = 'waiting' THEN $5 ELSE finished_at END,
             state = CASE WHEN $2 = 1 OR state = 'waiting' THEN $3 ELSE state END
         WHERE id = $1 RETURNING state, tries",
        id,
        wins,
        outcome.state.as_str(),
        outcome.due,
        finished
    );
    let read = |row: &Row| Ok(Settled { state: state(row)?, tries: row.int("tries")? });
    tx.row(update).await?.as_ref().map(read).transpose()
}

/// Records a try.
///
/// # Errors
/// When the database fails.
pub async fn insert_attempt(tx: &mut Tx, attempt: &Attempt) -> Result<()> {
    let insert = q!(
        "INSERT INTO attempts (id, delivery_id, number, at, duration_ms, status, error_class, error, request, response)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &attempt.id,
        &attempt.delivery_id,
        attempt.number,
        attempt.at,
        attempt.duration_ms,
        attempt.status,
        &attempt.error_class,
        &attempt.error,
        json(&attempt.request),
        attempt.response.as_ref().map(json)
    );
    tx.run(insert).await.map(|_| ())
}

/// Keeps everything that waits for a hook until it is sent again by hand.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx, hook_id: &str) -> Result<u64> {
    let update = q!(
        "UPDATE deliveries SET state = 'held', due = NULL WHERE hook_id = $1 AND state = 'waiting'",
        hook_id
    );
    tx.run(update).await
}

/// Ends everything that waits or is kept for a hook.
///
/// # Errors
/// When the database fails.
pub async fn cancel(tx: &mut Tx, hook_id: &str, now: Timestamp) -> Result<u64> {
    let update = q!(
        "UPDATE deliveries SET state = 'cancelled', due = NULL, finished_at = $2
         WHERE hook_id = $1 AND state IN ('waiting', 'held')",
        hook_id,
        now
    );
    tx.run(update).await
}

/// Stops one delivery that waits, without a try: kept or cancelled.
///
/// # Errors
/// When the database fails.
pub async fn stop(tx: &mut Tx, id: &str, outcome: &Outcome) -> Result<()> {
    let finished = finished(outcome.state).then_some(outcome.now);
    let update = q!(
        "UPDATE deliveries SET state = $2, due = NULL, finished_at = $3 WHERE id = $1 AND state = 'waiting'",
        id,
        outcome.state.as_str(),
        finished
    );
    tx.run(update).await.map(|_| ())
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
    ($whose:literal) => {
        concat!(
            "SELECT d.id, d.hook_id FROM deliveries d JOIN hooks h ON h.id = d.hook_id
             WHERE ",
            $whose,
            " AND d.created_at >= $2 AND ($3 IS NULL OR d.created_at < $3) AND d.state = $4
               AND h.disabled = 0 AND d.id > $5
             ORDER BY d.id LIMIT $6"
        )
    };
}

/// Up to `most` deliveries to send again, as `(id, hook)`, in the order of their ids after `after`.
/// Those of disabled hooks are left out.
///
/// # Errors
/// When the database fails.
pub async fn missed(
    db: &mut Conn,
    what: &Missed<'_>,
    after: &str,
    most: i64,
) -> Result<Vec<(String, String)>> {
    let (sql, whose) = match what.of {
        Of::Hook(id) => (missed!("d.hook_id = $1"), id),
        Of::Site(id) => (missed!("d.site_id = $1"), id),
    };
    let select = q!(sql, whose, what.since, what.until, what.state.as_str(), after, most);
    db.rows(select).await?.iter().map(|row| Ok((row.text("id")?, row.text("hook_id")?))).collect()
}

fn finished(state: DeliveryState) -> bool {
    !matches!(state, DeliveryState::Waiting | DeliveryState::Held)
}

fn state(row: &Row) -> Result<DeliveryState> {
    use serde::de::Error as _;
    let unknown = || Error::Document("state", serde_json::Error::custom("no such delivery state"));
    DeliveryState::parse(&row.text("state")?).ok_or_else(unknown)
}

fn read(row: &Row) -> Result<Delivery> {
    read_as(row, "id", "created_at")
}

fn read_as(row: &Row, id: &str, created_at: &str) -> Result<Delivery> {
    Ok(Delivery {
        id: row.text(id)?,
        event_id: row.text("event_id")?,
        event: row.text("event")?,
        hook_id: row.text("hook_id")?,
        site_id: row.text("site_id")?,
        state: state(row)?,
        tries: row.int("tries")?,
        next_try_at: row.time_opt("due")?,
        created_at: row.time(created_at)?,
        finished_at: row.time_opt("finished_at")?,
    })
}

fn read_work(row: &Row) -> Result<Work> {
    let hook = row.text_opt("hook")?.map(|_| hooks::read(row, "hook")).transpose()?;
    Ok(Work {
        delivery: read_as(row, "delivery_id", "delivered_from")?,
        resent_after: row.int("resent_after")?,
        account_id: row.text("account_id")?,
        body: row.text("body")?,
        hook,
    })
}

fn read_attempt(row: &Row) -> Result<Attempt> {
    Ok(Attempt {
        id: row.text("id")?,
        delivery_id: row.text("delivery_id")?,
        number: row.int("number")?,
        at: row.time("at")?,
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
