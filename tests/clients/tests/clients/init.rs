//! `netlify init --manual` at a terminal, with both releases: it links the site to a repository, and
//! from then on a push by Git and the host's webhook build it.

use crate::support::{Cli, Login, Project, Server, Version};
use reqwest::Method;
use serde_json::{Value, json};
use test_hosts::webhooks::{Event, Host};
use test_hosts::{GitHost, Repository};

const ENTER: &str = "\r";
/// What the client asks before it says that the site is linked, up to the key and after it.
const SETTINGS: [(&str, &str); 4] = [
    ("Your build command", ENTER),
    ("Directory to deploy", "out\r"),
    ("Give this Netlify SSH public key access to your repository", ""),
    ("Continue?", ENTER),
];
const WEBHOOK: [(&str, &str); 2] =
    [("Configure the following webhook for your repository", ""), ("Continue?", ENTER)];

/// A clone of a repository on a host of one's own, in the client's project folder.
fn cloned(project: &Project<'_>, repository: &Repository) {
    repository.write(
        "netlify.toml",
        "[build]\n  command = \"mkdir out && cp index.html out\"\n  publish = \"out\"\n",
    );
    repository.write("index.html", "first");
    let _ = repository.commit("First");
    repository.push("main");
    repository.clone_to(&project.folder);
}

/// What a push to the repository shows on the site: nobody signs the webhook, as `init` leaves it.
async fn push(server: &Server, site: &str, repository: &Repository, words: &str) -> Value {
    repository.write("index.html", words);
    let commit = repository.commit(words);
    repository.push("main");
    let now = server.get(&format!("/sites/{site}")).await;
    let url = now["deploy_hook"].as_str().expect("an address").to_owned();
    let path = &url[url.find("/hooks/").expect("a path")..];
    let event = Event::Pushed { branch: "main", before: None, after: &commit };
    let webhook = Host::Gitea.tells(repository, event, "nobody's");
    let told = server.webhook(path, &webhook.headers, &webhook.body).await.json();
    assert_eq!(told[0]["outcome"], "built", "{told}");
    let build = told[0]["build_id"].as_str().expect("a build");
    // following a log ends when its build does
    let log = server.call(Method::GET, &format!("/builds/{build}/log/stream"), None).await;
    assert_eq!(log.status, 200, "{}", log.text);
    server.get(&format!("/deploys/{}", told[0]["deploy_id"].as_str().expect("a deploy"))).await
}

/// Links a site with a release that asks `between` the key and the webhook, and sends the repository as
/// `path`; then a push goes live.
async fn by(version: Version, name: &str, between: &[(&str, &str)], path: impl Fn(&Repository) -> String) {
    let (server, host) = (Server::start().await, GitHost::start());
    let repository = host.repository("acme/site");
    let cli = Cli::new(&server, version, Login::Environment);
    let project = cli.project(name);
    cloned(&project, &repository);
    let site = server.make_site(name).await;
    project.write(".netlify/state.json", &json!({ "siteId": site }).to_string());
    let said = project.at_terminal("init --manual", &[&SETTINGS[..], between, &WEBHOOK].concat()).await;
    let linked = server.get(&format!("/sites/{site}")).await;
    let hook = linked["deploy_hook"].as_str().expect("an address");
    for line in ["ssh-ed25519 ", hook, "Success! Netlify CI/CD Configured!"] {
        assert!(said.contains(line), "no `{line}` in:\n{said}");
    }
    let settings = &linked["build_settings"];
    assert_eq!(
        (&settings["provider"], &settings["repo_path"], &settings["repo_branch"], &settings["dir"]),
        (&json!("manual"), &json!(path(&repository)), &json!("main"), &json!("out"))
    );
    if settings["repo_path"] != repository.url.as_str() {
        let repo = json!({ "repo": { "repo_url": repository.url } });
        server.call(Method::PATCH, &format!("/sites/{site}"), Some(repo)).await.json();
    }
    let deploy = push(&server, &site, &repository, "pushed").await;
    assert_eq!(deploy["state"], "ready", "{deploy}");
    assert_eq!(server.visit(name, "/").await.text, "pushed");
}

#[tokio::test]
async fn seventeen_asks_for_the_address() {
    let between = [("The SSH URL of the remote git repo:", ENTER)];
    by(Version::V17, "init17", &between, |repository| repository.url.clone()).await;
}

#[tokio::test]
async fn twenty_seven_leaves_the_host_out() {
    by(Version::V27, "init27", &[], |_| "acme/site".to_owned()).await;
}
