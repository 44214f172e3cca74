//! The real program: where it is, and running one of its commands to the end.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::SystemTime;

/// Names a program to test in place of the one of this build.
const NAMED: &str = "BOATHOOK_TEST_BIN";

/// A command that came to its end.
#[derive(Debug)]
pub struct Ended {
    /// Whether it said that all is well.
    pub success: bool,
    /// Both its outputs, one behind the other.
    pub output: String,
}

/// Runs `boathook` with these arguments to its end.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn program(arguments: &[&str]) -> Ended {
    let output = command().args(arguments).stdin(Stdio::null()).output().expect("the program can be started");
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    Ended { success: output.status.success(), output: text.concat() }
}

/// `boathook` without any setting of the caller's environment.
pub(crate) fn command() -> Command {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(PATH.get_or_init(path));
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if name.starts_with("BOATHOOK_") || name == "DATABASE_URL" {
            command.env_remove(name);
        }
    }
    command
}

/// The program that belongs to this test: the one the caller names, else the one of this build, which
/// Cargo brings up to date first, because it makes no programs for tests of other packages.
fn path() -> PathBuf {
    if let Some(path) = std::env::var_os(NAMED) {
        return path.into();
    }
    let test = std::env::current_exe().expect("a test is a file");
    let deps = test.parent().expect("a file is in a folder");
    let profile = deps.parent().expect("the folder is in the folder of a profile");
    let (path, stamp) = (profile.join("boathook"), profile.join("boathook.for-tests"));
    if !path.exists() || modified(&stamp) < modified(&test) {
        build(profile);
        std::fs::write(&stamp, "").expect("the target folder can be written");
    }
    path
}

/// When a file was last written; never, when it is not there.
fn modified(path: &Path) -> Option<SystemTime> {
    path.metadata().and_then(|found| found.modified()).ok()
}

fn build(profile: &Path) {
    let target = profile.parent().expect("profiles are in the target folder");
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command
        .args(["build", "--quiet", "--package", "boathook", "--bin", "boathook", "--target-dir"])
        .arg(target);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    let output = command.output().expect("cargo can be started");
    assert!(output.status.success(), "boathook was not built:\n{}", String::from_utf8_lossy(&output.stderr));
}
