//! The walkthrough of seed 003 with a real site generator: a build hook is called, the site is
//! built and goes live, and every notification is verified by libraries that consumers use.

use crate::support::{Notification, Receiver, Repository, Server, Verifier, client};
use serde_json::{Value, json};

/// What the hooks sign with.
const SECRET: &str = "a secret that this site and its consumer share";
/// The events, in the order in which they happen.
const EVENTS: [&str; 3] = ["deploy_created", "deploy_building", "deploy_succeeded"];

/// A blog whose dependencies are committed, so that its build needs no network and no folder of
/// this machine that the sandbox may hide.
fn blog(server: &Server) -> Repository {
    let repository = Repository::new(server, "blog");
    crate::support::copy(&client("eleventy").join("node_modules"), &repository.folder.join("node_modules"));
    repository.write("package.json", r#"{ "private": true, "devDependencies": { "@11ty/eleventy": "*" } }"#);
    repository.write("index.md", "---\ntitle: Blog\nlayout: page.njk\n---\n# It is *live*\n");
    repository.write("posts/one.md", "---\ntitle: One\nlayout: page.njk\n---\nFirst post\n");
    repository.write("_includes/page.njk", "<title>{{ title }}</title><main>{{ content | safe }}</main>\n");
    repository.commit("A blog");
    repository
}

async fn subscribe(server: &Server, site: &str, receiver: &Receiver) {
    for event in EVENTS {
        let data = json!({ "url": receiver.url(), "signature_secret": SECRET });
        let hook = json!({ "type": "url", "event": event, "data": data });
        server.post(&format!("/hooks?site_id={site}"), hook).await;
    }
}

async fn check_signature(notification: &Notification) {
    let token = notification.header("X-Webhook-Signature");
    assert_eq!(notification.header("X-Nf-Sign"), token);
    let mut changed = notification.body.clone();
    changed.push(b' ');
    for library in Verifier::ALL {
        let claims = library.verify(token, SECRET, &notification.body).await;
        let claims = claims.unwrap_or_else(|why| panic!("{library:?}: {why}"));
        let names: Vec<_> = claims.as_object().expect("claims").keys().map(String::as_str).collect();
        assert_eq!(names, ["iss", "sha256"], "{library:?}");
        assert!(library.verify(token, "another secret", &notification.body).await.is_err(), "{library:?}");
        assert!(library.verify(token, SECRET, &changed).await.is_err(), "{library:?}");
    }
}

/// The event and the deploy that it is about.
fn said(notification: &Notification) -> (String, Value) {
    let deploy = serde_json::from_slice(&notification.body).expect("a JSON body");
    (notification.header("X-Netlify-Event").to_owned(), deploy)
}

#[tokio::test]
async fn a_build_hook_makes_an_eleventy_site_live_and_consumers_verify_it() {
    let server = Server::start().await;
    let mut receiver = Receiver::start().await;
    let site = server.make_site("blog").await;
    blog(&server).link(&server, &site, "npx @11ty/eleventy", "_site").await;
    subscribe(&server, &site, &receiver).await;
    let hook = server
        .post(&format!("/sites/{site}/build_hooks"), json!({ "title": "Publish", "branch": "main" }))
        .await;
    let path = format!("/build_hooks/{}", hook["id"].as_str().expect("an id"));

    let called = server.post_anonymously(&path).await;
    assert!((200..300).contains(&called.status), "{called:?}");
    let mut told = Vec::new();
    for _ in EVENTS {
        let notification = receiver.next().await;
        check_signature(&notification).await;
        told.push(said(&notification));
    }
    told.sort_by_key(|(event, _)| EVENTS.iter().position(|known| known == event));
    let (events, deploys): (Vec<_>, Vec<_>) = told.into_iter().unzip();
    assert_eq!(events, EVENTS);
    assert!(
        deploys.iter().all(|deploy| deploy["id"] == deploys[0]["id"] && deploy["site_id"] == json!(site))
    );
    assert_eq!(deploys[2]["state"], "ready", "{}", deploys[2]);

    let home = server.visit("blog", "/").await;
    assert_eq!(home.status, 200);
    assert!(
        home.text.contains("<title>Blog</title>") && home.text.contains("<em>live</em>"),
        "{}",
        home.text
    );
    assert!(server.visit("blog", "/posts/one/").await.text.contains("First post"));
    assert!(server.get(&format!("/sites/{site}")).await["published_deploy"]["id"] == deploys[0]["id"]);
}
