//! Webhooks of Git hosts that come to nothing: the sender hears why, and the owner reads it.

use crate::support::{id, text};
use http::{Request, header};
use serde_json::{Value, json};
use test_hosts::webhooks::{Event, Host, Webhook};
use test_hosts::{GitHost, Repository};
use testkit::{Actor, Answer, Platform, both};

/// Bytes of a webhook's body that are taken.
const BODY_MAX: usize = 25 << 20;

/// A site that is linked to the repository, and the secret of its webhooks.
pub async fn linked(owner: &Actor, name: &str, url: &str, cmd: &str) -> (Value, String) {
    let repo = json!({
        "provider": "manual", "repo_url": url, "repo_branch": "main", "allowed_branches": ["main", "feat-*"],
        "cmd": cmd, "dir": "out",
    });
    let site = owner.post("/sites", json!({ "name": name, "repo": repo })).await.expect(201).json();
    let drawn = owner.post(&format!("/sites/{}/push_hook", id(&site)), json!({})).await.expect(201).json();
    assert_eq!(drawn["url"], site["deploy_hook"]);
    (site, text(&drawn, "secret").to_owned())
}

/// Sends a webhook to the address that the site shows.
pub async fn send(p: &Platform, site: &Value, webhook: &Webhook) -> Answer {
    let path = text(site, "deploy_hook").split_once("/hooks/").expect("a path").1;
    let head = Request::post(format!("/hooks/{path}")).header(header::HOST, p.address().to_string());
    let head = webhook.headers.iter().fold(head, |head, (name, value)| head.header(*name, value));
    p.visitor().request(head, &webhook.body).await
}

/// A push of a commit to a branch, as GitHub tells it.
fn push(repository: &Repository, branch: &str, secret: &str) -> Webhook {
    let event = Event::Pushed { branch, before: None, after: &"c".repeat(40) };
    Host::GitHub.tells(repository, event, secret)
}

both! {
    /// What is not signed, not known or too large does nothing, and the owner reads why.
    async fn webhooks_are_refused_with_a_reason(p: Platform) {
        let (owner, host) = (p.owner(), GitHost::start());
        let repository = host.repository("acme/site");
        let (site, secret) = linked(&owner, "careful", &repository.url, "true").await;
        let message = send(&p, &site, &push(&repository, "main", "wrong")).await.refusal(401);
        assert!(!message.contains(&secret), "{message}");
        let other = json!({ "deploy_hook": "http://localhost/hooks/github/000000000000000000000000" });
        send(&p, &other, &push(&repository, "main", &secret)).await.refusal(404);
        let event = |name: &str, body: String| {
            Host::GitHub.signed(vec![("X-GitHub-Event", name.to_owned())], body, &secret)
        };
        send(&p, &site, &event("push", " ".repeat(BODY_MAX + 1))).await.refusal(413);
        let elsewhere = host.repository("acme/other");
        for webhook in [
            event("star", "{}".to_owned()),
            push(&repository, "other", &secret),
            event("ping", "{}".to_owned()),
        ] {
            let told = send(&p, &site, &webhook).await.expect(200).json();
            assert_eq!(told[0]["outcome"], "ignored", "{told}");
        }
        owner.patch(&format!("/sites/{}", id(&site)), json!({ "repo": { "repo_url": elsewhere.url } })).await.expect(200);
        send(&p, &site, &push(&repository, "main", &secret)).await.expect(200);
        let log = owner.get(&format!("/sites/{}/pushes", id(&site))).await.expect(200).json();
        let lines: Vec<_> = log.as_array().expect("a list").iter().map(|one| (text(one, "event"), text(one, "outcome"), text(one, "reason"))).collect();
        assert_eq!(
            lines,
            [
                ("push", "ignored", "it is about the repository acme/site, and the site is linked to acme/other"),
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
