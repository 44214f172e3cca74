//! Building once more what a build worked on: the same commit, for the same reason, with the cache or
//! without it.

use crate::{Cause, start};
use context::{Context, Error, Result};
use store::builds::{self, BuildRow};
use store::deploys::DeployRow;
use store::sites;

/// How a build is repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// Whether what earlier builds left is thrown away first.
    pub clear_cache: bool,
    /// Who asks.
    pub user_id: Option<String>,
}

/// Asks for a build of the commit that a finished build worked on; of the newest one where it never
/// came to know one. It takes nobody's place, since newer content may wait, and its code is trusted as
/// much as it was.
///
/// # Errors
/// `NotFound` when there is no such build; `Conflict` while it is not over, or when it would have to wait
/// for a person and something newer of the same request does; else as [`crate::start`].
pub async fn retry(cx: &Context, build_id: &str, retry: Retry) -> Result<(BuildRow, DeployRow)> {
    let mut db = cx.read().await?;
    let build = builds::find(&mut db, build_id).await?.ok_or(Error::NotFound)?;
    let site = sites::find(&mut db, &build.site_id).await?.ok_or(Error::NotFound)?;
    drop(db);
    if !build.state.is_final() {
        return Err(Error::Conflict("the build is not over; cancel it first".to_owned()));
    }
    start(cx, &site, again(&build, retry)?).await
}

fn again(build: &BuildRow, retry: Retry) -> Result<Cause> {
    let mut cause: Cause = serde_json::from_value(build.cause.clone()).map_err(Error::internal)?;
    cause.clear_cache = retry.clear_cache;
    cause.user_id = retry.user_id;
    cause.retry_of = Some(build.id.clone());
    if let Some(sha) = &build.sha {
        cause.push.get_or_insert_default().commit = Some(sha.clone());
    }
    Ok(cause)
}
