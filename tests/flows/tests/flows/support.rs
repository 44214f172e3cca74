//! Small things that several flows need.

use serde_json::{Value, json};
use sha1::Digest as _;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use testkit::{Actor, Platform, until};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// A text field of a thing; panics when it has none.
#[track_caller]
pub fn text<'a>(thing: &'a Value, field: &str) -> &'a str {
    thing[field].as_str().unwrap_or_else(|| panic!("no text {field} in {thing}"))
}

/// The `id` of a thing.
#[track_caller]
pub fn id(thing: &Value) -> &str {
    text(thing, "id")
}

/// Hex SHA-1, as digests name files.
pub fn sha1(bytes: &[u8]) -> String {
    hex::encode(sha1::Sha1::digest(bytes))
}

/// Hex SHA-256, as digests name functions.
pub fn sha256(bytes: &[u8]) -> String {
    hex::encode(sha2::Sha256::digest(bytes))
}

/// A zip with these entries; names go in as they are.
pub fn zip_of(entries: &[(&str, &str)]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        zip.start_file(*name, SimpleFileOptions::default()).expect("the name fits into a zip");
        zip.write_all(content.as_bytes()).expect("memory can be written");
    }
    zip.finish().expect("memory can be written").into_inner()
}

/// A site with one published deploy whose `/` says `hello`; site and deploy.
pub async fn live_site(owner: &Actor, name: &str) -> (Value, Value) {
    let site = owner.create_site(name).await;
    let deploy = owner.deploy(id(&site), &[("index.html", "hello")]).await;
    (site, deploy)
}

/// The site as it is now.
pub async fn site_now(owner: &Actor, site: &str) -> Value {
    owner.get(&format!("/sites/{site}")).await.expect(200).json()
}

/// Asserts what `/` of a site says.
#[track_caller]
pub fn says(p: &Platform, name: &str, expected: &str) -> impl Future<Output = ()> {
    let (visitor, name, expected) = (p.visitor(), name.to_owned(), expected.to_owned());
    async move {
        let answer = visitor.site(&name, "/").await.expect(200);
        assert_eq!(answer.text(), expected, "{name}");
    }
}

/// Names of the events of a site, oldest first.
pub async fn event_names(owner: &Actor, site: &str) -> Vec<String> {
    owner.events(site).await.iter().map(|event| text(event, "event").to_owned()).collect()
}

/// Two events of a published deploy: locked and unlocked.
pub async fn lock_and_unlock(owner: &Actor, deploy: &str) {
    for verb in ["lock", "unlock"] {
        owner.post(&format!("/deploys/{deploy}/{verb}"), json!({})).await.expect(200);
    }
}

/// Waits until a hook has `count` deliveries in `state`; these deliveries.
pub async fn deliveries(owner: &Actor, hook: &str, state: &str, count: usize) -> Vec<Value> {
    let path = format!("/hooks/{hook}/deliveries?state={state}");
    until(&format!("{count} deliveries that are {state}"), async || {
        let found = owner.get(&path).await.expect(200).json();
        let found = found.as_array().expect("a list").clone();
        (found.len() == count).then_some(found)
    })
    .await
}

/// A Git repository with one commit of these files on `main`.
pub fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file can be written");
    }
    git(folder.path(), &["init", "--quiet", "--initial-branch=main"]);
    commit(folder.path(), "first");
    folder
}

/// Commits everything in a repository.
pub fn commit(folder: &Path, message: &str) {
    git(folder, &["add", "--all"]);
    git(
        folder,
        &["-c", "user.name=Ann", "-c", "user.email=ann@example.org", "commit", "--quiet", "-m", message],
    );
}

fn git(folder: &Path, arguments: &[&str]) {
    let status =
        Command::new("git").current_dir(folder).args(arguments).status().expect("git can be started");
    assert!(status.success(), "git {arguments:?}");
}
