//! Build hooks: incoming URLs that start builds.

pub(crate) mod create_site_build_hook;
pub(crate) mod delete_site_build_hook;
pub(crate) mod get_build_hook_call;
pub(crate) mod get_site_build_hook;
pub(crate) mod list_site_build_hook_calls;
pub(crate) mod list_site_build_hooks;
pub(crate) mod rotate_site_build_hook;
pub(crate) mod trigger_build_hook;
pub(crate) mod update_site_build_hook;
mod waiting;
