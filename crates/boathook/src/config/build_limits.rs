//! Flags for what one build may use and what is kept of logs.

use super::MB;
use clap::Args;
use context::{BuildLimits, LogPolicy};

/// User ids of builds unless others are named: high ones, which no system gives to people.
pub(crate) const UIDS: &str = "2000000000-2000000063";

/// What one build may use, and what is kept of logs.
#[derive(Args, Clone, Debug)]
pub struct BuildLimitsConfig {
    /// Memory of all processes of one build, in MB; held where control groups can be used
    #[arg(long, env = "BOATHOOK_BUILD_MEMORY", default_value_t = 4096, value_name = "MB", value_parser = clap::value_parser!(u64).range(64..))]
    pub build_memory: u64,

    /// Processes and threads of one build
    #[arg(long, env = "BOATHOOK_BUILD_PROCESSES", default_value_t = 4096, value_name = "N", value_parser = clap::value_parser!(u64).range(16..))]
    pub build_processes: u64,

    /// Disk that one build may fill, in MB: checkout, home and temporary files
    #[arg(long, env = "BOATHOOK_BUILD_DISK", default_value_t = 10_240, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..))]
    pub build_disk: u64,

    /// Files and folders that one build may have on disk
    #[arg(long, env = "BOATHOOK_BUILD_FILES", default_value_t = 1_000_000, value_name = "N", value_parser = clap::value_parser!(u64).range(100..))]
    pub build_files: u64,

    /// Longest file that a build may write, in MB
    #[arg(long, env = "BOATHOOK_BUILD_FILE", default_value_t = 4096, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..))]
    pub build_file: u64,

    /// Files that one process of a build may have open
    #[arg(long, env = "BOATHOOK_BUILD_OPEN_FILES", default_value_t = 65_536, value_name = "N", value_parser = clap::value_parser!(u64).range(64..))]
    pub build_open_files: u64,

    /// Free disk under which builds are stopped, in MB
    #[arg(long, env = "BOATHOOK_BUILD_SPARE_DISK", default_value_t = 512, value_name = "MB")]
    pub build_spare_disk: u64,

    /// User ids that builds run as when the server is root; a build has one to itself
    #[arg(long, env = "BOATHOOK_BUILD_UIDS", default_value = UIDS, value_name = "FIRST-LAST", value_parser = users)]
    pub build_uids: (u32, u32),

    /// Output of one build that is kept, in MB; of what follows only the end
    #[arg(long, env = "BOATHOOK_BUILD_LOG", default_value_t = 100, value_name = "MB", value_parser = clap::value_parser!(u64).range(1..))]
    pub build_log: u64,

    /// Days for which logs of builds are kept
    #[arg(long, env = "BOATHOOK_BUILD_LOG_DAYS", default_value_t = 90, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    pub build_log_days: i64,

    /// Disk that all logs of builds may fill, in MB; the oldest go first
    #[arg(long, env = "BOATHOOK_BUILD_LOGS", default_value_t = 10_240, value_name = "MB", value_parser = clap::value_parser!(i64).range(1..))]
    pub build_logs: i64,
}

impl BuildLimitsConfig {
    /// Bounds of one build.
    #[must_use]
    pub fn limits(&self) -> BuildLimits {
        BuildLimits {
            memory: self.build_memory.saturating_mul(MB),
            processes: self.build_processes,
            disk: self.build_disk.saturating_mul(MB),
            files: self.build_files,
            file: self.build_file.saturating_mul(MB),
            open_files: self.build_open_files,
            spare: self.build_spare_disk.saturating_mul(MB),
            users: self.build_uids,
        }
    }

    /// What is kept of logs.
    #[must_use]
    pub fn logs(&self) -> LogPolicy {
        LogPolicy {
            bytes: self.build_log.saturating_mul(MB),
            days: self.build_log_days,
            total: self.build_logs.saturating_mul(1 << 20),
        }
    }
}

/// A range of user ids, or a single one. None may be root's, nor the two that mean "no user".
pub(crate) fn users(text: &str) -> Result<(u32, u32), String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |part: &str| part.trim().parse::<u32>().map_err(|_| format!("`{part}` is no user id"));
    let (first, last) = (number(first)?, number(last)?);
    if first == 0 || last < first || last >= u32::MAX - 1 {
        return Err("a range is FIRST-LAST, from 1 on, the first not above the last".to_owned());
    }
    Ok((first, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Config;

    #[test]
    fn flags_that_are_left_out_mean_the_defaults() {
        let flags = Config::default().build_limits;
        assert_eq!((flags.limits(), flags.logs()), (BuildLimits::default(), LogPolicy::default()));
    }

    #[test]
    fn ranges_of_users_are_read() {
        for (text, expect) in [
            ("2000-2003", Ok((2000, 2003))),
            ("65534", Ok((65534, 65534))),
            ("0-5", Err("a range")),
            ("9-8", Err("a range")),
            ("1-4294967295", Err("a range")),
            ("a-b", Err("`a` is no user id")),
        ] {
            match (users(text), expect) {
                (Ok(got), Ok(expect)) => assert_eq!(got, expect),
                (Err(got), Err(expect)) => assert!(got.starts_with(expect), "{got}"),
                (got, _) => panic!("{text}: {got:?}"),
            }
        }
    }
}
