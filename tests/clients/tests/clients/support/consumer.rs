//! The consumers of `examples/verify`, each started by its own language on a free port.

use super::listening::{free_port, listening};
use super::machine;
use std::path::PathBuf;
use tempfile::TempDir;
use tokio::process::{Child, Command};

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
        let mut command = language.command(&folder);
        command.env("WEBHOOK_SECRET", secret);
        let process = listening(&format!("the consumer in {language:?}"), &mut command, port).await;
        Self { port, _process: process, _folder: folder }
    }

    /// Where it takes deliveries.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/webhook", self.port)
    }
}
