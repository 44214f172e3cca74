//! Build hooks: incoming URLs that start builds of a site; their secrets, those that were replaced
//! among them. What their calls leave is in `build_hook_calls` and `build_hook_pending`.

use crate::query::{Row, all_but_newest, json, q, selects};
use crate::{Conn, Result, Tx};
use model::Timestamp;
use serde_json::Value;
use std::collections::HashMap;

/// A stored build hook. Its URL is worked out when it is shown.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildHookRow {
    /// 24 hex digits, the same for ever.
    pub id: String,
    /// The secret part of its URL, when that is no longer the id.
    pub secret: Option<String>,
    /// The site.
    pub site_id: String,
    /// What its owner calls it.
    pub title: String,
    /// Branch it builds; empty for the production branch.
    pub branch: String,
    /// How calls are taken: a document of the builds feature.
    pub options: Value,
    /// When it was made.
    pub created_at: Timestamp,
}

impl BuildHookRow {
    /// What its URL ends with; whoever knows it may call the hook.
    #[must_use]
    pub fn key(&self) -> &str {
        self.secret.as_deref().unwrap_or(&self.id)
    }
}

/// A hook as a caller's URL names it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The hook.
    pub hook: BuildHookRow,
    /// Whether the URL is one that was replaced and still counts.
    pub former: bool,
}

selects!(select, "SELECT id, secret, site_id, title, branch, options, created_at FROM build_hooks ");

/// Build hooks of a site, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<BuildHookRow>> {
    let select = q!(select!("WHERE site_id = $1 ORDER BY created_at, id"), site_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// How many build hooks a site has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, site_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM build_hooks WHERE site_id = $1", site_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// One build hook.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<BuildHookRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The hook that a URL ending with `key` calls at `now`.
///
/// # Errors
/// When the database fails.
pub async fn by_key(db: &mut Conn, key: &str, now: Timestamp) -> Result<Option<Named>> {
    let select = q!(
        "SELECT h.id, h.secret, h.site_id, h.title, h.branch, h.options, h.created_at, CAST(0 AS BIGINT) AS former
         FROM build_hooks h WHERE (h.id = $1 AND h.secret IS NULL) OR h.secret = $1
         UNION ALL
         SELECT h.id, h.secret, h.site_id, h.title, h.branch, h.options, h.created_at, CAST(1 AS BIGINT) AS former
         FROM build_hook_former f JOIN build_hooks h ON h.id = f.hook_id WHERE f.secret = $1 AND f.until > $2",
        key,
        now
    );
    let Some(row) = db.row(select).await? else { return Ok(None) };
    // a bare number is 32 bits wide on PostgreSQL
    Ok(Some(Named { hook: read(&row)?, former: row.flag("former")? }))
}

/// Writes a new build hook.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, hook: &BuildHookRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO build_hooks (id, secret, site_id, title, branch, options, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        &hook.id,
        &hook.secret,
        &hook.site_id,
        &hook.title,
        &hook.branch,
        json(&hook.options),
        hook.created_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes title, branch and options back; whether the hook was there.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, hook: &BuildHookRow) -> Result<bool> {
    let update = q!(
        "UPDATE build_hooks SET title = $2, branch = $3, options = $4 WHERE id = $1",
        &hook.id,
        &hook.title,
        &hook.branch,
        json(&hook.options)
    );
    Ok(tx.run(update).await? > 0)
}

/// Deletes a build hook; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM build_hooks WHERE id = $1", id)).await? > 0)
}

/// Gives a hook's URL another secret part.
///
/// # Errors
/// When the database fails.
pub async fn set_secret(tx: &mut Tx, id: &str, secret: &str) -> Result<()> {
    tx.run(q!("UPDATE build_hooks SET secret = $2 WHERE id = $1", id, secret)).await.map(|_| ())
}

