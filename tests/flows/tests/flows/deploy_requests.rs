//! A fork asks for a preview: it waits, a person decides, and no secret reaches its build unless that
//! person says so.

use crate::browser::Browser;
use crate::builds::{built, linked};
use crate::support::{commit, id, repository, text};
use http::{Method, Request, header};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;
use testkit::{Actor, Answer, Platform, both, until};

/// Says which of two variables the build was given.
const CMD: &str = "mkdir out && echo \"${OPEN:-none} ${HIDDEN:-none}\" > out/index.html";
const EVENTS: [&str; 3] = ["deploy_request_pending", "deploy_request_accepted", "deploy_request_rejected"];

/// Runs Git in a folder; what it printed.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output =
        Command::new("git").current_dir(folder).args(arguments).output().expect("git can be started");
    assert!(output.status.success(), "git {arguments:?}");
    String::from_utf8(output.stdout).expect("git prints text").trim().to_owned()
}

/// A commit that only the request's reference leads to, as a host keeps those of forks; its SHA.
fn request(repository: &TempDir, number: i64, content: &str) -> String {
    let folder = repository.path();
    git(folder, &["checkout", "--quiet", "-B", "fork", "main"]);
    std::fs::write(folder.join("page.txt"), content).expect("a file can be written");
    commit(folder, "From a fork");
    let sha = git(folder, &["rev-parse", "HEAD"]);
    git(folder, &["update-ref", &format!("refs/pull/{number}/head"), &sha]);
    git(folder, &["checkout", "--quiet", "main"]);
    git(folder, &["branch", "--quiet", "-D", "fork"]);
    sha
}

/// What GitHub tells of a pull request from a fork, to the address that the site shows.
async fn told(p: &Platform, site: &Value, action: &str, number: i64, sha: &str) -> Answer {
    let url = text(site, "deploy_hook");
    let (host, path) = url.split_once("://").and_then(|(_, rest)| rest.split_once('/')).expect("a URL");
    let body = json!({
        "action": action,
        "number": number,
        "repository": { "id": 1, "full_name": "team/blog", "html_url": "https://git.example/team/blog", "default_branch": "main" },
        "pull_request": {
            "html_url": format!("https://git.example/team/blog/pull/{number}"),
            "title": "Better boats",
            "author_association": "NONE",
            "user": { "login": "mallory" },
            "head": { "ref": "main", "sha": sha, "repo": { "id": 2 } },
            "base": { "ref": "main", "repo": { "id": 1 } }
        },
        "sender": { "login": "mallory" }
    });
    let head = Request::builder().method(Method::POST).uri(format!("/{path}"));
    let head = head.header(header::HOST, host).header(header::CONTENT_TYPE, "application/json");
    p.visitor().request(head.header("X-GitHub-Event", "pull_request"), &body.to_string()).await.expect(200)
}

/// Waits until the build of a deploy is over, and its log whole; the deploy can be ready before.
pub async fn over(owner: &Actor, deploy: &Value) {
    let path = format!("/builds/{}", text(deploy, "build_id"));
    until("the end of the build", async || {
        (owner.get(&path).await.expect(200).json()["done"] == true).then_some(())
    })
    .await;
}

async fn waiting(owner: &Actor, site: &str) -> Vec<Value> {
    let list = owner.get(&format!("/sites/{site}/deploys?state=pending_review")).await.expect(200).json();
    list.as_array().expect("a list").clone()
}

/// A linked site with an open variable and a secret one.
async fn guarded(owner: &Actor, name: &str, repository: &TempDir) -> Value {
    let (site, _) = linked(owner, name, repository, CMD).await;
    let variable = |key: &str, secret: bool| json!({ "key": key, "is_secret": secret, "scopes": ["builds"], "values": [{ "context": "deploy-preview", "value": key.to_lowercase() }] });
    let path = format!("/accounts/{}/env?site_id={}", text(&site, "account_id"), id(&site));
    let body = json!([variable("OPEN", false), variable("HIDDEN", true)]);
    owner.post(&path, body).await.expect(201);
    owner.get(&format!("/sites/{}", id(&site))).await.expect(200).json()
}

