//! Calls of the `git` command, with nothing of the server's environment or configuration.

use super::source::PROTOCOLS;
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::{Ended, Watch, run};
use std::path::Path;
use tokio::process::Command;

/// The whole configuration: repositories on this machine may belong to anybody, and nothing of
/// what was checked out may run.
pub(crate) const CONFIG: &str = "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n[protocol \"ext\"]\n\tallow = never\n[advice]\n\tdetachedHead = false\n[submodule]\n\trecurse = false\n";

/// Where Git works.
pub(crate) struct Git<'a> {
    /// Folder of configuration and key; Git's home.
    pub(crate) home: &'a Path,
    /// The checkout.
    pub(crate) repo: &'a Path,
    /// `GIT_SSH_COMMAND`.
    pub(crate) ssh: String,
    /// Log, time limit and stop.
    pub(crate) watch: &'a Watch,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        command
            .args(arguments)
            .env_clear()
            .env("PATH", crate::environment::PATH)
            .env("HOME", self.home)
            .env("LC_ALL", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.home.join("config"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", PROTOCOLS)
            .env("GIT_SSH_COMMAND", &self.ssh)
            .env("GIT_CEILING_DIRECTORIES", self.home)
            .current_dir(self.home);
        command
    }

    /// Runs Git with its complaints in the log; whether it ended well, and what it printed.
    pub(crate) async fn call(&self, arguments: &[&str]) -> Outcome<(bool, Vec<String>)> {
        let ended = run(self.command(arguments), None, section::CLONE, self.watch).await.map_err(missing)?;
        let Ended { status, tail } = ended;
        Ok((self.watch.judge(status)?.success(), tail))
    }

    /// What Git prints in the checkout; nothing when it fails.
    pub(crate) async fn read(&self, arguments: &[&str]) -> Outcome<Option<String>> {
        let mut command = self.command(arguments);
        command.current_dir(self.repo).kill_on_drop(true);
        let output = command.output().await.map_err(missing)?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}

fn missing(error: std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::build("the server has no git command");
    }
    Failure::disk(error)
}
