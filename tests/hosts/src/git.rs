//! Bare repositories behind `git http-backend`, each with a clone to push from.

use crate::http1::{self, Answer};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt as _;

/// Below which Bitbucket Data Center hands its repositories out: they are found there too.
const BELOW: &str = "/scm";

/// A Git host.
pub struct GitHost {
    folder: TempDir,
    address: SocketAddr,
}

impl GitHost {
    /// Starts one without repositories.
    ///
    /// # Panics
    /// When the machine has no folder or port left.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let root = folder.path().to_owned();
        let serve = |_| {
            move |request| {
                let root = root.clone();
                async move { backend(&root, request).await }
            }
        };
        Self { address: http1::serve(serve), folder }
    }

    /// Makes an empty repository with the branch `main`, which lives as long as the host. Names may have
    /// a slash.
    #[must_use]
    pub fn repository(&self, name: &str) -> Repository {
        let (root, bare) = (self.folder.path(), format!("{name}.git"));
        let parent = root.join(&bare);
        std::fs::create_dir_all(parent.parent().expect("it is below the root")).expect("a folder");
        git(root, &["init", "--quiet", "--bare", "--initial-branch", "main", &bare]);
        let url = format!("http://{}/{bare}", self.address);
        git(root, &["clone", "--quiet", &url, name]);
        let clone = root.join(name);
        // read by HTTP as from a host, written the short way
        let bare = root.join(&bare).to_string_lossy().into_owned();
        git(&clone, &["remote", "set-url", "--push", "origin", &bare]);
        Repository { url, clone }
    }
}

/// A repository of the host.
#[derive(Debug)]
pub struct Repository {
    /// What is cloned.
    pub url: String,
    /// The folder of the clone.
    pub clone: PathBuf,
}

impl Repository {
    /// Writes a file of the clone.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, path: &str, text: &str) {
        let file = self.clone.join(path);
        std::fs::create_dir_all(file.parent().expect("a file is in a folder")).expect("a folder");
        std::fs::write(file, text).expect("a file can be written");
    }

    /// Adds a commit of another repository as a submodule, whose address `.gitmodules` has to say.
    ///
    /// # Panics
    /// When the folder cannot be made.
    pub fn link(&self, path: &str, commit: &str) {
        std::fs::create_dir_all(self.clone.join(path)).expect("a folder");
        git(&self.clone, &["update-index", "--add", "--cacheinfo", &format!("160000,{commit},{path}")]);
    }

    /// Commits everything in the clone; the commit.
    #[must_use]
    pub fn commit(&self, message: &str) -> String {
        git(&self.clone, &["add", "--all"]);
        git(&self.clone, &["commit", "--quiet", "--message", message]);
        git(&self.clone, &["rev-parse", "HEAD"]).trim().to_owned()
    }

    /// Pushes the newest commit to a branch, or any other reference.
    pub fn push(&self, reference: &str) {
        self.push_to(&[reference]);
    }

    /// Pushes the newest commit to several references at once.
    pub fn push_to(&self, references: &[&str]) {
        let to: Vec<_> = references.iter().map(|reference| format!("HEAD:{reference}")).collect();
        let arguments = ["push", "--quiet", "--force", "origin"];
        git(&self.clone, &arguments.into_iter().chain(to.iter().map(String::as_str)).collect::<Vec<_>>());
    }

    /// Makes another clone of it, in a folder that is there and empty.
    pub fn clone_to(&self, folder: &Path) {
        git(folder, &["clone", "--quiet", &self.url, "."]);
    }

    /// Deletes a branch of the host.
    pub fn delete(&self, branch: &str) {
        git(&self.clone, &["push", "--quiet", "origin", "--delete", branch]);
    }
}

fn git(folder: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "safe.directory=*"];
    let output = Command::new("git").args(identity).args(arguments).current_dir(folder).output();
    let output = output.expect("git runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// One request, answered by Git's own CGI program.
async fn backend(root: &Path, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    let body = body.collect().await.expect("a body").to_bytes();
    let path = head.uri.path();
    let path = path.strip_prefix(BELOW).unwrap_or(path);
    let header =
        |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut child = tokio::process::Command::new("git")
        .args(["-c", "safe.directory=*", "http-backend"])
        .env("GIT_PROJECT_ROOT", root)
        .env("GIT_HTTP_EXPORT_ALL", "1")
        .env("REQUEST_METHOD", head.method.as_str())
        .env("PATH_INFO", path)
        .env("QUERY_STRING", head.uri.query().unwrap_or_default())
        .env("CONTENT_TYPE", header("content-type"))
        .env("HTTP_CONTENT_ENCODING", header("content-encoding"))
        .env("GIT_PROTOCOL", header("git-protocol"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("git runs");
    let mut input = child.stdin.take().expect("it is piped");
    let written = tokio::spawn(async move { input.write_all(&body).await });
    let output = child.wait_with_output().await.expect("git ends");
    // Git may answer without reading all of it
    let _ = written.await;
    answer(&output.stdout)
}

/// An answer of a CGI program as one of HTTP.
fn answer(output: &[u8]) -> Answer {
    let end = output.windows(4).position(|part| part == b"\r\n\r\n").expect("a head");
    let head = String::from_utf8_lossy(&output[..end]).into_owned();
    let mut response = Response::builder();
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        response = match name {
            "Status" => response.status(value.split(' ').next().unwrap_or("500")),
            _ => response.header(name, value),
        };
    }
    response.body(Full::new(Bytes::copy_from_slice(&output[end + 4..]))).expect("an answer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_pushed_can_be_cloned() {
        let host = GitHost::start();
        let repository = host.repository("site");
        repository.write("a/page.txt", "hello");
        let commit = repository.commit("First");
        repository.push("main");
        repository.push("refs/pull/2/head");
        let listed = git(&repository.clone, &["ls-remote", &repository.url]);
        for reference in ["refs/heads/main", "refs/pull/2/head"] {
            assert!(listed.contains(&format!("{commit}\t{reference}\n")), "{listed}");
        }
    }
}
