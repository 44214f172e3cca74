//! Resource limits of a build's processes, set in the child before it becomes the command.

use std::io::{Error, Result};
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// Processes and threads at once; stops fork bombs, leaves room for parallel builds.
pub(crate) const PROCESSES: libc::rlim_t = 4096;
/// Bytes of one file.
pub(crate) const FILE_BYTES: libc::rlim_t = 4 << 30;
/// Open files of one process.
pub(crate) const OPEN_FILES: libc::rlim_t = 65_536;

/// Which resource, and its limit.
const LIMITS: [(libc::__rlimit_resource_t, libc::rlim_t); 4] = [
    (libc::RLIMIT_NPROC, PROCESSES),
    (libc::RLIMIT_FSIZE, FILE_BYTES),
    (libc::RLIMIT_NOFILE, OPEN_FILES),
    (libc::RLIMIT_CORE, 0),
];

/// Sets the limits in the child.
pub(crate) fn apply(command: &mut Command) {
    before_exec(command, set_all);
}

/// Runs `step` in the child, after it took its user and before it becomes the program.
///
/// `step` must only make system calls and return errors from the operating system: the child is a
/// copy of one thread of a process that has many.
pub(crate) fn before_exec(command: &mut Command, step: impl FnMut() -> Result<()> + Send + Sync + 'static) {
    // SAFETY: the closure runs between fork and exec, where only async-signal-safe work is sound.
    // The two callers are in this folder: `set_all` below calls getrlimit and setrlimit on a value
    // of its own stack, and `confined` calls prctl, landlock_restrict_self and close through the
    // landlock crate, on a ruleset that was made before the fork; neither takes a lock, and the C
    // library keeps its allocator usable in the child of a fork.
    unsafe {
        command.pre_exec(step);
    }
}

fn set_all() -> Result<()> {
    LIMITS.iter().try_for_each(|(resource, limit)| set(*resource, *limit))
}

/// Lowers one limit; one that is lower already stays.
fn set(resource: libc::__rlimit_resource_t, limit: libc::rlim_t) -> Result<()> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `now` is a live, writable rlimit for the length of the call.
    if unsafe { libc::getrlimit(resource, &raw mut now) } != 0 {
        return Err(Error::last_os_error());
    }
    let limit = limit.min(now.rlim_max);
    let lowered = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: `lowered` is a live rlimit for the length of the call, which only reads it.
    if unsafe { libc::setrlimit(resource, &raw const lowered) } != 0 {
        return Err(Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_reach_the_child() {
        let mut command = Command::new("bash");
        command.args(["-c", "ulimit -u; ulimit -f; ulimit -n; ulimit -c"]);
        apply(&mut command);
        let output = command.output().expect("bash runs");
        let shown: Vec<u64> =
            String::from_utf8_lossy(&output.stdout).lines().filter_map(|line| line.parse().ok()).collect();
        // a machine may set lower ones; bash counts file sizes in blocks of 1024 bytes
        assert_eq!(shown.len(), 4, "every limit is a number");
        assert!(
            shown[0] <= PROCESSES && shown[1] <= FILE_BYTES / 1024 && shown[2] <= OPEN_FILES && shown[3] == 0
        );
    }
}
