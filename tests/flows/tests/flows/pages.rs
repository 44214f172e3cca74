//! The pages about hooks, builds and build hooks over the real API, as a browser without script sees
//! them.

use crate::addons::provider;
use crate::browser::Browser;
use crate::builds::{built, linked, trigger};
use crate::deploy_requests::over;
use crate::support::{deliveries, id, live_site, lock_and_unlock, repository, text};
use serde_json::json;
use testbed::Turn;
use testkit::{Reaction, both};

/// Where a post led.
#[track_caller]
fn leads(answer: &testkit::Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.shown());
    answer.header("location").expect("a page").to_owned()
}

both! {
    /// What a receiver answered is on the page as text, what it missed is counted and sent again.
    async fn deliveries_are_looked_at_and_sent_again(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (_, deploy) = live_site(&owner, "watched").await;
        let hook = owner.hook("watched", &["deploy_locked"], &receiver.url(), Some("s3cret")).await;
        receiver.usually(Reaction::Status(410));
        lock_and_unlock(&owner, id(&deploy)).await;
        let gone = deliveries(&owner, id(&hook), "held", 1).await.remove(0);
        let browser = Browser::owner(&p).await;
        let own = format!("/sites/watched/hooks/{}", id(&hook));
        let page = browser.page(&own).await;
        assert!(page.contains("1 delivery never arrived") && page.contains(">disabled<"), "{page}");
        let delivery = browser.page(&format!("{own}/deliveries/{}", id(&gone))).await;
        for shown in ["answered 410", "X-Netlify-Event", "deploy_locked", "Until the answer began", "body sha256"] {
            assert!(delivery.contains(shown), "{shown}: {delivery}");
        }
        assert!(!delivery.contains("s3cret"), "{delivery}");
        receiver.usually(Reaction::Status(200));
        browser.post(&format!("{own}/enable"), "").await.expect(303);
        let span = "since=2020-01-01T00:00";
        assert!(browser.page(&format!("{own}/replay?{span}")).await.contains("Send 1 again"));
        assert!(browser.page(&format!("{own}/replay?{span}&state=given_up")).await.contains("<strong>0 deliveries"));
        assert_eq!(receiver.count(), 1, "counting sends nothing");
        assert!(leads(&browser.post(&format!("{own}/replay"), span).await).contains("done=replayed"));
        deliveries(&owner, id(&hook), "delivered", 1).await;
        assert!(browser.page(&format!("{own}?state=delivered&event=deploy_locked")).await.contains("Send again"));
        assert!(browser.page(&format!("{own}?state=held")).await.contains("No delivery is like that"));
        let others = owner.get(&format!("/hooks/{}/deliveries?event=deploy_unlocked", id(&hook))).await;
        assert_eq!(others.expect(200).json().as_array().map(Vec::len), Some(0));
        let rotated = browser.post(&format!("{own}/rotate"), "").await.expect(200).text();
        assert!(rotated.contains("The new signing secret"), "{rotated}");
        leads(&browser.post(&format!("{own}/fire"), "event=deploy_locked").await);
        deliveries(&owner, id(&hook), "delivered", 2).await;
        let wrong = browser.get(&format!("{own}/replay?since=never")).await;
        assert_eq!(wrong.status, 400, "{}", wrong.shown());
        assert!(browser.get("/sites/watched/hooks/none").await.status == 404);
    }
}

both! {
    /// A deploy has a page from its first moment, whatever becomes of it; command lines print its address.
    async fn every_deploy_has_a_page(p: Platform) {
        let owner = p.owner();
        let (_, ready) = live_site(&owner, "paged").await;
        let new = owner.new_deploy("paged", json!({ "title": "Not filled yet" })).await;
        let uploading = owner.new_deploy("paged", json!({})).await;
        owner.digest("paged", id(&uploading), &[("a.txt", "to come")]).await.expect(200);
        let cancelled = owner.new_deploy("paged", json!({})).await;
        owner.post(&format!("/deploys/{}/cancel", id(&cancelled)), json!({})).await.expect(201);
        let browser = Browser::owner(&p).await;
        for (deploy, says) in [
            (&ready, "No redirect rules processed"),
            (&new, "Not filled yet"),
            (&uploading, ">uploading<"),
            (&cancelled, "Canceled"),
        ] {
            let page = browser.page(&format!("/sites/paged/deploys/{}", id(deploy))).await;
            assert!(page.contains(says), "{says}: {page}");
        }
        for logs in ["functions", "edge-functions"] {
            let page = browser.page(&format!("/sites/paged/logs/{logs}?scope=deploy:{}", id(&ready))).await;
            assert!(page.contains("no log"), "{page}");
        }
        assert_eq!(browser.get("/sites/paged/logs/other").await.status, 404);
        assert_eq!(browser.get("/sites/nobodys/logs/functions").await.status, 404);
    }
}

