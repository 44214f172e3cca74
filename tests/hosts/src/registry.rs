//! A package registry for npm that holds what lock files name, out of the caches that npm itself filled
//! when it installed them: builds install with the real npm, and nothing is fetched twice.

use crate::http1::{self, Answer};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::Full;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Npm's cache in a folder of packages.
const CACHE: &str = "npm-cache/_cacache/content-v2/sha512";
/// The only kind of digest that is looked up.
const KIND: &str = "sha512-";
/// Where archives are.
const ARCHIVES: &str = "/-/";

/// A registry that answers.
pub struct Registry {
    /// What npm is told.
    pub url: String,
}

impl Registry {
    /// Serves the packages of a folder with `package-lock.json` and `npm-cache`.
    ///
    /// # Panics
    /// When the folder has neither.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let text = std::fs::read(folder.join("package-lock.json")).expect("a lock file");
        let lock: Value = serde_json::from_slice(&text).expect("a lock file is JSON");
        let cache = folder.join(CACHE);
        assert!(cache.is_dir(), "npm has no cache at {}: run through make test", cache.display());
        let serve = |address| {
            let url = format!("http://{address}");
            let shelves = Arc::new(Shelves { packages: packages(&lock, &url), cache });
            move |request: Request<hyper::body::Incoming>| {
                let answer = shelves.answer(request.uri().path());
                async move { answer }
            }
        };
        Self { url: format!("http://{}/", http1::serve(serve)) }
    }
}

struct Shelves {
    /// Names and what is said of them.
    packages: BTreeMap<String, Value>,
    cache: PathBuf,
}

impl Shelves {
    fn answer(&self, path: &str) -> Answer {
        let found = match path.strip_prefix(ARCHIVES) {
            Some(name) => self.archive(name),
            None => self.tarball(path).or_else(|| self.package(path)),
        };
        let absent = || respond(StatusCode::NOT_FOUND, "application/json", b"{}".to_vec());
        found.unwrap_or_else(absent)
    }

    fn package(&self, path: &str) -> Option<Answer> {
        let name = path.trim_start_matches('/').replace("%2f", "/").replace("%2F", "/");
        let said = self.packages.get(&name)?;
        Some(respond(StatusCode::OK, "application/json", said.to_string().into()))
    }

    /// An archive where those look for it who do not ask first: `/<name>/-/<last part>-<version>.tgz`.
    fn tarball(&self, path: &str) -> Option<Answer> {
        let (name, file) = path.trim_start_matches('/').split_once(ARCHIVES)?;
        let name = name.replace("%2f", "/").replace("%2F", "/");
        let last = name.rsplit('/').next()?;
        let version = file.strip_suffix(".tgz")?.strip_prefix(last)?.strip_prefix('-')?;
        let integrity = self.packages.get(&name)?["versions"][version]["dist"]["integrity"].as_str()?;
        let digest = STANDARD.decode(integrity.strip_prefix(KIND)?).ok()?;
        self.archive(&format!("{}.tgz", hex::encode(digest)))
    }

    fn archive(&self, name: &str) -> Option<Answer> {
        let digest = name.strip_suffix(".tgz").filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()))?;
        let (first, rest) = digest.split_at_checked(2)?;
        let (second, rest) = rest.split_at_checked(2)?;
        let bytes = std::fs::read(self.cache.join(first).join(second).join(rest)).ok()?;
        Some(respond(StatusCode::OK, "application/octet-stream", bytes))
    }
}

fn respond(status: StatusCode, kind: &str, body: Vec<u8>) -> Answer {
    let answer = Response::builder().status(status).header("content-type", kind);
    answer.body(Full::new(Bytes::from(body))).expect("a fixed head")
}

/// What the registry says of each package of a lock file.
fn packages(lock: &Value, url: &str) -> BTreeMap<String, Value> {
    let mut packages: BTreeMap<String, Value> = BTreeMap::new();
    for (path, entry) in lock["packages"].as_object().into_iter().flatten() {
        let Some((name, version, said)) = version(path, entry, url) else { continue };
        let package = packages.entry(name.clone());
        let package = package
            .or_insert_with(|| json!({ "name": name, "dist-tags": { "latest": version }, "versions": {} }));
        package["versions"][version] = said;
    }
    packages
}

/// One version of a package; nothing for the project itself and for what comes with another package.
fn version(path: &str, entry: &Value, url: &str) -> Option<(String, String, Value)> {
    let (_, name) = path.rsplit_once("node_modules/")?;
    let (version, integrity) = (entry["version"].as_str()?, entry["integrity"].as_str()?);
    let digest = STANDARD.decode(integrity.strip_prefix(KIND)?).ok()?;
    let mut said: Map<String, Value> = entry.as_object()?.clone();
    let archive = format!("{url}{ARCHIVES}{}.tgz", hex::encode(digest));
    said.insert("name".to_owned(), json!(name));
    said.insert("dist".to_owned(), json!({ "tarball": archive, "integrity": integrity }));
    Some((name.to_owned(), version.to_owned(), Value::Object(said)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_file_says_what_there_is() {
        let lock = json!({ "packages": {
            "": { "name": "site" },
            "node_modules/@a/b": { "version": "1.0.0", "integrity": "sha512-q80=", "bin": { "b": "b.js" } },
            "node_modules/c/node_modules/@a/b": { "version": "2.0.0", "integrity": "sha512-AQ==" },
            "node_modules/bundled": { "version": "1.0.0", "inBundle": true },
        }});
        let packages = packages(&lock, "http://here");
        assert_eq!(packages.keys().collect::<Vec<_>>(), ["@a/b"]);
        let said = &packages["@a/b"];
        assert_eq!(said["versions"]["1.0.0"]["dist"]["tarball"], "http://here/-/abcd.tgz");
        assert_eq!(said["versions"]["1.0.0"]["bin"]["b"], "b.js");
        assert_eq!(said["versions"]["2.0.0"]["dist"]["integrity"], "sha512-AQ==");
    }

    #[test]
    fn only_the_cache_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join("ab/cd")).expect("a folder");
        std::fs::write(folder.path().join("ab/cd/ef"), "archive").expect("a file");
        let said = json!({ "versions": { "1.0.0": { "dist": { "integrity": "sha512-q83v" } } } });
        let packages = BTreeMap::from([("@a/b".to_owned(), said)]);
        let shelves = Shelves { packages, cache: folder.path().to_owned() };
        for (path, status) in [
            ("/-/abcdef.tgz", 200),
            ("/-/abcd.tgz", 404),
            ("/-/../x.tgz", 404),
            ("/@a/b/-/b-1.0.0.tgz", 200),
            ("/@a%2fb/-/b-1.0.0.tgz", 200),
            ("/@a/b/-/b-2.0.0.tgz", 404),
            ("/@a/b/-/../b-1.0.0.tgz", 404),
            ("/@a%2fb", 200),
            ("/@a/b", 200),
            ("/c", 404),
        ] {
            assert_eq!(shelves.answer(path).status().as_u16(), status, "{path}");
        }
    }
}
