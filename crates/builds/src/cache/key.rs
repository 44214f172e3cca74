//! What installed dependencies depend on. Another value of any of it, and they are installed anew.

use crate::environment::find_program;
use sha2::{Digest as _, Sha256};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Without one of these, what is installed is not settled.
const LOCKS: [&str; 6] =
    ["package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "bun.lockb"];
/// What else has a say.
const OTHERS: [&str; 6] =
    ["package.json", ".npmrc", ".yarnrc.yml", ".nvmrc", ".node-version", ".tool-versions"];

/// The key of the dependencies that belong into a folder; none without a lock file. `asked` is the Node
/// that a variable asks for.
pub(super) fn of(folder: &Path, asked: &str) -> Option<String> {
    if !LOCKS.iter().any(|name| folder.join(name).is_file()) {
        return None;
    }
    let mut digest = Sha256::new();
    for name in LOCKS.iter().chain(&OTHERS) {
        // a link that leads out of the checkout says nothing about it
        let plain = folder.join(name).symlink_metadata().is_ok_and(|about| about.is_file());
        if let Some(bytes) = plain.then(|| std::fs::read(folder.join(name)).ok()).flatten() {
            digest.update(name.as_bytes());
            digest.update(bytes.len().to_be_bytes());
            digest.update(bytes);
        }
    }
    digest.update(node());
    digest.update(asked);
    Some(hex::encode(digest.finalize()))
}

/// Which program runs JavaScript here: native add-ons are built for one.
fn node() -> String {
    let found = find_program("node").and_then(|program| Some((program.metadata().ok()?, program)));
    found.map_or_else(String::new, |(about, program)| {
        format!("{} {} {}", program.display(), about.len(), about.mtime())
    })
}
