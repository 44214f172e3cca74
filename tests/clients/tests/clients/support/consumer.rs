//! The consumers of `examples/verify`, each started by its own language on a free port.

use super::machine;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long a start may take: Go compiles its standard library the first time.
const START: Duration = Duration::from_secs(300);
/// Rest between two looks at the port.
const STEP: Duration = Duration::from_millis(50);

/// A consumer, by its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Language {
    Node,
    NodeJsonwebtoken,
    Ruby,
    Python,
    Go,
    Rust,
}

impl Language {
    /// Every consumer, with its file.
    pub(crate) const ALL: [(Self, &str); 6] = [
        (Self::Node, "node/server.mjs"),
        (Self::NodeJsonwebtoken, "node-jsonwebtoken/server.js"),
        (Self::Ruby, "ruby/server.rb"),
        (Self::Python, "python/server.py"),
        (Self::Go, "go/main.go"),
        (Self::Rust, "rust/src/main.rs"),
    ];

    /// Its source.
    pub(crate) fn file(self) -> PathBuf {
        let (_, file) = Self::ALL.into_iter().find(|(one, _)| *one == self).expect("all are listed");
        machine::root().join("examples/verify").join(file)
    }

    /// What runs it. Compilers leave their programs in `folder`.
    fn command(self, folder: &TempDir) -> Command {
        let by = |program: PathBuf| {
            let mut command = Command::new(program);
            command.arg(self.file());
            command
        };
        match self {
            Self::Node => by(machine::node()),
            Self::NodeJsonwebtoken => {
                let mut command = by(machine::node());
                command.env("NODE_PATH", machine::client("api").join("node_modules"));
                command
            }
            Self::Ruby => {
                let mut command = by("ruby".into());
                command.env("APP_ENV", "production");
                command
            }
            Self::Python => by(machine::python()),
            Self::Go => Command::new(go(folder)),
            Self::Rust => Command::new(machine::build("boathook-example-verify")),
        }
    }
}

fn go(folder: &TempDir) -> PathBuf {
    let program = folder.path().join("consumer");
    let mut build = std::process::Command::new("go");
    build.args(["build", "-o"]).arg(&program).current_dir(machine::root().join("examples/verify/go"));
    let cache = machine::root().join("target/go-cache");
    let output = build.env("GOCACHE", cache).env("GOTOOLCHAIN", "local").output().expect("go starts");
    assert!(output.status.success(), "go:\n{}", String::from_utf8_lossy(&output.stderr));
    program
}

/// A running consumer.
pub(crate) struct Consumer {
    port: u16,
    _process: Child,
    _folder: TempDir,
}

impl Consumer {
    /// Starts it, and waits until it listens.
    pub(crate) async fn start(language: Language, secret: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let mut process = language
            .command(&folder)
            .env("PORT", port.to_string())
            .env("WEBHOOK_SECRET", secret)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{language:?} does not start ({error}): run through make test"));
        let until = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Ok(Some(status)) = process.try_wait() {
                panic!("the consumer in {language:?} ended with {status}");
            }
            assert!(Instant::now() < until, "the consumer in {language:?} does not listen");
            sleep(STEP).await;
        }
        Self { port, _process: process, _folder: folder }
    }

    /// Where it takes deliveries.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/webhook", self.port)
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
