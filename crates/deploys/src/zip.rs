//! A whole site in one zip.

use crate::folder::publish_stored;
use crate::path::clean_path;
use crate::upload::{StreamedBody, receive};
use ::zip::ZipArchive;
use context::{Context, Error, Result};
use serde_json::{Value, json};
use std::io::Read as _;
use std::path::PathBuf;
use store::blob::Digests;
use store::deploys::DeployRow;
use tokio::runtime::Handle;

/// How much larger than the zip its content may be in all: a bomb is refused before it is unpacked.
pub const EXPANSION_MAX: u64 = 200;
/// Content below this size is never called a bomb.
const EXPANSION_FREE: u64 = 64 << 20;
/// Bytes unpacked at once.
const STEP: usize = 256 * 1024;

/// Takes a zip as the whole content of a deploy and makes it ready.
///
/// # Errors
/// `Unprocessable` when it is no zip, holds a bad path, too many or too large files, or unpacks to
/// absurdly more than it is; nothing is changed then.
pub async fn publish_zip(cx: &Context, deploy_id: &str, body: StreamedBody) -> Result<DeployRow> {
    let received = receive(cx, body, cx.settings.limits.zip).await?;
    let spool = tempfile::NamedTempFile::new_in(&cx.settings.data_dir).map_err(Error::internal)?;
    let path = match cx.blobs.path(&received.sha256) {
        Some(path) => path,
        None => {
            let bytes = cx.blobs.get(&received.sha256).await?;
            tokio::fs::write(spool.path(), &bytes).await.map_err(Error::internal)?;
            spool.path().to_owned()
        }
    };
    let Unpacked { stored, left_out } = unpack(cx.clone(), path, received.size).await?;
    publish_stored(cx, deploy_id, stored, notice(left_out).into_iter().collect()).await
}

/// What was in a zip.
#[derive(Default)]
struct Unpacked {
    stored: Vec<(String, Digests)>,
    /// Files that are no part of a site.
    left_out: usize,
}

/// Whether an entry is what macOS puts into every zip, and not what somebody made.
fn is_left_out(name: &str) -> bool {
    name.split('/').any(|part| part == "__MACOSX" || part == ".DS_Store")
}

/// What the deploy's summary says about files that were left out.
fn notice(left_out: usize) -> Option<Value> {
    let title = match left_out {
        0 => return None,
        1 => "1 file of macOS was left out".to_owned(),
        _ => format!("{left_out} files of macOS were left out"),
    };
    let description = "Folders named __MACOSX and files named .DS_Store are no part of a site.";
    Some(json!({ "type": "info", "title": title, "description": description, "details": "" }))
}

async fn unpack(cx: Context, path: PathBuf, zip_size: u64) -> Result<Unpacked> {
    let handle = Handle::current();
    let work = move || {
        let file = std::fs::File::open(&path).map_err(Error::internal)?;
        let mut archive = ZipArchive::new(file).map_err(|_| Error::Unprocessable("not a zip".to_owned()))?;
        let limits = &cx.settings.limits;
        if archive.len() > limits.files {
            return Err(Error::Unprocessable(format!("a zip holds at most {} files", limits.files)));
        }
        let mut budget = Budget { left: (zip_size * EXPANSION_MAX).max(EXPANSION_FREE), file: limits.file };
        let mut unpacked = Unpacked::default();
        for index in 0..archive.len() {
            let entry =
                archive.by_index(index).map_err(|e| Error::Unprocessable(format!("broken zip: {e}")))?;
            if !entry.is_file() {
                continue;
            }
            let name = entry
                .name()
                .map_err(|_| Error::Unprocessable("a name in the zip is not UTF-8".to_owned()))?;
            if is_left_out(&name) {
                unpacked.left_out += 1;
                continue;
            }
            let path = clean_path(&name, limits.path)?;
            unpacked.stored.push((path, handle.block_on(store_entry(&cx, entry, &mut budget))?));
        }
        Ok(unpacked)
    };
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

struct Budget {
    left: u64,
    file: u64,
}

impl Budget {
    fn spend(&mut self, bytes: u64, of_file: u64) -> Result<()> {
        self.left = self.left.saturating_sub(bytes);
        if self.left == 0 || of_file > self.file {
            return Err(Error::Unprocessable("the zip unpacks to more than a deploy may hold".to_owned()));
        }
        Ok(())
    }
}

async fn store_entry<R: std::io::Read>(
    cx: &Context,
    mut entry: ::zip::read::ZipFile<'_, R>,
    budget: &mut Budget,
) -> Result<Digests> {
    let mut staged = cx.blobs.stage().await?;
    let mut buffer = vec![0; STEP];
    loop {
        let read = entry.read(&mut buffer).map_err(|e| Error::Unprocessable(format!("broken zip: {e}")))?;
        if read == 0 {
            return Ok(cx.blobs.keep(staged).await?);
        }
        budget.spend(read as u64, staged.size() + read as u64)?;
        staged.write(&buffer[..read]).await?;
    }
}
