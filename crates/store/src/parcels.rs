//! Deliveries as the sender sees them: the queue of each hook, the outcomes of tries, and which node
//! sends for which hook. The delivery's row is the queue entry; what is in flight is not stored.

use crate::query::{Query, Row, json, q};
use crate::{Conn, Engine, Result, Tx};
use model::{DeliveryState, Timestamp};
use serde::Serialize;
use std::sync::Arc;

/// A delivery that waits to be made, with what a try of it needs beside its hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    /// The delivery.
    pub id: String,
    /// Place in the order in which deliveries were written down.
    pub seq: i64,
    /// The hook.
    pub hook_id: String,
    /// The event.
    pub event_id: String,
    /// The event's name.
    pub event: String,
    /// Account of the site.
    pub account_id: String,
    /// Site.
    pub site_id: String,
    /// What the event is about, for hooks that get the deliveries about one thing in order.
    pub order_key: Option<String>,
    /// When it was made: with its event.
    pub created_at: Timestamp,
    /// When the next try is due.
    pub due: Timestamp,
    /// End of the window in which it was gathered with others; those of them that are due at the
    /// same instant go out with it in one message.
    pub digest: Option<Timestamp>,
    /// Tries so far.
    pub tries: i64,
    /// Tries made before the last resend.
    pub resent_after: i64,
    /// The exact bytes to deliver; none when they are to be read first.
    pub body: Option<Arc<str>>,
}

/// Bytes of a body that is read along with its place in the queue; longer ones are read when sent.
pub const BODY_ALONG: i64 = 16 << 10;

macro_rules! due {
    ($more:literal) => {
        concat!(
            "SELECT d.seq, d.id, d.hook_id, d.event_id, d.event, d.account_id, d.site_id, d.order_key,
                 d.created_at, d.due, d.digest, d.tries, d.resent_after,
                 CASE WHEN OCTET_LENGTH(COALESCE(d.body, e.body)) <= $3 THEN COALESCE(d.body, e.body) END AS body
             FROM deliveries d JOIN events e ON e.id = d.event_id
             WHERE d.hook_id = $1 AND d.state = 'waiting' AND d.due <= $2
               AND (d.digest IS NULL OR NOT EXISTS (
                 SELECT 1 FROM deliveries g WHERE g.hook_id = d.hook_id AND g.state = 'waiting'
                   AND g.digest = d.digest AND g.due = d.due AND g.seq < d.seq)) ",
            $more,
            " ORDER BY d.due, d.seq LIMIT $4"
        )
    };
}

/// Up to `most` deliveries of a hook that are due, those that are due longest first. With `ordered`,
/// only the first that waits of each thing; of a digest only the first, which leads it.
///
/// # Errors
/// When the database fails.
pub async fn due(
    db: &mut Conn,
    hook_id: &str,
    now: Timestamp,
    ordered: bool,
    most: i64,
) -> Result<Vec<Parcel>> {
    let sql = if ordered {
        due!(
            "AND NOT EXISTS (SELECT 1 FROM deliveries o WHERE o.hook_id = d.hook_id AND o.state = 'waiting'
                 AND o.order_key = d.order_key AND o.seq < d.seq)"
        )
    } else {
        due!("")
    };
    db.rows(q!(sql, hook_id, now, BODY_ALONG, most)).await?.into_iter().map(read).collect()
}

fn read(mut row: Row) -> Result<Parcel> {
    Ok(Parcel {
        id: row.take_text("id")?,
        seq: row.int("seq")?,
        hook_id: row.take_text("hook_id")?,
        event_id: row.take_text("event_id")?,
        event: row.take_text("event")?,
        account_id: row.take_text("account_id")?,
        site_id: row.take_text("site_id")?,
        order_key: row.text_opt("order_key")?,
        created_at: row.time("created_at")?,
        due: row.time("due")?,
        digest: row.time_opt("digest")?,
        tries: row.int("tries")?,
        resent_after: row.int("resent_after")?,
        body: row.str_opt("body")?.map(Arc::from),
    })
}

/// Up to `most` deliveries of the digest that `lead` is of, in their order and without their bodies:
/// what waits and is due at the same instant.
///
/// # Errors
/// When the database fails.
pub async fn together(db: &mut Conn, lead: &Parcel, most: i64) -> Result<Vec<Parcel>> {
    let select = q!(
        "SELECT seq, id, hook_id, event_id, event, account_id, site_id, order_key, created_at, due, digest, tries,
             resent_after, CAST(NULL AS TEXT) AS body
         FROM deliveries WHERE hook_id = $1 AND state = 'waiting' AND digest = $2 AND due = $3 ORDER BY seq LIMIT $4",
        &lead.hook_id,
        lead.digest,
        lead.due,
        most
    );
    db.rows(select).await?.into_iter().map(read).collect()
}

