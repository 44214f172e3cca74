//! Makes a deploy key.

use super::{DeployKey, PURPOSE, keygen, show};
use crate::{Access, Principal};
use context::{Context, Error, Result};
use model::Scope;
use serde::Deserialize;
use store::deploy_keys::{self, DeployKeyRow};

/// Deploy keys of one account. Each run of `netlify init` makes one.
pub const KEYS_MAX: i64 = 1000;

/// What `POST /deploy_keys` may say; real clients send nothing.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct NewDeployKey {
    /// Id of the account that is to own the key; the caller's first one where they may write.
    pub account_id: Option<String>,
}

/// Draws a key pair and keeps it.
///
/// # Errors
/// [`Error::NotFound`] for an unknown account; [`Error::Forbidden`] without an account to write
/// in; [`Error::Unprocessable`] beyond [`KEYS_MAX`]; [`Error::NotImplemented`] on a server
/// without `ssh-keygen`.
pub async fn create(cx: &Context, who: &Principal, new: &NewDeployKey) -> Result<DeployKey> {
    let account_id = owner(who, new.account_id.as_deref())?;
    let id = cx.id();
    let pair = keygen::draw(&format!("boathook-{id}")).await?;
    let row = DeployKeyRow {
        id,
        account_id: account_id.to_owned(),
        public_key: pair.public,
        sealed: cx.seal(PURPOSE, pair.private.as_bytes()),
        created_at: cx.now(),
    };
    let mut tx = cx.begin().await?;
    if deploy_keys::count(&mut tx, account_id).await? >= KEYS_MAX {
        return Err(Error::Unprocessable(format!("an account may have at most {KEYS_MAX} deploy keys")));
    }
    deploy_keys::insert(&mut tx, &row).await?;
    tx.commit().await?;
    Ok(show(row))
}

fn owner<'a>(who: &'a Principal, asked: Option<&'a str>) -> Result<&'a str> {
    let forbidden = || Error::Forbidden("this needs an account you may write in".to_owned());
    let Some(id) = asked else { return who.first_account(Scope::Write).ok_or_else(forbidden) };
    match who.may(id, Scope::Write) {
        Access::Granted => Ok(id),
        Access::Forbidden => Err(forbidden()),
        Access::Unknown => Err(Error::NotFound),
    }
}
