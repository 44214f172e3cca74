//! Environment variables for builds and for signed requests: the builds feature and the edge ask, the
//! accounts feature knows, and the add-ons of a site come between its account's and its own.

use builds::{EnvSource, SiteVariables};
use context::{Context, Result};
use futures_util::future::BoxFuture;
use model::{DeployContext, EnvContext, EnvScope};

/// Variables from the account's and the site's settings.
pub(crate) struct AccountEnv(pub(crate) Context);

impl EnvSource for AccountEnv {
    fn resolve<'a>(
        &'a self,
        account_id: &'a str,
        site_id: &'a str,
        context: DeployContext,
        branch: Option<&'a str>,
    ) -> BoxFuture<'a, Result<SiteVariables>> {
        Box::pin(async move {
            let context = EnvContext::parse(context.as_str()).unwrap_or(EnvContext::Production);
            let mut found =
                accounts::env::resolve(&self.0, account_id, site_id, context, branch, EnvScope::Builds)
                    .await?;
            found.lay_between(addons::instances::variables(&self.0, site_id).await?);
            let marked = |(key, value): (String, String)| {
                let secret = found.secrets.contains(&key);
                (key, (value, secret))
            };
            Ok(found.vars.into_iter().map(marked).collect())
        })
    }
}

impl edge::SecretSource for AccountEnv {
    fn value<'a>(
        &'a self,
        account_id: &'a str,
        site_id: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Result<Option<String>>> {
        Box::pin(async move {
            for scope in EnvScope::ALL {
                let production = EnvContext::Production;
                let mut found =
                    accounts::env::resolve(&self.0, account_id, site_id, production, None, scope).await?;
                if let Some(value) = found.vars.remove(name) {
                    return Ok(Some(value));
                }
            }
            Ok(None)
        })
    }
}