/// Lets a secret that was replaced count until then; at most `most` of a hook's do, those that end
/// last.
///
/// # Errors
/// When the database fails.
pub async fn keep_former(
    tx: &mut Tx,
    hook_id: &str,
    secret: &str,
    until: Timestamp,
    most: i64,
) -> Result<()> {
    let insert = q!(
        "INSERT INTO build_hook_former (secret, hook_id, until) VALUES ($1, $2, $3)",
        secret,
        hook_id,
        until
    );
    tx.run(insert).await?;
    let delete = q!(
        all_but_newest!("build_hook_former", "secret", "hook_id = $1", "until DESC, secret", "$2"),
        hook_id,
        most
    );
    tx.run(delete).await.map(|_| ())
}

/// Until when the last of the replaced secrets counts, of each hook of a site that has such at `now`.
///
/// # Errors
/// When the database fails.
pub async fn former_until(
    db: &mut Conn,
    site_id: &str,
    now: Timestamp,
) -> Result<HashMap<String, Timestamp>> {
    let select = q!(
        "SELECT f.hook_id, MAX(f.until) AS until FROM build_hook_former f JOIN build_hooks h ON h.id = f.hook_id
         WHERE h.site_id = $1 AND f.until > $2 GROUP BY f.hook_id",
        site_id,
        now
    );
    db.rows(select).await?.iter().map(|row| Ok((row.text("hook_id")?, row.time("until")?))).collect()
}

/// Ends every secret of a hook that was replaced.
///
/// # Errors
/// When the database fails.
pub async fn end_former(tx: &mut Tx, hook_id: &str) -> Result<()> {
    tx.run(q!("DELETE FROM build_hook_former WHERE hook_id = $1", hook_id)).await.map(|_| ())
}

/// Throws away at most `most` of each: secrets that ended before `now`, messages and calls older
/// than their bound. How many of the largest kind that were.
///
/// # Errors
/// When the database fails.
pub async fn forget(
    tx: &mut Tx,
    now: Timestamp,
    (messages, calls): (Timestamp, Timestamp),
    most: i64,
) -> Result<u64> {
    let former = q!(
        "DELETE FROM build_hook_former WHERE secret IN
           (SELECT secret FROM build_hook_former WHERE until <= $1 LIMIT $2)",
        now,
        most
    );
    let messages = q!(
        "DELETE FROM build_hook_messages WHERE (hook_id, message) IN
           (SELECT hook_id, message FROM build_hook_messages WHERE at < $1 ORDER BY at LIMIT $2)",
        messages,
        most
    );
    let calls = q!(
        "DELETE FROM build_hook_calls WHERE id IN
           (SELECT id FROM build_hook_calls WHERE at < $1 ORDER BY at LIMIT $2)",
        calls,
        most
    );
    Ok(tx.run(former).await?.max(tx.run(messages).await?).max(tx.run(calls).await?))
}

