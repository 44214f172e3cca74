//! Replaces a variable with all its values, and renames it where asked.

use super::{VarInput, editor, input, keep, open, place, seal, taken};
use context::{Context, Error, Result};
use model::EnvVar;
use store::env_vars;

/// Replaces what the input says; what it leaves out stays. A secret that is no longer to be one
/// needs new values: the old ones are not laid open.
///
/// # Errors
/// [`Error::NotFound`] when there is no such site or variable; [`Error::Invalid`] for a bad key,
/// context, scope or value; [`Error::Unprocessable`] when the new key exists or the values of a
/// former secret are missing.
pub async fn update(
    cx: &Context,
    user_id: &str,
    account_id: &str,
    site: Option<&str>,
    key: &str,
    change: VarInput,
) -> Result<EnvVar> {
    let mut tx = cx.begin().await?;
    let place = place(&mut tx, account_id, site).await?;
    let row = env_vars::hold(&mut tx, &place, key).await?.ok_or(Error::NotFound)?;
    let mut var = open(cx, row)?;
    apply(cx, &mut var, change)?;
    var.updated_at = cx.now();
    var.updated_by = editor(&mut tx, user_id).await?;
    env_vars::update(&mut tx, &place, key, &seal(cx, &var)?).await.map_err(taken(&var.key))?;
    tx.commit().await?;
    Ok(var.masked())
}

fn apply(cx: &Context, var: &mut EnvVar, change: VarInput) -> Result<()> {
    if let Some(key) = &change.key {
        var.key = input::key(key)?;
    }
    if let Some(scopes) = &change.scopes {
        var.scopes = input::scopes(scopes)?;
    }
    let is_secret = change.is_secret.unwrap_or(var.is_secret);
    match change.values {
        Some(inputs) => {
            let mut values = input::values(inputs, || cx.uuid())?;
            if var.is_secret && is_secret {
                keep::unmask(var, &mut values);
            }
            var.values = values;
        }
        None if var.is_secret && !is_secret => {
            let message = "a secret becomes readable only with new values".to_owned();
            return Err(Error::Unprocessable(message));
        }
        None => {}
    }
    var.is_secret = is_secret;
    Ok(())
}
