//! From a repository to a live site, started by a build hook.

use crate::support::{commit, event_names, id, live_site, repository, says, text};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;
use tempfile::TempDir;
use testkit::{Actor, Answer, Receiver, both, until_within};

/// How long a small build may take, also after a crash that left a lease.
const BUILD: Duration = Duration::from_secs(150);

/// A site that is linked to a repository, and its build hook.
pub async fn linked(owner: &Actor, name: &str, repository: &TempDir, cmd: &str) -> (Value, Value) {
    let repo = json!({ "provider": "manual", "repo_path": repository.path(), "repo_branch": "main", "cmd": cmd, "dir": "out" });
    let site = owner.post("/sites", json!({ "name": name, "repo": repo })).await.expect(201).json();
    let hook = json!({ "title": "Nightly", "branch": "main" });
    let hook = owner.post(&format!("/sites/{}/build_hooks", id(&site)), hook).await.expect(201).json();
    (site, hook)
}

/// Calls a build hook as the outside world does: its id is all it takes.
pub async fn trigger(anyone: &Actor, hook: &Value, query: &str) -> Answer {
    let path = format!("/build_hooks/{}{query}", id(hook));
    let answer = anyone
        .send(Method::POST, &path, "application/x-www-form-urlencoded", Bytes::from_static(b"x=1"))
        .await;
    assert!(answer.is_success(), "{}", answer.shown());
    answer
}

/// Waits until the newest deploy of a site is over.
pub async fn built(owner: &Actor, site: &str) -> Value {
    until_within(BUILD, "the end of the newest deploy", async || {
        let deploys = owner.get(&format!("/sites/{site}/deploys")).await.expect(200).json();
        let newest = deploys.get(0)?.clone();
        matches!(text(&newest, "state"), "ready" | "error").then_some(newest)
    })
    .await
}

/// Waits until all builds of a site, `count` of them, are over.
async fn all_done(owner: &Actor, site: &str, count: usize) {
    until_within(BUILD, &format!("the end of {count} builds"), async || {
        let builds = owner.get(&format!("/sites/{site}/builds")).await.expect(200).json();
        let builds = builds.as_array().expect("a list");
        (builds.len() == count && builds.iter().all(|one| one["done"] == true)).then_some(())
    })
    .await;
}

/// The lines of a deploy's build log.
async fn log(owner: &Actor, deploy: &Value) -> String {
    let answer = owner.get(&format!("/deploys/{}/log", id(deploy))).await;
    answer.shown()
}

both! {
    /// Clone, command, publish; told in the right order.
    async fn a_build_hook_builds_the_site(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let repository = repository(&[("page.txt", "from the repository")]);
        let cmd = "mkdir out && cp page.txt out/index.html && echo \"$INCOMING_HOOK_TITLE:$INCOMING_HOOK_BODY\" > out/hook.txt";
        let (site, hook) = linked(&owner, "built", &repository, cmd).await;
        let events = ["deploy_created", "deploy_building", "deploy_succeeded", "deploy_failed"];
        owner.hook(id(&site), &events, &receiver.url(), None).await;
        trigger(&p.anonymous(), &hook, "").await;
        let deploy = built(&owner, id(&site)).await;
        assert_eq!(deploy["state"], "ready", "{deploy}\n{}", log(&owner, &deploy).await);
        says(&p, "built", "from the repository").await;
        assert_eq!(p.visitor().site("built", "/hook.txt").await.expect(200).text().trim(), "Nightly:x%3D1");
        let title = text(&deploy, "title");
        assert!(title.contains("Nightly"), "{title}");
        assert_eq!((&deploy["branch"], &deploy["manual_deploy"]), (&json!("main"), &json!(false)));
        assert!(deploy["commit_ref"].as_str().is_some_and(|sha| sha.len() == 40), "{deploy}");
        assert_eq!(event_names(&owner, id(&site)).await, events[..3]);
        receiver.wait_for(3).await;
        assert!(events[..3].iter().all(|name| receiver.delivered().iter().any(|one| one.event() == *name)));
    }
}

both! {
    /// The next build takes the next commit.
    async fn builds_follow_the_branch(p: Platform) {
        let owner = p.owner();
        let repository = repository(&[("index.html", "one")]);
        let (site, hook) = linked(&owner, "follow", &repository, "mkdir out && cp index.html out").await;
        for content in ["one", "two"] {
            std::fs::write(repository.path().join("index.html"), content).expect("a file can be written");
            std::fs::write(repository.path().join("mark"), content).expect("a file can be written");
            commit(repository.path(), content);
            trigger(&p.anonymous(), &hook, "").await;
            let deploy = built(&owner, id(&site)).await;
            assert_eq!(deploy["state"], "ready", "{deploy}");
            says(&p, "follow", content).await;
        }
    }
}

