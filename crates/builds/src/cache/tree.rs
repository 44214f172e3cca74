//! Moves and copies folders with everything in them. Links are moved as links, never followed.

use crate::workspace;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::{MetadataExt as _, symlink};
use std::path::Path;

/// How a cache reaches a build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// It is taken out.
    Move,
    /// It stays where it is. File systems that can share the contents of files do.
    Copy,
}

/// Brings `from` to `to`, which is not there, as a folder of `user`.
pub(super) fn bring(from: &Path, to: &Path, user: Option<u32>, way: Way) -> Result<()> {
    match way {
        Way::Move => std::fs::rename(from, to)?,
        Way::Copy => copy(from, to)?,
    }
    give(to, user)
}

/// Takes `from` to `to`, which is not there.
pub(super) fn take(from: &Path, to: &Path) -> Result<()> {
    std::fs::rename(from, to)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    let about = from.symlink_metadata()?;
    if about.is_dir() {
        std::fs::create_dir(to)?;
        for entry in std::fs::read_dir(from)? {
            let entry = entry?;
            copy(&entry.path(), &to.join(entry.file_name()))?;
        }
        return std::fs::set_permissions(to, about.permissions());
    }
    if about.is_symlink() {
        return symlink(std::fs::read_link(from)?, to);
    }
    // sockets and pipes are of no use to another process
    if about.is_file() { std::fs::copy(from, to).map(|_| ()) } else { Ok(()) }
}

/// Hands a folder and everything in it to a user, where builds have one.
pub(super) fn give(path: &Path, user: Option<u32>) -> Result<()> {
    user.map_or(Ok(()), |user| workspace::give(path, user))
}

/// Bytes on disk of a folder; a file with several names counts for each.
pub(super) fn bytes(path: &Path) -> Result<u64> {
    let about = match path.symlink_metadata() {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(0),
        other => other?,
    };
    let mut sum = about.blocks() * 512;
    if about.is_dir() {
        for entry in std::fs::read_dir(path)? {
            sum += bytes(&entry?.path())?;
        }
    }
    Ok(sum)
}
