//! Snippets: text that a site puts into its pages.

pub(crate) mod create_site_snippet;
pub(crate) mod delete_site_snippet;
pub(crate) mod get_site_snippet;
pub(crate) mod list_site_snippets;
pub(crate) mod update_site_snippet;
