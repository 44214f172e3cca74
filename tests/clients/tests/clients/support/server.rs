//! The real binary, started on a port of its own with an empty data folder, and stopped with the test.

use super::{http, machine};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

/// The owner's token on every test server.
pub(crate) const OWNER_TOKEN: &str = "owner-token-of-the-client-tests";
/// How long a start may take.
const START: Duration = Duration::from_secs(60);
/// What precedes the address of the API in the greeting.
const GREETING: &str = "  API ";

/// A running server.
pub(crate) struct Server {
    /// Its port on 127.0.0.1.
    pub(crate) port: u16,
    pub(super) http: reqwest::Client,
    folder: TempDir,
    _process: Child,
}

impl Server {
    /// Starts one.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let log = std::fs::File::create(folder.path().join("server.log")).expect("a log");
        let mut process = Command::new(machine::boathook())
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path().join("data"))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("BOATHOOK_OWNER_TOKEN", OWNER_TOKEN)
            .env("BOATHOOK_OWNER_EMAIL", "ada@example.org")
            .env("BOATHOOK_BUILDER_DIR", machine::client("builder"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the server starts");
        let greeting = timeout(START, port(&mut process)).await.ok().flatten();
        let port = greeting.unwrap_or_else(|| panic!("the server did not start:\n{}", log_of(folder.path())));
        Self { port, http: http::plain_client(), folder, _process: process }
    }

    /// Root of the API and the dashboard.
    pub(crate) fn control_url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    /// What `NETLIFY_API_URL` is set to.
    pub(crate) fn api_url(&self) -> String {
        format!("{}/api/v1", self.control_url())
    }

    /// The certificate that clients must trust.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("data/client-ca.pem")
    }

    /// A new folder that lives as long as the server.
    pub(crate) fn folder(&self, name: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(&path).expect("a folder");
        path
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("the server's log:\n{}", log_of(self.folder.path()));
        }
    }
}

/// The port out of the greeting; the rest of the output is drained, so that the server never waits.
async fn port(process: &mut Child) -> Option<u16> {
    let mut lines = BufReader::new(process.stdout.take()?).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if let Some(address) = line.strip_prefix(GREETING) {
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return address.trim().trim_end_matches("/api/v1").rsplit_once(':')?.1.parse().ok();
        }
    }
    None
}

fn log_of(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("server.log")).unwrap_or_default()
}
