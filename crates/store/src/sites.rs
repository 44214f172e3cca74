//! Sites and their domains.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{BuildSettings, Page, ProcessingSettings, Timestamp, TokenTerms};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A stored site. Addresses and the published deploy's details are worked out when it is shown.
#[derive(Clone, Debug)]
pub struct SiteRow {
    /// UUID.
    pub id: String,
    /// Owner account.
    pub account_id: String,
    /// One DNS label, unique on the server.
    pub name: String,
    /// The deploy that is live.
    pub published_deploy_id: Option<String>,
    /// Whether the published deploy holds the site.
    pub locked: bool,
    /// Whether the site is switched off.
    pub disabled: bool,
    /// The rest.
    pub info: SiteInfo,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl SiteRow {
    /// A site with no settings and nothing live, made `now`.
    #[must_use]
    pub fn new(id: &str, account_id: &str, name: &str, now: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            account_id: account_id.to_owned(),
            name: name.to_owned(),
            published_deploy_id: None,
            locked: false,
            disabled: false,
            info: SiteInfo::default(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// Settings of a site that no query asks for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SiteInfo {
    /// Who made it.
    pub user_id: Option<String>,
    /// Primary domain of its own.
    pub custom_domain: Option<String>,
    /// Further domains.
    pub domain_aliases: Vec<String>,
    /// Domain of branch deploys.
    pub branch_deploy_custom_domain: Option<String>,
    /// Domain of deploy previews.
    pub deploy_preview_custom_domain: Option<String>,
    /// Password that guards the site: a salted hash.
    pub password_hash: Option<String>,
    /// Whether the password guards only what is not production.
    pub password_spares_production: bool,
    /// Secret that signs the tokens of visitors: sealed, in hex.
    pub jwt_secret: Option<String>,
    /// When that was set.
    pub jwt_secret_at: Option<Timestamp>,
    /// Secrets before it that still verify, the newest first.
    pub jwt_previous: Vec<PreviousSecret>,
    /// What such tokens must say.
    #[serde(flatten)]
    pub token_terms: TokenTerms,
    /// Where form notices go.
    pub notification_email: Option<String>,
    /// Whether plain http is sent on to https.
    pub force_ssl: Option<bool>,
    /// Repository and build settings.
    pub build: BuildSettings,
    /// Whether whoever runs the server linked that repository, which may then be on the server's disk.
    pub linked_by_operator: bool,
    /// HTML processing.
    pub processing: ProcessingSettings,
    /// Plugins installed through the API.
    pub plugins: Vec<Value>,
    /// Prerendering, kept for clients that set it.
    pub prerender: Option<String>,
    /// See the API's field of this name.
    pub prevent_non_git_prod_deploys: Option<bool>,
    /// Id of the incoming URL that Git hosts call.
    pub deploy_hook_id: Option<String>,
}

/// A secret that was replaced and verifies for a while longer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreviousSecret {
    /// Sealed, in hex.
    pub sealed: String,
    /// Until when it verifies.
    pub until: Timestamp,
}

selects!(
    select,
    "SELECT id, account_id, name, published_deploy_id, locked, disabled, doc, created_at, updated_at
     FROM sites "
);

/// The site of that id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<SiteRow>> {
    db.row(q!(select!("WHERE id = $1"), id)).await?.as_ref().map(read).transpose()
}

/// The site of that name.
///
/// # Errors
/// When the database fails.
pub async fn find_by_name(db: &mut Conn, name: &str) -> Result<Option<SiteRow>> {
    db.row(q!(select!("WHERE name = $1"), name)).await?.as_ref().map(read).transpose()
}

/// The site that answers on that domain of its own.
///
/// # Errors
/// When the database fails.
pub async fn find_by_domain(db: &mut Conn, domain: &str) -> Result<Option<SiteRow>> {
    let select = q!(
        select!(
            "s JOIN site_domains d ON d.site_id = s.id
             WHERE d.domain = $1 AND d.kind IN ('primary', 'alias')"
        ),
        domain
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The site that claims that domain for anything: its pages, its branch deploys or its deploy
/// previews. Which of them is said by the site's settings.
///
/// # Errors
/// When the database fails.
pub async fn find_owner_of_domain(db: &mut Conn, domain: &str) -> Result<Option<SiteRow>> {
    let select = q!(select!("s JOIN site_domains d ON d.site_id = s.id WHERE d.domain = $1"), domain);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The site of that id, name or domain, in this order: whatever clients put where a site id is
/// expected.
///
/// # Errors
/// When the database fails.
pub async fn find_any(db: &mut Conn, key: &str) -> Result<Option<SiteRow>> {
    if let Some(site) = find(db, key).await? {
        return Ok(Some(site));
    }
    let folded = key.to_ascii_lowercase();
    if let Some(site) = find_by_name(db, &folded).await? {
        return Ok(Some(site));
    }
    find_by_domain(db, &folded).await
}

/// Which sites to list.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only sites of accounts of this user.
    pub user_id: Option<String>,
    /// Only sites of this account.
    pub account_id: Option<String>,
    /// Only sites whose name contains this.
    pub name: Option<String>,
}

/// A page of sites, last changed first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, filter: &Filter, page: Page) -> Result<Vec<SiteRow>> {
    let like = filter.name.as_ref().map(|name| format!("%{}%", literally(name)));
    let select = q!(
        select!(
            "WHERE ($1 IS NULL OR account_id IN (SELECT account_id FROM members WHERE user_id = $1))
             AND ($2 IS NULL OR account_id = $2) AND ($3 IS NULL OR name LIKE $3 ESCAPE '!')
             ORDER BY updated_at DESC, id LIMIT $4 OFFSET $5"
        ),
        &filter.user_id,
        &filter.account_id,
        like,
        page.limit(),
        page.offset()
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// Lower-case text in which nothing means more to `LIKE ... ESCAPE '!'` than itself.
fn literally(text: &str) -> String {
    text.to_ascii_lowercase().replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

/// How many sites an account has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, account_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM sites WHERE account_id = $1", account_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Writes a new site down.
///
/// # Errors
/// `Taken` when the name or a domain belongs to another site; else when the database fails.
pub async fn insert(tx: &mut Tx, site: &SiteRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO sites (id, account_id, name, published_deploy_id, locked, disabled, doc, metadata, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, '{}', $8, $9)",
        &site.id,
        &site.account_id,
        &site.name,
        &site.published_deploy_id,
        site.locked,
        site.disabled,
        json(&site.info),
        site.created_at,
        site.updated_at
    );
    tx.run(insert).await?;
    write_domains(tx, site).await
}

/// Writes a site's settings back. The live pointer has its own operation.
///
/// # Errors
/// `Taken` when the name or a domain belongs to another site; else when the database fails.
pub async fn update(tx: &mut Tx, site: &SiteRow) -> Result<()> {
    let update = q!(
        "UPDATE sites SET name = $2, disabled = $3, doc = $4, updated_at = $5, account_id = $6 WHERE id = $1",
        &site.id,
        &site.name,
        site.disabled,
        json(&site.info),
        site.updated_at,
        &site.account_id
    );
    tx.run(update).await?;
    tx.run(q!("DELETE FROM site_domains WHERE site_id = $1", &site.id)).await?;
    write_domains(tx, site).await
}

async fn write_domains(tx: &mut Tx, site: &SiteRow) -> Result<()> {
    let info = &site.info;
    let previews = info.deploy_preview_custom_domain.iter().map(|d| (d, "preview"));
    let branches = info.branch_deploy_custom_domain.iter().map(|d| (d, "branch"));
    let aliases = info.domain_aliases.iter().map(|d| (d, "alias"));
    let primary = info.custom_domain.iter().map(|d| (d, "primary"));
    // A site may name a domain for several uses; the last of these is written down.
    let named = previews.chain(branches).chain(aliases).chain(primary);
    let domains: BTreeMap<String, &str> =
        named.map(|(domain, kind)| (domain.to_ascii_lowercase(), kind)).collect();
    for (domain, kind) in domains {
        let insert = q!(
            "INSERT INTO site_domains (domain, site_id, kind) VALUES ($1, $2, $3)",
            domain,
            &site.id,
            kind
        );
        tx.run(insert).await?;
    }
    Ok(())
}

/// Moves the live pointer.
///
/// # Errors
/// When the database fails.
pub async fn set_published(
    tx: &mut Tx,
    site_id: &str,
    deploy_id: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let update = q!(
        "UPDATE sites SET published_deploy_id = $2, updated_at = $3 WHERE id = $1",
        site_id,
        deploy_id,
        now
    );
    tx.run(update).await.map(|_| ())
}

/// Takes the site's row for the rest of the transaction: whoever else wants to move its pointer
/// waits. SQLite has one writer anyway.
///
/// # Errors
/// When the database fails.
pub async fn lock_row(tx: &mut Tx, site_id: &str) -> Result<Option<SiteRow>> {
    tx.run(q!("UPDATE sites SET locked = locked WHERE id = $1", site_id)).await?;
    find(tx, site_id).await
}

/// Says that a site looks different from now on, whatever made it so.
///
/// # Errors
/// When the database fails.
pub async fn touch(tx: &mut Tx, site_id: &str, now: Timestamp) -> Result<()> {
    tx.run(q!("UPDATE sites SET updated_at = $2 WHERE id = $1", site_id, now)).await.map(|_| ())
}

/// Lets the published deploy hold the site, or not.
///
/// # Errors
/// When the database fails.
pub async fn set_locked(tx: &mut Tx, site_id: &str, locked: bool, now: Timestamp) -> Result<()> {
    let update = q!("UPDATE sites SET locked = $2, updated_at = $3 WHERE id = $1", site_id, locked, now);
    tx.run(update).await.map(|_| ())
}

/// Deletes a site with everything that belongs to it. Providers of its add-ons are told by jobs.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, site_id: &str) -> Result<()> {
    crate::env_vars::delete_for_site(tx, site_id).await?;
    crate::addon_removals::insert_for_site(tx, site_id).await?;
    tx.run(q!("DELETE FROM sites WHERE id = $1", site_id)).await.map(|_| ())
}

/// A site's metadata.
///
/// # Errors
/// When the database fails.
pub async fn metadata(db: &mut Conn, site_id: &str) -> Result<Map<String, Value>> {
    let row = db.row(q!("SELECT metadata FROM sites WHERE id = $1", site_id)).await?;
    row.map_or_else(|| Ok(Map::new()), |row| row.json("metadata"))
}

/// Replaces a site's metadata.
///
/// # Errors
/// When the database fails.
pub async fn set_metadata(
    tx: &mut Tx,
    site_id: &str,
    metadata: &Map<String, Value>,
    now: Timestamp,
) -> Result<()> {
    let update =
        q!("UPDATE sites SET metadata = $2, updated_at = $3 WHERE id = $1", site_id, json(metadata), now);
    tx.run(update).await.map(|_| ())
}

fn read(row: &Row) -> Result<SiteRow> {
    Ok(SiteRow {
        id: row.text("id")?,
        account_id: row.text("account_id")?,
        name: row.text("name")?,
        published_deploy_id: row.text_opt("published_deploy_id")?,
        locked: row.flag("locked")?,
        disabled: row.flag("disabled")?,
        info: row.json("doc")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
