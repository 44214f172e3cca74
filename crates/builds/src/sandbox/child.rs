//! What a build's process does to itself between fork and exec: it joins its control groups, lowers
//! its limits, lets go of terminal and open files, and gives up the server's rights. Everything that
//! needs memory or locks is made ready before the fork.

use context::BuildLimits;
use landlock::RulesetCreated;
use std::fs::File;
use std::io::{Error, Result};
use std::os::fd::AsRawFd as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

/// How much sooner than others a build's processes are killed when the machine runs out of memory.
const OOM_SCORE: &[u8] = b"500";
/// How far builds stand back behind the server when both want the processor.
pub(super) const NICE: libc::c_int = 10;

/// The rights that are given up, beside the bounds that always hold.
#[derive(Default)]
pub(crate) struct Steps {
    /// Lists of the control groups that are joined.
    pub(crate) groups: Vec<File>,
    /// The user and group that the process becomes.
    pub(crate) user: Option<u32>,
    /// Landlock's rules.
    pub(crate) rules: Option<RulesetCreated>,
    /// The filter of system calls that the process sets for itself.
    pub(crate) filter: Option<Vec<libc::sock_filter>>,
    /// Files that the program gets with their numbers; all others are closed.
    pub(crate) handed: Vec<File>,
}

/// Processes that a user may have beyond its control group's, so that the group, which can tell, is
/// what stops it.
const BEHIND_GROUP: u64 = 64;

/// Resources, and their limits.
fn bounds(limits: &BuildLimits, steps: &Steps) -> [(libc::__rlimit_resource_t, libc::rlim_t); 5] {
    let behind = if steps.groups.is_empty() { 0 } else { BEHIND_GROUP };
    [
        (libc::RLIMIT_NPROC, limits.processes.saturating_add(behind)),
        (libc::RLIMIT_FSIZE, limits.file),
        (libc::RLIMIT_NOFILE, limits.open_files),
        (libc::RLIMIT_CORE, 0),
        (libc::RLIMIT_MSGQUEUE, 0),
    ]
}

/// Has `command` take these steps before it becomes its program.
pub(crate) fn prepare(command: &mut Command, limits: &BuildLimits, mut steps: Steps) {
    let bounds = bounds(limits, &steps);
    let step = move || take(&bounds, &mut steps);
    // SAFETY: the closure runs between fork and exec, where only async-signal-safe work is sound.
    // `take` makes system calls on values that exist before the fork, and on its own stack. It
    // allocates nothing itself; landlock's `restrict_self` closes a descriptor. No lock is taken,
    // and the C library keeps its allocator usable in the child of a fork.
    unsafe {
        command.pre_exec(step);
    }
}

fn take(bounds: &[(libc::__rlimit_resource_t, libc::rlim_t)], steps: &mut Steps) -> Result<()> {
    for group in &steps.groups {
        join(group)?;
    }
    stand_back();
    bounds.iter().try_for_each(|(resource, limit)| lower(*resource, *limit))?;
    leave_terminal();
    if let Some(user) = steps.user {
        become_user(user)?;
    }
    if let Some(rules) = steps.rules.take() {
        rules.restrict_self().map_err(|_| Error::from_raw_os_error(libc::EPERM))?;
    }
    close_files(&steps.handed)?;
    steps.filter.as_deref().map_or(Ok(()), super::filter::install)
}

/// Writes "this process" to a list of processes.
fn join(list: &File) -> Result<()> {
    // SAFETY: the pointer is to one byte that lives for the whole program, and the length is one.
    let written = unsafe { libc::write(list.as_raw_fd(), b"0".as_ptr().cast(), 1) };
    if written == 1 { Ok(()) } else { Err(Error::last_os_error()) }
}

/// Lets the server go first. What the kernel refuses here costs no safety.
fn stand_back() {
    // SAFETY: the path is a C string that lives for the whole program; `open` returns a descriptor
    // of this process or an error, the write is of bytes of that length, and the descriptor is
    // closed once. `setpriority` takes integers.
    unsafe {
        let file = libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC);
        if file >= 0 {
            libc::write(file, OOM_SCORE.as_ptr().cast(), OOM_SCORE.len());
            libc::close(file);
        }
        libc::setpriority(libc::PRIO_PROCESS, 0, NICE);
    }
}

