//! Git's home: its whole configuration and that of ssh, away from the checkout, where the code could
//! read it. Git connects through a gate; ssh and `git://`, which cannot, to addresses that were judged.

use super::git::Git;
use super::source::{Dialled, Login};
use crate::environment::{PATH, find_program};
use crate::failure::{Failure, Outcome};
use crate::process::Watch;
use crate::shell;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use tokio::process::Command;

/// What holds for every repository: those on this machine may belong to anybody, nothing of what was
/// checked out may run, and a checkout that is thrown away need not survive a power cut.
const CONFIG: &str = "[safe]\n\tdirectory = *\n[core]\n\thooksPath = /dev/null\n\tfsmonitor = false\n\tfsync = none\n[protocol \"ext\"]\n\tallow = never\n[advice]\n\tdetachedHead = false\n[submodule]\n\trecurse = false\n";

/// How files that Git LFS keeps are put in their place.
const LFS: &str = "[filter \"lfs\"]\n\tclean = git-lfs clean -- %f\n\tsmudge = git-lfs smudge -- %f\n\tprocess = git-lfs filter-process\n\trequired = true\n";

/// What ssh is told of hosts that nobody judged: a name that there never is (RFC 6761).
const NOWHERE: &str = "Host *\n\tHostName not-judged.invalid\n";

/// Git's home.
#[derive(Clone, Debug, Default)]
pub(super) struct Home {
    /// The folder.
    pub(super) folder: PathBuf,
    /// Completes addresses of the repository's host.
    pub(super) login: Option<Login>,
    /// The file of the deploy key.
    pub(super) key: Option<PathBuf>,
    /// Where ssh remembers hosts.
    pub(super) known_hosts: PathBuf,
    /// Whether files that Git LFS keeps are put in their place.
    pub(super) lfs: bool,
    /// The gate.
    pub(super) proxy: String,
    /// Addresses of hosts that are not dialled through it.
    pub(super) judged: BTreeMap<Dialled, IpAddr>,
}

impl Home {
    /// Writes the configuration down.
    pub(super) fn write(&self) -> Outcome<()> {
        std::fs::write(self.folder.join("config"), self.config()).map_err(Failure::disk)?;
        std::fs::write(self.folder.join("ssh"), self.ssh_config()).map_err(Failure::disk)
    }

    /// Git for a checkout, with these transports.
    pub(super) fn git<'a>(&'a self, repo: &'a Path, watch: &'a Watch, protocols: &'static str) -> Git<'a> {
        Git { home: self, repo, watch, protocols }
    }

    /// A call of Git, with nothing of the server's environment or configuration.
    pub(super) fn command(&self, arguments: &[&str], protocols: &str) -> Command {
        // by its path: a name is looked up in the child, after a fork that copies the server's page tables
        let program = find_program("git").unwrap_or_else(|| PathBuf::from("git"));
        let mut command = Command::new(program);
        command
            .args(arguments)
            .env_clear()
            .env("PATH", PATH)
            .env("HOME", &self.folder)
            .env("LC_ALL", "C.UTF-8")
            .env("LANGUAGE", "en")
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .env("GIT_CONFIG_GLOBAL", self.folder.join("config"))
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_ALLOW_PROTOCOL", protocols)
            .env("GIT_SSH_COMMAND", self.ssh())
            .env("GIT_CEILING_DIRECTORIES", &self.folder)
            .current_dir(&self.folder);
        command
    }

    fn config(&self) -> String {
        let mut text = format!("{CONFIG}[http]\n\tproxy = {}\n", quoted(&self.proxy));
        if self.lfs {
            text.push_str(LFS);
        }
        let pairs = self.judged.iter().filter_map(|(dialled, address)| dialled.instead(*address));
        let login = self.login.iter().map(|login| (login.with.clone(), login.without.clone()));
        for (with, without) in login.chain(pairs) {
            text.push_str(&format!("[url {}]\n\tinsteadOf = {}\n", quoted(&with), quoted(&without)));
        }
        text
    }

    /// Hosts by the address that was judged, known by the names that they have without that.
    fn ssh_config(&self) -> String {
        let mut text = String::new();
        for (dialled, address) in self.judged.iter().filter(|(dialled, _)| dialled.ssh) {
            let Dialled { host, port, .. } = dialled;
            let alias = if *port == 22 { host.clone() } else { format!("[{host}]:{port}") };
            text.push_str(&format!("Host {host}\n\tHostName {address}\n\tHostKeyAlias {alias}\n"));
        }
        text + NOWHERE
    }

