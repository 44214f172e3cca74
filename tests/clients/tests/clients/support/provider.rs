//! The providers of `examples/addon-*`, each started by its own language.

use super::listening::listening;
use super::{client, machine, root};
use tokio::process::{Child, Command};

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
        let mut command = self.command();
        command.env("ADDON_SECRET", secret);
        let process = listening(&format!("the provider in {self:?}"), &mut command, port).await;
        Running { _process: process }
    }
}

/// Ends with its test.
pub(crate) struct Running {
    _process: Child,
}
