//! Sites: making, changing and deleting them, and showing them as clients read them. What a site
//! serves is the deploys' business.

pub mod snippets;

mod create;
mod delete;
mod domain;
mod enable;
pub mod identity;
mod name;
pub mod password;
mod present;
mod repo;
mod update;

pub use create::create;
pub use delete::delete;
pub use domain::counterpart;
pub use enable::set_enabled;
pub use present::{present, present_all, push_url};
pub use repo::{may_be_local, unlink_repo};
pub use update::{Changes, update};

#[cfg(test)]
mod tests;
