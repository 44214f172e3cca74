//! Forms: found in the pages of a deploy, filled in by visitors, kept, listed and told of. Knows no
//! HTTP server: the edge hands over what a visitor sent as a stream of bytes.

mod allowance;
mod delete;
mod derive;
mod detect;
mod export;
mod file;
mod finds;
mod keep;
pub mod limits;
mod list;
mod multipart;
mod place;
mod receive;
mod submissions;
mod submit;

pub use allowance::{Busy, Entry, Gate};
pub use delete::delete;
pub use detect::{PageForm, READER, Scan, read as read_page, scan};
pub use export::{Csv, export};
pub use file::{Download, file};
pub use finds::Finds;
pub use keep::{keep, remember};
pub use list::list;
pub use multipart::{Fault, Head, Splitter, Step};
pub use place::of_page;
pub use receive::{Kind, Received, Refusal, Visit, receive};
pub use submissions::{delete as delete_submission, get as get_submission, list as list_submissions, mark};
pub use submit::submit;

#[cfg(test)]
mod tests;
