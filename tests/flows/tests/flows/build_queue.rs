//! Builds in line: through a crash, and once more.

use crate::builds::{built, linked, trigger};
use crate::support::{commit, id, repository, says, text};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use testkit::{Actor, both, until_within};

/// How long a small build may take, also after a crash that left a lease.
const BUILD: Duration = Duration::from_secs(150);

async fn ask(owner: &Actor, site: &Value) -> Value {
    owner.post(&format!("/sites/{}/builds", id(site)), json!({})).await.expect(200).json()
}

/// States and places in line of the account's builds.
async fn line(owner: &Actor, site: &Value) -> Vec<(String, String, Option<i64>)> {
    let queue = owner.get(&format!("/{}/builds/queue", text(site, "account_id"))).await.expect(200).json();
    let shown = queue.as_array().expect("a list").iter();
    shown
        .map(|one| (id(one).to_owned(), text(one, "state").to_owned(), one["queue_position"].as_i64()))
        .collect()
}

/// Whether some process of the machine was started with this name.
fn runs(name: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("processes").flatten();
    processes
        .filter_map(|entry| fs::read(entry.path().join("cmdline")).ok())
        .any(|line| line.starts_with(name.as_bytes()))
}

async fn appears(file: &Path) {
    until_within(BUILD, &format!("{}", file.display()), async || file.exists().then_some(())).await;
}

async fn build(owner: &Actor, build: &Value) -> Value {
    owner.get(&format!("/builds/{}", id(build))).await.expect(200).json()
}

async fn done(owner: &Actor, of: &Value) -> Value {
    until_within(BUILD, "the end of a build", async || {
        Some(build(owner, of).await).filter(|build| build["done"] == true)
    })
    .await
}

both! {
    /// The server is killed while one build runs and others wait: the one starts over, once, and nothing
    /// of its first run is left; the others wait as they did, and begin in their order.
    async fn a_crash_leaves_the_line_as_it_was(mut server: Process) {
        let settings = [("BOATHOOK_SANDBOX", "off"), ("BOATHOOK_BUILD_CONCURRENCY", "1")];
        server.restart_with(&settings).await;
        let owner = server.owner();
        let (runs_file, go) = (server.folder().join("runs"), server.folder().join("go"));
        let name = format!("left-{}", server.id());
        let command = format!(
            "(setsid bash -c 'exec -a {name} sleep 600' &); echo $$ >> {}; \
             until [ -e {} ]; do sleep 0.05; done; mkdir -p out; touch out/x",
            runs_file.display(),
            go.display()
        );
        let repository = repository(&[("index.html", "x")]);
        let (first, _) = linked(&owner, "in-front", &repository, &command).await;
        let (second, _) = linked(&owner, "behind-1", &repository, "mkdir out; touch out/x").await;
        let (third, _) = linked(&owner, "behind-2", &repository, "mkdir out; touch out/x").await;
        let running = ask(&owner, &first).await;
        appears(&runs_file).await;
        let waiting = [ask(&owner, &second).await, ask(&owner, &third).await];
        let expect = vec![
            (id(&running).to_owned(), "building".to_owned(), None),
            (id(&waiting[0]).to_owned(), "enqueued".to_owned(), Some(1)),
            (id(&waiting[1]).to_owned(), "enqueued".to_owned(), Some(2)),
        ];
        assert_eq!(line(&owner, &first).await, expect);
        until_within(BUILD, "a process of the build", async || runs(&name).then_some(())).await;
        server.kill();
        assert!(runs(&name), "without a sandbox, processes outlive the server");
        server.restart().await;
        until_within(BUILD, "the second run", async || {
            (fs::read_to_string(&runs_file).ok()?.lines().count() == 2).then_some(())
        })
        .await;
        assert_eq!(line(&owner, &first).await, expect);
        fs::write(&go, "").expect("a file can be written");
        let mut begun = Vec::new();
        for one in [&running, &waiting[0], &waiting[1]] {
            let ended = done(&owner, one).await;
            assert_eq!(ended["state"], "done", "{ended}");
            begun.push(text(&ended, "started_at").to_owned());
        }
        assert!(begun.is_sorted(), "{begun:?}");
        assert_eq!(fs::read_to_string(&runs_file).expect("it is there").lines().count(), 2);
        assert!(!runs(&name), "nothing outlives the build");
        // folders may be there that are made for a build to come, in which nobody worked
        let folders = fs::read_dir(server.data().join("builds")).expect("the folder of builds").flatten();
        let left: Vec<_> = folders.map(|entry| entry.path()).filter(|path| path.join("build").exists()).collect();
        assert_eq!(left, Vec::<PathBuf>::new());
        let minutes = owner.get(&format!("/{}/builds/status", text(&first, "account_id"))).await.expect(200);
        assert_eq!((&minutes.json()[0]["build_count"], &minutes.json()[0]["enqueued"]), (&json!(3), &json!(0)));
    }
}

