//! Which Node can run the CLI against another server: it must honour proxy variables by itself.

use anyhow::{Context as _, bail};
use tokio::process::Command;

/// What to do about a Node that is too old.
const ADVICE: &str = "the Netlify CLI can reach this server with Node 22.21 or newer, or 24 or newer: these honour \
     NODE_USE_ENV_PROXY. Install one from https://nodejs.org, or choose one with your version manager \
     (for example `nvm install 22`)";

/// Fails with advice unless `node` on the PATH is new enough.
pub(crate) async fn check() -> anyhow::Result<()> {
    let output = Command::new("node").arg("--version").output().await;
    let output = output.with_context(|| format!("cannot run node; {ADVICE}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    match version(&text) {
        Some(found) if fits(found) => Ok(()),
        Some((major, minor)) => bail!("node is version {major}.{minor}; {ADVICE}"),
        None => bail!("node did not say its version but {}; {ADVICE}", model::quoted(text.trim())),
    }
}

/// Major and minor number out of `v22.21.0`.
fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix('v')?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Node 23 never got the variable.
fn fits((major, minor): (u32, u32)) -> bool {
    major >= 24 || (major == 22 && minor >= 21)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        for (text, expect) in [
            ("v22.21.0\n", Some((22, 21))),
            ("v24.0.0-nightly2025", Some((24, 0))),
            ("22.21.0", None),
            ("v22", None),
            ("", None),
            ("vx.y.z", None),
        ] {
            assert_eq!(version(text), expect, "{text}");
        }
    }

    #[test]
    fn only_nodes_that_honour_the_proxy_fit() {
        for (version, expect) in [
            ((18, 20), false),
            ((20, 20), false),
            ((22, 20), false),
            ((22, 21), true),
            ((22, 23), true),
            ((23, 11), false),
            ((24, 0), true),
            ((26, 1), true),
        ] {
            assert_eq!(fits(version), expect, "{version:?}");
        }
    }
}
