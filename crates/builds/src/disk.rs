//! Room on the disk, looked at before a build begins: one that fills the disk half-way fails itself and
//! everything else on the machine.

use crate::cache;
use crate::failure::{Failure, Outcome};
use crate::workspace::blocking;
use context::BuildPolicy;
use rustix::fs::statvfs;
use std::io::Result;
use std::path::Path;

/// Fails when less than the reserve is free where builds work. Caches are thrown away before that.
pub(crate) async fn check(policy: &BuildPolicy) -> Outcome<()> {
    let (folder, reserve) = (policy.work_dir.clone(), policy.queue.disk_reserve);
    let free = blocking(move || {
        let mut left = free(&folder)?;
        if left < reserve && cache::remove_all(&folder)? {
            left = free(&folder)?;
        }
        Ok(left)
    });
    judge(free.await?, reserve)
}

fn judge(free: u64, reserve: u64) -> Outcome<()> {
    if free >= reserve {
        return Ok(());
    }
    let (free, reserve) = (free >> 20, reserve >> 20);
    Err(Failure::Build(format!(
        "the server's disk has {free} MB left, and builds begin only while {reserve} MB are free; make room, \
         then start the build again"
    )))
}

/// Bytes that may still be written below a folder, which need not be there yet.
fn free(folder: &Path) -> Result<u64> {
    let there = folder.ancestors().find(|folder| folder.exists()).unwrap_or(folder);
    let about = statvfs(there)?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_begins_while_the_reserve_is_free() {
        assert!(judge(1 << 30, 1 << 30).is_ok() && judge(0, 0).is_ok());
        let why = match judge((1 << 30) - 1, 1 << 30) {
            Err(Failure::Build(why)) => why,
            other => panic!("{other:?}"),
        };
        assert!(why.contains("1023 MB left") && why.contains("while 1024 MB are free"), "{why}");
    }

    #[test]
    fn the_disk_of_a_folder_that_is_not_there_yet_is_measured() {
        assert!(free(Path::new("/tmp/none/at/all")).expect("measured") > 0);
    }
}
