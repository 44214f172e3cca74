//! A throw-away PostgreSQL cluster: found or installed, made in a temporary folder, trusted on loopback.
//! Durability is off on purpose; nothing in it outlives the run.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::ports;
use super::process::Process;
use crate::provision;
use crate::shell;

/// PostgreSQL refuses to run as root; on every Debian this is `nobody`, who owns nothing.
const NOBODY: u32 = 65_534;
const USER: &str = "boathook";
/// Tests run at the same time, each with pools of its own.
const MAX_CONNECTIONS: u32 = 300;
/// Another process can take the port between our look and the start; a few more ports settle it.
const PORT_TRIES: u32 = 3;
const DEBIAN_FOLDER: &str = "/usr/lib/postgresql";

/// A running cluster.
pub struct Postgres {
    port: u16,
    _process: Process,
}

impl Postgres {
    /// Makes a cluster below `folder` and waits until it answers.
    pub fn start(folder: &Path) -> Result<Postgres> {
        let bin = programs()?;
        let home = folder.join("pg");
        std::fs::create_dir(&home)?;
        if shell::is_root() {
            std::os::unix::fs::chown(&home, Some(NOBODY), Some(NOBODY))?;
        }
        let mut initdb = as_owner(&bin.join("initdb"), &home);
        initdb.args([
            "--no-sync",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--username",
            USER,
            "-D",
            "data",
        ]);
        shell::quiet(&mut initdb)?;
        let mut tries = 1;
        loop {
            match start_on(ports::free_pairs::<1>()?[0], &bin, &home) {
                Err(error) if tries < PORT_TRIES && error.to_string().contains("in use") => tries += 1,
                result => return result,
            }
        }
    }

    /// A superuser's address of the maintenance database; tests make databases of their own from it.
    pub fn url(&self) -> String {
        format!("postgres://{USER}@127.0.0.1:{}/postgres", self.port)
    }
}

fn start_on(port: u16, bin: &Path, home: &Path) -> Result<Postgres> {
    let mut command = as_owner(&bin.join("postgres"), home);
    command.args(["-D", "data", "-p", &port.to_string(), "-k"]).arg(home);
    let connections = format!("max_connections={MAX_CONNECTIONS}");
    for setting in [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
        &connections,
    ] {
        command.args(["-c", setting]);
    }
    // Sent QUIT it ends at once and takes its own children along.
    let log = home.with_extension("log");
    let mut process = Process::start("PostgreSQL", command, libc::SIGQUIT, log)?;
    process.wait_until(|| {
        let mut ask = Command::new(bin.join("pg_isready"));
        ask.args(["-q", "-h", "127.0.0.1", "-d", "postgres", "-U", USER, "-p", &port.to_string()]);
        shell::quiet(&mut ask).is_ok()
    })?;
    // The answer may have come from a stranger on the same port; ours would then have ended.
    process.check_alive()?;
    Ok(Postgres { port, _process: process })
}

fn as_owner(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("HOME", home);
    if shell::is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

/// The folder with `initdb` and `postgres`.
fn programs() -> Result<PathBuf> {
    let set = std::env::var_os("BOATHOOK_TEST_PG_BIN");
    if let Some(folder) = &set
        && !is_complete(Path::new(folder))
    {
        bail!("BOATHOOK_TEST_PG_BIN is {folder:?}, which does not hold initdb, postgres and pg_isready");
    }
    let found = || find(set.clone(), shell::which("initdb"), Path::new(DEBIAN_FOLDER));
    provision::need("PostgreSQL", &["postgresql"], || found().is_some())?;
    found().context("PostgreSQL was there a moment ago")
}

fn find(set: Option<OsString>, on_path: Option<PathBuf>, debian: &Path) -> Option<PathBuf> {
    let set = set.map(PathBuf::from);
    let on_path = on_path.and_then(|file| file.parent().map(Path::to_owned));
    set.into_iter().chain(on_path).chain(newest(debian)).find(|folder| is_complete(folder))
}

/// The `bin` folder of the highest version in Debian's folder; `9` comes before `15`.
fn newest(debian: &Path) -> Option<PathBuf> {
    let versions = std::fs::read_dir(debian).ok()?.flatten();
    let numbers = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let folders = numbers.map(|number| (number, debian.join(number.to_string()).join("bin")));
    folders.filter(|(_, bin)| is_complete(bin)).max().map(|(_, bin)| bin)
}

fn is_complete(bin: &Path) -> bool {
    ["initdb", "postgres", "pg_isready"].iter().all(|program| bin.join(program).is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn install(bin: &Path) {
        std::fs::create_dir_all(bin).unwrap();
        for program in ["initdb", "postgres", "pg_isready"] {
            std::fs::write(bin.join(program), "").unwrap();
        }
    }

    #[test]
    fn the_highest_version_wins_by_number() {
        let debian = tempfile::tempdir().unwrap();
        for version in ["9", "15", "14"] {
            install(&debian.path().join(version).join("bin"));
        }
        std::fs::create_dir_all(debian.path().join("17/bin")).unwrap();
        assert_eq!(newest(debian.path()), Some(debian.path().join("15/bin")));
    }

    #[test]
    fn what_the_caller_set_comes_first_then_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let (set, path, debian) =
            (folder.path().join("set"), folder.path().join("path"), folder.path().join("deb"));
        install(&set);
        install(&path);
        install(&debian.join("15/bin"));
        let on_path = Some(path.join("initdb"));
        assert_eq!(find(Some(set.clone().into()), on_path.clone(), &debian), Some(set));
        assert_eq!(find(None, on_path, &debian), Some(path));
        assert_eq!(find(None, None, &debian), Some(debian.join("15/bin")));
        assert_eq!(find(None, None, folder.path()), None);
    }
}
