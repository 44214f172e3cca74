//! Values of the server itself: one row a key.

use crate::query::q;
use crate::{Conn, Result, Tx};

/// The value of `key`.
///
/// # Errors
/// When the database fails.
pub async fn get(db: &mut Conn, key: &str) -> Result<Option<String>> {
    let row = db.row(q!("SELECT value FROM settings WHERE key = $1", key)).await?;
    row.map(|row| row.text("value")).transpose()
}

/// Sets `key` to `value`.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, key: &str, value: &str) -> Result<()> {
    let upsert = q!(
        "INSERT INTO settings (key, value) VALUES ($1, $2)
         ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        value
    );
    tx.run(upsert).await.map(|_| ())
}

/// Removes `key`.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, key: &str) -> Result<()> {
    tx.run(q!("DELETE FROM settings WHERE key = $1", key)).await.map(|_| ())
}
