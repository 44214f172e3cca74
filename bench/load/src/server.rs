//! The server under measurement: a process of its own on a folder of its own.

use anyhow::{Context as _, Result, bail, ensure};
use std::fs::File;
use std::net::{SocketAddr, TcpListener, TcpStream};
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
        let log = folder.join("server.log");
        let output = File::create(&log)?;
        let mut command = Command::new(&options.binary);
        command
            .arg("serve")
            .arg("--data")
            .arg(folder.join("data"))
            .args(["--listen", &address.to_string(), "--rate-limit", &u32::MAX.to_string()])
            .env("BOATHOOK_OWNER_TOKEN", &token)
            .env_remove("DATABASE_URL")
            .envs(options.database_url.as_ref().map(|url| ("DATABASE_URL", url)))
            .stdout(output.try_clone()?)
            .stderr(output);
        let child = command.spawn().with_context(|| format!("cannot start {}", options.binary.display()))?;
        let mut server = Self { address, token, child };
        server.wait_open(&log)?;
        Ok(server)
    }

    fn wait_open(&mut self, log: &Path) -> Result<()> {
        let began = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if began.elapsed() > START || self.child.try_wait()?.is_some() {
                bail!("the server does not start:\n{}", std::fs::read_to_string(log)?);
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
        cpu_seconds(&stat).context("cannot read the server's processor time")
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

/// User and system time, the 14th and 15th field; the second, in brackets, may hold anything.
fn cpu_seconds(stat: &str) -> Option<f64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace().skip(11);
    let mut ticks = || fields.next()?.parse::<f64>().ok();
    Some((ticks()? + ticks()?) / TICKS)
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
        assert_eq!(cpu_seconds("7 (a b) c) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20"), Some(2.0));
        assert_eq!(cpu_seconds("7 (short) S 1"), None);
    }
}
