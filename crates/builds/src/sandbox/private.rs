//! Finds what not everybody may read. Where builds run as the server's user, files that the server
//! was given by its group, its configuration say, would be open to them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

/// Entries that are looked at; a folder with more is private as a whole.
const ENTRIES: usize = 20_000;

/// The parts of `folder` that are closed to others, files and folders; links lead to what is looked
/// at elsewhere.
pub(super) fn private_parts(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut left) = (Vec::new(), ENTRIES);
    if !walk(folder, &mut found, &mut left) {
        return vec![folder.to_owned()];
    }
    found
}

/// Whether everything could be looked at.
fn walk(folder: &Path, found: &mut Vec<PathBuf>, left: &mut usize) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else {
        found.push(folder.to_owned());
        return true;
    };
    for entry in entries.flatten() {
        if *left == 0 {
            return false;
        }
        *left -= 1;
        let Ok(about) = entry.metadata() else { continue };
        let wanted = if about.is_dir() { 0o005 } else { 0o004 };
        if !about.is_symlink() && about.permissions().mode() & wanted != wanted {
            found.push(entry.path());
        } else if about.is_dir() && !walk(&entry.path(), found, left) {
            return false;
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::{Permissions, create_dir, set_permissions, write};

    #[test]
    fn files_and_folders_closed_to_others_are_found() {
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        for (name, mode) in [("open", 0o755), ("open/in", 0o755), ("shut", 0o750)] {
            create_dir(at(name)).expect("made");
            set_permissions(at(name), Permissions::from_mode(mode)).expect("set");
        }
        for (name, mode) in [("open/a", 0o644), ("open/in/key", 0o640), ("shut/b", 0o644), ("c", 0o600)] {
            write(at(name), "x").expect("written");
            set_permissions(at(name), Permissions::from_mode(mode)).expect("set");
        }
        std::os::unix::fs::symlink(at("c"), at("open/link")).expect("linked");
        let mut found = private_parts(dir.path());
        found.sort();
        assert_eq!(found, [at("c"), at("open/in/key"), at("shut")]);
    }
}
