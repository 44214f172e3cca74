//! Runs one child process of a build: its output goes to the log line by line, and it does not
//! outlive the build, however the build ends.

use crate::ending;
use crate::failure::{Failure, Outcome};
use crate::lines::Lines;
use crate::log::Log;
use crate::sandbox::Cell;
use crate::strays::{self, Mark};
use std::collections::VecDeque;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// Lines kept for an error message.
const TAIL: usize = 20;
/// Bytes read at once.
const STEP: usize = 16 * 1024;
/// How long output may linger after the process is gone: something that left its group holds it.
const LINGER: Duration = Duration::from_secs(2);

/// What every process of a build shares.
#[derive(Clone)]
pub(crate) struct Watch {
    /// The build: its processes carry the id in their environment, where they can be found by it.
    pub(crate) build: String,
    /// Where output goes.
    pub(crate) log: Log,
    /// Cancelled when a person stops the build.
    pub(crate) stop: CancellationToken,
    /// When the build must be over.
    pub(crate) deadline: Instant,
    /// The limit that the deadline came from.
    pub(crate) limit: Duration,
    /// Whether a program of the server's own may have left something running.
    pub(crate) littered: Arc<AtomicBool>,
}

/// How a process ended.
#[derive(Clone, Copy, Debug)]
pub(crate) enum End {
    Exit(ExitStatus),
    Stopped,
    TimedOut,
}

/// How a process ended, and the last lines it printed.
pub(crate) struct Ended {
    pub(crate) status: End,
    pub(crate) tail: Vec<String>,
}

impl Watch {
    /// The exit status of a process that came to its own end.
    pub(crate) fn judge(&self, end: End) -> Outcome<ExitStatus> {
        match end {
            End::Exit(status) => Ok(status),
            End::Stopped => Err(Failure::Cancelled),
            End::TimedOut => Err(Failure::Build(format!(
                "the build took longer than {} and was stopped",
                words(self.limit)
            ))),
        }
    }

    /// Ends what the last program of the server's own left running: before the next one, which it could be
    /// taken for, and at the end of the build. What the site's commands do never waits for it.
    pub(crate) async fn tidy_up(&self) {
        if !self.littered.swap(false, Ordering::Relaxed) {
            return;
        }
        let build = self.build.clone();
        let search = tokio::task::spawn_blocking(move || strays::clear(Mark::Server, &build));
        if let Err(error) = search.await {
            tracing::error!(%error, build = self.build, "a search for processes broke off");
        }
    }

    /// Fails when the build was stopped or has no time left.
    pub(crate) fn check(&self) -> Outcome<()> {
        if self.stop.is_cancelled() {
            return self.judge(End::Stopped).map(|_| ());
        }
        if Instant::now() >= self.deadline {
            return self.judge(End::TimedOut).map(|_| ());
        }
        Ok(())
    }
}

/// A duration in the words of a log.
fn words(limit: Duration) -> String {
    match limit.as_secs() {
        0 => format!("{} milliseconds", limit.as_millis()),
        seconds if seconds % 60 == 0 => format!("{} minutes", seconds / 60),
        seconds => format!("{seconds} seconds"),
    }
}

/// Starts a process in a group of its own, which is killed when it is dropped.
///
/// # Errors
/// When it cannot be started.
pub(crate) fn start(mut command: Command, input: Stdio) -> std::io::Result<Child> {
    command.process_group(0).kill_on_drop(true).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn()
}

/// Runs a process of the server to its end, or kills it when the build is stopped or out of time.
/// Whatever way it ends, nothing that it started runs on.
///
/// # Errors
/// When it cannot be started.
pub(crate) async fn run(
    mut command: Command,
    section: &'static str,
    watch: &Watch,
) -> std::io::Result<Ended> {
    watch.tidy_up().await;
    command.env(Mark::Server.variable(), &watch.build);
    follow(start(command, Stdio::null())?, None, section, watch).await
}