both! {
    /// A build's log is there without script, a build is repeated, and a build hook tells who called.
    async fn builds_and_build_hooks_have_pages(p: Platform) {
        let owner = p.owner();
        let repository = repository(&[("index.html", "x")]);
        let cmd = "printf '\\033[31mred <b>\\033[0m\\n' && mkdir out && cp index.html out";
        let (site, hook) = linked(&owner, "made", &repository, cmd).await;
        trigger(&p.anonymous(), &hook, "").await;
        let deploy = built(&owner, id(&site)).await;
        assert_eq!(deploy["state"], "ready", "{deploy}");
        over(&owner, &deploy).await;
        let browser = Browser::owner(&p).await;
        let page = browser.page(&format!("/sites/made/deploys/{}", id(&deploy))).await;
        assert!(page.contains("<span class=\"t-red\">red &lt;b&gt;</span>"), "{page}");
        let builds = browser.page("/sites/made/builds").await;
        assert!(builds.contains(">done<") && builds.contains("Retry"), "{builds}");
        let own = format!("/sites/made/build-hooks/{}", id(&hook));
        let calls = browser.page(&own).await;
        assert!(calls.contains(">started<") && calls.contains("x=1"), "{calls}");
        leads(&browser.post(&own, "title=Weekly&branch=main").await);
        assert!(browser.page(&own).await.contains("<h1>Weekly</h1>"));
        let address = text(&hook, "url");
        leads(&browser.post(&format!("{own}/rotate"), "").await);
        let page = browser.page(&own).await;
        assert!(!page.contains(&format!(">{address}<")), "the address is another one");
        assert!(page.contains("Old address counts until"), "{page}");
        let retried = leads(&browser.post(&format!("/sites/made/builds/{}/retry", text(&deploy, "build_id")), "").await);
        assert!(retried.contains("done=build"), "{retried}");
        built(&owner, id(&site)).await;
        assert!(browser.get("/sites/made/builds/none/cancel").await.status == 405);
        assert_eq!(browser.post("/sites/made/builds/none/cancel", "").await.status, 404);
    }
}

