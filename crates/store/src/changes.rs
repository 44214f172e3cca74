//! The feed by which nodes learn what to forget.

use crate::query::q;
use crate::signals::{Change, ChangeKind};
use crate::{Conn, Result, Tx};
use model::Timestamp;

/// Rows read at once.
pub const BATCH: i64 = 1000;

pub(crate) async fn insert(tx: &mut Tx, kind: ChangeKind, key: &str, now: Timestamp) -> Result<()> {
    let insert = q!("INSERT INTO changes (kind, key, at) VALUES ($1, $2, $3)", kind.as_str(), key, now);
    tx.run(insert).await.map(|_| ())
}

/// The newest sequence number, 0 when there is none.
///
/// # Errors
/// When the database fails.
pub async fn head(db: &mut Conn) -> Result<i64> {
    let row = db.row(q!("SELECT COALESCE(MAX(seq), 0) AS seq FROM changes")).await?;
    row.map_or(Ok(0), |row| row.int("seq"))
}

/// Up to [`BATCH`] changes after `seq`, oldest first. Transactions may commit out of the order of
/// their numbers, so readers go back a little and forget some things twice.
///
/// # Errors
/// When the database fails.
pub async fn since(db: &mut Conn, seq: i64) -> Result<Vec<(i64, Change)>> {
    let select = q!("SELECT seq, kind, key FROM changes WHERE seq > $1 ORDER BY seq LIMIT $2", seq, BATCH);
    let rows = db.rows(select).await?;
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(kind) = ChangeKind::parse(&row.text("kind")?) {
            out.push((row.int("seq")?, Change { kind, key: row.text("key")? }));
        }
    }
    Ok(out)
}

/// Drops up to `most` changes older than `before`; every node has read them. How many there were.
///
/// # Errors
/// When the database fails.
pub async fn forget(tx: &mut Tx, before: Timestamp, most: i64) -> Result<u64> {
    let delete =
        "DELETE FROM changes WHERE seq IN (SELECT seq FROM changes WHERE at < $1 ORDER BY seq LIMIT $2)";
    tx.run(q!(delete, before, most)).await
}
