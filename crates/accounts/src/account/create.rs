//! Makes an account; whoever makes it owns it.

use super::get::shown;
use super::{TYPE_ID, slug};
use crate::{Principal, check};
use context::{Context, Error, Result};
use model::{Account, Role};
use serde::Deserialize;
use store::accounts::{self, AccountRow};
use store::{ChangeKind, Tx, users};

/// Accounts one person may be in and still make another.
pub const ACCOUNTS_MAX: i64 = 100;
/// Tries at a slug before giving up.
const SLUG_TRIES: usize = 5;

/// What `POST /accounts` says. Payment fields of hosted clients are not read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewAccount {
    /// The name shown, 1 to [`check::NAME_MAX`] characters.
    pub name: String,
    /// The account type, when said the only one there is.
    pub type_id: Option<String>,
}

/// Makes an account.
///
/// # Errors
/// [`Error::Unprocessable`] for a bad name, an unknown type or too many accounts;
/// [`Error::Forbidden`] for a token that is confined to another account.
pub async fn create(cx: &Context, who: &Principal, new: &NewAccount) -> Result<Account> {
    if who.only_account.is_some() {
        return Err(Error::Forbidden("this token is confined to one account".to_owned()));
    }
    let name = check::text("name", &new.name, check::NAME_MAX)?;
    if new.type_id.as_deref().is_some_and(|id| id != TYPE_ID) {
        return Err(Error::Unprocessable(format!("type_id must be \"{TYPE_ID}\"")));
    }
    let mut tx = cx.begin().await?;
    if accounts::count_for_user(&mut tx, &who.user_id).await? >= ACCOUNTS_MAX {
        return Err(Error::Unprocessable(format!("a person may be in at most {ACCOUNTS_MAX} accounts")));
    }
    let account = insert(&mut tx, cx, &name, &who.user_id).await?;
    tx.changed(ChangeKind::User, &who.user_id, cx.now()).await?;
    let shown = shown(&mut tx, &who.user_id, &account.id).await?;
    tx.commit().await?;
    Ok(shown)
}

/// Writes an account of this name with its owner.
pub(crate) async fn insert(tx: &mut Tx, cx: &Context, name: &str, owner: &str) -> Result<AccountRow> {
    let now = cx.now();
    let slug = free_slug(tx, cx, name).await?;
    let account = AccountRow::new(&cx.id(), &slug, name, now);
    accounts::insert(tx, &account).await?;
    users::add_member(tx, &account.id, owner, Role::Owner, now).await?;
    Ok(account)
}

async fn free_slug(tx: &mut Tx, cx: &Context, name: &str) -> Result<String> {
    let mut slug = slug::from_name(name, None);
    for _ in 0..SLUG_TRIES {
        if accounts::find(tx, &slug).await?.is_none() {
            return Ok(slug);
        }
        slug = slug::from_name(name, Some(&format!("{:06x}", u32::from_be_bytes(cx.random()) >> 8)));
    }
    Err(Error::Conflict("no free slug for this name".to_owned()))
}
