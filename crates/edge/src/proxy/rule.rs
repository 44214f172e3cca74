//! What a redirect rule makes of a request that it passes on: its address, its headers, its signature.

use super::headers::{self, add_rule_headers};
use super::relay::{self, pass_on};
use super::slots::Asker;
use super::trouble::Trouble;
use super::{Proxied, Proxy, sign};
use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::sites::{Signer, SiteView, token};
use context::Context;
use http::HeaderName;
use http::uri::PathAndQuery;
use outbound::{Fields, Origin, Passed, Spelling};
use url::{Position, Url};

const SIGNATURE: HeaderName = HeaderName::from_static("x-nf-sign");

/// Passes the request on and waits for the head of the answer.
pub(super) async fn pass(
    proxy: &Proxy,
    cx: &Context,
    exchange: &mut Exchange,
    site: &SiteView,
    proxied: &Proxied<'_>,
) -> Result<Answer, Trouble> {
    let (origin, target) = address(&proxied.url).ok_or(Trouble::Address)?;
    let slot = proxy.slots.take(&Asker::Rules { site: &site.site_id }).ok_or(Trouble::Busy)?;
    let mut headers = headers::request(exchange.headers(), &relay::visitor(exchange))?;
    add_rule_headers(&mut headers, proxied.rule);
    if let Some(name) = &proxied.rule.signed {
        sign(proxy, cx, &site.signer, name, &mut headers).await?;
    }
    let method = exchange.method().clone();
    let passed = Passed { method, origin, target, headers, spelling: Spelling::default() };
    pass_on(proxy, exchange, passed, slot).await
}

fn address(url: &str) -> Option<(Origin, PathAndQuery)> {
    let url = Url::parse(url).ok()?;
    let target = url[Position::BeforePath..Position::AfterQuery].parse().ok()?;
    Some((Origin::of(&url)?, target))
}

/// Without a value for the variable the request goes unsigned, as from the vendor's own tools: the
/// origin refuses it.
async fn sign(
    proxy: &Proxy,
    cx: &Context,
    signer: &Signer,
    name: &str,
    headers: &mut Fields,
) -> Result<(), Trouble> {
    let secret =
        proxy.secrets.value(&signer.account_id, &signer.site_id, name).await.map_err(Trouble::Secret)?;
    let Some(secret) = secret else {
        tracing::info!(site = &*signer.site_id, name, "requests go unsigned: there is no such variable");
        return Ok(());
    };
    headers.set(SIGNATURE, token(&sign::token(signer, cx.now(), &secret)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_taken_apart() {
        for (url, expect) in [
            ("http://a.example", Some(("a.example", "/"))),
            ("https://a.example:8443/x%2Fy?z=1#top", Some(("a.example:8443", "/x%2Fy?z=1"))),
            ("http://a.example/?", Some(("a.example", "/?"))),
            ("http://a.example/ä", Some(("a.example", "/%C3%A4"))),
            ("ftp://a.example/", None),
            ("/relative", None),
            ("http://", None),
        ] {
            let found = address(url);
            let found = found
                .as_ref()
                .map(|(origin, target)| (origin.authority().to_str().unwrap_or_default(), target.as_str()));
            assert_eq!(found, expect, "{url}");
        }
    }
}
