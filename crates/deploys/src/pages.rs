//! Pages of a deploy that are served otherwise than they were uploaded: forms get the field that
//! names them. What a page is read for is remembered by its content, so that a deploy costs what is
//! new in it.

use context::{Context, Error, Result};
use forms::limits::PAGE_BYTES;
use forms::{Finds, READER, Scan};
use futures_util::{StreamExt as _, TryStreamExt as _};
use std::collections::HashMap;
use store::deploy_files::{Served, ServedFile};

/// Pages read at once.
const AT_ONCE: usize = 4;
/// Pages remembered in one transaction of their own.
const BATCH: usize = 500;
/// Pages that are remembered in the transaction which makes the deploy ready: one of their own would
/// cost a small deploy more than reading them.
const LAST: usize = 50;

/// Puts the pages that are served in the place of those that were uploaded. The forms on them.
///
/// # Errors
/// When a blob cannot be read or stored, or the database fails.
pub(crate) async fn prepare(cx: &Context, served: &mut Served) -> Result<Finds> {
    let mut finds = Finds::new(cx.settings.captcha);
    let scans = scans(cx, served, &mut finds).await?;
    for file in served.files.iter_mut().filter(|file| is_page(file)) {
        let Some(scan) = scans.get(&file.blob) else { continue };
        finds.add(&file.path, scan);
        if let Some((blob, size)) = &scan.rewritten {
            file.blob.clone_from(blob);
            file.size = *size;
        }
    }
    Ok(finds)
}

fn is_page(file: &ServedFile) -> bool {
    file.mime.starts_with("text/html") && file.size <= PAGE_BYTES
}

/// What is in each page, by its blob.
async fn scans(cx: &Context, served: &Served, finds: &mut Finds) -> Result<HashMap<String, Scan>> {
    let pages = served.files.iter().filter(|file| is_page(file));
    let mut unread: HashMap<String, u64> = pages.map(|file| (file.blob.clone(), file.size)).collect();
    if unread.is_empty() {
        return Ok(HashMap::new());
    }
    let blobs: Vec<&str> = unread.keys().map(String::as_str).collect();
    let known = store::forms::scans(&mut cx.read().await?, READER, &blobs).await?;
    unread.retain(|blob, _| !known.contains_key(blob));
    let read = read(cx, unread.into_iter().collect()).await?;
    remember(cx, &read, finds).await?;
    let mut scans: HashMap<String, Scan> = read.into_iter().collect();
    for (blob, scan) in known {
        scans.insert(blob, serde_json::from_str(&scan).map_err(Error::internal)?);
    }
    Ok(scans)
}

/// Reads pages for the first time.
async fn read(cx: &Context, pages: Vec<(String, u64)>) -> Result<Vec<(String, Scan)>> {
    futures_util::stream::iter(pages).map(|page| scan(cx, page)).buffer_unordered(AT_ONCE).try_collect().await
}

/// Remembers what is in pages: many at once here, a few along with the forms.
async fn remember(cx: &Context, read: &[(String, Scan)], finds: &mut Finds) -> Result<()> {
    if read.len() <= LAST {
        finds.remember(read.iter().cloned());
        return Ok(());
    }
    for batch in read.chunks(BATCH) {
        let mut tx = cx.begin().await?;
        forms::remember(&mut tx, batch).await?;
        tx.commit().await?;
    }
    Ok(())
}

async fn scan(cx: &Context, (blob, size): (String, u64)) -> Result<(String, Scan)> {
    let scan = forms::scan(cx, &blob, size).await?;
    Ok((blob, scan))
}
