//! What may be said of a site's tokens: everything but the secrets.

use super::counting;
use model::{Timestamp, TokenTerms};
use serde::Serialize;
use store::sites::SiteRow;

/// The one algorithm that visitors' tokens are signed with.
const ALGORITHM: &str = "HS256";

/// How visitors' tokens are verified.
#[derive(Clone, Debug, Serialize)]
pub struct Identity {
    /// The site.
    pub site_id: String,
    /// Always `HS256`.
    pub algorithm: &'static str,
    /// Whether any token can count; not when the owner has emptied the secret.
    pub has_secret: bool,
    /// When the secret was set, drawn or rotated; absent for sites older than this field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret_set_at: Option<Timestamp>,
    /// Replaced secrets that still verify, the newest first.
    pub previous: Vec<Overlap>,
    /// What tokens must say.
    #[serde(flatten)]
    pub terms: TokenTerms,
}

/// A replaced secret that still verifies.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Overlap {
    /// Until when.
    pub until: Timestamp,
}

/// The settings of a site, as they count now.
#[must_use]
pub fn present(site: &SiteRow, now: Timestamp) -> Identity {
    let info = &site.info;
    Identity {
        site_id: site.id.clone(),
        algorithm: ALGORITHM,
        has_secret: info.jwt_secret.is_some(),
        secret_set_at: info.jwt_secret_at,
        previous: counting(&info.jwt_previous, now).map(|old| Overlap { until: old.until }).collect(),
        terms: info.token_terms.clone(),
    }
}
