//! What Git hosts tell of: the URL of each site that they call, what they said lately, deliveries that
//! were handled, and the newest commits. What they mean is the builds' business.

use crate::query::{Row, all_but_newest, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{Page, Timestamp};
use serde_json::Value;

/// The URL of a site that Git hosts call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PushHookRow {
    /// The last part of the URL: 24 random hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// Secret, sealed, in hex; none while calls need no signature.
    pub secret: Option<String>,
    /// The secret before it, sealed, in hex.
    pub previous: Option<String>,
    /// Until when that one counts.
    pub previous_until: Option<Timestamp>,
    /// When the secret was drawn.
    pub rotated_at: Option<Timestamp>,
    /// When the URL was made.
    pub created_at: Timestamp,
}

/// Something that a Git host said.
#[derive(Clone, Debug, PartialEq)]
pub struct PushRow {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// Whether the signature did not fit.
    pub refused: bool,
    /// The rest: a document of the builds feature.
    pub doc: Value,
    /// When.
    pub received_at: Timestamp,
}

/// Makes the URL of a site, unless the site has one.
///
/// # Errors
/// When the database fails.
pub async fn ensure_hook(tx: &mut Tx, id: &str, site_id: &str, now: Timestamp) -> Result<()> {
    let insert = q!(
        "INSERT INTO push_hooks (id, site_id, created_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        id,
        site_id,
        now
    );
    tx.run(insert).await.map(|_| ())
}

selects!(
    select_hook,
    "SELECT id, site_id, secret, previous, previous_until, rotated_at, created_at FROM push_hooks "
);

/// The URL with that last part.
///
/// # Errors
/// When the database fails.
pub async fn find_hook(db: &mut Conn, id: &str) -> Result<Option<PushHookRow>> {
    let select = q!(select_hook!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read_hook).transpose()
}

/// The URL of a site.
///
/// # Errors
/// When the database fails.
pub async fn hook_of(db: &mut Conn, site_id: &str) -> Result<Option<PushHookRow>> {
    let select = q!(select_hook!("WHERE site_id = $1"), site_id);
    db.row(select).await?.as_ref().map(read_hook).transpose()
}

/// Takes a site's URL for the rest of the transaction: what is judged by what came before is judged
/// one after another.
///
/// # Errors
/// When the database fails.
pub async fn lock_hook(tx: &mut Tx, site_id: &str) -> Result<Option<PushHookRow>> {
    tx.run(q!("UPDATE push_hooks SET created_at = created_at WHERE site_id = $1", site_id)).await?;
    hook_of(tx, site_id).await
}

/// Writes the secrets of a URL back.
///
/// # Errors
/// When the database fails.
pub async fn set_secrets(tx: &mut Tx, hook: &PushHookRow) -> Result<()> {
    let update = q!(
        "UPDATE push_hooks SET secret = $2, previous = $3, previous_until = $4, rotated_at = $5 WHERE id = $1",
        &hook.id,
        &hook.secret,
        &hook.previous,
        hook.previous_until,
        hook.rotated_at
    );
    tx.run(update).await.map(|_| ())
}

/// Writes down what a Git host said, and forgets all but the newest `keep` of its kind.
///
/// # Errors
/// When the database fails.
pub async fn note(tx: &mut Tx, push: &PushRow, keep: i64) -> Result<()> {
    let insert = q!(
        "INSERT INTO pushes (id, site_id, refused, doc, received_at) VALUES ($1, $2, $3, $4, $5)",
        &push.id,
        &push.site_id,
        push.refused,
        json(&push.doc),
        push.received_at
    );
    tx.run(insert).await?;
    let forget = q!(
        all_but_newest!("pushes", "id", "site_id = $1 AND refused = $2", "received_at DESC, id DESC", "$3"),
        &push.site_id,
        push.refused,
        keep
    );
    tx.run(forget).await.map(|_| ())
}

/// A page of what Git hosts said to a site, newest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str, page: Page) -> Result<Vec<PushRow>> {
    let select = q!(
        "SELECT id, site_id, refused, doc, received_at FROM pushes
         WHERE site_id = $1 ORDER BY received_at DESC, id DESC LIMIT $2 OFFSET $3",
        site_id,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read_push).collect()
}

