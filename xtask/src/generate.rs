//! The reference in docs/reference is written by the product itself; this writes it anew or compares it.
//! Knows where it belongs, not what is in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::shell;
use crate::step::{note, step};
use crate::workspace::Workspace;

const REFERENCE: &str = "docs/reference";

/// Writes the reference, or with `check` fails when the committed files differ from the code.
pub fn run(workspace: &Workspace, check: bool) -> Result<()> {
    let committed = workspace.root.join(REFERENCE);
    if !check {
        return step("writing docs/reference", || write(workspace, &committed));
    }
    let fresh = tempfile::tempdir()?;
    step("writing the reference to compare with", || write(workspace, fresh.path()))?;
    let differences = compare(&files(&committed)?, &files(fresh.path())?);
    for difference in &differences {
        note(&format!("{REFERENCE}/{difference}"));
    }
    match differences.len() {
        0 => Ok(()),
        count => {
            bail!("{count} files of {REFERENCE} differ from the code; run `cargo xtask generate`")
        }
    }
}

fn write(workspace: &Workspace, folder: &Path) -> Result<()> {
    let mut cargo = workspace.cargo();
    cargo.args(["run", "--quiet", "-p", "boathook", "--", "reference", "--out"]).arg(folder);
    shell::run(&mut cargo)
}

type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(folder: &Path) -> Result<Files> {
    let mut found = Files::new();
    if folder.exists() {
        collect(folder, folder, &mut found)?;
    }
    Ok(found)
}

fn collect(root: &Path, folder: &Path, found: &mut Files) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            collect(root, &path, found)?;
        } else {
            let name = path.strip_prefix(root).expect("the walk stays below its root").to_owned();
            found.insert(name, std::fs::read(&path)?);
        }
    }
    Ok(())
}

fn compare(committed: &Files, fresh: &Files) -> Vec<String> {
    let mut differences = Vec::new();
    for (name, text) in fresh {
        match committed.get(name) {
            None => differences.push(format!("{}: is missing", name.display())),
            Some(old) if old != text => differences.push(format!("{}: is out of date", name.display())),
            Some(_) => {}
        }
    }
    let extra = committed.keys().filter(|name| !fresh.contains_key(*name));
    differences.extend(extra.map(|name| format!("{}: is not written any more", name.display())));
    differences
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(files: &[(&str, &str)]) -> Files {
        files.iter().map(|(name, text)| (PathBuf::from(name), text.as_bytes().to_vec())).collect()
    }

    #[test]
    fn each_kind_of_difference_is_named() {
        let committed = set(&[("same", "1"), ("old", "1"), ("extra", "1")]);
        let fresh = set(&[("same", "1"), ("old", "2"), ("new", "1")]);
        assert_eq!(
            compare(&committed, &fresh),
            ["new: is missing", "old: is out of date", "extra: is not written any more"]
        );
    }

    #[test]
    fn files_are_read_below_their_folder() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("a")).unwrap();
        std::fs::write(folder.path().join("a/b.md"), "x").unwrap();
        assert_eq!(files(folder.path()).unwrap(), set(&[("a/b.md", "x")]));
        assert_eq!(files(&folder.path().join("absent")).unwrap(), Files::new());
    }
}
