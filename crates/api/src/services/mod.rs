//! Add-ons of a site: one file an operation.

pub(crate) mod list_service_instances_for_site;
