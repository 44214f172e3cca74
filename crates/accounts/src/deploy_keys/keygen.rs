//! Draws an SSH key pair with `ssh-keygen`, which wherever builds clone over SSH is at hand.

use context::{Error, Result};
use std::io::ErrorKind;
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// How long drawing a pair may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A key pair as SSH writes it.
pub(super) struct KeyPair {
    /// One line of an `authorized_keys` file.
    pub(super) public: String,
    /// The private half in OpenSSH's own format.
    pub(super) private: String,
}

/// A new Ed25519 pair without a passphrase, in a folder that only this process may read and that
/// is gone afterwards.
pub(super) async fn draw(comment: &str) -> Result<KeyPair> {
    let folder = tempfile::tempdir().map_err(Error::internal)?;
    let file = folder.path().join("key");
    let mut command = Command::new("ssh-keygen");
    command.args(["-q", "-t", "ed25519", "-N", "", "-C", comment, "-f"]).arg(&file);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.map_err(Error::internal)?.map_err(missing)?;
    succeeded(&output)?;
    let public = tokio::fs::read_to_string(file.with_extension("pub")).await.map_err(Error::internal)?;
    let private = tokio::fs::read_to_string(&file).await.map_err(Error::internal)?;
    Ok(KeyPair { public: public.trim_end().to_owned(), private })
}

fn missing(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::NotImplemented("deploy keys need ssh-keygen on the server".to_owned()),
        _ => Error::internal(error),
    }
}

fn succeeded(output: &Output) -> Result<()> {
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Error::internal(format!("ssh-keygen ended with {}: {}", output.status, said.trim())))
}