/// The exact bytes of a delivery; none when it is gone.
///
/// # Errors
/// When the database fails.
pub async fn body(db: &mut Conn, delivery_id: &str) -> Result<Option<String>> {
    let select = q!(
        "SELECT COALESCE(d.body, e.body) AS body FROM deliveries d JOIN events e ON e.id = d.event_id WHERE d.id = $1",
        delivery_id
    );
    db.row(select).await?.map(|row| row.text("body")).transpose()
}

/// When the next delivery of a hook will be due that is not due yet.
///
/// # Errors
/// When the database fails.
pub async fn next_due(db: &mut Conn, hook_id: &str, now: Timestamp) -> Result<Option<Timestamp>> {
    let select = q!(
        "SELECT MIN(due) AS due FROM deliveries WHERE hook_id = $1 AND state = 'waiting' AND due > $2",
        hook_id,
        now
    );
    Ok(db.row(select).await?.map(|row| row.time_opt("due")).transpose()?.flatten())
}

/// Every hook that something waits for, with the instant at which the first of it is due, save
/// those that another worker than `worker` sends for at `now`. It steps from hook to hook through
/// the index: a long queue costs no more than a short one.
///
/// # Errors
/// When the database fails.
pub async fn queues(db: &mut Conn, worker: &str, now: Timestamp) -> Result<Vec<(String, Timestamp)>> {
    let select = q!(
        "WITH RECURSIVE queues (hook_id) AS (
             SELECT MIN(hook_id) FROM deliveries WHERE state = 'waiting'
             UNION ALL
             SELECT (SELECT MIN(n.hook_id) FROM deliveries n WHERE n.state = 'waiting' AND n.hook_id > q.hook_id)
             FROM queues q WHERE q.hook_id IS NOT NULL
         )
         SELECT hook_id,
             (SELECT MIN(d.due) FROM deliveries d WHERE d.hook_id = q.hook_id AND d.state = 'waiting') AS due
         FROM queues q
         WHERE hook_id IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM hook_lanes l WHERE l.hook_id = q.hook_id AND l.worker <> $1 AND l.lease_until > $2)",
        worker,
        now
    );
    let rows = db.rows(select).await?;
    rows.iter().map(|row| Ok((row.text("hook_id")?, row.time_opt("due")?.unwrap_or(now)))).collect()
}

/// How a try ended, and where its delivery stands now.
#[derive(Clone, Debug, Serialize)]
pub struct Outcome {
    /// The delivery.
    pub delivery: String,
    /// Its place in the order in which deliveries were written down.
    pub seq: i64,
    /// Id of the try's record.
    pub attempt: String,
    /// Number of the try. A later one of the same number takes its place.
    pub number: i64,
    /// Tries that count by now.
    pub tries: i64,
    /// When it began.
    pub at: i64,
    /// Milliseconds that the delivery had been due by then.
    pub queued_ms: i64,
    /// Milliseconds that it took.
    pub duration_ms: i64,
    /// Status that was answered.
    pub status: Option<i64>,
    /// Kind of failure.
    pub error_class: Option<String>,
    /// A sentence about it.
    pub error: Option<String>,
    /// What was sent, as JSON text.
    pub request: String,
    /// What was answered, as JSON text.
    pub response: Option<String>,
    /// Where the delivery stands.
    pub state: &'static str,
    /// When the next try is due, when it waits for one.
    pub due: Option<i64>,
    /// When it ended, when it did.
    pub finished_at: Option<i64>,
}

/// A delivery that stopped waiting meanwhile (its hook was disabled or deleted) keeps its state,
/// unless the try delivered it.
macro_rules! settle {
    ($delivered:literal, $tries:literal, $state:literal, $due:literal, $finished:literal) => {
        concat!(
            "tries = CASE WHEN deliveries.tries < ",
            $tries,
            " THEN ",
            $tries,
            " ELSE deliveries.tries END,
             due = CASE WHEN ",
            $delivered,
            " OR deliveries.state = 'waiting' THEN ",
            $due,
            " ELSE deliveries.due END,
             finished_at = CASE WHEN ",
            $delivered,
            " OR deliveries.state = 'waiting' THEN ",
            $finished,
            " ELSE deliveries.finished_at END,
             state = CASE WHEN ",
            $delivered,
            " OR deliveries.state = 'waiting' THEN ",
            $state,
            " ELSE deliveries.state END"
        )
    };
}

const SETTLE_SQLITE: &str =
    concat!("UPDATE deliveries SET ", settle!("$2 = 'delivered'", "$5", "$2", "$3", "$4"), " WHERE seq = $1");

const ATTEMPT_SQLITE: &str =
    "INSERT INTO attempts (id, delivery_id, number, at, queued_ms, duration_ms, status, error_class, error, request,
         response)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (delivery_id, number) DO NOTHING";

/// A statement of its own, since one that may also change rows costs each insertion a journal.
const ATTEMPT_AGAIN_SQLITE: &str =
    "UPDATE attempts SET id = $1, at = $4, queued_ms = $5, duration_ms = $6, status = $7, error_class = $8,
         error = $9, request = $10, response = $11
     WHERE delivery_id = $2 AND number = $3";

