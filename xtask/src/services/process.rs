//! One server process: it ends when its guard is dropped, and also when this process dies without dropping anything.
//! Knows signals and log files, not which server it holds.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::shell;
use crate::signals;

/// How long a server may take to be usable; generous, because CI machines are shared.
pub const READY_LIMIT: Duration = Duration::from_secs(90);
/// After this a server that ignores its signal is killed.
const STOP_LIMIT: Duration = Duration::from_secs(10);
/// How much of a server's log an error shows.
const LOG_TAIL_LINES: usize = 20;

/// A running server.
pub struct Process {
    name: &'static str,
    child: Child,
    stop: libc::c_int,
    log: PathBuf,
}

impl Process {
    /// Starts `command` in a process group of its own (a Ctrl-C is for xtask, which then stops its
    /// servers in order) with its output in the file `log`. `stop` is the signal that ends it.
    pub fn start(
        name: &'static str,
        mut command: Command,
        stop: libc::c_int,
        log: PathBuf,
    ) -> Result<Process> {
        let out = File::create(&log).with_context(|| format!("cannot create {}", log.display()))?;
        command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(out).process_group(0);
        // SAFETY: between fork and exec only prctl is called, which is async-signal-safe.
        unsafe { command.pre_exec(move || end_with_parent(stop)) };
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        Ok(Process { name, child, stop, log })
    }

    /// Waits until `ready` says yes.
    pub fn wait_until(&mut self, mut ready: impl FnMut() -> bool) -> Result<()> {
        let deadline = Instant::now() + READY_LIMIT;
        while !ready() {
            self.check_alive()?;
            if signals::stop_asked() {
                bail!("stopped while {} was starting", self.name);
            }
            if Instant::now() > deadline {
                bail!("{} was not ready after {READY_LIMIT:?}:\n{}", self.name, self.log_tail());
            }
            std::thread::sleep(shell::POLL);
        }
        Ok(())
    }

    /// Fails with the end of the log when the server has ended by itself.
    pub fn check_alive(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended with {status}:\n{}", self.name, self.log_tail()),
        }
    }

    /// The last lines the server wrote.
    pub fn log_tail(&self) -> String {
        let text = std::fs::read(&self.log).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_TAIL_LINES)..].join("\n")
    }

    fn signal(&self, signal: libc::c_int) {
        // SAFETY: a plain system call; the child has not been waited for, so the number is still its own.
        unsafe { libc::kill(self.child.id().cast_signed(), signal) };
    }

    fn ended(&mut self) -> bool {
        !matches!(self.child.try_wait(), Ok(None))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if self.ended() {
            return;
        }
        self.signal(self.stop);
        let deadline = Instant::now() + STOP_LIMIT;
        while !self.ended() && Instant::now() < deadline {
            std::thread::sleep(shell::POLL);
        }
        if !self.ended() {
            self.signal(libc::SIGKILL);
            // The kernel ends it; waiting only collects the status, so a failure changes nothing.
            let _ = self.child.wait();
        }
    }
}

fn end_with_parent(signal: libc::c_int) -> std::io::Result<()> {
    // SAFETY: sets an attribute of the calling process and touches no memory.
    match unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, signal) } {
        0 => Ok(()),
        _ => Err(std::io::Error::last_os_error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell_process(script: &str) -> (tempfile::TempDir, Process) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        let log = folder.path().join("log");
        (folder, Process::start("the script", command, libc::SIGTERM, log).unwrap())
    }

    fn exists(pid: u32) -> bool {
        std::path::Path::new(&format!("/proc/{pid}")).exists()
    }

    #[test]
    fn dropping_the_guard_ends_the_process() {
        let (_folder, process) = shell_process("exec sleep 600");
        let pid = process.child.id();
        assert!(exists(pid));
        drop(process);
        assert!(!exists(pid));
    }

    #[test]
    fn a_process_that_ends_early_shows_its_log() {
        let (_folder, mut process) = shell_process("echo the reason; exit 4");
        let error = process.wait_until(|| false).unwrap_err().to_string();
        assert!(error.contains("the reason") && error.contains('4'), "{error}");
    }

    #[test]
    fn readiness_ends_the_wait() {
        let (_folder, mut process) = shell_process("echo ready; exec sleep 600");
        let log = process.log.clone();
        process.wait_until(|| std::fs::read_to_string(&log).is_ok_and(|text| text == "ready\n")).unwrap();
    }
}