fn read(row: &Row) -> Result<BuildHookRow> {
    Ok(BuildHookRow {
        id: row.text("id")?,
        secret: row.text_opt("secret")?,
        site_id: row.text("site_id")?,
        title: row.text("title")?,
        branch: row.text("branch")?,
        options: row.json("options")?,
        created_at: row.time("created_at")?,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::build_hook_calls as calls;
    use crate::contract::support::{Db, NOW, both};

    both!(
        a_hook_is_written_changed_and_deleted,
        a_replaced_secret_counts_for_a_while,
        what_is_over_is_forgotten
    );

    pub(crate) fn hook(id: &str, age: i64) -> BuildHookRow {
        BuildHookRow {
            id: id.to_owned(),
            secret: None,
            site_id: "s".to_owned(),
            title: "Daily".to_owned(),
            branch: String::new(),
            options: serde_json::json!({}),
            created_at: NOW.plus_millis(age),
        }
    }

    async fn a_hook_is_written_changed_and_deleted(db: &Db) {
        db.account("a", &["s", "t"]).await;
        let mut tx = db.store.begin().await.unwrap();
        insert(&mut tx, &hook("2", 1)).await.unwrap();
        insert(&mut tx, &hook("1", 0)).await.unwrap();
        assert_eq!(list(&mut tx, "s").await.unwrap(), [hook("1", 0), hook("2", 1)]);
        assert_eq!((count(&mut tx, "s").await.unwrap(), count(&mut tx, "t").await.unwrap()), (2, 0));
        let options = serde_json::json!({ "debounce_ms": 5 });
        let changed = BuildHookRow { branch: "feat".to_owned(), options, ..hook("1", 0) };
        assert!(update(&mut tx, &changed).await.unwrap());
        assert_eq!(find(&mut tx, "1").await.unwrap(), Some(changed));
        assert!(!update(&mut tx, &hook("3", 0)).await.unwrap());
        assert!(delete(&mut tx, "1").await.unwrap() && !delete(&mut tx, "1").await.unwrap());
        assert_eq!(find(&mut tx, "1").await.unwrap(), None);
    }

    /// Whether a key calls the hook `1`, and as one that was replaced.
    async fn named(tx: &mut Tx, key: &str, age: i64) -> Option<bool> {
        let named = by_key(tx, key, NOW.plus_millis(age)).await.unwrap()?;
        assert_eq!(named.hook.id, "1");
        Some(named.former)
    }

    async fn a_replaced_secret_counts_for_a_while(db: &Db) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        insert(&mut tx, &hook("1", 0)).await.unwrap();
        assert_eq!((named(&mut tx, "1", 0).await, named(&mut tx, "x", 0).await), (Some(false), None));
        set_secret(&mut tx, "1", "x").await.unwrap();
        // who read the hook before writes nothing over it
        update(&mut tx, &hook("1", 0)).await.unwrap();
        assert_eq!((named(&mut tx, "1", 0).await, named(&mut tx, "x", 0).await), (None, Some(false)));
        keep_former(&mut tx, "1", "1", NOW.plus_millis(5), 2).await.unwrap();
        assert_eq!((named(&mut tx, "1", 4).await, named(&mut tx, "1", 5).await), (Some(true), None));
        for (secret, until) in [("b", 9), ("c", 7)] {
            keep_former(&mut tx, "1", secret, NOW.plus_millis(until), 2).await.unwrap();
        }
        assert_eq!((named(&mut tx, "1", 0).await, named(&mut tx, "c", 0).await), (None, Some(true)));
        end_former(&mut tx, "1").await.unwrap();
        assert_eq!((named(&mut tx, "c", 0).await, named(&mut tx, "x", 0).await), (None, Some(false)));
        delete(&mut tx, "1").await.unwrap();
        assert_eq!(named(&mut tx, "x", 0).await, None);
    }

    async fn what_is_over_is_forgotten(db: &Db) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        insert(&mut tx, &hook("1", 0)).await.unwrap();
        for (n, until) in [("a", 1), ("b", 2), ("c", 9)] {
            keep_former(&mut tx, "1", n, NOW.plus_millis(until), 9).await.unwrap();
        }
        for n in 0..4 {
            let call = calls::tests::call(n);
            calls::insert(&mut tx, &call, 99).await.unwrap();
            calls::first_of_message(&mut tx, "1", &call.id, &call.id, call.at).await.unwrap();
        }
        let bounds = (NOW.plus_millis(2), NOW.plus_millis(3));
        let mut forgotten = Vec::new();
        for _ in 0..3 {
            forgotten.push(forget(&mut tx, NOW.plus_millis(5), bounds, 2).await.unwrap());
        }
        assert_eq!(forgotten, [2, 1, 0]);
        assert_eq!(named(&mut tx, "c", 6).await, Some(true));
        let left = calls::list(&mut tx, "1", model::Page::default()).await.unwrap();
        assert_eq!(left, [calls::tests::call(3)]);
        let known = calls::first_of_message(&mut tx, "1", "call 2", "again", NOW).await.unwrap();
        assert_eq!(known.as_deref(), Some("call 2"));
        assert_eq!(calls::first_of_message(&mut tx, "1", "call 1", "again", NOW).await.unwrap(), None);
    }
}
