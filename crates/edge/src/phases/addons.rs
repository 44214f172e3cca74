//! Add-ons of a site under `/.netlify/<name>` (contract add-ons section 7): what stands behind the name
//! goes to the provider as it was sent, or not at all.

use crate::Shared;
use crate::answer::{Answer, Next};
use crate::exchange::Exchange;
use crate::pages;
use crate::proxy::{self, ToAddon};
use crate::sites::{AddonView, Lead, SiteView};
use http::{HeaderValue, StatusCode, header};
use std::ops::ControlFlow::{self, Break, Continue};

/// What stands before the names of add-ons.
const ROOT: &str = "/.netlify/";
/// Seconds after which a visitor may ask again for an add-on that is not ready.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("10");

/// The provider's answer; on where the path names no add-on of the site.
pub(crate) async fn run(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Next {
    if site.addons.is_none() || !exchange.uri().path().starts_with(ROOT) {
        return Continue(());
    }
    let to = lead(site, exchange.uri().path(), exchange.uri().query());
    pass(edge, exchange, site, to).await
}

/// The same for a path that a rule has put in the place of the one that was asked for.
pub(crate) async fn at(
    edge: &Shared,
    exchange: &mut Exchange,
    site: &SiteView,
    path: &str,
    query: Option<&str>,
) -> Next {
    pass(edge, exchange, site, lead(site, path, query)).await
}

async fn pass(
    edge: &Shared,
    exchange: &mut Exchange,
    site: &SiteView,
    to: ControlFlow<Answer, Option<ToAddon<'_>>>,
) -> Next {
    match to? {
        // boxed, so that no other request carries the room that this one needs
        Some(to) => Break(Box::pin(proxy::to_addon(edge, exchange, site, to)).await),
        None => Continue(()),
    }
}

/// Where a path leads: to an add-on, to none, or to an answer that is found without one.
fn lead<'s>(site: &'s SiteView, path: &str, query: Option<&str>) -> ControlFlow<Answer, Option<ToAddon<'s>>> {
    let Some((addon, rest)) = find(site, path) else { return Continue(None) };
    if climbs(rest) {
        let sentence = "The path of this request has dot segments, which do not lead to an add-on.";
        return Break(pages::page(StatusCode::BAD_REQUEST, "Bad request", sentence));
    }
    match &addon.lead {
        Lead::To(endpoint) => {
            let Ok(target) = endpoint.target(rest, query) else {
                let sentence = "The address of this request is none that can be passed on.";
                return Break(pages::page(StatusCode::BAD_REQUEST, "Bad request", sentence));
            };
            let origin = endpoint.origin.clone();
            Continue(Some(ToAddon { addon, origin, target }))
        }
        Lead::NotNow => {
            let sentence = "This add-on is not ready. Please try again.";
            let page = pages::page(StatusCode::SERVICE_UNAVAILABLE, "Not available", sentence);
            Break(page.with(header::RETRY_AFTER, RETRY_AFTER))
        }
        Lead::Nowhere => {
            let sentence = "This add-on answers no requests.";
            Break(pages::page(StatusCode::NOT_FOUND, "Not found", sentence))
        }
    }
}

/// The add-on that a path names, by its whole segment, and what stands behind the name.
fn find<'s, 'p>(site: &'s SiteView, path: &'p str) -> Option<(&'s AddonView, &'p str)> {
    let behind = path.strip_prefix(ROOT)?;
    let (slug, rest) = behind.split_at(behind.find('/').unwrap_or(behind.len()));
    Some((site.addons.as_ref()?.find(slug)?, rest))
}

/// Whether a path has segments that mean folders above or beside it, however they are written: a server
/// behind may decode dots and slashes, take a backslash for a slash, and overlook what follows a `;`.
fn climbs(rest: &str) -> bool {
    if !rest.bytes().any(|byte| matches!(byte, b'%' | b'\\')) {
        return has_dot_segment(rest.as_bytes());
    }
    let mut plain = Vec::with_capacity(rest.len());
    let mut bytes = rest.as_bytes();
    while let [first, behind @ ..] = bytes {
        let (byte, behind) = match (first, behind) {
            (b'%', [b'2', b'e' | b'E', behind @ ..]) => (b'.', behind),
            (b'%', [b'2', b'f' | b'F', behind @ ..]) => (b'/', behind),
            (b'%', [b'5', b'c' | b'C', behind @ ..]) | (b'\\', behind) => (b'/', behind),
            (b'%', [b'3', b'b' | b'B', behind @ ..]) => (b';', behind),
            _ => (*first, behind),
        };
        plain.push(byte);
        bytes = behind;
    }
    has_dot_segment(&plain)
}

fn has_dot_segment(plain: &[u8]) -> bool {
    plain.split(|byte| *byte == b'/').any(|segment| {
        let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
        matches!(name, b"." | b"..")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dot_segments_are_seen_however_they_are_written() {
        for (rest, expect) in [
            ("", false),
            ("/", false),
            ("/a/b.c/..d/.e/f../...", false),
            ("/a%2Fb//c;d=..;e", false),
            ("/%252e%252e/a", false),
            ("/..", true),
            ("/../a", true),
            ("/a/./b", true),
            ("/a/%2e%2E/b", true),
            ("/a/.%2e/b", true),
            ("/a%2f..%2Fb", true),
            ("/a\\..\\b", true),
            ("/a%5c..%5Cb", true),
            ("/a/..;x=1/b", true),
            ("/a/..%3bx/b", true),
            ("/a/.;/b", true),
        ] {
            assert_eq!(climbs(rest), expect, "{rest}");
        }
    }
}