/// Gives up the terminal that the server was started from: a build could type into it.
fn leave_terminal() {
    // SAFETY: as above; `TIOCNOTTY` takes no argument.
    unsafe {
        let tty = libc::open(c"/dev/tty".as_ptr(), libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC);
        if tty >= 0 {
            libc::ioctl(tty, libc::TIOCNOTTY);
            libc::close(tty);
        }
    }
}

fn become_user(user: u32) -> Result<()> {
    // SAFETY: `setgroups` reads no list when its length is 0; the others take integers.
    unsafe {
        check(libc::setgroups(0, std::ptr::null()))?;
        check(libc::setresgid(user, user, user))?;
        check(libc::setresuid(user, user, user))
    }
}

/// Has every file closed at exec but the first three and those that are handed over.
fn close_files(handed: &[File]) -> Result<()> {
    // SAFETY: `close_range` and `fcntl` take integers and only change flags of descriptors; the
    // files that own them stay open in this process.
    unsafe {
        let (first, last) = (3_u32, u32::MAX);
        let closed = libc::syscall(libc::SYS_close_range, first, last, libc::CLOSE_RANGE_CLOEXEC);
        // kernels before 5.11 do not know it; Rust's own files are closed at exec in any case
        let unknown = matches!(Error::last_os_error().raw_os_error(), Some(libc::ENOSYS | libc::EINVAL));
        if closed != 0 && !unknown {
            return Err(Error::last_os_error());
        }
        handed.iter().try_for_each(|file| check(libc::fcntl(file.as_raw_fd(), libc::F_SETFD, 0)))
    }
}

/// Lowers one limit; one that is lower already stays.
fn lower(resource: libc::__rlimit_resource_t, limit: libc::rlim_t) -> Result<()> {
    let mut now = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `now` is a live, writable rlimit for the length of the call.
    check(unsafe { libc::getrlimit(resource, &raw mut now) })?;
    let limit = limit.min(now.rlim_max);
    let lowered = libc::rlimit { rlim_cur: limit, rlim_max: limit };
    // SAFETY: `lowered` is a live rlimit for the length of the call, which only reads it.
    check(unsafe { libc::setrlimit(resource, &raw const lowered) })
}

/// The error of a system call that returned less than 0.
pub(super) fn check(returned: libc::c_int) -> Result<()> {
    if returned < 0 { Err(Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_reach_the_child() {
        let limits = BuildLimits { processes: 777, file: 64 << 10, open_files: 99, ..BuildLimits::default() };
        let mut command = Command::new("bash");
        command
            .args(["-c", "ulimit -u; ulimit -f; ulimit -n; ulimit -c; cat /proc/self/oom_score_adj; nice"]);
        prepare(&mut command, &limits, Steps::default());
        let output = command.output().expect("bash runs");
        // bash counts file sizes in blocks of 1024 bytes
        assert_eq!(String::from_utf8_lossy(&output.stdout), "777\n64\n99\n0\n500\n10\n");
    }

    #[test]
    fn no_file_of_the_server_is_open_in_a_child_but_those_that_are_handed_over() {
        let leaky = File::open("/dev/null").expect("a file");
        // SAFETY: it changes a flag of a descriptor that `leaky` owns and keeps open.
        assert_eq!(unsafe { libc::fcntl(leaky.as_raw_fd(), libc::F_SETFD, 0) }, 0);
        let handed = File::open("/dev/zero").expect("a file");
        let (shut, open) = (leaky.as_raw_fd(), handed.as_raw_fd());
        let mut command = Command::new("bash");
        command.args([
            "-c",
            &format!("test -e /proc/self/fd/{shut} && echo leaked; readlink /proc/self/fd/{open}"),
        ]);
        prepare(&mut command, &BuildLimits::default(), Steps { handed: vec![handed], ..Steps::default() });
        let output = command.output().expect("bash runs");
        assert_eq!(String::from_utf8_lossy(&output.stdout), "/dev/zero\n");
    }
}
