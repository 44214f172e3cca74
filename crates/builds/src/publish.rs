//! The publish directory: it must be there, and inside the checkout.

use crate::configuration::{FILE, Plan};
use crate::failure::{Failure, Outcome};
use std::path::{Path, PathBuf};

/// The folder to publish. The build is over, so nothing moves under it any more.
pub(crate) fn publish_folder(repo: &Path, plan: &Plan) -> Outcome<PathBuf> {
    let shown = if plan.publish.is_empty() { "/" } else { &plan.publish };
    let folder = repo.join(&plan.publish);
    let real = folder.canonicalize().map_err(|_| missing(shown))?;
    if !real.starts_with(repo) {
        return Err(Failure::Build(format!("the publish directory `{shown}` leads out of the repository")));
    }
    if !real.is_dir() {
        return Err(missing(shown));
    }
    add_rules(&real, plan)?;
    Ok(real)
}

fn missing(shown: &str) -> Failure {
    Failure::Build(format!("the publish directory `{shown}` does not exist after the build"))
}

/// Redirects and headers of `netlify.toml` belong to the deploy, as command line clients upload
/// them. A file that the build itself put there stays.
fn add_rules(folder: &Path, plan: &Plan) -> Outcome<()> {
    let (Some(text), file) = (&plan.toml, folder.join(FILE)) else { return Ok(()) };
    if file.symlink_metadata().is_ok() {
        return Ok(());
    }
    std::fs::write(file, text).map_err(Failure::disk)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(publish: &str, toml: Option<&str>) -> Plan {
        Plan { publish: publish.into(), toml: toml.map(Into::into), ..Plan::default() }
    }

    #[test]
    fn only_a_folder_inside_the_checkout_is_published() {
        let dir = tempfile::tempdir().expect("a folder");
        let repo = dir.path().canonicalize().expect("real").join("repo");
        std::fs::create_dir_all(repo.join("out")).expect("made");
        std::fs::write(repo.join("file"), "").expect("written");
        std::os::unix::fs::symlink("..", repo.join("up")).expect("linked");
        std::os::unix::fs::symlink("out", repo.join("same")).expect("linked");
        for (publish, expect) in [
            ("out", Ok(repo.join("out"))),
            ("same", Ok(repo.join("out"))),
            ("", Ok(repo.clone())),
            ("up", Err("leads out of the repository")),
            ("up/repo/../..", Err("leads out of the repository")),
            ("none", Err("does not exist after the build")),
            ("file", Err("does not exist after the build")),
        ] {
            match (publish_folder(&repo, &plan(publish, None)), expect) {
                (Ok(found), Ok(folder)) => assert_eq!(found, folder, "{publish}"),
                (Err(Failure::Build(why)), Err(part)) => assert!(why.contains(part), "{publish}: {why}"),
                (found, _) => panic!("{publish}: {found:?}"),
            }
        }
    }

    #[test]
    fn the_rules_of_the_file_go_along() {
        let dir = tempfile::tempdir().expect("a folder");
        let repo = dir.path().canonicalize().expect("real");
        std::fs::create_dir(repo.join("out")).expect("made");
        publish_folder(&repo, &plan("out", Some("first"))).expect("published");
        publish_folder(&repo, &plan("out", Some("second"))).expect("published");
        assert_eq!(std::fs::read_to_string(repo.join("out").join(FILE)).expect("read"), "first");
    }
}
