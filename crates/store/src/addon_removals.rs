//! What providers must still be told to remove. The instance itself is gone, and often its site.

use crate::query::{Row, q};
use crate::{Conn, Result, Tx};

/// Kind of the jobs that tell them; the tenant is the add-on and the payload
/// `{"removal": "<id>"}`.
pub const REMOVAL_JOB: &str = "remove_addon_instance";

/// A removal that is due.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemovalRow {
    /// 24 hex digits: the instance's.
    pub id: String,
    /// The add-on.
    pub addon_id: String,
    /// The site that had the instance.
    pub site_id: String,
    /// Its name then.
    pub site_name: String,
    /// Its own domain then.
    pub domain: Option<String>,
    /// What the provider was told to call the instance.
    pub uuid: String,
    /// What the provider calls it.
    pub remote_id: String,
}

/// One removal.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<RemovalRow>> {
    let select = q!(
        "SELECT id, addon_id, site_id, site_name, domain, uuid, remote_id FROM addon_removals WHERE id = $1",
        id
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a removal down, with the job that carries it out.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, removal: &RemovalRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO addon_removals (id, addon_id, site_id, site_name, domain, uuid, remote_id)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &removal.id,
        &removal.addon_id,
        &removal.site_id,
        &removal.site_name,
        &removal.domain,
        &removal.uuid,
        &removal.remote_id
    );
    tx.run(insert).await?;
    let job = q!(
        "INSERT INTO jobs (id, kind, tenant, payload, run_at, created_at)
         SELECT id, 'remove_addon_instance', addon_id, '{' || '\"removal\":\"' || id || '\"}', 0, 0
         FROM addon_removals WHERE id = $1",
        &removal.id
    );
    tx.run(job).await?;
    tx.wake_runner();
    Ok(())
}

/// Turns every instance of a site that goes away into a removal with its job.
///
/// # Errors
/// When the database fails.
pub(crate) async fn insert_for_site(tx: &mut Tx, site_id: &str) -> Result<()> {
    let insert = q!(
        "INSERT INTO addon_removals (id, addon_id, site_id, site_name, domain, uuid, remote_id)
         SELECT i.id, i.addon_id, s.id, s.name,
             (SELECT d.domain FROM site_domains d WHERE d.site_id = s.id AND d.kind = 'primary'),
             i.uuid, i.remote_id
         FROM addon_instances i JOIN sites s ON s.id = i.site_id
         WHERE i.site_id = $1 AND i.remote_id IS NOT NULL",
        site_id
    );
    if tx.run(insert).await? == 0 {
        return Ok(());
    }
    let jobs = q!(
        "INSERT INTO jobs (id, kind, tenant, payload, run_at, created_at)
         SELECT r.id, 'remove_addon_instance', r.addon_id, '{' || '\"removal\":\"' || r.id || '\"}', 0, 0
         FROM addon_removals r JOIN addon_instances i ON i.id = r.id WHERE i.site_id = $1",
        site_id
    );
    tx.run(jobs).await?;
    tx.wake_runner();
    Ok(())
}

/// Crosses a removal off; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM addon_removals WHERE id = $1", id)).await? > 0)
}

fn read(row: &Row) -> Result<RemovalRow> {
    Ok(RemovalRow {
        id: row.text("id")?,
        addon_id: row.text("addon_id")?,
        site_id: row.text("site_id")?,
        site_name: row.text("site_name")?,
        domain: row.text_opt("domain")?,
        uuid: row.text("uuid")?,
        remote_id: row.text("remote_id")?,
    })
}
