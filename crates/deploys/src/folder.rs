//! Publishing a folder on disk: what a build left behind.

use crate::beneath::Beneath;
use crate::digest::{Digest, take_digest};
use crate::path::clean_path;
use crate::process::process;
use context::{Context, Error, Result};
use futures_util::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use store::Tx;
use store::blob::Digests;
use store::blobs::{self, Known};
use store::deploys::{self, DeployRow};
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Files read and stored at once.
const AT_ONCE: usize = 4;
/// Bytes read at once.
const STEP: usize = 256 * 1024;
/// Digests learnt in one transaction.
pub(crate) const BATCH: usize = 500;

/// Takes every regular file of `folder` as the content of a deploy and makes it ready, and live by
/// the usual rules. Names that begin with a dot (save `.well-known`), `node_modules` and
/// `__MACOSX` stay out, as clients leave them out; symbolic links are not followed.
///
/// # Errors
/// `Unprocessable` when the folder breaks a limit or the deploy does not take files; else when a
/// file cannot be read or the database fails.
pub async fn publish_folder(cx: &Context, deploy_id: &str, folder: &Path) -> Result<DeployRow> {
    let stored = store_folder(cx, folder, Path::new("")).await?;
    publish_stored(cx, deploy_id, stored, Vec::new()).await
}

/// Stores the files of `root/inner`; their paths and digests.
pub(crate) async fn store_folder(cx: &Context, root: &Path, inner: &Path) -> Result<Vec<(String, Digests)>> {
    let (root, inner) = (root.to_owned(), inner.to_owned());
    let look = move || Ok((Beneath::open(&root, &inner)?, walk(&root.join(inner))?));
    let looked: std::io::Result<_> = tokio::task::spawn_blocking(look).await.map_err(Error::internal)?;
    let (folder, files) = looked.map_err(Error::internal)?;
    futures_util::stream::iter(files)
        .map(|file| store_file(cx, folder.clone(), file))
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await
}

/// Makes a deploy of files that are stored already, with messages for its summary.
pub(crate) async fn publish_stored(
    cx: &Context,
    deploy_id: &str,
    stored: Vec<(String, Digests)>,
    notices: Vec<Value>,
) -> Result<DeployRow> {
    let mut db = cx.read().await?;
    let deploy = deploys::find(&mut db, deploy_id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let all: Vec<_> = stored.iter().map(|(_, digests)| (digests.sha1.as_str(), digests)).collect();
    learn(cx, &deploy.account_id, &all).await?;
    let files: BTreeMap<String, String> = stored.into_iter().map(|(path, d)| (path, d.sha1)).collect();
    take_digest(cx, deploy_id, Digest { files: Some(files), notices, ..Digest::default() }).await?;
    process(cx, deploy_id).await?;
    let mut db = cx.read().await?;
    deploys::find(&mut db, deploy_id).await?.ok_or(Error::NotFound)
}

/// Writes down which blobs an account's digests lead to.
pub(crate) async fn learn(cx: &Context, account_id: &str, all: &[(&str, &Digests)]) -> Result<()> {
    for batch in all.chunks(BATCH) {
        let mut tx = cx.begin().await?;
        learn_in(&mut tx, account_id, batch).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// The same in the caller's transaction.
pub(crate) async fn learn_in(tx: &mut Tx, account_id: &str, all: &[(&str, &Digests)]) -> Result<()> {
    for (name, digests) in all {
        blobs::learn(tx, account_id, name, &known(digests)).await?;
    }
    Ok(())
}

/// A blob as the account knows it that it was just stored for.
pub(crate) fn known(digests: &Digests) -> Known {
    Known { blob: digests.sha256.clone(), size: digests.size }
}

struct Found {
    /// From the folder that is published.
    file: PathBuf,
    path: String,
}

fn walk(root: &Path) -> std::io::Result<Vec<Found>> {
    let mut found = Vec::new();
    let mut folders = vec![(PathBuf::new(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        for entry in std::fs::read_dir(root.join(&folder))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = entry.file_type()?;
            let (path, file) = (format!("{prefix}/{name}"), folder.join(entry.file_name()));
            if left_out(&name) {
                continue;
            } else if kind.is_dir() {
                folders.push((file, path));
            } else if kind.is_file() {
                found.push(Found { file, path });
            }
        }
    }
    Ok(found)
}

fn left_out(name: &str) -> bool {
    (name.starts_with('.') && name != ".well-known") || matches!(name, "node_modules" | "__MACOSX")
}

async fn store_file(cx: &Context, folder: Beneath, found: Found) -> Result<(String, Digests)> {
    let limits = &cx.settings.limits;
    let path = clean_path(&found.path, limits.path)?;
    let opened = tokio::task::spawn_blocking(move || begin(&folder, &found.file)).await;
    let (file, head) = opened.map_err(Error::internal)?.map_err(Error::internal)?;
    let is_whole = head.len() < STEP && head.len() as u64 <= limits.file;
    let digests = match is_whole {
        true => cx.blobs.put(&head).await?,
        false => keep(cx, &path, head.as_slice().chain(tokio::fs::File::from_std(file)), limits.file).await?,
    };
    Ok((path, digests))
}

/// Opens a file and reads its beginning: most files are small, and visits to the threads that may block
/// would cost more than reading them.
fn begin(folder: &Beneath, inner: &Path) -> std::io::Result<(File, Vec<u8>)> {
    let file = folder.file(inner)?;
    let mut head = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(&file, STEP as u64), &mut head)?;
    Ok((file, head))
}

/// Stores what `source` gives; `shown` names it where it is too long.
pub(crate) async fn keep(
    cx: &Context,
    shown: &str,
    mut source: impl AsyncRead + Unpin,
    limit: u64,
) -> Result<Digests> {
    let mut staged = cx.blobs.stage().await?;
    let mut buffer = vec![0; STEP];
    loop {
        let read = source.read(&mut buffer).await.map_err(Error::internal)?;
        if read == 0 {
            break;
        }
        if staged.size() + read as u64 > limit {
            return Err(Error::Unprocessable(format!("{shown} has more than {limit} bytes")));
        }
        staged.write(&buffer[..read]).await?;
    }
    Ok(cx.blobs.keep(staged).await?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_files_and_links_stay_out() {
        let dir = tempfile::tempdir().expect("a temporary folder");
        for name in ["index.html", ".env", ".well-known/x", "a/b.css", "node_modules/m/i.js", "a/.git/config"]
        {
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("a folder");
            std::fs::write(file, name).expect("a file");
        }
        std::os::unix::fs::symlink("/etc/passwd", dir.path().join("passwd")).expect("a link");
        let mut paths: Vec<_> = walk(dir.path()).expect("a walk").into_iter().map(|f| f.path).collect();
        paths.sort();
        assert_eq!(paths, ["/.well-known/x", "/a/b.css", "/index.html"]);
    }
}