fn titles(deploy: &Value) -> Vec<&str> {
    let messages = deploy["summary"]["messages"].as_array().expect("a summary");
    messages.iter().map(|message| text(message, "title")).collect()
}

async fn shows(p: &Platform, deploy: &Value) -> String {
    p.visitor().open(text(deploy, "deploy_ssl_url")).await.expect(200).text().trim().to_owned()
}

both! {
    /// It waits, is accepted, and is built without the secret; hooks hear of both.
    async fn a_fork_waits_for_a_yes(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let repository = repository(&[("index.html", "ours")]);
        let site = guarded(&owner, "asked", &repository).await;
        owner.hook(id(&site), &EVENTS, &receiver.url(), Some("s3cret")).await;
        let sha = request(&repository, 7, "theirs");
        told(&p, &site, "opened", 7, &sha).await;
        let held = waiting(&owner, id(&site)).await.pop().expect("a deploy request");
        assert_eq!((&held["review_id"], text(&held, "context")), (&json!(7), "deploy-preview"));
        assert_eq!((text(&held, "commit_ref"), text(&held, "committer")), (sha.as_str(), "mallory"));
        let pending = receiver.wait_for(1).await.remove(0);
        assert_eq!((pending.event(), &pending.json()["state"]), ("deploy_request_pending", &json!("pending_review")));
        assert_eq!(pending.json()["id"], held["id"]);
        let accept = format!("/deploys/{}/accept", id(&held));
        p.reader().await.post(&accept, json!({})).await.refusal(403);
        p.outsider().await.post(&accept, json!({})).await.refusal(404);
        assert_eq!(owner.post(&accept, json!({})).await.expect(200).json()["state"], "enqueued");
        owner.post(&accept, json!({ "with_secrets": true })).await.expect(200);
        let deploy = built(&owner, id(&site)).await;
        assert_eq!(deploy["state"], "ready", "{deploy}");
        assert_eq!(text(&deploy, "committer"), "mallory", "as the host says");
        assert_eq!(titles(&deploy)[0], "Built without sensitive variables");
        assert_eq!(shows(&p, &deploy).await, "open none");
        assert!(text(&deploy, "deploy_ssl_url").contains("//deploy-preview-7--asked."), "{deploy}");
        over(&owner, &deploy).await;
        let log = owner.get(&format!("/deploys/{}/log", id(&deploy))).await.expect(200).text();
        assert!(log.contains("not trusted") && !log.contains("hidden"), "{log}");
        let accepted = receiver.wait_for(2).await.remove(1);
        assert_eq!((accepted.event(), &accepted.json()["state"]), ("deploy_request_accepted", &json!("enqueued")));
        owner.post(&format!("/deploys/{}/reject", id(&deploy)), json!({})).await.refusal(422);
        let branch = p.visitor().site("main--asked", "/").await;
        assert!(!branch.is_success(), "a fork's branch takes no label: {}", branch.shown());
        assert_eq!(receiver.count(), 2);
    }
}

both! {
    /// A no ends it with its reason; a closed request asks nobody; a yes can give secrets out.
    async fn a_person_decides(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let repository = repository(&[("index.html", "ours")]);
        let site = guarded(&owner, "decided", &repository).await;
        owner.hook(id(&site), &EVENTS[2..], &receiver.url(), None).await;
        for (number, action) in [(1, "opened"), (2, "opened"), (2, "closed"), (3, "opened")] {
            let sha = request(&repository, number, action);
            told(&p, &site, action, number, &sha).await;
        }
        let mut held = waiting(&owner, id(&site)).await;
        let reviews: Vec<_> = held.iter().map(|deploy| deploy["review_id"].clone()).collect();
        assert_eq!(reviews, [3, 1], "newest first, without the one that was closed");
        let (first, third) = (held.remove(1), held.remove(0));
        let reject = format!("/deploys/{}/reject", id(&first));
        let rejected = owner.post(&reject, json!({ "reason": "mines coins" })).await.expect(200).json();
        let said = "The deploy request was rejected: mines coins";
        assert_eq!((text(&rejected, "state"), text(&rejected, "error_message")), ("rejected", said));
        owner.post(&reject, json!({})).await.expect(200);
        owner.post(&reject, json!({ "reason": "x".repeat(501) })).await.refusal(400);
        owner.post(&format!("/deploys/{}/accept", id(&first)), json!({})).await.refusal(422);
        let told = receiver.wait_for(1).await.remove(0);
        assert_eq!((told.event(), &told.json()["error_message"]), (EVENTS[2], &json!(said)));
        let build = owner.get(&format!("/builds/{}", text(&first, "build_id"))).await.expect(200).json();
        assert_eq!((text(&build, "state"), text(&build, "error")), ("cancelled", said));
        let accept = format!("/deploys/{}/accept", id(&third));
        owner.post(&accept, json!({ "with_secrets": true })).await.expect(200);
        let deploy = owner.finished(id(&third)).await;
        assert_eq!(deploy["state"], "ready", "{deploy}");
        assert_eq!((titles(&deploy)[0], shows(&p, &deploy).await.as_str()), ("Built with sensitive variables", "open hidden"));
    }
}

