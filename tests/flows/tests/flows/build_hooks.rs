//! Build hooks with options, from outside: many calls and one build, signatures, rotation, the log.

use crate::builds::{built, linked};
use crate::support::{id, repository, says, text};
use bytes::Bytes;
use http::{Method, Request, header};
use model::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Actor, Answer, Platform, both, until, until_within};

/// How long a small build may take on a busy machine.
const BUILD: Duration = Duration::from_secs(150);
/// Writes what the build was told by its caller into the page.
const ECHO: &str = "mkdir -p out && printf %s \"$INCOMING_HOOK_BODY\" > out/index.html";

/// A linked site that shows what its newest call said, and its build hook with these options.
async fn echoing(owner: &Actor, name: &str, folder: &tempfile::TempDir, options: Value) -> (Value, Value) {
    let (site, hook) = linked(owner, name, folder, ECHO).await;
    let path = format!("/sites/{}/build_hooks/{}", id(&site), id(&hook));
    owner.put(&path, options).await.expect(204);
    let hook = owner.get(&path).await.expect(200).json();
    (site, hook)
}

/// Calls the URL of a hook.
async fn call(anyone: &Actor, hook: &Value, query: &str, body: &str) -> Answer {
    let url = text(hook, "url");
    let path = format!("{}{query}", &url[url.find("/build_hooks/").expect("a build hook's URL")..]);
    anyone.send(Method::POST, &path, "text/plain", Bytes::copy_from_slice(body.as_bytes())).await
}

/// What a status URL in an answer's headers says.
async fn status(anyone: &Actor, answer: &Answer) -> Value {
    let url = answer.header("x-boathook-build-hook-status").expect("an answer tells its status URL");
    let path = &url[url.find("/build_hooks/").expect("a build hook's URL")..];
    anyone.send(Method::GET, path, "", Bytes::new()).await.expect(200).json()
}

async fn builds_of(owner: &Actor, site: &Value) -> Vec<Value> {
    let builds = owner.get(&format!("/sites/{}/builds", id(site))).await.expect(200).json();
    builds.as_array().expect("a list").clone()
}

both! {
    /// 200 calls in 10 s make at most two builds, and the newest content is live.
    async fn many_calls_make_few_builds(p: Platform) {
        let owner = p.owner();
        let folder = repository(&[("index.html", "x")]);
        let options = json!({ "debounce_ms": 5000, "max_wait_ms": 600_000 });
        let (site, hook) = echoing(&owner, "bursts", &folder, options).await;
        let anyone = p.anonymous();
        let mut last = None;
        for n in 0..200 {
            let answer = call(&anyone, &hook, "", &format!("n{n}")).await.expect(200);
            assert_eq!((answer.text().as_str(), answer.header("x-build-id")), ("", None), "{n}");
            p.clock().advance(Duration::from_millis(50));
            last = Some(answer);
        }
        let last = last.expect("there were calls");
        p.clock().advance(Duration::from_secs(5));
        let end = until_within(BUILD, "the end of the last call's build", async || {
            Some(status(&anyone, &last).await).filter(|status| status["done"] == true)
        })
        .await;
        assert_eq!(end["state"], "done", "{end}");
        says(&p, "bursts", "n199").await;
        let builds = builds_of(&owner, &site).await;
        assert!((1..=2).contains(&builds.len()), "{builds:?}");
        let title = owner.get(&format!("/deploys/{}", text(&end, "deploy_id"))).await.expect(200).json();
        assert_eq!(title["title"], "Deploy triggered by hook: Nightly");
    }
}

both! {
    /// What waits when the server is killed is built by the next one.
    async fn a_waiting_call_outlives_a_crash(mut server: Process) {
        server.restart_with(&[("BOATHOOK_SANDBOX", "off")]).await;
        let owner = server.owner();
        let folder = repository(&[("index.html", "x")]);
        let (site, hook) = echoing(&owner, "survivor", &folder, json!({ "debounce_ms": 6000 })).await;
        let anyone = Actor::new(server.address(), None);
        call(&anyone, &hook, "", "first").await.expect(200);
        let answer = call(&anyone, &hook, "", "newest").await.expect(200);
        assert_eq!(answer.header("x-boathook-build-hook-state"), Some("merged"));
        server.kill();
        server.restart().await;
        let deploy = until_within(BUILD, "a deploy", async || {
            let deploys = owner.get(&format!("/sites/{}/deploys", id(&site))).await.expect(200).json();
            deploys.get(0).cloned()
        })
        .await;
        let built = built(&owner, id(&site)).await;
        assert_eq!((&built["id"], &built["state"]), (&deploy["id"], &json!("ready")), "{built}");
        assert_eq!(server.visitor().site("survivor", "/").await.expect(200).text(), "newest");
        assert_eq!(builds_of(&owner, &site).await.len(), 1);
        let end = until("the end of the build", async || {
            Some(status(&anyone, &answer).await).filter(|status| status["done"] == true)
        });
        assert_eq!(end.await["state"], "done");
    }
}

