//! Calls of providers as they were: the newest of each add-on. What is written is masked already.

use crate::query::{Row, json, q};
use crate::{Conn, Result, Tx};
use model::{Page, Timestamp};
use serde_json::Value;

/// A call that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct CallRow {
    /// Its number; 0 before it is written.
    pub seq: i64,
    /// The add-on.
    pub addon_id: String,
    /// The site it was about.
    pub site_id: Option<String>,
    /// The instance it was about.
    pub instance_id: Option<String>,
    /// What was asked for.
    pub operation: String,
    /// Status of the answer; 0 without one.
    pub status: i64,
    /// When it began.
    pub at: Timestamp,
    /// Request, answer or error, and timing.
    pub doc: Value,
}

/// Writes a call down and throws away all but the newest `kept` of its add-on.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, call: &CallRow, kept: i64) -> Result<()> {
    let insert = q!(
        "INSERT INTO addon_calls (addon_id, site_id, instance_id, operation, status, at, doc)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &call.addon_id,
        &call.site_id,
        &call.instance_id,
        &call.operation,
        call.status,
        call.at,
        json(&call.doc)
    );
    tx.run(insert).await?;
    let trim = q!(
        "DELETE FROM addon_calls WHERE addon_id = $1 AND seq <=
           (SELECT seq FROM addon_calls WHERE addon_id = $1 ORDER BY seq DESC LIMIT 1 OFFSET $2)",
        &call.addon_id,
        kept
    );
    tx.run(trim).await.map(|_| ())
}

/// Calls of an add-on, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, addon_id: &str, page: Page) -> Result<Vec<CallRow>> {
    let select = q!(
        "SELECT seq, addon_id, site_id, instance_id, operation, status, at, doc FROM addon_calls
         WHERE addon_id = $1 ORDER BY seq DESC LIMIT $2 OFFSET $3",
        addon_id,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

fn read(row: &Row) -> Result<CallRow> {
    Ok(CallRow {
        seq: row.int("seq")?,
        addon_id: row.text("addon_id")?,
        site_id: row.text_opt("site_id")?,
        instance_id: row.text_opt("instance_id")?,
        operation: row.text("operation")?,
        status: row.int("status")?,
        at: row.time("at")?,
        doc: row.json("doc")?,
    })
}
