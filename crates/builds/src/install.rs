//! Which command brings the dependencies of a build.

use std::path::Path;

/// Package managers: the lock files that ask for one, the program, and its command.
const MANAGERS: [(&[&str], &str, &str); 3] = [
    (&["pnpm-lock.yaml"], "pnpm", "pnpm install --frozen-lockfile $PNPM_FLAGS"),
    (&["yarn.lock"], "yarn", "yarn install --frozen-lockfile $YARN_FLAGS"),
    (&["package-lock.json", "npm-shrinkwrap.json"], "npm", "npm ci $NPM_FLAGS"),
];
/// Without a lock file, or without the program that wrote it.
const OTHERWISE: &str = "npm install $NPM_FLAGS";

/// The command for the base directory at `folder`; none when it needs nothing, or has it.
pub(crate) fn install_command(folder: &Path) -> Option<&'static str> {
    choose(&|name| folder.join(name).exists(), &is_installed)
}

fn choose(there: &dyn Fn(&str) -> bool, installed: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    if !there("package.json") || there("node_modules") {
        return None;
    }
    let fits = |locks: &[&str], program: &str| locks.iter().any(|lock| there(lock)) && installed(program);
    let found = MANAGERS.iter().find(|(locks, program, _)| fits(locks, program));
    Some(found.map_or(OTHERWISE, |(_, _, command)| command))
}

/// Whether builds find the program.
fn is_installed(program: &str) -> bool {
    crate::environment::PATH.split(':').any(|folder| Path::new(folder).join(program).exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lock_file_chooses() {
        let check = |files: &[&str], programs: &[&str], expect: Option<&str>| {
            let chosen = choose(&|name| files.contains(&name), &|program| programs.contains(&program));
            assert_eq!(chosen, expect, "{files:?} {programs:?}");
        };
        let all = ["npm", "yarn", "pnpm"];
        check(&[], &all, None);
        check(&["index.html", "package-lock.json"], &all, None);
        check(&["package.json"], &all, Some("npm install $NPM_FLAGS"));
        check(&["package.json", "node_modules"], &all, None);
        check(&["package.json", "package-lock.json"], &all, Some("npm ci $NPM_FLAGS"));
        check(&["package.json", "npm-shrinkwrap.json"], &all, Some("npm ci $NPM_FLAGS"));
        check(&["package.json", "yarn.lock"], &all, Some("yarn install --frozen-lockfile $YARN_FLAGS"));
        check(&["package.json", "yarn.lock"], &["npm"], Some("npm install $NPM_FLAGS"));
        check(&["package.json", "pnpm-lock.yaml"], &all, Some("pnpm install --frozen-lockfile $PNPM_FLAGS"));
    }
}
