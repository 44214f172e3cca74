//! Split tests: which share of a site's visitors sees which branch. A test is made, changed, and
//! switched on and off; one of a site is active at a time. [`Shares`] is the rule by which a visitor
//! is told from another. Knows no HTTP.

mod branches;
mod create;
mod delete;
mod get;
mod list;
mod present;
mod publish;
mod setup;
mod shares;
mod unpublish;
mod update;

pub use branches::{Target, target};
pub use create::{TESTS_MAX, create};
pub use delete::delete;
pub use get::get;
pub use list::list;
pub use present::present;
pub use publish::publish;
pub use setup::{BRANCHES_MAX, NAME_MAX, Setup};
pub use shares::Shares;
pub use unpublish::unpublish;
pub use update::update;

#[cfg(test)]
mod tests;
