//! The secret that an add-on shares with its provider, and the one before it while that still counts.
//! Sealed at rest; shown when it is drawn and never again.

use context::{Context, Error, Result};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;
use store::addons::AddonRow;

/// What stands where a secret was.
pub(crate) const MASK: &str = "********";

/// Secrets of one add-on.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Secrets {
    /// Signs.
    pub(crate) current: String,
    /// Was replaced, and still counts until the instant beside it.
    pub(crate) previous: Option<(String, Timestamp)>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secrets(..)")
    }
}

impl Secrets {
    /// A secret that nobody had before: 40 characters, more than HS256 asks for.
    pub(crate) fn drawn(cx: &Context) -> Self {
        Self { current: cx.secret(""), previous: None }
    }

    /// The replaced secret, if it still counts.
    pub(crate) fn previous(&self, now: Timestamp) -> Option<&str> {
        self.previous.as_ref().filter(|(_, until)| *until > now).map(|(secret, _)| secret.as_str())
    }

    /// Every secret that counts.
    pub(crate) fn all(&self, now: Timestamp) -> impl Iterator<Item = &str> {
        std::iter::once(self.current.as_str()).chain(self.previous(now))
    }

    pub(crate) fn sealed(&self, cx: &Context, addon_id: &str) -> Result<Vec<u8>> {
        let text = serde_json::to_vec(self).map_err(|_| Error::internal("secrets that are no JSON"))?;
        Ok(cx.seal(&purpose(addon_id), &text))
    }

    pub(crate) fn of(cx: &Context, addon: &AddonRow) -> Result<Self> {
        let plain = cx.open(&purpose(&addon.id), &addon.sealed)?;
        // A parser's message could quote what it read.
        serde_json::from_slice(&plain).map_err(|_| Error::internal("the secrets of an add-on are not JSON"))
    }
}

/// Bound to the add-on, so that a sealed secret cannot be moved to another.
fn purpose(addon_id: &str) -> String {
    format!("add-on {addon_id}")
}
