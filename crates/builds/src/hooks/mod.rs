//! Build hooks: URLs that start a build when somebody posts to them (seeds 003 and 004). The id is
//! the only secret, so nothing of a hook shows without the right to read its site.

mod create;
mod delete;
mod get;
mod list;
mod setup;
mod trigger;
mod update;

pub use create::create;
pub use delete::delete;
pub use get::get;
pub use list::list;
pub use setup::{Setup, TITLE_MAX, present};
pub use trigger::{Trigger, trigger};
pub use update::update;
