//! Add-ons: services that sites can be given an instance of. Secrets come and go sealed.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{Page, Timestamp};
use serde::{Deserialize, Serialize};

/// What people read about an add-on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddonDoc {
    /// Its title.
    pub name: String,
    /// One sentence.
    pub description: String,
    /// More than one sentence.
    pub long_description: Option<String>,
    /// Address of a picture.
    pub icon: Option<String>,
    /// Words to find it by.
    pub tags: Vec<String>,
}

/// A stored add-on.
#[derive(Clone, Debug)]
pub struct AddonRow {
    /// 24 hex digits.
    pub id: String,
    /// The account whose people look after it; none once that is gone.
    pub account_id: Option<String>,
    /// Its name in commands and paths.
    pub slug: String,
    /// Whether every account of this server may use it.
    pub public: bool,
    /// Root of its management API, no slash at the end.
    pub endpoint: String,
    /// What people read about it.
    pub doc: AddonDoc,
    /// Its secrets, sealed.
    pub sealed: Vec<u8>,
    /// What its provider last said of it, to the letter.
    pub manifest: Option<String>,
    /// When; none when it must be asked again.
    pub manifest_at: Option<Timestamp>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Who looks for what.
#[derive(Clone, Debug, Default)]
pub struct Seen<'a> {
    /// Accounts whose own add-ons are seen beside the public ones.
    pub accounts: &'a [&'a str],
    /// Text that slug, name or description must hold, whatever its case.
    pub search: Option<&'a str>,
}

selects!(
    select,
    "SELECT id, account_id, slug, public, endpoint, doc, sealed, manifest, manifest_at, created_at,
     updated_at
     FROM addons "
);

/// One add-on.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<AddonRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The add-on of that slug.
///
/// # Errors
/// When the database fails.
pub async fn find_by_slug(db: &mut Conn, slug: &str) -> Result<Option<AddonRow>> {
    let select = q!(select!("WHERE slug = $1"), slug);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Add-ons that somebody may see, in the order of their slugs.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, seen: &Seen<'_>, page: Page) -> Result<Vec<AddonRow>> {
    let accounts = format!(",{},", seen.accounts.join(","));
    let search = seen.search.map(|text| format!("%{}%", escaped(&text.to_lowercase())));
    let select = q!(
        select!(
            "WHERE (public = 1 OR $1 LIKE '%,' || account_id || ',%')
             AND ($2 IS NULL OR words LIKE $2 ESCAPE '!') ORDER BY slug LIMIT $3 OFFSET $4"
        ),
        accounts,
        search,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// How many add-ons an account looks after.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, account_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM addons WHERE account_id = $1", account_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Writes a new add-on.
///
/// # Errors
/// [`crate::Error::Taken`] when there is one of that slug; otherwise when the database fails.
pub async fn insert(tx: &mut Tx, addon: &AddonRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO addons (id, account_id, slug, public, endpoint, words, doc, sealed, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        &addon.id,
        &addon.account_id,
        &addon.slug,
        addon.public,
        &addon.endpoint,
        words(addon),
        json(&addon.doc),
        addon.sealed.as_slice(),
        addon.created_at,
        addon.updated_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes back everything but slug and owner; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, addon: &AddonRow) -> Result<bool> {
    let update = q!(
        "UPDATE addons SET public = $2, endpoint = $3, words = $4, doc = $5, sealed = $6, manifest = $7,
             manifest_at = $8, updated_at = $9
         WHERE id = $1",
        &addon.id,
        addon.public,
        &addon.endpoint,
        words(addon),
        json(&addon.doc),
        addon.sealed.as_slice(),
        &addon.manifest,
        addon.manifest_at,
        addon.updated_at
    );
    Ok(tx.run(update).await? > 0)
}

/// Remembers a manifest that came from `endpoint`, unless the add-on has moved meanwhile.
///
/// # Errors
/// When the database fails.
pub async fn remember_manifest(
    tx: &mut Tx,
    id: &str,
    endpoint: &str,
    manifest: &str,
    at: Timestamp,
) -> Result<bool> {
    let update = q!(
        "UPDATE addons SET manifest = $3, manifest_at = $4 WHERE id = $1 AND endpoint = $2",
        id,
        endpoint,
        manifest,
        at
    );
    Ok(tx.run(update).await? > 0)
}

/// Lets the next one who needs the manifest ask for it.
///
/// # Errors
/// When the database fails.
pub async fn forget_manifest(tx: &mut Tx, id: &str) -> Result<()> {
    tx.run(q!("UPDATE addons SET manifest_at = NULL WHERE id = $1", id)).await.map(|_| ())
}

/// Deletes an add-on without instances; whether it was there.
///
/// # Errors
/// When the database fails, also because something still needs it.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM addons WHERE id = $1", id)).await? > 0)
}

/// Instances and removals that need the add-on.
///
/// # Errors
/// When the database fails.
pub async fn needed_by(db: &mut Conn, id: &str) -> Result<i64> {
    let select = q!(
        "SELECT (SELECT COUNT(*) FROM addon_instances WHERE addon_id = $1)
             + (SELECT COUNT(*) FROM addon_removals WHERE addon_id = $1) AS n",
        id
    );
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

fn words(addon: &AddonRow) -> String {
    format!("{} {} {}", addon.slug, addon.doc.name, addon.doc.description).to_lowercase()
}

/// A text of which `LIKE` takes no letter for a pattern.
fn escaped(text: &str) -> String {
    let special = |letter: &char| matches!(letter, '%' | '_' | '!');
    text.chars().flat_map(|letter| special(&letter).then_some('!').into_iter().chain([letter])).collect()
}

fn read(row: &Row) -> Result<AddonRow> {
    Ok(AddonRow {
        id: row.text("id")?,
        account_id: row.text_opt("account_id")?,
        slug: row.text("slug")?,
        public: row.flag("public")?,
        endpoint: row.text("endpoint")?,
        doc: row.json("doc")?,
        sealed: row.bytes("sealed")?,
        manifest: row.text_opt("manifest")?,
        manifest_at: row.time_opt("manifest_at")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
