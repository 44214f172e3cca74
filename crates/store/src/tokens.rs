//! Access tokens: only their digests are kept.

use crate::query::{Row, q, selects};
use crate::users::role;
use crate::{Conn, Error, Result, Tx};
use model::{Role, Scope, Timestamp};
use serde::de::Error as _;

/// A token as it is kept, without its digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    /// 24 hex digits.
    pub id: String,
    /// Whose it is.
    pub user_id: String,
    /// The only account it reaches; none for all accounts of its user.
    pub account_id: Option<String>,
    /// What its owner calls it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when it is refused.
    pub expires_at: Option<Timestamp>,
    /// When it was last used, exact to a minute.
    pub last_used_at: Option<Timestamp>,
}

/// A token with the accounts it reaches.
#[derive(Clone, Debug)]
pub struct Credential {
    /// The token.
    pub token: TokenRow,
    /// Accounts it reaches and its user's role there, the user's first account first.
    pub memberships: Vec<(String, Role)>,
}

/// Who is behind the token with this digest: one statement, since every request asks it.
///
/// # Errors
/// When the database fails.
pub async fn credential(db: &mut Conn, hash: &str) -> Result<Option<Credential>> {
    let select = q!(
        "SELECT t.id, t.user_id, t.account_id, t.name, t.scope, t.created_at, t.expires_at, t.last_used_at,
                m.account_id AS member_of, m.role
         FROM tokens t
         LEFT JOIN members m ON m.user_id = t.user_id AND (t.account_id IS NULL OR m.account_id = t.account_id)
         WHERE t.hash = $1 ORDER BY m.created_at, m.account_id",
        hash
    );
    let rows = db.rows(select).await?;
    let Some(first) = rows.first() else { return Ok(None) };
    let mut memberships = Vec::with_capacity(rows.len());
    for row in &rows {
        if let Some(account_id) = row.text_opt("member_of")? {
            memberships.push((account_id, role(row)?));
        }
    }
    Ok(Some(Credential { token: read(first)?, memberships }))
}

selects!(
    select,
    "SELECT id, user_id, account_id, name, scope, created_at, expires_at, last_used_at FROM tokens "
);

/// The token with this id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<TokenRow>> {
    let select = q!(select!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Whether a token with this digest is known.
///
/// # Errors
/// When the database fails.
pub async fn exists(db: &mut Conn, hash: &str) -> Result<bool> {
    Ok(db.row(q!("SELECT id FROM tokens WHERE hash = $1", hash)).await?.is_some())
}

/// Tokens of a person, newest first; only those confined to `account_id` when it is given.
///
/// # Errors
/// When the database fails.
pub async fn list(db: &mut Conn, user_id: &str, account_id: Option<&str>) -> Result<Vec<TokenRow>> {
    let select = q!(
        select!(
            "WHERE user_id = $1 AND ($2 IS NULL OR account_id = $2)
             ORDER BY created_at DESC, id DESC"
        ),
        user_id,
        account_id
    );
    db.rows(select).await?.iter().map(read).collect()
}

/// How many tokens a person has.
///
/// # Errors
/// When the database fails.
pub async fn count(db: &mut Conn, user_id: &str) -> Result<i64> {
    let row = db.row(q!("SELECT COUNT(*) AS n FROM tokens WHERE user_id = $1", user_id)).await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Writes a new token with the digest by which it is found.
///
/// # Errors
/// [`Error::Taken`] when the digest is known; otherwise when the database fails.
pub async fn insert(tx: &mut Tx, token: &TokenRow, hash: &str) -> Result<()> {
    let insert = q!(
        "INSERT INTO tokens (id, user_id, account_id, name, hash, scope, created_at, expires_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        &token.id,
        &token.user_id,
        &token.account_id,
        &token.name,
        hash,
        token.scope.as_str(),
        token.created_at,
        token.expires_at,
        token.last_used_at
    );
    tx.run(insert).await.map(|_| ())
}

/// Notes that a token was used.
///
/// # Errors
/// When the database fails.
pub async fn used(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    tx.run(q!("UPDATE tokens SET last_used_at = $2 WHERE id = $1", id, now)).await.map(|_| ())
}

/// Deletes a token; whether it was there.
///
/// # Errors
/// When the database fails.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.run(q!("DELETE FROM tokens WHERE id = $1", id)).await? > 0)
}

/// Deletes the tokens of a person that have this name; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn delete_named(tx: &mut Tx, user_id: &str, name: &str) -> Result<u64> {
    tx.run(q!("DELETE FROM tokens WHERE user_id = $1 AND name = $2", user_id, name)).await
}

/// Deletes the tokens of a person that are confined to an account; how many there were.
///
/// # Errors
/// When the database fails.
pub async fn delete_confined(tx: &mut Tx, user_id: &str, account_id: &str) -> Result<u64> {
    tx.run(q!("DELETE FROM tokens WHERE user_id = $1 AND account_id = $2", user_id, account_id)).await
}

fn read(row: &Row) -> Result<TokenRow> {
    let scope = row.text("scope")?;
    let unknown = || Error::Document("scope", serde_json::Error::custom("unknown scope"));
    Ok(TokenRow {
        id: row.text("id")?,
        user_id: row.text("user_id")?,
        account_id: row.text_opt("account_id")?,
        name: row.text("name")?,
        scope: Scope::parse(&scope).ok_or_else(unknown)?,
        created_at: row.time("created_at")?,
        expires_at: row.time_opt("expires_at")?,
        last_used_at: row.time_opt("last_used_at")?,
    })
}
