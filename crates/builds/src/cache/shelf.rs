//! Where caches stand on the disk of a node: a folder for each site, and in it one for each branch.
//! Together they keep to a limit; those that were not used for longest go first.

use super::tree;
use crate::{ending, workspace};
use context::{Context, Result as Done};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use store::sites;

/// Beside the folder of builds, so that moving costs nothing.
const FOLDER: &str = "build-cache";
/// Where folders wait that are thrown away: beside the sites', so that moving there costs nothing.
const GONE: &str = ".gone";
/// What is written last: a shelf without it is of no use.
const META: &str = "meta.json";
/// Longest name of a folder, in bytes; a branch with a longer one has no cache.
const NAME_MAX: usize = 200;

/// What is known of a cache.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Meta {
    /// When it was put there, in milliseconds.
    pub(super) used_at: i64,
    pub(super) bytes: u64,
    /// What the dependencies of each place were installed for.
    pub(super) modules: BTreeMap<String, String>,
}

/// The cache of one branch of a site.
#[derive(Clone, Debug)]
pub(super) struct Shelf {
    root: PathBuf,
    folder: PathBuf,
}

/// Where the caches of a node stand whose builds work in `work_dir`.
pub(super) fn root(work_dir: &Path) -> PathBuf {
    work_dir.with_file_name(FOLDER)
}

impl Shelf {
    pub(super) fn of(root: &Path, site_id: &str, label: &str) -> Option<Self> {
        let name = utf8_percent_encode(label, NON_ALPHANUMERIC).to_string();
        let folder = root.join(site_id).join(&name);
        (name.len() <= NAME_MAX).then(|| Self { root: root.to_owned(), folder })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is known of it, when it is whole.
    pub(super) fn read(&self) -> Option<Meta> {
        read(&self.folder)
    }

    /// The same; nobody finds it whole afterwards.
    pub(super) fn take(&self) -> Result<Option<Meta>> {
        let meta = self.read();
        if meta.is_some() {
            std::fs::remove_file(self.folder.join(META))?;
        }
        Ok(meta)
    }

    pub(super) fn write(&self, meta: &Meta) -> Result<()> {
        std::fs::write(self.folder.join(META), serde_json::to_vec(meta)?)
    }

    pub(super) fn bytes(&self) -> Result<u64> {
        tree::bytes(&self.folder)
    }

    /// Empties it, and leaves an empty folder that only the server may enter. What was in it takes its
    /// time to be deleted, and nobody waits for that.
    pub(super) fn remove(&self) -> Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.root)?;
        throw_away(&self.root, &self.folder)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
    }
}

/// Has a folder deleted beside everything else.
fn throw_away(root: &Path, folder: &Path) -> Result<()> {
    if let Some(place) = move_aside(root, folder)? {
        ending::aside(move || delete(&place));
    }
    Ok(())
}

/// Moves a folder to where nobody finds it, so that its place is free; where it went, when it was there.
pub(super) fn move_aside(root: &Path, folder: &Path) -> Result<Option<PathBuf>> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let gone = root.join(GONE);
    DirBuilder::new().recursive(true).mode(0o700).create(&gone)?;
    loop {
        let place = gone.join(format!("{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed)));
        match std::fs::rename(folder, &place) {
            Ok(()) => return Ok(Some(place)),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            // an earlier process of the same number left it
            Err(error) if matches!(error.kind(), ErrorKind::DirectoryNotEmpty | ErrorKind::AlreadyExists) => {
            }
            Err(error) => return Err(error),
        }
    }
}

fn delete(folder: &Path) {
    if let Err(error) = workspace::remove(folder) {
        tracing::warn!(%error, folder = %folder.display(), "a cache that was thrown away cannot be deleted");
    }
}

/// Deletes what an earlier process was about to throw away. Returns at once.
pub(crate) fn sweep_gone(work_dir: &Path) {
    let left = folders(&root(work_dir).join(GONE)).unwrap_or_default();
    if !left.is_empty() {
        ending::aside(move || left.iter().for_each(|folder| delete(folder)));
    }
}

fn read(folder: &Path) -> Option<Meta> {
    serde_json::from_slice(&std::fs::read(folder.join(META)).ok()?).ok()
}

/// Throws caches away until the rest takes no more than `most` bytes.
pub(super) fn trim(root: &Path, most: u64) -> Result<()> {
    let mut all: Vec<(Meta, PathBuf)> = Vec::new();
    for site in folders(root)? {
        all.extend(folders(&site)?.into_iter().filter_map(|folder| Some((read(&folder)?, folder))));
    }
    all.sort_by_key(|(meta, _)| meta.used_at);
    let mut sum: u64 = all.iter().map(|(meta, _)| meta.bytes).sum();
    for (meta, folder) in all {
        if sum <= most {
            break;
        }
        workspace::remove(&folder)?;
        sum = sum.saturating_sub(meta.bytes);
    }
    Ok(())
}

/// Throws all caches of a node away; whether there were any.
pub(crate) fn remove_all(work_dir: &Path) -> Result<bool> {
    let root = root(work_dir);
    let gone = folders(&root.join(GONE))?;
    let any = !gone.is_empty() || !folders(&root)?.is_empty();
    trim(&root, 0)?;
    gone.iter().for_each(|folder| delete(folder));
    Ok(any)
}

/// The folders in one, save what is thrown away.
fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    let all: Result<Vec<PathBuf>> = match std::fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        other => other?.map(|entry| entry.map(|entry| entry.path())).collect(),
    };
    all.map(|all| all.into_iter().filter(|folder| !folder.ends_with(GONE)).collect())
}

/// Throws away what builds of a site left on this node.
///
/// # Errors
/// When the disk fails.
pub(crate) async fn forget_site(cx: &Context, site_id: &str) -> Done<()> {
    let root = root(&cx.settings.builds.work_dir);
    let folder = root.join(site_id);
    let removed = tokio::task::spawn_blocking(move || match folder.exists() {
        true => throw_away(&root, &folder),
        false => Ok(()),
    })
    .await;
    removed.map_err(context::Error::internal)?.map_err(context::Error::internal)
}

/// Throws away the caches of sites that are no more.
///
/// # Errors
/// When the database or the disk fails.
pub async fn sweep(cx: &Context) -> Done<()> {
    let root = root(&cx.settings.builds.work_dir);
    for folder in folders(&root).map_err(context::Error::internal)? {
        let Some(site) = folder.file_name().and_then(|name| name.to_str()) else { continue };
        let mut db = cx.read().await?;
        if sites::find(&mut db, site).await?.is_none() {
            drop(db);
            forget_site(cx, site).await?;
        }
    }
    Ok(())
}