both! {
    /// Whoever waits is answered at the end of the build, or told where to ask.
    async fn a_caller_can_wait(p: Platform) {
        let owner = p.owner();
        let folder = repository(&[("index.html", "x")]);
        let (_, hook) = linked(&owner, "patient", &folder, ECHO).await;
        let anyone = p.anonymous();
        let answer = call(&anyone, &hook, "?wait=true", "waited").await.expect(200);
        let end = answer.json();
        assert_eq!((&end["state"], &end["done"]), (&json!("done"), &json!(true)), "{end}");
        assert_eq!(Some(text(&end, "build_id")), answer.header("x-build-id"));
        says(&p, "patient", "waited").await;

        let (site, hook) = linked(&owner, "endless-wait", &folder, "sleep 300").await;
        let waiting = tokio::spawn({
            let (anyone, hook) = (anyone.clone(), hook.clone());
            async move { call(&anyone, &hook, "?wait=true", "").await }
        });
        let running = until("the slow build", async || builds_of(&owner, &site).await.into_iter().find(|one| one["done"] == false)).await;
        p.clock().advance(Duration::from_secs(10 * 60));
        let answer = waiting.await.expect("no panic").expect(202);
        assert_eq!((&answer.json()["build_id"], &answer.json()["done"]), (&running["id"], &json!(false)));
        owner.post(&format!("/builds/{}/cancel", id(&running)), json!({})).await;
    }
}

/// Calls a hook with these headers.
async fn call_with(p: &Platform, hook: &Value, headers: &[(&str, &str)], body: &str) -> Answer {
    let url = text(hook, "url");
    let path = &url[url.find("/build_hooks/").expect("a build hook's URL")..];
    let host = p.address().to_string();
    let mut head = Request::builder().method(Method::POST).uri(path).header(header::HOST, host);
    for (name, value) in headers {
        head = head.header(*name, *value);
    }
    p.visitor().request(head, body).await
}

both! {
    /// Hooks that ask for a signature take signed calls alone, and nothing shows the secret.
    async fn callers_sign(p: Platform) {
        let owner = p.owner();
        let folder = repository(&[("index.html", "x")]);
        let (secret, body) = ("hunter2-hunter2", "{\"a\": 1}");
        let verify = |kind: &str| json!({ "verify": { "kind": kind, "secret": secret } });
        let (site, hook) = echoing(&owner, "signed", &folder, verify("github")).await;
        let path = format!("/sites/{}/build_hooks/{}", id(&site), id(&hook));
        assert_eq!(hook["verify"], json!({ "kind": "github", "secret": "********" }));
        // a tool that reads a hook and writes it back changes nothing
        owner.put(&path, hook.clone()).await.expect(204);
        let right = signing::hub_signature(body.as_bytes(), secret);
        let wrong = signing::hub_signature(body.as_bytes(), "another");
        call_with(&p, &hook, &[("X-Hub-Signature-256", &wrong)], body).await.refusal(401);
        call_with(&p, &hook, &[], body).await.refusal(401);
        call_with(&p, &hook, &[("X-Hub-Signature-256", &right)], body).await.expect(200);
        owner.put(&path, verify("bearer")).await.expect(204);
        let bearer = format!("Bearer {secret}");
        call_with(&p, &hook, &[("Authorization", &bearer)], body).await.expect(200);
        call_with(&p, &hook, &[("Authorization", "Bearer x")], body).await.refusal(401);
        owner.put(&path, verify("standard_webhooks")).await.expect(204);
        let now = model::Clock::now(p.clock()).seconds();
        let signed = signing::standard_headers("msg_1", now, body.as_bytes(), secret);
        let headers = [
            ("webhook-id", signed.id.as_str()),
            ("webhook-timestamp", &signed.timestamp),
            ("webhook-signature", &signed.signature),
        ];
        let first = call_with(&p, &hook, &headers, body).await.expect(200);
        let again = call_with(&p, &hook, &headers, body).await.expect(200);
        assert_eq!(again.header("x-boathook-build-hook-state"), Some("repeated"));
        assert_eq!(first.header("x-build-id"), again.header("x-build-id"));
        let log = owner.get(&format!("{path}/calls")).await.expect(200);
        let outcomes: Vec<String> =
            log.json().as_array().expect("a list").iter().map(|one| text(one, "outcome").to_owned()).collect();
        let expect = ["repeated", "started", "refused", "started", "started", "refused", "refused"];
        assert_eq!(outcomes, expect);
        assert!(!log.text().contains(secret) && !log.text().contains(&right[7..]), "{}", log.text());
        assert!(!log.text().contains(&signed.signature), "{}", log.text());
        owner.put(&path, json!({ "verify": null })).await.expect(204);
        call_with(&p, &hook, &[], body).await.expect(200);
    }
}

