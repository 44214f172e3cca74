//! SeaweedFS as the S3 server of the tests: it checks signatures, which in-memory stand-ins do not.
//! One bucket is made; a test takes a key prefix of its own, because every further bucket reserves volumes.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::Environment;
use super::ports;
use super::process::{Process, READY_LIMIT};
use crate::shell;

const READY: &str = include_str!("s3_ready.py");
const BUCKET: &str = "boathook-test";
const ACCESS_KEY: &str = "boathook-test-access";
const SECRET_KEY: &str = "boathook-test-secret";
/// A bucket takes several volumes at once, and a server that has none left answers every put with an error.
const MAX_VOLUMES: &str = "-volume.max=50";

/// A running server.
pub struct S3 {
    endpoint: String,
    _process: Process,
}

impl S3 {
    /// Starts the server below `folder` and waits until a signed put works and a wrong secret is refused.
    pub fn start(folder: &Path, venv: &Path) -> Result<S3> {
        let home = folder.join("s3");
        std::fs::create_dir(&home)?;
        std::fs::write(home.join("identities.json"), identities())?;
        let ports = ports::free_pairs::<4>()?;
        // Sent TERM it takes half a minute, or does not end at all.
        let command = server(&venv.join("bin/weed"), &home, ports);
        let mut process = Process::start("the S3 server", command, libc::SIGKILL, home.join("log"))?;
        let endpoint = format!("http://127.0.0.1:{}", ports[3]);
        let mut ready = Command::new(venv.join("bin/python"));
        ready.args(["-c", READY, &endpoint, BUCKET, ACCESS_KEY, SECRET_KEY]);
        ready.arg(READY_LIMIT.as_secs().to_string());
        shell::quiet(&mut ready).with_context(|| format!("the S3 server said:\n{}", process.log_tail()))?;
        process.check_alive()?;
        Ok(S3 { endpoint, _process: process })
    }

    /// What tests must be told.
    pub fn environment(&self) -> Environment {
        vec![
            ("BOATHOOK_TEST_S3_ENDPOINT", self.endpoint.clone()),
            ("BOATHOOK_TEST_S3_BUCKET", BUCKET.to_owned()),
            ("BOATHOOK_TEST_S3_ACCESS_KEY", ACCESS_KEY.to_owned()),
            ("BOATHOOK_TEST_S3_SECRET_KEY", SECRET_KEY.to_owned()),
        ]
    }
}

fn identities() -> String {
    serde_json::json!({"identities": [{
        "name": "boathook",
        "credentials": [{"accessKey": ACCESS_KEY, "secretKey": SECRET_KEY}],
        "actions": ["Admin", "Read", "Write", "List", "Tagging"],
    }]})
    .to_string()
}

/// Each of the four parts also opens its port + 10,000. Telemetry is on unless it is turned off, and
/// two catalogue servers with fixed ports are on unless their port is 0.
fn server(weed: &Path, home: &Path, [master, volume, filer, s3]: [u16; 4]) -> Command {
    let mut command = Command::new(weed);
    command.current_dir(home).args(["server", "-dir=.", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]);
    command.args(["-master.telemetry=false", MAX_VOLUMES, "-filer", "-s3", "-s3.config=identities.json"]);
    command.args(["-s3.port.iceberg=0", "-s3.port.lance=0"]);
    for (part, port) in [("master", master), ("volume", volume), ("filer", filer), ("s3", s3)] {
        command.arg(format!("-{part}.port={port}"));
    }
    for part in ["filer", "s3"] {
        command.arg(format!("-{part}.localSocket={part}.sock"));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telemetry_and_fixed_ports_are_off() {
        let command = server(Path::new("weed"), Path::new("/"), [1, 2, 3, 4]);
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy().into_owned()).collect();
        for word in [
            "-master.telemetry=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.port=4",
            "-filer.port=3",
        ] {
            assert!(words.iter().any(|given| given == word), "{word} is not in {words:?}");
        }
    }
}
