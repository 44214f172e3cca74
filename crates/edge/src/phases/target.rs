//! Refuses request targets that cannot be meant and cleans the path of all others (contract
//! edge 1.2: decoded once, an encoded slash is no separator).

use crate::answer::Next;
use crate::exchange::Exchange;
use crate::pages;
use http::StatusCode;
use rules::paths::PathError;
use std::ops::ControlFlow;

/// Longest path and query together, in bytes as sent; longer ones are answered 414.
pub(crate) const MAX_TARGET_BYTES: usize = 16 * 1024;

/// 414 for what is too long, 400 for what is no path, on for the rest.
pub(crate) fn run(exchange: &mut Exchange) -> Next {
    let length = exchange.uri().path_and_query().map_or(0, |target| target.as_str().len());
    if length > MAX_TARGET_BYTES {
        return too_long();
    }
    match exchange.settle_path() {
        Ok(()) => ControlFlow::Continue(()),
        Err(PathError::TooLong) => too_long(),
        Err(_) => {
            let sentence = "The path of this request is malformed.";
            ControlFlow::Break(pages::page(StatusCode::BAD_REQUEST, "Bad request", sentence))
        }
    }
}

fn too_long() -> Next {
    let sentence = "The address of this request is longer than this server reads.";
    ControlFlow::Break(pages::page(StatusCode::URI_TOO_LONG, "Address too long", sentence))
}
