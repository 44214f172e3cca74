//! Taking in a digest: what a deploy consists of, and which of it must still be uploaded.

use crate::path::clean_path;
use crate::{edge_functions, process, state};
use context::{Context, Error, Result};
use model::{DeployState, FunctionSchedule, quoted};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use store::Tx;
use store::blobs;
use store::deploy_files::{self, FunctionZip, Manifest, UploadKind};
use store::deploys::{self, DeployRow};

/// A digest as clients send it (contract clients 5, "digest body"). Unknown fields are ignored.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Digest {
    /// Path to SHA-1.
    pub files: Option<BTreeMap<String, String>>,
    /// Function name to SHA-256 of its zip, alone or in an object with more.
    pub functions: Option<BTreeMap<String, FunctionDigest>>,
    /// Edge functions by format: refused, since they are not run.
    pub edge_functions: Value,
    /// Cron schedules.
    pub function_schedules: Option<Vec<FunctionSchedule>>,
    /// Configuration of functions.
    pub functions_config: Option<Value>,
    /// Whether the client polls for `required`.
    #[serde(rename = "async")]
    pub is_async: bool,
    /// Branch or alias, where the deploy has none yet.
    pub branch: Option<String>,
    /// Framework that the client detected.
    pub framework: Option<String>,
    /// Message in lists.
    pub title: Option<String>,
    /// Functions whose zips a build left here.
    #[serde(skip)]
    pub(crate) zips: BTreeMap<String, FunctionZip>,
    /// Messages of a build for the deploy's summary.
    #[serde(skip)]
    pub(crate) notices: Vec<Value>,
}

/// A function in a digest.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FunctionDigest {
    /// SHA-256 of the zip.
    Sha(String),
    /// The same in an object.
    Object {
        /// SHA-256 of the zip.
        sha: String,
    },
}

impl FunctionDigest {
    fn sha(&self) -> &str {
        match self {
            Self::Sha(sha) | Self::Object { sha } => sha,
        }
    }
}

/// Characters of a function's name, at most.
pub const FUNCTION_NAME_MAX: usize = 128;

