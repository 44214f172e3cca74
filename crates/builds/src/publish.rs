//! The publish directory: it must be there, and inside the checkout.

use crate::failure::{Failure, Outcome};
use std::path::{Path, PathBuf};

/// Where a folder of the checkout really is, from its root: a link in it may lead elsewhere inside.
/// Whoever reads it guards himself against links that are put there later.
pub(crate) fn real_folder(repo: &Path, folder: &str) -> Outcome<PathBuf> {
    let shown = if folder.is_empty() { "/" } else { folder };
    let real = repo.join(folder).canonicalize().map_err(|_| missing(shown))?;
    let Ok(inner) = real.strip_prefix(repo) else {
        return Err(Failure::Build(format!("the publish directory `{shown}` leads out of the repository")));
    };
    if !real.is_dir() {
        return Err(missing(shown));
    }
    Ok(inner.to_owned())
}

fn missing(shown: &str) -> Failure {
    Failure::Build(format!("the publish directory `{shown}` does not exist after the build"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_inside_the_checkout_is_published() {
        let dir = tempfile::tempdir().expect("a folder");
        let repo = dir.path().canonicalize().expect("real").join("repo");
        std::fs::create_dir_all(repo.join("out")).expect("made");
        std::fs::write(repo.join("file"), "").expect("written");
        std::os::unix::fs::symlink("..", repo.join("up")).expect("linked");
        std::os::unix::fs::symlink("out", repo.join("same")).expect("linked");
        for (publish, expect) in [
            ("out", Ok("out")),
            ("same", Ok("out")),
            ("", Ok("")),
            ("up", Err("leads out of the repository")),
            ("up/repo/../..", Err("leads out of the repository")),
            ("none", Err("does not exist after the build")),
            ("file", Err("does not exist after the build")),
        ] {
            match (real_folder(&repo, publish), expect) {
                (Ok(found), Ok(folder)) => assert_eq!(found, Path::new(folder), "{publish}"),
                (Err(Failure::Build(why)), Err(part)) => assert!(why.contains(part), "{publish}: {why}"),
                (found, _) => panic!("{publish}: {found:?}"),
            }
        }
    }
}
