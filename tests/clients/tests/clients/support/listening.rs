//! Programs in other languages that listen on a port of this machine.

use std::net::{Ipv4Addr, TcpListener};
use std::process::Stdio;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// How long a program may take until it listens.
const START: Duration = Duration::from_secs(120);
/// Rest between two looks at the port.
const STEP: Duration = Duration::from_millis(50);

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

/// Starts a program that is told its port by `PORT`, and waits until it listens. It ends with what is
/// returned.
pub(crate) async fn listening(what: &str, command: &mut Command, port: u16) -> Child {
    command.env("PORT", port.to_string()).stdin(Stdio::null()).kill_on_drop(true);
    let mut process = command
        .spawn()
        .unwrap_or_else(|error| panic!("{what} does not start ({error}): run through make test"));
    let until = Instant::now() + START;
    while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
        if let Ok(Some(status)) = process.try_wait() {
            panic!("{what} ended with {status}");
        }
        assert!(Instant::now() < until, "{what} does not listen within {START:?}");
        sleep(STEP).await;
    }
    process
}
