//! Split tests: made by API, felt by visitors, told by events.

use crate::support::{event_names, id, text};
use http::Method;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Platform, both};

/// A site that says `live`, with a deploy of `beta` that says `beta`.
async fn site(owner: &Actor, name: &str) -> Value {
    let site = owner.create_site(name).await;
    owner.deploy(id(&site), &[("index.html", "live")]).await;
    deploy_beta(owner, id(&site), "beta").await;
    site
}

async fn deploy_beta(owner: &Actor, site: &str, says: &str) -> Value {
    owner.deploy_as(site, &[("index.html", says)], json!({ "branch": "beta" })).await
}

fn shares(main: f64) -> Value {
    json!({ "branch_tests": { "main": main, "beta": 100.0 - main } })
}

async fn create(owner: &Actor, site: &str, body: Value) -> Value {
    owner.post(&format!("/sites/{site}/traffic_splits"), body).await.expect(201).json()
}

async fn switch(owner: &Actor, test: &Value, verb: &str) -> Answer {
    let (site, test) = (text(test, "site_id"), id(test));
    owner.post(&format!("/sites/{site}/traffic_splits/{test}/{verb}"), json!({})).await
}

/// What a visitor with this cookie is shown, and the number it is given.
async fn visit(p: &Platform, name: &str, cookie: &str) -> (String, Option<String>) {
    let answer = p.visitor().ask(name, Method::GET, "/", &[("cookie", cookie)], "").await.expect(200);
    let given = answer.header("set-cookie").and_then(|cookie| cookie.split(';').next()).map(str::to_owned);
    (answer.text(), given)
}

fn shown(says: &str) -> (String, Option<String>) {
    (says.to_owned(), None)
}

both! {
    /// From the first share to the last visitor.
    async fn visitors_are_shared_out_while_a_test_is_active(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "tested").await;
        let test = create(&owner, id(&site), shares(70.0)).await;
        assert_eq!((&test["active"], &test["site_id"], text(&test, "path")), (&json!(false), &site["id"], "/"));
        assert_eq!(test["branches"][1], json!({ "branch": "beta", "percentage": 30.0 }));
        assert_eq!(visit(&p, "tested", "nf_ab=beta").await, shown("live"));
        switch(&owner, &test, "publish").await.expect(204);
        assert_eq!(visit(&p, "tested", "nf_ab=0.699999").await, shown("live"));
        assert_eq!(visit(&p, "tested", "nf_ab=0.7").await, shown("beta"));
        assert_eq!(visit(&p, "tested", "nf_ab=beta").await, shown("beta"));
        assert_eq!(visit(&p, "tested", "nf_ab=main").await, shown("live"));
        let (_, given) = visit(&p, "tested", "nf_ab=neither").await;
        let given = given.expect("a cookie that says nothing is replaced");
        let first = visit(&p, "tested", &given).await;
        for _ in 0..3 {
            assert_eq!(visit(&p, "tested", &given).await, first, "{given}");
        }
        let path = format!("/sites/{}/traffic_splits/{}", id(&site), id(&test));
        let changed = owner.put(&path, shares(20.0)).await.expect(201).json();
        assert_eq!((&changed["branches"][0]["percentage"], &changed["active"]), (&json!(20.0), &json!(true)));
        assert_eq!(visit(&p, "tested", "nf_ab=0.699999").await, shown("beta"));
        assert_eq!(owner.get(&path).await.expect(200).json(), changed);
        deploy_beta(&owner, id(&site), "newer").await;
        assert_eq!(visit(&p, "tested", "nf_ab=0.9").await, shown("newer"));
        switch(&owner, &test, "unpublish").await.expect(204);
        assert_eq!(visit(&p, "tested", "nf_ab=beta").await, shown("live"));
        let ended = owner.get(&path).await.expect(200).json();
        assert!(ended["active"] == false && ended["unpublished_at"].is_string(), "{ended}");
        assert_eq!(owner.get(&format!("/sites/{}/traffic_splits", id(&site))).await.json(), json!([ended]));
        owner.delete(&path).await.expect(204);
        owner.get(&path).await.refusal(404);
    }
}

/// New visitors of a test.
const VISITORS: usize = 2000;
/// How far from its share a half of them may be: six standard deviations, which chance does not reach.
const STRAY: usize = 135;

