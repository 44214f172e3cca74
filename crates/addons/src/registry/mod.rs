//! Which add-ons there are: registered by the people of an account, seen by them alone or by all.

mod calls;
mod delete;
mod find;
mod present;
mod register;
mod rotate;
pub(crate) mod secrets;
mod setup;
mod slug;
mod update;

pub use calls::calls;
pub use delete::delete;
pub use find::{find, list};
pub use present::{Service, present};
pub use register::{ADDONS_MAX, Registered, register};
pub use rotate::{OVERLAP_HOURS, OVERLAP_HOURS_MAX, Rotation, rotate};
pub use setup::{ENDPOINT_MAX, ICON_MAX, Setup, TAGS_MAX, TEXT_MAX, TITLE_MAX};
pub use slug::{RESERVED, SLUG_MAX};
pub use update::update;
