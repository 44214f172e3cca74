//! Deploy keys: key pairs that read a repository, the private half encrypted.

use crate::query::{Row, q, selects};
use crate::{Conn, Result, Tx};
use model::Timestamp;

/// A deploy key as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeployKeyRow {
    /// 24 hex digits.
    pub id: String,
    /// The account.
    pub account_id: String,
    /// The public half as one line of an `authorized_keys` file.
    pub public_key: String,
    /// The private half, encrypted.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
}

selects!(select, "SELECT id, account_id, public_key, sealed, created_at FROM deploy_keys ");

/// Keys of an account, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, account_id: &str) -> Result<Vec<DeployKeyRow>> {
    let select = q!(select!("WHERE account_id = $1 ORDER BY created_at DESC, id DESC"), account_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// How many keys an account has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, account_id: &str) -> Result<i64> {
    let select = q!("SELECT COUNT(*) AS n FROM deploy_keys WHERE account_id = $1", account_id);
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

/// One key.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<DeployKeyRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a new key.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, key: &DeployKeyRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO deploy_keys (id, account_id, public_key, sealed, created_at) VALUES ($1, $2, $3, $4, $5)",
        &key.id,
        &key.account_id,
        &key.public_key,
        key.sealed.as_slice(),
        key.created_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Deletes a key; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM deploy_keys WHERE id = $1", id)).await? > 0)
}

fn read(row: &Row) -> Result<DeployKeyRow> {
    Ok(DeployKeyRow {
        id: row.text("id")?,
        account_id: row.text("account_id")?,
        public_key: row.text("public_key")?,
        sealed: row.bytes("sealed")?,
        created_at: row.time("created_at")?,
    })
}
