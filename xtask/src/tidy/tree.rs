//! Packages that must not come back into the dependency tree through a feature of some other package.

use anyhow::Result;

use super::Violation;
use super::config::Tree;
use crate::shell;
use crate::workspace::Workspace;

/// Asks cargo for the packages that are really built.
pub fn check(workspace: &Workspace, tree: &Tree) -> Result<Vec<Violation>> {
    let mut cargo = workspace.cargo();
    cargo.args(["tree", "--workspace", "--edges", "normal,build,dev", "--prefix", "none", "--format", "{p}"]);
    Ok(refused(tree, &shell::output(&mut cargo)?))
}

fn refused(tree: &Tree, listing: &str) -> Vec<Violation> {
    let is_listed = |name: &str| listing.lines().any(|line| line.split(' ').next() == Some(name));
    let found = tree.refused.iter().filter(|name| is_listed(name));
    found
        .map(|name| {
            let advice =
                format!("`{name}` is in the tree; `cargo tree -i {name}` shows which feature brings it");
            Violation::new("Cargo.toml", 1, "tree", advice)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_package_is_found_by_its_whole_name() {
        let tree = Tree { refused: vec!["aws-lc-sys".to_owned()] };
        assert_eq!(refused(&tree, "ring v0.17.0\naws-lc-sys v0.30.0 (*)\n").len(), 1);
        assert_eq!(refused(&tree, "ring v0.17.0\naws-lc-sys-not v0.30.0\n"), []);
    }
}
