//! What becomes of a request to an add-on, and of its answer (contract add-ons sections 7 and 8): the
//! platform vouches for instance and visitor, and keeps to itself what would let a provider act as the
//! visitor on the site.

use super::relay::{self, pass_on};
use super::slots::Asker;
use super::trouble::Trouble;
use super::{Proxy, ToAddon, cookies, headers};
use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::sites::{AddonView, SiteView, token};
use context::Context;
use http::{HeaderName, HeaderValue, header};
use model::Timestamp;
use outbound::{Fields, Passed, Spelling};

/// Names that are written in capitals, as providers may look them up.
const NAMES: [&str; 3] = ["X-NF-UUID", "X-NF-ID", "X-NF-SITE-URL"];
const UUID: HeaderName = HeaderName::from_static("x-nf-uuid");
const ID: HeaderName = HeaderName::from_static("x-nf-id");
const SITE_URL: HeaderName = HeaderName::from_static("x-nf-site-url");
/// The scheme of tokens in `Authorization`.
const BEARER: &str = "Bearer";

/// Passes the request on and waits for the head of the answer.
pub(super) async fn pass(
    proxy: &Proxy,
    cx: &Context,
    exchange: &mut Exchange,
    site: &SiteView,
    to: ToAddon<'_>,
) -> Result<Answer, Trouble> {
    let ToAddon { addon, origin, target } = to;
    let instance = &addon.instance;
    let asker = Asker::Addon { site: &site.site_id, addon: &instance.addon_id, instance: &instance.id };
    let slot = proxy.slots.take(&asker).ok_or(Trouble::Busy)?;
    let now = cx.now();
    let mut headers = headers::request(exchange.headers(), &relay::visitor(exchange))?;
    cookies::keep_own(&mut headers);
    authorize(&mut headers, exchange.guarded, site, addon, now)?;
    vouch(&mut headers, addon, now);
    let (method, spelling) = (exchange.method().clone(), Spelling(&NAMES));
    let mut answer =
        pass_on(proxy, exchange, Passed { method, origin, target, headers, spelling }, slot).await?;
    cookies::refuse_own(&mut answer.headers);
    Ok(answer)
}

/// Says which instance the request is for, and proves that the platform says so.
fn vouch(headers: &mut Fields, addon: &AddonView, now: Timestamp) {
    headers.set(UUID, addon.uuid.clone());
    headers.set(ID, addon.remote_id.clone());
    headers.set(SITE_URL, addon.site_url.clone());
    let signed = addon.signed(now);
    headers.set(addons::provider::SIGN_HEADER, signed.current);
    if let Some(previous) = signed.previous {
        headers.set(addons::provider::PREVIOUS_HEADER, previous);
    }
}

/// A token that counts on the site goes on signed for the provider, who cannot use it here; whatever else
/// says who the visitor is goes on as it is. What opened a page that the site guards by itself stays.
fn authorize(
    headers: &mut Fields,
    guarded: bool,
    site: &SiteView,
    addon: &AddonView,
    now: Timestamp,
) -> Result<(), Trouble> {
    let sent: Vec<&HeaderValue> = headers.get_all(&header::AUTHORIZATION).collect();
    let only = match *sent {
        [] => return Ok(()),
        [only] => only,
        _ => return Err(Trouble::Ambiguous),
    };
    if guarded {
        headers.remove(&header::AUTHORIZATION);
        return Ok(());
    }
    let resigned = bearer(only).and_then(|sent| {
        site.visitors.as_ref()?.claims(sent, now)?;
        addon.instance.resign(sent)
    });
    if let Some(resigned) = resigned {
        headers.set(header::AUTHORIZATION, token(&format!("{BEARER} {resigned}")));
    }
    Ok(())
}

/// The token of `Bearer`, however that is written (RFC 9110 section 11.1).
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case(BEARER).then(|| token.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheme_is_told_from_its_token() {
        for (value, expect) in [
            ("Bearer a.b.c", Some("a.b.c")),
            ("bEARER   a.b.c ", Some("a.b.c")),
            ("Basic a.b.c", None),
            ("Bearer", None),
            ("Bearera.b.c", None),
            ("", None),
        ] {
            assert_eq!(bearer(&HeaderValue::from_static(value)), expect, "{value}");
        }
    }
}
