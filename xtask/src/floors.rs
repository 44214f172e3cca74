//! The least number of tests that must have run, by package and by class: a renamed module or a slip in a
//! `cfg` would otherwise hide tests without a word. Pure but for reading its file.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::test::Ran;

/// The committed numbers of xtask/floors.toml.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Floors {
    /// By name of the package.
    #[serde(default)]
    packages: BTreeMap<String, usize>,
    /// By a segment of the test's path: `pg` counts `sites::pg::insert`.
    #[serde(default)]
    classes: BTreeMap<String, usize>,
}

/// Reads the file; an unknown table is an error, so that a typing mistake removes no floor.
pub fn read(path: &Path) -> Result<Floors> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    toml::from_str(&text).with_context(|| format!("{} is not usable", path.display()))
}

/// One line for each floor that was not reached.
pub fn short(floors: &Floors, ran: &[Ran]) -> Vec<String> {
    let packages = floors.packages.iter().map(|(name, floor)| {
        let count = ran.iter().filter(|test| test.package == *name).count();
        ("package", name, *floor, count)
    });
    let classes = floors.classes.iter().map(|(name, floor)| {
        let count = ran.iter().filter(|test| test.test.split("::").any(|part| part == name)).count();
        ("class", name, *floor, count)
    });
    let all = packages.chain(classes);
    all.filter(|(_, _, floor, count)| count < floor)
        .map(|(kind, name, floor, count)| format!("{kind} {name}: {count} tests ran, the floor is {floor}"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(floors: &str, expect: &[&str]) {
        let ran = [("boathook-store", "sites::pg::insert"), ("boathook-store", "sites::sqlite::insert")];
        let ran = ran.map(|(package, test)| Ran { package: package.to_owned(), test: test.to_owned() });
        assert_eq!(short(&toml::from_str(floors).unwrap(), &ran), expect, "{floors}");
    }

    #[test]
    fn a_count_below_its_floor_is_named() {
        check("", &[]);
        check("[packages]\nboathook-store = 2\n[classes]\npg = 1", &[]);
        check("[packages]\nboathook-store = 3", &["package boathook-store: 2 tests ran, the floor is 3"]);
        check("[packages]\nboathook-api = 1", &["package boathook-api: 0 tests ran, the floor is 1"]);
        check("[classes]\npg = 2\nsqlite = 1", &["class pg: 1 tests ran, the floor is 2"]);
        check("[classes]\nsite = 1", &["class site: 0 tests ran, the floor is 1"]);
    }

    #[test]
    fn a_misspelled_table_is_refused() {
        assert!(toml::from_str::<Floors>("[package]\nx = 1").is_err());
    }

    #[test]
    fn the_committed_file_is_readable() {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("floors.toml")).unwrap();
    }
}