    /// What `GIT_SSH_COMMAND` is: nobody is asked anything, an unknown host is remembered, and a host
    /// whose key changed is refused. Git hands it to a shell.
    fn ssh(&self) -> String {
        let mut command = format!("ssh -F {}", shell::quoted(&self.folder.join("ssh")));
        command.push_str(" -o BatchMode=yes -o StrictHostKeyChecking=accept-new");
        command.push_str(&format!(" -o UserKnownHostsFile={}", shell::quoted(&self.known_hosts)));
        if let Some(key) = &self.key {
            command.push_str(&format!(" -o IdentitiesOnly=yes -i {}", shell::quoted(key)));
        }
        command
    }
}

/// A text as Git's configuration quotes it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    fn home(folder: &Path) -> Home {
        Home {
            folder: folder.to_owned(),
            proxy: "socks5h://gate:pw@127.0.0.1:1".to_owned(),
            ..Home::default()
        }
    }

    fn output(command: &mut Command) -> String {
        String::from_utf8_lossy(&command.output().expect("it runs").stdout).trim().to_owned()
    }

    #[test]
    fn git_completes_addresses_with_credentials_that_no_checkout_holds() {
        let dir = tempfile::tempdir().expect("a folder");
        let without = "https://h.example/".to_owned();
        let login = Login { with: "https://me:p\"w\\x@h.example/".to_owned(), without: without.clone() };
        let dialled =
            Dialled { ssh: false, host: "g.example".into(), port: 9418, start: "git://g.example/".into() };
        for lfs in [false, true] {
            let judged = [(dialled.clone(), "2001:db8::1".parse().expect("an address"))].into();
            let home = Home { login: Some(login.clone()), lfs, judged, ..home(dir.path()) };
            home.write().expect("written");
            let shown = |name: &str| {
                let file = dir.path().join("config");
                output(Command::new("git").args(["config", "--file"]).arg(file).args(["--get", name]))
            };
            assert_eq!(shown(&format!("url.{}.insteadOf", login.with)), without);
            assert_eq!(shown("url.git://[2001:db8::1]:9418/.insteadOf"), "git://g.example/");
            assert_eq!(shown("core.hooksPath"), "/dev/null");
            assert_eq!(shown("http.proxy"), home.proxy);
            assert_eq!(shown("filter.lfs.required"), if lfs { "true" } else { "" });
        }
    }

    /// `ssh -G` says what it would do.
    #[test]
    fn ssh_goes_to_the_address_that_was_judged_and_nowhere_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let judged = [("a.example", 22, "192.0.2.1"), ("b.example", 2222, "2001:db8::2")];
        let judged = judged.map(|(host, port, address)| {
            let dialled = Dialled { ssh: true, host: host.into(), port, start: String::new() };
            (dialled, address.parse().expect("an address"))
        });
        home(dir.path()).write().expect("written");
        Home { judged: judged.into(), ..home(dir.path()) }.write().expect("written");
        for (host, address, alias) in [
            ("a.example", "192.0.2.1", "a.example"),
            ("b.example", "2001:db8::2", "[b.example]:2222"),
            ("c.example", "not-judged.invalid", ""),
        ] {
            let said = output(Command::new("ssh").arg("-G").arg("-F").arg(dir.path().join("ssh")).arg(host));
            let line = |name: &str| {
                let mut lines = said.lines().filter_map(|line| line.split_once(' '));
                lines.find(|(key, _)| *key == name).map_or("", |(_, value)| value).to_owned()
            };
            assert_eq!(
                (line("hostname").as_str(), line("hostkeyalias").as_str()),
                (address, alias),
                "{said}"
            );
        }
    }

    #[test]
    fn paths_are_quoted_for_the_shell() {
        let (key, known_hosts) = (Some("/w o/it's".into()), "/k".into());
        let command = Home { key, known_hosts, ..home(Path::new("/h")) }.ssh();
        assert!(command.starts_with("ssh -F '/h/ssh' -o BatchMode=yes"), "{command}");
        assert!(command.ends_with(r"-o IdentitiesOnly=yes -i '/w o/it'\''s'"), "{command}");
        assert!(home(Path::new("/h")).ssh().ends_with("UserKnownHostsFile=''"));
    }
}
