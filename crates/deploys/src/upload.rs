//! Uploads: one file, or one function's zip. Bytes are stored first and crossed off afterwards, so
//! that no transaction waits for a slow client.

use crate::path::clean_path;
use crate::{arrivals, process};
use bytes::Bytes;
use context::{Context, Error, Result};
use futures_util::{Stream, StreamExt as _};
use model::{DeployState, FileEntry, quoted};
use std::pin::Pin;
use store::Tx;
use store::blob::{Digests, Staged};
use store::blobs::{self, Known};
use store::deploy_files::{self, UploadKind};
use store::deploys::DeployRow;

/// A request's body as it comes in.
pub type StreamedBody = Pin<Box<dyn Stream<Item = std::io::Result<Bytes>> + Send>>;

/// What comes with a function's zip.
#[derive(Clone, Debug, Default)]
pub struct FunctionUpload {
    /// `js` for old-style handlers, `nodejs22.x` and the like for new ones.
    pub runtime: Option<String>,
    /// `stream` or `background`.
    pub invocation_mode: Option<String>,
    /// Time limit in seconds.
    pub timeout: Option<i64>,
}

/// Takes in one file of a deploy. A file whose content is already here is taken again without
/// harm: clients send equal files once for each path.
///
/// # Errors
/// `Unprocessable` when the content is not what the digest says or the deploy no longer takes
/// files (clients stop at 422 and try again after anything else), `TooLarge` over the limit.
pub async fn upload_file(
    cx: &Context,
    deploy: &DeployRow,
    path: &str,
    body: StreamedBody,
) -> Result<FileEntry> {
    let path = clean_path(path, cx.settings.limits.path)?;
    check_open(deploy)?;
    let staged = receive_staged(cx, body, cx.settings.limits.file).await?;
    let got = match arrivals::may_be_early(cx, deploy) {
        true => {
            let laid = cx.blobs.lay(staged, &deploy.id).await?;
            let got = laid.digests.clone();
            if !arrivals::take(cx, deploy, laid).await? {
                file_arrived(cx, deploy, &path, &got).await?;
            }
            got
        }
        false => {
            let got = cx.blobs.keep(staged).await?;
            file_arrived(cx, deploy, &path, &got).await?;
            got
        }
    };
    Ok(FileEntry {
        id: path.clone(),
        mime_type: crate::mime::of_path(&path),
        path,
        sha: got.sha1,
        size: i64::try_from(got.size).unwrap_or(i64::MAX),
        site_id: deploy.site_id.clone(),
        deploy_id: deploy.id.clone(),
    })
}

/// Crosses a stored file off. What was answered early goes first, so that the last file finds nothing
/// missing.
async fn file_arrived(cx: &Context, deploy: &DeployRow, path: &str, got: &Digests) -> Result<()> {
    arrivals::settle(cx, &deploy.id).await;
    let mut tx = cx.begin().await?;
    cross_off(&mut tx, cx, deploy, UploadKind::File, &got.sha1, got, |manifest| {
        manifest.files.get(path).map(String::as_str) == Some(got.sha1.as_str())
    })
    .await?;
    Ok(tx.commit().await?)
}

/// Takes in one function's zip.
///
/// # Errors
/// As [`upload_file`].
pub async fn upload_function(
    cx: &Context,
    deploy: &DeployRow,
    name: &str,
    about: FunctionUpload,
    body: StreamedBody,
) -> Result<Digests> {
    check_open(deploy)?;
    let got = receive(cx, body, cx.settings.limits.function).await?;
    let mut tx = cx.begin().await?;
    let named =
        |manifest: &deploy_files::Manifest| manifest.functions.get(name).is_some_and(|f| f.sha == got.sha256);
    cross_off(&mut tx, cx, deploy, UploadKind::Function, &got.sha256, &got, named).await?;
    let mut manifest = deploy_files::manifest(&mut tx, &deploy.id).await?.unwrap_or_default();
    let Some(function) = manifest.functions.get_mut(name).filter(|f| f.sha == got.sha256) else {
        let what = format!("the digest names no function {} with this content", quoted(name));
        return Err(Error::Unprocessable(what));
    };
    function.size = i64::try_from(got.size).unwrap_or(i64::MAX);
    function.runtime = about.runtime;
    function.invocation_mode = about.invocation_mode;
    function.timeout = about.timeout;
    deploy_files::put_functions(&mut tx, &deploy.id, &manifest.functions).await?;
    tx.commit().await?;
    Ok(got)
}

fn check_open(deploy: &DeployRow) -> Result<()> {
    match deploy.state {
        DeployState::Error | DeployState::Rejected => {
            Err(Error::Unprocessable(format!("the deploy is {} and takes no files", deploy.state)))
        }
        DeployState::New | DeployState::Enqueued | DeployState::PendingReview => {
            Err(Error::Unprocessable("send the deploy's digest before its files".to_owned()))
        }
        _ => Ok(()),
    }
}

/// Stores a body, with its size bounded while it comes.
pub(crate) async fn receive(cx: &Context, body: StreamedBody, limit: u64) -> Result<Digests> {
    Ok(cx.blobs.keep(receive_staged(cx, body, limit).await?).await?)
}

async fn receive_staged(cx: &Context, mut body: StreamedBody, limit: u64) -> Result<Staged> {
    let mut staged = cx.blobs.stage().await?;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|_| Error::Invalid("the upload broke off".to_owned()))?;
        if staged.size() + chunk.len() as u64 > limit {
            return Err(Error::TooLarge(format!("an upload has at most {limit} bytes")));
        }
        staged.write(&chunk).await?;
    }
    Ok(staged)
}

async fn cross_off(
    tx: &mut Tx,
    cx: &Context,
    deploy: &DeployRow,
    kind: UploadKind,
    digest: &str,
    got: &Digests,
    named: impl Fn(&deploy_files::Manifest) -> bool,
) -> Result<()> {
    match deploy_files::arrived(tx, &deploy.id, kind, digest).await? {
        Some(left) => {
            let known = Known { blob: got.sha256.clone(), size: got.size };
            blobs::learn(tx, &deploy.account_id, digest, &known).await?;
            if left == 0 { process::finish_uploads(tx, cx, &deploy.id).await } else { Ok(()) }
        }
        None => {
            let manifest = deploy_files::manifest(tx, &deploy.id).await?.unwrap_or_default();
            if named(&manifest) {
                return Ok(());
            }
            Err(Error::Unprocessable(format!(
                "the content's digest {digest} is not what the deploy's digest says"
            )))
        }
    }
}
