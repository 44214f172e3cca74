//! Redirect rules (contract edge 1.3): sends the visitor on, puts another path in the place of the
//! one that was asked for, or passes the request on to another origin. One hop: what a rule leads to
//! is not asked for rules again.

use crate::Shared;
use crate::answer::{Answer, Content, Next};
use crate::exchange::Exchange;
use crate::phases::{addons, basic_auth, not_found, reserved};
use crate::proxy::{self, Proxied};
use crate::roles;
use crate::sites::SiteView;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use rules::redirects::{Effect, Hit, Outcome, RequestFacts};
use std::borrow::Cow;
use std::ops::ControlFlow::{Break, Continue};

const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// The answer of the first rule that applies, on where none does or where it only changed the path.
pub(crate) async fn run(edge: &Shared, exchange: &mut Exchange, site: &SiteView) -> Next {
    if site.rules.redirects.is_empty() || !concerned(exchange, site) {
        return Continue(());
    }
    let hit = match find(edge, exchange, site) {
        Outcome::NoRule => return Continue(()),
        Outcome::Denied => return Break(not_found::answer(exchange, site)),
        Outcome::Hit(hit) if !hit.overrides_files() && has_file(exchange, site) => return Continue(()),
        Outcome::Hit(hit) => hit,
    };
    follow(edge, exchange, site, hit).await
}

/// Whether a rule may have a say, for next to nothing: most requests are for files that no rule
/// keeps from the visitor.
fn concerned(exchange: &Exchange, site: &SiteView) -> bool {
    let Some(path) = exchange.path() else { return true };
    may_override(site, path) || (site.deploy.file(path).is_none() && site.rules.redirects.may_apply(path))
}

/// Whether a rule may keep the file of this path from the visitor.
pub(crate) fn may_override(site: &SiteView, path: &str) -> bool {
    !site.rules.redirects.is_empty() && site.rules.redirects.may_override(path)
}

fn has_file(exchange: &Exchange, site: &SiteView) -> bool {
    exchange.path().is_some_and(|path| site.deploy.file(path).is_some())
}

fn find<'s>(edge: &Shared, exchange: &Exchange, site: &'s SiteView) -> Outcome<'s> {
    let cookies = cookies(exchange.headers());
    let has_role =
        |wanted: &[String]| roles::holds_one(site.visitors.as_deref(), &cookies, wanted, edge.cx.now());
    let facts = RequestFacts {
        scheme: exchange.scheme(),
        host: exchange.host().unwrap_or_default(),
        path: exchange.uri().path(),
        query: exchange.uri().query().unwrap_or_default(),
        cookies: &cookies,
        accept_language: text(exchange.headers().get(header::ACCEPT_LANGUAGE)),
        country: edge.countries.as_ref().and_then(|countries| countries.of(exchange.peer.ip())),
        has_role: &has_role,
    };
    site.rules.redirects.find(&facts)
}

async fn follow(edge: &Shared, exchange: &mut Exchange, site: &SiteView, hit: Hit<'_>) -> Next {
    let rule = hit.rule;
    match hit.effect {
        Effect::Redirect { status, location } => Break(redirect(status, &location)),
        Effect::NotFound => Break(not_found::answer(exchange, site)),
        // boxed, so that no other request carries the room that this one needs
        Effect::Proxy { url } => {
            Break(Box::pin(proxy::forward(edge, exchange, site, Proxied { url, rule })).await)
        }
        Effect::Rewrite { status, path, query } => {
            exchange.rewrite(&path, StatusCode::from_u16(status).unwrap_or(StatusCode::OK));
            rewritten(edge, exchange, site, &path, query.as_deref()).await
        }
    }
}

/// The target of a rule may be the platform's, or guarded by a password; where nothing is, the answer
/// is 404.
async fn rewritten(
    edge: &Shared,
    exchange: &mut Exchange,
    site: &SiteView,
    path: &str,
    query: Option<&str>,
) -> Next {
    basic_auth::run(exchange, site)?;
    addons::at(edge, exchange, site, path, query).await?;
    reserved::run(exchange, site)?;
    Continue(())
}

/// An answer that sends the visitor on.
pub(crate) fn redirect(status: u16, location: &str) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::FOUND);
    let Ok(target) = HeaderValue::try_from(location) else {
        // A query that no header can carry: the path alone says where to go.
        let path = location.split(['?', '#']).next().unwrap_or_default();
        let target = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/"));
        return Answer::new(status, Content::Empty).with(header::LOCATION, target);
    };
    let body = Content::Bytes(Bytes::from(format!("Redirecting to {location}\n")));
    Answer::new(status, body).with(header::LOCATION, target).with(header::CONTENT_TYPE, TEXT)
}

/// The Cookie header; HTTP/2 may send it in pieces.
fn cookies(headers: &HeaderMap) -> Cow<'_, str> {
    let mut lines = headers.get_all(header::COOKIE).iter().map(|line| text(Some(line)));
    let first = lines.next().unwrap_or_default();
    lines.fold(Cow::Borrowed(first), |all, line| Cow::Owned(format!("{all}; {line}")))
}

fn text(value: Option<&HeaderValue>) -> &str {
    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_location_that_no_header_can_carry_is_cut() {
        for (location, expect) in [
            ("/a?b=c", "/a?b=c"),
            ("/a?b=\u{7f}", "/a"),
            ("/\n", "/"),
            ("https://h.test/x", "https://h.test/x"),
        ] {
            let answer = redirect(301, location);
            assert_eq!(answer.headers[header::LOCATION], expect);
        }
    }

    #[test]
    fn cookies_that_come_in_pieces_are_one_header() {
        let mut headers = HeaderMap::new();
        assert_eq!(cookies(&headers), "");
        for line in ["a=b", "c=d; e=f"] {
            headers.append(header::COOKIE, HeaderValue::from_static(line));
        }
        assert_eq!(cookies(&headers), "a=b; c=d; e=f");
    }
}
