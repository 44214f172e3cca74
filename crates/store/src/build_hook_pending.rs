//! Calls of a build hook that wait to become one build.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Engine, Result, Tx};
use model::Timestamp;
use serde_json::Value;

/// Calls of a hook, for one branch, that wait to become one build.
#[derive(Clone, Debug, PartialEq)]
pub struct PendingRow {
    /// 24 hex digits.
    pub id: String,
    /// The hook.
    pub hook_id: String,
    /// Branch to build; empty for the production branch.
    pub branch: String,
    /// When the first of them came.
    pub first_at: Timestamp,
    /// When the build starts, unless another call comes before.
    pub due: Timestamp,
    /// How many they are.
    pub calls: i64,
    /// What the newest of them said: a document of the builds feature.
    pub cause: Value,
}

selects!(select, "SELECT id, hook_id, branch, first_at, due, calls, cause FROM build_hook_pending ");

/// What waits for a branch of a hook. The row is locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn of_branch(tx: &mut Tx, hook_id: &str, branch: &str) -> Result<Option<PendingRow>> {
    let sql = match tx.engine() {
        Engine::Sqlite => select!("WHERE hook_id = $1 AND branch = $2"),
        Engine::Postgres => select!("WHERE hook_id = $1 AND branch = $2 FOR UPDATE"),
    };
    tx.row(q!(sql, hook_id, branch)).await?.as_ref().map(read).transpose()
}

/// What waits under this id. The row is locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn locked(tx: &mut Tx, id: &str) -> Result<Option<PendingRow>> {
    let sql = match tx.engine() {
        Engine::Sqlite => select!("WHERE id = $1"),
        Engine::Postgres => select!("WHERE id = $1 FOR UPDATE"),
    };
    tx.row(q!(sql, id)).await?.as_ref().map(read).transpose()
}

/// What waits under this id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<PendingRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// For how many branches of a hook calls wait.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, hook_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM build_hook_pending WHERE hook_id = $1", hook_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Writes down what waits, in place of what was there under its id.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, pending: &PendingRow) -> Result<()> {
    let put = q!(
        "INSERT INTO build_hook_pending (id, hook_id, branch, first_at, due, calls, cause)
         VALUES ($1, $2, $3, $4, $5, $6, $7)
         ON CONFLICT (id) DO UPDATE SET due = excluded.due, calls = excluded.calls, cause = excluded.cause",
        &pending.id,
        &pending.hook_id,
        &pending.branch,
        pending.first_at,
        pending.due,
        pending.calls,
        json(&pending.cause)
    );
    tx.run(put).await.map(|_| ())
}

/// Removes what waited; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn remove(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM build_hook_pending WHERE id = $1", id)).await? > 0)
}

fn read(row: &Row) -> Result<PendingRow> {
    Ok(PendingRow {
        id: row.text("id")?,
        hook_id: row.text("hook_id")?,
        branch: row.text("branch")?,
        first_at: row.time("first_at")?,
        due: row.time("due")?,
        calls: row.int("calls")?,
        cause: row.json("cause")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build_hooks::{self, tests::hook};
    use crate::contract::support::{Db, NOW, both};

    both!(what_waits_is_one_row_a_branch);

    async fn what_waits_is_one_row_a_branch(db: &Db) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        build_hooks::insert(&mut tx, &hook("1", 0)).await.unwrap();
        let pending = |id: &str, branch: &str| PendingRow {
            id: id.to_owned(),
            hook_id: "1".to_owned(),
            branch: branch.to_owned(),
            first_at: NOW,
            due: NOW.plus_millis(5),
            calls: 1,
            cause: serde_json::json!({}),
        };
        put(&mut tx, &pending("p", "")).await.unwrap();
        put(&mut tx, &pending("q", "feat")).await.unwrap();
        let due = NOW.plus_millis(9);
        let later = PendingRow { due, calls: 2, cause: serde_json::json!({ "n": 2 }), ..pending("p", "") };
        put(&mut tx, &later).await.unwrap();
        assert_eq!(of_branch(&mut tx, "1", "").await.unwrap(), Some(later.clone()));
        assert_eq!(locked(&mut tx, "p").await.unwrap(), Some(later.clone()));
        assert_eq!(find(&mut tx, "p").await.unwrap(), Some(later));
        assert_eq!(count(&mut tx, "1").await.unwrap(), 2);
        assert!(remove(&mut tx, "p").await.unwrap() && !remove(&mut tx, "p").await.unwrap());
        assert_eq!(of_branch(&mut tx, "1", "").await.unwrap(), None);
        build_hooks::delete(&mut tx, "1").await.unwrap();
        assert_eq!(count(&mut tx, "1").await.unwrap(), 0);
    }
}
