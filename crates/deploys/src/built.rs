//! Publishing what a build made: a folder of files, its configuration, and functions that are packed
//! already. The build may still run, and what it wrote is read as by a stranger.

use crate::beneath::Beneath;
use crate::digest::{Digest, check_function_name, manifest, take_whole};
use crate::folder::{BATCH, keep, known, learn, learn_in, store_folder};
use crate::process::make;
use crate::ready::{finish_in, hold};
use crate::{FunctionUpload, path::clean_path, state};
use context::{Context, Error, Result};
use model::{DeployState, FunctionSchedule, quoted};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use store::blob::Digests;
use store::deploy_files::FunctionZip;
use store::deploys::{self, DeployRow};
use store::sites;

/// File of a deploy that holds its configuration.
const CONFIG: &str = "/netlify.toml";

/// What a build made.
#[derive(Clone, Debug, Default)]
pub struct Built {
    /// A folder whose own way is the server's.
    pub root: PathBuf,
    /// The folder to publish, from `root`, without links on the way; empty for the root itself.
    pub publish: PathBuf,
    /// The `netlify.toml` of the deploy, in place of one in the folder.
    pub config: Option<String>,
    /// Its functions.
    pub functions: Vec<BuiltFunction>,
    /// Their schedules.
    pub schedules: Vec<FunctionSchedule>,
    /// Their configuration by name, as clients send it; null for none.
    pub functions_config: Value,
    /// What the site is made with.
    pub framework: Option<String>,
    /// Messages for the deploy's summary: `{type, title, description}`.
    pub notices: Vec<Value>,
}

/// A packed function.
#[derive(Clone, Debug, Default)]
pub struct BuiltFunction {
    /// Its name.
    pub name: String,
    /// Its zip, from `root`, without links on the way.
    pub zip: PathBuf,
    /// What else is known.
    pub about: FunctionUpload,
}

/// Takes in what a build made, makes the deploy ready, and live by the usual rules: all that in one
/// transaction, once the files are stored. Before it the deploy is as it was, and the build can be run
/// again; no job need finish what was begun. Which files of the folder are taken is the rule of
/// [`crate::publish_folder`].
///
/// # Errors
/// `Unprocessable` when a limit is broken, a function's name or zip cannot be used, or the deploy
/// takes no files; else when a file cannot be read or the database fails.
pub async fn publish_built(cx: &Context, deploy_id: &str, built: Built) -> Result<DeployRow> {
    let mut stored = store_folder(cx, &built.root, &built.publish).await?;
    if let Some(text) = &built.config {
        stored.retain(|(path, _)| path != CONFIG);
        let digests = keep(cx, CONFIG, text.as_bytes(), cx.settings.limits.file).await?;
        stored.push((clean_path(CONFIG, cx.settings.limits.path)?, digests));
    }
    let functions = store_functions(cx, &built).await?;
    let digest = digest(&stored, &functions, built);
    let manifest = manifest(cx, &digest)?;
    let mut db = cx.read().await?;
    let deploy = deploys::find(&mut db, deploy_id).await?.ok_or(Error::NotFound)?;
    let site = sites::find(&mut db, &deploy.site_id).await?.ok_or(Error::NotFound)?;
    drop(db);
    let names = names(&stored, &functions);
    let blobs = names.iter().map(|(name, digests)| ((*name).to_owned(), known(digests))).collect();
    let made = make(cx, &site, &deploy, &manifest, &blobs).await?;
    // of very many files most are learnt before, so that the transaction stays small
    let (last, before) = names.split_at(names.len().min(BATCH));
    learn(cx, &deploy.account_id, before).await?;
    let mut tx = cx.begin().await?;
    let (site, mut deploy) = hold(&mut tx, deploy_id).await?;
    learn_in(&mut tx, &deploy.account_id, last).await?;
    take_whole(&mut tx, cx, &mut deploy, &digest, &manifest).await?;
    state::move_to(&mut tx, cx, &mut deploy, DeployState::Processing).await?;
    finish_in(&mut tx, cx, site, &mut deploy, made).await?;
    tx.commit().await?;
    Ok(deploy)
}

/// Under which digests clients know what is stored, each once and in an order that all who write
/// them down keep to.
fn names<'a>(stored: &'a [(String, Digests)], functions: &'a [Packed]) -> Vec<(&'a str, &'a Digests)> {
    let files = stored.iter().map(|(_, digests)| (digests.sha1.as_str(), digests));
    let zips = functions.iter().map(|(_, _, digests)| (digests.sha256.as_str(), digests));
    let all: BTreeMap<&str, &Digests> = files.chain(zips).collect();
    all.into_iter().collect()
}

type Packed = (String, FunctionUpload, Digests);

fn digest(stored: &[(String, Digests)], functions: &[Packed], built: Built) -> Digest {
    let zip = |(name, about, digests): &Packed| {
        let size = i64::try_from(digests.size).unwrap_or(i64::MAX);
        let FunctionUpload { runtime, invocation_mode, timeout } = about.clone();
        (name.clone(), FunctionZip { sha: digests.sha256.clone(), size, runtime, invocation_mode, timeout })
    };
    let zips: BTreeMap<String, FunctionZip> = functions.iter().map(zip).collect();
    Digest {
        files: Some(stored.iter().map(|(path, digests)| (path.clone(), digests.sha1.clone())).collect()),
        function_schedules: Some(built.schedules),
        functions_config: Some(built.functions_config).filter(|config| !config.is_null()),
        framework: built.framework,
        zips,
        notices: built.notices,
        ..Digest::default()
    }
}

async fn store_functions(cx: &Context, built: &Built) -> Result<Vec<Packed>> {
    let mut out = Vec::with_capacity(built.functions.len());
    for function in &built.functions {
        check_function_name(&function.name)?;
        let (root, zip) = (built.root.clone(), function.zip.clone());
        let opened = tokio::task::spawn_blocking(move || open(&root, &zip)).await.map_err(Error::internal)?;
        let shown = format!("the zip of function {}", quoted(&function.name));
        let file = opened.map_err(|why| Error::Unprocessable(format!("{shown} cannot be read: {why}")))?;
        let digests = keep(cx, &shown, tokio::fs::File::from_std(file), cx.settings.limits.function).await?;
        out.push((function.name.clone(), function.about.clone(), digests));
    }
    Ok(out)
}

fn open(root: &Path, zip: &Path) -> std::io::Result<std::fs::File> {
    Beneath::open(root, Path::new(""))?.file(zip)
}
