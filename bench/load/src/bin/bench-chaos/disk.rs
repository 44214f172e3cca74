//! The disk of the embedded database is full for a while, then there is room again; the server stays.

use crate::Options;
use crate::hammer::Hammer;
use crate::scene::Scene;
use crate::verdict::Verdict;
use anyhow::{Result, ensure};
use boathook_bench::Sink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

/// Size of the disk.
const DISK: usize = 192 << 20;
/// What is taken away from it.
const FILLER: usize = 170 << 20;
/// Requests that are refused until the disk counts as full.
const REFUSED: usize = 200;
/// How long it stays full from then on.
const FULL: Duration = Duration::from_secs(3);
/// Events that are accepted afterwards.
const AFTER: usize = 500;
/// Longest wait for clients to go on.
const PATIENCE: Duration = Duration::from_secs(180);
const HOOKS: usize = 2;

/// A file system in memory; dropping it takes it away.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path) -> Result<Self> {
        std::fs::create_dir_all(at)?;
        let size = format!("size={DISK}");
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "boathook-chaos"]).arg(at).status()?;
        ensure!(status.success(), "a small file system cannot be mounted");
        Ok(Self(at.to_owned()))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The server may still be ending.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// None without the right to mount.
pub(crate) async fn run(options: &Options, folder: &Path, sink: &Sink) -> Result<Option<Verdict>> {
    if !rustix::process::geteuid().is_root() {
        return Ok(None);
    }
    let folder = tempfile::Builder::new().prefix("disk-").tempdir_in(folder)?;
    let disk = Disk::mount(&folder.path().join("data"))?;
    let mut scene = Scene::set(options, folder.path(), sink, None, HOOKS).await?;
    let filler = disk.0.join("filler");
    std::fs::write(&filler, vec![7; FILLER])?;
    let hammer = Hammer::start(&scene);
    ensure!(hammer.until(PATIENCE, |it| it.repeated() >= REFUSED).await, "the disk does not get full");
    let accepted = hammer.answered();
    tokio::time::sleep(FULL).await;
    ensure!(scene.server.runs()?, "the server ended on a full disk:\n{}", scene.server.log()?);
    std::fs::remove_file(&filler)?;
    let began = Instant::now();
    let before = hammer.answered();
    ensure!(
        hammer.until(PATIENCE, |it| it.answered() > before).await,
        "nothing is accepted when there is room again:\n{}",
        scene.server.log()?
    );
    let recovery = began.elapsed();
    ensure!(
        hammer.until(PATIENCE, |it| it.answered() >= before + AFTER).await,
        "events are not accepted for long"
    );
    let told = hammer.stop().await;
    let name = format!("SQLite: disk full after {accepted}");
    Verdict::reach(name, &scene, sink, told, 1, recovery).await.map(Some)
}
