//! Carrying a judgement out: a build is asked for in the transaction that remembers the delivery, the
//! newest commit and the entry of the log, so that none of them is there without the others.

use super::log::{Outcome, Received, note};
use super::order::{Head, Order, moved, order};
use super::receive::Arrived;
use super::rules::{Line, Wanted};
use crate::{Builds, Cause, requests, start_in};
use context::{Context, Error, Result};
use model::{BuildState, Timestamp};
use store::sites::SiteRow;
use store::{Tx, builds, deploys, pushes};

/// Deliveries of a site that are remembered.
pub(crate) const DELIVERIES_KEPT: i64 = 1000;
/// How long they are remembered, in milliseconds: 30 days.
const DELIVERIES_KEPT_MS: i64 = 30 * 24 * 60 * 60 * 1000;
/// What is said of a build that waits for a person.
pub(crate) const HELD: &str = "its author is not trusted: it is built when somebody accepts it";
/// Branches and requests of a site whose newest commit is remembered.
pub(crate) const HEADS_KEPT: i64 = 1000;

/// Asks for a build, unless the delivery or the commit was seen before or something newer was.
pub(crate) async fn build(
    cx: &Context,
    site: &SiteRow,
    arrived: &Arrived,
    wanted: Wanted,
    entry: Received,
) -> Result<Received> {
    let mut tx = cx.begin().await?;
    pushes::lock_hook(&mut tx, &site.id).await?.ok_or(Error::NotFound)?;
    if !claim(&mut tx, cx, &site.id, &arrived.keys).await? {
        return seen(cx, &site.id, tx, entry).await;
    }
    let key = wanted.line.key();
    let head = if arrived.signed { head(&mut tx, &site.id, &key).await? } else { None };
    if let Some(why) = overtaken(&mut tx, head.as_ref(), &wanted).await? {
        let entry = note(&mut tx, cx, &site.id, entry.ended(Outcome::Ignored, why), false).await?;
        tx.commit().await?;
        return Ok(entry);
    }
    let (build, deploy) = start_in(&mut tx, cx, site, wanted.cause).await?;
    if arrived.signed {
        let doc = serde_json::to_value(moved(head, wanted.news, &build.id)).map_err(Error::internal)?;
        pushes::set_head(&mut tx, &site.id, &key, &doc, cx.now(), HEADS_KEPT).await?;
    }
    let entry = Received { build_id: Some(build.id), deploy_id: Some(deploy.id), ..entry };
    let entry = match build.state {
        BuildState::PendingReview => entry.ended(Outcome::Held, HELD),
        _ => entry.ended(Outcome::Built, ""),
    };
    let entry = note(&mut tx, cx, &site.id, entry, false).await?;
    tx.commit().await?;
    Ok(entry)
}

/// Ends the builds of a branch or request. What was deployed stays where it is.
pub(crate) async fn end(
    cx: &Context,
    builds: &Builds,
    site: &SiteRow,
    arrived: &Arrived,
    line: Line,
    entry: Received,
) -> Result<Received> {
    let mut tx = cx.begin().await?;
    if !claim(&mut tx, cx, &site.id, &arrived.keys).await? {
        return seen(cx, &site.id, tx, entry).await;
    }
    if let Line::Branch(_) = line {
        // a branch of that name that comes again is another one
        pushes::forget_head(&mut tx, &site.id, &line.key()).await?;
    }
    tx.commit().await?;
    let ended = stop(cx, builds, site, &line).await?;
    let entry = match ended {
        0 => entry.ended(Outcome::Ignored, "no build of it was under way; what was deployed stays"),
        1 => entry.ended(Outcome::Cancelled, "its build was stopped; what was deployed stays"),
        many => entry
            .ended(Outcome::Cancelled, format!("{many} of its builds were stopped; what was deployed stays")),
    };
    let mut tx = cx.begin().await?;
    let entry = note(&mut tx, cx, &site.id, entry, false).await?;
    tx.commit().await?;
    Ok(entry)
}

async fn stop(cx: &Context, builds: &Builds, site: &SiteRow, line: &Line) -> Result<usize> {
    let mut ended = match line {
        Line::Request(id) => requests::withdraw(cx, &site.id, *id).await?,
        Line::Branch(_) => 0,
    };
    let production = site.info.build.repo_branch.as_deref();
    for (id, cause) in pushes::unfinished_builds(&mut cx.read().await?, &site.id).await? {
        let cause: Cause = serde_json::from_value(cause).map_err(Error::internal)?;
        if line.made(&cause, production) && is_under_way(cx, &id).await? {
            builds.cancel(&id).await?;
            ended += 1;
        }
    }
    Ok(ended)
}

/// Whether a build has yet to make its deploy: one whose deploy is there only has to write down its end.
async fn is_under_way(cx: &Context, build_id: &str) -> Result<bool> {
    let mut db = cx.read().await?;
    let Some(build) = builds::find(&mut db, build_id).await? else { return Ok(false) };
    let deploy = deploys::find(&mut db, &build.deploy_id).await?;
    Ok(deploy.is_some_and(|deploy| !deploy.state.is_final()))
}

/// Remembers the delivery under all its keys; whether none of them was known.
async fn claim(tx: &mut Tx, cx: &Context, site_id: &str, keys: &[String]) -> Result<bool> {
    let now = cx.now();
    for key in keys {
        if !pushes::claim(tx, site_id, key, now).await? {
            return Ok(false);
        }
    }
    let before = Timestamp(now.0 - DELIVERIES_KEPT_MS);
    pushes::forget_deliveries(tx, site_id, before, DELIVERIES_KEPT).await?;
    Ok(true)
}

/// A delivery that was handled before: nothing of this transaction stays.
async fn seen(cx: &Context, site_id: &str, tx: Tx, entry: Received) -> Result<Received> {
    drop(tx);
    let entry = entry.ended(Outcome::Ignored, "this delivery was handled before");
    let mut tx = cx.begin().await?;
    let entry = note(&mut tx, cx, site_id, entry, false).await?;
    tx.commit().await?;
    Ok(entry)
}

async fn head(tx: &mut Tx, site_id: &str, line: &str) -> Result<Option<Head>> {
    let doc = pushes::head(tx, site_id, line).await?;
    doc.map(serde_json::from_value).transpose().map_err(Error::internal)
}

/// Why news is not built: a build of the commit is there, or of a newer one.
async fn overtaken(tx: &mut Tx, head: Option<&Head>, wanted: &Wanted) -> Result<Option<&'static str>> {
    let Some(head) = head else { return Ok(None) };
    match order(head, &wanted.news) {
        Order::New => Ok(None),
        Order::Older => Ok(Some("a newer push arrived before it")),
        Order::Same => {
            let build = builds::find(tx, &head.build_id).await?;
            Ok(build.and_then(|build| stands(build.state)))
        }
    }
}

/// Why a commit is not built once more, by how its build stands.
fn stands(state: BuildState) -> Option<&'static str> {
    match state {
        BuildState::Failed | BuildState::Cancelled => None,
        BuildState::Done => Some("this commit was built already"),
        BuildState::PendingReview => Some("this commit waits for a person already"),
        BuildState::Enqueued | BuildState::Building => Some("this commit is being built already"),
    }
}
