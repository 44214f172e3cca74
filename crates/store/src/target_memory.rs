//! What deliveries told other services: JSON under a key of an account. A change names the version
//! it was made from, so that of two who read the same only one writes.

use crate::query::q;
use crate::{Conn, Result, Tx};
use model::Timestamp;

/// Where something is remembered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The account; others see nothing of it.
    pub account_id: String,
    /// The key within the account.
    pub key: String,
    /// The site with which it goes; none for what several sites share.
    pub site_id: Option<String>,
}

/// What is remembered, and the version that a change must name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// JSON.
    pub value: String,
    /// From 1.
    pub version: i64,
}

/// What is remembered at a place.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, place: &Place) -> Result<Option<Memory>> {
    let select = q!(
        "SELECT version, value FROM target_memory WHERE account_id = $1 AND key = $2",
        &place.account_id,
        &place.key
    );
    let row = db.row(select).await?;
    row.map(|row| Ok(Memory { value: row.text("value")?, version: row.int("version")? })).transpose()
}

/// Writes a value where nothing is remembered; whether that was so.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, place: &Place, value: &str, expires: Option<Timestamp>) -> Result<bool> {
    let insert = q!(
        "INSERT INTO target_memory (account_id, key, site_id, version, value, expires)
         VALUES ($1, $2, $3, 1, $4, $5) ON CONFLICT (account_id, key) DO NOTHING",
        &place.account_id,
        &place.key,
        &place.site_id,
        value,
        expires
    );
    Ok(tx.run(insert).await? == 1)
}

/// Replaces a value whose version is still `version`; whether it was.
///
/// # Errors
/// When the database fails.
pub async fn replace(
    tx: &mut Tx,
    place: &Place,
    version: i64,
    value: &str,
    expires: Option<Timestamp>,
) -> Result<bool> {
    let update = q!(
        "UPDATE target_memory SET value = $4, version = version + 1, expires = $5
         WHERE account_id = $1 AND key = $2 AND version = $3",
        &place.account_id,
        &place.key,
        version,
        value,
        expires
    );
    Ok(tx.run(update).await? == 1)
}

/// Forgets what may be forgotten by now, at most `most`; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, now: Timestamp, most: i64) -> Result<u64> {
    let delete = q!(
        "DELETE FROM target_memory WHERE (account_id, key) IN
           (SELECT account_id, key FROM target_memory WHERE expires <= $1 ORDER BY expires LIMIT $2)",
        now,
        most
    );
    tx.run(delete).await
}
