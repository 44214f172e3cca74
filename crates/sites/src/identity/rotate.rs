//! Giving a site a new identity secret while the old one still verifies for a while, so that nobody who
//! is logged in has to log in again.

use super::{Identity, counting, drawn, present, sealed};
use context::{Context, Error, Result};
use events::Note;
use serde::{Deserialize, Serialize};
use store::ChangeKind;
use store::sites::{self, PreviousSecret};

/// How long the old secret counts when the caller does not say.
pub const OVERLAP_HOURS: i64 = 24;
/// Longest time that it may.
pub const OVERLAP_HOURS_MAX: i64 = 24 * 30;
/// Old secrets that verify beside the new one.
pub const PREVIOUS_MAX: usize = 4;

const HOUR_MS: i64 = 3_600_000;

/// Body of a rotation.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Rotation {
    /// The new secret; one is drawn when absent.
    pub jwt_secret: Option<String>,
    /// Hours for which the old secret still verifies; 0 ends it, and all before it, at once.
    pub overlap_hours: Option<i64>,
}

/// The settings after a rotation.
#[derive(Clone, Serialize)]
pub struct Rotated {
    /// The settings.
    #[serde(flatten)]
    pub identity: Identity,
    /// The new secret when it was drawn here, shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwt_secret: Option<String>,
}

/// Makes the new secret verify from the next request on, and the old one for a while. `by` is the
/// person who asks, for the audit log.
///
/// # Errors
/// `NotFound`; `Unprocessable` when the secret or the overlap is out of bounds.
pub async fn rotate(cx: &Context, site_id: &str, rotation: Rotation, by: &str) -> Result<Rotated> {
    let hours = rotation.overlap_hours.unwrap_or(OVERLAP_HOURS);
    if !(0..=OVERLAP_HOURS_MAX).contains(&hours) {
        return Err(Error::Unprocessable(format!("overlap_hours must be 0 to {OVERLAP_HOURS_MAX}")));
    }
    let own = rotation.jwt_secret.is_none().then(|| drawn(cx));
    let new = sealed(cx, rotation.jwt_secret.as_ref().or(own.as_ref()).map_or("", String::as_str))?;
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let mut site = sites::lock_row(&mut tx, site_id).await?.ok_or(Error::NotFound)?;
    let mut previous: Vec<_> = counting(&site.info.jwt_previous, now).cloned().collect();
    if let Some(sealed) = site.info.jwt_secret.replace(new) {
        previous.insert(0, PreviousSecret { sealed, until: now.plus_millis(hours * HOUR_MS) });
    }
    previous.truncate(if hours == 0 { 0 } else { PREVIOUS_MAX });
    site.info.jwt_previous = previous;
    site.info.jwt_secret_at = Some(now);
    site.updated_at = now;
    sites::update(&mut tx, &site).await?;
    tx.changed(ChangeKind::Site, site_id, now).await?;
    events::note(&mut tx, cx, &site, Note::IdentitySecretRotated, Some(by)).await?;
    tx.commit().await?;
    Ok(Rotated { identity: present(&site, now), jwt_secret: own })
}
