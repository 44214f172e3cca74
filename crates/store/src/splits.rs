//! Split tests, and which deploy a branch of one stands for.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{SplitBranch, Timestamp};

/// A stored split test.
#[derive(Clone, Debug, PartialEq)]
pub struct SplitRow {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// What its owner calls it; empty when it has no name.
    pub name: String,
    /// Branches and shares, in the order in which visitors are shared out.
    pub branches: Vec<SplitBranch>,
    /// Whether visitors are being shared out. One test of a site at most.
    pub active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it was last switched off.
    pub unpublished_at: Option<Timestamp>,
}

selects!(
    select,
    "SELECT id, site_id, name, branches, active, created_at, updated_at, unpublished_at
     FROM split_tests "
);

/// Split tests of a site, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<SplitRow>> {
    let select = q!(select!("WHERE site_id = $1 ORDER BY created_at, id"), site_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// How many split tests a site has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, site_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM split_tests WHERE site_id = $1", site_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// One split test of a site.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, site_id: &str, id: &str) -> Result<Option<SplitRow>> {
    let select = q!(select!("WHERE site_id = $1 AND id = $2"), site_id, id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The split test by which visitors of a site are shared out.
///
/// # Errors
/// When the database fails.
pub async fn active(db: &mut Conn, site_id: &str) -> Result<Option<SplitRow>> {
    let select = q!(select!("WHERE site_id = $1 AND active = 1"), site_id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a new split test down.
///
/// # Errors
/// `Taken` when it is active and another one of the site is; else when the database fails.
pub async fn insert(tx: &mut Tx, test: &SplitRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO split_tests (id, site_id, name, branches, active, created_at, updated_at, unpublished_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &test.id,
        &test.site_id,
        &test.name,
        json(&test.branches),
        test.active,
        test.created_at,
        test.updated_at,
        test.unpublished_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes a split test back; whether it was there.
///
/// # Errors
/// `Taken` when it is active and another one of the site is; else when the database fails.
pub async fn update(tx: &mut Tx, test: &SplitRow) -> Result<bool> {
    let update = q!(
        "UPDATE split_tests SET name = $3, branches = $4, active = $5, updated_at = $6, unpublished_at = $7
         WHERE site_id = $1 AND id = $2",
        &test.site_id,
        &test.id,
        &test.name,
        json(&test.branches),
        test.active,
        test.updated_at,
        test.unpublished_at
    );
    Ok(tx.run(update).await? > 0)
}

/// Deletes a split test; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, site_id: &str, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM split_tests WHERE site_id = $1 AND id = $2", site_id, id)).await? > 0)
}

/// The newest ready deploy of a branch of a site. Drafts and deploy previews are of no branch that
/// visitors may be sent to.
///
/// # Errors
/// When the database fails.
pub async fn deploy_of_branch(db: &mut Conn, site_id: &str, branch: &str) -> Result<Option<String>> {
    let select = q!(
        "SELECT id FROM deploys
         WHERE site_id = $1 AND branch = $2 AND state = 'ready' AND draft = 0 AND context <> 'deploy-preview'
         ORDER BY created_at DESC, id DESC LIMIT 1",
        site_id,
        branch
    );
    db.row(select).await?.map(|row| row.text("id")).transpose()
}

fn read(row: &Row) -> Result<SplitRow> {
    Ok(SplitRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        name: row.text("name")?,
        branches: row.json("branches")?,
        active: row.flag("active")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        unpublished_at: row.time_opt("unpublished_at")?,
    })
}