both! {
    /// Many new visitors come out near the shares.
    async fn shares_are_kept(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "halves").await;
        let test = create(&owner, id(&site), shares(50.0)).await;
        switch(&owner, &test, "publish").await.expect(204);
        let mut live = 0;
        for _ in 0..VISITORS {
            let (says, given) = visit(&p, "halves", "").await;
            let number: f64 = given.expect("a number").trim_start_matches("nf_ab=").parse().expect("a number");
            assert_eq!(says == "live", number < 0.5, "{number}");
            live += usize::from(says == "live");
        }
        assert!(live.abs_diff(VISITORS / 2) < STRAY, "{live} of {VISITORS}");
    }
}

both! {
    /// Every change that concerns visitors is an event with the test as it is then.
    async fn events_tell_of_a_test(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "told").await;
        let receiver = p.receiver().await;
        let names = ["split_test_activated", "split_test_modified", "split_test_deactivated"];
        for name in names {
            owner.hook(id(&site), &[name], &receiver.url(), None).await;
        }
        let first = create(&owner, id(&site), shares(50.0)).await;
        let second = create(&owner, id(&site), json!({ "branch_tests": shares(10.0)["branch_tests"], "name": "Second" })).await;
        switch(&owner, &first, "publish").await.expect(204);
        switch(&owner, &first, "publish").await.expect(204);
        let path = format!("/sites/{}/traffic_splits/{}", id(&site), id(&first));
        owner.put(&path, shares(60.0)).await.expect(201);
        owner.put(&path, shares(60.0)).await.expect(201);
        switch(&owner, &second, "publish").await.expect(204);
        owner.delete(&format!("/sites/{}/traffic_splits/{}", id(&site), id(&second))).await.refusal(422);
        let told: Vec<String> = event_names(&owner, id(&site))
            .await
            .into_iter()
            .filter(|name| name.starts_with("split_test"))
            .collect();
        let expect = [names[0], names[1], names[2], names[0]];
        assert_eq!(told, expect);
        let modified: Value = serde_json::from_slice(&receiver.wait_for_event(names[1]).await.body).expect("JSON");
        assert_eq!((id(&modified), &modified["branches"][0]["percentage"]), (id(&first), &json!(60.0)));
        let ended: Value = serde_json::from_slice(&receiver.wait_for_event(names[2]).await.body).expect("JSON");
        assert_eq!((id(&ended), &ended["active"], text(&ended, "name")), (id(&first), &json!(false), "main / beta"));
        let all = receiver.wait_for(expect.len()).await;
        let bodies = all.iter().map(|one| serde_json::from_slice::<Value>(&one.body).expect("JSON"));
        assert!(bodies.into_iter().any(|test| test["id"] == second["id"] && test["active"] == true && test["name"] == "Second"));
    }
}

both! {
    /// What cannot work is refused and says why.
    async fn a_test_that_cannot_work_is_refused(p: Platform) {
        let owner = p.owner();
        let site = site(&owner, "refused").await;
        let path = format!("/sites/{}/traffic_splits", id(&site));
        owner.deploy_as(id(&site), &[("index.html", "d")], json!({ "branch": "drafted", "draft": true })).await;
        for (tests, why) in [
            (json!({ "main": 50, "gamma": 50 }), "branch gamma has no ready deploy"),
            (json!({ "main": 50, "drafted": 50 }), "branch drafted has no ready deploy"),
            (json!({ "main": 50, "beta": 40 }), "add up to 100, not 90"),
            (json!({ "main": 100 }), "2 to 16 branches"),
        ] {
            let said = owner.post(&path, json!({ "branch_tests": tests })).await.refusal(422);
            assert!(said.contains(why), "{said}");
        }
        owner.post(&path, json!({})).await.refusal(422);
        let test = create(&owner, id(&site), shares(50.0)).await;
        let deploys = owner.get(&format!("/sites/{}/deploys?branch=beta", id(&site))).await.expect(200).json();
        owner.delete(&format!("/deploys/{}", id(&deploys[0]))).await.expect(204);
        let said = switch(&owner, &test, "publish").await.refusal(422);
        assert!(said.contains("branch beta "), "{said}");
        deploy_beta(&owner, id(&site), "again").await;
        switch(&owner, &test, "publish").await.expect(204);
        let deploys = owner.get(&format!("/sites/{}/deploys?branch=beta", id(&site))).await.expect(200).json();
        assert_eq!(visit(&p, "refused", "nf_ab=beta").await, shown("again"));
        owner.delete(&format!("/deploys/{}", id(&deploys[0]))).await.expect(204);
        assert_eq!(visit(&p, "refused", "nf_ab=beta").await, shown("live"));
    }
}
