//! What a repository sees of its sites' deploys. GitHub is a stand-in that holds each request against
//! GitHub's published description.

use crate::pushes::{linked, send};
use crate::support::{id, text};
use serde_json::{Value, json};
use test_hosts::GitHost;
use test_hosts::webhooks::{Event, Host, Request};
use testbed::GitHosts;
use testkit::{Actor, Visitor, both, until};

const TOKEN: &str = "t0ken-of-the-flow";
const ONE: &str = "5a7f8ce96f3e2a9b0d4c1e8f7a6b5c4d3e2f1a0b";
const TWO: &str = "6b8f9df07a4f3bac1e5d2f9a8b7c6d5e4f3a2b1c";

struct GitHub(GitHosts);

impl GitHub {
    fn start() -> Self {
        Self(GitHosts::start())
    }

    async fn look(&self, what: &str) -> Vec<Value> {
        let answer = Visitor::new(self.0.address).get("stand-in", &format!("/_/{what}")).await.expect(200);
        answer.json().as_array().expect("a list").clone()
    }

    /// Bodies of the statuses that were set on a commit under a context, oldest first.
    async fn statuses(&self, sha: &str, context: &str) -> Vec<Value> {
        let path = format!("/github/repos/acme/shop/statuses/{sha}");
        let log = self.look("log").await;
        let ours = log.iter().filter(|one| one["path"] == path.as_str() && one["body"]["context"] == context);
        ours.map(|one| one["body"].clone()).collect()
    }

    /// Waits until the last status of a commit is that.
    async fn shows(&self, sha: &str, context: &str, state: &str) -> Vec<Value> {
        until(&format!("{state} at {context}"), async || {
            let all = self.statuses(sha, context).await;
            all.last().is_some_and(|last| last["state"] == state).then_some(all)
        })
        .await
    }

    /// Waits until the only comment says that.
    async fn says(&self, words: &[&str]) -> Value {
        until(&format!("{words:?} in the comment"), async || {
            let all = self.look("comments").await;
            assert!(all.len() < 2, "one comment, not {}", all.len());
            let comment = all.first()?.clone();
            words.iter().all(|word| text(&comment, "body").contains(word)).then_some(comment)
        })
        .await
    }

    async fn was_asked_well(&self) {
        for request in self.look("log").await {
            assert_eq!(request["violations"], json!([]), "{request:#}");
        }
    }

    fn data(&self) -> Value {
        json!({ "access_token": TOKEN, "api_url": format!("http://{}/github", self.0.address) })
    }
}

/// A site of the repository whose pull requests are told; every hook names one event alone.
async fn site(owner: &Actor, github: &GitHub, name: &str) -> Value {
    let site = owner.create_site(name).await;
    let repo = json!({ "provider": "github", "repo_path": "acme/shop", "repo_branch": "main" });
    owner.patch(&format!("/sites/{}", id(&site)), json!({ "repo": repo })).await.expect(200);
    for (kind, event) in [
        ("github_commit_status", "deploy_created"),
        ("github_commit_status", "deploy_failed"),
        ("github_commit_status", "deploy_building"),
        ("github_commit_comment", "deploy_succeeded"),
    ] {
        let hook = json!({ "type": kind, "event": event, "data": github.data() });
        let made = owner.post(&format!("/hooks?site_id={}", id(&site)), hook).await.expect(201).json();
        assert_eq!((&made["type"], &made["event"]), (&json!(kind), &json!(event)));
        assert_eq!(made["data"]["access_token"], "********");
    }
    site
}

fn preview_of(sha: &str) -> Value {
    json!({
        "draft": true, "branch": "deploy-preview-7", "review_id": 7, "commit_ref": sha,
        "commit_url": format!("https://github.com/acme/shop/commit/{sha}"),
    })
}

