//! Which folders are kept, and how they are moved without following a link that a build left: the
//! server moves them with its own rights.

use super::shelf::{Meta, Shelf};
use super::tree::{self, Way};
use super::{Keys, Restored, key};
use std::io::Result;
use std::path::{Path, PathBuf};

/// Below `HOME`: what package managers fetched. They check it themselves.
pub(super) const HOME: [&str; 6] =
    [".npm", ".cache", ".yarn/berry", ".local/share/pnpm/store", ".bun/install/cache", ".gem"];
/// Programs that installs brought, also below `HOME`. Nobody checks these.
pub(super) const PROGRAMS: [&str; 3] = [".local/bin", ".local/lib", ".local/node"];
/// Below the base directory and the root of the repository.
pub(super) const PROJECT: [&str; 11] = [
    MODULES,
    ".netlify/cache",
    ".netlify/plugins",
    ".cache",
    ".astro",
    ".next/cache",
    ".angular/cache",
    ".docusaurus",
    ".parcel-cache",
    ".turbo",
    "resources/_gen",
];
/// Installed dependencies, which are of use only to the lock file that they were installed by.
const MODULES: &str = "node_modules";

/// Names of places below `HOME`.
pub(super) const HOME_SCOPE: &str = "home";
pub(super) const PROGRAMS_SCOPE: &str = "programs";

/// A folder of a build and what is kept of it.
pub(super) struct Place {
    /// Its name on the shelf.
    pub(super) scope: &'static str,
    pub(super) folder: PathBuf,
    pub(super) entries: &'static [&'static str],
    /// The Node that a variable asks for.
    pub(super) node: String,
}

impl Place {
    /// Whether what is in it is checked by whoever uses it.
    fn is_checked(&self) -> bool {
        self.scope == HOME_SCOPE
    }

    /// What installed dependencies of this place depend on.
    pub(super) fn key(&self) -> Option<String> {
        key::of(&self.folder, &self.node)
    }

    fn shown(&self, entry: &str) -> String {
        if matches!(self.scope, HOME_SCOPE | PROGRAMS_SCOPE) {
            format!("~/{entry}")
        } else {
            entry.to_owned()
        }
    }
}

/// Brings back what the shelf holds.
pub(super) fn restore(
    shelf: &Shelf,
    meta: &Meta,
    keys: &Keys,
    places: &[Place],
    user: Option<u32>,
    way: Way,
) -> Result<Restored> {
    let mut restored = Restored::default();
    for place in places {
        let fits = meta.modules.get(place.scope).is_some_and(|known| keys.get(place.scope) == Some(known));
        for entry in place.entries.iter().filter(|entry| **entry != MODULES || fits) {
            let from = shelf.folder().join(place.scope).join(entry);
            if !is_folder(&from) || !make_way(&place.folder, entry, user)? {
                continue;
            }
            tree::bring(&from, &place.folder.join(entry), user, way)?;
            restored.paths.push(place.shown(entry));
            restored.modules |= *entry == MODULES;
        }
    }
    Ok(restored)
}

/// Moves what a build left onto the shelf, which is emptied first; what was moved. Packages of which
/// nobody can say what they belong to are of no use to anybody.
pub(super) fn keep(shelf: &Shelf, keys: &Keys, places: &[Place], succeeded: bool) -> Result<Vec<String>> {
    shelf.remove()?;
    let mut kept = Vec::new();
    for place in places.iter().filter(|place| succeeded || place.is_checked()) {
        for entry in place.entries {
            let is_of_use = *entry != MODULES || keys.contains_key(place.scope);
            if !is_of_use || !leads_straight(&place.folder, entry) || is_empty(&place.folder.join(entry)) {
                continue;
            }
            let to = shelf.folder().join(place.scope).join(entry);
            std::fs::create_dir_all(to.parent().unwrap_or(&to))?;
            tree::take(&place.folder.join(entry), &to)?;
            kept.push(place.shown(entry));
        }
    }
    Ok(kept)
}

fn is_folder(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|about| about.is_dir())
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).map_or(true, |mut entries| entries.next().is_none())
}

/// Whether every part of the path is a folder and none a link. Nothing of the build runs any more, so
/// that it stays true.
fn leads_straight(folder: &Path, entry: &str) -> bool {
    let mut at = folder.to_owned();
    Path::new(entry).components().all(|part| {
        at.push(part);
        is_folder(&at)
    })
}

/// Makes the folders that lead to an entry; whether its own place is free.
fn make_way(folder: &Path, entry: &str, user: Option<u32>) -> Result<bool> {
    let mut at = folder.to_owned();
    let parts: Vec<_> = Path::new(entry).components().collect();
    for part in parts.iter().take(parts.len().saturating_sub(1)) {
        at.push(part);
        if at.symlink_metadata().is_err() {
            std::fs::create_dir(&at)?;
            tree::give(&at, user)?;
        } else if !is_folder(&at) {
            return Ok(false);
        }
    }
    Ok(folder.join(entry).symlink_metadata().is_err())
}
