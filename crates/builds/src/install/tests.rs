//! What is run for which files, variables and programs.

use super::languages::{judged, packages_of};
use super::{Stated, Step, managers, node, programs};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// Commands for a checkout's root on a machine with these programs; variables look like `A=b`.
fn commands(files: &[&str], programs: &[&str], variables: &[&str], warm: bool) -> Vec<String> {
    let (_dir, repo) = checkout(files);
    let pairs = variables.iter().filter_map(|pair| pair.split_once('='));
    let environment = pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let stated = Stated { repo: &repo, folder: &repo, home: &repo, environment: &environment };
    let steps = managers::steps(&stated, &|program| programs.contains(&program), warm);
    steps.commands.into_iter().map(|step| step.command).collect()
}

const NPM_BRINGS: &str = r#"npm install --global --prefix "$HOME/.local" --globalconfig "$(npm config get globalconfig)" --prefer-offline --no-audit --no-fund --loglevel=error "#;
const COREPACK: &str = r#"mkdir -p "$HOME/.local/bin" && corepack enable --install-directory "$HOME/.local/bin" && corepack install"#;

#[test]
fn the_lock_file_chooses_and_the_machines_program_will_do() {
    let all = ["npm", "yarn", "pnpm", "bun"];
    for (files, expect) in [
        (&["index.html", "package-lock.json"][..], None),
        (&["package.json"], Some("npm install $NPM_FLAGS")),
        (&["package.json", "package-lock.json"], Some("npm ci $NPM_FLAGS")),
        (&["package.json", "npm-shrinkwrap.json"], Some("npm ci $NPM_FLAGS")),
        (&["package.json", "yarn.lock"], Some("yarn install --frozen-lockfile $YARN_FLAGS")),
        (&["package.json", "pnpm-lock.yaml"], Some("pnpm install --frozen-lockfile $PNPM_FLAGS")),
        (&["package.json", "bun.lock"], Some("bun install --frozen-lockfile $BUN_FLAGS")),
        (&["package.json", "bun.lockb"], Some("bun install --frozen-lockfile $BUN_FLAGS")),
        (
            &["package.json", "yarn.lock", ".yarnrc.yml:yarnPath: .yarn/releases/yarn-4.1.0.cjs"],
            Some("yarn install --immutable $YARN_FLAGS"),
        ),
    ] {
        let expect: Vec<String> = expect.into_iter().map(str::to_owned).collect();
        assert_eq!(commands(files, &all, &[], false), expect, "{files:?}");
    }
    let warm = commands(&["package.json", "package-lock.json"], &all, &[], true);
    assert_eq!(warm, ["npm install --prefer-offline --no-audit --no-fund $NPM_FLAGS"]);
    let warm = commands(&["package.json", "pnpm-lock.yaml"], &all, &[], true);
    assert!(warm[0].contains("storeDir") && warm[1].starts_with("pnpm install"), "{warm:?}");
}

#[test]
fn a_program_that_is_missing_or_of_another_version_is_brought() {
    let npm = |package: &str| format!("{NPM_BRINGS}{package}");
    let mirror = COREPACK
        .replace("corepack install", "COREPACK_NPM_REGISTRY=\"$NPM_CONFIG_REGISTRY\" corepack install");
    let pinned = r#"package.json:{"packageManager":"pnpm@9.1.0+sha512.ab"}"#;
    let berry = r#"package.json:{"packageManager":"yarn@4.1.0"}"#;
    let newer = "yarn.lock:# a comment\n\n__metadata:\n  version: 8\n";
    for (files, programs, variables, expect) in [
        (&["package.json", "yarn.lock"][..], &["npm"][..], &[][..], npm("yarn@1")),
        (&["package.json", "bun.lock"], &["npm"], &[], npm("bun")),
        (&["package.json", "bun.lock"], &["npm"], &["BUN_VERSION=1.2.0"], npm("bun@1.2.0")),
        (&["package.json", "pnpm-lock.yaml"], &["npm"], &[], npm("pnpm")),
        (&["package.json", "pnpm-lock.yaml:lockfileVersion: 5.4\n"], &["npm"], &[], npm("pnpm@7")),
        (&["package.json", "pnpm-lock.yaml:lockfileVersion: '6.0'\n"], &["npm"], &[], npm("pnpm@8")),
        (&["package.json", "pnpm-lock.yaml:lockfileVersion: '9.0'\n"], &["npm"], &[], npm("pnpm@10")),
        (&["package.json", "pnpm-lock.yaml"], &["pnpm"], &["PNPM_VERSION=8"], npm("pnpm@8")),
        (&["package.json", "yarn.lock"], &["yarn"], &["YARN_VERSION=1.22.19"], npm("yarn@1.22.19")),
        (&["package.json", "package-lock.json"], &["npm"], &["NPM_VERSION=10"], npm("npm@10")),
        (&["package.json", newer], &["yarn", "corepack"], &[], npm("@yarnpkg/cli-dist@4")),
        (&[berry, newer], &["yarn"], &[], npm("@yarnpkg/cli-dist@4.1.0")),
        (&[berry, newer], &["yarn", "corepack"], &[], npm("@yarnpkg/cli-dist@4.1.0")),
        (&[pinned, "pnpm-lock.yaml"], &["pnpm", "corepack"], &[], COREPACK.to_owned()),
        (&[pinned], &["corepack"], &["NPM_CONFIG_REGISTRY=http://r"], mirror),
        (
            &[pinned],
            &["corepack"],
            &["NPM_CONFIG_REGISTRY=http://r", "COREPACK_NPM_REGISTRY=http://c"],
            COREPACK.to_owned(),
        ),
        (&[pinned, "pnpm-lock.yaml"], &["npm"], &[], npm("pnpm@9.1.0")),
    ] {
        let found = commands(files, programs, variables, false);
        assert_eq!((found.len(), &found[0]), (2, &expect), "{files:?} {programs:?} {variables:?}");
    }
    let found = commands(&["package.json", "bun.lock"], &["npm"], &["BUN_VERSION=1; rm -rf /"], false);
    assert_eq!(found.len(), 1, "that is no version: {found:?}");
    assert_eq!(commands(&[pinned], &["pnpm"], &[], false)[1], "pnpm install $PNPM_FLAGS");
    assert_eq!(commands(&[berry, newer], &[], &[], false)[1], "yarn install --immutable $YARN_FLAGS");
}

