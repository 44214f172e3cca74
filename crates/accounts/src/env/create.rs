//! Makes variables: all of them, or none.

use super::{VARS_MAX, VarInput, editor, input, place, seal, taken};
use context::{Context, Error, Result};
use model::{EnvVar, EnvVarUser};
use store::env_vars;

/// Makes the variables.
///
/// # Errors
/// [`Error::Invalid`] for a bad key, context, scope or value; [`Error::Unprocessable`] for a key
/// that exists and beyond [`VARS_MAX`]; [`Error::NotFound`] when the account has no such site.
pub async fn create(
    cx: &Context,
    user_id: &str,
    account_id: &str,
    site: Option<&str>,
    new: Vec<VarInput>,
) -> Result<Vec<EnvVar>> {
    let mut tx = cx.begin().await?;
    let place = place(&mut tx, account_id, site).await?;
    let editor = editor(&mut tx, user_id).await?;
    let mut made = Vec::with_capacity(new.len());
    for input in new {
        let var = variable(cx, input, editor.clone())?;
        env_vars::insert(&mut tx, &place, &seal(cx, &var)?).await.map_err(taken(&var.key))?;
        made.push(var.masked());
    }
    if env_vars::count(&mut tx, &place).await? > VARS_MAX {
        return Err(Error::Unprocessable(format!("at most {VARS_MAX} environment variables fit here")));
    }
    tx.commit().await?;
    Ok(made)
}

fn variable(cx: &Context, new: VarInput, editor: Option<EnvVarUser>) -> Result<EnvVar> {
    Ok(EnvVar {
        key: input::key(new.key.as_deref().unwrap_or_default())?,
        scopes: input::scopes(&new.scopes.unwrap_or_default())?,
        values: input::values(new.values.unwrap_or_default(), || cx.uuid())?,
        is_secret: new.is_secret.unwrap_or(false),
        updated_at: cx.now(),
        updated_by: editor,
        service_slug: None,
    })
}
