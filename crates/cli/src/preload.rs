//! The script that brings the CLI's log sockets to a server, as a file that Node loads.

use anyhow::Context as _;
use std::path::{Path, PathBuf};

/// The script.
const SCRIPT: &str = include_str!("sockets.cjs");
/// Its file in the user's cache folder.
const NAME: &str = "netlify-sockets.cjs";

/// Writes the script; the path of its file.
pub(crate) fn write(folder: &Path) -> anyhow::Result<PathBuf> {
    let file = folder.join(NAME);
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let fresh = folder.join(format!(".{NAME}.{}", std::process::id()));
    std::fs::write(&fresh, SCRIPT).with_context(|| format!("cannot write {}", fresh.display()))?;
    std::fs::rename(&fresh, &file).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}

/// Options of Node that load it too.
pub(crate) fn options(file: &str, before: &str) -> String {
    let own = format!("--require \"{}\"", file.replace('\\', "\\\\").replace('"', "\\\""));
    match before.trim() {
        "" => own,
        before if before.contains(&own) => before.to_owned(),
        before => format!("{before} {own}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_that_are_set_stay_and_nothing_is_loaded_twice() {
        let own = "--require \"/a b/x.cjs\"";
        for (before, expect) in [
            ("", own.to_owned()),
            (" --max-old-space-size=99", format!("--max-old-space-size=99 {own}")),
            (own, own.to_owned()),
        ] {
            assert_eq!(options("/a b/x.cjs", before), expect);
        }
    }

    #[test]
    fn the_script_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let file = write(&folder.path().join("new")).unwrap();
        assert_eq!(std::fs::read_to_string(file).unwrap(), SCRIPT);
    }
}
