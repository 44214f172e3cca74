//! The rules of HTTP that a file server needs (RFC 9110), as pure functions over headers.

pub(crate) mod conditional;
pub(crate) mod negotiate;
pub(crate) mod range;
