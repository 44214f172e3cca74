//! A deploy of the sample site by digest: say what there is, upload what the server lacks, wait.

use super::text;
use crate::api::Client;
use anyhow::{Context as _, bail};
use model::DeployState;
use reqwest::Method;
use serde_json::{Map, Value, json};
use sha1::{Digest as _, Sha1};
use std::time::Duration;

/// Between two looks at a deploy that is not ready yet.
const PAUSE: Duration = Duration::from_millis(200);
/// Looks before giving up: a minute.
const LOOKS: u32 = 300;

/// Paths and texts; the paths need no escaping in an address.
const FILES: [(&str, &str); 3] = [
    ("index.html", include_str!("site/index.html")),
    ("about.html", include_str!("site/about.html")),
    ("style.css", include_str!("site/style.css")),
];

/// A deploy that is ready.
pub(super) struct Deployed {
    /// Files it has.
    pub(super) files: usize,
    /// Files that had to be uploaded.
    pub(super) uploaded: usize,
    /// Its own address.
    pub(super) permalink: String,
}

/// Deploys version `number` of the sample site.
pub(super) async fn deploy(api: &Client, site_id: &str, number: u32) -> anyhow::Result<Deployed> {
    let files = sample(number);
    let deploys = format!("/sites/{site_id}/deploys");
    let title = json!({ "title": format!("Demonstration {number}"), "draft": false });
    let made = api.call(Method::POST, &deploys, &title).await.context("cannot make a deploy")?;
    let digest = json!({ "files": digests(&files), "draft": false });
    let one = format!("{deploys}/{}", text(&made, "id"));
    let known = api.call(Method::PUT, &one, &digest).await.context("cannot say which files there are")?;
    let uploaded = upload(api, text(&made, "id"), &files, &known).await?;
    let ready = wait(api, &one).await?;
    let own = ready["links"]["permalink"].as_str().unwrap_or_else(|| text(&ready, "deploy_ssl_url"));
    Ok(Deployed { files: files.len(), uploaded, permalink: own.to_owned() })
}

type Files = Vec<(&'static str, String)>;

fn sample(number: u32) -> Files {
    let filled = |text: &str| text.replace("{{number}}", &number.to_string());
    FILES.iter().map(|(path, text)| (*path, filled(text))).collect()
}

fn digests(files: &Files) -> Map<String, Value> {
    files.iter().map(|(path, text)| ((*path).to_owned(), sha1(text).into())).collect()
}

fn sha1(text: &str) -> String {
    hex::encode(Sha1::digest(text.as_bytes()))
}

async fn upload(api: &Client, deploy_id: &str, files: &Files, known: &Value) -> anyhow::Result<usize> {
    let required = known["required"].as_array().map(Vec::as_slice).unwrap_or_default();
    let missing = files.iter().filter(|(_, text)| required.contains(&sha1(text).into()));
    let mut count = 0;
    for (path, text) in missing {
        let address = format!("/deploys/{deploy_id}/files/{path}");
        api.upload(&address, text.clone().into_bytes())
            .await
            .with_context(|| format!("cannot upload {path}"))?;
        count += 1;
    }
    Ok(count)
}

async fn wait(api: &Client, one: &str) -> anyhow::Result<Value> {
    for _ in 0..LOOKS {
        let deploy = api.get(one).await?;
        match DeployState::parse(text(&deploy, "state")) {
            Some(DeployState::Ready) => return Ok(deploy),
            Some(DeployState::Error | DeployState::Rejected) => {
                bail!("the deploy did not complete: {}", text(&deploy, "error_message"));
            }
            _ => tokio::time::sleep(PAUSE).await,
        }
    }
    bail!("the deploy is still not ready after a minute")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_differ_in_one_file() {
        let (first, second) = (digests(&sample(1)), digests(&sample(2)));
        let changed: Vec<_> =
            first.iter().filter(|(path, sha)| second[*path] != **sha).map(|(p, _)| p).collect();
        assert_eq!(changed, ["index.html"]);
        assert_eq!(sha1("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
    }
}
