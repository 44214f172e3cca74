//! `boathook addons check URL`: takes a provider through the whole contract of add-ons, by right and
//! wrong calls, and says how it took them. It speaks to the provider alone; no server is asked.

mod call;
mod contents;
mod forgeries;
mod life;
mod manifest;
mod odd;
mod provider;
mod rotation;
mod said;
mod sample;
mod slow;
mod visit;
mod visited;

use crate::check::finding::Finding;
use crate::check::report;
use anyhow::{Context as _, bail};
use call::Kit;
use clap::Args;
use provider::{PATIENCE, Provider};
use reqwest::{Method, Url};
use serde_json::{Map, Value};
use std::io::Write;
use std::process::ExitCode;
use visit::Visit;

const HELP: &str = "\
The provider gets about a hundred calls, some as a server makes them and some that no server makes. It makes
about a dozen instances for a site that does not exist, and is asked to remove each of them again. When its
instances name an endpoint, visitors of that site ask there too. Run it against a provider that may have
visitors of this kind, with the secret that it verifies with.

A provider that answers state: provisioning is waited for, up to a minute. It can call back when it runs on
this machine.

A check that fails means that a server, a site or the provider comes to harm. Advice is what it can live
without. The exit code is 1 when a check failed.

Examples:
  boathook addons check http://localhost:3000 --secret \"$SECRET\"
  boathook addons check https://addon.example.org/api --secret \"$SECRET\" --config '{\"plan\": \"free\"}' --json";

/// Arguments of `boathook addons check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct AddonCheckArgs {
    /// Address that is registered as the add-on's endpoint
    #[arg(value_name = "URL", value_parser = crate::address::provider)]
    pub url: Url,

    /// Secret that the provider verifies calls with
    #[arg(long, env = "BOATHOOK_ADDON_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub secret: String,

    /// Configuration of a sample instance, a JSON object; without it, one is made from the manifest
    #[arg(long, value_name = "JSON")]
    pub config: Option<String>,

    /// Path that a visitor of a site asks for, below the endpoint that an instance names
    #[arg(long, value_name = "PATH", default_value = "/")]
    pub visit: String,

    /// Print JSON: {url, passed, findings: [{check, outcome, said, advice}]}
    #[arg(long)]
    pub json: bool,
}

/// Checks the provider and reports to `out`; the exit code says whether nothing failed.
///
/// # Errors
/// When the address, the secret or the configuration cannot be used at all.
pub async fn check_addon(args: &AddonCheckArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let plain = args.url.query().is_none() && args.url.fragment().is_none();
    if !matches!(args.url.scheme(), "http" | "https") || !plain {
        bail!("the provider's address must begin with http:// or https:// and have no ? and no #");
    }
    if args.secret.is_empty() {
        bail!("the secret is empty: registering an add-on draws one, and until then any will do");
    }
    let config = args.config.as_deref().map(serde_json::from_str::<Map<String, Value>>).transpose();
    let config = config.context("--config is not a JSON object")?;
    if !args.visit.starts_with('/') {
        bail!("--visit takes a path: it begins with a slash");
    }
    let mut provider = Provider::new(&args.url, PATIENCE)?;
    args.visit.clone_into(&mut provider.visited);
    let findings = examine(&provider, &args.secret, config).await?;
    report(&args.url, &findings, args.json, out)
}

/// Every finding, in the order of the report. A provider that cannot be reached is asked once.
async fn examine(
    provider: &Provider,
    secret: &str,
    config: Option<Map<String, Value>>,
) -> anyhow::Result<Vec<Finding>> {
    let mut visit = Visit::new(provider, Kit::new(secret)?, config).await?;
    if !manifest::check(&mut visit).await {
        return Ok(visit.findings);
    }
    live(&mut visit).await?;
    visit.clean_up().await;
    Ok(visit.findings)
}

/// All that needs an instance.
async fn live(visit: &mut Visit<'_>) -> anyhow::Result<()> {
    let Some(made) = life::create(visit).await? else {
        visit.findings.push(Finding::advice(
            "the rest of the contract",
            "not checked: there is no instance to check it with",
            "mend this first, and check again",
        ));
        return Ok(());
    };
    life::read(visit, &made).await;
    life::again(visit, &made).await?;
    life::update(visit, &made).await;
    life::unknown(visit).await?;
    if forgeries::check(visit, &made.instance).await? {
        let call = visit.kit.on(Method::GET, &made.instance);
        rotation::check(visit, &call, &rotation::MANAGING).await;
    }
    let visited = visited::check(visit, &made).await?;
    odd::check(visit, &made).await?;
    life::remove(visit, &made, visited.as_ref()).await
}

#[cfg(test)]
mod careless;
#[cfg(test)]
mod tests;
