//! Every check that needs no server: formatting, clippy with warnings as errors, tidy, and cargo-deny where it is installed.

use anyhow::Result;

use crate::shell;
use crate::step::{note, step};
use crate::tidy;
use crate::workspace::Workspace;

/// Runs all of them in order; the first that fails ends the run.
pub fn run(workspace: &Workspace) -> Result<()> {
    step("rustfmt", || shell::run(workspace.cargo().args(["fmt", "--all", "--check"])))?;
    step("tidy", || tidy::run(workspace))?;
    step("clippy", || {
        let mut clippy = workspace.cargo();
        clippy.args(["clippy", "--workspace", "--all-targets", "--quiet", "--", "-D", "warnings"]);
        shell::run(&mut clippy)
    })?;
    deny(workspace)
}

/// The checks that need no advisory database, so that they give the same answer without a network.
fn deny(workspace: &Workspace) -> Result<()> {
    if shell::quiet(workspace.cargo().args(["deny", "--version"])).is_err() {
        note("cargo-deny is not installed, so licences and sources of dependencies are not checked");
        return Ok(());
    }
    step("cargo-deny", || {
        shell::run(workspace.cargo().args(["deny", "--offline", "check", "licenses", "bans", "sources"]))
    })
}
