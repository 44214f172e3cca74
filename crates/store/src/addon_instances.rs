//! Instances of add-ons on sites: at most one of each add-on on a site.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::Timestamp;
use serde_json::Value;

/// How far an instance is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InstanceState {
    /// The provider is being asked for it; nobody sees it yet.
    Asked,
    /// The provider has taken it on and is not done.
    Provisioning,
    /// It works.
    Active,
    /// The provider gave up on it.
    Failed,
}

impl InstanceState {
    /// Name in the database and on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Failed => "failed",
        }
    }

    fn parse(text: &str) -> Self {
        let named = [Self::Asked, Self::Provisioning, Self::Failed].into_iter();
        named.into_iter().find(|state| state.as_str() == text).unwrap_or(Self::Active)
    }
}

/// A stored instance.
#[derive(Clone, Debug)]
pub struct InstanceRow {
    /// 24 hex digits.
    pub id: String,
    /// The add-on.
    pub addon_id: String,
    /// The site.
    pub site_id: String,
    /// What the provider was told to call it.
    pub uuid: String,
    /// What the provider calls it; none while it is asked for.
    pub remote_id: Option<String>,
    /// How far it is.
    pub state: InstanceState,
    /// What the provider said about that.
    pub note: Option<String>,
    /// Where its proxied requests go.
    pub endpoint: Option<String>,
    /// Snippets as the provider gave them.
    pub snippets: Vec<Value>,
    /// Configuration and variables, sealed.
    pub sealed: Vec<u8>,
    /// The build hook that the provider was given.
    pub build_hook_id: Option<String>,
    /// Until when a call that may change it counts as under way.
    pub busy_until: Option<Timestamp>,
    /// Counts changes.
    pub version: i64,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

selects!(
    select,
    "SELECT id, addon_id, site_id, uuid, remote_id, state, note, endpoint, snippets, sealed,
     build_hook_id, busy_until, version, created_at, updated_at
     FROM addon_instances "
);

/// Instances of a site in the order of their creation, without those that are only asked for.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<InstanceRow>> {
    let select = q!(select!("WHERE site_id = $1 AND state <> 'asked' ORDER BY created_at, id"), site_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// How many a site has, those that are asked for included.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, site_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM addon_instances WHERE site_id = $1", site_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// One instance.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<InstanceRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The instance that a provider knows by this UUID.
///
/// # Errors
/// When the database fails.
pub async fn find_by_uuid(db: &mut Conn, uuid: &str) -> Result<Option<InstanceRow>> {
    let select = q!(select!("WHERE uuid = $1"), uuid);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The instance of an add-on on a site.
///
/// # Errors
/// When the database fails.
pub async fn find_of(db: &mut Conn, site_id: &str, addon_id: &str) -> Result<Option<InstanceRow>> {
    let select = q!(select!("WHERE site_id = $1 AND addon_id = $2"), site_id, addon_id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a new instance.
///
/// # Errors
/// [`crate::Error::Taken`] when the site has one of this add-on; otherwise when the database fails.
pub async fn insert(tx: &mut Tx, row: &InstanceRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO addon_instances (id, addon_id, site_id, uuid, remote_id, state, note, endpoint, snippets,
             sealed, build_hook_id, busy_until, version, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &row.id,
        &row.addon_id,
        &row.site_id,
        &row.uuid,
        &row.remote_id,
        row.state.as_str(),
        &row.note,
        &row.endpoint,
        json(&row.snippets),
        row.sealed.as_slice(),
        &row.build_hook_id,
        row.busy_until,
        row.version,
        row.created_at,
        row.updated_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Claims an instance for a call that may change it, until `until`; the row as it is then. None when
/// it is gone, only asked for, or claimed by another call.
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, id: &str, now: Timestamp, until: Timestamp) -> Result<Option<InstanceRow>> {
    let update = q!(
        "UPDATE addon_instances SET busy_until = $3, version = version + 1
         WHERE id = $1 AND state <> 'asked' AND (busy_until IS NULL OR busy_until <= $2)",
        id,
        now,
        until
    );
    if tx.run(update).await? == 0 {
        return Ok(None);
    }
    find(tx, id).await
}

/// Writes an instance back and ends the claim on it, when nobody else wrote meanwhile; whether that
/// was so.
///
/// # Errors
/// When the database fails.
pub async fn settle(tx: &mut Tx, row: &InstanceRow) -> Result<bool> {
    let update = q!(
        "UPDATE addon_instances SET remote_id = $3, state = $4, note = $5, endpoint = $6, snippets = $7,
             sealed = $8, updated_at = $9, busy_until = NULL, version = version + 1
         WHERE id = $1 AND version = $2",
        &row.id,
        row.version,
        &row.remote_id,
        row.state.as_str(),
        &row.note,
        &row.endpoint,
        json(&row.snippets),
        row.sealed.as_slice(),
        row.updated_at
    );
    Ok(tx.run(update).await? > 0)
}

/// Ends the claim on an instance that stays as it was.
///
/// # Errors
/// When the database fails.
pub async fn release(tx: &mut Tx, row: &InstanceRow) -> Result<()> {
    let update = q!(
        "UPDATE addon_instances SET busy_until = NULL WHERE id = $1 AND version = $2",
        &row.id,
        row.version
    );
    tx.run(update).await.map(|_| ())
}

/// Deletes an instance and the build hook that came with it; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    let hook = q!(
        "DELETE FROM build_hooks WHERE id IN (SELECT build_hook_id FROM addon_instances WHERE id = $1)",
        id
    );
    tx.run(hook).await?;
    Ok(tx.run(q!("DELETE FROM addon_instances WHERE id = $1", id)).await? > 0)
}

fn read(row: &Row) -> Result<InstanceRow> {
    Ok(InstanceRow {
        id: row.text("id")?,
        addon_id: row.text("addon_id")?,
        site_id: row.text("site_id")?,
        uuid: row.text("uuid")?,
        remote_id: row.text_opt("remote_id")?,
        state: InstanceState::parse(&row.text("state")?),
        note: row.text_opt("note")?,
        endpoint: row.text_opt("endpoint")?,
        snippets: row.json("snippets")?,
        sealed: row.bytes("sealed")?,
        build_hook_id: row.text_opt("build_hook_id")?,
        busy_until: row.time_opt("busy_until")?,
        version: row.int("version")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
