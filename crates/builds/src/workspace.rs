//! The folders of one build, made before it and removed after it.

use crate::failure::{Failure, Outcome};
use crate::sandbox::{Cell, Waiting};
use context::BuildPolicy;
use std::fs::{DirBuilder, Permissions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// User and group that programs run as which belong to no build: `nobody` everywhere.
pub(crate) const NOBODY: u32 = 65534;

/// File of a workspace that names its build.
const BUILD: &str = "build";

/// The folders of one build. Paths hold no symbolic link.
#[derive(Debug)]
pub(crate) struct Workspace {
    /// What it is called.
    pub(crate) name: String,
    root: PathBuf,
    /// The checkout.
    pub(crate) repo: PathBuf,
    /// `HOME` of the build.
    pub(crate) home: PathBuf,
    /// Git's configuration and key; the build never sees it.
    pub(crate) git: PathBuf,
    /// The user and the control group that the build's processes belong to.
    pub(crate) cell: Arc<Cell>,
}

impl Workspace {
    /// Makes the folders under a name that nothing has or had.
    pub(crate) async fn create(policy: &BuildPolicy, name: &str) -> Outcome<Self> {
        let (policy, name) = (policy.clone(), name.to_owned());
        blocking(move || Self::make(&policy, name)).await
    }

    fn make(policy: &BuildPolicy, name: String) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o711).create(&policy.work_dir)?;
        let cell = Arc::new(Cell::enter(policy, &name)?);
        let root = policy.work_dir.canonicalize()?.join(&name);
        let folder = |path: PathBuf, mode: u32| DirBuilder::new().mode(mode).create(&path).map(|()| path);
        let root = folder(root, 0o711)?;
        let home = folder(root.join("home"), 0o700)?;
        folder(home.join("tmp"), 0o700)?;
        // a sandbox that is set up while the code comes makes folders in here that stay the server's
        cell.user().map_or(Ok(()), |user| give(&home, user))?;
        Ok(Self {
            repo: folder(root.join("repo"), 0o700)?,
            git: folder(root.join("git"), 0o700)?,
            home,
            name,
            root,
            cell,
        })
    }

    /// Hands the checkout to the user that builds run as.
    pub(crate) async fn hand_over(&self) -> Outcome<()> {
        let Some(user) = self.cell.user() else { return Ok(()) };
        let repo = self.repo.clone();
        blocking(move || give(&repo, user)).await
    }

    /// Writes down which build works here, for the server that comes after one that died.
    pub(crate) fn is_for(&self, build_id: &str) -> std::io::Result<()> {
        std::fs::write(self.root.join(BUILD), build_id)
    }

    /// The build that worked in a workspace which a process that died has left, if one did.
    pub(crate) fn whose(work_dir: &Path, name: &str) -> Option<String> {
        let build = std::fs::read_to_string(work_dir.join(name).join(BUILD)).ok()?;
        model::is_hex24(&build).then_some(build)
    }

    /// Removes what a process that died has left.
    pub(crate) async fn discard(work_dir: &Path, name: &str) {
        remove_logged(work_dir.join(name)).await;
    }

    /// Removes everything.
    pub(crate) async fn remove(self) {
        let cell = self.cell;
        // what still runs could write on while the folders are removed
        let _cleared = blocking(move || {
            cell.take_waiting().into_iter().for_each(Waiting::end);
            cell.clear();
            Ok(())
        })
        .await;
        remove_logged(self.root).await;
    }
}

async fn remove_logged(root: PathBuf) {
    let folder = root.clone();
    if let Err(error) = blocking(move || remove(&folder)).await {
        tracing::warn!(?error, folder = %root.display(), "a build's folder is left behind");
    }
}

/// Whether this process may do everything.
#[must_use]
pub fn server_is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|me| me.uid() == 0)
}

/// Runs disk work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Outcome<T> {
    let joined = tokio::task::spawn_blocking(work).await.map_err(Error::other);
    joined.and_then(|done| done).map_err(Failure::disk)
}

/// Hands a folder and everything in it to a user; links are handed over, not followed.
pub(crate) fn give(path: &Path, user: u32) -> std::io::Result<()> {
    std::os::unix::fs::lchown(path, Some(user), Some(user))?;
    if path.symlink_metadata()?.is_dir() {
        for entry in std::fs::read_dir(path)? {
            give(&entry?.path(), user)?;
        }
    }
    Ok(())
}

/// Removes a folder; one that a build made unwritable is made writable first.
pub(crate) fn remove(root: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(root) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {
            unlock(root)?;
            std::fs::remove_dir_all(root)
        }
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

fn unlock(folder: &Path) -> std::io::Result<()> {
    std::fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            unlock(&entry.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(work_dir: &Path) -> BuildPolicy {
        crate::tests::world::policy(work_dir.to_owned())
    }

    #[tokio::test]
    async fn a_workspace_is_empty_and_leaves_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let policy = policy(dir.path());
        let space = Workspace::create(&policy, "w1").await.expect("made");
        assert_eq!(std::fs::read_dir(&space.repo).expect("read").count(), 0);
        std::fs::write(space.repo.join("left"), "over").expect("written");
        std::fs::create_dir(space.home.join("locked")).expect("made");
        std::fs::set_permissions(space.home.join("locked"), Permissions::from_mode(0o500)).expect("locked");
        space.hand_over().await.expect("given");
        assert!(Workspace::create(&policy, "w1").await.is_err(), "a name is for one");
        assert_eq!(Workspace::whose(dir.path(), "w1"), None, "it was made in advance");
        space.is_for("0123456789abcdef01234567").expect("written");
        assert_eq!(Workspace::whose(dir.path(), "w1").as_deref(), Some("0123456789abcdef01234567"));
        space.remove().await;
        assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 0);
    }
}
