//! Accounts, and what their members see of them. Who may change them is not decided here.

use crate::query::{Row, json, q};
use crate::users::role;
use crate::{Conn, Engine, Result, Tx};
use model::{Role, Timestamp};
use serde::{Deserialize, Serialize};

/// Billing fields that clients edit and nothing here reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AccountDoc {
    /// Where invoices would go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_name: Option<String>,
    /// See `billing_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_email: Option<String>,
    /// See `billing_name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub billing_details: Option<String>,
}

/// An account as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRow {
    /// 24 hex digits.
    pub id: String,
    /// The name in paths, unique on the server.
    pub slug: String,
    /// The name shown.
    pub name: String,
    /// Billing fields.
    pub doc: AccountDoc,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
}

impl AccountRow {
    /// An account without billing fields, made `now`.
    #[must_use]
    pub fn new(id: &str, slug: &str, name: &str, now: Timestamp) -> Self {
        Self {
            id: id.to_owned(),
            slug: slug.to_owned(),
            name: name.to_owned(),
            doc: AccountDoc::default(),
            created_at: now,
            updated_at: now,
        }
    }
}

/// An account as one of its members sees it.
#[derive(Clone, Debug)]
pub struct AccountView {
    /// The account.
    pub account: AccountRow,
    /// The member's role.
    pub role: Role,
    /// Whether it is the member's first account.
    pub is_first: bool,
    /// Users with role Owner, in the order of their ids.
    pub owners: Vec<String>,
    /// Sites of the account.
    pub sites: i64,
    /// Members of the account.
    pub members: i64,
}

/// The account with this id or slug. Ids win: no slug looks like one.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id_or_slug: &str) -> Result<Option<AccountRow>> {
    let select = q!(
        "SELECT id, slug, name, doc, created_at, updated_at FROM accounts WHERE id = $1 OR slug = $1
         ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END LIMIT 1",
        id_or_slug
    );
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Accounts the user is a member of, their first one first; only `account_id` when it is given.
///
/// # Errors
/// When the database fails.
pub async fn views(db: &mut Conn, user_id: &str, account_id: Option<&str>) -> Result<Vec<AccountView>> {
    let select = q!(
        "SELECT a.id, a.slug, a.name, a.doc, a.created_at, a.updated_at, m.role,
                (SELECT f.account_id FROM members f WHERE f.user_id = $1
                 ORDER BY f.created_at, f.account_id LIMIT 1) AS first_id,
                (SELECT string_agg(o.user_id, ',') FROM members o
                 WHERE o.account_id = a.id AND o.role = 'Owner') AS owners,
                (SELECT COUNT(*) FROM sites s WHERE s.account_id = a.id) AS sites,
                (SELECT COUNT(*) FROM members c WHERE c.account_id = a.id) AS members
         FROM members m JOIN accounts a ON a.id = m.account_id
         WHERE m.user_id = $1 AND ($2 IS NULL OR a.id = $2)
         ORDER BY m.created_at, a.id",
        user_id,
        account_id
    );
    db.rows(select).await?.iter().map(read_view).collect()
}

/// How many accounts the user is a member of.
///
/// # Errors
/// When the database fails.
pub async fn count_for_user(db: &mut Conn, user_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM members WHERE user_id = $1", user_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Holds the account until the end of the transaction, so that what is counted of it stays true.
/// Whether there is such an account.
///
/// # Errors
/// When the database fails.
pub async fn lock(tx: &mut Tx, account_id: &str) -> Result<bool> {
    // SQLite lets one transaction write at a time, which holds everything.
    let sql = match tx.engine() {
        Engine::Sqlite => "SELECT id FROM accounts WHERE id = $1",
        Engine::Postgres => "SELECT id FROM accounts WHERE id = $1 FOR UPDATE",
    };
    Ok(tx.row(q!(sql, account_id)).await?.is_some())
}

/// Writes a new account.
///
/// # Errors
/// [`crate::Error::Taken`] when the slug is in use; otherwise when the database fails.
pub async fn insert(tx: &mut Tx, account: &AccountRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO accounts (id, slug, name, doc, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &account.id,
        &account.slug,
        &account.name,
        json(&account.doc),
        account.created_at,
        account.updated_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Writes name, slug, billing fields and time of change; whether the account was there.
///
/// # Errors
/// [`crate::Error::Taken`] when the slug is in use; otherwise when the database fails.
pub async fn update(tx: &mut Tx, account: &AccountRow) -> Result<bool> {
    let update = q!(
        "UPDATE accounts SET slug = $2, name = $3, doc = $4, updated_at = $5 WHERE id = $1",
        &account.id,
        &account.slug,
        &account.name,
        json(&account.doc),
        account.updated_at
    );
    Ok(tx.run(update).await? > 0)
}

/// Deletes the account with its members, variables and keys; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, account_id: &str) -> Result<bool> {
    crate::jobs::forget_places(tx, account_id).await?;
    Ok(tx.run(q!("DELETE FROM accounts WHERE id = $1", account_id)).await? > 0)
}

fn read(row: &Row) -> Result<AccountRow> {
    Ok(AccountRow {
        id: row.text("id")?,
        slug: row.text("slug")?,
        name: row.text("name")?,
        doc: row.json("doc")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
    })
}

fn read_view(row: &Row) -> Result<AccountView> {
    let account = read(row)?;
    let owners = row.text_opt("owners")?.unwrap_or_default();
    let mut owners: Vec<String> = owners.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
    owners.sort_unstable();
    Ok(AccountView {
        role: role(row)?,
        is_first: row.text_opt("first_id")?.as_deref() == Some(account.id.as_str()),
        owners,
        sites: row.int("sites")?,
        members: row.int("members")?,
        account,
    })
}
