//! `boathook events fire EVENT`: has the server send a sample of an event to the hooks of a site, and
//! says how each took it.

use crate::ServerArgs;
use crate::api::Client;
use crate::screen::Screen;
use clap::Args;
use reqwest::Method;
use serde_json::{Value, json};
use std::io::Write;
use std::process::ExitCode;
use std::time::{Duration, Instant};
use url::form_urlencoded::byte_serialize;

/// Rest between two looks at a delivery.
const PAUSE: Duration = Duration::from_millis(200);
/// How long the first tries may take, when nothing else is said.
const WAIT: u64 = 30;

const HELP: &str = "\
The payload is the site's newest deploy, submission, split test or hook, in the state in which the event
would find it; where the site has none, one is made up in its names. To the receivers it is an event like
any other: Slack is told, commit statuses are set. --hook sends it to one hook alone, whatever it listens
to. In the ledger the event is marked as fired.

Examples:
  boathook events fire deploy_succeeded --site calm-boat
  boathook events fire form_submission --site calm-boat --hook 695735a50000000000000001
  boathook events fire deploy_failed --site calm-boat --context deploy-preview --branch feature";

/// Arguments of `boathook events fire`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct FireArgs {
    /// Name of the event
    #[arg(value_name = "EVENT")]
    pub event: String,

    /// The server
    #[command(flatten)]
    pub server: ServerArgs,

    /// Site, by id, name or domain
    #[arg(long, value_name = "SITE")]
    pub site: String,

    /// Only this hook, whatever it listens to
    #[arg(long, value_name = "ID")]
    pub hook: Option<String>,

    /// Context of the deploy: production, deploy-preview or branch-deploy
    #[arg(long, value_name = "CONTEXT")]
    pub context: Option<String>,

    /// Branch of the deploy
    #[arg(long, value_name = "BRANCH")]
    pub branch: Option<String>,

    /// Seconds to wait for the first tries
    #[arg(long, default_value_t = WAIT, value_name = "SECONDS")]
    pub wait: u64,
}

/// Fires the event and follows its deliveries; the exit code says whether all that were sent arrived.
///
/// # Errors
/// When the server refuses.
pub async fn fire(args: &FireArgs, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let api = Client::new(&args.server.resolve()?)?;
    let mut screen = Screen::new(out);
    // In a path, other than in a query, a plus sign is one.
    let part = |text: &str| byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20");
    let path = format!("/sites/{}/events/{}/fire", part(&args.site), part(&args.event));
    let fired = api.call(Method::POST, &path, &body(args)).await?;
    let deliveries = fired["deliveries"].as_array().map(Vec::as_slice).unwrap_or_default();
    screen.line(format!("{} fired as {}.", text(&fired, "event"), text(&fired, "event_id")))?;
    if deliveries.is_empty() {
        screen.line("No hook of the site listens to it; --hook sends it to one that does not.")?;
    }
    let until = Instant::now() + Duration::from_secs(args.wait);
    let mut arrived = true;
    for delivery in deliveries {
        arrived &= follow(&api, delivery, until, &mut screen).await?;
    }
    Ok(if arrived { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn body(args: &FireArgs) -> Value {
    let mut body = json!({});
    for (name, value) in [("hook_id", &args.hook), ("context", &args.context), ("branch", &args.branch)] {
        if let Some(value) = value {
            body[name] = value.as_str().into();
        }
    }
    body
}

/// Looks at a delivery until its first try is on record, and says how it went. Whether it arrived, or
/// was not to.
async fn follow(
    api: &Client,
    delivery: &Value,
    until: Instant,
    screen: &mut Screen<'_>,
) -> anyhow::Result<bool> {
    let hook_id = text(delivery, "hook_id");
    let hook = api.get(&format!("/hooks/{hook_id}")).await?;
    screen.line(format!("  {hook_id}  {}", target(&hook)))?;
    let path = format!("/hooks/{hook_id}/deliveries/{}", text(delivery, "id"));
    loop {
        let now = api.get(&path).await?;
        if let Some((said, arrived)) = outcome(&now) {
            screen.line(format!("    {said}"))?;
            return Ok(arrived);
        }
        if Instant::now() >= until {
            screen.line(format!("    still waiting for its first try; GET {path} shows it later"))?;
            return Ok(false);
        }
        tokio::time::sleep(PAUSE).await;
    }
}

fn target(hook: &Value) -> String {
    let address = text(&hook["data"], "url");
    let kind = text(hook, "type");
    if address.is_empty() { kind.to_owned() } else { format!("{kind} {address}") }
}

/// What there is to say of a delivery that was tried or came to an end, and whether all is well.
fn outcome(delivery: &Value) -> Option<(String, bool)> {
    let state = text(delivery, "state");
    if state == "held" {
        return Some(("held, because the hook is disabled".to_owned(), true));
    }
    let attempt = delivery["attempts"].as_array().and_then(|all| all.last());
    let Some(attempt) = attempt else {
        return (state != "waiting").then(|| (state.to_owned(), state == "delivered"));
    };
    let took = attempt["duration_ms"].as_i64().unwrap_or_default();
    let said = match (attempt["status"].as_i64(), text(attempt, "error"), text(&attempt["request"], "note")) {
        (Some(status), ..) => format!("answered {status} in {took} ms"),
        (None, "", "") => format!("in {took} ms"),
        (None, "", note) => note.to_owned(),
        (None, error, _) => format!("{error} ({took} ms)"),
    };
    let next = match text(delivery, "next_try_at") {
        "" => String::new(),
        at => format!("; next try at {at}"),
    };
    Some((format!("{state}: {said}{next}"), state == "delivered"))
}

/// A text of an answer of the API; empty when it has none.
fn text<'a>(object: &'a Value, key: &str) -> &'a str {
    object[key].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests;
