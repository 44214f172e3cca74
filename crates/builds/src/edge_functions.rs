//! Edge functions are not run by this server: a site that has some is told so, rather than deployed
//! without them.

use rules::config::Config;
use std::path::Path;

/// Where they are by default, from the base or package directory.
pub(crate) const FOLDER: &str = "netlify/edge-functions";
/// What a site is told whose build made some.
pub(crate) const MADE: &str =
    "the build made edge functions, which this server does not run; leave out what makes them";

/// What a site is told that has some of its own; none when it has none. `folder` is where they would
/// be, from the root of the repository.
pub(crate) fn refusal(repo: &Path, folder: &str, config: Option<&Config>) -> Option<String> {
    if config.is_some_and(|config| !config.edge_functions().is_empty()) {
        return Some(deploys::edge_functions_refusal("[[edge_functions]] of netlify.toml"));
    }
    has_files(&repo.join(folder)).then(|| deploys::edge_functions_refusal(&format!("`{folder}`")))
}

/// Whether something is in a folder.
pub(crate) fn has_files(folder: &Path) -> bool {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.into_iter().any(|entry| !entry.file_name().to_string_lossy().starts_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_found_in_the_file_and_in_the_folder() {
        let dir = tempfile::tempdir().expect("a folder");
        let ask = |toml: &str| refusal(dir.path(), FOLDER, Some(&Config::parse(toml).expect("it parses")));
        assert_eq!(ask("[build]\ncommand = \"x\""), None);
        let told = ask("[[edge_functions]]\npath = \"/\"\nfunction = \"x\"").unwrap_or_default();
        assert!(told.contains("remove [[edge_functions]] of netlify.toml"), "{told}");
        std::fs::create_dir_all(dir.path().join(FOLDER)).expect("a folder");
        std::fs::write(dir.path().join(FOLDER).join(".gitkeep"), "").expect("a file");
        assert_eq!(ask(""), None);
        std::fs::write(dir.path().join(FOLDER).join("x.ts"), "").expect("a file");
        assert!(ask("").unwrap_or_default().contains("remove `netlify/edge-functions`"));
        assert!(refusal(dir.path(), FOLDER, None).is_some());
    }
}
