//! Making nodes forget what they keep of a site.

pub(crate) mod limit;
pub(crate) mod purge_cache;

pub(crate) use limit::PurgeLimit;
