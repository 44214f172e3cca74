//! What build plugins reported of themselves.

use crate::query::{Row, json, q};
use crate::{Conn, Result, Tx};
use model::{PluginRun, Timestamp};

/// Writes a report of a plugin that ran for a deploy of this site.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, site_id: &str, run: &PluginRun, now: Timestamp) -> Result<()> {
    let insert = q!(
        "INSERT INTO plugin_runs (deploy_id, site_id, package, state, doc, created_at)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &run.deploy_id,
        site_id,
        &run.package,
        &run.state,
        json(run),
        now
    );
    tx.run(insert).await.map(|_| ())
}

/// How many reports a deploy has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, deploy_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM plugin_runs WHERE deploy_id = $1", deploy_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// The reports of a deploy, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn of_deploy(db: &mut Conn, deploy_id: &str) -> Result<Vec<PluginRun>> {
    let select = q!("SELECT doc FROM plugin_runs WHERE deploy_id = $1 ORDER BY number", deploy_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// The newest report of a package in any deploy of a site, in this state where one is given.
///
/// # Errors
/// When the database fails.
pub async fn latest(
    db: &mut Conn,
    site_id: &str,
    package: &str,
    state: Option<&str>,
) -> Result<Option<PluginRun>> {
    let select = q!(
        "SELECT doc FROM plugin_runs WHERE site_id = $1 AND package = $2 AND ($3 IS NULL OR state = $3)
         ORDER BY number DESC LIMIT 1",
        site_id,
        package,
        state
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<PluginRun> {
    row.json("doc")
}
