//! What Git hosts tell of a site's repository: the URL that they call, its secret, and what they said.

pub(crate) mod get_site_push_hook;
pub(crate) mod list_site_pushes;
pub(crate) mod receive_push;
pub(crate) mod rotate_site_push_hook;