both! {
    /// Rotation: both URLs for a while, then the new one alone; the id finds the hook throughout.
    async fn a_url_is_rotated(p: Platform) {
        let owner = p.owner();
        let folder = repository(&[("index.html", "x")]);
        let (site, hook) = linked(&owner, "turned", &folder, ECHO).await;
        let path = format!("/sites/{}/build_hooks/{}", id(&site), id(&hook));
        let new = owner.post(&format!("{path}/rotate"), json!({ "overlap_seconds": 60 })).await.expect(200).json();
        assert!(new["id"] == hook["id"] && new["url"] != hook["url"], "{new}");
        assert_eq!(owner.get(&path).await.expect(200).json(), new);
        let anyone = p.anonymous();
        for one in [&hook, &new] {
            call(&anyone, one, "?dry_run=true", "").await.expect(200);
        }
        let log = owner.get(&format!("{path}/calls")).await.expect(200).json();
        assert_eq!((&log[0]["former_url"], &log[1]["former_url"]), (&Value::Null, &json!(true)));
        p.clock().advance(Duration::from_secs(61));
        call(&anyone, &hook, "", "").await.refusal(404);
        call(&anyone, &new, "?dry_run=true", "").await.expect(200);
        let reader = p.reader().await;
        reader.post(&format!("{path}/rotate"), json!({})).await.refusal(403);
        owner.post(&format!("{path}/rotate"), json!({ "overlap_seconds": -1 })).await.refusal(422);
    }
}

both! {
    /// What the log says of a call, and what a dry run says of one that is not made.
    async fn calls_are_listed(p: Platform) {
        let owner = p.owner();
        let folder = repository(&[("index.html", "x")]);
        let options = json!({ "debounce_ms": 60_000, "filter": [{ "path": "/event", "equals": "publish" }] });
        let (site, hook) = echoing(&owner, "listed", &folder, options).await;
        let anyone = p.anonymous();
        let publish = r#"{"event":"publish"}"#;
        let dry = call(&anyone, &hook, "?dry_run=true&trigger_title=T", publish).await.expect(200).json();
        let due = Timestamp::parse(text(&dry, "due_at")).expect("a time");
        assert!(due > model::Clock::now(p.clock()), "{dry}");
        assert_eq!((&dry["outcome"], &dry["title"], &dry["dry_run"]), (&json!("debounced"), &json!("T"), &json!(true)));
        let saved = call(&anyone, &hook, "", r#"{"event":"save"}"#).await.expect(200);
        assert_eq!(saved.header("x-boathook-build-hook-state"), Some("filtered"));
        let taken = call(&anyone, &hook, "?trigger_branch=main&key=hunter2", publish).await.expect(200);
        assert!(taken.header("x-boathook-build-hook-due").is_some());
        let waiting = status(&anyone, &taken).await;
        assert_eq!((&waiting["done"], &waiting["outcome"]), (&json!(false), &json!("debounced")));
        let calls = format!("/sites/{}/build_hooks/{}/calls", id(&site), id(&hook));
        let log = owner.get(&format!("{calls}?per_page=2")).await.expect(200);
        assert!(log.header("link").is_some_and(|link| link.contains("page=2")), "{:?}", log.headers);
        let log = log.json();
        let newest = &log[0];
        assert_eq!((&newest["address"], &newest["method"], &newest["body"]), (&json!("127.0.0.1"), &json!("POST"), &json!(publish)));
        assert_eq!(newest["query"], json!({ "trigger_branch": "main", "key": "********" }));
        assert_eq!((&log[1]["outcome"], &log[1]["reason"]), (&json!("filtered"), &json!("/event is not what the filter asks for")));
        assert_eq!(builds_of(&owner, &site).await.len(), 0);
    }
}

both! {
    /// Too many calls a minute, and calls from elsewhere.
    async fn calls_have_limits(p: Platform) {
        let owner = p.owner();
        let folder = repository(&[("index.html", "x")]);
        let options = json!({ "per_minute": 1, "allow": ["127.0.0.0/8"] });
        let (site, hook) = echoing(&owner, "limited", &folder, options).await;
        let anyone = p.anonymous();
        call(&anyone, &hook, "", "").await.expect(200);
        let refused = call(&anyone, &hook, "", "").await;
        let wait: u64 = refused.header("retry-after").and_then(|text| text.parse().ok()).expect("seconds");
        assert!((1..=60).contains(&wait), "{wait}");
        refused.refusal(429);
        let path = format!("/sites/{}/build_hooks/{}", id(&site), id(&hook));
        owner.put(&path, json!({ "allow": ["192.0.2.0/24"], "per_minute": null })).await.expect(204);
        call(&anyone, &hook, "", "").await.refusal(403);
        owner.put(&path, json!({ "allow": ["nonsense"] })).await.refusal(422);
    }
}
