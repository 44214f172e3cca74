//! `boathook hooks check URL`: sends right and wrong deliveries to a consumer of notifications and
//! says how it took them. It speaks to the consumer alone; no server is asked.

mod consumer;
pub(crate) mod finding;
mod forgeries;
mod manners;
pub(crate) mod peer;
mod report;
mod shipment;

pub(crate) use report::report;

use anyhow::bail;
use clap::Args;
use consumer::{Consumer, PATIENCE};
use finding::Finding;
use reqwest::Url;
use shipment::Kit;
use std::io::Write;
use std::process::ExitCode;

const HELP: &str = "\
The consumer gets about twenty deliveries with a sample deploy in them, most of them forged. Give it the
secret that it verifies with; without one, only manners are checked.

A check that fails means that a forged delivery gets through or that a right one does not. Advice is what
consumers can live without. The exit code is 1 when a check failed.

Examples:
  boathook hooks check http://localhost:3000/webhook --secret \"$SECRET\"
  boathook hooks check https://example.org/in --secret \"$SECRET\" --json";

/// Arguments of `boathook hooks check`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct CheckArgs {
    /// Address of the consumer
    #[arg(value_name = "URL", value_parser = crate::address::consumer)]
    pub url: Url,

    /// Secret that the consumer verifies signatures with
    #[arg(long, env = "BOATHOOK_HOOK_SECRET", value_name = "SECRET", hide_env_values = true)]
    pub secret: Option<String>,

    /// Event named in X-Netlify-Event
    #[arg(long, default_value = "deploy_succeeded", value_name = "EVENT")]
    pub event: String,

    /// Print JSON: {url, passed, findings: [{check, outcome, said, advice}]}
    #[arg(long)]
    pub json: bool,
}

/// Checks the consumer and reports to `out`; the exit code says whether nothing failed.
///
/// # Errors
/// When the address or the secret cannot be used at all.
pub async fn check(args: &CheckArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if !matches!(args.url.scheme(), "http" | "https") {
        bail!("the consumer's address must begin with http:// or https://");
    }
    if args.secret.as_deref() == Some("") {
        bail!("the secret is empty: leave --secret out to check a consumer that verifies nothing");
    }
    let consumer = Consumer::new(args.url.clone(), &args.event, PATIENCE)?;
    let findings = examine(&consumer, args.secret.as_deref()).await?;
    report(&args.url, &findings, args.json, out)
}

/// Every finding, in the order of the report. A consumer that cannot be reached is asked once.
async fn examine(consumer: &Consumer, secret: Option<&str>) -> anyhow::Result<Vec<Finding>> {
    let kit = Kit::new(secret)?;
    let first = consumer.ask(&kit.right()?).await;
    let mut findings = manners::first(&first, consumer.patience());
    if first.status.is_err() {
        return Ok(findings);
    }
    findings.extend(manners::repeats(consumer, &kit).await?);
    match secret {
        Some(_) => {
            let content = manners::content(consumer, &kit).await?;
            findings.extend(forgeries::check(consumer, &kit, content.without_token).await?);
            findings.push(content.finding);
            findings.extend(manners::signed(consumer, &kit).await?);
        }
        None => findings.push(Finding::advice(
            "verifies signatures",
            "not checked: no secret was given",
            "give the hook a secret (data.signature_secret) and the check the same one (--secret): without it anybody who knows the address can send",
        )),
    }
    Ok(findings)
}

#[cfg(test)]
pub(crate) mod stand;
#[cfg(test)]
mod tests;
