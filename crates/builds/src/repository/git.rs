//! Calls of the `git` command, with nothing of the server's environment or configuration.

use super::source::Login;
use crate::environment::{PATH, find_program};
use crate::failure::{Failure, Outcome};
use crate::log::section;
use crate::process::{Ended, Watch, run};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::process::Command;
use tokio::sync::OnceCell;

/// The whole configuration: repositories on this machine may belong to anybody, nothing of what was
/// checked out may run, and a checkout that is thrown away need not survive a power cut.
const CONFIG: &str = "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tfsync = none\n[protocol \"ext\"]\n\tallow = never\n[advice]\n\tdetachedHead = false\n[submodule]\n\trecurse = false\n";

/// How files that Git LFS keeps are put in their place.
const LFS: &str = "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n\tsmudge = git-lfs smudge -- %f\n\tprocess = git-lfs filter-process\n\trequired = true\n";

/// Writes the configuration into `home`. Credentials go there and not into the checkout, where the
/// build could read them: Git puts them into addresses that begin like the repository's.
pub(super) fn write_config(home: &Path, login: Option<&Login>, lfs: bool) -> Outcome<()> {
    let mut text = CONFIG.to_owned();
    if lfs {
        text.push_str(LFS);
    }
    if let Some(login) = login {
        text.push_str(&format!("[url {}]\n\tinsteadOf = {}\n", quoted(&login.with), quoted(&login.without)));
    }
    std::fs::write(home.join("config"), text).map_err(Failure::disk)
}

/// A text as Git's configuration quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

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
    /// Folder of configuration and key; Git's home.
    pub(crate) home: &'a Path,
    /// The checkout.
    pub(crate) repo: &'a Path,
    /// `GIT_SSH_COMMAND`.
    pub(crate) ssh: String,
    /// Log, time limit and stop.
    pub(crate) watch: &'a Watch,
    /// Transports that it may use, also after a redirect and for submodules.
    protocols: &'static str,
}

impl<'a> Git<'a> {
    pub(crate) fn new(
        home: &'a Path,
        repo: &'a Path,
        ssh: String,
        watch: &'a Watch,
        protocols: &'static str,
    ) -> Self {
        Self { home, repo, ssh, watch, protocols }
    }

    /// The same with other transports.
    pub(super) fn with_protocols(&self, protocols: &'static str) -> Git<'a> {
        Git { ssh: self.ssh.clone(), protocols, ..*self }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        // by its path: a name is looked up in the child, after a fork that copies the server's page tables
        let program = find_program("git").unwrap_or_else(|| PathBuf::from("git"));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", self.home)
            .env("LC_ALL", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.home.join("config"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", self.protocols)
            .env("GIT_SSH_COMMAND", &self.ssh)
            .env("GIT_CEILING_DIRECTORIES", self.home)
            .current_dir(self.home);
        command
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn git_completes_addresses_with_credentials_that_no_checkout_holds() {
        let dir = tempfile::tempdir().expect("a folder");
        let without = "https://h.example/".to_owned();
        let login = Login { with: "https://me:p\"w\\x@h.example/".to_owned(), without: without.clone() };
        for lfs in [false, true] {
            write_config(dir.path(), Some(&login), lfs).expect("written");
            let shown = |arguments: &[&str]| {
                let mut git = std::process::Command::new("git");
                git.args(["config", "--file"]).arg(dir.path().join("config")).args(arguments);
                String::from_utf8_lossy(&git.output().expect("git runs").stdout).trim().to_owned()
            };
            assert_eq!(shown(&["--get", &format!("url.{}.insteadOf", login.with)]), without);
            assert_eq!(shown(&["--get", "core.hooksPath"]), "/dev/null");
            assert_eq!(shown(&["--get", "filter.lfs.required"]), if lfs { "true" } else { "" });
        }
    }
}
