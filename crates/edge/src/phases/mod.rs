//! What may happen to a request, one file each. `pipeline.rs` says in which order.

pub(crate) mod addons;
pub(crate) mod basic_auth;
pub(crate) mod canonical_host;
pub(crate) mod defaults;
pub(crate) mod form_post;
pub(crate) mod headers;
pub(crate) mod host;
pub(crate) mod not_found;
pub(crate) mod pretty_urls;
pub(crate) mod redirects;
pub(crate) mod reserved;
pub(crate) mod robots;
pub(crate) mod site_access;
pub(crate) mod site_password;
pub(crate) mod snippets;
pub(crate) mod split_test;
pub(crate) mod static_file;
pub(crate) mod target;
