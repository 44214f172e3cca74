//! Where a call of a build hook stands. Whoever knows the URL that was called may ask; they learn
//! ids and states, and nothing of what is built.

use super::setup::url;
use context::{Context, Error, Result};
use model::{BuildHookStatus, BuildState};
use store::build_hook_calls::{self as calls, CallRow};
use store::{Conn, build_hook_pending as pending, build_hooks, builds};

/// Where to ask how a call stands.
#[must_use]
pub fn status_url(cx: &Context, key: &str, call_id: &str) -> String {
    format!("{}/calls/{call_id}", url(cx, key))
}

/// Where a call stands that was made to the URL which ends with `key`, or to another of the hook's.
///
/// # Errors
/// `NotFound` for a URL that counts no longer, and for a call that is not the hook's or not kept.
pub async fn status(cx: &Context, key: &str, call_id: &str) -> Result<BuildHookStatus> {
    let mut db = cx.read().await?;
    let named = build_hooks::by_key(&mut db, key, cx.now()).await?.ok_or(Error::NotFound)?;
    let call = calls::find(&mut db, call_id).await?.filter(|call| call.hook_id == named.hook.id);
    of(&mut db, call.ok_or(Error::NotFound)?).await
}

async fn of(db: &mut Conn, call: CallRow) -> Result<BuildHookStatus> {
    let build = match &call.build_id {
        Some(id) => builds::find(db, id).await?,
        None => None,
    };
    let waits = match (&call.build_id, &call.pending_id) {
        (None, Some(id)) => pending::find(db, id).await?,
        _ => None,
    };
    // a build that waits may give way to a newer one
    let given_up = build.as_ref().filter(|build| build.state == BuildState::Cancelled);
    let reason = call.reason.or_else(|| given_up.and_then(|build| build.error.clone()));
    Ok(BuildHookStatus {
        done: build.as_ref().map_or(waits.is_none(), |build| build.state.is_final()),
        state: build.as_ref().map(|build| build.state),
        finished_at: build.and_then(|build| build.finished_at),
        due_at: waits.map(|pending| pending.due),
        call_id: call.id,
        outcome: call.outcome,
        reason,
        build_id: call.build_id,
        deploy_id: call.deploy_id,
    })
}
