//! Running other programs: cargo without this process's own cargo variables, and results as errors with the line to type.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::signals;

/// How often a waiting loop looks again.
pub const POLL: Duration = Duration::from_millis(50);

/// Cargo gives these to a program it runs. A cargo below us must not see them: build scripts that
/// watch them would run again, and half the workspace with them.
const LEAKED: [&str; 3] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"];

/// A cargo command in the given folder.
pub fn cargo(folder: &Path) -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(folder);
    for (name, _) in std::env::vars_os() {
        if LEAKED.iter().any(|prefix| starts_with(&name, prefix)) {
            command.env_remove(name);
        }
    }
    command
}

fn starts_with(name: &OsStr, prefix: &str) -> bool {
    name.as_encoded_bytes().starts_with(prefix.as_bytes())
}

/// Runs to the end with the terminal attached; a failure is an error that shows the line.
pub fn run(command: &mut Command) -> Result<()> {
    let line = line(command);
    let mut child = command.spawn().with_context(|| format!("cannot start `{line}`"))?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        if signals::stop_asked() {
            terminate(child.id());
        }
        std::thread::sleep(POLL);
    };
    if status.success() {
        return Ok(());
    }
    bail!("`{line}` ended with {status}")
}

fn terminate(pid: u32) {
    // SAFETY: a plain system call; the child has not been waited for, so the number is still its own.
    unsafe { libc::kill(pid.cast_signed(), libc::SIGTERM) };
}

/// Runs quietly; what it printed is part of the error when it fails.
pub fn quiet(command: &mut Command) -> Result<()> {
    output(command).map(drop)
}

/// Runs quietly and gives what it printed.
pub fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let done = command.stdin(Stdio::null()).output().with_context(|| format!("cannot start `{line}`"))?;
    if done.status.success() {
        return Ok(String::from_utf8_lossy(&done.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&done.stdout) + String::from_utf8_lossy(&done.stderr);
    bail!("`{line}` ended with {}:\n{}", done.status, said.trim())
}

fn line(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// The full path of a program on PATH.
pub fn which(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Whether this process may install packages and change users.
pub fn is_root() -> bool {
    // SAFETY: the call reads the process's own user id and cannot fail.
    unsafe { libc::geteuid() == 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_shows_the_line_and_what_was_said() {
        let error = output(Command::new("sh").args(["-c", "echo why; exit 3"])).unwrap_err().to_string();
        assert!(error.contains("sh -c") && error.contains("why") && error.contains('3'), "{error}");
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(&mut Command::new("boathook-no-such-program")).unwrap_err();
        assert!(format!("{error:#}").contains("boathook-no-such-program"));
    }

    #[test]
    fn programs_are_found_on_the_path() {
        assert!(which("sh").is_some_and(|file| file.ends_with("sh")));
        assert_eq!(which("boathook-no-such-program"), None);
    }

    #[test]
    fn cargo_below_us_does_not_see_our_package() {
        let command = cargo(Path::new("."));
        let removed = command.get_envs().any(|(name, value)| name == "CARGO_PKG_NAME" && value.is_none());
        let ours = std::env::var_os("CARGO_PKG_NAME").is_some();
        assert_eq!(removed, ours);
    }
}
