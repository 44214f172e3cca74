//! Webhooks of Git hosts that come to nothing: the sender hears why, and the owner reads it.

use crate::support::{id, text};
use http::{Request, header};
use serde_json::{Value, json};
use test_hosts::webhooks::{Event, Host, Request as Review, Webhook};
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
    /// Who may only look sees nothing by which builds are started, and no value of a variable.
    async fn readers_see_no_way_in(p: Platform) {
        let owner = p.owner();
        let (site, secret) = linked(&owner, "looked-at", "https://git.example/team/blog", "true").await;
        let (site, path) = (id(&site).to_owned(), format!("/sites/{}", id(&site)));
        let hook = json!({ "title": "Nightly" });
        let hook = owner.post(&format!("{path}/build_hooks"), hook).await.expect(201).json();
        let env = format!("/accounts/{}/env", text(&owner.get(&path).await.json(), "account_slug"));
        let variable = json!([{ "key": "OPEN", "values": [{ "context": "dev", "value": "in the open" }, { "context": "production", "value": "hunter2" }] }]);
        owner.post(&format!("{env}?site_id={site}"), variable).await.expect(201);
        let (push_hook, reader) = (format!("{path}/push_hook"), p.reader().await);
        let push_url = owner.get(&push_hook).await.json();
        let id_of_hook = text(&push_url, "url").rsplit('/').next().expect("a part").to_owned();
        let hidden = [id_of_hook.as_str(), id(&hook), &secret, "in the open", "hunter2"];
        for path in [
            path.clone(),
            "/sites".to_owned(),
            push_hook,
            format!("{path}/pushes"),
            format!("{env}?site_id={site}"),
            format!("{env}/OPEN?site_id={site}"),
        ] {
            let (all, seen) = (owner.get(&path).await.expect(200), reader.get(&path).await.expect(200));
            let shown = seen.text();
            assert!(hidden.iter().all(|word| !shown.contains(word)), "{path}: {shown}");
            assert!(!path.contains("env") || all.text().contains("hunter2"), "{path}: {}", all.text());
        }
        for path in ["build_hooks".to_owned(), format!("build_hooks/{}", id(&hook)), format!("build_hooks/{}/calls", id(&hook))] {
            let path = format!("/sites/{site}/{path}");
            reader.get(&path).await.refusal(403);
            owner.get(&path).await.expect(200);
        }
    }
}

both! {
    /// A fork of which the host keeps nothing is fetched as the host told of it, or not at all.
    async fn a_fork_is_built_only_as_it_was_told(p: Platform) {
        let (owner, host) = (p.owner(), GitHost::start());
        let (repository, fork) = (host.repository("acme/site"), host.repository("mallory/site"));
        let (site, secret) = linked(&owner, "forked", &repository.url, "mkdir out && cp page.txt out/index.html").await;
        fork.write("page.txt", "theirs");
        let told = fork.commit("theirs");
        fork.push("patch");
        let of = |number, branch, commit| Event::Opened(Review { number, branch, commit, fork: true });
        let tell = async |site: &Value, event, secret: &str| {
            let webhook = Host::Bitbucket.tells(&repository, event, secret);
            send(&p, site, &webhook).await.expect(200).json()[0].clone()
        };
        let held = tell(&site, of(1, "patch", &told), &secret).await;
        assert_eq!((text(&held, "outcome"), text(&held, "commit_ref")), ("held", told.as_str()), "{held}");
        let deploy = format!("/deploys/{}", text(&held, "deploy_id"));
        let shown = owner.get(&deploy).await.expect(200).json();
        assert_eq!((text(&shown, "state"), text(&shown, "commit_ref")), ("pending_review", told.as_str()));
        assert!(text(&shown, "commit_url").ends_with(&format!("/acme/site/commits/{told}")), "{shown}");
        // what comes later to the branch is not what somebody looked at
        fork.write("page.txt", "worse");
        let worse = fork.commit("worse");
        fork.push("patch");
        owner.post(&format!("{deploy}/accept"), json!({})).await.expect(200);
        let built = owner.finished(text(&held, "deploy_id")).await;
        assert_eq!((text(&built, "state"), text(&built, "commit_ref")), ("ready", told.as_str()), "{built}");
        let page = p.visitor().open(text(&built, "deploy_ssl_url")).await.expect(200);
        assert_eq!(page.text(), "theirs");
        let gone = "c".repeat(40);
        for (number, branch, commit, why) in [
            (2, "patch", &told, format!("its branch is at {worse} by now and not at {}; a webhook", &told[..12])),
            (3, "gone", &gone, "the fork has no branch `gone`".to_owned()),
        ] {
            let ignored = tell(&site, of(number, branch, commit), &secret).await;
            assert!(ignored["outcome"] == "ignored" && text(&ignored, "reason").contains(&why), "{ignored}");
        }
        let elsewhere = host.repository("acme/lonely");
        let lonely = Host::Bitbucket.tells(&elsewhere, of(4, "patch", &told), &secret);
        let body = lonely.body.replace("mallory/site", "mallory/nothing");
        let event = vec![("X-Event-Key", "pullrequest:created".to_owned())];
        let ignored = send(&p, &site, &Host::Bitbucket.signed(event, body, &secret)).await.expect(200).json();
        let why = text(&ignored[0], "reason");
        assert!(why.starts_with("the fork cannot be read: ") && why.contains("not found"), "{ignored}");
        let repo = json!({ "provider": "manual", "repo_url": repository.url, "repo_branch": "main" });
        let unsigned = owner.post("/sites", json!({ "name": "open", "repo": repo })).await.expect(201).json();
        let ignored = tell(&unsigned, of(5, "patch", &worse), "none").await;
        assert!(text(&ignored, "reason").contains("only where webhooks are signed"), "{ignored}");
    }
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
