//! Snippets: text that a site puts into its pages while they are served, such as the tag of a
//! statistics service. What becomes of it in a page is the edge's business.

mod create;
mod delete;
mod get;
mod list;
mod setup;
mod update;

pub use create::{SNIPPETS_MAX, create};
pub use delete::delete;
pub use get::get;
pub use list::list;
pub use setup::{Setup, TEXT_MAX, TITLE_MAX, present};
pub use update::update;

#[cfg(test)]
mod tests;
