//! What may happen to a request, one file each. `pipeline.rs` says in which order.

pub(crate) mod defaults;
pub(crate) mod host;
pub(crate) mod not_found;
pub(crate) mod reserved;
pub(crate) mod site_access;
pub(crate) mod static_file;
pub(crate) mod target;
