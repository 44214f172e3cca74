//! Sets the value of one context of a variable.

use super::{VALUES_MAX, ValueInput, editor, input, keep, open, place, seal};
use context::{Context, Error, Result};
use model::EnvVar;
use store::env_vars;

/// Sets the value. A variable that has one for `all` is split into the other contexts first, or
/// clients would never see the new one (contract clients 5).
///
/// # Errors
/// [`Error::NotFound`] when there is no such site or variable; [`Error::Invalid`] for a bad context
/// or value and beyond [`VALUES_MAX`] values.
pub async fn set_value(
    cx: &Context,
    user_id: &str,
    account_id: &str,
    site: Option<&str>,
    key: &str,
    new: ValueInput,
) -> Result<EnvVar> {
    let value = input::value(new)?;
    let mut tx = cx.begin().await?;
    let place = place(&mut tx, account_id, site).await?;
    let row = env_vars::hold(&mut tx, &place, key).await?.ok_or(Error::NotFound)?;
    let mut var = open(cx, row)?;
    keep::set_value(&mut var, value, || cx.uuid());
    if var.values.len() > VALUES_MAX {
        return Err(Error::Invalid(format!("a variable must have 1 to {VALUES_MAX} values")));
    }
    var.updated_at = cx.now();
    var.updated_by = editor(&mut tx, user_id).await?;
    env_vars::update(&mut tx, &place, key, &seal(cx, &var)?).await?;
    tx.commit().await?;
    Ok(var.masked())
}
