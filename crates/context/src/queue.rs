//! How builds share a machine: places, disk and what is kept between them.

/// How builds share a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QueuePolicy {
    /// Builds of one account at once, over all nodes.
    pub per_account: usize,
    /// Bytes that must be free on the disk of builds when one begins.
    pub disk_reserve: u64,
    /// Bytes of all caches of builds on this node; 0 keeps none.
    pub cache_total: u64,
    /// Bytes of the cache of one branch of a site.
    pub cache_each: u64,
}

impl Default for QueuePolicy {
    fn default() -> Self {
        Self { per_account: usize::MAX, disk_reserve: 1 << 30, cache_total: 10 << 30, cache_each: 2 << 30 }
    }
}
