//! Sends visitors to the address a site wants to be seen at: its primary domain, and https. One
//! redirect does both.

use crate::answer::{Answer, Content, Next};
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::{Access, SiteView};
use crate::visit::Https;
use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use std::ops::ControlFlow;

/// Port that https addresses do not name.
const HTTPS_PORT: u16 = 443;
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// How the hosted service sends it.
const STRICT: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// 301 to the same path and query at the address the site wants, on when this is it.
pub(crate) fn run(https: &dyn Https, exchange: &Exchange, site: &SiteView) -> Next {
    let Some(access) = site.access.as_deref() else { return ControlFlow::Continue(()) };
    match elsewhere(https, exchange, access) {
        Some(origin) => ControlFlow::Break(redirect(&origin, exchange)),
        None => ControlFlow::Continue(()),
    }
}

/// Tells browsers to come by https at once next time, on addresses where plain http is sent on.
pub(crate) fn strict(exchange: &Exchange, site: &SiteView, answer: &mut Answer) {
    if exchange.secure && site.access.as_ref().is_some_and(|access| access.force_https) {
        answer.headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(STRICT);
    }
}

/// Scheme, host and port of the address that is wanted, when it is another than the request's.
fn elsewhere(https: &dyn Https, exchange: &Exchange, access: &Access) -> Option<String> {
    let (here, port) = exchange.host().ok().map(split)?;
    let host = access.primary.as_deref().unwrap_or(here);
    let upgrade =
        if access.force_https && !exchange.secure { https_port(https, exchange, host) } else { None };
    match upgrade {
        Some(HTTPS_PORT) => Some(format!("https://{host}")),
        Some(port) => Some(format!("https://{host}:{port}")),
        None if access.primary.is_some() => Some(format!("{}://{host}{port}", exchange.scheme())),
        None => None,
    }
}

fn https_port(https: &dyn Https, exchange: &Exchange, host: &str) -> Option<u16> {
    if exchange.proxied { Some(HTTPS_PORT) } else { https.port(&host.to_ascii_lowercase()) }
}

/// Host and `:port`, the latter empty when there is none.
fn split(host: &str) -> (&str, &str) {
    let port = host.rfind(':').unwrap_or(host.len());
    let (name, port) = host.split_at(port);
    (name.trim_end_matches('.'), port)
}

fn redirect(origin: &str, exchange: &Exchange) -> Answer {
    let target = exchange.uri().path_and_query().map_or("/", |target| target.as_str());
    let location = format!("{origin}{target}");
    let Ok(header) = HeaderValue::try_from(location.as_str()) else {
        let sentence = "The address of this request is malformed.";
        return pages::page(StatusCode::BAD_REQUEST, "Bad request", sentence);
    };
    let body = Content::Bytes(Bytes::from(format!("Redirecting to {location}\n")));
    Answer::new(StatusCode::MOVED_PERMANENTLY, body)
        .with(header::LOCATION, header)
        .with(header::CONTENT_TYPE, TEXT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_split_from_its_port() {
        for (host, expect) in [
            ("a.b", ("a.b", "")),
            ("a.b:80", ("a.b", ":80")),
            ("a.b.:80", ("a.b", ":80")),
            ("A.b", ("A.b", "")),
        ] {
            assert_eq!(split(host), expect, "{host}");
        }
    }
}
