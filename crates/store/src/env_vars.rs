//! Environment variables: one row for each account, site and key, its values encrypted.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Engine, Result, Tx};
use model::{EnvScope, EnvVarUser, Timestamp};

/// Whose variable it is. The empty site stands for variables shared by all sites of the account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The account.
    pub account_id: String,
    /// The site, or nothing.
    pub site_id: String,
}

/// A variable as it is kept.
#[derive(Clone, Debug)]
pub struct EnvVarRow {
    /// Its name.
    pub key: String,
    /// Where it is handed to.
    pub scopes: Vec<EnvScope>,
    /// Whether its values are never shown again.
    pub is_secret: bool,
    /// Its values as encrypted JSON.
    pub sealed: Vec<u8>,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Who changed it, while that person exists. Written by id alone.
    pub updated_by: Option<EnvVarUser>,
}

selects!(
    select,
    "SELECT e.key, e.scopes, e.is_secret, e.sealed, e.updated_at, u.id AS by_id, u.full_name,
     u.email, u.avatar_url
     FROM env_vars e LEFT JOIN users u ON u.id = e.updated_by "
);

/// Variables of one place in the order of their keys.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, place: &Place) -> Result<Vec<EnvVarRow>> {
    let select = q!(
        select!("WHERE e.account_id = $1 AND e.site_id = $2 ORDER BY e.key"),
        &place.account_id,
        &place.site_id
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// One variable.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, place: &Place, key: &str) -> Result<Option<EnvVarRow>> {
    let select = q!(
        select!("WHERE e.account_id = $1 AND e.site_id = $2 AND e.key = $3"),
        &place.account_id,
        &place.site_id,
        key
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// One variable, held until the end of the transaction: clients set several contexts at once, and
/// none of them may be lost.
///
/// # Errors
/// When the database fails.
pub async fn hold(tx: &mut Tx, place: &Place, key: &str) -> Result<Option<EnvVarRow>> {
    if tx.engine() == Engine::Postgres {
        let lock = q!(
            "SELECT key FROM env_vars WHERE account_id = $1 AND site_id = $2 AND key = $3 FOR UPDATE",
            &place.account_id,
            &place.site_id,
            key
        );
        tx.row(lock).await?;
    }
    find(tx, place, key).await
}

/// How many variables a place has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, place: &Place) -> Result<i64> {
    let select = q!(
        "SELECT COUNT(*) AS n FROM env_vars WHERE account_id = $1 AND site_id = $2",
        &place.account_id,
        &place.site_id
    );
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

/// Writes a new variable.
///
/// # Errors
/// [`crate::Error::Taken`] when the place has one of that name; otherwise when the database fails.
pub async fn insert(tx: &mut Tx, place: &Place, var: &EnvVarRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO env_vars (account_id, site_id, key, scopes, is_secret, sealed, updated_at, updated_by)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        &place.account_id,
        &place.site_id,
        &var.key,
        json(&var.scopes),
        var.is_secret,
        var.sealed.as_slice(),
        var.updated_at,
        var.updated_by.as_ref().map(|user| user.id.as_str())
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes everything of the variable that is named `key` now; whether it was there.
///
/// # Errors
/// [`crate::Error::Taken`] when its new name is in use; otherwise when the database fails.
pub async fn update(tx: &mut Tx, place: &Place, key: &str, var: &EnvVarRow) -> Result<bool> {
    let update = q!(
        "UPDATE env_vars SET key = $4, scopes = $5, is_secret = $6, sealed = $7, updated_at = $8, updated_by = $9
         WHERE account_id = $1 AND site_id = $2 AND key = $3",
        &place.account_id,
        &place.site_id,
        key,
        &var.key,
        json(&var.scopes),
        var.is_secret,
        var.sealed.as_slice(),
        var.updated_at,
        var.updated_by.as_ref().map(|user| user.id.as_str())
    );
    Ok(tx.run(update).await? > 0)
}

/// Deletes a variable; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, place: &Place, key: &str) -> Result<bool> {
    let delete = q!(
        "DELETE FROM env_vars WHERE account_id = $1 AND site_id = $2 AND key = $3",
        &place.account_id,
        &place.site_id,
        key
    );
    Ok(tx.run(delete).await? > 0)
}

/// Deletes every variable of a site, which goes away; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn delete_for_site(tx: &mut Tx, site_id: &str) -> Result<u64> {
    tx.run(q!("DELETE FROM env_vars WHERE site_id = $1 AND site_id <> ''", site_id)).await
}

fn read(row: &Row) -> Result<EnvVarRow> {
    Ok(EnvVarRow {
        key: row.text("key")?,
        scopes: row.json("scopes")?,
        is_secret: row.flag("is_secret")?,
        sealed: row.bytes("sealed")?,
        updated_at: row.time("updated_at")?,
        updated_by: read_user(row)?,
    })
}

fn read_user(row: &Row) -> Result<Option<EnvVarUser>> {
    let Some(id) = row.text_opt("by_id")? else { return Ok(None) };
    Ok(Some(EnvVarUser {
        id,
        full_name: row.text("full_name")?,
        email: row.text("email")?,
        avatar_url: row.text_opt("avatar_url")?,
    }))
}
