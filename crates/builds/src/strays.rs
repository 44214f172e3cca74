//! Finds the processes of a build that left their parents, groups and sessions, by the build's id in
//! their environment and by whom they come from, and kills them. Where builds have a control group, a
//! user or a list of processes of their own, those hold what the site's commands left and more; this is
//! what works on every machine, and what finds the processes of a server that died.

use crate::ending;
use std::collections::{HashMap, HashSet};
use std::fs;

/// Whom a build's processes work for: which variable of theirs holds the build's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mark {
    /// The site: its commands, which know the build by Netlify's variable.
    Site,
    /// The server: Git, say, and what that starts. They are searched for while commands run.
    Server,
}

impl Mark {
    /// All of a build's.
    pub(crate) const ALL: [Self; 2] = [Self::Site, Self::Server];

    /// The variable.
    pub(crate) fn variable(self) -> &'static str {
        match self {
            Self::Site => "BUILD_ID",
            Self::Server => "BOATHOOK_WORKS_FOR_BUILD",
        }
    }
}

/// Kills the processes of a build that carry the mark; returns when none is left. Blocks.
pub(crate) fn clear(mark: Mark, build_id: &str) {
    let mark = format!("{}={build_id}", mark.variable());
    let with_families =
        |found: Vec<i32>| ending::kill(found.into_iter().flat_map(|id| family(id).into_iter().chain([id])));
    ending::until_gone(&mark, || marked(&mark), with_families);
}

/// Everything that comes from a process, itself left out.
pub(crate) fn family(root: i32) -> Vec<i32> {
    let mut children: HashMap<i32, Vec<i32>> = HashMap::new();
    for id in all() {
        if let Some(parent) = parent(id) {
            children.entry(parent).or_default().push(id);
        }
    }
    let (mut found, mut open, mut seen) = (Vec::new(), vec![root], HashSet::from([root]));
    while let Some(id) = open.pop() {
        let more = children.remove(&id).unwrap_or_default().into_iter().filter(|id| seen.insert(*id));
        for id in more {
            found.push(id);
            open.push(id);
        }
    }
    found
}

fn marked(mark: &str) -> Vec<i32> {
    let has = |id: &i32| {
        let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
        environment.split(|byte| *byte == 0).any(|pair| pair == mark.as_bytes())
    };
    all().filter(has).collect()
}

/// Every process but this one and the system's first.
fn all() -> impl Iterator<Item = i32> {
    let own = i32::try_from(std::process::id()).unwrap_or(0);
    let names = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = names.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    ids.filter(move |id| *id > 1 && *id != own)
}

/// The parent of a process, the fourth field of its line; the second may hold anything but ends with
/// the last bracket.
fn parent(id: i32) -> Option<i32> {
    let line = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    line.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    /// A shell that starts a process which leaves its session and its parent, and says its number.
    fn daemon(mark: Mark, build: &str) -> i32 {
        let script = "setsid sleep 600 < /dev/null > /dev/null 2>&1 & echo $!";
        let mut command = Command::new("bash");
        command.args(["-c", script]).env(mark.variable(), build);
        let output = command.output().expect("bash runs");
        String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
    }

    fn runs(id: i32) -> bool {
        fs::read(format!("/proc/{id}/cmdline")).is_ok_and(|line| !line.is_empty())
    }

    #[test]
    fn the_processes_with_one_mark_are_killed_wherever_they_went() {
        let [own, other, servers] = [
            daemon(Mark::Site, "strays-own"),
            daemon(Mark::Site, "strays-other"),
            daemon(Mark::Server, "strays-own"),
        ];
        clear(Mark::Site, "strays-own");
        assert!(!runs(own) && runs(other) && runs(servers));
        clear(Mark::Site, "strays-other");
        clear(Mark::Server, "strays-own");
        assert!(!runs(other) && !runs(servers));
    }

    #[test]
    fn a_family_is_found_although_its_members_hide_their_mark() {
        let script = "env -i setsid bash -c 'sleep 600 & sleep 600' & wait";
        let mut shell: Child =
            Command::new("bash").args(["-c", script]).stdin(Stdio::null()).spawn().expect("bash runs");
        let root = i32::try_from(shell.id()).expect("a number");
        let mut found = Vec::new();
        while found.len() < 3 {
            found = family(root);
        }
        ending::kill(found.iter().copied());
        assert!(shell.wait().expect("it ends").success());
        while found.iter().any(|id| runs(*id)) {
            std::thread::yield_now();
        }
    }
}
