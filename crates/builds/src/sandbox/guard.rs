//! Watches what a build has on disk while one of its commands runs, and stops the command when that
//! is too much. Temporary files count, and so do files that were deleted but are still open.

use super::Room;
use crate::failure::{Failure, Outcome};
use crate::process::{Ended, Watch};
use crate::sandbox::{Sandbox, Waiting};
use crate::workspace::blocking;
use context::BuildLimits;
use std::collections::{BTreeMap, HashSet};
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::{Duration, Instant};

/// Shortest time between two measurements.
const PAUSE: Duration = Duration::from_secs(1);
/// Times as long as a measurement took that nothing is measured after it.
const REST: u32 = 10;
/// What a file system counts in, whatever its own blocks are.
const BLOCK: u64 = 512;
/// Open files that are looked at.
const OPEN_FILES: usize = 100_000;

/// Runs a script of the build to its end, whatever that is. Nothing that it started runs on.
///
/// # Errors
/// When it was stopped by a person, by the clock or by a bound on what it may use.
pub(crate) async fn run(
    sandbox: &dyn Sandbox,
    room: &Room,
    script: &str,
    environment: &BTreeMap<String, String>,
    section: &'static str,
    watch: &Watch,
) -> Outcome<ExitStatus> {
    let before = room.cell.reached();
    let shell = Waiting::take(sandbox, room).await.map_err(Failure::disk)?;
    let stop = watch.stop.child_token();
    let inner = Watch { stop: stop.clone(), ..watch.clone() };
    let process = shell.run(room, script, environment, section, &inner);
    tokio::pin!(process);
    let ended = tokio::select! {
        ended = &mut process => Ok(ended.map_err(Failure::disk)?),
        why = over(room) => {
            stop.cancel();
            // it ends as it was told to; what counts is why
            let _stopped = process.await;
            Err(Failure::Build(why))
        }
    };
    judge(&ended?, room, before, watch)
}

/// A command that failed after it had reached a bound failed because of the bound.
fn judge(ended: &Ended, room: &Room, before: (u64, u64), watch: &Watch) -> Outcome<ExitStatus> {
    let status = watch.judge(ended.status)?;
    let (memory, processes) = room.cell.reached();
    match status.success() {
        false if memory > before.0 => Err(Failure::Build(format!(
            "the build used more than {} MB of memory and was stopped",
            room.limits.memory >> 20
        ))),
        false if processes > before.1 => Err(Failure::Build(format!(
            "the build needed more than {} processes at once",
            room.limits.processes
        ))),
        _ => Ok(status),
    }
}

/// Resolves, with a sentence for the site's owner, when the build has too much on disk.
async fn over(room: &Room) -> String {
    if room.writable.is_empty() {
        return std::future::pending().await;
    }
    let mut pause = PAUSE;
    loop {
        tokio::time::sleep(pause).await;
        let (room, began) = (room.clone(), Instant::now());
        match blocking(move || Ok(fault(&room))).await {
            Ok(Some(fault)) => return fault,
            // a disk that cannot be measured stops no build; whoever writes will hear of it
            Ok(None) | Err(_) => pause = PAUSE.max(began.elapsed() * REST),
        }
    }
}

/// What is wrong with what the build has on disk.
fn fault(room: &Room) -> Option<String> {
    let limits = &room.limits;
    let free = room.writable.first().and_then(|folder| rustix::fs::statvfs(folder).ok());
    if free.is_some_and(|free| free.f_bavail.saturating_mul(free.f_frsize) < limits.spare) {
        let left = limits.spare >> 20;
        return Some(format!(
            "the server's disk has less than {left} MB left; the build was stopped to spare it"
        ));
    }
    let mut usage = Usage::default();
    usage.add_folders(&room.writable, limits);
    usage.add_deleted(&room.cell.processes());
    usage.fault(limits)
}

/// What a build has on disk.
#[derive(Debug, Default)]
struct Usage {
    bytes: u64,
    files: u64,
    /// Files with several names, and deleted ones, which count once.
    seen: HashSet<(u64, u64)>,
}

impl Usage {
    fn fault(&self, limits: &BuildLimits) -> Option<String> {
        if self.bytes > limits.disk {
            return Some(format!(
                "the build used more than {} MB of disk and was stopped",
                limits.disk >> 20
            ));
        }
        (self.files > limits.files)
            .then(|| format!("the build made more than {} files and was stopped", limits.files))
    }

    /// Measures folders until a bound is reached.
    fn add_folders(&mut self, folders: &[PathBuf], limits: &BuildLimits) {
        let mut open: Vec<PathBuf> = folders.to_vec();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
                // what vanishes meanwhile uses nothing
                let Ok(about) = entry.metadata() else { continue };
                self.add(&about);
                if about.is_dir() {
                    open.push(entry.path());
                }
            }
            if self.fault(limits).is_some() {
                return;
            }
        }
    }

    fn add(&mut self, about: &Metadata) {
        self.files += 1;
        if about.nlink() == 1 || about.is_dir() || self.seen.insert((about.dev(), about.ino())) {
            self.bytes = self.bytes.saturating_add(about.blocks().saturating_mul(BLOCK));
        }
    }

    /// Files without a name that a process holds open.
    fn add_deleted(&mut self, processes: &[i32]) {
        let files = processes.iter().flat_map(|id| {
            let folder = format!("/proc/{id}/fd");
            std::fs::read_dir(Path::new(&folder)).into_iter().flatten().flatten()
        });
        for about in files.take(OPEN_FILES).filter_map(|entry| std::fs::metadata(entry.path()).ok()) {
            if about.is_file() && about.nlink() == 0 {
                self.add(&about);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(disk: u64, files: u64) -> BuildLimits {
        BuildLimits { disk, files, ..BuildLimits::default() }
    }

    #[test]
    fn what_is_on_disk_is_counted_once_and_deleted_files_with_it() {
        let dir = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(dir.path().join("in")).expect("made");
        std::fs::write(dir.path().join("in/a"), vec![1; 1 << 20]).expect("written");
        std::fs::hard_link(dir.path().join("in/a"), dir.path().join("b")).expect("linked");
        let lost = dir.path().join("lost");
        std::fs::write(&lost, vec![1; 2 << 20]).expect("written");
        let _open = std::fs::File::open(&lost).expect("open");
        std::fs::remove_file(&lost).expect("removed");
        let mut usage = Usage::default();
        usage.add_folders(&[dir.path().to_owned()], &limits(1 << 30, 100));
        assert_eq!((usage.files, usage.bytes >> 20), (3, 1));
        usage.add_deleted(&[i32::try_from(std::process::id()).expect("small")]);
        assert_eq!(usage.bytes >> 20, 3);
        for (disk, files, expect) in [
            (4 << 20, 100, None),
            (3 << 20, 100, Some("the build used more than 3 MB of disk and was stopped")),
            (4 << 20, 3, Some("the build made more than 3 files and was stopped")),
        ] {
            assert_eq!(usage.fault(&limits(disk, files)).as_deref(), expect);
        }
    }
}
