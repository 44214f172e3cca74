//! `boathook listen`: forwards the deliveries of a hook to an address on this machine, over a
//! connection to the server that this side opens.

mod forward;
mod sse;

use crate::ServerArgs;
use crate::api::Client;
use crate::screen::Screen;
use anyhow::Context as _;
use clap::Args;
use forward::{Forwarder, Letter};
use reqwest::{Response, Url};
use serde_json::Value;
use sse::{Event, Feed};
use std::io::Write;
use std::time::Duration;

/// Most deliveries that can be asked for again.
const REPLAY_MAX: u32 = 100;
/// Rest before a lost connection is made again; it doubles up to [`REST_MAX`].
const REST: Duration = Duration::from_secs(1);
/// Longest rest.
const REST_MAX: Duration = Duration::from_secs(15);

const HELP: &str = "\
Each delivery is posted with the bytes and headers with which the hook's own address gets it, signatures
included; the time stamp is that of the forwarding. The hook itself and its deliveries stay as they are:
its address is called as ever, and what is held for a disabled hook is forwarded all the same. When the
connection is lost it is made again, and what happened meanwhile follows.

Examples:
  boathook listen --hook 695735a50000000000000001 --forward http://localhost:3000/webhook
  boathook listen --hook 695735a50000000000000001 --forward http://localhost:3000/webhook --replay last:10";

/// Arguments of `boathook listen`.
#[derive(Args, Clone, Debug)]
#[command(after_help = HELP)]
pub struct ListenArgs {
    /// The server
    #[command(flatten)]
    pub server: ServerArgs,

    /// Hook to listen to
    #[arg(long, value_name = "ID")]
    pub hook: String,

    /// Address to forward to
    #[arg(long, value_name = "URL", value_parser = crate::address::consumer)]
    pub forward: Url,

    /// Send the last deliveries first: last:1 to last:100
    #[arg(long, value_name = "last:N", value_parser = replay)]
    pub replay: Option<u32>,
}

fn replay(text: &str) -> Result<u32, String> {
    let count = text.strip_prefix("last:").and_then(|count| count.parse().ok());
    let fits = |count: &u32| (1..=REPLAY_MAX).contains(count);
    count.filter(fits).ok_or_else(|| format!("it looks like last:10, from last:1 to last:{REPLAY_MAX}"))
}

/// Forwards until Ctrl-C, or until the hook is gone.
///
/// # Errors
/// When the server cannot be reached at the start, or refuses.
pub async fn listen(args: &ListenArgs, out: &mut dyn Write) -> anyhow::Result<()> {
    let mut screen = Screen::new(out);
    let mut session = Session {
        api: Client::new(&args.server.resolve()?)?,
        forwarder: Forwarder::new(args.forward.clone())?,
        path: format!("/hooks/{}/listen", args.hook),
        last: None,
    };
    let query = args.replay.map(|count| format!("?replay={count}")).unwrap_or_default();
    let first = session.api.stream(&format!("{}{query}", session.path), None).await?;
    screen.line(format!("Forwarding to {}; Ctrl-C ends.", args.forward))?;
    tokio::select! {
        outcome = session.follow(first, &mut screen) => outcome,
        interrupted = tokio::signal::ctrl_c() => interrupted.context("cannot wait for Ctrl-C"),
    }
}

/// How a stream ended.
#[derive(Debug, PartialEq, Eq)]
enum End {
    Lost,
    Gone,
}

struct Session {
    api: Client,
    forwarder: Forwarder,
    path: String,
    /// Where the stream goes on.
    last: Option<String>,
}

impl Session {
    /// Reads stream after stream.
    async fn follow(&mut self, first: Response, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        let mut stream = first;
        while self.read(stream, screen).await? == End::Lost {
            stream = self.connect(screen).await?;
        }
        screen.line("The hook was deleted.")?;
        Ok(())
    }

    async fn read(&mut self, mut stream: Response, screen: &mut Screen<'_>) -> anyhow::Result<End> {
        let mut feed = Feed::default();
        while let Ok(Some(bytes)) = stream.chunk().await {
            for event in feed.push(&bytes)? {
                let gone = event.name == "end";
                self.take(event, screen).await?;
                if gone {
                    return Ok(End::Gone);
                }
            }
        }
        Ok(End::Lost)
    }

    /// Forwards a delivery; it counts as had only then.
    async fn take(&mut self, event: Event, screen: &mut Screen<'_>) -> anyhow::Result<()> {
        match event.name.as_str() {
            "delivery" => {
                let letter: Letter = serde_json::from_str(&event.data)
                    .context("the server sends deliveries in a form that this version does not know")?;
                self.forwarder.forward(&letter, screen).await?;
            }
            "trouble" => screen.line(format!("a delivery could not be made: {}", message(&event.data)))?,
            _ => {}
        }
        self.last = event.id.or(self.last.take());
        Ok(())
    }

    /// Connects again. What the server refuses it will refuse for ever, save when it is busy.
    async fn connect(&self, screen: &mut Screen<'_>) -> anyhow::Result<Response> {
        let mut rest = REST;
        let mut told = false;
        loop {
            match self.api.stream(&self.path, self.last.as_deref()).await {
                Ok(stream) => {
                    if told {
                        screen.line("Connected again.")?;
                    }
                    return Ok(stream);
                }
                Err(error) if refused(&error) => return Err(error),
                Err(_) if told => {}
                Err(error) => {
                    screen.line(format!("The connection is lost: {error}. Trying again …"))?;
                    told = true;
                }
            }
            tokio::time::sleep(rest).await;
            rest = (rest * 2).min(REST_MAX);
        }
    }
}

/// The sentence in an event of the server; the event as it is when there is none.
fn message(data: &str) -> String {
    let said = serde_json::from_str::<Value>(data).ok();
    said.as_ref().and_then(|said| said["message"].as_str()).unwrap_or(data).to_owned()
}

/// Whether the server itself said no, for good.
fn refused(error: &anyhow::Error) -> bool {
    let said = error.to_string();
    ["401", "403", "404", "422"].iter().any(|status| said.contains(&format!("was refused with {status}")))
}

#[cfg(test)]
mod tests;
