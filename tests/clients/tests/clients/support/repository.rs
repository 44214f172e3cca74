//! A local Git repository with something to build.

use super::Server;
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A repository with branch `main`.
pub(crate) struct Repository {
    /// Its folder, which is also its address.
    pub(crate) folder: PathBuf,
}

impl Repository {
    /// An empty one that lives as long as the server.
    pub(crate) fn new(server: &Server, name: &str) -> Self {
        let repository = Self { folder: server.folder(&format!("repositories/{name}")) };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    /// Writes a file.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.folder.join(path);
        std::fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file");
    }

    /// Commits everything that is in the folder: the commit.
    pub(crate) fn commit(&self, message: &str) -> String {
        self.git(&["add", "--all", "--force"]);
        self.git(&["commit", "--quiet", "--no-gpg-sign", "-m", message]);
        self.git(&["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Makes a branch of the newest commit.
    pub(crate) fn branch(&self, name: &str) {
        self.git(&["branch", "--force", name]);
    }

    fn git(&self, arguments: &[&str]) -> String {
        let mut git = Command::new("git");
        git.arg("-C").arg(&self.folder).args(["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]);
        git.args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        let output = git.output().expect("git starts");
        assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Links a site to it.
    pub(crate) async fn link(&self, server: &Server, site_id: &str, command: &str, publish: &str) {
        let address = self.folder.display().to_string();
        let repo = json!({
            "provider": "manual", "repo_path": address, "repo_url": address, "repo_branch": "main",
            "cmd": command, "dir": publish,
        });
        let answer = server
            .call(reqwest::Method::PATCH, &format!("/sites/{site_id}"), Some(json!({ "repo": repo })))
            .await;
        assert_eq!(answer.json()["build_settings"]["repo_branch"], "main");
    }
}

/// Copies a folder with its links.
pub(crate) fn copy(from: &Path, to: &Path) {
    let status = Command::new("cp").arg("-a").arg(from).arg(to).status().expect("cp starts");
    assert!(status.success(), "cannot copy {}", from.display());
}
