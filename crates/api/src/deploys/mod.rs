//! Operations on deploys.

pub(crate) mod accept_deploy_request;
pub(crate) mod cancel_site_deploy;
pub(crate) mod create_site_deploy;
pub(crate) mod delete_deploy;
pub(crate) mod get_deploy;
pub(crate) mod list_site_deployed_branches;
pub(crate) mod list_site_deploys;
pub(crate) mod lock_deploy;
pub(crate) mod reject_deploy_request;
pub(crate) mod restore_site_deploy;
mod revision;
pub(crate) mod rollback_site_deploy;
mod show;
pub(crate) mod unlock_deploy;
pub(crate) mod update_deploy_validations;
pub(crate) mod update_site_deploy;
pub(crate) mod upload_deploy_file;
pub(crate) mod upload_deploy_function;
