//! Headers that every answer carries unless a phase has set them (contract edge 1.5).

use crate::answer::Answer;
use crate::exchange::Exchange;
use http::{HeaderName, HeaderValue, header};

/// Clients of the hosted service tell an answer of the platform from one of a proxy in front of it
/// by this name.
const SERVER: HeaderValue = HeaderValue::from_static("Netlify");
/// Where an answer names its request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-nf-request-id");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");

/// Names the server and the request, and lets nobody keep an answer that says nothing about it:
/// the next deploy may answer otherwise.
pub(crate) fn run(exchange: &Exchange, answer: &mut Answer) {
    answer.headers.insert(header::SERVER, SERVER);
    answer.headers.insert(REQUEST_ID, exchange.id.clone());
    if !answer.headers.contains_key(header::CACHE_CONTROL) {
        answer.headers.insert(header::CACHE_CONTROL, NO_CACHE);
    }
}
