//! Environment variables for builds: the builds feature asks, the accounts feature knows.

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
            let found =
                accounts::env::resolve(&self.0, account_id, site_id, context, branch, EnvScope::Builds)
                    .await?;
            let marked = |(key, value): (String, String)| {
                let secret = found.secrets.contains(&key);
                (key, (value, secret))
            };
            Ok(found.vars.into_iter().map(marked).collect())
        })
    }
}
