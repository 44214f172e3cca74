//! The providers of `examples/addon-*`, each started by its own language.

use super::{client, machine, root};
use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long a start may take.
const START: Duration = Duration::from_secs(120);
/// Rest between two looks at the port.
const STEP: Duration = Duration::from_millis(50);

/// A provider, by its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    Express,
    Rust,
    /// Answers visitors alone.
    Python,
    /// The same.
    Ruby,
}

impl Provider {
    fn command(self) -> Command {
        match self {
            Self::Express => {
                let mut command = Command::new(machine::node());
                command.arg(root().join("examples/addon-express/server.js"));
                command.env("NODE_PATH", client("addon-express").join("node_modules"));
                command
            }
            Self::Rust => Command::new(machine::build("boathook-example-addon")),
            Self::Python => {
                let mut command = Command::new(machine::python());
                command.arg(root().join("examples/addon-visits/python/server.py"));
                command
            }
            Self::Ruby => {
                let mut command = Command::new("ruby");
                command.arg(root().join("examples/addon-visits/ruby/server.rb")).env("APP_ENV", "production");
                command
            }
        }
    }

    /// Starts it on this port, and waits until it listens.
    pub(crate) async fn start(self, port: u16, secret: &str) -> Running {
        let mut process = self
            .command()
            .env("PORT", port.to_string())
            .env("ADDON_SECRET", secret)
            .stdin(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{self:?} does not start ({error}): run through make test"));
        let until = Instant::now() + START;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
            if let Ok(Some(status)) = process.try_wait() {
                panic!("the provider in {self:?} ended with {status}");
            }
            assert!(Instant::now() < until, "the provider in {self:?} does not listen");
            sleep(STEP).await;
        }
        Running { _process: process }
    }
}

/// Ends with its test.
pub(crate) struct Running {
    _process: Child,
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}
