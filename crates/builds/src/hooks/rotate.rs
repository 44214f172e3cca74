//! Gives a build hook a new URL while the old one still counts for a while. Boathook's own.

use super::get::of_site;
use context::{Context, Error, Result};
use events::{Note, Noted};
use serde::Deserialize;
use store::build_hooks::{self, BuildHookRow};
use store::sites;

/// Seconds for which the old URL counts when the caller does not say: a day.
pub const OVERLAP_SECONDS: i64 = 24 * 3600;
/// Most that it may: 30 days.
pub const OVERLAP_SECONDS_MAX: i64 = 30 * 24 * 3600;
/// Old URLs that count beside the new one.
pub const FORMER_MAX: i64 = 4;

/// Body of a rotation.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Rotation {
    /// Seconds for which the old URL still counts; 0 ends it, and all before it, at once.
    #[serde(default)]
    pub overlap_seconds: Option<i64>,
}

/// Gives a build hook a new URL. Its id stays, so that whoever manages the hook by it finds it again. `by`
/// is the person who asks, for the audit log.
///
/// # Errors
/// `NotFound` when the site has no such hook, `Unprocessable` for an overlap out of bounds,
/// `Conflict` when somebody else rotates it in the same instant.
pub async fn rotate(
    cx: &Context,
    site_id: &str,
    id: &str,
    rotation: &Rotation,
    by: &str,
) -> Result<BuildHookRow> {
    let overlap = rotation.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
    if !(0..=OVERLAP_SECONDS_MAX).contains(&overlap) {
        let why = format!("overlap_seconds must lie between 0 and {OVERLAP_SECONDS_MAX}");
        return Err(Error::Unprocessable(why));
    }
    let mut tx = cx.begin().await?;
    let mut hook = of_site(&mut tx, site_id, id).await?;
    if overlap == 0 {
        build_hooks::end_former(&mut tx, id).await?;
    } else {
        let until = cx.now().plus_millis(overlap * 1000);
        build_hooks::keep_former(&mut tx, id, hook.key(), until, FORMER_MAX).await?;
    }
    let secret = cx.secret_id();
    build_hooks::set_secret(&mut tx, id, &secret).await?;
    let site = sites::find(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    events::note(&mut tx, cx, Noted::of_site(&site, id), Note::BuildHookRotated, Some(by)).await?;
    tx.commit().await?;
    hook.secret = Some(secret);
    Ok(hook)
}
