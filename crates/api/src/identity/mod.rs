//! How a site verifies its visitors: one file an operation.

pub(crate) mod end_site_identity_overlap;
pub(crate) mod get_site_identity;
pub(crate) mod rotate_site_identity_secret;
