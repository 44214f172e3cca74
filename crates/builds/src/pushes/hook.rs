//! The URL that Git hosts call, and its secret: shown once, encrypted at rest, replaced with a time in
//! which both count.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use context::{Context, Error, Result};
use events::Note;
use model::Timestamp;
use serde::{Deserialize, Serialize};
use sites::push_url;
use store::pushes::{self, PushHookRow};
use store::sites::SiteRow;

/// Longest time in which the secret before counts too, in seconds: 30 days.
pub const OVERLAP_MAX_SECONDS: i64 = 30 * 24 * 60 * 60;
/// That time, unless a rotation says otherwise: a day.
const OVERLAP_SECONDS: i64 = 24 * 60 * 60;
/// Under which secrets are sealed.
const PURPOSE: &str = "push_hooks";

/// The URL as the API shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PushHook {
    /// What the Git host is to call; the site shows it as `deploy_hook` too. Absent for those who may not
    /// change the site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Whether calls must be signed. Until a secret is drawn they need not be.
    pub signed: bool,
    /// The secret, with the answer that drew it and never again. It has the form of a Standard Webhooks
    /// secret, which GitLab's signing tokens have too; to the other hosts it is a text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
    /// When it was drawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<Timestamp>,
    /// Until when the secret before counts too.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_until: Option<Timestamp>,
    /// When the URL was made.
    pub created_at: Timestamp,
}

/// What a client may say of a rotation.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub struct Rotation {
    /// Seconds in which the secret before counts too; a day where absent.
    #[serde(default)]
    pub overlap_seconds: Option<i64>,
}

/// The URL of a site.
///
/// # Errors
/// `NotFound` when there is no such site any more.
pub async fn show(cx: &Context, site: &SiteRow) -> Result<PushHook> {
    let hook = pushes::hook_of(&mut cx.read().await?, &site.id).await?;
    Ok(shown(cx, site, &hook.ok_or(Error::NotFound)?, None))
}

/// Draws a new secret. From then on calls must be signed, with it or for a while with the one before. `by`
/// is the person who asks, for the audit log.
///
/// # Errors
/// `Unprocessable` for a time that is longer than [`OVERLAP_MAX_SECONDS`], or negative.
pub async fn rotate(cx: &Context, site: &SiteRow, rotation: Rotation, by: &str) -> Result<PushHook> {
    let overlap = rotation.overlap_seconds.unwrap_or(OVERLAP_SECONDS);
    if !(0..=OVERLAP_MAX_SECONDS).contains(&overlap) {
        return Err(Error::Unprocessable(format!("overlap_seconds must be 0 to {OVERLAP_MAX_SECONDS}")));
    }
    let secret = format!("whsec_{}", STANDARD.encode(cx.random::<32>()));
    let mut tx = cx.begin().await?;
    let hook = pushes::lock_hook(&mut tx, &site.id).await?.ok_or(Error::NotFound)?;
    let hook = PushHookRow {
        previous_until: hook.secret.as_ref().map(|_| cx.now().plus_millis(overlap * 1000)),
        previous: hook.secret,
        secret: Some(hex::encode(cx.seal(PURPOSE, secret.as_bytes()))),
        rotated_at: Some(cx.now()),
        ..hook
    };
    pushes::set_secrets(&mut tx, &hook).await?;
    events::note(&mut tx, cx, site, Note::PushHookSecretRotated, Some(by)).await?;
    tx.commit().await?;
    Ok(shown(cx, site, &hook, Some(secret)))
}

fn shown(cx: &Context, site: &SiteRow, hook: &PushHookRow, secret: Option<String>) -> PushHook {
    PushHook {
        url: Some(push_url(cx, site.info.build.provider.as_deref(), &hook.id)),
        signed: hook.secret.is_some(),
        secret,
        rotated_at: hook.rotated_at,
        previous_until: hook.previous_until.filter(|until| *until > cx.now()),
        created_at: hook.created_at,
    }
}

/// The secrets that count now, the newest first; none when calls need not be signed.
pub(crate) fn secrets(cx: &Context, hook: &PushHookRow) -> Result<Vec<String>> {
    let previous =
        hook.previous.as_ref().filter(|_| hook.previous_until.is_some_and(|until| until > cx.now()));
    hook.secret.iter().chain(previous).map(|sealed| open(cx, sealed)).collect()
}

fn open(cx: &Context, sealed: &str) -> Result<String> {
    let plain = cx.open(PURPOSE, &hex::decode(sealed).map_err(Error::internal)?)?;
    String::from_utf8(plain).map_err(Error::internal)
}
