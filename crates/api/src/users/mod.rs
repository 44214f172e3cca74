//! Operations on the caller.

pub(crate) mod get_current_user;
