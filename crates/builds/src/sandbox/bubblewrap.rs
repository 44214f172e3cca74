//! The strong sandbox: bubblewrap with namespaces of its own for processes, mounts and names.
//!
//! When the server is root, bubblewrap builds the namespaces as root and `setpriv` gives up every
//! right before the build's shell starts: a user namespace made by root would leave the build with
//! root's access to files. Otherwise a user namespace is made.

use super::{Room, Sandbox, bare, limits, shell};
use crate::workspace::{NOBODY, server_is_root};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

pub(crate) struct Bubblewrap;

impl Sandbox for Bubblewrap {
    fn name(&self) -> &'static str {
        "bubblewrap"
    }

    fn command(&self, room: &Room, script: &str) -> std::io::Result<Command> {
        let root = server_is_root();
        let mut command = bare("bwrap");
        command.args(arguments(room, root, resolver().as_deref()));
        if root {
            command.args(drop_rights());
        }
        command.args(shell(script)).current_dir("/");
        limits::apply(&mut command);
        Ok(command)
    }
}

fn arguments(room: &Room, root: bool, resolver: Option<&Path>) -> Vec<String> {
    let path = |path: &Path| path.to_string_lossy().into_owned();
    let mut out: Vec<String> =
        ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--die-with-parent", "--new-session"]
            .map(str::to_owned)
            .into();
    if !root {
        let nobody = NOBODY.to_string();
        out.extend(["--unshare-user", "--uid", &nobody, "--gid", &nobody].map(str::to_owned));
    }
    out.extend(
        "--ro-bind / / --dev /dev --proc /proc --perms 1777 --tmpfs /tmp".split(' ').map(str::to_owned),
    );
    // mounts follow each other: what is hidden first, then what is let through
    for folder in &room.hidden {
        out.extend(["--tmpfs".to_owned(), path(folder)]);
    }
    if let Some(file) = resolver {
        out.extend(["--ro-bind-try".to_owned(), path(file), path(file)]);
    }
    for folder in ways(room) {
        out.extend(["--perms".to_owned(), "0755".to_owned(), "--dir".to_owned(), path(&folder)]);
    }
    for folder in &room.writable {
        out.extend(["--bind".to_owned(), path(folder), path(folder)]);
    }
    out.extend(["--chdir".to_owned(), path(&room.folder), "--".to_owned()]);
    out
}

/// Folders inside hidden ones that lead to what is let through, shorter paths first. Bubblewrap
/// would make them itself, and close them to everybody but root.
fn ways(room: &Room) -> BTreeSet<PathBuf> {
    let covered = |folder: &Path| {
        (folder.starts_with("/tmp") && folder != Path::new("/tmp"))
            || room.hidden.iter().any(|hidden| folder.starts_with(hidden))
    };
    let ancestors = room.writable.iter().flat_map(|folder| folder.ancestors().skip(1));
    ancestors.filter(|folder| covered(folder)).map(Path::to_owned).collect()
}

/// The file that `/etc/resolv.conf` leads to; under `/run` it would be hidden.
fn resolver() -> Option<PathBuf> {
    Path::new("/etc/resolv.conf").canonicalize().ok().filter(|file| file.starts_with("/run"))
}

fn drop_rights() -> Vec<String> {
    let nobody = NOBODY.to_string();
    [
        "setpriv",
        "--reuid",
        &nobody,
        "--regid",
        &nobody,
        "--clear-groups",
        "--no-new-privs",
        "--inh-caps=-all",
        "--bounding-set=-all",
        "--",
    ]
    .map(str::to_owned)
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_is_mounted_before_what_is_let_through() {
        let room =
            Room { folder: "/w/repo".into(), writable: vec!["/w/repo".into()], hidden: vec!["/w".into()] };
        let line = arguments(&room, true, Some(Path::new("/run/r"))).join(" ");
        assert!(line.ends_with("--tmpfs /w --ro-bind-try /run/r /run/r --perms 0755 --dir /w --bind /w/repo /w/repo --chdir /w/repo --"), "{line}");
        assert!(!line.contains("--unshare-user"));
        assert!(arguments(&room, false, None).join(" ").contains("--unshare-user --uid 65534 --gid 65534"));
    }
}
