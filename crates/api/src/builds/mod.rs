//! Builds and their logs.

pub(crate) mod cancel_build;
pub(crate) mod create_site_build;
pub(crate) mod follow_build_log;
pub(crate) mod get_account_build_status;
pub(crate) mod get_build_log;
pub(crate) mod get_deploy_log;
pub(crate) mod get_site_build;
pub(crate) mod list_site_builds;
pub(crate) mod notify_build_start;
pub(crate) mod update_site_build_log;
