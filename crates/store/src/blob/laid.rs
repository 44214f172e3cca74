//! Blobs that were taken in and are not yet safe from a power cut. Each is a file of its own under the
//! label of whoever waits for it, so that another process finds it after a crash; many of them become
//! durable at the price of one.

use super::stage::{Digests, digest_file};
use parking_lot::Mutex;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::NamedTempFile;
use tokio::sync::MutexGuard;

/// Files from which flushing the whole file system costs less than flushing each.
const TOGETHER: usize = 16;

/// A blob that outlives the process, and once it is settled a power cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// Who waits for it: letters and digits.
    pub label: String,
    /// Digests and size of its bytes.
    pub digests: Digests,
    file: PathBuf,
}

/// What was laid and is not settled. Whoever settles holds the turn, takes all that wait, and says when
/// they are done with them.
#[derive(Clone, Default)]
pub struct Unsettled(Arc<State>);

#[derive(Default)]
struct State {
    lists: Mutex<Lists>,
    turn: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Lists {
    waiting: Vec<Laid>,
    /// Labels of those that were taken.
    under_way: HashSet<String>,
}

impl Unsettled {
    /// Adds blobs; how many wait then.
    pub fn add(&self, laid: impl IntoIterator<Item = Laid>) -> usize {
        let mut lists = self.0.lists.lock();
        lists.waiting.extend(laid);
        lists.waiting.len()
    }

    /// How many wait.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.lists.lock().waiting.len()
    }

    /// Whether a blob with this label waits or is being settled.
    #[must_use]
    pub fn holds(&self, label: &str) -> bool {
        let lists = self.0.lists.lock();
        lists.under_way.contains(label) || lists.waiting.iter().any(|laid| laid.label == label)
    }

    /// Waits for the turn to settle.
    pub async fn turn(&self) -> MutexGuard<'_, ()> {
        self.0.turn.lock().await
    }

    /// All that wait. They are under way until [`Unsettled::done`].
    #[must_use]
    pub fn take(&self) -> Vec<Laid> {
        let mut lists = self.0.lists.lock();
        let taken = std::mem::take(&mut lists.waiting);
        lists.under_way = taken.iter().map(|laid| laid.label.clone()).collect();
        taken
    }

    /// What was taken is settled, or was added again.
    pub fn done(&self) {
        self.0.lists.lock().under_way.clear();
    }
}

/// The folder of laid blobs, on the file system of the blobs.
#[derive(Clone)]
pub(super) struct Folder(Arc<Path>);

impl Folder {
    /// Opens the folder, and makes it if it is missing. None where a file cannot have two names: a blob
    /// must keep the first until the second is worth something.
    pub(super) fn open(path: PathBuf) -> std::io::Result<Option<Self>> {
        std::fs::create_dir_all(&path)?;
        let probe = NamedTempFile::new_in(path.parent().unwrap_or(&path))?;
        let second = probe.path().with_extension("second");
        let can_link = std::fs::hard_link(probe.path(), &second).is_ok();
        if can_link {
            std::fs::remove_file(second)?;
        }
        Ok(can_link.then(|| Self(path.into())))
    }

    /// Gives a received file a name under its label; blocks.
    pub(super) fn lay(&self, file: NamedTempFile, label: String, digests: &Digests) -> std::io::Result<Laid> {
        let drawn = file.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let path = self.0.join(format!("{label}{drawn}"));
        file.persist_noclobber(&path).map_err(|e| e.error)?;
        Ok(Laid { label, digests: digests.clone(), file: path })
    }

    /// What another process left, with digests of the bytes that are there; blocks.
    pub(super) fn left(&self) -> std::io::Result<Vec<Laid>> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(&self.0)? {
            let file = entry?.path();
            let name = file.file_name().unwrap_or_default().to_string_lossy();
            let label = name.split('.').next().unwrap_or_default().to_owned();
            let digests = digest_file(&file)?;
            found.push(Laid { label, digests, file });
        }
        Ok(found)
    }
}

/// Makes blobs durable at the places that `target` names; those that are there then. Blocks. First the
/// contents and then the names, as with a single one.
pub(super) fn settle(
    root: &Path,
    all: Vec<Laid>,
    target: impl Fn(&Laid) -> std::io::Result<PathBuf>,
) -> std::io::Result<Vec<Laid>> {
    let whole = std::fs::File::open(root)?;
    let together = all.len() >= TOGETHER;
    if together {
        rustix::fs::syncfs(&whole)?;
    }
    let mut there = Vec::with_capacity(all.len());
    for laid in all {
        let target = target(&laid)?;
        if !target.exists() && !place(&laid, &target, together)? {
            tracing::error!(file = %laid.file.display(), "an upload is gone from the data folder");
            continue;
        }
        there.push(laid);
    }
    if together {
        rustix::fs::syncfs(&whole)?;
    }
    Ok(there)
}

/// Names one at its place; false when it is gone.
fn place(laid: &Laid, target: &Path, together: bool) -> std::io::Result<bool> {
    if !together && laid.file.exists() {
        std::fs::File::open(&laid.file)?.sync_data()?;
    }
    match std::fs::hard_link(&laid.file, target) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
        _ => {}
    }
    match target.parent().filter(|_| !together) {
        Some(folder) => std::fs::File::open(folder)?.sync_data().map(|()| true),
        None => Ok(true),
    }
}

/// Takes the labels off; blocks. What cannot be removed is looked at again by the next process.
pub(super) fn forget(all: &[Laid]) {
    for laid in all {
        if let Err(error) = std::fs::remove_file(&laid.file)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, file = %laid.file.display(), "a settled upload keeps its label");
        }
    }
}
