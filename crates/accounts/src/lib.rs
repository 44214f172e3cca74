//! People and what belongs to them: accounts and their members, tokens and tickets, environment
//! variables and deploy keys; and the answer to "who is asking, and may they?". This room knows
//! nothing of HTTP.

pub mod account;
pub mod audit;
mod authenticate;
mod bootstrap;
pub mod build_pass;
mod check;
pub mod deploy_keys;
pub mod env;
pub mod members;
mod principal;
pub mod tickets;
pub mod tokens;
pub mod user;

#[cfg(test)]
mod tests;

pub use authenticate::{BEARER_MAX, authenticate};
pub use bootstrap::{Bootstrapped, CHOSEN_TOKEN_GOOD, Owner, bootstrap, is_operator};
pub use check::{EMAIL_MAX, NAME_MAX};
pub use principal::{Access, BuildReach, Principal};
