//! Sites: making, changing and deleting them, and showing them as clients read them. What a site
//! serves is the deploys' business.

mod create;
mod delete;
mod domain;
mod enable;
mod name;
mod present;
mod repo;
mod update;

pub use create::create;
pub use delete::delete;
pub use enable::set_enabled;
pub use present::{present, present_all};
pub use repo::unlink_repo;
pub use update::{Changes, update};
