//! Which package manager installs the packages of Node, in which version, and by which command.

use super::bring::{self, Around, Version};
use super::{Stated, Step, Steps};
use crate::shell::quoted;
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// A package manager of Node.
#[derive(Debug, PartialEq, Eq)]
struct Manager {
    program: &'static str,
    /// The lock files that ask for it.
    locks: &'static [&'static str],
    /// What installs exactly what a lock file says.
    exactly: &'static str,
    /// What installs without one.
    freely: &'static str,
    /// The variable that asks for a version.
    variable: &'static str,
}

const MANAGERS: [Manager; 4] = [
    Manager {
        program: "bun",
        locks: &["bun.lock", "bun.lockb"],
        exactly: "bun install --frozen-lockfile $BUN_FLAGS",
        freely: "bun install $BUN_FLAGS",
        variable: "BUN_VERSION",
    },
    Manager {
        program: "pnpm",
        locks: &["pnpm-lock.yaml"],
        exactly: "pnpm install --frozen-lockfile $PNPM_FLAGS",
        freely: "pnpm install $PNPM_FLAGS",
        variable: "PNPM_VERSION",
    },
    Manager {
        program: "yarn",
        locks: &["yarn.lock"],
        exactly: "yarn install --frozen-lockfile $YARN_FLAGS",
        freely: "yarn install $YARN_FLAGS",
        variable: "YARN_VERSION",
    },
    NPM,
];
const NPM: Manager = Manager {
    program: "npm",
    locks: &["package-lock.json", "npm-shrinkwrap.json"],
    exactly: "npm ci $NPM_FLAGS",
    freely: "npm install $NPM_FLAGS",
    variable: "NPM_VERSION",
};
/// Yarn from version 2 on calls the option otherwise.
const BERRY: &str = "yarn install --immutable $YARN_FLAGS";
/// Where the packages of just this lock file are there already: `npm ci` would throw them away.
const WARM: &str = "npm install --prefer-offline --no-audit --no-fund $NPM_FLAGS";
/// Before pnpm installs where the packages are there already: it writes down where its store was, and
/// throws everything away that came from another. The store came along, to the home of this build.
const PNPM_MOVED: &str =
    r#"sed -i "s|\"storeDir\": \".*/home/|\"storeDir\": \"$HOME/|" node_modules/.modules.yaml"#;
/// What the log says when that cannot be done.
const PNPM_AGAIN: &str = "pnpm links all packages anew.";
/// The Yarn for a lock file that only 2 and newer write, where nobody says which.
const NEWER_YARN: &str = "4";
/// The pnpm that reads lock files of this version.
const PNPM_BY_LOCK: [(&str, &str); 3] = [("5.", "7"), ("6.", "8"), ("9.", "10")];
/// Bytes of a lock file that tell its version.
const HEAD: u64 = 4096;

/// How scripts and programs of a site's packages are run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Runner {
    /// Before the name of a script.
    pub(crate) script: &'static str,
    /// Before the name of a program.
    pub(crate) program: &'static str,
}

/// How the package manager of a folder of the checkout runs what its packages bring.
pub(crate) fn runner(repo: &Path, folder: &Path) -> Runner {
    let (manager, _) = of(&workspace(repo, folder).unwrap_or_else(|| folder.to_owned()));
    match manager.program {
        "yarn" => Runner { script: "yarn run", program: "yarn run" },
        "pnpm" => Runner { script: "pnpm run", program: "pnpm exec" },
        "bun" => Runner { script: "bun run", program: "bun x" },
        _ => Runner { script: "npm run", program: "npx" },
    }
}

/// What installs the packages of the base directory, or of the workspace that it belongs to; nothing
/// when it has none. `warm` says that the packages of just this lock file are there.
pub(super) fn steps(stated: &Stated<'_>, installed: &dyn Fn(&str) -> bool, warm: bool) -> Steps {
    if !stated.folder.join("package.json").exists() {
        return Steps::default();
    }
    let root = workspace(stated.repo, stated.folder).unwrap_or_else(|| stated.folder.to_owned());
    let (manager, locked) = of(&root);
    let at = |command: &str| match root == stated.folder {
        true => command.to_owned(),
        false => format!("cd {} && {command}", quoted(&root)),
    };
    let around = Around {
        home: stated.home,
        has_corepack: installed("corepack"),
        names_registry: stated.variable("NPM_CONFIG_REGISTRY").is_some()
            && stated.variable("COREPACK_NPM_REGISTRY").is_none(),
    };
    let version = version(manager, &root, stated);
    let bring = match &version {
        Version::Guess(_) if installed(manager.program) => None,
        version => bring::command(manager.program, version, &around),
    };
    let unchecked = bring::pins_digest(manager.program, &version) && !around.has_corepack;
    let notice = format!(
        "packageManager pins a digest of {}, which this server cannot check: it has no corepack.",
        manager.program
    );
    let install = match (manager.program, locked) {
        ("npm", true) if warm => WARM,
        ("yarn", true) if is_berry(&root) => BERRY,
        (_, true) => manager.exactly,
        (_, false) => manager.freely,
    };
    let mut commands: Vec<Step> = bring.into_iter().map(|command| Step::must(at(&command))).collect();
    if manager.program == "pnpm" && warm {
        commands.push(Step { command: at(PNPM_MOVED), otherwise: Some(PNPM_AGAIN.to_owned()) });
    }
    commands.push(Step::must(at(install)));
    Steps { commands, notices: Some(notice).filter(|_| unchecked).into_iter().collect() }
}