/// Deliveries and attempts in one statement, however many.
const SETTLE_POSTGRES: &str = concat!(
    "WITH x AS MATERIALIZED (
       SELECT * FROM jsonb_to_recordset(CAST($1 AS jsonb)) AS x (attempt TEXT, delivery TEXT, seq BIGINT, number BIGINT, at BIGINT,
         queued_ms BIGINT, duration_ms BIGINT, status BIGINT, error_class TEXT, error TEXT, request TEXT,
         response TEXT, tries BIGINT, state TEXT, due BIGINT, finished_at BIGINT)
     ), settled AS (
       UPDATE deliveries SET ",
    settle!("x.state = 'delivered'", "x.tries", "x.state", "x.due", "x.finished_at"),
    " FROM x WHERE deliveries.seq = x.seq RETURNING deliveries.id
     )
     INSERT INTO attempts (id, delivery_id, number, at, queued_ms, duration_ms, status, error_class, error, request,
         response)
     SELECT attempt, delivery, number, at, queued_ms, duration_ms, status, error_class, error, request, response
     FROM x JOIN settled ON settled.id = x.delivery
     ON CONFLICT (delivery_id, number) DO UPDATE SET id = excluded.id, at = excluded.at,
         queued_ms = excluded.queued_ms, duration_ms = excluded.duration_ms, status = excluded.status,
         error_class = excluded.error_class, error = excluded.error, request = excluded.request,
         response = excluded.response"
);

/// Writes down how tries ended, each of another delivery. Doing it again changes nothing, so that it
/// can be repeated when it is not known whether it happened.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, outcomes: &[&Outcome]) -> Result<()> {
    if tx.engine() == Engine::Postgres {
        // A NUL cannot be stored as text there, and JSON would spell it.
        let all = json(&outcomes).replace("\\u0000", "\\ufffd");
        return tx.later(q!(SETTLE_POSTGRES, all), |_, _| Ok(())).await;
    }
    for one in outcomes {
        let settled = q!(SETTLE_SQLITE, one.seq, one.state, one.due, one.finished_at, one.tries);
        // of a delivery that is gone nothing is put on record
        if tx.run(settled).await? > 0 && tx.run(attempt(ATTEMPT_SQLITE, one)).await? == 0 {
            tx.run(attempt(ATTEMPT_AGAIN_SQLITE, one)).await?;
        }
    }
    Ok(())
}

fn attempt(sql: &'static str, one: &Outcome) -> Query {
    q!(
        sql,
        &one.attempt,
        &one.delivery,
        one.number,
        one.at,
        one.queued_ms,
        one.duration_ms,
        one.status,
        &one.error_class,
        &one.error,
        &one.request,
        &one.response
    )
}

/// Takes the queues of these hooks, and keeps those that the worker has, until `until`; the hooks
/// whose queue is the worker's now.
///
/// # Errors
/// When the database fails.
pub async fn lease(
    tx: &mut Tx,
    hooks: &[String],
    worker: &str,
    now: Timestamp,
    until: Timestamp,
) -> Result<Vec<String>> {
    let mut ours = Vec::new();
    for hook in hooks {
        let upsert = q!(
            "INSERT INTO hook_lanes (hook_id, worker, lease_until) VALUES ($1, $2, $3)
             ON CONFLICT (hook_id) DO UPDATE SET worker = excluded.worker, lease_until = excluded.lease_until
             WHERE hook_lanes.worker = $2 OR hook_lanes.lease_until <= $4",
            hook,
            worker,
            until,
            now
        );
        if tx.run(upsert).await? > 0 {
            ours.push(hook.clone());
        }
    }
    Ok(ours)
}

/// Prolongs everything that the worker has; the hooks that it still has.
///
/// # Errors
/// When the database fails.
pub async fn renew(tx: &mut Tx, worker: &str, until: Timestamp) -> Result<Vec<String>> {
    let update =
        q!("UPDATE hook_lanes SET lease_until = $2 WHERE worker = $1 RETURNING hook_id", worker, until);
    tx.rows(update).await?.iter().map(|row| row.text("hook_id")).collect()
}

/// Gives a queue back.
///
/// # Errors
/// When the database fails.
pub async fn give_back(tx: &mut Tx, hook_id: &str, worker: &str) -> Result<()> {
    let delete = q!("DELETE FROM hook_lanes WHERE hook_id = $1 AND worker = $2", hook_id, worker);
    tx.run(delete).await.map(|_| ())
}

/// Gives back every queue whose worker's name begins with `worker`.
///
/// # Errors
/// When the database fails.
pub async fn give_all_back(tx: &mut Tx, worker: &str) -> Result<u64> {
    tx.run(q!("DELETE FROM hook_lanes WHERE SUBSTR(worker, 1, LENGTH($1)) = $1", worker)).await
}

/// Whether a delivery in this state has come to its end.
#[must_use]
pub fn ended(state: DeliveryState) -> bool {
    !matches!(state, DeliveryState::Waiting | DeliveryState::Held)
}
