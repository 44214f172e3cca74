//! Adds a person to an account by their address. A person whom the server does not know is written
//! down; they come in with a token that an owner makes for them (`POST /tokens` with `user_id`).

use super::role;
use crate::{check, user};
use context::{Context, Error, Result};
use model::{Member, Role};
use serde::Deserialize;
use store::users::{self, UserRow};
use store::{ChangeKind, Tx, accounts};

/// Members of one account.
pub const MEMBERS_MAX: usize = 1000;

/// What `POST /{account_slug}/members` says.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewMember {
    /// Address of the person.
    pub email: String,
    /// Their role; Developer when not said.
    pub role: Option<String>,
    /// Name of a person the server does not know yet; the front of the address when not said.
    pub full_name: Option<String>,
}

/// Makes a person a member.
///
/// # Errors
/// [`Error::Unprocessable`] for a bad address or role, for somebody who is a member already, and
/// beyond [`MEMBERS_MAX`].
pub async fn add(cx: &Context, account_id: &str, new: &NewMember) -> Result<Member> {
    let role = new.role.as_deref().map_or(Ok(Role::Developer), role)?;
    let email = check::email(&new.email)?;
    let mut tx = cx.begin().await?;
    accounts::lock(&mut tx, account_id).await?;
    let members = users::members(&mut tx, account_id).await?;
    if members.iter().any(|member| member.email == email) {
        return Err(Error::Unprocessable("this person is a member already".to_owned()));
    }
    if members.len() >= MEMBERS_MAX {
        return Err(Error::Unprocessable(format!("an account may have at most {MEMBERS_MAX} members")));
    }
    let user = known_or_new(&mut tx, cx, email, new.full_name.as_deref()).await?;
    users::add_member(&mut tx, account_id, &user.id, role, cx.now()).await?;
    tx.changed(ChangeKind::User, &user.id, cx.now()).await?;
    tx.commit().await?;
    Ok(Member { id: user.id, full_name: user.full_name, email: user.email, avatar: user.avatar_url, role })
}

async fn known_or_new(tx: &mut Tx, cx: &Context, email: String, full_name: Option<&str>) -> Result<UserRow> {
    if let Some(user) = users::find_by_email(tx, &email).await? {
        return Ok(user);
    }
    let front = email.split('@').next().unwrap_or(&email);
    let name: String = full_name.unwrap_or(front).chars().take(check::NAME_MAX).collect();
    let user = user::new_row(cx, email.clone(), check::text("full_name", &name, check::NAME_MAX)?);
    users::insert(tx, &user).await?;
    Ok(user)
}
