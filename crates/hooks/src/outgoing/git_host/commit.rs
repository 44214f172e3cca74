//! The commit that a deploy is of can change once: where the one that was pushed is gone by the time
//! of the build, the newest is built. What a host was told of the first one must come to its end too.

use super::slot::KEPT_MS;
use super::subject::Subject;
use context::{Context, Result};
use store::deploys;
use store::target_memory;

/// The commit that the host was told of, or is about to be, and that the deploy is not of any more.
///
/// # Errors
/// When the database fails.
pub(super) async fn left(cx: &Context, subject: &Subject) -> Result<Option<String>> {
    let deploy = deploys::find(&mut cx.read().await?, &subject.deploy.id).await?;
    let now = deploy.and_then(|deploy| deploy.info.commit_ref);
    if now.is_some_and(|now| now != subject.sha) {
        return Ok(Some(subject.sha.clone()));
    }
    Ok(Some(first(cx, subject).await?).filter(|first| *first != subject.sha))
}

/// The commit of the first event that was told of the deploy: this one's, when there was none before.
async fn first(cx: &Context, subject: &Subject) -> Result<String> {
    let place = subject.place(format!("commit {}", subject.deploy.id));
    if let Some(known) = target_memory::find(&mut cx.read().await?, &place).await? {
        return Ok(known.value);
    }
    let mut tx = cx.begin().await?;
    target_memory::insert(&mut tx, &place, &subject.sha, Some(cx.now().plus_millis(KEPT_MS))).await?;
    let known = target_memory::find(&mut tx, &place).await?;
    tx.commit().await?;
    Ok(known.map_or_else(|| subject.sha.clone(), |known| known.value))
}
