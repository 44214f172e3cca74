//! Compressed forms of files, made once for each blob. What is small is done before the deploy is
//! ready; the rest follows in the background, since a visitor is served the plain form meanwhile.

use crate::mime;
use context::{Context, Error, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use serde_json::json;
use std::collections::HashMap;
use std::io::Write as _;
use std::time::Duration;
use store::deploy_files::{self, Served, ServedFile, Variant};
use store::jobs::NewJob;
use store::{ChangeKind, Tx, blobs, deploys};

/// Kind of the jobs that compress in the background.
pub const COMPRESS_JOB: &str = "compress_deploy";
/// Bytes compressed before a deploy is ready.
pub const INLINE_BYTES: u64 = 512 * 1024;
/// Smaller files gain nothing.
pub const MIN_BYTES: u64 = 256;
/// Larger files stay as they are.
pub const MAX_BYTES: u64 = 32 << 20;
/// A form must be at least this many bytes smaller to be kept.
const MIN_GAIN: u64 = 64;
/// Brotli's effort of 0 to 11, and its window: strong, and still quick enough for a deploy.
const BROTLI_QUALITY: u32 = 7;
const BROTLI_WINDOW: u32 = 22;
const BROTLI_BUFFER: usize = 64 * 1024;
const AT_ONCE: usize = 1;
const LEASE: Duration = Duration::from_secs(120);
/// Wait before a failed try is repeated.
const AGAIN_MS: i64 = 30_000;

fn worth(file: &ServedFile) -> bool {
    (MIN_BYTES..=MAX_BYTES).contains(&file.size) && mime::compresses(&file.mime)
}

/// Fills in the forms that are known, and makes the others when all of them are small. Whether they are
/// left for the background: of many files a few with compressed forms would serve nobody.
pub(crate) async fn inline(cx: &Context, served: &mut Served) -> Result<bool> {
    let unknown = fill_known(cx, served.files.iter_mut().filter(|f| worth(f)).collect()).await?;
    if unknown.iter().map(|file| file.size).sum::<u64>() > INLINE_BYTES {
        return Ok(true);
    }
    fill_all(cx, unknown).await?;
    Ok(false)
}

/// Leaves the background job in the caller's transaction.
pub(crate) async fn enqueue(tx: &mut Tx, cx: &Context, deploy_id: &str) -> Result<()> {
    let payload = json!({ "deploy": deploy_id });
    let now = cx.now();
    let job =
        NewJob { id: &cx.id(), kind: COMPRESS_JOB, tenant: deploy_id, payload: &payload, run_at: now, now };
    Ok(store::jobs::insert(tx, &job).await?)
}

/// Fills in the forms that are known; the files of which they are not.
async fn fill_known<'a>(cx: &Context, files: Vec<&'a mut ServedFile>) -> Result<Vec<&'a mut ServedFile>> {
    let mut db = cx.read().await?;
    let blobs: Vec<&str> = files.iter().map(|file| file.blob.as_str()).collect();
    let gzip = blobs::variants(&mut db, &blobs, "gzip").await?;
    let br = blobs::variants(&mut db, &blobs, "br").await?;
    let mut unknown = Vec::new();
    for file in files {
        match (gzip.get(&file.blob), br.get(&file.blob)) {
            (Some(gzip), Some(br)) => (file.gzip, file.br) = (gzip.clone(), br.clone()),
            _ => unknown.push(file),
        }
    }
    Ok(unknown)
}

/// Makes the forms of files, once for each content.
async fn fill_all(cx: &Context, files: Vec<&mut ServedFile>) -> Result<()> {
    let mut made = HashMap::new();
    for file in files {
        if let Some(forms) = made.get(&file.blob) {
            (file.gzip, file.br) = Clone::clone(forms);
            continue;
        }
        fill_new(cx, file).await?;
        made.insert(file.blob.clone(), (file.gzip.clone(), file.br.clone()));
    }
    Ok(())
}

async fn fill_new(cx: &Context, file: &mut ServedFile) -> Result<()> {
    let plain = cx.blobs.get(&file.blob).await?;
    let work = move || -> std::io::Result<(Vec<u8>, Vec<u8>)> { Ok((gzip(&plain)?, brotli(&plain)?)) };
    let (gzip, br) =
        tokio::task::spawn_blocking(work).await.map_err(Error::internal)?.map_err(Error::internal)?;
    file.gzip = keep(cx, file.size, &gzip).await?;
    file.br = keep(cx, file.size, &br).await?;
    let mut tx = cx.begin().await?;
    blobs::put_variant(&mut tx, &file.blob, "gzip", file.gzip.as_ref()).await?;
    blobs::put_variant(&mut tx, &file.blob, "br", file.br.as_ref()).await?;
    Ok(tx.commit().await?)
}

async fn keep(cx: &Context, plain: u64, squeezed: &[u8]) -> Result<Option<Variant>> {
    let size = squeezed.len() as u64;
    if size + MIN_GAIN > plain {
        return Ok(None);
    }
    let digests = cx.blobs.put(squeezed).await?;
    Ok(Some(Variant { blob: digests.sha256, size }))
}

fn gzip(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(plain)?;
    encoder.finish()
}

fn brotli(plain: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = brotli::CompressorWriter::new(Vec::new(), BROTLI_BUFFER, BROTLI_QUALITY, BROTLI_WINDOW);
    encoder.write_all(plain)?;
    encoder.flush()?;
    Ok(encoder.into_inner())
}

/// Runs [`COMPRESS_JOB`] jobs.
pub struct CompressHandler {
    cx: Context,
}

impl CompressHandler {
    /// A handler.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { cx }
    }
}

impl Handler for CompressHandler {
    fn kind(&self) -> &'static str {
        COMPRESS_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: AT_ONCE, per_tenant: 1, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            match compress(&self.cx, job.payload["deploy"].as_str().unwrap_or_default()).await {
                Ok(()) => Verdict::Done,
                Err(error) => {
                    tracing::warn!(%error, "compressing a deploy's files failed; it will be tried again");
                    Verdict::Again(self.cx.now().plus_millis(AGAIN_MS))
                }
            }
        })
    }
}

async fn compress(cx: &Context, deploy_id: &str) -> Result<()> {
    let mut db = cx.read().await?;
    let (Some(mut served), Some(deploy)) =
        (deploy_files::served(&mut db, deploy_id).await?, deploys::find(&mut db, deploy_id).await?)
    else {
        return Ok(());
    };
    drop(db);
    let plain = served.files.iter_mut().filter(|f| worth(f) && f.gzip.is_none() && f.br.is_none());
    let unknown = fill_known(cx, plain.collect()).await?;
    fill_all(cx, unknown).await?;
    let mut tx = cx.begin().await?;
    deploy_files::put_served(&mut tx, deploy_id, &served).await?;
    tx.changed(ChangeKind::Site, &deploy.site_id, cx.now()).await?;
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    #[test]
    fn forms_decode_to_the_same_bytes() {
        let plain = b"hello hello hello ".repeat(500);
        let mut out = Vec::new();
        let squeezed = gzip(&plain).unwrap_or_default();
        flate2::read::GzDecoder::new(&squeezed[..]).read_to_end(&mut out).ok();
        assert!(out == plain && squeezed.len() < plain.len() / 10);
        let mut out = Vec::new();
        let squeezed = brotli(&plain).unwrap_or_default();
        brotli::Decompressor::new(&squeezed[..], 4096).read_to_end(&mut out).ok();
        assert!(out == plain && squeezed.len() < plain.len() / 10);
    }
}
