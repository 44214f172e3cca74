//! Forms of sites, and what was found in pages.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Engine, Result, Tx};
use model::{FormField, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// What a form is like on its pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FormDoc {
    /// Fields in the order of the page.
    pub fields: Vec<FormField>,
    /// Addresses of the pages it is on.
    pub paths: Vec<String>,
    /// Addresses of this site that its pages send it to.
    pub actions: Vec<String>,
    /// Field that only robots fill in.
    pub honeypot: Option<String>,
    /// Whether it wants a riddle solved that tells people from robots.
    pub recaptcha: bool,
}

/// A form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormRow {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// As pages and visitors name it; unique within the site.
    pub name: String,
    /// The rest.
    pub doc: FormDoc,
    /// When it was first found.
    pub created_at: Timestamp,
    /// When it was last found otherwise than before.
    pub updated_at: Timestamp,
}

/// The submissions of a form that are no spam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tally {
    /// How many.
    pub count: i64,
    /// When the last one came.
    pub last: Timestamp,
}

/// Writes a new form; the one that has its name keeps its id and takes over the rest.
///
/// # Errors
/// When the database fails.
pub async fn put(tx: &mut Tx, form: &FormRow) -> Result<()> {
    let upsert = q!(
        "INSERT INTO forms (id, site_id, name, doc, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (site_id, name) DO UPDATE SET doc = excluded.doc, updated_at = excluded.updated_at",
        &form.id,
        &form.site_id,
        &form.name,
        json(&form.doc),
        form.created_at,
        form.updated_at
    );
    tx.run(upsert).await.map(|_| ())
}

selects!(select, "SELECT id, site_id, name, doc, created_at, updated_at FROM forms ");

/// The forms of a site by name.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<FormRow>> {
    let select = q!(select!("WHERE site_id = $1 ORDER BY name, id"), site_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// One form.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<FormRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Deletes a form with its submissions. False when there is no such form.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM forms WHERE id = $1", id)).await? > 0)
}

/// The tallies of a site's forms by form; one that nobody sent has none.
///
/// # Errors
/// When the database fails.
pub async fn tallies(db: &mut Conn, site_id: &str) -> Result<HashMap<String, Tally>> {
    let select = q!(
        "SELECT form_id, COUNT(*) AS n, MAX(created_at) AS last FROM submissions
         WHERE site_id = $1 AND state = 'verified' GROUP BY form_id",
        site_id
    );
    let read =
        |row: &Row| Ok((row.text("form_id")?, Tally { count: row.int("n")?, last: row.time("last")? }));
    db.rows(select).await?.iter().map(read).collect()
}

/// Blobs asked for at once.
const BATCH: usize = 2000;

/// What this version of the reader found in these blobs, as it was written down; nothing of those
/// that were never read.
///
/// # Errors
/// When the database fails.
pub async fn scans(db: &mut Conn, reader: i64, blobs: &[&str]) -> Result<HashMap<String, String>> {
    let sql = match db.engine() {
        Engine::Sqlite => {
            "SELECT blob, scan FROM form_scans
             WHERE reader = $1 AND blob IN (SELECT value FROM json_each($2))"
        }
        Engine::Postgres => {
            "SELECT blob, scan FROM form_scans
             WHERE reader = $1 AND blob IN (SELECT json_array_elements_text($2::json))"
        }
    };
    let mut out = HashMap::with_capacity(blobs.len());
    for batch in blobs.chunks(BATCH) {
        for row in db.rows(q!(sql, reader, json(&batch))).await? {
            out.insert(row.text("blob")?, row.text("scan")?);
        }
    }
    Ok(out)
}

/// Remembers what a version of the reader found in a blob.
///
/// # Errors
/// When the database fails.
pub async fn put_scan(tx: &mut Tx, reader: i64, blob: &str, scan: &str) -> Result<()> {
    let insert = q!(
        "INSERT INTO form_scans (blob, reader, scan) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        blob,
        reader,
        scan
    );
    tx.run(insert).await.map(|_| ())
}

fn read(row: &Row) -> Result<FormRow> {
    Ok(FormRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        name: row.text("name")?,
        doc: row.json("doc")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
