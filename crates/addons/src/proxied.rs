//! What visitors' requests to an instance need on their way to the provider: where they go, and who
//! vouches for them (contract add-ons sections 7 and 8). Read when a site is looked up; nothing here asks
//! the database for a request.

use crate::provider::TOKEN_LIFE_SECONDS;
use crate::registry::secrets::Secrets;
use context::{Context, Result};
use model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::json;
use signing::{resigned, sign_hs256};
use std::borrow::Cow;
use store::Conn;
use store::addon_instances::{InstanceRow, InstanceState};
use store::addons::{self, AddonRow};

/// What is left as it is in an id that no header can carry: the same as in a path's segment.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// An instance as requests to it see it. Its secrets stay in here.
#[derive(Debug)]
pub struct Proxied {
    /// The add-on.
    pub addon_id: String,
    /// Its name under `/.netlify/`.
    pub slug: String,
    /// The instance.
    pub id: String,
    /// What the provider was told to call it.
    pub uuid: String,
    /// What the provider calls it.
    pub remote_id: String,
    /// Where its requests go, with query; none when the provider named no place.
    pub endpoint: Option<String>,
    /// Whether it works: neither being made nor given up.
    pub active: bool,
    secrets: Secrets,
}

/// The signatures of a request.
#[derive(Clone, PartialEq, Eq)]
pub struct Signatures {
    /// With the add-on's secret: a compact JWS of HS256.
    pub current: String,
    /// With the secret before it, while that still counts.
    pub previous: Option<String>,
}

/// The instances of a site, `rows` as they are stored, that requests can be meant for.
///
/// # Errors
/// When the database fails.
pub async fn of_site(cx: &Context, db: &mut Conn, rows: &[InstanceRow]) -> Result<Vec<Proxied>> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        if let Some(addon) = addons::find(db, &row.addon_id).await? {
            all.push(Proxied::new(cx, row, addon));
        }
    }
    Ok(all)
}

impl Proxied {
    /// What cannot be signed for does not work, and nothing else of the site is kept from its visitors.
    fn new(cx: &Context, row: &InstanceRow, addon: AddonRow) -> Self {
        let secrets = Secrets::of(cx, &addon).inspect_err(|error| {
            tracing::error!(addon = addon.slug, %error, "the secrets of an add-on cannot be opened");
        });
        let active = row.state == InstanceState::Active && secrets.is_ok();
        Self {
            addon_id: addon.id,
            slug: addon.slug,
            id: row.id.clone(),
            uuid: row.uuid.clone(),
            remote_id: row.remote_id.clone().unwrap_or_default(),
            endpoint: row.endpoint.clone(),
            active,
            secrets: secrets.unwrap_or_else(|_| Secrets { current: String::new(), previous: None }),
        }
    }

    /// What the provider calls it, as the value of a header: percent-encoded where it is none as it is.
    #[must_use]
    pub fn remote_id_in_header(&self) -> Cow<'_, str> {
        let id = self.remote_id.as_str();
        let carried = id.bytes().all(|byte| matches!(byte, b' '..=b'~')) && id.trim() == id;
        if carried { id.into() } else { utf8_percent_encode(id, PLAIN).into() }
    }

    /// Says for [`TOKEN_LIFE_SECONDS`] that a request comes from this instance's site, whose primary
    /// address is `site_url`.
    #[must_use]
    pub fn sign(&self, site_url: &str, now: Timestamp) -> Signatures {
        let claims = json!({
            "exp": now.seconds() + TOKEN_LIFE_SECONDS,
            "site_url": site_url,
            "id": self.remote_id,
            "netlify_id": self.uuid,
        })
        .to_string();
        let with = |secret: &str| sign_hs256(&claims, secret.as_bytes());
        Signatures { current: with(&self.secrets.current), previous: self.secrets.previous(now).map(with) }
    }

    /// A visitor's token that the site has verified, signed for the provider with the same claims; none
    /// when it is not one that can be.
    #[must_use]
    pub fn resign(&self, token: &str) -> Option<String> {
        resigned(token, self.secrets.current.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxied(remote_id: &str, previous: Option<(String, Timestamp)>) -> Proxied {
        Proxied {
            addon_id: "addon".to_owned(),
            slug: "demo".to_owned(),
            id: "instance".to_owned(),
            uuid: "uuid".to_owned(),
            remote_id: remote_id.to_owned(),
            endpoint: None,
            active: true,
            secrets: Secrets { current: "new".to_owned(), previous },
        }
    }

    #[test]
    fn ids_that_no_header_carries_are_encoded() {
        for (id, expect) in [
            ("5a76f-b3902", "5a76f-b3902"),
            ("a/b?c %41", "a/b?c %41"),
            (" a", "%20a"),
            ("a\tb", "a%09b"),
            ("a\r\nX: 1", "a%0D%0AX%3A%201"),
            ("ä", "%C3%A4"),
            ("", ""),
        ] {
            assert_eq!(proxied(id, None).remote_id_in_header(), expect, "{id:?}");
        }
    }

    #[test]
    fn a_request_is_signed_by_each_secret_that_counts() {
        let instance = proxied("r", Some(("old".to_owned(), Timestamp(2_000))));
        for (now, counts) in [(1_999, true), (2_000, false)] {
            let signed = instance.sign("https://s.example", Timestamp(now));
            let expect = json!({
                "exp": now / 1000 + TOKEN_LIFE_SECONDS,
                "site_url": "https://s.example",
                "id": "r",
                "netlify_id": "uuid",
            });
            assert_eq!(signing::verify_hs256(&signed.current, b"new"), Ok(expect.clone()));
            let previous = signed.previous.map(|token| signing::verify_hs256(&token, b"old"));
            assert_eq!(previous, counts.then_some(Ok(expect)));
        }
    }

    #[test]
    fn nothing_shows_a_secret() {
        let instance = proxied("r", Some(("old-secret".to_owned(), Timestamp(2_000))));
        assert!(!format!("{instance:?}").contains("old-secret"));
    }
}
