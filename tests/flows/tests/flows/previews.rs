//! From `git push` to what visitors see, with every Git host: branches, previews of requests, what is
//! cancelled, and requests of forks. One repository behind smart HTTP serves all hosts; the webhooks
//! are those that each of them documents.

use crate::pushes::{linked, send};
use crate::support::{id, says, text};
use futures_util::future::join_all;
use serde_json::{Value, json};
use test_hosts::webhooks::{Event, Host, OUTSIDER, Request, TITLE, Webhook};
use test_hosts::{GitHost, Repository};
use testkit::{Actor, Platform, both, until};

/// Says the page's words and which of two variables the build was given; does not end for some words.
const CMD: &str = "case \"$(cat page.txt)\" in *slow*) sleep 600;; esac; \
                   mkdir out && printf '%s' \"$(cat page.txt) ${OPEN:-none} ${HIDDEN:-none}\" > out/index.html";

/// A Git host, and a site of its own.
struct Scene<'a> {
    p: &'a Platform,
    owner: Actor,
    host: Host,
    repository: &'a Repository,
    /// Somebody's fork of it, where the host keeps nothing of their requests in it.
    fork: &'a Repository,
    site: Value,
    secret: String,
    /// The site's name, which is the host's.
    name: String,
    /// Numbers of its requests begin here: hosts share the repository.
    first: i64,
}

