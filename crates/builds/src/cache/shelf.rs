//! Where caches stand on the disk of a node: a folder for each site, and in it one for each branch.
//! Together they keep to a limit; those that were not used for longest go first.

use super::tree;
use crate::workspace;
use context::{Context, Result as Done};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::DirBuilder;
use std::io::{ErrorKind, Result};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use store::sites;

/// Beside the folder of builds, so that moving costs nothing.
const FOLDER: &str = "build-cache";
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

    /// Empties it, and leaves an empty folder that only the server may enter.
    pub(super) fn remove(&self) -> Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(&self.root)?;
        workspace::remove(&self.folder)?;
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)
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
    let any = !folders(&root)?.is_empty();
    trim(&root, 0)?;
    Ok(any)
}

fn folders(root: &Path) -> Result<Vec<PathBuf>> {
    match std::fs::read_dir(root) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Vec::new()),
        other => other?.map(|entry| entry.map(|entry| entry.path())).collect(),
    }
}

/// Throws away what builds of a site left on this node.
///
/// # Errors
/// When the disk fails.
pub(crate) async fn forget_site(cx: &Context, site_id: &str) -> Done<()> {
    let folder = root(&cx.settings.builds.work_dir).join(site_id);
    let removed = tokio::task::spawn_blocking(move || workspace::remove(&folder)).await;
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
