//! The engine for plugins and functions: a pinned `@netlify/build`, started as the hosted service
//! starts it. It reads `netlify.toml` by itself, and asks over a socket for the deploy when the files
//! are there, so that what plugins do after the deploy sees it live.

mod ended;
mod flags;
mod headings;
mod outputs;
pub(crate) mod pass;
mod socket;

use super::{Bench, Engine};
use crate::builder::{Builder, VERSION, node};
use crate::configuration::FILE;
use crate::failure::{Failure, Outcome};
use crate::log::section;
use futures_util::future::BoxFuture;
use parking_lot::Mutex;
use socket::{Answer, Deployer, Request, Socket};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

/// What runs the build; it imports the builder by its path.
const LAUNCHER: &str = include_str!("launch.mjs");

/// Files of the build's home that the two sides share.
mod file {
    pub(super) const LAUNCHER: &str = ".boathook-build.mjs";
    pub(super) const FLAGS: &str = ".boathook-flags.json";
    pub(super) const SOCKET: &str = ".boathook.sock";
    pub(super) const ENDED: &str = ".boathook-ended.json";
}

pub(crate) struct Netlify;

impl Engine for Netlify {
    fn make<'a>(&'a self, bench: &'a Bench<'a>) -> BoxFuture<'a, Outcome<()>> {
        Box::pin(make(bench))
    }
}

async fn make(bench: &Bench<'_>) -> Outcome<()> {
    let builder = Builder::of(&bench.of.cx.settings);
    builder.ready(bench.watch).await?;
    let home = &bench.space.home;
    let socket = Socket::open(&home.join(file::SOCKET)).map_err(Failure::disk)?;
    let flags = flags::of(bench, builder.folder());
    leave(home, file::FLAGS, flags.to_string().as_bytes()).map_err(Failure::disk)?;
    leave(home, file::LAUNCHER, LAUNCHER.as_bytes()).map_err(Failure::disk)?;
    let deployment = Deployment { bench, end: Mutex::new(None) };
    let mut room = bench.room();
    room.readable.push(builder.folder().to_owned());
    // a site may have brought a Node of its own, on which the builder need not run
    let node = node().unwrap_or_else(|| PathBuf::from("node"));
    let script = format!("exec {} \"$HOME/{}\"", node.display(), file::LAUNCHER);
    // until it says something itself, its start would count to whatever came before
    bench.watch.log.say(section::BUILD, format!("Starting @netlify/build {VERSION}")).await;
    bench.watch.log.follow_headings(section::BUILD, headings::section_of);
    let ended = tokio::select! {
        ended = bench.run(&room, &script, section::BUILD) => ended,
        never = socket.serve(&deployment) => match never {},
    };
    conclude(bench, ended, deployment.end.into_inner()).await
}

/// Writes a file for the build to read, where nothing may be yet.
fn leave(home: &Path, name: &str, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
    let mut file =
        std::fs::OpenOptions::new().write(true).create_new(true).mode(0o644).open(home.join(name))?;
    // nobody else comes through the home of a build, whatever the server's mask takes away
    file.set_permissions(std::fs::Permissions::from_mode(0o644))?;
    file.write_all(bytes)
}

/// The deploy that the builder asks for, once.
struct Deployment<'a> {
    bench: &'a Bench<'a>,
    end: Mutex<Option<Outcome<()>>>,
}

impl Deployer for Deployment<'_> {
    fn deploy(&self, request: Request) -> BoxFuture<'_, Answer> {
        Box::pin(async move {
            if self.end.lock().is_some() {
                return Answer::refused("the build has deployed already");
            }
            let outcome = self.publish(&request).await;
            let answer = match &outcome {
                Ok(()) => Answer::done(),
                Err(Failure::Build(why)) => Answer::refused(why),
                Err(_) => Answer::refused("the server could not take the deploy in"),
            };
            *self.end.lock() = Some(outcome);
            answer
        })
    }
}

impl Deployment<'_> {
    async fn publish(&self, request: &Request) -> Outcome<()> {
        let (plan, repo) = (self.bench.plan, self.bench.space.repo.clone());
        let folder = rules::config::join_inside("", &request.deploy_dir)
            .map_err(|why| Failure::Build(format!("the publish directory cannot be used: {why}")))?;
        let file = plan.file.clone().unwrap_or_else(|| repo.join(FILE));
        let base = plan.base.clone();
        let read = crate::workspace::blocking(move || Ok(outputs::read(&repo, &base, &file)));
        let mut built = read.await??;
        // while the deploy is asked for, the file says what plugins made of it
        let is_old = built.config == plan.toml;
        built.config = built.config.filter(|_| !(is_old && self.bench.brings_config(&folder)));
        self.bench.publish(&folder, built).await
    }
}

/// What a build comes to whose process ended so and whose deploy ended so. Whatever plugins do
/// after the deploy is live takes nothing of it back.
async fn conclude(
    bench: &Bench<'_>,
    ended: Outcome<ExitStatus>,
    deployed: Option<Outcome<()>>,
) -> Outcome<()> {
    match deployed {
        Some(Ok(())) => {
            if !ended.is_ok_and(|status| status.success()) {
                let notice = "Something failed after the deploy was ready; the deploy stays.";
                bench.watch.log.complain(bench.watch.log.section(), notice).await;
            }
            Ok(())
        }
        Some(Err(failure)) => Err(failure),
        None => Err(ended::failure(ended?, &bench.space.home)),
    }
}
