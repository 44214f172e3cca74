//! Flags about how builds share the machine.

use super::MB;
use clap::Args;
use context::QueuePolicy;

/// How builds share the machine.
#[derive(Args, Clone, Debug)]
pub struct BuildQueueConfig {
    /// Builds of one account at once, over all nodes; as many as there are places when left out
    #[arg(long, env = "BOATHOOK_BUILDS_PER_ACCOUNT", value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub builds_per_account: Option<u32>,

    /// Megabytes that must be free on the disk when a build begins
    #[arg(long, env = "BOATHOOK_BUILD_DISK_RESERVE", default_value_t = 1024, value_name = "MB")]
    pub build_disk_reserve: u64,

    /// Megabytes that all caches of builds may take on this node; 0 keeps none
    #[arg(long, env = "BOATHOOK_BUILD_CACHE", default_value_t = 10_240, value_name = "MB")]
    pub build_cache: u64,

    /// Megabytes that the cache of one branch of a site may take
    #[arg(long, env = "BOATHOOK_BUILD_CACHE_EACH", default_value_t = 2048, value_name = "MB")]
    pub build_cache_each: u64,
}

impl BuildQueueConfig {
    /// The same for features.
    #[must_use]
    pub fn policy(&self) -> QueuePolicy {
        let per_account = self.builds_per_account.and_then(|most| usize::try_from(most).ok());
        QueuePolicy {
            per_account: per_account.unwrap_or(usize::MAX),
            disk_reserve: self.build_disk_reserve.saturating_mul(MB),
            cache_total: self.build_cache.saturating_mul(MB),
            cache_each: self.build_cache_each.saturating_mul(MB),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        queue: BuildQueueConfig,
    }

    #[test]
    fn flags_that_are_left_out_mean_the_defaults() {
        assert_eq!(Config::default().build_queue.policy(), QueuePolicy::default());
    }

    #[test]
    fn megabytes_and_places_are_read() {
        let line = Line::parse_from([
            "boathook",
            "--builds-per-account=3",
            "--build-disk-reserve=0",
            "--build-cache=0",
            "--build-cache-each=1",
        ]);
        let expect = QueuePolicy { per_account: 3, disk_reserve: 0, cache_total: 0, cache_each: MB };
        assert_eq!(line.queue.policy(), expect);
        assert!(Line::try_parse_from(["boathook", "--builds-per-account=0"]).is_err());
    }
}
