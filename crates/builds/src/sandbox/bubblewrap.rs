//! The strong sandbox: bubblewrap with namespaces of its own for processes, mounts and names. Only
//! the system's programs, the build's own folders and devices without content are there.
//!
//! When the server is root, bubblewrap builds the namespaces as root and `setpriv` gives up every
//! right before the build's shell starts: a user namespace made by root would leave the build with
//! root's access to files. Otherwise a user namespace is made.

use super::child::{self, NICE, Steps};
use super::filter::{self, Sockets};
use super::room::SYSTEM;
use super::sheet::{Sheet, hold, shell};
use super::{Room, Sandbox, bare};
use crate::environment::find_program;
use crate::workspace::NOBODY;
use landlock::{
    ABI, Access as _, CompatLevel, Compatible as _, Ruleset, RulesetAttr as _, RulesetCreated, Scope,
};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{Error, Result};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes of memory that `/dev/shm` may hold.
const SHARED_MEMORY: u64 = 256 << 20;
/// Bytes of the empty folders that stand in for what is hidden.
const EMPTY: u64 = 64 << 10;

pub(crate) struct Bubblewrap;

impl Sandbox for Bubblewrap {
    fn name(&self) -> &'static str {
        "bubblewrap"
    }

    fn command(&self, room: &Room, sheet: &Sheet) -> Result<Command> {
        let reader = sheet.reader()?;
        let scopes = scopes();
        let sockets = if scopes.is_some() { Sockets::All } else { Sockets::Network };
        let handed = Handed::make(room, sockets)?;
        let mut command = bare("bwrap");
        command.args(arguments(room, &handed, resolver().as_deref()));
        if let Some(user) = room.cell.user() {
            command.args(drop_rights(user));
        }
        command.args(shell(&stand_back(), &reader)).current_dir("/");
        let steps = Steps {
            groups: room.cell.doors()?,
            rules: scopes,
            handed: handed.into_files().chain([reader]).collect(),
            ..Steps::default()
        };
        child::prepare(&mut command, &room.limits, steps);
        Ok(command)
    }
}

/// A session of its own makes a build as important as all of the server where the kernel shares the
/// processor among sessions; how nice one process is counts within its session alone. The kernel may
/// refuse it to who comes within a tenth of a second after another.
fn stand_back() -> String {
    format!("{{ echo {NICE} > /proc/self/autogroup; }} 2> /dev/null")
}

/// What bubblewrap reads from open files.
struct Handed {
    filter: File,
    /// `/etc/passwd` and `/etc/group` with the build's user alone.
    people: Option<[File; 2]>,
}

impl Handed {
    fn make(room: &Room, sockets: Sockets) -> Result<Self> {
        let people = room.cell.user().filter(|user| *user != NOBODY).map(|user| people(user, &room.home));
        let people =
            people.map(|[users, groups]| Ok::<_, Error>([hold(users.as_bytes())?, hold(groups.as_bytes())?]));
        Ok(Self { filter: hold(&filter::bytes(&filter::program(sockets)))?, people: people.transpose()? })
    }

    fn into_files(self) -> impl Iterator<Item = File> {
        std::iter::once(self.filter).chain(self.people.into_iter().flatten())
    }
}

/// Programs ask who they are, and some give up when nobody knows.
fn people(user: u32, home: &Path) -> [String; 2] {
    let home = home.display();
    [
        format!("root:x:0:0:root:/:/usr/sbin/nologin\nbuild:x:{user}:{user}:build:{home}:/bin/bash\n"),
        format!("root:x:0:\nbuild:x:{user}:\n"),
    ]
}

/// Sockets that have a name but no file are shared with the machine as its network is; these rules
/// keep builds from them. Kernels before 6.12 do not know such rules.
fn scopes() -> Option<RulesetCreated> {
    // a bubblewrap that needs the set-user-id bit loses it under rules
    let program = find_program("bwrap").and_then(|path| path.metadata().ok());
    if program.is_none_or(|about| about.permissions().mode() & 0o4000 != 0) {
        return None;
    }
    Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .scope(Scope::from_all(ABI::V6))
        .ok()?
        .create()
        .ok()
}

