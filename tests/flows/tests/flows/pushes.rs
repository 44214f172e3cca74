//! From `git push` to a live site: a repository behind smart HTTP, webhooks as the hosts send them.

use crate::builds::built;
use crate::support::{id, says, text};
use http::{Request, header};
use serde_json::{Value, json};
use test_hosts::github::{headers, push_of, request_of};
use test_hosts::{GitHost, Repository};
use testkit::{Actor, Answer, Platform, both};

/// Bytes of a webhook's body that are taken.
const BODY_MAX: usize = 25 << 20;

/// Commits one page; the commit.
fn committed(repository: &Repository, content: &str) -> String {
    repository.write("index.html", content);
    repository.commit(content)
}

/// A site that is linked to the repository, and the secret of its webhooks.
async fn linked(owner: &Actor, name: &str, repository: &Repository) -> (Value, String) {
    let repo = json!({
        "provider": "github", "repo_url": repository.url, "repo_branch": "main", "allowed_branches": ["main", "feat/*"],
        "cmd": "mkdir out && cp index.html out", "dir": "out",
    });
    let site = owner.post("/sites", json!({ "name": name, "repo": repo })).await.expect(201).json();
    let drawn = owner.post(&format!("/sites/{}/push_hook", id(&site)), json!({})).await.expect(201).json();
    assert_eq!(drawn["url"], site["deploy_hook"]);
    (site, text(&drawn, "secret").to_owned())
}

/// Sends a webhook as GitHub does.
async fn send(p: &Platform, site: &Value, event: &str, secret: &str, body: &str) -> Answer {
    let path = text(site, "deploy_hook").split_once("/hooks/").expect("a path").1;
    let head = Request::post(format!("/hooks/{path}")).header(header::HOST, p.address().to_string());
    let head =
        headers(event, secret, body).into_iter().fold(head, |head, (name, value)| head.header(name, value));
    p.visitor().request(head, body).await
}

/// The same, and waits for the build that it starts; its deploy.
async fn deployed(p: &Platform, site: &Value, event: &str, secret: &str, body: &str) -> Value {
    let told = send(p, site, event, secret, body).await.expect(200).json();
    assert_eq!(told[0]["outcome"], "built", "{told}");
    let deploy = built(&p.owner(), id(site)).await;
    assert_eq!((&deploy["id"], &deploy["state"]), (&told[0]["deploy_id"], &json!("ready")), "{deploy}");
    deploy
}

both! {
    /// A push goes live, a branch and a pull request have addresses of their own.
    async fn a_push_goes_live(p: Platform) {
        let (owner, host) = (p.owner(), GitHost::start());
        let repository = host.repository("site");
        let (site, secret) = linked(&owner, "pushed", &repository).await;
        let commit = committed(&repository, "one");
        repository.push("main");
        let deploy = deployed(&p, &site, "push", &secret, &push_of(&commit, "main")).await;
        assert_eq!((text(&deploy, "commit_ref"), &deploy["context"]), (commit.as_str(), &json!("production")));
        says(&p, "pushed", "one").await;

        let commit = committed(&repository, "a request");
        repository.push("refs/pull/2/head");
        let deploy = deployed(&p, &site, "pull_request", &secret, &request_of(&commit, "opened")).await;
        assert_eq!((text(&deploy, "commit_ref"), &deploy["review_id"]), (commit.as_str(), &json!(2)));
        assert_eq!(deploy["review_url"], "https://github.com/Codertocat/Hello-World/pull/2");
        assert_eq!(deploy["title"], "Update the README with new information.");
        says(&p, "deploy-preview-2--pushed", "a request").await;
        says(&p, "pushed", "one").await;

        let commit = committed(&repository, "a branch");
        repository.push("feat/x");
        deployed(&p, &site, "push", &secret, &push_of(&commit, "feat/x")).await;
        says(&p, "feat-x--pushed", "a branch").await;
        let closed = send(&p, &site, "pull_request", &secret, &request_of(&commit, "closed")).await.expect(200);
        assert_eq!(closed.json()[0]["outcome"], "ignored");
        says(&p, "deploy-preview-2--pushed", "a request").await;
    }
}

both! {
    /// What is not signed, not known or too large does nothing, and the owner reads why.
    async fn webhooks_are_refused_with_a_reason(p: Platform) {
        let (owner, host) = (p.owner(), GitHost::start());
        let repository = host.repository("site");
        let (site, secret) = linked(&owner, "careful", &repository).await;
        let body = push_of(&committed(&repository, "x"), "main");
        let message = send(&p, &site, "push", "wrong", &body).await.refusal(401);
        assert!(!message.contains(&secret), "{message}");
        let other = json!({ "deploy_hook": "http://localhost/hooks/github/000000000000000000000000" });
        send(&p, &other, "push", &secret, &body).await.refusal(404);
        let large = " ".repeat(BODY_MAX + 1);
        send(&p, &site, "push", &secret, &large).await.refusal(413);
        for (event, body) in [("star", "{}"), ("push", &push_of(&"a".repeat(40), "other")), ("ping", "{}")] {
            let told = send(&p, &site, event, &secret, body).await.expect(200).json();
            assert_eq!(told[0]["outcome"], "ignored", "{told}");
        }
        let log = owner.get(&format!("/sites/{}/pushes", id(&site))).await.expect(200).json();
        let lines: Vec<_> = log.as_array().expect("a list").iter().map(|one| (text(one, "event"), text(one, "outcome"), text(one, "reason"))).collect();
        assert_eq!(
            lines,
            [
                ("ping", "ignored", "the host tried the URL out, and it works"),
                ("push", "ignored", "the branch `other` is neither the production branch nor one of the site's allowed_branches"),
                ("star", "ignored", "the event `star` is not followed"),
                ("push", "refused", "the signature is missing, or was not made with the site's secret"),
            ]
        );
        let shown = owner.get(&format!("/sites/{}/push_hook", id(&site))).await.expect(200);
        assert!(!shown.text().contains(&secret) && !log.to_string().contains(&secret));
        assert_eq!(shown.json()["signed"], true);
    }
}
