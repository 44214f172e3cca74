//! What about the machine matters for the figures: cores, neighbours, and the price of a flush.

use crate::figures::{Spread, millis};
use anyhow::{Context as _, Result, ensure};
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

/// Flushes to take the median of.
const FLUSHES: usize = 40;

/// A few lines for the top of a report.
///
/// # Errors
/// When the folder cannot be written.
pub fn header(title: &str, folder: &Path) -> Result<String> {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let flush = flush_ms(folder)?;
    let (model, load) = (cpu_model(), load_average());
    Ok(format!(
        "{title}\nmachine: {cores} cores, {model}; load average {load}; write and fdatasync of 4 kB {flush:.2} ms (median)"
    ))
}

fn cpu_model() -> String {
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let line = info.lines().find(|line| line.starts_with("model name"));
    line.and_then(|line| line.split_once(": ")).map_or("unknown processor", |(_, name)| name).to_owned()
}

fn load_average() -> String {
    let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split(' ').take(3).collect::<Vec<_>>().join(" ")
}

/// The load average of the last minute.
#[must_use]
pub fn load_now() -> f64 {
    load_average().split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
}

fn flush_ms(folder: &Path) -> Result<f64> {
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    let mut once = || -> Result<f64> {
        let began = Instant::now();
        file.write_all(&[7; 4096])?;
        file.as_file().sync_data()?;
        Ok(millis(began.elapsed()))
    };
    let times = (0..FLUSHES).map(|_| once()).collect::<Result<Vec<_>>>()?;
    Ok(Spread::new(times).median())
}

/// Writes everything back that earlier measurements left in memory, so that no measurement pays for
/// another's.
///
/// # Errors
/// When `sync` cannot be run.
pub fn settle_disk(folder: &Path) -> Result<()> {
    let status = Command::new("sync").arg("--file-system").arg(folder).status().context("cannot run sync")?;
    ensure!(status.success(), "sync failed");
    Ok(())
}
