//! Programs the tests need from the machine: found, or installed with apt by root, or an error with the line to type.

use std::path::Path;
use std::process::Command;
use std::sync::Once;

use anyhow::{Context, Result, bail};

use crate::shell;
use crate::step::{note, step};

static UPDATE: Once = Once::new();

/// Makes sure that `found` holds, installing the Debian packages when this is root on a machine with apt.
pub fn need(what: &str, packages: &[&str], found: impl Fn() -> bool) -> Result<()> {
    if found() {
        return Ok(());
    }
    let line = format!("apt-get install -y --no-install-recommends {}", packages.join(" "));
    if !shell::is_root() || shell::which("apt-get").is_none() {
        bail!("{what} is missing; type: sudo {line}");
    }
    step(&format!("installing {what} ({line})"), || install(packages))?;
    if found() {
        return Ok(());
    }
    bail!("{what} is still missing after `{line}`")
}

fn install(packages: &[&str]) -> Result<()> {
    UPDATE.call_once(|| {
        // A list that is a little old often still works, so the install itself is the judge.
        if let Err(error) = shell::quiet(apt().arg("update")) {
            note(&format!("apt-get update failed, trying with the lists as they are: {error:#}"));
        }
    });
    shell::quiet(apt().args(["install", "-y", "--no-install-recommends"]).args(packages))
}

fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive");
    command
}

/// The ACME authority of the tests.
pub const PEBBLE: &str = "pebble";

/// `git`, `git-lfs` and `bwrap` for builds, `npm` for clients, Pebble for certificates, Python for the S3 server and for the second opinion on tokens.
pub fn machine() -> Result<()> {
    need("git", &["git", "ca-certificates"], || shell::which("git").is_some())?;
    need("Git LFS", &["git-lfs"], || shell::which("git-lfs").is_some())?;
    need("bubblewrap", &["bubblewrap"], || shell::which("bwrap").is_some())?;
    need("Python 3 with venv", &["python3", "python3-venv"], has_venv)?;
    need("Pebble, the ACME server for tests,", &["pebble"], || shell::which(PEBBLE).is_some())?;
    need("npm", &["npm"], || shell::which("npm").is_some())
}

/// Ruby and Go for the consumers of notifications in `examples/verify`, Hugo for builds of a site.
pub fn languages() -> Result<()> {
    let packages = ["ruby", "ruby-sinatra", "ruby-jwt", "ruby-webrick"];
    need("Ruby with Sinatra, jwt and webrick", &packages, has_sinatra)?;
    need("Go", &["golang-go"], || shell::which("go").is_some())?;
    need("Hugo", &["hugo"], || shell::which("hugo").is_some())
}

fn has_sinatra() -> bool {
    let load = ["-e", "require 'sinatra/base'; require 'jwt'; require 'webrick'"];
    shell::which("ruby").is_some() && shell::quiet(Command::new("ruby").args(load)).is_ok()
}

fn has_venv() -> bool {
    shell::quiet(Command::new("python3").args(["-c", "import venv, ensurepip"])).is_ok()
}

/// A version that builds with the Rust of this workspace; any version that is there is taken.
const NEXTEST: &str = "0.9.143";

/// `cargo nextest`, built from source when it is not there.
pub fn nextest(cargo: impl Fn() -> Command) -> Result<()> {
    if shell::quiet(cargo().args(["nextest", "--version"])).is_ok() {
        return Ok(());
    }
    step("installing cargo-nextest from source (once, several minutes)", || {
        let mut install = cargo();
        install.args(["install", "cargo-nextest", "--version", NEXTEST, "--locked", "--quiet"]);
        // Unoptimised it builds in a fraction of the time, and its own work is small; it need not update itself.
        install.args(["--debug", "--no-default-features", "--features", "default-no-update"]);
        shell::run(&mut install)
    })
}

/// A folder with what `requirements.txt` names, made anew when that file changes. Gives the folder.
pub fn venv(target: &Path, requirements: &str) -> Result<std::path::PathBuf> {
    let folder = target.join("test-venv");
    let stamp = folder.join("boathook-requirements.txt");
    if std::fs::read_to_string(&stamp).is_ok_and(|installed| installed == requirements) {
        return Ok(folder);
    }
    step("installing the Python packages of the tests", || {
        remove(&folder)?;
        shell::quiet(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        let list = folder.join("wanted.txt");
        std::fs::write(&list, requirements)?;
        let mut pip = Command::new(folder.join("bin/python"));
        pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--only-binary=:all:", "-r"]);
        shell::quiet(pip.arg(&list))?;
        std::fs::rename(&list, &stamp).context("cannot mark the Python packages as installed")
    })?;
    Ok(folder)
}

/// Removes a folder that may not exist.
pub fn remove(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_there_is_not_installed() {
        need("a thing", &["boathook-no-such-package"], || true).unwrap();
    }

    #[test]
    fn a_venv_with_the_right_stamp_is_kept() {
        let target = tempfile::tempdir().unwrap();
        let folder = target.path().join("test-venv");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("boathook-requirements.txt"), "a==1").unwrap();
        std::fs::write(folder.join("kept"), "").unwrap();
        assert_eq!(venv(target.path(), "a==1").unwrap(), folder);
        assert!(folder.join("kept").exists());
    }

    #[test]
    fn removing_nothing_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        remove(&folder.path().join("absent")).unwrap();
    }
}
