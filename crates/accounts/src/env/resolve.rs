//! What a build or function of a site really gets: the account's variables, overlaid by the site's.

use super::{open, place};
use context::{Context, Result};
use model::{EnvContext, EnvScope};
use std::collections::{BTreeMap, BTreeSet};
use store::env_vars;

/// Variables in the clear. Never to be logged or shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Resolved {
    /// Values by key.
    pub vars: BTreeMap<String, String>,
    /// Keys whose values must be masked in logs.
    pub secrets: BTreeSet<String>,
    /// Keys whose values the site itself has, not its account.
    pub of_site: BTreeSet<String>,
}

/// The variables of a site that are handed to `scope` in `context` on `branch`. A variable of the
/// site wins over one of the account where it has a value for the context.
///
/// # Errors
/// [`context::Error::NotFound`] when the account has no such site.
pub async fn resolve(
    cx: &Context,
    account_id: &str,
    site_id: &str,
    context: EnvContext,
    branch: Option<&str>,
    scope: EnvScope,
) -> Result<Resolved> {
    let mut db = cx.read().await?;
    let shared = place(&mut db, account_id, None).await?;
    let own = place(&mut db, account_id, Some(site_id)).await?;
    let mut rows = env_vars::list(&mut db, &shared).await?;
    let of_account = rows.len();
    rows.extend(env_vars::list(&mut db, &own).await?);
    drop(db);
    let mut resolved = Resolved::default();
    for (at, row) in rows.into_iter().enumerate().filter(|(_, row)| row.scopes.contains(&scope)) {
        let var = open(cx, row)?;
        if let Some(value) = var.value_for(context, branch) {
            resolved.put(&var.key, value, var.is_secret);
            if at >= of_account {
                resolved.of_site.insert(var.key.clone());
            }
        }
    }
    Ok(resolved)
}

impl Resolved {
    /// Lays secrets from elsewhere over the account's variables and under the site's.
    pub fn lay_between(&mut self, others: BTreeMap<String, String>) {
        for (key, value) in others {
            if !self.of_site.contains(&key) {
                self.put(&key, &value, true);
            }
        }
    }

    fn put(&mut self, key: &str, value: &str, is_secret: bool) {
        self.vars.insert(key.to_owned(), value.to_owned());
        if is_secret {
            self.secrets.insert(key.to_owned());
        } else {
            self.secrets.remove(key);
        }
    }
}