/// Takes the digest in. Afterwards the deploy waits for uploads, or is being made ready when
/// nothing is missing. A later digest takes the place of an earlier one until then.
///
/// # Errors
/// `Unprocessable` for digests that are no digests, bad paths and names, too many files, or a
/// deploy that is past taking in files; nothing is changed then.
pub async fn take_digest(cx: &Context, deploy_id: &str, digest: Digest) -> Result<DeployRow> {
    let manifest = manifest(cx, &digest)?;
    let wanted: BTreeSet<&str> = manifest.files.values().map(String::as_str).collect();
    let functions: BTreeSet<&str> = manifest.functions.values().map(|f| f.sha.as_str()).collect();
    let mut tx = cx.begin().await?;
    let mut deploy = deploys::find(&mut tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let missing = missing(&mut tx, &deploy.account_id, &wanted).await?;
    let missing_functions = self::missing(&mut tx, &deploy.account_id, &functions).await?;
    deploy.pending = i64::try_from(missing.len() + missing_functions.len()).unwrap_or(i64::MAX);
    describe(&mut deploy, &digest);
    advance(&mut tx, cx, &mut deploy, digest.is_async).await?;
    deploy_files::put_manifest(&mut tx, deploy_id, &manifest).await?;
    deploy_files::expect_nothing(&mut tx, deploy_id).await?;
    deploy_files::expect_uploads(&mut tx, deploy_id, UploadKind::File, &missing).await?;
    deploy_files::expect_uploads(&mut tx, deploy_id, UploadKind::Function, &missing_functions).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// Takes in a digest of which nothing is missing, in the caller's transaction. Whoever calls makes the
/// deploy ready in the same one, so that no job need do it.
pub(crate) async fn take_whole(
    tx: &mut Tx,
    cx: &Context,
    deploy: &mut DeployRow,
    digest: &Digest,
    manifest: &Manifest,
) -> Result<()> {
    deploy.pending = 0;
    describe(deploy, digest);
    state::move_to(tx, cx, deploy, DeployState::Uploaded).await?;
    deploy_files::put_manifest(tx, &deploy.id, manifest).await?;
    Ok(deploy_files::expect_nothing(tx, &deploy.id).await?)
}

async fn advance(tx: &mut Tx, cx: &Context, deploy: &mut DeployRow, is_async: bool) -> Result<()> {
    let next = match (deploy.pending, is_async) {
        (0, _) => DeployState::Uploaded,
        (_, true) => DeployState::Prepared,
        (_, false) => DeployState::Uploading,
    };
    if deploy.state == next && next != DeployState::Uploaded {
        return state::save(tx, cx, deploy).await;
    }
    state::move_to(tx, cx, deploy, next).await?;
    if next == DeployState::Uploaded {
        process::enqueue(tx, cx, deploy).await?;
    }
    Ok(())
}

fn describe(deploy: &mut DeployRow, digest: &Digest) {
    let info = &mut deploy.info;
    if let Some(schedules) = &digest.function_schedules {
        info.function_schedules.clone_from(schedules);
    }
    if let Some(config) = &digest.functions_config {
        info.functions_config = config.clone();
    }
    note(&mut info.summary, &digest.notices);
    info.framework = digest.framework.clone().or(info.framework.take());
    info.title = info.title.take().or_else(|| digest.title.clone());
    if deploy.branch.is_none() {
        deploy.branch = digest.branch.clone().filter(|b| !b.is_empty());
    }
}

/// Adds messages to a summary; one that is there already, from a build that was cut off, stays alone.
fn note(summary: &mut Option<Value>, notices: &[Value]) {
    for notice in notices {
        let summary = summary.get_or_insert_with(|| json!({}));
        match summary["messages"].as_array_mut() {
            Some(messages) if messages.contains(notice) => {}
            Some(messages) => messages.push(notice.clone()),
            None => summary["messages"] = json!([notice]),
        }
    }
}

/// What a digest names, checked.
pub(crate) fn manifest(cx: &Context, digest: &Digest) -> Result<Manifest> {
    let limits = &cx.settings.limits;
    let sent = digest.files.iter().flatten();
    edge_functions::check_digest(&digest.edge_functions, sent.clone().map(|(path, _)| path))?;
    let mut files = BTreeMap::new();
    for (path, sha1) in sent {
        let clean = clean_path(path, limits.path)?;
        if let Some(other) = files.insert(clean, hex_digest(sha1, 40, "SHA-1")?)
            && !other.eq_ignore_ascii_case(sha1)
        {
            let what = format!("path {} is named twice with different content", quoted(path));
            return Err(Error::Unprocessable(what));
        }
    }
    if files.len() > limits.files {
        let most = limits.files;
        return Err(Error::Unprocessable(format!(
            "a deploy holds at most {most} files, this one {}",
            files.len()
        )));
    }
    let mut functions = digest.zips.clone();
    for (name, function) in digest.functions.iter().flatten() {
        check_function_name(name)?;
        let sha = hex_digest(function.sha(), 64, "SHA-256")?;
        functions.insert(name.clone(), FunctionZip { sha, ..FunctionZip::default() });
    }
    Ok(Manifest { files, functions })
}

/// Refuses names of functions that could not stand in a URL.
pub(crate) fn check_function_name(name: &str) -> Result<()> {
    let fine = !name.is_empty()
        && name.len() <= FUNCTION_NAME_MAX
        && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
        && !name.starts_with('.');
    if fine {
        return Ok(());
    }
    let rule = "letters, digits, hyphens, underscores and dots";
    Err(Error::Unprocessable(format!("a function's name has 1 to {FUNCTION_NAME_MAX} {rule}")))
}

fn hex_digest(text: &str, len: usize, what: &str) -> Result<String> {
    if text.len() == len && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err(Error::Unprocessable(format!("not a {what} digest of {len} hex digits")))
}

async fn missing(tx: &mut Tx, account_id: &str, wanted: &BTreeSet<&str>) -> Result<Vec<String>> {
    let wanted: Vec<&str> = wanted.iter().copied().collect();
    let known = blobs::known(tx, account_id, &wanted).await?;
    Ok(wanted.into_iter().filter(|digest| !known.contains_key(*digest)).map(ToOwned::to_owned).collect())
}
