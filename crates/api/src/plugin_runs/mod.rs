//! What build plugins report of themselves.

pub(crate) mod create_plugin_run;
pub(crate) mod get_latest_plugin_runs;
pub(crate) mod list_plugin_runs;
