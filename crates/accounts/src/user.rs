//! The person behind a token.

use crate::Principal;
use context::{Context, Error, Result};
use model::User;
use serde_json::json;
use store::users::{self, UserRow};

/// The caller as `GET /user` shows them.
///
/// # Errors
/// When the database fails.
pub async fn current(cx: &Context, who: &Principal) -> Result<User> {
    let mut db = cx.read().await?;
    let user = users::find(&mut db, &who.user_id).await?.ok_or(Error::NotFound)?;
    let site_count = users::count_sites(&mut db, &user.id).await?;
    Ok(show(user, site_count))
}

fn show(user: UserRow, site_count: i64) -> User {
    User {
        uid: user.id.clone(),
        id: user.id,
        full_name: user.full_name,
        avatar_url: user.avatar_url,
        email: user.email,
        site_count,
        created_at: user.created_at,
        last_login: user.last_login,
        login_providers: vec!["token".to_owned()],
        onboarding_progress: json!({}),
    }
}

/// A new person's row.
pub(crate) fn new_row(cx: &Context, email: String, full_name: String) -> UserRow {
    UserRow { id: cx.id(), email, full_name, avatar_url: None, created_at: cx.now(), last_login: None }
}
