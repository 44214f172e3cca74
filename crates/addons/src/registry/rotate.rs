//! Giving an add-on a new secret while the old one still counts for a while.

use super::secrets::Secrets;
use super::{Registered, present};
use context::{Context, Error, Result};
use events::{Note, Noted};
use serde::Deserialize;
use store::ChangeKind;
use store::addons::{self, AddonRow};

/// How long the old secret counts when the caller does not say.
pub const OVERLAP_HOURS: i64 = 24;
/// Longest time that it may.
pub const OVERLAP_HOURS_MAX: i64 = 24 * 30;

const HOUR_MS: i64 = 3_600_000;

/// Body of a rotation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Rotation {
    /// Hours for which the old secret still counts; 0 ends it at once.
    pub overlap_hours: Option<i64>,
}

/// Draws a new secret, which signs from the next call on. While the old one counts, it signs a second
/// token that goes along as `X-Nf-Sign-Previous`, and providers may still sign with it. `by` is the person
/// who asks, for the audit log.
///
/// # Errors
/// `Unprocessable` when the overlap is out of bounds.
pub async fn rotate(cx: &Context, addon: &AddonRow, rotation: &Rotation, by: &str) -> Result<Registered> {
    let hours = rotation.overlap_hours.unwrap_or(OVERLAP_HOURS);
    if !(0..=OVERLAP_HOURS_MAX).contains(&hours) {
        return Err(Error::Unprocessable(format!("overlap_hours must be 0 to {OVERLAP_HOURS_MAX}")));
    }
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let mut row = addons::find(&mut tx, &addon.id).await?.ok_or(Error::NotFound)?;
    let old = Secrets::of(cx, &row)?;
    let mut new = Secrets::drawn(cx);
    new.previous = (hours > 0).then(|| (old.current, now.plus_millis(hours * HOUR_MS)));
    row.sealed = new.sealed(cx, &row.id)?;
    row.updated_at = now;
    addons::update(&mut tx, &row).await?;
    tx.changed(ChangeKind::Addon, &row.id, now).await?;
    let about = Noted::of_account(row.account_id.as_deref().unwrap_or_default(), &row.id);
    events::note(&mut tx, cx, about, Note::AddonSecretRotated, Some(by)).await?;
    tx.commit().await?;
    Ok(Registered { service: present(cx, &row, true), secret: new.current })
}
