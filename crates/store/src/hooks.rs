//! Hooks: subscriptions of a target to events of a site.

use crate::query::{Row, json, q, selects};
use crate::{Conn, Result, Tx};
use model::{Digest, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What a hook lets through beside its events. Empty lists let everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Filters {
    /// Deploy contexts.
    pub contexts: Vec<String>,
    /// Branches.
    pub branches: Vec<String>,
}

/// How the deliveries of a hook are made, where it differs from the server's ways.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Seconds before each try, the first included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<Vec<u64>>,
    /// Most tries at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Most tries a minute.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_minute: Option<u32>,
    /// Whether deliveries about one thing are made in the order in which they came to be.
    pub ordered: bool,
    /// Fields of the payload that are sent, dots leading into objects; empty for all.
    pub fields: Vec<String>,
    /// How long events are gathered to go out as one message; each goes out at once without.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
}

/// A hook as far as routing needs it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// The hook.
    pub hook_id: String,
    /// Event names it is subscribed to.
    pub events: Vec<String>,
    /// What it lets through.
    pub filters: Filters,
    /// Only submissions of this form.
    pub form_id: Option<String>,
    /// Whether it hears of the whole life of a deploy.
    pub follows: bool,
    /// How its deliveries are made.
    pub options: Options,
    /// Whether deliveries are held back.
    pub disabled: bool,
}

/// A hook.
#[derive(Clone, Debug, PartialEq)]
pub struct HookRow {
    /// 24 hex digits.
    pub id: String,
    /// The site.
    pub site_id: String,
    /// Target.
    pub kind: String,
    /// Names of events, at least one.
    pub events: Vec<String>,
    /// What it lets through beside them.
    pub filters: Filters,
    /// Settings that may be shown.
    pub data: Map<String, Value>,
    /// Settings that may not, encrypted; empty when there are none.
    pub sealed: Vec<u8>,
    /// How its deliveries are made.
    pub options: Options,
    /// Whether it hears of the whole life of a deploy.
    pub follows: bool,
    /// Whether deliveries are held back.
    pub disabled: bool,
    /// Only submissions of this form.
    pub form_id: Option<String>,
    /// Who made it.
    pub user_id: Option<String>,
    /// Whether the last try succeeded.
    pub success: Option<bool>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Every hook of a site, for routing.
///
/// # Errors
/// When the database fails.
pub async fn subscriptions(db: &mut Conn, site_id: &str) -> Result<Vec<Subscription>> {
    let select = q!(
        "SELECT id, events, filters, options, form_id, follows, disabled FROM hooks WHERE site_id = $1",
        site_id
    );
    let read = |row: &Row| {
        Ok(Subscription {
            hook_id: row.text("id")?,
            events: row.json("events")?,
            filters: row.json("filters")?,
            form_id: row.text_opt("form_id")?,
            follows: row.flag("follows")?,
            options: row.json("options")?,
            disabled: row.flag("disabled")?,
        })
    };
    db.look(select).await?.iter().map(read).collect()
}

/// Writes a hook down.
///
/// # Errors
/// When the database fails.
pub async fn insert(tx: &mut Tx, hook: &HookRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO hooks (id, site_id, kind, events, filters, data, sealed, options, follows, disabled, form_id,
             user_id, success, created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
        &hook.id,
        &hook.site_id,
        &hook.kind,
        json(&hook.events),
        json(&hook.filters),
        json(&hook.data),
        hook.sealed.as_slice(),
        json(&hook.options),
        hook.follows,
        hook.disabled,
        &hook.form_id,
        &hook.user_id,
        hook.success,
        hook.created_at,
        hook.updated_at
    );
    tx.run(insert).await.map(|_| ())
}

selects!(
    select,
    "SELECT id, site_id, kind, events, filters, data, sealed, options, follows, disabled, form_id,
     user_id, success, created_at, updated_at
     FROM hooks "
);

/// One hook.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<HookRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The hooks of a site, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, site_id: &str) -> Result<Vec<HookRow>> {
    let select = q!(select!("WHERE site_id = $1 ORDER BY created_at, id"), site_id);
    db.rows(select).await?.iter().map(read).collect()
}

/// How many hooks a site has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, site_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM hooks WHERE site_id = $1", site_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Replaces what people can change of a hook. False when there is no such hook.
///
/// # Errors
/// When the database fails.
pub async fn update(tx: &mut Tx, hook: &HookRow) -> Result<bool> {
    let update = q!(
        "UPDATE hooks SET kind = $2, events = $3, filters = $4, data = $5, sealed = $6, options = $7, follows = $8,
             form_id = $9, updated_at = $10
         WHERE id = $1",
        &hook.id,
        &hook.kind,
        json(&hook.events),
        json(&hook.filters),
        json(&hook.data),
        hook.sealed.as_slice(),
        json(&hook.options),
        hook.follows,
        &hook.form_id,
        hook.updated_at
    );
    Ok(tx.run(update).await? > 0)
}

/// Switches a hook off or on. False when it was so already, or is gone.
///
/// # Errors
/// When the database fails.
pub async fn set_disabled(tx: &mut Tx, id: &str, disabled: bool, now: Timestamp) -> Result<bool> {
    let update = q!(
        "UPDATE hooks SET disabled = $2, updated_at = $3 WHERE id = $1 AND disabled <> $2",
        id,
        disabled,
        now
    );
    Ok(tx.run(update).await? > 0)
}

/// Notes how the last try went; writes only when it went otherwise than the one before.
///
/// # Errors
/// When the database fails.
pub async fn set_success(tx: &mut Tx, id: &str, success: bool) -> Result<()> {
    let update =
        q!("UPDATE hooks SET success = $2 WHERE id = $1 AND (success IS NULL OR success <> $2)", id, success);
    tx.run(update).await.map(|_| ())
}

/// Deletes a hook. False when there is no such hook.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM hooks WHERE id = $1", id)).await? > 0)
}

fn read(row: &Row) -> Result<HookRow> {
    Ok(HookRow {
        id: row.text("id")?,
        site_id: row.text("site_id")?,
        kind: row.text("kind")?,
        events: row.json("events")?,
        filters: row.json("filters")?,
        data: row.json("data")?,
        sealed: row.bytes("sealed")?,
        options: row.json("options")?,
        follows: row.flag("follows")?,
        disabled: row.flag("disabled")?,
        form_id: row.text_opt("form_id")?,
        user_id: row.text_opt("user_id")?,
        success: row.int_opt("success")?.map(|v| v != 0),
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}