both! {
    /// What runs in the sandbox dies with the server, at once.
    async fn a_killed_server_takes_its_sandbox_along(mut server: Process) {
        let owner = server.owner();
        let name = format!("boxed-{}", server.id());
        let repository = repository(&[("index.html", "x")]);
        let command = format!("(setsid bash -c 'exec -a {name} sleep 600' &); sleep 600");
        let (site, _) = linked(&owner, "boxed", &repository, &command).await;
        ask(&owner, &site).await;
        until_within(BUILD, "a process in the sandbox", async || runs(&name).then_some(())).await;
        server.kill();
        until_within(BUILD, "its end", async || (!runs(&name)).then_some(())).await;
    }
}

both! {
    /// Of the pushes that come while one is built, only the last is built.
    async fn the_newest_of_those_that_wait_is_built(p: Platform) {
        let owner = p.owner();
        let toml = |command: &str| format!("[build]\ncommand = \"{command}\"\n");
        let repository = repository(&[("netlify.toml", &toml("sleep 600"))]);
        let (site, hook) = linked(&owner, "busy", &repository, "exit 1").await;
        let running = ask(&owner, &site).await;
        until_within(BUILD, "a running build", async || {
            (build(&owner, &running).await["state"] == "building").then_some(())
        })
        .await;
        let replaced = ask(&owner, &site).await;
        fs::write(repository.path().join("netlify.toml"), toml("mkdir out; touch out/x")).expect("written");
        commit(repository.path(), "quick");
        trigger(&p.anonymous(), &hook, "").await;
        let replaced = build(&owner, &replaced).await;
        assert_eq!((&replaced["state"], &replaced["done"]), (&json!("cancelled"), &json!(true)));
        let deploy = owner.get(&format!("/deploys/{}", text(&replaced, "deploy_id"))).await.expect(200).json();
        assert_eq!((&deploy["state"], &deploy["skipped"]), (&json!("error"), &json!(true)));
        assert_eq!(deploy["error_message"], replaced["error"]);
        let line = line(&owner, &site).await;
        assert_eq!(line.iter().map(|(_, state, _)| state.as_str()).collect::<Vec<_>>(), ["building", "enqueued"]);
        owner.post(&format!("/builds/{}/cancel", id(&running)), json!({})).await.expect(200);
        assert_eq!(built(&owner, id(&site)).await["state"], "ready");
    }
}

