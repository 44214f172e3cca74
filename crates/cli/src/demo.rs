//! `boathook demo`: a sample site, a hook, and the signed delivery that a second deploy causes,
//! through nothing but the public API.

mod deploy;
pub(crate) mod receiver;
mod verify;

use crate::ServerArgs;
use crate::api::Client;
use crate::screen::Screen;
use crate::server::Server;
use anyhow::{Context as _, bail};
use clap::Args;
use deploy::Deployed;
use receiver::{Delivery, Receiver};
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::time::Duration;

/// Events the hook listens to.
const EVENTS: [&str; 3] = ["deploy_created", "deploy_building", "deploy_succeeded"];
/// The event that is waited for and shown.
const SHOWN: &str = "deploy_succeeded";
/// How long the delivery may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Characters of the delivery's body that are shown.
const EXCERPT: usize = 400;
/// Random bytes of the hook's secret.
const SECRET_BYTES: usize = 24;

const HELP: &str = "\
Makes a site and deploys it twice, with a hook in between that points to a receiver inside this command.
The site stays, so that you can look at it; the hook is removed, since its receiver ends with the command.
The server must run on this machine and listen on loopback.";

/// Arguments of `boathook demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct DemoArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,

    /// Name of the site; the server chooses one when it is not given
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,

    /// Leave the hook in place too
    #[arg(long)]
    pub keep: bool,
}

/// Runs the demonstration and tells its story to `out`.
///
/// # Errors
/// When the server refuses a step, or the delivery does not come or is not signed as it should be.
pub async fn demo(args: &DemoArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let server = args.server.resolve()?;
    let api = Client::new(&server)?;
    let mut screen = Screen::new(out);
    let site = make_site(&api, args.name.as_deref()).await?;
    screen.line(format!("1. Made the site {}.", text(&site, "name")))?;
    let first = deploy::deploy(&api, text(&site, "id"), 1).await?;
    screen.step(format!("2. Deployed {} files to it. It is live:", first.files))?;
    screen.indented(text(&site, "ssl_url"))?;
    let (delivery, second) = listen(&api, &site, args.keep, &mut screen).await?;
    screen.step("5. This came in, signed, before anybody had to ask for it:")?;
    show(&delivery, &mut screen)?;
    close(&server, &site, &second, args.keep, &mut screen)
}

async fn make_site(api: &Client, name: Option<&str>) -> anyhow::Result<Value> {
    let body = name.map_or_else(|| json!({}), |name| json!({ "name": name }));
    let site = api.call(Method::POST, "/sites", &body).await.context("cannot make a site")?;
    if text(&site, "id").is_empty() {
        bail!("the server's answer to a new site has no id: is it a Boathook server?");
    }
    Ok(site)
}

/// Adds the hook, deploys again, and gives what arrived. The hook goes away whatever happened, unless
/// it is to be kept.
async fn listen(
    api: &Client,
    site: &Value,
    keep: bool,
    screen: &mut Screen<'_>,
) -> anyhow::Result<(Verified, Deployed)> {
    let mut receiver = Receiver::start().await.context("cannot listen on this machine")?;
    let secret = random_secret()?;
    let hook = add_hook(api, text(site, "id"), &receiver.address(), &secret).await?;
    screen
        .step("3. Added a hook that tells this command of deploys, with a secret that signs what it says:")?;
    screen.indented(&format!("{} -> {}", EVENTS.join(", "), receiver.address()))?;
    let outcome = deploy_and_wait(api, site, &mut receiver, &secret, screen).await;
    if !keep {
        let removed = api.delete(&format!("/hooks/{}", text(&hook, "id"))).await;
        if outcome.is_ok() {
            removed.context("cannot remove the hook")?;
        }
    }
    outcome
}

async fn add_hook(api: &Client, site_id: &str, url: &str, secret: &str) -> anyhow::Result<Value> {
    let data = json!({ "url": url, "signature_secret": secret });
    let body = json!({ "type": "url", "event": EVENTS[0], "events": EVENTS, "data": data });
    let hook = api.call(Method::POST, &format!("/hooks?site_id={site_id}"), &body).await;
    hook.context(
        "cannot add a hook: does the server allow loopback addresses? One that listens on loopback does",
    )
}

async fn deploy_and_wait(
    api: &Client,
    site: &Value,
    receiver: &mut Receiver,
    secret: &str,
    screen: &mut Screen<'_>,
) -> anyhow::Result<(Verified, Deployed)> {
    let deployed = deploy::deploy(api, text(site, "id"), 2).await?;
    screen.step(format!("4. Deployed again; only {} changed and was uploaded.", files(deployed.uploaded)))?;
    let delivery = tokio::time::timeout(PATIENCE, wanted(receiver)).await;
    let delivery = delivery.with_context(|| {
        format!(
            "no delivery arrived within {} seconds: does the server run on this machine?",
            PATIENCE.as_secs()
        )
    })??;
    let token = delivery.header("X-Webhook-Signature").context("the delivery has no X-Webhook-Signature")?;
    let claims = verify::claims(token, &delivery.body, secret.as_bytes())?;
    Ok((Verified { claims, delivery }, deployed))
}

async fn wanted(receiver: &mut Receiver) -> anyhow::Result<Delivery> {
    loop {
        let delivery = receiver.next().await.context("the receiver stopped")?;
        if delivery.header("X-Netlify-Event") == Some(SHOWN) {
            return Ok(delivery);
        }
    }
}

/// A delivery and what its signature says.
struct Verified {
    delivery: Delivery,
    claims: String,
}

fn show(verified: &Verified, screen: &mut Screen<'_>) -> anyhow::Result<()> {
    let Verified { delivery, claims } = verified;
    screen.indented(&delivery.request_line)?;
    for (name, value) in &delivery.headers {
        screen.indented(&format!("{name}: {value}"))?;
    }
    screen.line("")?;
    let body = String::from_utf8_lossy(&delivery.body);
    let rest = body.chars().count().saturating_sub(EXCERPT);
    let more = if rest == 0 { String::new() } else { format!("… and {rest} more characters") };
    screen.indented(&format!("{}{more}", body.chars().take(EXCERPT).collect::<String>()))?;
    screen.step(
        "   The signature is right: the token X-Webhook-Signature was made with the hook's secret over",
    )?;
    screen.line("   exactly this body. What it says:")?;
    screen.indented(claims)?;
    Ok(())
}

fn close(
    server: &Server,
    site: &Value,
    second: &Deployed,
    keep: bool,
    screen: &mut Screen<'_>,
) -> anyhow::Result<()> {
    let name = text(site, "name");
    let root = server.address();
    screen.step("Open these to see the rest:")?;
    screen.indented(&format!("the site        {}", text(site, "ssl_url")))?;
    screen.indented(&format!("this deploy     {}", second.permalink))?;
    screen.indented(&format!("the dashboard   {root}/sites/{name}"))?;
    screen.indented(&format!("every event     {root}/events?site_id={}", text(site, "id")))?;
    let hook = if keep { "stays, but its receiver ends now" } else { "is removed again" };
    screen.step(format!("The site stays; the hook {hook}. Delete the site on its page in the dashboard."))?;
    Ok(())
}

fn files(count: usize) -> String {
    if count == 1 { "1 file".to_owned() } else { format!("{count} files") }
}

fn random_secret() -> anyhow::Result<String> {
    let mut bytes = [0; SECRET_BYTES];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("this machine has no random numbers: {error}"))?;
    Ok(hex::encode(bytes))
}

/// A text of an answer of the API; empty when it has none.
fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
