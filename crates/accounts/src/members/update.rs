//! Changes the role of a member.

use super::{held, role};
use context::{Context, Result};
use model::{Member, Role};
use serde::Deserialize;
use store::{ChangeKind, users};

/// What `PUT /{account_slug}/members/{member_id}` says. Access to single sites is not told apart.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct MemberChange {
    /// The new role; the old one stays when not said.
    pub role: Option<String>,
}

/// Sets the role.
///
/// # Errors
/// [`context::Error::NotFound`] when the account has no such member;
/// [`context::Error::Unprocessable`] for an unknown role and for the last owner.
pub async fn update(cx: &Context, account_id: &str, user_id: &str, change: &MemberChange) -> Result<Member> {
    let role = change.role.as_deref().map(role).transpose()?;
    let mut tx = cx.begin().await?;
    let member = held(&mut tx, account_id, user_id, role.is_none_or(|role| role == Role::Owner)).await?;
    let role = role.unwrap_or(member.role);
    users::set_role(&mut tx, account_id, user_id, role).await?;
    tx.changed(ChangeKind::User, user_id, cx.now()).await?;
    tx.commit().await?;
    Ok(Member { role, ..member })
}
