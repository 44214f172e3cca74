//! People, and their memberships of accounts.

use crate::query::{Row, q, selects};
use crate::{Conn, Error, Result, Tx};
use model::{Member, Role, Timestamp};
use serde::de::Error as _;

/// A person as they are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserRow {
    /// 24 hex digits.
    pub id: String,
    /// Address in lower case, unique on the server.
    pub email: String,
    /// The person's name.
    pub full_name: String,
    /// Picture.
    pub avatar_url: Option<String>,
    /// When they came.
    pub created_at: Timestamp,
    /// When they last logged in.
    pub last_login: Option<Timestamp>,
}

selects!(select_user, "SELECT id, email, full_name, avatar_url, created_at, last_login FROM users ");

/// The person with this id.
///
/// # Errors
/// When the database fails.
pub async fn find(db: &mut Conn, id: &str) -> Result<Option<UserRow>> {
    let select = q!(select_user!("WHERE id = $1"), id);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// The person with this address, which is in lower case.
///
/// # Errors
/// When the database fails.
pub async fn find_by_email(db: &mut Conn, email: &str) -> Result<Option<UserRow>> {
    let select = q!(select_user!("WHERE email = $1"), email);
    db.row(select).await?.as_ref().map(read).transpose()
}

/// Writes a new person.
///
/// # Errors
/// [`Error::Taken`] when the address is in use; otherwise when the database fails.
pub async fn insert(tx: &mut Tx, user: &UserRow) -> Result<()> {
    let insert = q!(
        "INSERT INTO users (id, email, full_name, avatar_url, created_at, last_login)
         VALUES ($1, $2, $3, $4, $5, $6)",
        &user.id,
        &user.email,
        &user.full_name,
        &user.avatar_url,
        user.created_at,
        user.last_login
    );
    tx.run(insert).await.map(|_| ())
}

/// Notes that a person logged in.
///
/// # Errors
/// When the database fails.
pub async fn logged_in(tx: &mut Tx, id: &str, now: Timestamp) -> Result<()> {
    tx.run(q!("UPDATE users SET last_login = $2 WHERE id = $1", id, now)).await.map(|_| ())
}

/// Sites of all accounts of a person.
///
/// # Errors
/// When the database fails.
pub async fn count_sites(db: &mut Conn, user_id: &str) -> Result<i64> {
    let select = q!(
        "SELECT COUNT(*) AS n FROM sites s JOIN members m ON m.account_id = s.account_id WHERE m.user_id = $1",
        user_id
    );
    db.row(select).await?.map_or(Ok(0), |row| row.int("n"))
}

selects!(
    select_member,
    "SELECT u.id, u.email, u.full_name, u.avatar_url, m.role
     FROM members m JOIN users u ON u.id = m.user_id "
);

/// Members of an account in the order they came.
///
/// # Errors
/// When the database fails.
pub async fn members(db: &mut Conn, account_id: &str) -> Result<Vec<Member>> {
    let select = q!(select_member!("WHERE m.account_id = $1 ORDER BY m.created_at, u.id"), account_id);
    db.rows(select).await?.iter().map(read_member).collect()
}

/// One member of an account.
///
/// # Errors
/// When the database fails.
pub async fn member(db: &mut Conn, account_id: &str, user_id: &str) -> Result<Option<Member>> {
    let select = q!(select_member!("WHERE m.account_id = $1 AND m.user_id = $2"), account_id, user_id);
    db.row(select).await?.as_ref().map(read_member).transpose()
}

/// Makes a person a member of an account.
///
/// # Errors
/// [`Error::Taken`] when they are one already; otherwise when the database fails.
pub async fn add_member(
    tx: &mut Tx,
    account_id: &str,
    user_id: &str,
    role: Role,
    now: Timestamp,
) -> Result<()> {
    let insert = q!(
        "INSERT INTO members (account_id, user_id, role, created_at) VALUES ($1, $2, $3, $4)",
        account_id,
        user_id,
        role.as_str(),
        now
    );
    tx.run(insert).await.map(|_| ())
}

/// Sets the role of a member; whether they were one.
///
/// # Errors
/// When the database fails.
pub async fn set_role(tx: &mut Tx, account_id: &str, user_id: &str, role: Role) -> Result<bool> {
    let update = q!(
        "UPDATE members SET role = $3 WHERE account_id = $1 AND user_id = $2",
        account_id,
        user_id,
        role.as_str()
    );
    Ok(tx.run(update).await? > 0)
}

/// Ends a membership; whether there was one.
///
/// # Errors
/// When the database fails.
pub async fn remove_member(tx: &mut Tx, account_id: &str, user_id: &str) -> Result<bool> {
    let delete = q!("DELETE FROM members WHERE account_id = $1 AND user_id = $2", account_id, user_id);
    Ok(tx.run(delete).await? > 0)
}

/// The role in column `role`.
pub(crate) fn role(row: &Row) -> Result<Role> {
    let text = row.text("role")?;
    Role::parse(&text).ok_or_else(|| Error::Document("role", serde_json::Error::custom("unknown role")))
}

fn read(row: &Row) -> Result<UserRow> {
    Ok(UserRow {
        id: row.text("id")?,
        email: row.text("email")?,
        full_name: row.text("full_name")?,
        avatar_url: row.text_opt("avatar_url")?,
        created_at: row.time("created_at")?,
        last_login: row.time_opt("last_login")?,
    })
}

fn read_member(row: &Row) -> Result<Member> {
    Ok(Member {
        id: row.text("id")?,
        full_name: row.text("full_name")?,
        email: row.text("email")?,
        avatar: row.text_opt("avatar_url")?,
        role: role(row)?,
    })
}
