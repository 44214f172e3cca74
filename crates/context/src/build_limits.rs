//! Bounds on what one build may use of the machine, and on what is kept of logs. What holds them is
//! the builds feature's business.

/// What one build may use. Whoever reaches a bound is stopped and told which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildLimits {
    /// Bytes of memory of all its processes together, where control groups can be used.
    pub memory: u64,
    /// Processes and threads at once.
    pub processes: u64,
    /// Bytes on disk: checkout, home and temporary files together.
    pub disk: u64,
    /// Files and folders on disk.
    pub files: u64,
    /// Bytes of one file.
    pub file: u64,
    /// Open files of one process.
    pub open_files: u64,
    /// Free bytes of the disk under which no build goes on.
    pub spare: u64,
    /// User ids that builds run as when the server is root, first and last; one build has one.
    pub users: (u32, u32),
}

impl Default for BuildLimits {
    fn default() -> Self {
        Self {
            memory: 4 << 30,
            processes: 4096,
            disk: 10 << 30,
            files: 1_000_000,
            file: 4 << 30,
            open_files: 65_536,
            spare: 512 << 20,
            users: (2_000_000_000, 2_000_000_063),
        }
    }
}

/// What is kept of the logs of builds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPolicy {
    /// Bytes that the processes of one build may print; of what follows the end is kept.
    pub bytes: u64,
    /// Days for which the log of a finished build is kept.
    pub days: i64,
    /// Bytes on disk of all logs together; the oldest go first.
    pub total: i64,
}

impl Default for LogPolicy {
    fn default() -> Self {
        Self { bytes: 100 << 20, days: 90, total: 10 << 30 }
    }
}
