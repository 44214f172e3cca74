//! Operations on sites.

pub(crate) mod create_site;
pub(crate) mod create_site_in_team;
pub(crate) mod delete_site;
pub(crate) mod disable_site;
pub(crate) mod enable_site;
pub(crate) mod get_site;
pub(crate) mod get_site_metadata;
pub(crate) mod list_sites;
pub(crate) mod list_sites_for_account;
mod show;
mod source;
pub(crate) mod unlink_site_repo;
pub(crate) mod update_site;
pub(crate) mod update_site_metadata;
