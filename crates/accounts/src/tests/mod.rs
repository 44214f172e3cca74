//! Tests of whole operations over a real database, on both engines.

mod accounts;
mod authentication;
mod deploy_keys;
mod env_changes;
mod env_reads;
mod first_start;
mod members;
mod tickets;
mod tokens;
mod world;

use context::{Error, Result};
use std::fmt::Debug;
use world::World;

/// The kind of error an operation must end with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Refusal {
    Unauthorized,
    Forbidden,
    NotFound,
    Invalid,
    Unprocessable,
    TooMany,
    Other,
}

fn refusal<T: Debug>(outcome: Result<T>) -> Refusal {
    match outcome.expect_err("must be refused") {
        Error::Unauthorized(_) => Refusal::Unauthorized,
        Error::Forbidden(_) => Refusal::Forbidden,
        Error::NotFound => Refusal::NotFound,
        Error::Invalid(_) => Refusal::Invalid,
        Error::Unprocessable(_) => Refusal::Unprocessable,
        Error::TooMany { .. } => Refusal::TooMany,
        _ => Refusal::Other,
    }
}

/// An operation whose answer holds a secret and therefore prints nothing.
fn hidden<T>(outcome: Result<T>) -> Result<()> {
    outcome.map(|_| ())
}
