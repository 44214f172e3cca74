//! What an engine works with, and the two things every engine does: running something in the
//! sandbox, and publishing what came out.

use crate::configuration::{FILE, Plan};
use crate::failure::Outcome;
use crate::log::section;
use crate::process::Watch;
use crate::publish::real_folder;
use crate::sandbox::{Room, Sandbox, run};
use crate::workspace::Workspace;
use context::Context;
use deploys::Built;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitStatus;
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites::SiteRow;
use tokio::sync::SetOnce;

/// Which site, deploy and build it is about.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) cx: &'a Context,
    pub(crate) site: &'a SiteRow,
    pub(crate) deploy: &'a DeployRow,
    pub(crate) build: &'a BuildRow,
    /// The branch that is checked out.
    pub(crate) branch: &'a str,
}

/// What an engine works with.
pub(crate) struct Bench<'a> {
    pub(crate) of: Site<'a>,
    pub(crate) watch: &'a Watch,
    pub(crate) sandbox: &'a dyn Sandbox,
    pub(crate) space: &'a Workspace,
    pub(crate) plan: &'a Plan,
    /// The base directory on disk.
    pub(crate) folder: PathBuf,
    pub(crate) environment: &'a BTreeMap<String, String>,
    /// With which the build asks the API about its site; where its engine does.
    pub(crate) token: Option<String>,
    /// Set when it is written down what is built.
    pub(crate) noted: &'a SetOnce<()>,
}

/// Milliseconds as the builder writes them: `15ms`, `4.8s`, `2m 3.4s`.
fn took(millis: i64) -> String {
    let (minutes, rest) = (millis / 60_000, millis % 60_000);
    match (minutes, rest) {
        (0, 0..1000) => format!("{rest}ms"),
        (0, _) => format!("{}.{}s", rest / 1000, rest % 1000 / 100),
        _ => format!("{minutes}m {}.{}s", rest / 1000, rest % 1000 / 100),
    }
}

impl Bench<'_> {
    /// Runs a command of the site in its base directory, and shows it and how long it took.
    pub(crate) async fn shell(&self, script: &str, part: &'static str) -> Outcome<ExitStatus> {
        self.watch.check()?;
        let began = self.of.cx.now();
        self.watch.log.say(part, format!("$ {script}")).await;
        let status = self.run(&self.room(), script, part).await?;
        self.watch.log.say(part, format!("(took {})", took(self.of.cx.now().0 - began.0))).await;
        Ok(status)
    }

    /// The room of the build, beginning in its base directory.
    pub(crate) fn room(&self) -> Room {
        Room::of_build(&self.of.cx.settings, self.space, self.folder.clone())
    }

    /// Whether a folder of the checkout has a `netlify.toml` of its own to deploy.
    pub(crate) fn brings_config(&self, folder: &str) -> bool {
        self.space.repo.join(folder).join(FILE).symlink_metadata().is_ok()
    }

    /// Runs a script in the sandbox, with the build's environment.
    pub(crate) async fn run(&self, room: &Room, script: &str, part: &'static str) -> Outcome<ExitStatus> {
        run(self.sandbox, room, script, self.environment, part, self.watch).await
    }

    /// Publishes a folder of the checkout with the rest of what was built.
    pub(crate) async fn publish(&self, folder: &str, built: Built) -> Outcome<()> {
        self.watch.check()?;
        let publish = real_folder(&self.space.repo, folder)?;
        let shown = if folder.is_empty() { "/" } else { folder };
        self.watch.log.say(section::UPLOAD, format!("Deploying `{shown}`")).await;
        let framework = self.plan.framework.clone();
        // a deploy is building before it is ready, in its row and for whoever hears of it
        self.noted.wait().await;
        let built = Built { root: self.space.repo.clone(), publish, framework, ..built };
        let (cx, deploy) = (self.of.cx, self.of.deploy);
        deploys::publish_built(cx, &deploy.id, built).await?;
        let address = cx.addresses().deploy_url(&deploy.id, &self.of.site.name);
        self.watch.log.say(section::PUBLISH, format!("The deploy is ready: {address}")).await;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        for (millis, expect) in [
            (0, "0ms"),
            (999, "999ms"),
            (1000, "1.0s"),
            (4876, "4.8s"),
            (59_999, "59.9s"),
            (123_456, "2m 3.4s"),
        ] {
            assert_eq!(took(millis), expect);
        }
    }
}
