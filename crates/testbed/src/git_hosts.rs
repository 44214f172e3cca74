//! A stand-in for Git hosts that holds each request against the host's published description. It runs
//! the script of the tests with real clients, `tests/clients/scripts/git-hosts.mjs`.

use crate::service;
use std::io::{BufRead as _, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A running stand-in. Dropping it stops it.
pub struct GitHosts {
    /// Where it listens: each host below its name (`/github`), what was asked and how it is told to
    /// behave below `/_/`.
    pub address: SocketAddr,
    process: Child,
}

impl GitHosts {
    /// Starts one.
    ///
    /// # Panics
    /// When it does not start.
    #[must_use]
    pub fn start() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients");
        let mut process = Command::new(service("BOATHOOK_TEST_NODE22"))
            .arg(tests.join("scripts/git-hosts.mjs"))
            .arg(Path::new(&service("BOATHOOK_TEST_CLIENTS")).join("githosts"))
            .arg(tests.join("specs"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("the stand-in says its port");
        let port: u16 = line.trim().parse().expect("a port");
        Self { address: (Ipv4Addr::LOCALHOST, port).into(), process }
    }
}

impl Drop for GitHosts {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