#[test]
fn a_workspace_is_installed_at_its_root() {
    let environment = BTreeMap::new();
    let of = |repo: &Path, folder: &str| {
        let folder = repo.join(folder);
        let stated = Stated { repo, folder: &folder, home: repo, environment: &environment };
        managers::steps(&stated, &|_| true, false).commands.remove(0).command
    };
    let root = r#"package.json:{"workspaces":["web"]}"#;
    let (_dir, repo) = checkout(&[root, "package-lock.json", "web/package.json", "alone/package.json"]);
    assert_eq!(of(&repo, "web"), format!("cd '{}' && npm ci $NPM_FLAGS", repo.display()));
    let (_dir, repo) = checkout(&["package.json", "package-lock.json", "web/package.json"]);
    assert_eq!(of(&repo, "web"), "npm install $NPM_FLAGS");
}

#[test]
fn programs_of_the_site_come_from_every_folder_up_to_the_root() {
    let found = programs(Path::new("/w/repo"), Path::new("/w/repo/web"), Path::new("/w/home"));
    let expect = [
        "/w/repo/web/node_modules/.bin",
        "/w/repo/node_modules/.bin",
        "/w/home/.local/node/node_modules/.bin",
        "/w/home/.local/bin",
        "/w/home/.venv/bin",
    ];
    assert_eq!(found, expect);
}

#[test]
fn a_node_of_another_major_version_is_brought_and_may_be_missing() {
    let step = |files: &[&str], variable: Option<&str>| {
        let (_dir, repo) = checkout(files);
        let environment =
            variable.map(|value| ("NODE_VERSION".to_owned(), value.to_owned())).into_iter().collect();
        let folder = repo.join("web");
        std::fs::create_dir_all(&folder).expect("made");
        node::step(
            &Stated { repo: &repo, folder: &folder, home: &repo, environment: &environment },
            "v20.1.0",
        )
    };
    let ends = |step: Option<Step>, expect: &str, said: &str| {
        let step = step.expect("a step");
        assert!(step.command.ends_with(expect), "{}", step.command);
        assert!(step.otherwise.as_deref().is_some_and(|text| text.contains(said)), "{:?}", step.otherwise);
    };
    ends(step(&[".nvmrc:v18.2.0\n"], None), "@18.2.0 npm@10", "Node v18.2.0 (.nvmrc)");
    ends(step(&[".nvmrc:v18\n", "web/.node-version:22"], None), "@18 npm@10", "(.nvmrc)");
    ends(step(&["web/.node-version:22"], None), "@22", "(.node-version)");
    ends(step(&[".nvmrc:v18\n"], Some("16")), "@16 npm@9", "Node 16 (NODE_VERSION)");
    ends(step(&[], Some("^22.1 || 24")), "@22", "v20.1.0, is used");
    let brought = format!(".local/node/node_modules/node-linux-{}/package.json", arch());
    let has = |version: &str| format!("{brought}:{{\"version\":\"v{version}\"}}");
    assert_eq!(step(&[&has("18.20.8")], Some("18")), None, "an earlier build brought it");
    ends(step(&[&has("18.20.8")], Some("18.2")), "@18.2 npm@10", "Node 18.2");
    for fine in ["20", "v20.9.9", "lts/*", "^20.1", "latest", ""] {
        assert_eq!(step(&[], Some(fine)), None, "{fine}");
    }
}