both! {
    /// What the site says about untrusted code counts, and other words are refused.
    async fn the_site_says_what_becomes_of_forks(p: Platform) {
        let owner = p.owner();
        let repository = repository(&[("index.html", "ours")]);
        let site = guarded(&owner, "policy", &repository).await;
        let path = format!("/sites/{}", id(&site));
        let set = |flow: &'static str| owner.patch(&path, json!({ "build_settings": { "untrusted_flow": flow } }));
        set("nonsense").await.refusal(400);
        let shown = set("redact").await.expect(200).json();
        assert_eq!(shown["build_settings"]["untrusted_flow"], "redact");
        let sha = request(&repository, 1, "one");
        told(&p, &site, "opened", 1, &sha).await;
        let deploy = built(&owner, id(&site)).await;
        assert_eq!((deploy["state"].as_str(), shows(&p, &deploy).await.as_str()), (Some("ready"), "open none"));
        set("never").await.expect(200);
        let sha = request(&repository, 2, "two");
        told(&p, &site, "opened", 2, &sha).await;
        let deploys = owner.get(&format!("{path}/deploys")).await.expect(200).json();
        assert_eq!(deploys.as_array().map(Vec::len), Some(1), "nothing is made of the second: {deploys}");
        assert_eq!(set("ask").await.expect(200).json()["build_settings"]["untrusted_flow"], "review");
    }
}

both! {
    /// The pages show what waits, and take the answer.
    async fn a_person_decides_on_the_page(p: Platform) {
        let owner = p.owner();
        let repository = repository(&[("index.html", "ours")]);
        let site = guarded(&owner, "paged", &repository).await;
        for number in [1, 2] {
            let sha = request(&repository, number, "theirs");
            told(&p, &site, "opened", number, &sha).await;
        }
        let browser = Browser::owner(&p).await;
        let list = browser.page("/sites/paged/requests").await;
        assert_eq!(list.matches("with secret variables").count(), 2, "{list}");
        assert!(browser.page("/sites/paged").await.contains("2 deploy requests wait"));
        let mut held = waiting(&owner, id(&site)).await;
        let (first, second) = (held.remove(1), held.remove(0));
        let answer = |deploy: &Value, word: &str| format!("/sites/paged/requests/{}/{word}", id(deploy));
        let rejected = browser.post(&answer(&first, "reject"), "reason=no").await.expect(303);
        assert_eq!(rejected.header("location"), Some("/sites/paged/requests?done=rejected"));
        let accepted = browser.post(&answer(&second, "accept"), "").await.expect(303);
        let page = accepted.header("location").expect("a page").to_owned();
        assert_eq!(owner.finished(id(&second)).await["state"], "ready");
        over(&owner, &second).await;
        let page = browser.page(&page).await;
        assert!(page.contains("Built without sensitive variables") && page.contains("class=\"log\""), "{page}");
        let late = browser.post(&answer(&first, "accept"), "").await;
        assert_eq!(late.status, 422);
        assert!(late.text().contains("the deploy request was rejected"), "{}", late.text());
    }
}
