//! Calls of the `git` command, with nothing of the server's environment or configuration.

use super::home::Home;
use crate::environment::PATH;
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::{Ended, Watch, run};
use std::path::Path;
use std::process::Stdio;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// Whether this machine has Git LFS.
pub(super) async fn lfs_works() -> bool {
    static WORKS: OnceCell<bool> = OnceCell::const_new();
    let ask = || async {
        let mut command = Command::new("git-lfs");
        command.arg("version").env("PATH", PATH);
        let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().await.is_ok_and(|status| status.success())
    };
    *WORKS.get_or_init(ask).await
}

/// Where Git works.
pub(crate) struct Git<'a> {
    /// Its home.
    pub(super) home: &'a Home,
    /// The checkout.
    pub(crate) repo: &'a Path,
    /// Log, time limit and stop.
    pub(crate) watch: &'a Watch,
    /// Transports that it may use, also after a redirect and for submodules.
    pub(super) protocols: &'static str,
}

impl Git<'_> {
    fn command(&self, arguments: &[&str]) -> Command {
        self.home.command(arguments, self.protocols)
    }

    /// Runs Git with its complaints in the log; whether it ended well, and what it printed.
    pub(crate) async fn call(&self, arguments: &[&str]) -> Outcome<(bool, Vec<String>)> {
        let ended = run(self.command(arguments), section::CLONE, self.watch).await.map_err(missing)?;
        let Ended { status, tail } = ended;
        Ok((self.watch.judge(status)?.success(), tail))
    }

    /// Runs Git in the checkout with its complaints in the log; it has to end well.
    pub(crate) async fn must(&self, arguments: &[&str]) -> Outcome<()> {
        let mut command = self.command(arguments);
        command.current_dir(self.repo);
        let Ended { status, tail } = run(command, section::CLONE, self.watch).await.map_err(missing)?;
        if self.watch.judge(status)?.success() {
            return Ok(());
        }
        let complaint = tail.iter().find(|line| line.starts_with("fatal:")).or(tail.last());
        let complaint = complaint.map_or("", |line| line.trim_start_matches("fatal:").trim());
        let what = arguments.first().copied().unwrap_or_default();
        Err(Failure::Build(format!("git {what} failed: {complaint}")))
    }

    /// Runs Git in the checkout; whether it ended well, and its complaints, which may be no fault.
    pub(crate) async fn quietly(&self, arguments: &[&str]) -> Outcome<(bool, Vec<String>)> {
        let mut command = self.command(arguments);
        command.current_dir(self.repo).kill_on_drop(true).stdin(Stdio::null());
        let output = tokio::time::timeout_at(self.watch.deadline, command.output());
        let output = tokio::select! {
            output = output => output,
            () = self.watch.stop.cancelled() => return Err(Failure::Cancelled),
        };
        let Ok(output) = output else {
            return Err(Failure::build("the build took too long to get its code"));
        };
        let output = output.map_err(missing)?;
        let lines = String::from_utf8_lossy(&output.stderr).lines().map(str::to_owned).collect();
        Ok((output.status.success(), lines))
    }

    /// Whether a commit is in the checkout.
    pub(crate) async fn knows(&self, commit: &str) -> Outcome<bool> {
        Ok(self.read(&["cat-file", "-e", &format!("{commit}^{{commit}}")]).await?.is_some())
    }

    /// What Git prints in the checkout; nothing when it fails.
    pub(crate) async fn read(&self, arguments: &[&str]) -> Outcome<Option<String>> {
        let mut command = self.command(arguments);
        command.current_dir(self.repo).kill_on_drop(true);
        let output = command.output().await.map_err(missing)?;
        Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned()))
    }
}

pub(super) fn missing(error: std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::NotFound {
        return Failure::build("the server has no git command");
    }
    Failure::disk(error)
}
