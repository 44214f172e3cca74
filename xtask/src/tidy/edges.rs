//! Dependencies between our own crates against the committed table xtask/edges.toml: the shape of the system
//! changes only on purpose.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::Violation;

const TABLE: &str = "xtask/edges.toml";
/// The package name is this and the folder.
const PREFIX: &str = "boathook-";

/// A Cargo.toml of one of our crates.
#[derive(Debug)]
pub struct Manifest {
    /// The folder below `crates/`.
    pub folder: String,
    /// From the root of the checkout.
    pub path: String,
    /// `[dependencies]` and `[build-dependencies]`, for every target; dev-dependencies are free.
    pub dependencies: Vec<Dependency>,
}

/// One entry.
#[derive(Debug)]
pub struct Dependency {
    /// The name of the package without our prefix, which for our own crates is the folder.
    pub name: String,
    /// Counted from 1.
    pub line: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    edges: BTreeMap<String, Vec<String>>,
}

/// Every edge that is not in the table, and every crate without a row.
pub fn check(root: &Path) -> Result<Vec<Violation>> {
    let text = std::fs::read_to_string(root.join(TABLE)).with_context(|| format!("cannot read {TABLE}"))?;
    let table: Table = toml::from_str(&text).with_context(|| format!("{TABLE} is not usable"))?;
    Ok(compare(&table.edges, &manifests(root)?))
}

fn compare(table: &BTreeMap<String, Vec<String>>, manifests: &[Manifest]) -> Vec<Violation> {
    let mut found = Vec::new();
    let ours = |name: &str| manifests.iter().any(|manifest| manifest.folder == name);
    for manifest in manifests {
        let Some(allowed) = table.get(&manifest.folder) else {
            found.push(Violation::new(
                &manifest.path,
                1,
                "edge",
                format!("add a row for the crate to {TABLE}"),
            ));
            continue;
        };
        for dependency in manifest.dependencies.iter().filter(|one| ours(&one.name)) {
            if !allowed.iter().any(|name| *name == dependency.name || name == "*") {
                let advice = format!("{} may not depend on {} ({TABLE})", manifest.folder, dependency.name);
                found.push(Violation::new(&manifest.path, dependency.line, "edge", advice));
            }
        }
    }
    let stale = table.keys().filter(|name| !ours(name));
    found.extend(
        stale.map(|name| {
            Violation::new(TABLE, 1, "edge", format!("there is no crate `{name}`: remove its row"))
        }),
    );
    found
}

/// The Cargo.toml of every folder below `crates/`.
pub fn manifests(root: &Path) -> Result<Vec<Manifest>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(root.join("crates")).context("cannot read crates/")? {
        let folder = entry?.file_name().to_string_lossy().into_owned();
        let path = format!("crates/{folder}/Cargo.toml");
        if let Ok(text) = std::fs::read_to_string(root.join(&path)) {
            let dependencies = dependencies(&text).with_context(|| format!("{path} is not usable"))?;
            found.push(Manifest { folder, path, dependencies });
        }
    }
    found.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(found)
}

fn dependencies(text: &str) -> Result<Vec<Dependency>> {
    let manifest: toml::Table = toml::from_str(text)?;
    let targets = manifest.get("target").and_then(toml::Value::as_table);
    let tables = targets.into_iter().flat_map(toml::Table::values).filter_map(toml::Value::as_table);
    let mut found = Vec::new();
    for table in tables.chain([&manifest]) {
        for kind in ["dependencies", "build-dependencies"] {
            let entries = table.get(kind).and_then(toml::Value::as_table);
            for (key, value) in entries.into_iter().flatten() {
                let package = value.get("package").and_then(toml::Value::as_str).unwrap_or(key);
                let name = package.strip_prefix(PREFIX).unwrap_or(package).to_owned();
                found.push(Dependency { name, line: line_of_key(text, key) });
            }
        }
    }
    Ok(found)
}

/// Where the key is written. A key that is also a dev-dependency has two places; the first is near enough.
fn line_of_key(text: &str, key: &str) -> usize {
    let is_key = |line: &str| {
        let rest = line.trim_start_matches('"').strip_prefix(key);
        rest.is_some_and(|rest| rest.starts_with(['.', ' ', '=', '"']))
    };
    text.lines().position(is_key).map_or(1, |index| index + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(folder: &str, text: &str) -> Manifest {
        let path = format!("crates/{folder}/Cargo.toml");
        Manifest { folder: folder.to_owned(), path, dependencies: dependencies(text).unwrap() }
    }

    fn check_edges(table: &[(&str, &[&str])], manifests: &[Manifest], expect: &[&str]) {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let table = table.iter().map(|(name, allowed)| ((*name).to_owned(), owned(allowed))).collect();
        let found: Vec<_> = compare(&table, manifests).iter().map(ToString::to_string).collect();
        assert_eq!(found, expect);
    }

    #[test]
    fn an_edge_outside_the_table_is_found() {
        let crates =
            [manifest("a", "[dependencies]\nserde.workspace = true\nb.workspace = true"), manifest("b", "")];
        check_edges(&[("a", &["b"]), ("b", &[])], &crates, &[]);
        check_edges(&[("a", &["*"]), ("b", &[])], &crates, &[]);
        check_edges(
            &[("a", &[]), ("b", &[])],
            &crates,
            &["crates/a/Cargo.toml:3: edge: a may not depend on b (xtask/edges.toml)"],
        );
    }

    #[test]
    fn the_table_and_the_folders_agree() {
        check_edges(
            &[("gone", &[])],
            &[manifest("a", "")],
            &[
                "crates/a/Cargo.toml:1: edge: add a row for the crate to xtask/edges.toml",
                "xtask/edges.toml:1: edge: there is no crate `gone`: remove its row",
            ],
        );
    }

    #[test]
    fn every_way_of_writing_a_dependency_is_read() {
        let text = r#"
            [dev-dependencies]
            free.workspace = true
            [target.'cfg(unix)'.dependencies]
            one.workspace = true
            [build-dependencies]
            two = "1"
            [dependencies]
            other = { package = "boathook-three", path = "../three" }
        "#;
        let mut names: Vec<_> = dependencies(text).unwrap().into_iter().map(|one| one.name).collect();
        names.sort();
        assert_eq!(names, ["one", "three", "two"]);
    }
}
