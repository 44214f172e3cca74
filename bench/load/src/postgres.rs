//! A PostgreSQL server of Debian's, thrown away afterwards and as durable as one that is not: what it
//! answers is on the disk. It can be stopped and started again on the same data.

use crate::server::{cpu_seconds, end_with_parent};
use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use std::fs::File;
use std::net::TcpListener;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Where Debian puts its versions.
const DEBIAN: &str = "/usr/lib/postgresql";
/// PostgreSQL refuses to run as root; on every Debian this is `nobody`, who owns nothing.
const NOBODY: u32 = 65_534;
const USER: &str = "boathook";
/// Longest wait for it to answer, or to end.
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(50);

/// A running cluster; dropping it ends it.
pub struct Postgres {
    bin: PathBuf,
    home: PathBuf,
    port: u16,
    child: Child,
    databases: usize,
}

impl Postgres {
    /// Whether there is one on this machine.
    #[must_use]
    pub fn is_installed() -> bool {
        newest().is_some()
    }

    /// Makes a cluster below `folder` and waits until it answers.
    ///
    /// # Errors
    /// When PostgreSQL is not installed or does not start.
    pub fn start(folder: &Path) -> Result<Self> {
        let bin = newest().context("PostgreSQL is not installed: apt-get install postgresql")?;
        let home = folder.join("postgres");
        std::fs::create_dir(&home)?;
        reach(folder)?;
        if is_root() {
            std::os::unix::fs::chown(&home, Some(NOBODY), Some(NOBODY))?;
        }
        let mut initdb = as_owner(&bin.join("initdb"), &home);
        initdb.args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--username", USER, "-D", "data"]);
        let made = initdb.output().context("cannot start initdb")?;
        ensure!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let child = spawn(&bin, &home, port)?;
        let mut cluster = Self { bin, home, port, child, databases: 0 };
        cluster.wait_ready()?;
        Ok(cluster)
    }

    /// A new empty database.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn database(&mut self) -> Result<String> {
        self.databases += 1;
        let name = format!("bench_{}", self.databases);
        let mut create = Command::new(self.bin.join("createdb"));
        create.args(["-h", "127.0.0.1", "-U", USER, "-p", &self.port.to_string(), &name]);
        let made = create.output().context("cannot start createdb")?;
        ensure!(made.status.success(), "createdb: {}", String::from_utf8_lossy(&made.stderr));
        Ok(format!("postgres://{USER}@127.0.0.1:{}/{name}", self.port))
    }

    /// Ends it, breaking off what it does.
    ///
    /// # Errors
    /// When it does not end.
    pub fn stop(&mut self) -> Result<()> {
        signal(&self.child, Signal::INT)?;
        let began = Instant::now();
        while self.child.try_wait()?.is_none() {
            ensure!(began.elapsed() < PATIENCE, "PostgreSQL does not end");
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Starts it again on the same data and port.
    ///
    /// # Errors
    /// When it does not start.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.bin, &self.home, self.port)?;
        self.wait_ready()
    }

    fn wait_ready(&mut self) -> Result<()> {
        let began = Instant::now();
        loop {
            let mut ask = Command::new(self.bin.join("pg_isready"));
            ask.args(["-q", "-h", "127.0.0.1", "-U", USER, "-d", "postgres", "-p", &self.port.to_string()]);
            if ask.status()?.success() {
                return Ok(());
            }
            if began.elapsed() > PATIENCE || self.child.try_wait()?.is_some() {
                bail!(
                    "PostgreSQL does not start:\n{}",
                    std::fs::read_to_string(self.home.with_extension("log"))?
                );
            }
            std::thread::sleep(POLL);
        }
    }

    /// Seconds of processor time of all its processes so far, those that ended included.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let own = self.child.id();
        let mut total = cpu_seconds(&std::fs::read_to_string(format!("/proc/{own}/stat"))?, true)
            .context("cannot read PostgreSQL's processor time")?;
        for process in std::fs::read_dir("/proc")?.flatten() {
            // A process may end between two looks.
            let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else { continue };
            if parent(&stat) == Some(own) {
                total += cpu_seconds(&stat, false).unwrap_or(0.0);
            }
        }
        Ok(total)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // Its own children go with it only when it is asked.
        let _ = signal(&self.child, Signal::QUIT);
        let _ = self.child.wait();
    }
}

fn signal(child: &Child, signal: Signal) -> Result<()> {
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("PostgreSQL has no number")?;
    Ok(kill_process(pid, signal)?)
}

fn spawn(bin: &Path, home: &Path, port: u16) -> Result<Child> {
    let log = File::options().create(true).append(true).open(home.with_extension("log"))?;
    let mut command = as_owner(&bin.join("postgres"), home);
    command.args(["-D", "data", "-p", &port.to_string(), "-k", "/tmp"]);
    for setting in ["listen_addresses=127.0.0.1", "max_connections=300", "shared_buffers=512MB"] {
        command.args(["-c", setting]);
    }
    command.args(["-c", "unix_socket_directories="]);
    command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log).process_group(0);
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe.
    unsafe { command.pre_exec(|| end_with_parent(Signal::QUIT)) };
    command.spawn().context("cannot start PostgreSQL")
}

fn as_owner(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(home).env("HOME", home);
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Lets everybody pass through a folder, so that its owner may be another than the cluster's.
fn reach(folder: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o711))?)
}

/// The `bin` folder of the highest version.
fn newest() -> Option<PathBuf> {
    let versions = std::fs::read_dir(DEBIAN).ok()?.flatten();
    let numbers = versions.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    numbers
        .map(|number| (number, Path::new(DEBIAN).join(number.to_string()).join("bin")))
        .filter(|(_, bin)| bin.join("postgres").is_file())
        .max()
        .map(|(_, bin)| bin)
}

/// The parent's number, the fourth field; the second, in brackets, may hold anything.
fn parent(stat: &str) -> Option<u32> {
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parents_are_read_behind_any_name() {
        assert_eq!(parent("7 (a b) c) S 12 2 3"), Some(12));
        assert_eq!(parent("7 (short)"), None);
    }
}
