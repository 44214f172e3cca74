//! What a sandboxed command may see and change.

use crate::workspace::Workspace;
use context::Settings;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Folders with things that are none of a build's business, beside the server's own.
const PRIVATE: [&str; 4] = ["/home", "/root", "/run", "/var/tmp"];

/// What a sandboxed command may see and change.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// Where the command starts.
    pub(crate) folder: PathBuf,
    /// Folders it may change.
    pub(crate) writable: Vec<PathBuf>,
    /// Folders it must not see, shorter paths first.
    pub(crate) hidden: Vec<PathBuf>,
}

impl Room {
    /// The room of a build whose command starts in `folder`.
    pub(crate) fn of_build(settings: &Settings, space: &Workspace, folder: PathBuf) -> Self {
        let own = vec![settings.data_dir.clone(), settings.builds.work_dir.clone()];
        Self { folder, writable: vec![space.repo.clone(), space.home.clone()], hidden: hidden(own) }
    }

    /// A room in which nothing can be changed, for a trial.
    pub(crate) fn empty() -> Self {
        Self { folder: PathBuf::from("/"), writable: Vec::new(), hidden: hidden(Vec::new()) }
    }
}

fn hidden(own: Vec<PathBuf>) -> Vec<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let all = PRIVATE.iter().map(PathBuf::from).chain(own).chain(home);
    // a home at the root or right below it is one of the system's folders
    let real =
        all.filter_map(|path| path.canonicalize().ok()).filter(|path| path.is_dir() && !is_system(path));
    let mut folders: Vec<PathBuf> = real.collect::<BTreeSet<_>>().into_iter().collect();
    folders.sort_by_key(|path| path.components().count());
    folders
}

fn is_system(path: &Path) -> bool {
    ["/", "/usr", "/bin", "/sbin", "/lib", "/etc", "/opt", "/var", "/dev", "/proc"]
        .iter()
        .any(|known| path == Path::new(known))
}

#[cfg(test)]
mod tests {
    use super::is_system;
    use std::path::Path;

    #[test]
    fn the_systems_own_folders_are_not_hidden() {
        assert!(is_system(Path::new("/")) && is_system(Path::new("/usr")));
        assert!(!is_system(Path::new("/root")) && !is_system(Path::new("/opt/boathook")));
    }
}
