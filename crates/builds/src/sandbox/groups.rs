//! Control groups: bounds on what all processes of a build use together, and a list of them that
//! nothing can leave. Version 2 where the machine has it, else version 1; a server that may not
//! make groups does without, and says so in its report.

use crate::ending;
use context::BuildLimits;
use std::fs::{File, OpenOptions};
use std::io::Result;
use std::path::{Path, PathBuf};

/// Group that the server moves itself into where version 2 wants inner groups empty.
const OWN: &str = "boathook-server";
/// What version 2 must be able to bound.
const WANTED: [&str; 2] = ["memory", "pids"];
/// A build's share of the processor beside the server, when both want it: a tenth of the server's, of
/// which 100 is the rule in version 2 and 1024 in version 1. What nobody wants builds have whole.
const WEIGHT: u64 = 10;
const SHARES: u64 = 102;

/// Where groups of builds are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Base {
    /// A folder of version 2 whose groups can be bounded.
    V2(PathBuf),
    /// A folder for each controller of version 1.
    V1 {
        /// `pids`.
        pids: PathBuf,
        /// `memory`.
        memory: PathBuf,
        /// `cpu`, where it is there.
        cpu: Option<PathBuf>,
    },
}

/// The group of one build.
#[derive(Debug)]
pub(crate) struct Group {
    base: Base,
    /// Folders, the one with the list of processes first.
    folders: Vec<PathBuf>,
}

impl Base {
    /// Finds where groups can be made; nothing is changed.
    pub(crate) fn find() -> std::result::Result<Self, String> {
        let read = |file: &str| std::fs::read_to_string(file).map_err(|error| error.to_string());
        let base = among(&read("/proc/self/mounts")?, &read("/proc/self/cgroup")?);
        let base = base.ok_or("the system has no control groups for memory and processes")?;
        if base.writable() { Ok(base) } else { Err("the server may not make control groups".to_owned()) }
    }

    fn folders(&self) -> Vec<&Path> {
        match self {
            Self::V2(folder) => vec![folder],
            Self::V1 { pids, memory, cpu } => {
                [pids, memory].into_iter().chain(cpu).map(PathBuf::as_path).collect()
            }
        }
    }

    fn writable(&self) -> bool {
        // access(2) would lie for root on a file system that is mounted read-only; the flags do not
        let writes = |folder: &Path| rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok();
        self.folders().into_iter().all(writes)
    }

    /// Makes the group of a build, with its bounds.
    pub(crate) fn make(&self, name: &str, limits: &BuildLimits) -> Result<Group> {
        if let Self::V2(folder) = self {
            delegate(folder)?;
        }
        let folders: Vec<PathBuf> = self.folders().iter().map(|folder| folder.join(name)).collect();
        let group = Group { base: self.clone(), folders };
        for folder in &group.folders {
            match std::fs::create_dir(folder) {
                Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
        }
        // a server that died may have left processes of this build
        group.kill();
        group.bound(limits)?;
        Ok(group)
    }

    /// Ends and removes a group that a server which died has left.
    pub(crate) fn discard(&self, name: &str) {
        let folders = self.folders().into_iter().map(|folder| folder.join(name));
        drop(Group { base: self.clone(), folders: folders.filter(|folder| folder.is_dir()).collect() });
    }
}

impl Group {
    fn bound(&self, limits: &BuildLimits) -> Result<()> {
        let write = |file: PathBuf, value: u64| std::fs::write(&file, value.to_string());
        match (&self.base, self.folders.as_slice()) {
            (Base::V1 { .. }, [pids, memory, rest @ ..]) => {
                write(pids.join("pids.max"), limits.processes)?;
                write(memory.join("memory.limit_in_bytes"), limits.memory)?;
                // only where swap is counted
                let _optional = write(memory.join("memory.memsw.limit_in_bytes"), limits.memory);
                rest.iter().try_for_each(|cpu| write(cpu.join("cpu.shares"), SHARES))
            }
            (_, [folder, ..]) => {
                write(folder.join("pids.max"), limits.processes)?;
                write(folder.join("memory.max"), limits.memory)?;
                let _optional = write(folder.join("memory.swap.max"), 0);
                let _optional = write(folder.join("cpu.weight"), WEIGHT);
                Ok(())
            }
            (_, []) => Ok(()),
        }
    }