both! {
    /// An add-on from its registration to its end, without script: its secret once, the form that its
    /// manifest asks for, the way into its provider's pages, its calls, and a provider that is gone.
    async fn addons_have_pages(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        provider.usually(|came| match (came.method.as_str(), came.path.as_str()) {
            ("GET", "/manifest") => Turn::Json(200, json!({ "name": "Demo", "admin_url": "https://admin.example/",
                "config": { "plan": { "displayName": "Plan <b>", "type": "string", "required": true }, "seats": { "type": "number" } } })),
            ("POST", _) => Turn::Json(201, json!({ "id": "remote-1", "message": "Welcome <b>", "env": { "DEMO_KEY": "hidden-value" } })),
            ("DELETE", _) => Turn::Empty(500),
            _ => Turn::Json(200, json!({})),
        });
        owner.create_site("harbour").await;
        let browser = Browser::owner(&p).await;
        let setup = format!("name=Demo&slug=demo&description=Shows&endpoint={}", provider.url());
        let made = browser.post("/addons", &setup).await.expect(200).text();
        let secret = made.split("data-copy=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("it is shown");
        assert!(secret.len() >= 32 && made.contains("not shown again"), "{made}");
        assert_eq!(browser.post("/addons", &setup).await.status, 422);
        assert!(!browser.page("/addons/demo").await.contains(secret));
        let rotated = browser.post("/addons/demo/rotate", "overlap_hours=2").await.expect(200).text();
        assert!(rotated.contains("The new secret") && !rotated.contains(secret), "{rotated}");

        assert!(browser.page("/sites/harbour/addons").await.contains("harbour/addons/demo"));
        let form = browser.page("/sites/harbour/addons/demo").await;
        assert!(form.contains("Plan &lt;b&gt;") && form.contains("type=\"number\""), "{form}");
        assert_eq!(browser.post("/sites/harbour/addons/demo", "config.seats=3").await.status, 422);
        let added = browser.post("/sites/harbour/addons/demo", "config.plan=small&config.seats=3").await;
        let welcome = leads(&added);
        let (first, again) = (browser.page(&welcome).await, browser.page(&welcome).await);
        assert!(first.contains("Welcome &lt;b&gt;") && again.contains("Welcome &lt;b&gt;"), "{first}");
        let posted: Vec<_> = provider.came().into_iter().filter(|came| came.method == "POST").collect();
        let [posted] = posted.as_slice() else { panic!("asked once: {posted:?}") };
        assert_eq!(posted.json()["config"]["config"], json!({ "plan": "small", "seats": 3 }));
        let instances = owner.get("/sites/harbour/service-instances").await.expect(200).json();
        let own = format!("/sites/harbour/addons/demo/{}", id(&instances[0]));
        let page = browser.page(&own).await;
        assert!(page.contains(">active<") && page.contains("DEMO_KEY") && !page.contains("hidden-value"), "{page}");
        let link = leads(&browser.get(&format!("{own}/open")).await);
        assert!(link.starts_with("https://admin.example/#ey"), "{link}");
        leads(&browser.post(&own, "config.plan=large&config.seats=").await);
        let changed = owner.get("/sites/harbour/service-instances").await.json();
        assert_eq!(changed[0]["config"], json!({ "plan": "large" }));

        let refused = browser.post(&format!("{own}/remove"), "").await;
        assert!(refused.status == 502 && refused.text().contains("harbour/addons/demo"), "{}", refused.shown());
        assert_eq!(browser.post("/addons/demo/delete", "").await.status, 409);
        provider.usually(|_| Turn::Empty(204));
        leads(&browser.post(&format!("{own}/remove"), "force=on").await);
        assert!(browser.page("/sites/harbour").await.contains("No add-ons yet."));
        assert_eq!(browser.get(&own).await.status, 404);
        let calls = browser.page("/addons/demo").await;
        for shown in ["answered 500", "answered 201", "X-Nf-Sign", "********"] {
            assert!(calls.contains(shown), "{shown}: {calls}");
        }
        assert!(!calls.contains(secret) && !calls.contains("hidden-value"), "{calls}");
    }
}

both! {
    /// What a hook gathers and how a build hook takes its calls are set by forms.
    async fn options_of_hooks_are_set_by_forms(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("harbour").await;
        let browser = Browser::owner(&p).await;
        assert!(browser.page("/sites/harbour?type=slack").await.contains("name=\"every\""));
        assert!(!browser.page("/sites/harbour?type=url").await.contains("name=\"every\""));
        let chat = "type=slack&event=deploy_succeeded&data.url=https://chat.example/in";
        let wrong = browser.post("/sites/harbour/hooks", &format!("{chat}&every=1h&at=09:00")).await;
        assert!(wrong.status == 422 && wrong.text().contains("windows of 1d"), "{}", wrong.shown());
        leads(&browser.post("/sites/harbour/hooks", &format!("{chat}&every=1d&at=09:00")).await);
        let list = format!("/hooks?site_id={}", id(&site));
        let hook = owner.get(&list).await.json()[0].clone();
        assert_eq!(hook["options"]["digest"], json!({ "every": "1d", "at": "09:00" }));
        leads(&browser.post(&format!("/sites/harbour/hooks/{}/digest", id(&hook)), "every=&at=").await);
        assert!(owner.get(&list).await.json()[0]["options"].get("digest").is_none());

        leads(&browser.post("/sites/harbour/build-hooks", "title=Nightly").await);
        let list = format!("/sites/{}/build_hooks", id(&site));
        let own = format!("/sites/harbour/build-hooks/{}", id(&owner.get(&list).await.json()[0]));
        let all = "options=on&title=Nightly&debounce=2.5&max_wait=60&per_minute=6&verify=github&secret=s3cret&allow=10.0.0.0/8";
        leads(&browser.post(&own, all).await);
        let set = owner.get(&list).await.json()[0].clone();
        for (option, expect) in [
            ("debounce_ms", json!(2500)),
            ("max_wait_ms", json!(60_000)),
            ("per_minute", json!(6)),
            ("allow", json!(["10.0.0.0/8"])),
            ("verify", json!({ "kind": "github", "secret": "********" })),
        ] {
            assert_eq!(set[option], expect, "{option}");
        }
        let page = browser.page(&own).await;
        assert!(page.contains("value=\"2.5\"") && !page.contains("s3cret"), "{page}");
        let wrong = browser.post(&own, "options=on&title=Nightly&max_wait=60").await;
        assert!(wrong.status == 422 && wrong.text().contains("without debounce_ms"), "{}", wrong.shown());
        leads(&browser.post(&own, "options=on&title=Nightly").await);
        let ended = owner.get(&list).await.json()[0].clone();
        assert!(ended.get("debounce_ms").is_none() && ended.get("verify").is_none(), "{ended}");
    }
}
