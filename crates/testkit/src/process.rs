//! The real program, serving in a process of its own that can be killed at any moment.

use crate::engine::execute_on_file;
use crate::program::command;
use crate::{Actor, Engine, OWNER_TOKEN, Visitor, until};
use bytes::Bytes;
use http::Method;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::SystemTime;
use tempfile::TempDir;
use testbed::Database;

/// Ports that are tried. They lie below those that the kernel gives to outgoing connections, so that no
/// client takes one between the look and the start.
const PORTS: std::ops::Range<u16> = 23_000..32_000;
/// Lines of the program's log that a failure shows.
const LOG_SHOWN: usize = 40;

/// A server process with its data.
pub struct Process {
    child: Child,
    address: SocketAddr,
    place: Place,
}

/// What outlives a kill.
struct Place {
    folder: TempDir,
    data: PathBuf,
    database: Option<Database>,
    settings: Vec<(String, String)>,
}

impl Process {
    /// Starts a server with data of its own.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn start(engine: Engine) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let data = folder.path().join("data");
        let database = engine.database().await;
        Self::start_in(Place { folder, data, database, settings: Vec::new() }).await
    }

    /// Starts a server on the embedded database in a data folder that is there already.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn start_on(data: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        Self::start_in(Place { folder, data: data.to_owned(), database: None, settings: Vec::new() }).await
    }

    async fn start_in(place: Place) -> Self {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()));
        let child = spawn(&place, address);
        let mut process = Self { child, address, place };
        process.answers().await;
        process
    }

    /// Kills the server as a power cut would.
    ///
    /// # Panics
    /// When the process cannot be waited for.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        self.child.wait().expect("a child can be waited for");
    }

    /// Starts it again on the same data and the same port, with these further settings.
    pub async fn restart_with(&mut self, settings: &[(&str, &str)]) {
        self.kill();
        self.place.settings =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        self.restart().await;
    }

    /// Starts it again on the same data and the same port.
    pub async fn restart(&mut self) {
        self.child = spawn(&self.place, self.address);
        self.answers().await;
    }

    /// Starts it again and waits for it to refuse; what it said.
    ///
    /// # Panics
    /// When it serves.
    pub async fn refuses_to_start(&mut self) -> String {
        self.child = spawn(&self.place, self.address);
        let ended =
            until("the end of a server that should not start", async || self.child.try_wait().ok().flatten())
                .await;
        assert!(!ended.success(), "the server ended without an error:\n{}", self.log());
        self.log()
    }

    async fn answers(&mut self) {
        let anyone = Actor::new(self.address, None);
        until("an answer of the server", async || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("the server ended with {status}:\n{}", self.log());
            }
            let answer = anyone.try_send(Method::GET, "/healthz", "", Bytes::new()).await;
            answer.ok().filter(|answer| answer.status == 200)
        })
        .await;
    }

    /// Makes its database claim to be of one more version of the schema, or of that one no longer. The
    /// server should not run meanwhile.
    ///
    /// # Panics
    /// When the database refuses it.
    pub async fn claim_schema(&self, version: i64, claimed: bool) {
        let statement = if claimed {
            format!("INSERT INTO schema_version (version) VALUES ({version})")
        } else {
            format!("DELETE FROM schema_version WHERE version = {version}")
        };
        match &self.place.database {
            Some(database) => database.execute(&statement).await,
            None => execute_on_file(&self.place.data.join("boathook.sqlite"), &statement),
        }
    }

    /// The end of its log.
    #[must_use]
    pub fn log(&self) -> String {
        let text = std::fs::read_to_string(self.place.folder.path().join("log")).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_SHOWN)..].join("\n")
    }

    /// Its number on this machine.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its data folder.
    #[must_use]
    pub fn data(&self) -> &Path {
        &self.place.data
    }

    /// A folder for whatever a test needs, which goes with the server.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.place.folder.path()
    }

    /// The owner.
    #[must_use]
    pub fn owner(&self) -> Actor {
        Actor::new(self.address, Some(OWNER_TOKEN))
    }

    /// Somebody who looks at sites.
    #[must_use]
    pub fn visitor(&self) -> Visitor {
        Visitor::new(self.address)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(place: &Place, address: SocketAddr) -> Child {
    let log = File::options()
        .create(true)
        .append(true)
        .open(place.folder.path().join("log"))
        .expect("a log can be made");
    let mut command = command();
    command.arg("serve").arg("--data").arg(&place.data).arg("--listen").arg(address.to_string());
    command.env("BOATHOOK_OWNER_TOKEN", OWNER_TOKEN).env("BOATHOOK_RATE_LIMIT", "1000000");
    if let Some(database) = &place.database {
        command.env("DATABASE_URL", database.url());
    }
    command.envs(place.settings.iter().map(|(name, value)| (name, value)));
    command.stdin(Stdio::null()).stdout(log.try_clone().expect("a file has a second handle")).stderr(log);
    // SAFETY: between fork and exec only prctl is called, which is async-signal-safe.
    unsafe { command.pre_exec(end_with_parent) };
    command.spawn().expect("the program can be started")
}

/// A test that is killed itself must not leave a server behind.
fn end_with_parent() -> std::io::Result<()> {
    // SAFETY: prctl with PR_SET_PDEATHSIG only sets an attribute of the calling process.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

fn free_port() -> u16 {
    let nanos = SystemTime::UNIX_EPOCH.elapsed().map_or(0, |now| now.subsec_nanos());
    let start = (std::process::id().wrapping_mul(7919) ^ (nanos >> 8)) % u32::from(PORTS.end - PORTS.start);
    let start = PORTS.start + u16::try_from(start).expect("the range is narrower than a port number");
    let mut ports = (start..PORTS.end).chain(PORTS.start..start);
    ports
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("one of 9,000 ports is free")
}
