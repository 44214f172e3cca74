//! The folders of one build, made before it and removed after it.

use crate::failure::{Failure, Outcome};
use crate::sandbox::Cell;
use context::BuildPolicy;
use std::fs::{DirBuilder, Permissions};
use std::io::{Error, ErrorKind};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// User and group that programs run as which belong to no build: `nobody` everywhere.
pub(crate) const NOBODY: u32 = 65534;

/// The folders of one build. Paths hold no symbolic link.
#[derive(Debug)]
pub(crate) struct Workspace {
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
    /// Makes the folders, empty, even when an earlier run left some.
    pub(crate) async fn create(policy: &BuildPolicy, build_id: &str) -> Outcome<Self> {
        let (policy, build_id) = (policy.clone(), build_id.to_owned());
        blocking(move || Self::make(&policy, &build_id)).await
    }

    fn make(policy: &BuildPolicy, build_id: &str) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o711).create(&policy.work_dir)?;
        let cell = Arc::new(Cell::enter(policy, build_id)?);
        let root = policy.work_dir.canonicalize()?.join(build_id);
        remove(&root)?;
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

    /// Removes what a process that died left of a build which does not run again.
    pub(crate) async fn discard(work_dir: &Path, build_id: &str) {
        remove_logged(work_dir.join(build_id)).await;
    }

    /// Removes everything.
    pub(crate) async fn remove(self) {
        let cell = self.cell;
        // what still runs could write on while the folders are removed
        let _cleared = blocking(move || {
            drop(cell.take_waiting());
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
        let first = Workspace::create(&policy, "b1").await.expect("made");
        std::fs::write(first.repo.join("left"), "over").expect("written");
        std::fs::create_dir(first.home.join("locked")).expect("made");
        std::fs::set_permissions(first.home.join("locked"), Permissions::from_mode(0o500)).expect("locked");
        drop(first);
        let again = Workspace::create(&policy, "b1").await.expect("made again");
        assert!(!again.repo.join("left").exists());
        again.hand_over().await.expect("given");
        again.remove().await;
        assert_eq!(std::fs::read_dir(dir.path()).expect("read").count(), 0);
    }
}
