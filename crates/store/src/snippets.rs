//! Snippets: text that a site puts into its pages.

use crate::query::{Row, q, selects};
use crate::{Conn, Result, Tx};

/// A stored snippet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnippetRow {
    /// Counts up from 1 over all sites; never given twice.
    pub id: i64,
    /// The site.
    pub site_id: String,
    /// What its owner calls it.
    pub title: String,
    /// Put into every page.
    pub general: String,
    /// Where.
    pub general_position: String,
    /// For pages that are reached after a form.
    pub goal: String,
    /// Where.
    pub goal_position: String,
}

selects!(select, "SELECT id, site_id, title, general, general_position, goal, goal_position FROM snippets ");

/// Snippets of a site in the order in which they were made.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<SnippetRow>> {
    let select = q!(select!("WHERE site_id = $1 ORDER BY id"), site_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// One snippet of a site.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, site_id: &str, id: i64) -> Result<Option<SnippetRow>> {
    let select = q!(select!("WHERE site_id = $1 AND id = $2"), site_id, id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a new snippet down, whatever its id says; the id it got.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, snippet: &SnippetRow) -> Result<i64> {
    let insert = q!(
        "INSERT INTO snippets (site_id, title, general, general_position, goal, goal_position)
         VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        &snippet.site_id,
        &snippet.title,
        &snippet.general,
        &snippet.general_position,
        &snippet.goal,
        &snippet.goal_position
    );
    tx.row(insert).await?.map_or(Ok(0), |row| row.int("id"))
}

/// Writes a snippet back; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, snippet: &SnippetRow) -> Result<bool> {
    let update = q!(
        "UPDATE snippets SET title = $3, general = $4, general_position = $5, goal = $6, goal_position = $7
         WHERE site_id = $1 AND id = $2",
        &snippet.site_id,
        snippet.id,
        &snippet.title,
        &snippet.general,
        &snippet.general_position,
        &snippet.goal,
        &snippet.goal_position
    );
    Ok(tx.run(update).await? > 0)
}

/// Deletes a snippet; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, site_id: &str, id: i64) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM snippets WHERE site_id = $1 AND id = $2", site_id, id)).await? > 0)
}

fn read(row: &Row) -> Result<SnippetRow> {
    Ok(SnippetRow {
        id: row.int("id")?,
        site_id: row.text("site_id")?,
        title: row.text("title")?,
        general: row.text("general")?,
        general_position: row.text("general_position")?,
        goal: row.text("goal")?,
        goal_position: row.text("goal_position")?,
    })
}
