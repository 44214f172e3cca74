//! Which sandboxes work on this machine, found by starting a process in each, and which one builds
//! use. A program that is installed may still be refused by the kernel.

use super::bubblewrap::Bubblewrap;
use super::confined::Confined;
use super::groups::Base;
use super::{Off, Room, Sandbox, at_once};
use context::Sandbox as Policy;
use std::fmt;
use std::sync::Arc;

/// Which layers work, for the start and for `doctor`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// Namespaces by bubblewrap, or why not.
    pub bubblewrap: Result<(), String>,
    /// Landlock with resource limits, or why not.
    pub landlock: Result<(), String>,
    /// Control groups, which bound what all processes of a build use together, or why not.
    pub groups: Result<(), String>,
}

impl Layers {
    /// Whether builds have processes, mounts and names of their own.
    #[must_use]
    pub fn is_strong(&self) -> bool {
        self.bubblewrap.is_ok()
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.bubblewrap, &self.landlock) {
            (Ok(()), _) => f.write_str("bubblewrap with resource limits")?,
            (Err(why), Ok(())) => write!(f, "landlock with resource limits (bubblewrap: {why})")?,
            (Err(strong), Err(weak)) => write!(f, "no sandbox (bubblewrap: {strong}; landlock: {weak})")?,
        }
        match &self.groups {
            Ok(()) => f.write_str(" and control groups"),
            Err(why) => write!(f, "; no bound on memory: {why}"),
        }
    }
}

/// Tries every sandbox by starting a process in each; takes some milliseconds.
#[must_use]
pub fn sandbox_report() -> Layers {
    Layers { bubblewrap: works(&Bubblewrap), landlock: works(&Confined), groups: Base::find().map(|_| ()) }
}

/// The sandbox that builds use under this policy; an error is a sentence for the log of the build
/// that is refused.
pub(crate) async fn choose(policy: Policy) -> Result<Arc<dyn Sandbox>, String> {
    let layers = tokio::task::spawn_blocking(sandbox_report).await.map_err(|error| error.to_string())?;
    let picked = pick(policy, layers.bubblewrap.is_ok(), layers.landlock.is_ok());
    picked.ok_or_else(|| format!("this server has no sandbox that it may build in: {layers}"))
}

fn pick(policy: Policy, bubblewrap: bool, landlock: bool) -> Option<Arc<dyn Sandbox>> {
    match policy {
        Policy::Off => Some(Arc::new(Off)),
        Policy::Auto | Policy::Strict if bubblewrap => Some(Arc::new(Bubblewrap)),
        Policy::Auto | Policy::Landlock if landlock => Some(Arc::new(Confined)),
        Policy::Auto | Policy::Strict | Policy::Landlock => None,
    }
}

fn works(sandbox: &dyn Sandbox) -> Result<(), String> {
    let mut command = at_once(sandbox, &Room::empty(), "exit 0").map_err(|error| error.to_string())?;
    let output = command.output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(said.lines().next().unwrap_or("it ends without a word").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_strongest_that_the_policy_allows_is_taken() {
        for (policy, bubblewrap, landlock, expect) in [
            (Policy::Auto, true, true, Some("bubblewrap")),
            (Policy::Auto, false, true, Some("landlock")),
            (Policy::Auto, false, false, None),
            (Policy::Strict, true, true, Some("bubblewrap")),
            (Policy::Strict, false, true, None),
            (Policy::Landlock, true, true, Some("landlock")),
            (Policy::Landlock, true, false, None),
            (Policy::Off, false, false, Some("none")),
            (Policy::Off, true, true, Some("none")),
        ] {
            let picked = pick(policy, bubblewrap, landlock).map(|sandbox| sandbox.name());
            assert_eq!(picked, expect, "{policy:?} {bubblewrap} {landlock}");
        }
    }
}
