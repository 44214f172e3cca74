//! Users that builds run as when the server is root: each build has one to itself, so that no build
//! can signal, read or count against another, and whatever it leaves behind is found by it.

use crate::ending;
use crate::workspace::server_is_root;
use std::fs::{DirBuilder, File};
use std::io::{Error, Read as _, Result};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where the users in use are written down, for all servers of the machine.
const LEASES: &str = "/run/boathook";
/// What stands in the lease of a user of whom nothing runs.
const QUIET: &[u8] = b"quiet\n";

/// A user that nobody else on the machine runs builds as; free again when dropped.
#[derive(Debug)]
pub(crate) struct User {
    /// User and group id.
    pub(crate) id: u32,
    /// Says whether its last holder left no process behind.
    lease: File,
}

impl User {
    /// Takes a user of the range, when the server is root. `own` keeps the leases where the system
    /// has no place for them.
    pub(crate) fn lease((first, last): (u32, u32), own: &Path) -> Result<Option<Self>> {
        if !server_is_root() {
            return Ok(None);
        }
        let folder = folder(own)?;
        for id in first..=last {
            let file = folder.join(format!("uid-{id}"));
            let lease = File::options().read(true).write(true).create(true).truncate(false).open(file)?;
            if lease.try_lock().is_ok() {
                let user = Self { id, lease };
                // a server that died may have left some
                if !user.was_left_quiet()? {
                    user.clear();
                }
                return Ok(Some(user));
            }
        }
        Err(Error::other("every user id of BOATHOOK_BUILD_UIDS is in use; give it a wider range"))
    }

    /// Kills every process of this user and waits until they are gone.
    pub(crate) fn clear(&self) {
        let whose = format!("user {}", self.id);
        ending::until_gone(&whose, || processes(self.id), |_| kill_all(self.id));
    }

    /// Clears it for the last time.
    pub(crate) fn leave(&self) {
        self.clear();
        if processes(self.id).is_empty() {
            self.leave_quiet();
        }
    }

    /// Lets the next holder know that no process of it is left: to look for some takes the longer the
    /// more the machine runs.
    pub(crate) fn leave_quiet(&self) {
        if let Err(error) = self.lease.write_all_at(QUIET, 0) {
            tracing::debug!(%error, user = self.id, "the next holder looks for processes");
        }
    }

    /// Whether the last holder said so; from now on nobody has.
    fn was_left_quiet(&self) -> Result<bool> {
        let mut said = Vec::new();
        (&self.lease).read_to_end(&mut said)?;
        self.lease.set_len(0)?;
        Ok(said == QUIET)
    }
}

fn folder(own: &Path) -> Result<PathBuf> {
    let make = |folder: &Path| DirBuilder::new().recursive(true).mode(0o700).create(folder);
    let system = Path::new(LEASES);
    if make(system).is_ok() && system.metadata().is_ok_and(|about| about.uid() == 0) {
        return Ok(system.to_owned());
    }
    let own = own.join(".users");
    make(&own).map(|()| own)
}

/// The processes of a user that are alive.
pub(crate) fn processes(user: u32) -> Vec<i32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(|id: &i32| {
        runs_as(&std::fs::read_to_string(format!("/proc/{id}/status")).unwrap_or_default(), user)
    })
    .collect()
}

/// Whether a process, by its status, is the user's and still does something. The owner of its folder
/// does not tell: a process can hide there.
fn runs_as(status: &str, user: u32) -> bool {
    let of = |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    let is_users = of("Uid:").split_whitespace().any(|id| id.parse() == Ok(user));
    is_users && !of("State:").trim_start().starts_with(['Z', 'X'])
}

/// Kills everything that the user runs at one stroke, which a process that forks cannot outrun.
fn kill_all(user: u32) {
    let mut command = Command::new("true");
    command.env_clear().stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    // SAFETY: the closure runs between fork and exec and makes system calls that take integers.
    // `kill` with -1 reaches the processes that the caller may signal, itself left out: after
    // `setresuid` those of `user` alone, who is not root (see `User::lease` and the setting).
    unsafe {
        command.pre_exec(move || {
            if libc::setgroups(0, std::ptr::null()) != 0
                || libc::setresgid(user, user, user) != 0
                || user == 0
                || libc::setresuid(user, user, user) != 0
            {
                return Err(Error::last_os_error());
            }
            libc::kill(-1, libc::SIGKILL);
            Ok(())
        });
    }
    // a user with too many processes may start none; then the signal was sent before that
    let _sent = command.status();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_belongs_to_one_build_and_leaves_nothing_running() {
        assert!(server_is_root(), "the tests run as root, as servers that keep builds apart by users do");
        let dir = tempfile::tempdir().expect("a folder");
        let range = (1_999_990_000, 1_999_990_031);
        let (one, two) = (User::lease(range, dir.path()), User::lease(range, dir.path()));
        let (one, two) = (one.expect("free").expect("root"), two.expect("free").expect("root"));
        assert_ne!(one.id, two.id);
        let alone = (one.id, one.id);
        assert!(User::lease(alone, dir.path()).is_err(), "it is in use");
        let daemon = |user: &User| {
            Command::new("setsid").args(["sleep", "600"]).uid(user.id).spawn().expect("it starts")
        };
        let (mut left, mut other) = (daemon(&one), daemon(&two));
        one.clear();
        assert!(left.wait().expect("it ended").code().is_none(), "killed by a signal");
        assert!(other.try_wait().expect("asked").is_none(), "another user's process lives");
        two.clear();
        other.wait().expect("it ended");
        drop(one);
        assert!(User::lease(alone, dir.path()).is_ok(), "it is free again");
    }

    #[test]
    fn a_user_is_cleared_unless_its_last_holder_left_nothing() {
        let dir = tempfile::tempdir().expect("a folder");
        let range = (1_999_990_100, 1_999_990_131);
        let take = |range| User::lease(range, dir.path()).expect("free").expect("root");
        let first = take(range);
        let alone = (first.id, first.id);
        first.leave();
        drop(first);
        let mut process = Command::new("sleep").arg("600").uid(alone.0).spawn().expect("it starts");
        let second = take(alone);
        assert!(process.try_wait().expect("asked").is_none(), "nobody looked: nothing was left");
        // as a server does that dies
        drop(second);
        drop(take(alone));
        assert!(process.wait().expect("it ended").code().is_none(), "killed by a signal");
    }
}