both! {
    /// A branch that is not there, and a command that fails, fail the deploy and say why.
    async fn failed_builds_say_why(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let repository = repository(&[("index.html", "x")]);
        let (site, hook) = linked(&owner, "broken", &repository, "echo the-reason >&2; exit 3").await;
        owner.hook(id(&site), &["deploy_failed"], &receiver.url(), None).await;
        for (count, query) in [(1, "?trigger_branch=no-such-branch"), (2, "")] {
            trigger(&p.anonymous(), &hook, query).await;
            let deploy = built(&owner, id(&site)).await;
            assert!(deploy["state"] == "error" && !text(&deploy, "error_message").is_empty(), "{deploy}");
            let told = receiver.wait_for(count).await.remove(count - 1);
            assert_eq!(
                (told.event(), &told.json()["error_message"]),
                ("deploy_failed", &deploy["error_message"])
            );
        }
        assert_eq!(p.visitor().site("broken", "/").await.status, 404);
    }
}

both! {
    /// Only who knows a hook's id can call it, and only with POST.
    async fn build_hooks_are_secret(p: Platform) {
        let owner = p.owner();
        let (_, _) = live_site(&owner, "unlinked").await;
        let anyone = p.anonymous();
        for path in ["/build_hooks/000000000000000000000000", "/build_hooks/x"] {
            anyone.send(Method::POST, path, "text/plain", Bytes::new()).await.refusal(404);
        }
        let hook =
            owner.post("/sites/unlinked/build_hooks", json!({ "title": "t" })).await.expect(201).json();
        let path = format!("/build_hooks/{}", id(&hook));
        let answer = anyone.send(Method::POST, &path, "text/plain", Bytes::new()).await;
        assert!(matches!(answer.status, 404 | 422), "a site without a repository: {}", answer.shown());
        let answer = anyone.send(Method::GET, &path, "", Bytes::new()).await;
        assert!(!answer.is_success(), "{}", answer.shown());
    }
}

both! {
    /// A build that is cancelled stops, and its deploy says so.
    async fn a_build_can_be_cancelled(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let repository = repository(&[("index.html", "x")]);
        let (site, hook) = linked(&owner, "endless", &repository, "sleep 600").await;
        owner.hook(id(&site), &["deploy_building"], &receiver.url(), None).await;
        trigger(&p.anonymous(), &hook, "").await;
        let deploy = receiver.wait_for(1).await[0].json();
        owner.post(&format!("/deploys/{}/cancel", id(&deploy)), json!({})).await.expect(201);
        let deploy = built(&owner, id(&site)).await;
        assert_eq!(text(&deploy, "error_message"), "Canceled");
        all_done(&owner, id(&site), 1).await;
    }
}

/// Waits until a file is there.
async fn appears(file: &Path) {
    until_within(BUILD, &format!("{}", file.display()), async || file.exists().then_some(())).await;
}

both! {
    /// The server is killed while a build runs: the deploy comes to an end all the same, and so does the
    /// next one.
    async fn a_crash_leaves_no_build_behind(mut server: Process) {
        server.restart_with(&[("BOATHOOK_SANDBOX", "off")]).await;
        let owner = server.owner();
        let receiver = Receiver::start().await;
        let mark = server.folder().join("mark");
        let repository = repository(&[("index.html", "after the crash")]);
        let cmd = format!(
            "mkdir -p out && cp index.html out && if [ ! -e {0} ]; then touch {0}; sleep 120; fi",
            mark.display()
        );
        let (site, hook) = linked(&owner, "power-cut", &repository, &cmd).await;
        owner.hook(id(&site), &["deploy_succeeded", "deploy_failed"], &receiver.url(), None).await;
        let anyone = Actor::new(server.address(), None);
        trigger(&anyone, &hook, "").await;
        appears(&mark).await;
        server.kill();
        server.restart().await;
        let deploy = built(&owner, id(&site)).await;
        receiver.wait_for(1).await;
        trigger(&anyone, &hook, "").await;
        let next = until_within(BUILD, "the next deploy", async || {
            let newest = built(&owner, id(&site)).await;
            (newest["id"] != deploy["id"]).then_some(newest)
        })
        .await;
        assert_eq!(next["state"], "ready", "{next}");
        assert_eq!(server.visitor().site("power-cut", "/").await.expect(200).text(), "after the crash");
        all_done(&owner, id(&site), 2).await;
    }
}