    /// The lists that a process with a single thread writes itself into to join.
    pub(crate) fn doors(&self) -> Result<Vec<File>> {
        // whole processes are moved while no other process can be made, which the kernel takes
        // milliseconds to bring about; a thread that moves itself waits for nobody
        let list = if matches!(self.base, Base::V1 { .. }) { "tasks" } else { "cgroup.procs" };
        let open = |folder: &PathBuf| OpenOptions::new().write(true).open(folder.join(list));
        self.folders.iter().map(open).collect()
    }

    /// The processes in it.
    pub(crate) fn processes(&self) -> Vec<i32> {
        let list = self.folders.first().map(|folder| std::fs::read_to_string(folder.join("cgroup.procs")));
        list.and_then(Result::ok).unwrap_or_default().lines().filter_map(|line| line.parse().ok()).collect()
    }

    /// How often a process was killed because the group had used up its memory.
    pub(crate) fn killed_for_memory(&self) -> u64 {
        match (&self.base, self.folders.as_slice()) {
            (Base::V1 { .. }, [_, memory, ..]) => count(&memory.join("memory.oom_control"), "oom_kill"),
            (_, [folder, ..]) => count(&folder.join("memory.events"), "oom_kill"),
            (_, []) => 0,
        }
    }

    /// How often a process could not be made because there were too many.
    pub(crate) fn refused_processes(&self) -> u64 {
        self.folders.first().map_or(0, |folder| count(&folder.join("pids.events"), "max"))
    }

    /// Kills everything in it and waits until it is gone.
    pub(crate) fn kill(&self) {
        let Some(folder) = self.folders.first() else { return };
        let end = |found: Vec<i32>| {
            if matches!(self.base, Base::V2(_)) {
                // kernels before 5.14 have no such file, and each process is killed by itself
                let _one_by_one = std::fs::write(folder.join("cgroup.kill"), "1");
            }
            ending::kill(found);
        };
        ending::until_gone(&format!("group {}", folder.display()), || self.processes(), end);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
        for folder in &self.folders {
            if let Err(error) = std::fs::remove_dir(folder) {
                tracing::warn!(%error, group = %folder.display(), "a control group is left behind");
            }
        }
    }
}

/// A number in a file of lines `name number`.
fn count(file: &Path, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let mut lines = text.lines().filter_map(|line| line.split_once(' '));
    lines.find(|(key, _)| *key == name).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

/// Lets groups below `folder` be bounded: version 2 wants its own processes out of it first.
fn delegate(folder: &Path) -> Result<()> {
    let control = folder.join("cgroup.subtree_control");
    let enabled = std::fs::read_to_string(&control).unwrap_or_default();
    let is_enabled = |name: &str| enabled.split_whitespace().any(|word| word == name);
    if !WANTED.iter().all(|name| is_enabled(name)) {
        let own = folder.join(OWN);
        std::fs::create_dir_all(&own)?;
        std::fs::write(own.join("cgroup.procs"), std::process::id().to_string())?;
        std::fs::write(&control, "+memory +pids")?;
    }
    if !is_enabled("cpu") {
        // a machine may keep the processor to itself
        let _optional = std::fs::write(&control, "+cpu");
    }
    Ok(())
}

/// Reads where groups can be made out of the mounted file systems and the server's own groups.
fn among(mounts: &str, own: &str) -> Option<Base> {
    let mounted = |kind: &str, option: Option<&str>| {
        let mut lines = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
        lines.find_map(|words| match words.as_slice() {
            [_, at, of, options, ..] if *of == kind => {
                option.is_none_or(|option| options.split(',').any(|o| o == option)).then(|| PathBuf::from(at))
            }
            _ => None,
        })
    };
    let own_of = |name: &str| {
        let mut lines =
            own.lines().filter_map(|line| line.splitn(3, ':').collect::<Vec<_>>().try_into().ok());
        lines.find_map(|[_, names, path]: [&str; 3]| {
            names.split(',').any(|found| found == name).then(|| path.trim_start_matches('/').to_owned())
        })
    };
    let v1 = |name: &str| Some(mounted("cgroup", Some(name))?.join(own_of(name)?));
    if let (Some(pids), Some(memory)) = (v1("pids"), v1("memory")) {
        return Some(Base::V1 { pids, memory, cpu: v1("cpu") });
    }
    let folder = mounted("cgroup2", None)?.join(own_of("")?);
    let folder = if folder.ends_with(OWN) { folder.parent()?.to_owned() } else { folder };
    let known = std::fs::read_to_string(folder.join("cgroup.controllers")).ok()?;
    WANTED.iter().all(|name| known.split_whitespace().any(|word| word == *name)).then_some(Base::V2(folder))
}

#[cfg(test)]
mod tests;
