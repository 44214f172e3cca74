//! Gives a hook a new signing secret while the old one still counts for a while.

use crate::secrets::{self, PREVIOUS, Previous, SECRET_MAX};
use crate::{HookView, view};
use context::{Context, Error, Result};
use events::{Note, Noted};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::ChangeKind;

/// How long the old secret counts when the caller does not say.
pub const OVERLAP_HOURS: u32 = 24;
/// Longest time that it may.
pub const OVERLAP_HOURS_MAX: u32 = 24 * 30;
/// Old secrets that count beside the new one.
pub const PREVIOUS_MAX: usize = 4;

const HOUR_MS: i64 = 3_600_000;
/// What a secret that is drawn here begins with: the mark of Standard Webhooks, whose libraries
/// read the rest as base64.
const PREFIX: &str = "whsec_";

/// Body of a rotation.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Rotation {
    /// The new secret; one is drawn when absent.
    #[serde(default)]
    pub signature_secret: Option<String>,
    /// Hours for which the old secret still counts; 0 ends it, and all before it, at once.
    #[serde(default)]
    pub overlap_hours: Option<u32>,
}

/// A hook after a rotation.
#[derive(Clone, Debug, Serialize)]
pub struct Rotated {
    /// The hook.
    #[serde(flatten)]
    pub hook: HookView,
    /// The new secret, shown this once.
    pub signature_secret: String,
}

/// Makes the new secret sign from the next try on. While the old one counts, its token goes along
/// as `X-Webhook-Signature-Previous`, and its signature in `Webhook-Signature`. `by` is the person who
/// asks, for the audit log.
///
/// # Errors
/// `NotFound`; `Unprocessable` when the hook's target does not sign, or the secret or the overlap
/// is out of bounds.
pub async fn rotate(cx: &Context, hook_id: &str, rotation: Rotation, by: &str) -> Result<Rotated> {
    let new = rotation.signature_secret.unwrap_or_else(|| drawn(cx));
    let overlap = rotation.overlap_hours.unwrap_or(OVERLAP_HOURS);
    check(&new, overlap)?;
    let now = cx.now();
    let mut tx = cx.begin().await?;
    let mut row = store::hooks::find(&mut tx, hook_id).await?.ok_or(Error::NotFound)?;
    if row.kind != "url" {
        return Err(Error::Unprocessable("only hooks of type url sign what they send".to_owned()));
    }
    let mut known = secrets::open(cx, hook_id, &row.sealed)?;
    let mut previous = secrets::previous(&known, now);
    if let Some(Value::String(old)) = known.insert("signature_secret".to_owned(), new.clone().into()) {
        previous.insert(0, Previous { secret: old, until: now.plus_millis(i64::from(overlap) * HOUR_MS) });
    }
    previous.truncate(if overlap == 0 { 0 } else { PREVIOUS_MAX });
    known.insert(PREVIOUS.to_owned(), serde_json::to_value(previous).map_err(Error::internal)?);
    row.sealed = secrets::seal(cx, hook_id, &known);
    row.updated_at = now;
    store::hooks::update(&mut tx, &row).await?;
    tx.changed(ChangeKind::Hook, hook_id, now).await?;
    let site = store::sites::find(&mut tx, &row.site_id).await?.ok_or(Error::NotFound)?;
    let about = Noted::of_site(&site, hook_id);
    events::note(&mut tx, cx, about, Note::HookSecretRotated, Some(by)).await?;
    let health = store::hook_health::find(&mut tx, hook_id).await?;
    tx.commit().await?;
    Ok(Rotated { hook: view::view(cx, row, health)?, signature_secret: new })
}

fn drawn(cx: &Context) -> String {
    // Every letter of it is one of base64, and their number needs no padding.
    cx.secret(PREFIX)
}

fn check(secret: &str, overlap: u32) -> Result<()> {
    if secret.is_empty() || secret.len() > SECRET_MAX {
        return Err(Error::Unprocessable(format!("signature_secret has 1 to {SECRET_MAX} bytes")));
    }
    if overlap > OVERLAP_HOURS_MAX {
        return Err(Error::Unprocessable(format!("overlap_hours is at most {OVERLAP_HOURS_MAX}")));
    }
    Ok(())
}