both! {
    /// Whoever runs the server says how many builds an account may have at once; nobody else does.
    async fn the_operator_says_how_many_builds_an_account_may_have_at_once(p: Platform) {
        let owner = p.owner();
        let sleeping = repository(&[("index.html", "x")]);
        let (first, _) = linked(&owner, "slow-1", &sleeping, "sleep 600").await;
        let (second, _) = linked(&owner, "slow-2", &sleeping, "sleep 600").await;
        let account = text(&first, "account_id").to_owned();
        let (places, status) =
            (format!("/{account}/builds/concurrency"), format!("/{account}/builds/status"));
        let before = owner.get(&status).await.expect(200).json();
        assert_eq!((&before[0]["concurrency"], &before[0]["concurrency_override"]), (&Value::Null, &json!(false)));
        for wrong in [json!({}), json!({ "concurrency": 0 }), json!({ "concurrency": 1001 }), json!({ "concurrency": "2" })] {
            owner.put(&places, wrong).await.refusal(422);
        }
        let one = owner.put(&places, json!({ "concurrency": 1 })).await.expect(200).json();
        assert_eq!((&one[0]["concurrency"], &one[0]["concurrency_override"]), (&json!(1), &json!(true)));
        let running = ask(&owner, &first).await;
        until_within(BUILD, "a running build", async || {
            (build(&owner, &running).await["state"] == "building").then_some(())
        })
        .await;
        let waiting = ask(&owner, &second).await;
        let now = owner.get(&status).await.expect(200).json();
        assert_eq!((&now[0]["active"], &now[0]["pending_concurrency"]), (&json!(1), &json!(1)));
        assert_eq!(build(&owner, &waiting).await["state"], "enqueued");

        // somebody who owns the account, but not the server
        let invitation = json!({ "email": "member@example.org", "role": "Owner" });
        let members = owner.post(&format!("/{account}/members"), invitation).await.expect(200).json();
        let member = members.as_array().expect("a list").iter().find(|one| text(one, "email") == "member@example.org");
        let token = json!({ "name": "m", "scope": "admin", "user_id": member.expect("invited")["id"], "account_id": account });
        let member = p.issue(token).await;
        member.get(&status).await.expect(200);
        member.put(&places, json!({ "concurrency": 9 })).await.refusal(403);
        p.outsider().await.put(&places, json!({ "concurrency": 9 })).await.refusal(404);
        let confined = p.issue(json!({ "name": "c", "scope": "admin", "account_id": account })).await;
        confined.put(&places, json!({ "concurrency": 9 })).await.refusal(403);

        let all = owner.put(&places, json!({ "concurrency": null })).await.expect(200).json();
        assert_eq!(all[0]["concurrency_override"], json!(false));
        until_within(BUILD, "the build that waited", async || {
            (build(&owner, &waiting).await["state"] == "building").then_some(())
        })
        .await;
        for one in [&running, &waiting] {
            owner.post(&format!("/builds/{}/cancel", id(one)), json!({})).await.expect(200);
        }
    }
}

both! {
    /// A build is repeated with the commit that it had, although the branch went on.
    async fn a_retry_builds_the_same_commit(p: Platform) {
        let owner = p.owner();
        let repository = repository(&[("index.html", "one")]);
        let (site, _) = linked(&owner, "again", &repository, "mkdir out; cp index.html out").await;
        let first = done(&owner, &ask(&owner, &site).await).await;
        fs::write(repository.path().join("index.html"), "two").expect("a file can be written");
        commit(repository.path(), "two");
        done(&owner, &ask(&owner, &site).await).await;
        let again = owner.post(&format!("/builds/{}/retry", id(&first)), json!({ "clear_cache": true })).await;
        let again = done(&owner, &again.expect(200).json()).await;
        assert_eq!((&again["sha"], &again["state"]), (&first["sha"], &json!("done")));
        let path = format!("/deploys/{}/retry", text(&first, "deploy_id"));
        let deploy = owner.post(&path, json!({})).await.expect(200).json();
        assert_eq!(deploy["commit_ref"], first["sha"]);
        assert_eq!(built(&owner, id(&site)).await["state"], "ready");
        says(&p, "again", "one").await;
        let uploaded = owner.deploy(id(&site), &[("index.html", "by hand")]).await;
        owner.post(&format!("/deploys/{}/retry", id(&uploaded)), json!({})).await.refusal(422);
    }
}
