//! From a bearer token to the person behind it. One read for each request and no cache: a deleted
//! token is refused at once, on every node. That a token was used is noted beside the request.

use crate::{Principal, build_pass};
use context::{Context, Error, Result};
use model::Timestamp;
use signing::sha256_hex;
use store::tokens::{self, Credential};
use tokio::sync::{Semaphore, SemaphorePermit};

/// Longest bearer token that is looked at, in bytes.
pub const BEARER_MAX: usize = 512;
/// How exact `last_used_at` is, in milliseconds.
const USE_GRAIN_MS: i64 = 60_000;

/// One note at a time: notes never queue up before real changes. A note that finds no place is
/// left to the token's next request.
static NOTING: Semaphore = Semaphore::const_new(1);

/// The person behind `bearer`, which is the token without the word `Bearer`.
///
/// # Errors
/// [`Error::Unauthorized`] when the token is unknown or has expired; [`Error::Internal`] when the
/// database fails.
pub async fn authenticate(cx: &Context, bearer: &str) -> Result<Principal> {
    if bearer.is_empty() || bearer.len() > BEARER_MAX {
        return Err(Error::Unauthorized("this token is not known"));
    }
    if bearer.starts_with(build_pass::PREFIX) {
        return build_pass::authenticate(cx, bearer).await;
    }
    let mut db = cx.read().await?;
    let found = tokens::credential(&mut db, &sha256_hex(bearer.as_bytes())).await?;
    drop(db);
    let credential = found.ok_or(Error::Unauthorized("this token is not known"))?;
    let now = cx.now();
    if has_expired(credential.token.expires_at, now) {
        return Err(Error::Unauthorized("this token has expired"));
    }
    if is_due(credential.token.last_used_at, now)
        && let Ok(place) = NOTING.try_acquire()
    {
        tokio::spawn(note_use(cx.clone(), credential.token.id.clone(), now, place));
    }
    Ok(principal(credential))
}

/// Whether something that ends at `end` is over.
pub(crate) fn has_expired(end: Option<Timestamp>, now: Timestamp) -> bool {
    end.is_some_and(|end| end <= now)
}

fn is_due(last_used_at: Option<Timestamp>, now: Timestamp) -> bool {
    last_used_at.is_none_or(|at| at.plus_millis(USE_GRAIN_MS) <= now)
}

fn principal(credential: Credential) -> Principal {
    let Credential { token, memberships } = credential;
    Principal {
        user_id: token.user_id,
        token_id: token.id,
        scope: token.scope,
        memberships,
        only_account: token.account_id,
        build: None,
    }
}

async fn note_use(cx: Context, token_id: String, now: Timestamp, _place: SemaphorePermit<'static>) {
    if let Err(error) = write_use(&cx, &token_id, now).await {
        tracing::warn!(%error, token = token_id, "cannot note that a token was used");
    }
}

async fn write_use(cx: &Context, token_id: &str, now: Timestamp) -> Result<()> {
    let mut tx = cx.begin().await?;
    tokens::used(&mut tx, token_id, now).await?;
    Ok(tx.commit().await?)
}

/// Waits until the note that is being written, if any, is written.
#[cfg(test)]
pub(crate) async fn note_finished() {
    drop(NOTING.acquire().await);
}