/// The manager of a folder, and whether a lock file of its own is there: as the lock file says, else
/// as `packageManager` does.
fn of(root: &Path) -> (&'static Manager, bool) {
    const ALL: &[Manager] = &MANAGERS;
    let pinned = pinned(root);
    let named = ALL.iter().find(|one| pinned.as_ref().is_some_and(|(name, _)| name == one.program));
    let has_lock = |one: &&Manager| one.locks.iter().any(|lock| root.join(lock).exists());
    if let Some(found) = named.filter(has_lock).or_else(|| ALL.iter().find(has_lock)) {
        return (found, true);
    }
    (named.unwrap_or(&NPM), false)
}

/// The version that is asked for, by the strongest word there is.
fn version(manager: &Manager, root: &Path, stated: &Stated<'_>) -> Version {
    let own = pinned(root).filter(|(name, _)| name == manager.program && name != NPM.program);
    if let Some((_, version)) = own {
        return Version::Pinned(version);
    }
    if let Some(version) = stated.variable(manager.variable) {
        return Version::Said(version.to_owned());
    }
    match manager.program {
        // that of a machine is of version 1
        "yarn" if is_berry(root) && !brings_yarn(root) => Version::Said(NEWER_YARN.to_owned()),
        "pnpm" => Version::Guess(pnpm(root).unwrap_or_default().to_owned()),
        _ => Version::Guess(String::new()),
    }
}

/// The pnpm that reads the lock file of a folder.
fn pnpm(root: &Path) -> Option<&'static str> {
    let head = head(&root.join("pnpm-lock.yaml"));
    let line = head.lines().find_map(|line| line.strip_prefix("lockfileVersion:"))?;
    let lock = line.trim().trim_matches(['\'', '"']);
    PNPM_BY_LOCK.iter().find(|(start, _)| lock.starts_with(start)).map(|(_, pnpm)| *pnpm)
}

/// Name and version of `packageManager`.
fn pinned(root: &Path) -> Option<(String, String)> {
    let text = package(root)["packageManager"].as_str()?.to_owned();
    let (name, version) = text.split_once('@')?;
    Some((name.to_owned(), version.to_owned()))
}

/// Whether the site is one of Yarn 2 or newer.
fn is_berry(root: &Path) -> bool {
    let newer = |(name, version): (String, String)| name == "yarn" && !version.starts_with("1.");
    pinned(root).map_or_else(
        || root.join(".yarnrc.yml").exists() || head(&root.join("yarn.lock")).contains("\n__metadata:"),
        newer,
    )
}

/// Whether the repository holds its own Yarn, which any other hands over to.
fn brings_yarn(root: &Path) -> bool {
    head(&root.join(".yarnrc.yml")).lines().any(|line| line.starts_with("yarnPath:"))
}

/// The beginning of a file of the checkout.
fn head(file: &Path) -> String {
    let mut text = String::new();
    let plain = file.symlink_metadata().is_ok_and(|about| about.is_file());
    if let Some(open) = plain.then(|| std::fs::File::open(file).ok()).flatten() {
        let mut bytes = Vec::new();
        // what cannot be read says nothing
        let _read = open.take(HEAD).read_to_end(&mut bytes);
        text = String::from_utf8_lossy(&bytes).into_owned();
    }
    text
}

/// The folder above that holds the lock of a workspace, of which `folder` is a member.
fn workspace(repo: &Path, folder: &Path) -> Option<PathBuf> {
    let locked =
        |path: &Path| MANAGERS.iter().any(|one| one.locks.iter().any(|lock| path.join(lock).exists()));
    if locked(folder) {
        return None;
    }
    let above = folder.ancestors().skip(1).take_while(|path| path.starts_with(repo));
    let is_root =
        |path: &&Path| path.join("pnpm-workspace.yaml").exists() || !package(path)["workspaces"].is_null();
    above.into_iter().filter(|path| locked(path)).find(is_root).map(Path::to_owned)
}

fn package(folder: &Path) -> Value {
    let text = std::fs::read(folder.join("package.json")).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}
