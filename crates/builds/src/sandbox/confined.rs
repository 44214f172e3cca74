//! The weaker sandbox, for kernels that refuse namespaces: landlock lets the build's processes see
//! the system and change only their own folders. They share the machine's list of processes; what
//! one leaves behind is found by its user or its control group. Landlock does not govern connecting
//! to sockets in the file system, so that builds get no local sockets with names at all.

use super::child::{self, Steps};
use super::filter::{self, Sockets};
use super::room::SYSTEM;
use super::sheet::{Sheet, shell};
use super::{Room, Sandbox, bare};
use landlock::{
    ABI, Access as _, AccessFs, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreated,
    RulesetCreatedAttr as _, RulesetError, Scope, path_beneath_rules,
};
use std::io::Error;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a build may read beside [`SYSTEM`].
const MORE: [&str; 2] = ["/proc", "/run/systemd/resolve"];
/// Devices it may read and write.
const DEVICES: [&str; 6] = ["/dev/full", "/dev/fd", "/dev/null", "/dev/random", "/dev/urandom", "/dev/zero"];
/// The rights that are governed; older kernels govern fewer.
const VERSION: ABI = ABI::V5;

pub(crate) struct Confined;

impl Sandbox for Confined {
    fn name(&self) -> &'static str {
        "landlock"
    }

    fn command(&self, room: &Room, sheet: &Sheet) -> std::io::Result<Command> {
        let reader = sheet.reader()?;
        let [program, arguments @ ..] = shell("", &reader);
        let mut command = bare(&program);
        command.args(arguments).current_dir(&room.folder);
        if room.cell.user().is_some() {
            enterable(&room.folder)?;
        }
        let steps = Steps {
            groups: room.cell.doors()?,
            user: room.cell.user(),
            rules: Some(rules(room).map_err(Error::other)?),
            filter: Some(filter::program(Sockets::Network)),
            handed: vec![reader],
        };
        child::prepare(&mut command, &room.limits, steps);
        Ok(command)
    }
}

/// The build runs as another user: every folder on the way must let everybody through.
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

/// The system's folders; of those that hold something hidden, only what does not.
fn readable(room: &Room) -> Vec<PathBuf> {
    let system = SYSTEM.iter().chain(&MORE).flat_map(|path| around(Path::new(path), &room.hidden));
    system.chain(room.readable.iter().cloned()).collect()
}

/// `folder` as a whole, or its entries save those that lead to something hidden.
fn around(folder: &Path, hidden: &[PathBuf]) -> Vec<PathBuf> {
    if hidden.iter().any(|path| path == folder) {
        return Vec::new();
    }
    if !hidden.iter().any(|path| path.starts_with(folder)) {
        return vec![folder.to_owned()];
    }
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.flat_map(|entry| around(&entry.path(), hidden)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn around_what_is_hidden_everything_stays_open() {
        let dir = tempfile::tempdir().expect("a folder");
        for folder in ["opt/boathook/data", "opt/other", "usr"] {
            std::fs::create_dir_all(dir.path().join(folder)).expect("made");
        }
        let at = |name: &str| dir.path().join(name);
        let mut open = around(dir.path(), &[at("opt/boathook/data"), at("gone")]);
        open.sort();
        assert_eq!(open, [at("opt/other"), at("usr")]);
        assert_eq!(around(&at("usr"), &[at("opt")]), [at("usr")]);
    }
}
