//! How deliveries of hooks have gone lately. A hook without a row is well.

use crate::query::{Row, q};
use crate::{Conn, Result, Tx};
use model::Timestamp;
use std::collections::HashMap;

/// How deliveries of one hook have gone lately. The default is well.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// First try that failed since the last that did not.
    pub failing_since: Option<Timestamp>,
    /// Tries that failed since then.
    pub failures: i64,
    /// Warnings given since then.
    pub warnings: i64,
    /// When the last of them was given.
    pub warned_at: Option<Timestamp>,
    /// Nothing is sent before.
    pub paused_until: Option<Timestamp>,
    /// Milliseconds between probes of a receiver that keeps failing; 0 while it is not doubted.
    pub probe_wait: i64,
    /// Why it was disabled.
    pub reason: Option<String>,
}

/// The health of a hook.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, hook_id: &str) -> Result<Health> {
    let select = q!(
        "SELECT failing_since, failures, warnings, warned_at, paused_until, probe_wait, reason FROM hook_health WHERE hook_id = $1",
        hook_id
    );
    Ok(db.row(select).await?.as_ref().map(read).transpose()?.unwrap_or_default())
}

/// The health of every hook of a site that is not well, by hook.
///
/// # Errors
/// When the database fails.
pub async fn of_site(db: &mut Conn, site_id: &str) -> Result<HashMap<String, Health>> {
    let select = q!(
        "SELECT h.hook_id, h.failing_since, h.failures, h.warnings, h.warned_at, h.paused_until, h.probe_wait, h.reason
         FROM hook_health h JOIN hooks k ON k.id = h.hook_id WHERE k.site_id = $1",
        site_id
    );
    let rows = db.rows(select).await?;
    rows.iter().map(|row| Ok((row.text("hook_id")?, read(row)?))).collect()
}

fn read(row: &Row) -> Result<Health> {
    Ok(Health {
        failing_since: row.time_opt("failing_since")?,
        failures: row.int("failures")?,
        warnings: row.int("warnings")?,
        warned_at: row.time_opt("warned_at")?,
        paused_until: row.time_opt("paused_until")?,
        probe_wait: row.int("probe_wait")?,
        reason: row.text_opt("reason")?,
    })
}

/// Writes the health of a hook down, if there still is such a hook.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, hook_id: &str, health: &Health) -> Result<()> {
    let upsert = q!(
        "INSERT INTO hook_health (hook_id, failing_since, failures, warnings, warned_at, paused_until, probe_wait, reason)
         SELECT id, $2, $3, $4, $5, $6, $7, $8 FROM hooks WHERE id = $1
         ON CONFLICT (hook_id) DO UPDATE SET failing_since = excluded.failing_since, failures = excluded.failures,
             warnings = excluded.warnings, warned_at = excluded.warned_at, paused_until = excluded.paused_until, probe_wait = excluded.probe_wait,
             reason = excluded.reason",
        hook_id,
        health.failing_since,
        health.failures,
        health.warnings,
        health.warned_at,
        health.paused_until,
        health.probe_wait,
        &health.reason
    );
    tx.run(upsert).await.map(|_| ())
}

/// Forgets everything about the health of a hook: it is given a fresh start.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, hook_id: &str) -> Result<()> {
    tx.run(q!("DELETE FROM hook_health WHERE hook_id = $1", hook_id)).await.map(|_| ())
}
