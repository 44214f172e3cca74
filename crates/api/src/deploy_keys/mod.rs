//! Operations on deploy keys.

pub(crate) mod create_deploy_key;
pub(crate) mod delete_deploy_key;
pub(crate) mod get_deploy_key;
pub(crate) mod list_deploy_keys;
