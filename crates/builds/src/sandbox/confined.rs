//! The weaker sandbox, for kernels that refuse namespaces: landlock lets the build's processes see
//! the system and change only their own folders. They share the machine's list of processes, so
//! one that leaves its group can outlive its build.

use super::{Room, Sandbox, bare, limits, shell};
use crate::workspace::{NOBODY, server_is_root};
use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};
use std::io::Error;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a build may read and run.
const SYSTEM: [&str; 12] = [
    "/bin",
    "/etc",
    "/lib",
    "/lib32",
    "/lib64",
    "/nix",
    "/opt",
    "/proc",
    "/run/systemd/resolve",
    "/sbin",
    "/sys",
    "/usr",
];
/// Devices it may read and write.
const DEVICES: [&str; 7] =
    ["/dev/full", "/dev/fd", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"];
/// The rights that are governed; older kernels govern fewer.
const VERSION: ABI = ABI::V5;

pub(crate) struct Confined;

impl Sandbox for Confined {
    fn name(&self) -> &'static str {
        "landlock"
    }

    fn command(&self, room: &Room, script: &str) -> std::io::Result<Command> {
        let [program, arguments @ ..] = shell(script);
        let mut command = bare(&program);
        command.args(arguments).current_dir(&room.folder);
        if server_is_root() {
            enterable(&room.folder)?;
            command.uid(NOBODY).gid(NOBODY);
        }
        limits::apply(&mut command);
        let mut rules = Some(rules(room).map_err(Error::other)?);
        limits::before_exec(&mut command, move || {
            let refused = || Error::from_raw_os_error(libc::EPERM);
            let rules = rules.take().ok_or_else(refused)?;
            rules.restrict_self().map(|_| ()).map_err(|_| refused())
        });
        Ok(command)
    }
}

/// The build runs as nobody: every folder on the way must let everybody through.
fn enterable(folder: &Path) -> std::io::Result<()> {
    let closed = folder
        .ancestors()
        .skip(1)
        .find(|folder| folder.metadata().is_ok_and(|about| about.permissions().mode() & 0o001 == 0));
    match closed {
        Some(closed) => {
            Err(Error::other(format!("without bubblewrap, builds need a way through {}", closed.display())))
        }
        None => Ok(()),
    }
}

fn rules(room: &Room) -> Result<RulesetCreated, RulesetError> {
    let all = AccessFs::from_all(VERSION);
    let devices = AccessFs::ReadFile | AccessFs::WriteFile | AccessFs::IoctlDev;
    Ruleset::default()
        // without these rights there would be no sandbox; the ones below are a gain where known
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V1))?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .scope(Scope::from_all(ABI::V6))?
        .create()?
        .add_rules(path_beneath_rules(readable(room), AccessFs::from_read(VERSION)))?
        .add_rules(path_beneath_rules(DEVICES, devices))?
        .add_rules(path_beneath_rules(&room.writable, all))
}

/// The system's folders, save those that hold something hidden.
fn readable(room: &Room) -> Vec<PathBuf> {
    let open = |folder: &&Path| !room.hidden.iter().any(|hidden| hidden.starts_with(folder));
    SYSTEM.iter().map(Path::new).filter(open).map(Path::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_folder_that_holds_the_servers_data_is_closed() {
        let room = Room {
            folder: "/".into(),
            writable: vec![],
            hidden: vec!["/opt/boathook/data".into(), "/run".into()],
        };
        let open = readable(&room);
        assert!(!open.contains(&PathBuf::from("/opt")));
        assert!(
            open.contains(&PathBuf::from("/usr")) && open.contains(&PathBuf::from("/run/systemd/resolve"))
        );
    }
}
