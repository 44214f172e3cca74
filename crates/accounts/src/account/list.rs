//! Lists the accounts of a person.

use super::show;
use crate::Principal;
use context::{Context, Result};
use model::Account;
use serde::Serialize;
use store::accounts::{self, AccountView};

/// What command lines read of an account (contract clients 3).
#[derive(Clone, Debug, Serialize)]
pub struct MinimalAccount {
    /// 24 hex digits.
    pub id: String,
    /// The name shown.
    pub name: String,
    /// The name in paths.
    pub slug: String,
    /// Whether this is the caller's first account.
    #[serde(rename = "default")]
    pub is_default: bool,
    /// Slug of the account type.
    pub type_slug: &'static str,
    /// Name of the account type.
    pub type_name: &'static str,
}

/// Accounts the token reaches, the caller's first account first.
///
/// # Errors
/// When the database fails.
pub async fn list(cx: &Context, who: &Principal) -> Result<Vec<Account>> {
    Ok(views(cx, who).await?.into_iter().map(show).collect())
}

/// The same accounts with the few fields of `?minimal=true`.
///
/// # Errors
/// When the database fails.
pub async fn list_minimal(cx: &Context, who: &Principal) -> Result<Vec<MinimalAccount>> {
    let minimal = |view: AccountView| MinimalAccount {
        id: view.account.id,
        name: view.account.name,
        slug: view.account.slug,
        is_default: view.is_first,
        type_slug: super::TYPE_ID,
        type_name: super::TYPE_NAME,
    };
    Ok(views(cx, who).await?.into_iter().map(minimal).collect())
}

async fn views(cx: &Context, who: &Principal) -> Result<Vec<AccountView>> {
    let mut db = cx.read().await?;
    Ok(accounts::views(&mut db, &who.user_id, who.only_account.as_deref()).await?)
}