/// How many calls of a site were written down since then, refused ones or others.
///
/// # Errors
/// When the database fails.
pub async fn count_since(db: &mut Conn, site_id: &str, refused: bool, since: Timestamp) -> Result<i64> {
    let select = q!(
        "SELECT COUNT(*) AS n FROM pushes WHERE site_id = $1 AND refused = $2 AND received_at > $3",
        site_id,
        refused,
        since
    );
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

/// Remembers a delivery; whether it was not known.
///
/// # Errors
/// When the database fails.
pub async fn claim(tx: &mut Tx, site_id: &str, delivery: &str, now: Timestamp) -> Result<bool> {
    let insert = q!(
        "INSERT INTO push_deliveries (site_id, delivery, seen_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        site_id,
        delivery,
        now
    );
    tx.run(insert).await.map(|rows| rows == 1)
}

/// Forgets deliveries of a site seen before `before`, and all but the newest `keep`.
///
/// # Errors
/// When the database fails.
pub async fn forget_deliveries(tx: &mut Tx, site_id: &str, before: Timestamp, keep: i64) -> Result<()> {
    let delete = q!(
        "DELETE FROM push_deliveries WHERE site_id = $1 AND (seen_at < $2 OR delivery NOT IN
         (SELECT delivery FROM push_deliveries WHERE site_id = $1 ORDER BY seen_at DESC, delivery LIMIT $3))",
        site_id,
        before,
        keep
    );
    tx.run(delete).await.map(|_| ())
}

/// What is known of a branch or a request.
///
/// # Errors
/// When the database fails.
pub async fn head(db: &mut Conn, site_id: &str, line: &str) -> Result<Option<Value>> {
    let select = q!("SELECT doc FROM push_heads WHERE site_id = $1 AND line = $2", site_id, line);
    db.row(select).await?.map(|row| row.json("doc")).transpose()
}

/// Writes what is known of a branch or a request, and forgets all but the `keep` lines that moved last.
///
/// # Errors
/// When the database fails.
pub async fn set_head(
    tx: &mut Tx,
    site_id: &str,
    line: &str,
    doc: &Value,
    now: Timestamp,
    keep: i64,
) -> Result<()> {
    let upsert = q!(
        "INSERT INTO push_heads (site_id, line, doc, updated_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (site_id, line) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at",
        site_id,
        line,
        json(doc),
        now
    );
    tx.run(upsert).await?;
    let forget = q!(
        all_but_newest!("push_heads", "line", "site_id = $1", "updated_at DESC, line", "$2"),
        site_id,
        keep
    );
    tx.run(forget).await.map(|_| ())
}

/// Forgets what is known of a branch or a request.
///
/// # Errors
/// When the database fails.
pub async fn forget_head(tx: &mut Tx, site_id: &str, line: &str) -> Result<()> {
    let delete = q!("DELETE FROM push_heads WHERE site_id = $1 AND line = $2", site_id, line);
    tx.run(delete).await.map(|_| ())
}

/// Builds of a site that are not over, with what asked for them.
///
/// # Errors
/// When the database fails.
pub async fn unfinished_builds(db: &mut Conn, site_id: &str) -> Result<Vec<(String, Value)>> {
    let select = q!(
        "SELECT id, cause FROM builds
         WHERE site_id = $1 AND state NOT IN ('done', 'failed', 'cancelled') ORDER BY created_at, id",
        site_id
    );
    db.rows(select).await?.iter().map(|row| Ok((row.text("id")?, row.json("cause")?))).collect()
}

fn read_hook(row: &Row) -> Result<PushHookRow> {
    Ok(PushHookRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        secret: row.text_opt("secret")?,
        previous: row.text_opt("previous")?,
        previous_until: row.time_opt("previous_until")?,
        rotated_at: row.time_opt("rotated_at")?,
        created_at: row.time("created_at")?,
    })
}