fn arguments(room: &Room, handed: &Handed, resolver: Option<&Path>) -> Vec<String> {
    let mut line = Line::default();
    line.add(
        "--unshare-pid --unshare-ipc --unshare-uts --unshare-cgroup-try --die-with-parent --new-session",
    );
    if room.cell.user().is_none() {
        line.add(&format!("--unshare-user --uid {NOBODY} --gid {NOBODY}"));
    }
    line.add(&format!("--seccomp {}", handed.filter.as_raw_fd()));
    SYSTEM.iter().map(Path::new).for_each(|path| line.show(path));
    line.add("--proc /proc --dev /dev");
    line.add(&format!("--size {SHARED_MEMORY} --perms 1777 --tmpfs /dev/shm --dir /var --dir /run"));
    line.add("--symlink ../run /var/run --symlink ../tmp /var/tmp");
    // mounts follow each other: what is hidden first, then what is let through
    room.hidden.iter().for_each(|path| line.hide(path));
    if let Some([users, groups]) = &handed.people {
        for (file, path) in [(users, "/etc/passwd"), (groups, "/etc/group")] {
            line.add(&format!("--perms 0644 --ro-bind-data {} {path}", file.as_raw_fd()));
        }
    }
    if let Some(file) = resolver {
        line.put("--ro-bind-try", &[file, file]);
    }
    match &room.temporary {
        Some(folder) => line.put("--bind", &[folder, Path::new("/tmp")]),
        None => line.add(&format!("--size {EMPTY} --perms 1777 --tmpfs /tmp")),
    }
    for folder in ways(room) {
        line.add("--perms 0755");
        line.put("--dir", &[&folder]);
    }
    room.readable.iter().for_each(|folder| line.put("--ro-bind", &[folder, folder]));
    room.writable.iter().for_each(|folder| line.put("--bind", &[folder, folder]));
    line.add("--remount-ro / --remount-ro /dev");
    line.put("--chdir", &[&room.folder]);
    line.add("--");
    line.words
}

/// Bubblewrap's arguments.
#[derive(Default)]
struct Line {
    words: Vec<String>,
}

impl Line {
    fn add(&mut self, words: &str) {
        self.words.extend(words.split(' ').map(str::to_owned));
    }

    fn put(&mut self, option: &str, paths: &[&Path]) {
        self.words.push(option.to_owned());
        self.words.extend(paths.iter().map(|path| path.to_string_lossy().into_owned()));
    }

    /// A folder of the system, or the link that stands for it.
    fn show(&mut self, path: &Path) {
        match path.read_link() {
            Ok(target) => self.put("--symlink", &[&target, path]),
            Err(_) => self.put("--ro-bind-try", &[path, path]),
        }
    }

    fn hide(&mut self, path: &Path) {
        if path.is_dir() {
            self.add(&format!("--size {EMPTY} --perms 0755"));
            self.put("--tmpfs", &[path]);
        } else {
            self.put("--ro-bind", &[Path::new("/dev/null"), path]);
        }
    }
}

/// Folders that lead to what is let through, shorter paths first. Bubblewrap would make them itself,
/// and close them to everybody but root.
fn ways(room: &Room) -> BTreeSet<PathBuf> {
    let ancestors = room.readable.iter().chain(&room.writable).flat_map(|folder| folder.ancestors().skip(1));
    ancestors.filter(|folder| !["/", "/tmp"].map(Path::new).contains(folder)).map(Path::to_owned).collect()
}

/// The file that `/etc/resolv.conf` leads to, when it lies where builds see nothing.
fn resolver() -> Option<PathBuf> {
    let file = Path::new("/etc/resolv.conf").canonicalize().ok()?;
    SYSTEM.iter().all(|part| !file.starts_with(part)).then_some(file)
}

fn drop_rights(user: u32) -> Vec<String> {
    let line = format!(
        "setpriv --reuid {user} --regid {user} --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all --"
    );
    line.split(' ').map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who may do everything is not made to wait a tenth of a second.
    #[test]
    fn a_session_of_its_own_stands_back() {
        let script = format!("{}\ncat /proc/self/autogroup 2> /dev/null", stand_back());
        let output =
            Command::new("setsid").args(["--wait", "bash", "-c", &script]).output().expect("it runs");
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        let is_root = crate::workspace::server_is_root();
        assert!(!is_root || said.is_empty() || said.trim_end().ends_with(" nice 10"), "{said}");
    }

    #[test]
    fn what_is_hidden_is_mounted_before_what_is_let_through() {
        let room = Room {
            folder: "/opt/b/repo".into(),
            writable: vec!["/opt/b/repo".into()],
            hidden: vec!["/usr/bin".into(), "/etc/shadow".into()],
            temporary: Some("/opt/b/tmp".into()),
            ..Room::empty()
        };
        let handed = Handed::make(&room, Sockets::All).expect("files in memory");
        let line = arguments(&room, &handed, Some(Path::new("/run/r"))).join(" ");
        let end = "--size 65536 --perms 0755 --tmpfs /usr/bin --ro-bind /dev/null /etc/shadow --ro-bind-try /run/r /run/r \
                   --bind /opt/b/tmp /tmp --perms 0755 --dir /opt --perms 0755 --dir /opt/b --bind /opt/b/repo /opt/b/repo \
                   --remount-ro / --remount-ro /dev --chdir /opt/b/repo --";
        assert!(line.ends_with(end), "{line}");
        assert_eq!(line.contains("--unshare-user"), room.cell.user().is_none());
    }
}
