//! Making a deploy ready: a job, so that a crash in the middle is taken up again.

use crate::ready::Made;
use crate::{compress, mime, pages, ready, rules, state};
use context::{Context, Error, Result};
use forms::Finds;
use futures_util::future::BoxFuture;
use jobs::{Handler, Job, Limits, Verdict};
use model::{DeployState, FunctionInfo};
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;
use store::Tx;
use store::blobs::{self, Known};
use store::deploy_files::{self, FunctionZip, Manifest, Served, ServedFile};
use store::deploys::{self, DeployRow};
use store::jobs::NewJob;
use store::sites::{self, SiteRow};

/// Kind of the jobs that make deploys ready.
pub const PROCESS_JOB: &str = "process_deploy";
/// Deploys made ready at once.
const AT_ONCE: usize = 8;
/// How long one try may hold its job without a sign of life.
const LEASE: Duration = Duration::from_secs(60);
/// Wait before a try that failed for a reason of ours is repeated.
const AGAIN_MS: i64 = 2_000;
/// Tries before the deploy is failed.
const TRIES_MAX: i64 = 5;

/// Moves a deploy on of which nothing is missing any more.
pub(crate) async fn finish_uploads(tx: &mut Tx, cx: &Context, deploy_id: &str) -> Result<()> {
    let mut deploy = deploys::find(tx, deploy_id).await?.ok_or(Error::NotFound)?;
    state::move_to(tx, cx, &mut deploy, DeployState::Uploaded).await?;
    enqueue(tx, cx, &deploy).await
}

/// Leaves the job in the caller's transaction.
pub(crate) async fn enqueue(tx: &mut Tx, cx: &Context, deploy: &DeployRow) -> Result<()> {
    let payload = json!({ "deploy": deploy.id });
    let now = cx.now();
    let job = NewJob {
        id: &cx.id(),
        kind: PROCESS_JOB,
        tenant: &deploy.site_id,
        payload: &payload,
        run_at: now,
        now,
    };
    Ok(store::jobs::insert(tx, &job).await?)
}

/// Runs [`PROCESS_JOB`] jobs.
pub struct ProcessHandler {
    cx: Context,
}

impl ProcessHandler {
    /// A handler.
    #[must_use]
    pub fn new(cx: Context) -> Self {
        Self { cx }
    }
}

impl Handler for ProcessHandler {
    fn kind(&self) -> &'static str {
        PROCESS_JOB
    }

    fn limits(&self) -> Limits {
        Limits { total: AT_ONCE, per_tenant: 1, lease: LEASE }
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        Box::pin(async move {
            let deploy_id = job.payload["deploy"].as_str().unwrap_or_default();
            match process(&self.cx, deploy_id).await {
                Ok(()) | Err(Error::NotFound) => Verdict::Done,
                Err(Error::Internal(cause)) if job.tries < TRIES_MAX => {
                    tracing::warn!(deploy_id, %cause, "making a deploy ready failed; it will be tried again");
                    Verdict::Again(self.cx.now().plus_millis(AGAIN_MS))
                }
                Err(error) => give_up(&self.cx, deploy_id, &error).await,
            }
        })
    }
}

async fn give_up(cx: &Context, deploy_id: &str, error: &Error) -> Verdict {
    match crate::fail(cx, deploy_id, &format!("the deploy could not be made ready: {error}")).await {
        Ok(()) => Verdict::Done,
        Err(_) => Verdict::Again(cx.now().plus_millis(AGAIN_MS)),
    }
}

/// Makes a deploy ready whose files are all here. Asked twice it does nothing the second time.
///
/// # Errors
/// `NotFound` when there is no such deploy, `Unprocessable` when a file's content is missing; else
/// when the database or the blobs fail.
pub async fn process(cx: &Context, deploy_id: &str) -> Result<()> {
    let Some(deploy) = begin(cx, deploy_id).await? else { return Ok(()) };
    let mut db = cx.read().await?;
    let manifest = deploy_files::manifest(&mut db, deploy_id).await?.unwrap_or_default();
    let known = known(&mut db, &deploy.account_id, &manifest).await?;
    let site = sites::find(&mut db, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let made = make(cx, &site, &deploy, &manifest, &known).await?;
    ready::finish(cx, deploy_id, made).await
}

/// Makes what is served of a deploy's files. Nothing of the deploy is changed.
pub(crate) async fn make(
    cx: &Context,
    site: &SiteRow,
    deploy: &DeployRow,
    manifest: &Manifest,
    known: &Blobs,
) -> Result<Made> {
    let mut served = served(manifest, known)?;
    let messages = rules::read(cx, manifest, known, &mut served).await?;
    let forms = match site.info.processing.ignore_html_forms {
        true => Finds::default(),
        false => pages::prepare(cx, &mut served).await?,
    };
    let compress_later = compress::inline(cx, &mut served).await?;
    Ok(Made { served, functions: functions(deploy, manifest), forms, messages, compress_later })
}

async fn begin(cx: &Context, deploy_id: &str) -> Result<Option<DeployRow>> {
    let mut tx = cx.begin().await?;
    let (_, mut deploy) = ready::hold(&mut tx, deploy_id).await?;
    match deploy.state {
        DeployState::Processing => return Ok(Some(deploy)),
        DeployState::Uploaded => {}
        _ => return Ok(None),
    }
    state::move_to(&mut tx, cx, &mut deploy, DeployState::Processing).await?;
    tx.commit().await?;
    Ok(Some(deploy))
}

/// Blobs of an account by SHA-1.
pub(crate) type Blobs = std::collections::HashMap<String, Known>;

async fn known(db: &mut store::Conn, account_id: &str, manifest: &Manifest) -> Result<Blobs> {
    let mut digests: Vec<&str> = manifest.files.values().map(String::as_str).collect();
    digests.sort_unstable();
    digests.dedup();
    Ok(blobs::known(db, account_id, &digests).await?)
}

fn served(manifest: &Manifest, known: &Blobs) -> Result<Served> {
    let file = |(path, sha1): (&String, &String)| {
        let blob = known
            .get(sha1)
            .ok_or_else(|| Error::Unprocessable(format!("the content of {path} is missing")))?;
        Ok(ServedFile {
            path: path.clone(),
            blob: blob.blob.clone(),
            sha1: sha1.clone(),
            size: blob.size,
            mime: mime::of_path(path),
            gzip: None,
            br: None,
        })
    };
    let files = manifest.files.iter().filter(|(path, _)| !crate::rules::configures(path));
    Ok(Served { files: files.map(file).collect::<Result<_>>()?, ..Served::default() })
}

fn functions(deploy: &DeployRow, manifest: &Manifest) -> Vec<FunctionInfo> {
    let info = |(name, zip): (&String, &FunctionZip)| FunctionInfo {
        n: name.clone(),
        d: zip.sha.clone(),
        r: zip.runtime.clone(),
        s: zip.size,
        im: zip.invocation_mode.clone(),
        oid: format!("{}-{name}", deploy.id),
        c: deploy.created_at,
    };
    let sorted: &BTreeMap<String, FunctionZip> = &manifest.functions;
    sorted.iter().map(info).collect()
}