impl<'a> Scene<'a> {
    async fn new(p: &'a Platform, [repository, fork]: [&'a Repository; 2], host: Host, first: i64) -> Self {
        let owner = p.owner();
        let name = format!("{host:?}").to_lowercase();
        let (site, secret) = linked(&owner, &name, &host.clone_url(repository), CMD).await;
        let variable = |key: &str, secret: bool| {
            let values = ["production", "branch-deploy", "deploy-preview"];
            let values = values.map(|context| json!({ "context": context, "value": key.to_lowercase() }));
            json!({ "key": key, "is_secret": secret, "scopes": ["builds"], "values": values })
        };
        let path = format!("/accounts/{}/env?site_id={}", text(&site, "account_id"), id(&site));
        owner.post(&path, json!([variable("OPEN", false), variable("HIDDEN", true)])).await.expect(201);
        Self { p, owner, host, repository, fork, site, secret, name, first }
    }

    /// Commits words and pushes them to references; the commit.
    fn commit(&self, words: &str, references: &[String]) -> String {
        self.repository.write("page.txt", &self.words(words));
        let commit = self.repository.commit(words);
        self.repository.push_to(&references.iter().map(String::as_str).collect::<Vec<_>>());
        commit
    }

    /// Words that no other host has: every commit changes something.
    fn words(&self, words: &str) -> String {
        format!("{} {words}", self.name)
    }

    /// Commits to a request of the repository itself: to its branch, and to what the host keeps of it.
    fn commit_to_request(&self, words: &str, branch: &str) -> String {
        let kept = self.host.reference(self.first);
        let references: Vec<_> = kept.into_iter().chain([format!("refs/heads/{branch}")]).collect();
        self.commit(words, &references)
    }

    /// Commits to a request of a fork: to what the host keeps of it, or else to the fork.
    fn commit_to_fork(&self, words: &str, number: i64, branch: &str) -> String {
        if let Some(reference) = self.host.reference(number) {
            return self.commit(words, &[reference]);
        }
        self.fork.write("page.txt", &self.words(words));
        let commit = self.fork.commit(words);
        self.fork.push(&format!("refs/heads/{branch}"));
        commit
    }

    fn tells(&self, event: Event<'_>) -> Webhook {
        self.host.tells(self.repository, event, &self.secret)
    }

    /// Sends what the host tells of an event; what became of it.
    async fn tell(&self, event: Event<'_>) -> Value {
        send(self.p, &self.site, &self.tells(event)).await.expect(200).json()[0].clone()
    }

    /// The same of an event that starts a build; its deploy.
    async fn starts(&self, event: Event<'_>) -> String {
        let told = self.tell(event).await;
        assert_eq!(told["outcome"], "built", "{:?}: {told}", self.host);
        text(&told, "deploy_id").to_owned()
    }

    async fn ignores(&self, event: Event<'_>, why: &str) {
        let told = self.tell(event).await;
        let (outcome, reason) = (text(&told, "outcome"), text(&told, "reason"));
        assert!(outcome == "ignored" && reason.contains(why), "{:?}: {told}", self.host);
    }

    async fn deploy(&self, deploy: &str) -> Value {
        self.owner.get(&format!("/deploys/{deploy}")).await.expect(200).json()
    }

    async fn becomes(&self, deploy: &str, state: &str) -> Value {
        until(&format!("{state} of {deploy} of {:?}", self.host), async || {
            let now = self.deploy(deploy).await;
            (now["state"] == state).then_some(now)
        })
        .await
    }

    /// Asserts what a label of the site shows, built with the secret variable or without.
    async fn shows(&self, label: &str, words: &str, hidden: &str) {
        let page = format!("{} open {hidden}", self.words(words));
        says(self.p, &format!("{label}{}", self.name), &page).await;
    }

    /// Asserts that a deploy was called off, and what it says of that.
    async fn called_off(&self, deploy: &str, why: &str) {
        let deploy = self.becomes(deploy, "error").await;
        assert_eq!(text(&deploy, "error_message"), why, "{:?}", self.host);
    }

    /// A production deploy, and a branch's, which stays when the branch goes.
    async fn branches(&self) {
        let main = self.commit("on main", &["refs/heads/main".to_owned()]);
        let pushed = Event::Pushed { branch: "main", before: None, after: &main };
        let refused = self.host.tells(self.repository, pushed, "wrong");
        send(self.p, &self.site, &refused).await.refusal(401);
        let deploy = self.starts(pushed).await;
        assert_eq!(self.becomes(&deploy, "ready").await["context"], "production");
        self.shows("", "on main", "hidden").await;

        let branch = format!("feat-{}", self.name);
        let commit = self.commit("on a branch", &[format!("refs/heads/{branch}")]);
        let webhook = self.tells(Event::Pushed { branch: &branch, before: Some(&main), after: &commit });
        let told = send(self.p, &self.site, &webhook).await.expect(200).json();
        let again = send(self.p, &self.site, &webhook).await.expect(200).json();
        assert_eq!(again[0]["reason"], "this delivery was handled before", "{:?}", self.host);
        let deploy = self.becomes(text(&told[0], "deploy_id"), "ready").await;
        assert_eq!(
            (&deploy["context"], &deploy["branch"], &deploy["commit_ref"]),
            (&json!("branch-deploy"), &json!(branch), &json!(commit))
        );
        let label = format!("{branch}--");
        self.shows(&label, "on a branch", "hidden").await;
        self.repository.delete(&branch);
        self.ignores(Event::Deleted { branch: &branch, last: &commit }, "what was deployed stays").await;
        self.shows(&label, "on a branch", "hidden").await;
    }

    /// What a preview of a request shows of it.
    fn facts(&self, commit: &str) -> Value {
        let page = self.host.review_page(self.repository, self.first);
        let root = page.split("/acme").next().and_then(|page| page.split("/projects").next());
        let root = root.unwrap_or_default();
        let commit_url = match self.host {
            Host::GitLab => format!("{root}/acme/site/-/commit/{commit}"),
            Host::DataCenter => format!("{root}/projects/ACME/repos/site/commits/{commit}"),
            _ => format!("{root}/acme/site/commit/{commit}"),
        };
        // of a commit that is told shortened, Git says who made it
        let committer = if self.host == Host::Bitbucket { "Ada" } else { "ada" };
        json!({
            "context": "deploy-preview", "review_id": self.first, "review_url": page, "commit_ref": commit,
            "commit_url": commit_url, "committer": committer, "title": TITLE, "manual_deploy": false,
        })
    }

    /// A request has a preview of its own, which says where it comes from; production stays.
    async fn previews(&self, branch: &str) -> String {
        let label = format!("deploy-preview-{}--", self.first);
        let opened = self.commit_to_request("one", branch);
        let of = |commit| Request { number: self.first, branch, commit, fork: false };
        let first = self.starts(Event::Opened(of(&opened))).await;
        let first = self.becomes(&first, "ready").await;
        let facts = self.facts(&opened);
        let shown: Value =
            facts.as_object().expect("facts").keys().map(|key| (key.clone(), first[key].clone())).collect();
        assert_eq!(shown, facts, "{:?}", self.host);
        assert!(first["links"]["branch"].is_null(), "the branch's address is not its: {}", first["links"]);
        self.shows(&label, "one", "hidden").await;
        self.shows("", "on main", "hidden").await;
        opened
    }

    /// A running build goes on through newer pushes, of which the last waits and then replaces the
    /// preview, until a person or the end of the request stops it.
    async fn cancellations(&self, branch: &str, mut before: String) {
        let label = format!("deploy-preview-{}--", self.first);
        let mut update = async |words: &str| {
            let commit = self.commit_to_request(words, branch);
            let of = Request { number: self.first, branch, commit: &commit, fork: false };
            let deploy = self.starts(Event::Updated(of, &before)).await;
            before = commit;
            deploy
        };
        let running = update("slow").await;
        self.becomes(&running, "building").await;
        let (waiting, newest) = (update("two").await, update("three").await);
        self.called_off(&waiting, "Skipped: a newer build of the same branch took its place.").await;
        assert_eq!(self.deploy(&running).await["state"], "building", "{:?}", self.host);
        self.owner.post(&format!("/deploys/{running}/cancel"), json!({})).await.expect(201);
        self.called_off(&running, "Canceled").await;
        self.becomes(&newest, "ready").await;
        self.shows(&label, "three", "hidden").await;

        let running = update("slow again").await;
        self.becomes(&running, "building").await;
        let of = Request { number: self.first, branch, commit: &before, fork: false };
        let told = self.tell(Event::Closed(of)).await;
        assert_eq!(told["outcome"], "cancelled", "{:?}: {told}", self.host);
        self.called_off(&running, "Canceled").await;
        self.shows(&label, "three", "hidden").await;
    }

    /// A request of a fork waits; a yes builds it without secrets, a newer push takes the place of one
    /// that waits, a no and the end of the request leave nothing to be decided.
    async fn forks(&self) {
        let [accepted, rejected] = [self.first + 1, self.first + 2];
        let commit = self.commit_to_fork("theirs", accepted, "patch-1");
        let of = Request { number: accepted, branch: "patch-1", commit: &commit, fork: true };
        let held = self.held(Event::Opened(of)).await;
        let deploy = self.deploy(&held).await;
        assert_eq!(
            [&deploy["state"], &deploy["committer"], &deploy["review_id"], &deploy["commit_ref"]],
            [&json!("pending_review"), &json!(OUTSIDER), &json!(accepted), &json!(commit)]
        );
        self.owner.post(&format!("/deploys/{held}/accept"), json!({})).await.expect(200);
        self.becomes(&held, "ready").await;
        self.shows(&format!("deploy-preview-{accepted}--"), "theirs", "none").await;
        self.ignores(Event::Merged(of), "what was deployed stays").await;

        let old = self.commit_to_fork("theirs, too", rejected, "patch-2");
        let of = |commit| Request { number: rejected, branch: "patch-2", commit, fork: true };
        let older = self.held(Event::Opened(of(&old))).await;
        let new = self.commit_to_fork("theirs, better", rejected, "patch-2");
        let newer = self.held(Event::Updated(of(&new), &old)).await;
        self.called_off(&older, "A newer push took the place of this deploy request.").await;
        let no = json!({ "reason": "mines coins" });
        self.owner.post(&format!("/deploys/{newer}/reject"), no).await.expect(200);
        let refused = self.becomes(&newer, "rejected").await;
        assert_eq!(refused["error_message"], "The deploy request was rejected: mines coins");
        self.ignores(Event::Closed(of(&new)), "no build of it was under way").await;
        let preview = self.p.visitor().site(&format!("deploy-preview-{rejected}--{}", self.name), "/").await;
        assert_eq!(preview.status, 404, "{:?}", self.host);
    }

    /// The same of an event after which a build waits for a person; its deploy.
    async fn held(&self, event: Event<'_>) -> String {
        let told = self.tell(event).await;
        assert_eq!(told["outcome"], "held", "{:?}: {told}", self.host);
        text(&told, "deploy_id").to_owned()
    }
}

/// Builds at once: as many as there are hosts, since some wait to be stopped.
fn wide(config: &mut boathook::Config) {
    config.build_concurrency = Host::ALL.len();
}

both! {
    with wide;
    /// Every host, step by step.
    async fn every_host_makes_previews(p: Platform) {
        let git = GitHost::start();
        let (repository, fork) = (git.repository("acme/site"), git.repository(&format!("{OUTSIDER}/site")));
        join_all(Host::ALL.into_iter().zip(1..).map(async |(host, number)| {
            let scene = Scene::new(&p, [&repository, &fork], host, number * 10).await;
            let branch = format!("words-{}", scene.name);
            scene.branches().await;
            let newest = scene.previews(&branch).await;
            scene.cancellations(&branch, newest).await;
            scene.forks().await;
        }))
        .await;
    }
}
