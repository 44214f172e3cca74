//! Operations on functions.

pub(crate) mod search_site_functions;
