//! Build hooks: incoming URLs that start builds of a site.

use crate::query::{Row, q};
use crate::{Conn, Result, Tx};
use model::Timestamp;

/// A stored build hook. Its URL is worked out when it is shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildHookRow {
    /// 24 hex digits; whoever knows them may start a build.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// What its owner calls it.
    pub title: String,
    /// Branch it builds; empty for the production branch.
    pub branch: String,
    /// When it was made.
    pub created_at: Timestamp,
}

/// Build hooks of a site, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<BuildHookRow>> {
    let select = q!(
        "SELECT id, site_id, title, branch, created_at FROM build_hooks
         WHERE site_id = $1 ORDER BY created_at, id",
        site_id
    );
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
    let select = q!("SELECT id, site_id, title, branch, created_at FROM build_hooks WHERE id = $1", id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a new build hook.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, hook: &BuildHookRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO build_hooks (id, site_id, title, branch, created_at) VALUES ($1, $2, $3, $4, $5)",
        &hook.id,
        &hook.site_id,
        &hook.title,
        &hook.branch,
        hook.created_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes title and branch back; whether the hook was there.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, hook: &BuildHookRow) -> Result<bool> {
    let update = q!(
        "UPDATE build_hooks SET title = $2, branch = $3 WHERE id = $1",
        &hook.id,
        &hook.title,
        &hook.branch
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

fn read(row: &Row) -> Result<BuildHookRow> {
    Ok(BuildHookRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        title: row.text("title")?,
        branch: row.text("branch")?,
        created_at: row.time("created_at")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract::support::{Db, NOW, both};

    both!(a_hook_is_written_changed_and_deleted);

    async fn a_hook_is_written_changed_and_deleted(db: &Db) {
        db.account("a", &["s", "t"]).await;
        let hook = |id: &str, age: i64| BuildHookRow {
            id: id.to_owned(),
            site_id: "s".to_owned(),
            title: "Daily".to_owned(),
            branch: String::new(),
            created_at: NOW.plus_millis(age),
        };
        let mut tx = db.store.begin().await.unwrap();
        insert(&mut tx, &hook("2", 1)).await.unwrap();
        insert(&mut tx, &hook("1", 0)).await.unwrap();
        assert_eq!(list(&mut tx, "s").await.unwrap(), [hook("1", 0), hook("2", 1)]);
        assert_eq!((count(&mut tx, "s").await.unwrap(), count(&mut tx, "t").await.unwrap()), (2, 0));
        let changed = BuildHookRow { branch: "feat".to_owned(), ..hook("1", 0) };
        assert!(update(&mut tx, &changed).await.unwrap());
        assert_eq!(find(&mut tx, "1").await.unwrap(), Some(changed));
        assert!(!update(&mut tx, &hook("3", 0)).await.unwrap());
        assert!(delete(&mut tx, "1").await.unwrap() && !delete(&mut tx, "1").await.unwrap());
        assert_eq!(find(&mut tx, "1").await.unwrap(), None);
    }
}
