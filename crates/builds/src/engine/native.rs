//! The server's own engine: the build command, and the files that it leaves.

use super::{Bench, Engine};
use crate::failure::{Outcome, verdict};
use crate::log::section;
use deploys::Built;
use futures_util::future::BoxFuture;

pub(crate) struct Native;

impl Engine for Native {
    fn make<'a>(&'a self, bench: &'a Bench<'a>) -> BoxFuture<'a, Outcome<()>> {
        Box::pin(make(bench))
    }
}

async fn make(bench: &Bench<'_>) -> Outcome<()> {
    match &bench.plan.command {
        Some(command) => verdict(bench.shell(command, section::BUILD).await?, "the build command")?,
        None => {
            let notice = "There is no build command; the files are published as they are.";
            bench.watch.log.say(section::BUILD, notice).await;
        }
    }
    bench.plan.refuse_edge_functions(&bench.space.repo)?;
    let config = bench.plan.toml.clone().filter(|_| !bench.brings_config(&bench.plan.publish));
    bench.publish(&bench.plan.publish, Built { config, ..Built::default() }).await
}
