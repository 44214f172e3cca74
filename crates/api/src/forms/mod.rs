//! Forms of sites.

pub(crate) mod delete_site_form;
pub(crate) mod list_site_forms;