#[test]
fn versions_of_the_machine_that_differ_are_told_with_a_cure() {
    for (name, wanted, has, expect) in [
        ("Python", "3.11", Some("Python 3.11.2"), None),
        ("Python", "3", Some("Python 3.11.2"), None),
        ("Python", "python-3.8", Some("Python 3.11.2"), Some("this server has Python 3.11.2, which is used")),
        ("Ruby", "3.1.2", Some("ruby 3.1.4p20 (2022)"), None),
        ("Ruby", "ruby-3.3", Some("ruby 3.1.4p20 (2022)"), Some("asks for Ruby ruby-3.3 (RUBY_VERSION)")),
        ("Go", "1.22", Some("go version go1.19.8 linux/amd64"), Some("asks for Go 1.22")),
        ("Hugo", "0.111.3", Some("hugo v0.111.3-5d4eb5+extended"), None),
        ("Hugo", "latest", Some("hugo v0.111.3-5d4eb5+extended"), None),
        ("PHP", "8.2", None, Some("its operator can install it: apt-get install php-cli")),
    ] {
        let said = judged(name, wanted, has);
        match expect {
            None => assert_eq!(said, None, "{name} {wanted}"),
            Some(expect) => assert!(said.as_deref().is_some_and(|said| said.contains(expect)), "{said:?}"),
        }
    }
}

#[test]
fn packages_of_other_languages_are_brought_by_their_own_programs() {
    let of = |files: &[&str], programs: &[&str]| {
        let (_dir, repo) = checkout(files);
        let environment = BTreeMap::new();
        packages_of(&Stated { repo: &repo, folder: &repo, home: &repo, environment: &environment }, programs)
    };
    let (commands, notices) = of(&["requirements.txt", "Pipfile", "Gemfile"], &["python3", "bundle"]);
    assert_eq!((commands.len(), notices.len()), (2, 0), "a Pipfile beside requirements.txt is left alone");
    assert!(
        commands[0].ends_with("-r requirements.txt") && commands[1].ends_with("bundle install"),
        "{commands:?}"
    );
    let (commands, notices) = of(&["Gemfile", "composer.json"], &["python3"]);
    assert!(commands.is_empty(), "{commands:?}");
    assert_eq!(
        notices,
        [
            "There is a Gemfile, but this server has no bundle, so that it is left alone; its operator can install it: apt-get install ruby-bundler ruby-dev build-essential",
            "There is a composer.json, but this server has no composer, so that it is left alone; its operator can install it: apt-get install composer",
        ]
    );
    assert!(of(&["Pipfile"], &["python3"]).0[0].contains("pipenv\" install"));
}

fn arch() -> &'static str {
    if std::env::consts::ARCH == "x86_64" { "x64" } else { "arm64" }
}

#[test]
fn what_an_earlier_build_brought_is_not_brought_again() {
    let has = |package: &str, version: &str| {
        format!(".local/lib/node_modules/{package}/package.json:{{\"version\":\"{version}\"}}")
    };
    let lock = "pnpm-lock.yaml:lockfileVersion: '9.0'\n";
    for (there, variable, brought) in [
        (has("pnpm", "10.34.9"), "", false),
        (has("pnpm", "10.34.9"), "PNPM_VERSION=10.34.9", false),
        (has("pnpm", "10.34.9"), "PNPM_VERSION=10.3", true),
        (has("pnpm", "9.1.0"), "", true),
        (has("pnpm", "100.0.0"), "", true),
        (has("yarn", "10.0.0"), "", true),
        (".local/lib/node_modules/pnpm/package.json:no JSON".to_owned(), "", true),
    ] {
        let found = commands(&["package.json", lock, &there], &["npm"], &[variable], false);
        assert_eq!(found.len(), 1 + usize::from(brought), "{there} {variable} {found:?}");
    }
    assert_eq!(commands(&["package.json", "bun.lock", &has("bun", "1.4.5")], &[], &[], false).len(), 1);
}

#[test]
fn a_digest_that_cannot_be_checked_is_told() {
    let notices = |pinned: &str, programs: &[&str]| {
        let package = format!("package.json:{{\"packageManager\":\"{pinned}\"}}");
        let (_dir, repo) = checkout(&[&package]);
        let environment = BTreeMap::new();
        let stated = Stated { repo: &repo, folder: &repo, home: &repo, environment: &environment };
        managers::steps(&stated, &|program| programs.contains(&program), false).notices
    };
    let told = notices("pnpm@9.1.0+sha512.ab", &["npm"]);
    assert!(told.len() == 1 && told[0].contains("it has no corepack"), "{told:?}");
    assert!(notices("pnpm@9.1.0+sha512.ab", &["corepack"]).is_empty());
    assert!(notices("pnpm@9.1.0", &["npm"]).is_empty());
}
