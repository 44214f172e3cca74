//! Why a request was not answered by its origin, and what the visitor is told. The owner finds more in
//! the log, where no address with what visitors sent is written either.

use super::headers::Loop;
use crate::answer::Answer;
use crate::exchange::Exchange;
use crate::pages;
use crate::sites::SiteView;
use http::StatusCode;
use outbound::{Failure, FailureClass};
use std::io;

/// What went wrong.
#[derive(Debug)]
pub(super) enum Trouble {
    /// This edge passes nothing on.
    NoProxy,
    /// What the rule makes of this request is no address.
    Address,
    /// The request says twice who sends it.
    Ambiguous,
    /// The request went round in a circle.
    Loop,
    /// Too many requests are being passed on.
    Busy,
    /// The value that signs requests cannot be looked up.
    Secret(context::Error),
    /// The origin was not reached, or what it said is no answer.
    Failed(Failure),
    /// The origin's answer broke off right behind its head.
    Broken(io::Error),
    /// The origin did not answer in time.
    Late,
    /// The visitor did not send the body in time.
    SlowVisitor,
    /// The origin changes to a protocol that nobody asked for.
    Protocol,
}

impl From<Loop> for Trouble {
    fn from(Loop: Loop) -> Self {
        Self::Loop
    }
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        if failure.class == FailureClass::Timeout { Self::Late } else { Self::Failed(failure) }
    }
}

impl Trouble {
    pub(super) fn page(&self) -> Answer {
        let (status, title, sentence) = self.words();
        pages::page(status, title, sentence)
    }

    fn words(&self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::NoProxy => {
                (StatusCode::BAD_GATEWAY, "Bad gateway", "This server passes no requests on to others.")
            }
            Self::Address => (
                StatusCode::BAD_GATEWAY,
                "Bad gateway",
                "This page is passed on to an address that cannot be.",
            ),
            Self::Ambiguous => (
                StatusCode::BAD_REQUEST,
                "Bad request",
                "This request has more than one Authorization header.",
            ),
            Self::Loop => (StatusCode::LOOP_DETECTED, "Loop detected", "This page is passed on in a circle."),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available",
                "Too many requests are on their way to where this page comes from. Please try again.",
            ),
            Self::Secret(_) => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not available",
                "This page cannot be asked for right now. Please try again.",
            ),
            Self::Failed(failure) if failure.class == FailureClass::RefusedAddress => (
                StatusCode::BAD_GATEWAY,
                "Bad gateway",
                "This server does not call where this page comes from.",
            ),
            Self::Failed(failure) if failure.class == FailureClass::Tls => (
                StatusCode::BAD_GATEWAY,
                "Bad gateway",
                "Where this page comes from cannot prove that it is what it says: its certificate is not \
                 one that this server trusts.",
            ),
            Self::Failed(_) | Self::Broken(_) | Self::Protocol => {
                (StatusCode::BAD_GATEWAY, "Bad gateway", "Where this page comes from, nobody answers.")
            }
            Self::Late => (
                StatusCode::GATEWAY_TIMEOUT,
                "Gateway timeout",
                "Where this page comes from, nobody answers in time.",
            ),
            Self::SlowVisitor => (
                StatusCode::REQUEST_TIMEOUT,
                "Request timeout",
                "The rest of this request did not come in time.",
            ),
        }
    }

    pub(super) fn log(&self, exchange: &Exchange, site: &SiteView) {
        let (id, site) = (&exchange.id, &*site.site_id);
        match self {
            Self::Secret(error) => {
                let error = error as &dyn std::error::Error;
                tracing::error!(?id, site, error, "the value that signs requests cannot be looked up");
            }
            Self::Failed(failure) => tracing::info!(?id, site, %failure, "an origin was not reached"),
            Self::Broken(error) => tracing::info!(?id, site, %error, "an origin's answer broke off"),
            other => tracing::info!(?id, site, why = ?other, "a request was not passed on"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_become_statuses() {
        let failed = |class| Trouble::from(Failure { class, message: String::new(), total_ms: 0 });
        for (trouble, status) in [
            (failed(FailureClass::Timeout), 504),
            (failed(FailureClass::Connect), 502),
            (failed(FailureClass::RefusedAddress), 502),
            (failed(FailureClass::Tls), 502),
            (failed(FailureClass::Other), 502),
            (Trouble::Broken(io::ErrorKind::UnexpectedEof.into()), 502),
            (Trouble::Late, 504),
            (Trouble::SlowVisitor, 408),
            (Trouble::Ambiguous, 400),
            (Trouble::Loop, 508),
            (Trouble::Busy, 503),
            (Trouble::Address, 502),
            (Trouble::Protocol, 502),
            (Trouble::NoProxy, 502),
            (Trouble::Secret(context::Error::NotFound), 503),
        ] {
            assert_eq!(trouble.page().status.as_u16(), status, "{trouble:?}");
        }
    }
}
