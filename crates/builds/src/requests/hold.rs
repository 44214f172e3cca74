//! A build that begins to wait for a person.

use super::open::{held, lapse};
use context::{Context, Error, Result};
use deploys::NewDeploy;
use store::Tx;
use store::deploys::DeployRow;
use store::sites::{self, SiteRow};

/// Deploy requests of one site that may wait at once; each is one pull or merge request.
pub const HELD_MAX: usize = 100;
/// What a request says whose place a newer push took.
pub const SUPERSEDED: &str = "A newer push took the place of this deploy request.";
/// Why a build is not repeated that would take a newer one's place.
const NEWER_WAITS: &str = "something newer of the same pull or merge request waits for a review; accept or reject \
                           that first";

/// Locks the site, and makes room for a request: what waits of the same pull request or branch gives
/// way. `again` is a build that is repeated: it may be older than what waits, and takes nobody's place.
pub(crate) async fn make_room(
    tx: &mut Tx,
    cx: &Context,
    site: &SiteRow,
    (new, again): (&NewDeploy, bool),
) -> Result<()> {
    sites::lock_row(tx, &site.id).await?.ok_or(Error::NotFound)?;
    let (older, others): (Vec<_>, Vec<_>) =
        held(tx, &site.id).await?.into_iter().partition(|deploy| is_same(deploy, new));
    if again && !older.is_empty() {
        return Err(Error::Conflict(NEWER_WAITS.to_owned()));
    }
    if others.len() >= HELD_MAX {
        return Err(Error::Unprocessable(format!(
            "{HELD_MAX} deploy requests of this site wait already; accept or reject some of them first"
        )));
    }
    for deploy in older {
        lapse(tx, cx, &deploy, SUPERSEDED).await?;
    }
    Ok(())
}

/// Ends what waits of a request or branch of the locked site of which something newer is built without
/// asking: a late yes must not bring older content back.
pub(crate) async fn supersede(tx: &mut Tx, cx: &Context, site: &SiteRow, new: &NewDeploy) -> Result<()> {
    for deploy in held(tx, &site.id).await?.into_iter().filter(|deploy| is_same(deploy, new)) {
        lapse(tx, cx, &deploy, SUPERSEDED).await?;
    }
    Ok(())
}

/// Whether a deploy that waits is for the same pull or merge request, or, without one, for the same
/// branch.
fn is_same(waiting: &DeployRow, new: &NewDeploy) -> bool {
    match (waiting.info.review_id, new.info.review_id) {
        (None, None) => waiting.branch == new.branch,
        (waiting, new) => waiting == new,
    }
}
