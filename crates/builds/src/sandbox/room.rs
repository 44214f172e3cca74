//! What a sandboxed command may see and change.

use super::cell::Cell;
use super::private::private_parts;
use crate::workspace::{Workspace, server_is_root};
use context::{BuildLimits, Settings};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What a build may read of the system; everything else is not there.
pub(super) const SYSTEM: [&str; 10] =
    ["/bin", "/etc", "/lib", "/lib32", "/lib64", "/nix", "/opt", "/sbin", "/sys/devices/system", "/usr"];

/// What a sandboxed command may see and change.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// Where the command starts.
    pub(crate) folder: PathBuf,
    /// Folders it may change.
    pub(crate) writable: Vec<PathBuf>,
    /// Folders it may read beside the system's.
    pub(crate) readable: Vec<PathBuf>,
    /// Where its temporary files are; it counts as a part of what the build has on disk.
    pub(crate) temporary: Option<PathBuf>,
    /// Home of the user it runs as.
    pub(crate) home: PathBuf,
    /// Folders and files of the system that it must not see, shorter paths first.
    pub(crate) hidden: Vec<PathBuf>,
    /// What it may use.
    pub(crate) limits: BuildLimits,
    /// User and control group.
    pub(crate) cell: Arc<Cell>,
}

impl Room {
    /// The room of a build whose command starts in `folder`.
    pub(crate) fn of_build(settings: &Settings, space: &Workspace, folder: PathBuf) -> Self {
        let own = vec![settings.data_dir.clone(), settings.builds.work_dir.clone()];
        Self {
            folder,
            writable: vec![space.repo.clone(), space.home.clone()],
            readable: Vec::new(),
            temporary: Some(space.home.join("tmp")),
            home: space.home.clone(),
            hidden: hidden(own),
            limits: settings.builds.limits.clone(),
            cell: Arc::clone(&space.cell),
        }
    }

    /// Whether what is seen and what may be changed is the same, wherever the command starts.
    pub(super) fn sees_as_much_as(&self, other: &Self) -> bool {
        let sights = |room: &Self| {
            let Self { writable, readable, temporary, home, hidden, .. } = room.clone();
            (writable, readable, temporary, home, hidden)
        };
        sights(self) == sights(other)
    }

    /// A room in which nothing can be changed, for a trial.
    pub(crate) fn empty() -> Self {
        Self {
            folder: PathBuf::from("/"),
            writable: Vec::new(),
            readable: Vec::new(),
            temporary: None,
            home: PathBuf::from("/"),
            hidden: hidden(Vec::new()),
            limits: BuildLimits::default(),
            cell: Arc::default(),
        }
    }
}

/// What must not be seen of the system's folders: the server's own, and, where builds run as the
/// server's user, what not everybody may read.
fn hidden(own: Vec<PathBuf>) -> Vec<PathBuf> {
    let private = if server_is_root() { Vec::new() } else { private_parts(Path::new("/etc")) };
    let real = own.into_iter().chain(std::env::home_dir()).filter_map(|path| path.canonicalize().ok());
    let inside = |path: &PathBuf| SYSTEM.iter().any(|part| path.starts_with(part) && path != Path::new(part));
    let all: BTreeSet<PathBuf> = real.filter(inside).chain(private).collect();
    let mut all: Vec<PathBuf> = all.into_iter().collect();
    all.sort_by_key(|path| path.components().count());
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_lies_in_the_systems_folders_needs_hiding() {
        let dir = tempfile::tempdir_in("/opt").expect("a folder");
        let data = dir.path().join("data");
        std::fs::create_dir(&data).expect("made");
        let found = hidden(vec![data.clone(), dir.path().to_owned(), "/usr".into(), "/var/tmp".into()]);
        assert_eq!(found, [dir.path(), &data]);
    }
}
