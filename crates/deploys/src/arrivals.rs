//! Files of large deploys: an upload is answered once its bytes outlive this process, and many of them are
//! made durable and crossed off together. No deploy moves on before that, and no other deploy finds
//! their content; a crash in between is made good by [`recover`]. After a power cut the deploy asks for
//! what is gone.

use crate::process::finish_uploads;
use context::{Context, Error, Result};
use std::collections::BTreeMap;
use std::time::Duration;
use store::blob::{Digests, Laid};
use store::blobs::{self, Known};
use store::deploy_files::{self, UploadKind};
use store::deploys::{self, DeployRow};

/// Uploads that a deploy must still miss for one to be answered early, far more than [`MOST`]: whoever
/// has the answer to the last upload finds the deploy complete.
const EARLY_ABOVE: i64 = 512;
/// Uploads that are crossed off together.
const GROUP: usize = 64;
/// Uploads that wait for it at most; further ones are not answered before they are crossed off.
const MOST: usize = 256;
/// How long fewer than a group wait.
const PATIENCE: Duration = Duration::from_millis(100);
/// Wait before a failed try is repeated.
const AGAIN: Duration = Duration::from_secs(1);

/// Whether an upload of this deploy may be answered early, as far as can be told before it came in.
pub(crate) fn may_be_early(cx: &Context, deploy: &DeployRow) -> bool {
    deploy.pending > EARLY_ABOVE && cx.blobs.can_lay() && cx.blobs.unsettled().count() < MOST
}

/// Takes an upload that was laid. False when it cannot be answered before it is crossed off; then it is
/// a blob, and crossing it off is left to the caller.
pub(crate) async fn take(cx: &Context, deploy: &DeployRow, laid: Laid) -> Result<bool> {
    let mut db = cx.read().await?;
    let missing = deploy_files::awaited(&mut db, &deploy.id, UploadKind::File, &laid.digests.sha1).await?;
    drop(db);
    if missing.is_none_or(|missing| missing <= EARLY_ABOVE) {
        let there = cx.blobs.settle(vec![laid]).await?;
        cx.blobs.forget(there).await?;
        return Ok(false);
    }
    match cx.blobs.unsettled().add([laid]) {
        1 => settle_after(cx, PATIENCE),
        GROUP => settle_after(cx, Duration::ZERO),
        _ => {}
    }
    Ok(true)
}

/// Crosses off what was answered early of this deploy, if anything was. It goes on when the caller stops
/// waiting; what fails is tried again.
pub(crate) async fn settle(cx: &Context, deploy_id: &str) {
    if cx.blobs.unsettled().holds(deploy_id) {
        let _ = tokio::spawn(settle_all(cx.clone())).await;
    }
}

/// Takes up what an earlier process had answered and not crossed off. How many uploads that were.
///
/// # Errors
/// When the disk or the database fails; what was found is tried again.
pub async fn recover(cx: &Context) -> Result<usize> {
    let left = cx.blobs.left().await?;
    let count = left.len();
    cx.blobs.unsettled().add(left);
    settle_all(cx.clone()).await?;
    Ok(count)
}

fn settle_after(cx: &Context, wait: Duration) {
    let cx = cx.clone();
    tokio::spawn(async move {
        tokio::time::sleep(wait).await;
        settle_all(cx).await
    });
}

async fn settle_all(cx: Context) -> Result<()> {
    let unsettled = cx.blobs.unsettled();
    let _turn = unsettled.turn().await;
    let taken = unsettled.take();
    if taken.is_empty() {
        return Ok(());
    }
    let done = settle_these(&cx, taken).await;
    unsettled.done();
    if let Err(error) = &done {
        tracing::warn!(%error, "uploads could not be crossed off; it will be tried again");
        settle_after(&cx, AGAIN);
    }
    done
}

/// What fails is added to those that wait.
async fn settle_these(cx: &Context, taken: Vec<Laid>) -> Result<()> {
    let there = match cx.blobs.settle(taken.clone()).await {
        Ok(there) => there,
        Err(error) => {
            cx.blobs.unsettled().add(taken);
            return Err(error.into());
        }
    };
    let mut by_deploy: BTreeMap<String, Vec<Laid>> = BTreeMap::new();
    for laid in there {
        by_deploy.entry(laid.label.clone()).or_default().push(laid);
    }
    let (mut done, mut outcome) = (Vec::new(), Ok(()));
    for (deploy_id, all) in by_deploy {
        match cross_off(cx, &deploy_id, &all).await {
            // the deploy is gone, or past taking files in
            Ok(()) | Err(Error::NotFound | Error::Unprocessable(_)) => done.extend(all),
            Err(error) => {
                cx.blobs.unsettled().add(all);
                outcome = Err(error);
            }
        }
    }
    cx.blobs.forget(done).await?;
    outcome
}

async fn cross_off(cx: &Context, deploy_id: &str, all: &[Laid]) -> Result<()> {
    let digests: BTreeMap<&str, &Digests> =
        all.iter().map(|laid| (laid.digests.sha1.as_str(), &laid.digests)).collect();
    let names: Vec<&str> = digests.keys().copied().collect();
    let mut tx = cx.begin().await?;
    let deploy = deploys::find(&mut tx, deploy_id).await?.ok_or(Error::NotFound)?;
    let (crossed, left) =
        deploy_files::arrived_together(&mut tx, deploy_id, UploadKind::File, &names).await?;
    if crossed.is_empty() {
        return Ok(());
    }
    for (name, digests) in digests.iter().filter(|(name, _)| crossed.contains(**name)) {
        let known = Known { blob: digests.sha256.clone(), size: digests.size };
        blobs::learn(&mut tx, &deploy.account_id, name, &known).await?;
    }
    if left == 0 {
        finish_uploads(&mut tx, cx, deploy_id).await?;
    }
    Ok(tx.commit().await?)
}

#[cfg(test)]
mod tests;
