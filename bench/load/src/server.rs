//! The server under measurement: a process of its own on a folder of its own.

use anyhow::{Context as _, Result, bail, ensure};
use rustix::process::Signal;
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

/// Longest wait for the port to open.
const START: Duration = Duration::from_secs(30);
/// Between two looks at a starting server.
const POLL: Duration = Duration::from_millis(50);
/// Clock ticks of `/proc/PID/stat` in a second: the kernel's `USER_HZ`, the same on every Linux.
const TICKS: f64 = 100.0;
/// A server that spends less than this share of a core in one look is quiet.
const QUIET: f64 = 0.05;
/// Length of a look.
const LOOK: Duration = Duration::from_millis(500);
/// Looks in a row that must be quiet: background jobs may pause between two files.
const LOOKS: u32 = 3;
/// Longest wait for background work to end.
const PATIENCE: Duration = Duration::from_secs(600);

/// How to start a server.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The program.
    pub binary: PathBuf,
    /// An empty PostgreSQL database, in place of the embedded one.
    pub database_url: Option<String>,
}

/// A running server; dropping it ends it.
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
    /// The owner's token.
    pub token: String,
    options: ServerOptions,
    folder: PathBuf,
    child: Child,
}

impl Server {
    /// Starts a server on the folder and waits until it accepts.
    ///
    /// # Errors
    /// When it does not start; with what it said.
    pub fn start(options: &ServerOptions, folder: &Path) -> Result<Self> {
        ensure!(
            options.binary.exists(),
            "{} is missing: cargo build --release -p boathook",
            options.binary.display()
        );
        let mut random = [0; 24];
        getrandom::fill(&mut random).map_err(anyhow::Error::msg)?;
        let (address, token) = (free_address()?, hex::encode(random));
        let child = spawn(options, folder, address, &token)?;
        let mut server = Self { address, token, options: options.clone(), folder: folder.to_owned(), child };
        server.wait_open()?;
        Ok(server)
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn kill(&mut self) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Starts it again on the same data and port, and waits until it accepts.
    ///
    /// # Errors
    /// When it does not start; with what it said.
    pub fn start_again(&mut self) -> Result<()> {
        self.child = spawn(&self.options, &self.folder, self.address, &self.token)?;
        self.wait_open()
    }

    /// Its folder of data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its database, when that is not in its folder.
    #[must_use]
    pub fn database_url(&self) -> Option<&str> {
        self.options.database_url.as_deref()
    }

    /// Whether it still runs.
    ///
    /// # Errors
    /// When that cannot be told.
    pub fn runs(&mut self) -> Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// What it said.
    ///
    /// # Errors
    /// When its log cannot be read.
    pub fn log(&self) -> Result<String> {
        Ok(std::fs::read_to_string(log(&self.folder))?)
    }

    fn wait_open(&mut self) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if began.elapsed() > START || self.child.try_wait()?.is_some() {
                bail!("the server does not start:\n{}", self.log()?);
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Seconds of processor time, user and system, of all its threads so far.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu_seconds(&self) -> Result<f64> {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).context("the server is gone")?;
        cpu_seconds(&stat, false).context("cannot read the server's processor time")
    }

    /// The same with that of its children which have ended.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn cpu_seconds_with_children(&self) -> Result<f64> {
        let stat =
            std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).context("the server is gone")?;
        cpu_seconds(&stat, true).context("cannot read the server's processor time")
    }

    /// Megabytes of memory: now, and at the most so far.
    ///
    /// # Errors
    /// When the process is gone.
    pub fn memory(&self) -> Result<(f64, f64)> {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.pid())).context("the server is gone")?;
        let megabytes =
            |name| megabytes(&status, name).with_context(|| format!("the kernel tells no {name}"));
        Ok((megabytes("VmRSS:")?, megabytes("VmHWM:")?))
    }

    /// Waits until the server has nothing more to do.
    ///
    /// # Errors
    /// When it keeps working for minutes.
    pub fn wait_quiet(&self) -> Result<()> {
        let began = Instant::now();
        let mut quiet = 0;
        while quiet < LOOKS {
            ensure!(began.elapsed() < PATIENCE, "the server does not come to rest");
            let before = self.cpu_seconds()?;
            std::thread::sleep(LOOK);
            let busy = (self.cpu_seconds()? - before) / LOOK.as_secs_f64();
            quiet = if busy < QUIET { quiet + 1 } else { 0 };
        }
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its folder is thrown away with it: nothing is worth a slow goodbye.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn log(folder: &Path) -> PathBuf {
    folder.join("server.log")
}

fn spawn(options: &ServerOptions, folder: &Path, address: SocketAddr, token: &str) -> Result<Child> {
    let output = File::options().create(true).append(true).open(log(folder))?;
    let mut command = Command::new(&options.binary);
    command
        .arg("serve")
        .arg("--data")
        .arg(folder.join("data"))
        .args(["--listen", &address.to_string(), "--rate-limit", &u32::MAX.to_string()])
        .env("BOATHOOK_OWNER_TOKEN", token)
        .env_remove("DATABASE_URL")
        .envs(options.database_url.as_ref().map(|url| ("DATABASE_URL", url)))
        .stdout(output.try_clone()?)
        .stderr(output);
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe.
    unsafe { command.pre_exec(|| end_with_parent(Signal::KILL)) };
    command.spawn().with_context(|| format!("cannot start {}", options.binary.display()))
}

/// A benchmark that is killed must not leave servers behind.
pub(crate) fn end_with_parent(signal: Signal) -> std::io::Result<()> {
    Ok(rustix::process::set_parent_process_death_signal(Some(signal))?)
}

/// Seconds of processor time of this process's own children that have ended.
///
/// # Errors
/// When the kernel does not tell.
pub fn children_cpu() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let read = |with_children| cpu_seconds(&stat, with_children).context("cannot read the processor time");
    Ok(read(true)? - read(false)?)
}

/// User and system time, the 14th and 15th field, with those of children that ended behind them; the
/// second field, in brackets, may hold anything.
pub(crate) fn cpu_seconds(stat: &str, with_children: bool) -> Option<f64> {
    let fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let ticks: Vec<f64> = fields.take(4).map_while(|field| field.parse().ok()).collect();
    let count = if with_children { 4 } else { 2 };
    (ticks.len() == 4).then(|| ticks[..count].iter().sum::<f64>() / TICKS)
}

/// A line of `/proc/PID/status`, in megabytes.
fn megabytes(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<f64>().ok()? / 1024.0)
}

/// A port that nobody listens on at this moment.
fn free_address() -> Result<SocketAddr> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 30 70 20";
        assert_eq!((cpu_seconds(stat, false), cpu_seconds(stat, true)), (Some(2.0), Some(3.0)));
        assert_eq!(cpu_seconds("7 (short) S 1", false), None);
    }

    #[test]
    fn memory_is_read() {
        let status = "Name:\tx\nVmHWM:\t   2048 kB\nVmRSS:\t 1024 kB\n";
        assert_eq!((megabytes(status, "VmHWM:"), megabytes(status, "VmRSS:")), (Some(2.0), Some(1.0)));
        assert_eq!(megabytes(status, "VmSwap:"), None);
    }
}
