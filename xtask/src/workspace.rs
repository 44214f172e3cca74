//! Where things are: the checkout, its target folder, its packages. Decides nothing.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::shell;

/// The checkout this tool was started in.
pub struct Workspace {
    /// The folder with the root Cargo.toml.
    pub root: PathBuf,
    /// Where cargo builds, with `CARGO_TARGET_DIR` and cargo's settings applied.
    pub target: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    workspace_root: PathBuf,
    target_directory: PathBuf,
}

impl Workspace {
    /// Asks cargo, so that every way of setting the target folder is honoured.
    pub fn find() -> Result<Workspace> {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut cargo = shell::cargo(here);
        cargo.args(["metadata", "--no-deps", "--format-version", "1"]);
        let text = shell::output(&mut cargo)?;
        let found: Metadata = serde_json::from_str(&text).context("cargo metadata gave no usable answer")?;
        Ok(Workspace { root: found.workspace_root, target: found.target_directory })
    }

    /// A cargo command that runs at the root of the checkout.
    pub fn cargo(&self) -> std::process::Command {
        shell::cargo(&self.root)
    }
}
