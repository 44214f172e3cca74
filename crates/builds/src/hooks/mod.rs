//! Build hooks: URLs that start a build when somebody posts to them (seeds 003 and 004). The end of
//! the URL is a secret, so nothing of a hook shows without the right to change its site. What a hook's
//! options ask of a call is judged by pure rules (`verify`, `filter`); calls that wait to become one
//! build are a row and a job (`debounce`).

mod calls;
mod create;
mod debounce;
mod delete;
mod filter;
mod get;
mod list;
mod options;
mod rotate;
mod setup;
mod status;
mod trigger;
mod update;
mod verify;

pub use calls::{BODY_KEPT, CALLS_KEPT, CALLS_KEPT_MS, REFUSALS_LISTED, calls};
pub use create::create;
pub use debounce::{BUILD_HOOK_JOB, BuildHookHandler, PENDING_MAX};
pub use delete::delete;
pub use get::get;
pub use list::list;
pub use options::{
    ALLOW_MAX, DEBOUNCE_MAX_MS, FILTER_BYTES_MAX, FILTER_MAX, MASK, MAX_WAIT_FACTOR, MAX_WAIT_MAX_MS,
    PER_MINUTE_MAX, SECRET_MAX,
};
pub use rotate::{FORMER_MAX, OVERLAP_SECONDS, OVERLAP_SECONDS_MAX, Rotation, rotate};
pub use setup::{Setup, TITLE_MAX, present, present_all};
pub use status::{status, status_url};
pub use trigger::{Called, Credentials, Trigger, trigger};
pub use update::update;
pub use verify::{MESSAGES_KEPT_MS, TOLERANCE_SECONDS};
