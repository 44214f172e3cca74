//! Finds the site and deploy that a host name stands for.

use crate::answer::{Answer, Next};
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::{Absent, Found, SiteView, Sites, Unavailable};
use http::{HeaderValue, StatusCode, header};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Seconds after which a client may ask again when a site could not be looked up.
const RETRY_AFTER: HeaderValue = HeaderValue::from_static("1");

/// The site that answers, 404 when the host is nobody's, 503 when it cannot be found out now.
pub(crate) async fn run(sites: &Sites, exchange: &Exchange) -> ControlFlow<Answer, Arc<SiteView>> {
    let Ok(host) = exchange.host() else {
        let sentence = "This request does not say clearly which site it is for.";
        return ControlFlow::Break(pages::page(StatusCode::BAD_REQUEST, "Bad request", sentence));
    };
    match sites.find(host).await {
        Ok(Found::Site(site)) => ControlFlow::Continue(site),
        Ok(Found::Nothing(absent)) => ControlFlow::Break(missing(absent)),
        Err(unavailable) => ControlFlow::Break(unable(exchange, unavailable)),
    }
}

/// A site without a deploy at its address has nothing to answer but what its add-ons say.
pub(crate) fn deployed(site: &SiteView) -> Next {
    if site.deployed { ControlFlow::Continue(()) } else { ControlFlow::Break(missing(Absent::Deploy)) }
}

fn missing(absent: Absent) -> Answer {
    match absent {
        Absent::Site => pages::page(
            StatusCode::NOT_FOUND,
            "Site not found",
            "There is no site at this address on this server.",
        ),
        Absent::Deploy => pages::page(
            StatusCode::NOT_FOUND,
            "Deploy not found",
            "There is a site of this name, and no deploy of it at this address.",
        ),
    }
}

fn unable(exchange: &Exchange, why: Unavailable) -> Answer {
    if why == Unavailable::Failed {
        tracing::warn!(id = ?exchange.id, peer = %exchange.peer, "a request waited in vain for its site");
    }
    let sentence = "This site cannot be looked up right now. Please try again.";
    pages::page(StatusCode::SERVICE_UNAVAILABLE, "Not available", sentence)
        .with(header::RETRY_AFTER, RETRY_AFTER)
}