both! {
    /// Two sites of a repository: each has its status, which goes forward only; both share a comment.
    async fn a_pull_request_is_told_of_its_previews(p: Platform) {
        let (owner, github) = (p.owner(), GitHub::start());
        let (shop, manual) = (site(&owner, &github, "shop").await, site(&owner, &github, "manual").await);
        let deploy = owner.deploy_as(id(&shop), &[("index.html", "shop")], preview_of(ONE)).await;
        let told = github.shows(ONE, "netlify/shop/deploy-preview", "success").await;
        let last = told.last().expect("a status");
        assert_eq!(last["description"], "Deploy Preview ready!");
        assert_eq!(last["target_url"], deploy["deploy_ssl_url"]);
        github.says(&["### ✅ Deploy Preview for *shop* ready!", ONE, text(&deploy, "id")]).await;

        let waiting = owner.new_deploy(id(&manual), preview_of(ONE)).await;
        github.shows(ONE, "netlify/manual/deploy-preview", "pending").await;
        github.says(&["Deploys of 2 sites: 1 ready", "| shop | ✅", "| manual | 👷"]).await;
        owner.post(&format!("/deploys/{}/cancel", id(&waiting)), json!({})).await.expect(201);
        let told = github.shows(ONE, "netlify/manual/deploy-preview", "error").await;
        assert_eq!(told.last().expect("a status")["description"], "Deploy Preview canceled.");
        github.says(&["### ❌ Deploys of 2 sites: 1 ready", "| manual | ❌ Deploy Preview canceled."]).await;

        owner.patch(&format!("/sites/{}", id(&shop)), json!({ "name": "store" })).await.expect(200);
        owner.deploy_as(id(&shop), &[("index.html", "store")], preview_of(TWO)).await;
        github.shows(TWO, "netlify/shop/deploy-preview", "success").await;
        assert!(github.statuses(TWO, "netlify/store/deploy-preview").await.is_empty(), "a rename is no new check");
        github.says(&["| store | ✅", TWO]).await;

        for (sha, context) in [(ONE, "shop"), (ONE, "manual"), (TWO, "shop")] {
            let told = github.statuses(sha, &format!("netlify/{context}/deploy-preview")).await;
            let states: Vec<_> = told.iter().map(|one| text(one, "state")).collect();
            let pending = states.iter().take_while(|state| **state == "pending").count();
            assert_eq!(pending + 1, states.len(), "one end, after what was pending: {states:?}");
            let mut different = told.clone();
            different.dedup();
            assert_eq!(different, told, "nothing is told twice");
        }
        github.was_asked_well().await;
    }
}

both! {
    /// A deploy that nobody said a commit of is told to nobody, and that is no failure.
    async fn a_manual_deploy_is_told_to_no_repository(p: Platform) {
        let (owner, github) = (p.owner(), GitHub::start());
        let site = site(&owner, &github, "by-hand").await;
        owner.deploy(id(&site), &[("index.html", "x")]).await;
        let hooks = owner.get(&format!("/hooks?site_id={}", id(&site))).await.expect(200).json();
        for hook in hooks.as_array().expect("a list") {
            let path = format!("/hooks/{}/deliveries?state=delivered", id(hook));
            let done = until("what was to be told", async || {
                let done = owner.get(&path).await.expect(200).json();
                done.as_array().is_some_and(|list| list.len() >= 2).then_some(done)
            })
            .await;
            let path = format!("/hooks/{}/deliveries/{}", id(hook), id(&done[0]));
            let record = owner.get(&path).await.expect(200).json();
            let note = &record["attempts"][0]["request"]["note"];
            assert_eq!(note, "nothing to tell: the deploy has no commit", "{record}");
        }
        assert!(github.look("log").await.is_empty());
        let refused = json!({ "commit_ref": "main" });
        owner.post(&format!("/sites/{}/deploys", id(&site)), refused).await.refusal(422);
    }
}

both! {
    /// No status waits for ever: not that of a request whose place a newer push took, not that of one
    /// that was closed, not that of a commit that was gone when its build began.
    async fn no_status_stays_pending(p: Platform) {
        let (owner, github, git) = (p.owner(), GitHub::start(), GitHost::start());
        let repository = git.repository("acme/site");
        repository.write("index.html", "x");
        let newest = repository.commit("x");
        repository.push("main");
        let (site, secret) = linked(&owner, "told", &repository.url, "mkdir out && cp index.html out").await;
        let mut data = github.data();
        data["repo"] = json!("acme/shop");
        let hook = json!({ "type": "github_commit_status", "event": "deploy_created", "data": data });
        owner.post(&format!("/hooks?site_id={}", id(&site)), hook).await.expect(201);
        let tell = async |event| {
            let webhook = Host::GitHub.tells(&repository, event, &secret);
            send(&p, &site, &webhook).await.expect(200).json()[0]["outcome"].clone()
        };
        let of = |commit| Request { number: 7, branch: "patch", commit, fork: true };
        let context = "netlify/told/deploy-preview";
        assert_eq!(tell(Event::Opened(of(ONE))).await, "held");
        github.shows(ONE, context, "pending").await;
        assert_eq!(tell(Event::Updated(of(TWO), ONE)).await, "held");
        let told = github.shows(ONE, context, "error").await;
        assert_eq!(told.last().expect("a status")["description"], "Deploy Preview canceled.");
        github.shows(TWO, context, "pending").await;
        assert_eq!(tell(Event::Closed(of(TWO))).await, "cancelled");
        github.shows(TWO, context, "error").await;

        let gone = "c".repeat(40);
        let pushed = Event::Pushed { branch: "main", before: None, after: &gone };
        assert_eq!(tell(pushed).await, "built");
        github.shows(&newest, "netlify/told/production", "success").await;
        github.shows(&gone, "netlify/told/production", "error").await;
        github.was_asked_well().await;
    }
}
