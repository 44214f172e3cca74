//! Builds and their logs.

pub(crate) mod cancel_build;
pub(crate) mod create_site_build;
pub(crate) mod follow_build_log;
pub(crate) mod get_account_build_status;
pub(crate) mod get_build_log;
pub(crate) mod get_deploy_log;
pub(crate) mod get_site_build;
pub(crate) mod get_site_build_status;
pub(crate) mod list_account_build_queue;
pub(crate) mod list_site_builds;
mod log_format;
pub(crate) mod notify_build_start;
pub(crate) mod retry_build;
pub(crate) mod retry_deploy;
pub(crate) mod stream_build_log;
pub(crate) mod update_account_build_concurrency;
pub(crate) mod update_site_build_log;
