//! Pushes: what Git hosts tell of the repository of a site, and what becomes of it. One file a host
//! knows that host's signature and words and turns them into [`change::Change`]; `rules.rs` and
//! `order.rs` judge, pure; `receive.rs` carries the judgement out. How a build runs is not known here.

mod act;
mod bitbucket;
mod body;
mod change;
mod fork;
mod gitea;
mod github;
mod gitlab;
mod glob;
mod hook;
mod host;
mod log;
mod order;
mod receive;
mod rules;

#[cfg(test)]
mod tests;

pub use hook::{OVERLAP_MAX_SECONDS, PushHook, Rotation, rotate, show};
pub use log::{KEPT, Outcome, Received, list};
pub use receive::{BODY_MAX, PER_MINUTE, Webhook, check_address, receive};
