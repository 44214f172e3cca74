//! Which commands bring the dependencies of a build, and which folders of programs come with them.

use serde_json::Value;
use std::path::{Path, PathBuf};

/// A package manager of Node: the lock files that ask for it, its program, and its command.
struct Manager {
    locks: &'static [&'static str],
    program: &'static str,
    command: &'static str,
    /// Whether corepack brings it where it is not installed.
    by_corepack: bool,
}

const MANAGERS: [Manager; 4] = [
    Manager {
        locks: &["bun.lock", "bun.lockb"],
        program: "bun",
        command: "bun install --frozen-lockfile $BUN_FLAGS",
        by_corepack: false,
    },
    Manager {
        locks: &["pnpm-lock.yaml"],
        program: "pnpm",
        command: "pnpm install --frozen-lockfile $PNPM_FLAGS",
        by_corepack: true,
    },
    Manager {
        locks: &["yarn.lock"],
        program: "yarn",
        command: "yarn install --frozen-lockfile $YARN_FLAGS",
        by_corepack: true,
    },
    Manager {
        locks: &["package-lock.json", "npm-shrinkwrap.json"],
        program: "npm",
        command: "npm ci $NPM_FLAGS",
        by_corepack: false,
    },
];
/// Yarn from version 2 on calls the option otherwise.
const BERRY: &str = "yarn install --immutable $YARN_FLAGS";
/// Without a lock file, or without the program that wrote it.
const OTHERWISE: &str = "npm install $NPM_FLAGS";
/// Puts the programs that corepack brings where builds find them.
const COREPACK: &str = r#"corepack enable --install-directory "$HOME/.local/bin" && "#;
/// Other languages: the file that asks, the program that is needed, and the command.
const OTHERS: [(&str, &str, &str); 3] = [
    (
        "requirements.txt",
        "python3",
        r#"python3 -m venv "$HOME/.venv" && "$HOME/.venv/bin/pip" install --disable-pip-version-check -r requirements.txt"#,
    ),
    ("Pipfile", "pipenv", "PIPENV_VENV_IN_PROJECT=1 pipenv install"),
    ("Gemfile", "bundle", "bundle config set --local path vendor/bundle && bundle install"),
];

/// What is to be done before the build command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// Commands for the base directory, in their order.
    pub(crate) commands: Vec<String>,
    /// What the log says beside.
    pub(crate) notices: Vec<String>,
}

/// The steps for the base directory at `folder` of the checkout at `repo`; whether its packages of
/// Node are `installed` already.
pub(crate) fn steps(repo: &Path, folder: &Path, installed: bool) -> Steps {
    let mut steps = Steps::default();
    if !installed {
        steps.commands.extend(node(repo, folder, &is_installed));
    }
    for (file, program, command) in OTHERS.iter().filter(|(file, ..)| folder.join(file).is_file()) {
        if is_installed(program) {
            steps.commands.push((*command).to_owned());
        } else {
            let notice = format!("There is a {file}, but this server has no {program}; it is left alone.");
            steps.notices.push(notice);
        }
    }
    steps
}

/// The command where the packages of just this lock file are there already, from the cache. `npm ci`
/// would throw them away; the others look at what is there, and all run the scripts of the site itself.
pub(crate) fn warm(command: &str) -> String {
    command.replace("npm ci ", "npm install --prefer-offline --no-audit --no-fund ")
}

/// Folders of programs that dependencies bring: those of the base directory and of each folder above
/// it, and those that installers put into the home.
pub(crate) fn programs(repo: &Path, folder: &Path, home: &Path) -> Vec<String> {
    let above = folder.ancestors().take_while(|path| path.starts_with(repo));
    let own = above.map(|path| path.join("node_modules/.bin"));
    let brought = [".local/bin", ".venv/bin"].map(|path| home.join(path));
    own.chain(brought).map(|path| path.to_string_lossy().into_owned()).collect()
}

/// The command for packages of Node; none when the folder needs nothing.
fn node(repo: &Path, folder: &Path, installed: &dyn Fn(&str) -> bool) -> Option<String> {
    if !folder.join("package.json").exists() {
        return None;
    }
    let root = workspace(repo, folder).unwrap_or_else(|| folder.to_owned());
    let found = MANAGERS.iter().find(|one| one.locks.iter().any(|lock| root.join(lock).exists()));
    let command = match found {
        Some(one) if installed(one.program) => command(one, &root).to_owned(),
        Some(one) if one.by_corepack && installed("corepack") => format!("{COREPACK}{}", command(one, &root)),
        _ => OTHERWISE.to_owned(),
    };
    Some(if root == folder { command } else { format!("cd '{}' && {command}", quoted(&root)) })
}

fn quoted(path: &Path) -> String {
    path.to_string_lossy().replace('\'', r"'\''")
}

fn command(manager: &Manager, root: &Path) -> &'static str {
    let wants = package(root)["packageManager"].as_str().unwrap_or_default().to_owned();
    let classic = wants.is_empty() || wants.starts_with("yarn@1.");
    let berry = manager.program == "yarn" && (root.join(".yarnrc.yml").exists() || !classic);
    if berry { BERRY } else { manager.command }
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

/// The version of Node that a site asks for, and where: a variable, or one of the usual files.
pub(crate) fn wanted_node(
    repo: &Path,
    folder: &Path,
    variable: Option<&str>,
) -> Option<(String, &'static str)> {
    if let Some(version) = variable.filter(|version| !version.is_empty()) {
        return Some((version.to_owned(), "NODE_VERSION"));
    }
    let places = [folder, repo].into_iter().flat_map(|at| [".nvmrc", ".node-version"].map(|name| (at, name)));
    places.into_iter().find_map(|(at, name)| {
        let file = at.join(name);
        // a link may lead to any file of the server's
        let text = file.symlink_metadata().ok()?.is_file().then(|| std::fs::read_to_string(file).ok())??;
        let line = text.lines().next()?.trim().to_owned();
        (!line.is_empty() && line.len() < 40).then_some((line, name))
    })
}

