//! The programs that the builder needs from the machine.

use crate::environment::{PATH, find_program};
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::process::Command;
use tokio::time::timeout;

/// The oldest Node that the builder runs on: major and minor version.
pub const OLDEST_NODE: (u32, u32) = (20, 6);
/// How long a program may take to tell its version.
const PATIENCE: Duration = Duration::from_secs(10);

/// The first line of what a program of the machine that builds find says of its version.
pub(crate) async fn version_of(program: &str, tells: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.arg(tells).env_clear().env("PATH", PATH).stdin(Stdio::null()).kill_on_drop(true);
    let output = timeout(PATIENCE, command.output()).await.ok()?.ok()?;
    let said = String::from_utf8_lossy(&output.stdout).lines().next()?.trim().to_owned();
    output.status.success().then_some(said)
}

/// Where the machine's Node is.
pub(crate) fn node() -> Option<PathBuf> {
    find_program("node")
}

/// Whether builds find a Node that is new enough.
pub(super) async fn check_node() -> Result<(), String> {
    judge(&version_of("node", "--version").await.ok_or_else(missing)?)
}

fn missing() -> String {
    let (major, minor) = OLDEST_NODE;
    format!(
        "builds with plugins or functions need Node {major}.{minor} or newer, and this server has no node in {PATH}"
    )
}

fn judge(shown: &str) -> Result<(), String> {
    let (major, minor) = OLDEST_NODE;
    match version(shown) {
        Some(version) if version >= OLDEST_NODE => Ok(()),
        Some(_) => Err(format!(
            "builds with plugins or functions need Node {major}.{minor} or newer; this server has {}",
            shown.trim()
        )),
        None => Err(missing()),
    }
}

/// `v20.1.2` as numbers.
fn version(shown: &str) -> Option<(u32, u32)> {
    let mut parts = shown.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_missing_ones_are_told_apart() {
        assert_eq!(judge("v20.6.0\n"), Ok(()));
        assert_eq!(judge("v22.0.1"), Ok(()));
        assert!(judge("v18.20.1").is_err_and(|why| why.ends_with("this server has v18.20.1")));
        assert!(judge("").is_err_and(|why| why.contains("has no node")));
    }
}