/// Follows a process that was started to its end, as [`run`] does; `cell` is what it was started in.
///
/// # Errors
/// When the system does not tell how it ends.
pub(crate) async fn follow(
    mut child: Child,
    cell: Option<Arc<Cell>>,
    section: &'static str,
    watch: &Watch,
) -> std::io::Result<Ended> {
    let leash = Leash { build: watch.build.clone(), child: child.id(), cell };
    let out = child.stdout.take().map(|pipe| tokio::spawn(copy(pipe, watch.log.clone(), section, false)));
    let err = child.stderr.take().map(|pipe| tokio::spawn(copy(pipe, watch.log.clone(), section, true)));
    let status = wait(&mut child, watch, &leash).await?;
    leash.pull(watch).await?;
    let mut tail = Vec::new();
    for mut reader in err.into_iter().chain(out) {
        match tokio::time::timeout(LINGER, &mut reader).await {
            Ok(lines) => tail.extend(lines.unwrap_or_default()),
            Err(_) => reader.abort(),
        }
    }
    Ok(Ended { status, tail })
}

async fn wait(child: &mut Child, watch: &Watch, leash: &Leash) -> std::io::Result<End> {
    let end = tokio::select! {
        status = child.wait() => return status.map(End::Exit),
        () = watch.stop.cancelled() => End::Stopped,
        () = tokio::time::sleep_until(watch.deadline) => End::TimedOut,
    };
    leash.yank();
    child.kill().await?;
    Ok(end)
}

/// Holds a child and everything that it started, and lets none of it outlive the hold: also when the
/// build is dropped in the middle, as a server does that stops.
struct Leash {
    build: String,
    child: Option<u32>,
    /// Where the child was started, unless it is a program of the server's own.
    cell: Option<Arc<Cell>>,
}

impl Leash {
    /// Kills the child and what can be told to come from it.
    fn yank(&self) {
        let family = self.child.and_then(|id| i32::try_from(id).ok()).map(strays::family).unwrap_or_default();
        kill_group(self.child);
        ending::kill(family);
    }

    /// Kills whatever is left. Returns when nothing is of what a site's command started, which a control
    /// group knows better than a mark, and sooner.
    async fn pull(mut self, watch: &Watch) -> std::io::Result<()> {
        kill_group(self.child.take());
        let Some(cell) = self.cell.take() else {
            watch.littered.store(true, Ordering::Relaxed);
            return Ok(());
        };
        let build = self.build.clone();
        let clear = move || {
            if !cell.has_group() {
                strays::clear(Mark::Site, &build);
            }
            cell.clear();
        };
        tokio::task::spawn_blocking(clear).await.map_err(std::io::Error::other)
    }
}

impl Drop for Leash {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.yank();
            let build = std::mem::take(&mut self.build);
            let mark = if self.cell.is_some() { Mark::Site } else { Mark::Server };
            ending::aside(move || strays::clear(mark, &build));
        }
    }
}

/// Kills what is left of a child's process group.
fn kill_group(group: Option<u32>) {
    let Some(id) = group.and_then(|id| libc::pid_t::try_from(id).ok()).filter(|id| *id > 1) else { return };
    // SAFETY: `kill` takes two integers and touches no memory of this process. The number is that
    // of a child which was made the leader of a group of its own; a group keeps its number while
    // it has members, and for an empty one the call reports an error, which is what is wanted. In
    // the instant between the reaping of the leader and this call the number can be given to a new
    // process only after the kernel has gone through all others, and then only if that process
    // makes itself a leader too.
    unsafe {
        libc::kill(-id, libc::SIGKILL);
    }
}

/// Copies output into the log; its last lines.
async fn copy(mut pipe: impl AsyncRead + Unpin, log: Log, section: &'static str, error: bool) -> Vec<String> {
    let mut lines = Lines::default();
    let mut tail = VecDeque::new();
    let mut buffer = vec![0; STEP];
    // a pipe that cannot be read any more has ended
    while let Ok(read @ 1..) = pipe.read(&mut buffer).await {
        for line in lines.push(&buffer[..read]) {
            take(line, &log, section, error, &mut tail).await;
        }
    }
    if let Some(line) = lines.finish() {
        take(line, &log, section, error, &mut tail).await;
    }
    tail.into()
}

async fn take(line: String, log: &Log, section: &'static str, error: bool, tail: &mut VecDeque<String>) {
    if tail.len() == TAIL {
        tail.pop_front();
    }
    tail.push_back(line.clone());
    log.output(section, line, error).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_read_well() {
        for (limit, text) in
            [(300, "300 milliseconds"), (5000, "5 seconds"), (900_000, "15 minutes"), (90_000, "90 seconds")]
        {
            assert_eq!(words(Duration::from_millis(limit)), text);
        }
    }
}