/// What the log says when the machine's Node, `has`, is of another major version than asked for.
pub(crate) fn other_node(wanted: &str, place: &str, has: &str) -> Option<String> {
    let major =
        |text: &str| text.trim_start_matches(['v', '=', '^', '~']).split('.').next().map(str::to_owned);
    let (asked, there) = (major(wanted)?, major(has.trim())?);
    let is_number = asked.parse::<u32>().is_ok();
    (is_number && asked != there).then(|| {
        format!("The site asks for Node {wanted} ({place}); this server has {}, which is used.", has.trim())
    })
}

/// Whether builds find the program.
fn is_installed(program: &str) -> bool {
    crate::environment::PATH.split(':').any(|folder| Path::new(folder).join(program).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A checkout with these files; a text may stand behind a colon.
    fn checkout(files: &[&str]) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().expect("a folder");
        for file in files {
            let (name, text) = file.split_once(':').unwrap_or((file, ""));
            let file = dir.path().join(name);
            std::fs::create_dir_all(file.parent().expect("a parent")).expect("made");
            std::fs::write(file, text).expect("written");
        }
        let repo = dir.path().to_owned();
        (dir, repo)
    }

    #[test]
    fn the_lock_file_chooses() {
        let check = |files: &[&str], programs: &[&str], expect: Option<&str>| {
            let (_dir, repo) = checkout(files);
            let chosen = node(&repo, &repo, &|program| programs.contains(&program));
            assert_eq!(chosen.as_deref(), expect, "{files:?} {programs:?}");
        };
        let all = ["npm", "yarn", "pnpm", "bun"];
        let corepack = |command: &str| format!("{COREPACK}{command}");
        let pnpm = "pnpm install --frozen-lockfile $PNPM_FLAGS";
        let yarn = "yarn install --frozen-lockfile $YARN_FLAGS";
        check(&[], &all, None);
        check(&["index.html", "package-lock.json"], &all, None);
        check(&["package.json"], &all, Some("npm install $NPM_FLAGS"));
        check(&["package.json", "package-lock.json"], &all, Some("npm ci $NPM_FLAGS"));
        check(&["package.json", "npm-shrinkwrap.json"], &all, Some("npm ci $NPM_FLAGS"));
        check(&["package.json", "yarn.lock"], &all, Some(yarn));
        check(&["package.json", "yarn.lock"], &["npm"], Some("npm install $NPM_FLAGS"));
        check(&["package.json", "yarn.lock"], &["npm", "corepack"], Some(&corepack(yarn)));
        check(&["package.json", "pnpm-lock.yaml"], &all, Some(pnpm));
        check(&["package.json", "pnpm-lock.yaml"], &["corepack"], Some(&corepack(pnpm)));
        check(&["package.json", "bun.lock"], &all, Some("bun install --frozen-lockfile $BUN_FLAGS"));
        check(&["package.json", "bun.lock"], &["corepack"], Some("npm install $NPM_FLAGS"));
        check(&["package.json", "yarn.lock", ".yarnrc.yml"], &all, Some(BERRY));
        let berry = r#"package.json:{"packageManager":"yarn@4.1.0"}"#;
        let classic = r#"package.json:{"packageManager":"yarn@1.22.0"}"#;
        check(&[berry, "yarn.lock"], &all, Some(BERRY));
        check(&[classic, "yarn.lock"], &all, Some(yarn));
    }

    #[test]
    fn a_workspace_is_installed_at_its_root() {
        let root = r#"package.json:{"workspaces":["web"]}"#;
        let (_dir, repo) = checkout(&[root, "package-lock.json", "web/package.json", "alone/package.json"]);
        let expect = format!("cd '{}' && npm ci $NPM_FLAGS", repo.display());
        assert_eq!(node(&repo, &repo.join("web"), &|_| true), Some(expect));
        let (_dir, repo) = checkout(&["package.json", "package-lock.json", "web/package.json"]);
        assert_eq!(node(&repo, &repo.join("web"), &|_| true).as_deref(), Some(OTHERWISE));
    }

    #[test]
    fn programs_of_the_site_come_from_every_folder_up_to_the_root() {
        let found = programs(Path::new("/w/repo"), Path::new("/w/repo/web"), Path::new("/w/home"));
        let expect = [
            "/w/repo/web/node_modules/.bin",
            "/w/repo/node_modules/.bin",
            "/w/home/.local/bin",
            "/w/home/.venv/bin",
        ];
        assert_eq!(found, expect);
    }

    #[test]
    fn another_node_than_asked_for_is_told() {
        let (_dir, repo) = checkout(&[".nvmrc:v18.2.0\n", "web/.node-version:22"]);
        let web = repo.join("web");
        assert_eq!(wanted_node(&repo, &web, None), Some(("22".into(), ".node-version")));
        assert_eq!(wanted_node(&repo, &repo, None), Some(("v18.2.0".into(), ".nvmrc")));
        assert_eq!(wanted_node(&repo, &repo, Some("16")), Some(("16".into(), "NODE_VERSION")));
        assert!(other_node("18", ".nvmrc", "v20.1.0\n").is_some_and(|said| said.contains("has v20.1.0")));
        for fine in ["20", "v20.9.9", "lts/*", "^20.1"] {
            assert_eq!(other_node(fine, ".nvmrc", "v20.1.0"), None, "{fine}");
        }
    }
}