fn read_push(row: &Row) -> Result<PushRow> {
    Ok(PushRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        refused: row.flag("refused")?,
        doc: row.json("doc")?,
        received_at: row.time("received_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::support::{Db, NOW, both};
    use serde_json::json;

    both!(
        a_url_keeps_its_secrets,
        only_the_newest_of_each_kind_is_kept,
        a_delivery_is_handled_once,
        heads_are_written_and_forgotten
    );

    async fn a_url_keeps_its_secrets(db: &Db) {
        db.account("a", &["s", "t"]).await;
        let mut tx = db.store.begin().await.unwrap();
        ensure_hook(&mut tx, "h", "s", NOW).await.unwrap();
        ensure_hook(&mut tx, "other", "s", NOW).await.unwrap();
        let hook = find_hook(&mut tx, "h").await.unwrap().unwrap();
        assert_eq!(hook_of(&mut tx, "s").await.unwrap(), Some(hook.clone()));
        assert_eq!(
            (hook_of(&mut tx, "t").await.unwrap(), find_hook(&mut tx, "other").await.unwrap()),
            (None, None)
        );
        let sealed = PushHookRow {
            secret: Some("0102".to_owned()),
            previous: Some("00".to_owned()),
            previous_until: Some(NOW),
            rotated_at: Some(NOW.plus_millis(-1)),
            ..hook
        };
        set_secrets(&mut tx, &sealed).await.unwrap();
        assert_eq!(lock_hook(&mut tx, "s").await.unwrap(), Some(sealed));
    }

    async fn only_the_newest_of_each_kind_is_kept(db: &Db) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        let push = |id: &str, refused: bool, age: i64| PushRow {
            id: id.to_owned(),
            site_id: "s".to_owned(),
            refused,
            doc: json!({ "event": "push" }),
            received_at: NOW.plus_millis(age),
        };
        for (id, refused, age) in [("1", false, 1), ("2", true, 2), ("3", false, 3), ("4", false, 4)] {
            note(&mut tx, &push(id, refused, age), 2).await.unwrap();
        }
        let all = list(&mut tx, "s", Page::default()).await.unwrap();
        assert_eq!(all, [push("4", false, 4), push("3", false, 3), push("2", true, 2)]);
        assert_eq!(count_since(&mut tx, "s", false, NOW.plus_millis(3)).await.unwrap(), 1);
        assert_eq!(count_since(&mut tx, "s", true, NOW).await.unwrap(), 1);
    }

    async fn a_delivery_is_handled_once(db: &Db) {
        db.account("a", &["s", "t"]).await;
        let mut tx = db.store.begin().await.unwrap();
        let at = |millis: i64| NOW.plus_millis(millis);
        for (site, delivery, age, new) in [
            ("s", "d", 0, true),
            ("t", "d", 0, true),
            ("s", "d", 5, false),
            ("s", "e", 100, true),
            ("s", "f", 101, true),
        ] {
            assert_eq!(
                claim(&mut tx, site, delivery, at(age)).await.unwrap(),
                new,
                "{site} {delivery} {age}"
            );
        }
        forget_deliveries(&mut tx, "s", at(100), 1).await.unwrap();
        for (delivery, new) in [("d", true), ("e", true), ("f", false)] {
            assert_eq!(
                claim(&mut tx, "s", delivery, at(102)).await.unwrap(),
                new,
                "{delivery} after forgetting"
            );
        }
        assert!(!claim(&mut tx, "t", "d", at(102)).await.unwrap(), "other sites keep theirs");
    }

    async fn heads_are_written_and_forgotten(db: &Db) {
        db.account("a", &["s"]).await;
        let mut tx = db.store.begin().await.unwrap();
        for (line, commit, age) in [("main", "1", 0), ("main", "2", 1), ("feat", "3", 2), ("fix", "4", 3)] {
            let doc = json!({ "commit": commit });
            set_head(&mut tx, "s", line, &doc, NOW.plus_millis(age), 2).await.unwrap();
            assert_eq!(head(&mut tx, "s", line).await.unwrap(), Some(doc));
        }
        assert_eq!(head(&mut tx, "s", "main").await.unwrap(), None, "two lines are kept");
        forget_head(&mut tx, "s", "fix").await.unwrap();
        assert_eq!(head(&mut tx, "s", "fix").await.unwrap(), None);
    }
}
