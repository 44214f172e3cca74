//! From a request path to the file of a deploy, in both directions: [`candidates`] asks, in order,
//! [`request_paths_of`] answers beforehand. Contract edge 1.2. Knows names only, never a disk.

mod clean;
mod files;

pub use clean::{MAX_PATH_BYTES, PathError, clean, clean_for_rules, encode};
pub use files::{RANKS, candidates, request_paths_of};

pub(crate) use clean::{ENCODED_SLASH, IN_A_PATH};
