//! Which tokens of visitors count on a site: secrets that an identity provider of the owner's choice
//! signs them with, and what else is asked of them. Secrets are sealed at rest; only one that was drawn
//! here is ever shown, once.

mod end_overlap;
mod present;
mod rotate;
mod settings;

pub use end_overlap::end_overlap;
pub use present::{Identity, Overlap, present};
pub use rotate::{OVERLAP_HOURS, OVERLAP_HOURS_MAX, PREVIOUS_MAX, Rotated, Rotation, rotate};
pub use settings::{MAX_NAME_BYTES, MAX_ROLES_PATH_BYTES};

pub(crate) use settings::{name, roles_path};

use context::{Context, Error, Result};
use model::Timestamp;
use std::fmt;
use store::sites::{PreviousSecret, SiteInfo, SiteRow};

/// What secrets are sealed for.
const PURPOSE: &str = "site identity secret";
/// Longest secret, in bytes.
pub const MAX_SECRET_BYTES: usize = 1024;
/// Random bytes of a secret that nobody chose.
const DRAWN_BYTES: usize = 32;
/// Where the roles are when the site does not say otherwise: one of these.
pub const ROLES_PATHS: [&str; 2] = ["app_metadata.authorization.roles", "app_metadata.roles"];

/// The secrets of a site in the clear. Never to be logged or shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secrets {
    /// Verifies.
    pub current: Vec<u8>,
    /// Were replaced, and verify until the instant beside them.
    pub previous: Vec<(Vec<u8>, Timestamp)>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// Every secret that verifies now, the newest first.
    pub fn all(&self, now: Timestamp) -> impl Iterator<Item = &[u8]> {
        let counts = move |(_, until): &&(Vec<u8>, Timestamp)| *until > now;
        let previous = self.previous.iter().filter(counts).map(|(secret, _)| secret.as_slice());
        std::iter::once(self.current.as_slice()).chain(previous)
    }
}

/// The secrets of a site; none when its owner has emptied it, and then no token verifies.
///
/// # Errors
/// When one was not sealed with this server's key.
pub fn secrets(cx: &Context, site: &SiteRow) -> Result<Option<Secrets>> {
    let Some(text) = &site.info.jwt_secret else { return Ok(None) };
    let previous = site.info.jwt_previous.iter();
    let previous = previous.map(|old| Ok((opened(cx, &old.sealed)?, old.until))).collect::<Result<_>>()?;
    Ok(Some(Secrets { current: opened(cx, text)?, previous }))
}

/// Puts a secret that the owner has chosen in the place of all that were; an empty one means that no
/// token counts.
pub(crate) fn set(cx: &Context, info: &mut SiteInfo, secret: &str) -> Result<()> {
    info.jwt_secret = if secret.is_empty() { None } else { Some(sealed(cx, secret)?) };
    info.jwt_secret_at = Some(cx.now());
    info.jwt_previous.clear();
    Ok(())
}

/// Gives a new site a secret of the server's own choice: what verifies visitors of a site is never
/// empty nor the same for two sites, although nobody has set it.
pub(crate) fn draw(cx: &Context, info: &mut SiteInfo) -> Result<()> {
    set(cx, info, &drawn(cx))
}

fn drawn(cx: &Context) -> String {
    hex::encode(cx.random::<DRAWN_BYTES>())
}

/// A secret as it is kept.
fn sealed(cx: &Context, secret: &str) -> Result<String> {
    if secret.is_empty() || secret.len() > MAX_SECRET_BYTES {
        let why = format!("jwt_secret has 1 to {MAX_SECRET_BYTES} bytes");
        return Err(Error::Unprocessable(why));
    }
    Ok(hex::encode(cx.seal(PURPOSE, secret.as_bytes())))
}

fn opened(cx: &Context, text: &str) -> Result<Vec<u8>> {
    let sealed = hex::decode(text).map_err(Error::internal)?;
    cx.open(PURPOSE, &sealed)
}

/// Those of the replaced secrets that still verify.
fn counting(previous: &[PreviousSecret], now: Timestamp) -> impl Iterator<Item = &PreviousSecret> {
    previous.iter().filter(move |old| old.until > now)
}

#[cfg(test)]
mod tests;
