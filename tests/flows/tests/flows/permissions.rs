//! No operation without authorisation: the table of routes, walked by callers who should not get
//! through. A new placeholder in the table has to be made known here.

use crate::addons;
use crate::support::{id, repository, sha1, sha256, text};
use api::{Needs, ROUTES, Route};
use bytes::Bytes;
use http::Method;
use model::Scope;
use serde_json::{Value, json};
use testkit::{Actor, Answer, Platform, both};

/// One of everything that a path can name, all of it the owner's.
struct Things {
    account: Value,
    site: Value,
    deploy: Value,
    hook: Value,
    delivery: Value,
    event: Value,
    build_hook: Value,
    build: Value,
    env: Value,
    deploy_key: Value,
    token: Value,
    member: Value,
    ticket: Value,
    form: Value,
    submission: Value,
    split_test: Value,
    snippet: String,
    instance: Value,
    _provider: testbed::Scripted,
    _repository: tempfile::TempDir,
}

/// A page with a form.
const FORM: &[u8] = b"<form name=\"contact\" netlify></form>";

fn first(answer: &Answer) -> Value {
    answer.json()[0].clone()
}

impl Things {
    async fn make(p: &Platform) -> Self {
        let owner = p.owner();
        let repository = repository(&[("index.html", "built")]);
        let site = owner.create_site("guarded").await;
        let repo = json!({ "repo": { "provider": "manual", "repo_path": repository.path(), "repo_branch": "main" } });
        owner.patch(&format!("/sites/{}", id(&site)), repo).await.expect(200);
        let account = first(&owner.get("/accounts").await.expect(200));
        let receiver = p.receiver().await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), Some("secret")).await;
        let deploy = Self::deploy(&owner, id(&site)).await;
        // held, so that no build that somebody starts takes the site
        owner.post(&format!("/deploys/{}/lock", id(&deploy)), json!({})).await.expect(200);
        receiver.wait_for(1).await;
        let path = |path: &str| {
            path.replace("SITE", id(&site)).replace("ACCOUNT", id(&account)).replace("HOOK", id(&hook))
        };
        let provider = addons::provider().await;
        addons::register(&owner, "demo", &provider).await;
        let new_env = json!([{ "key": "SECRET", "values": [{ "context": "all", "value": "v" }] }]);
        Self {
            delivery: first(&owner.get(&path("/hooks/HOOK/deliveries")).await.expect(200)),
            event: first(&owner.get(&path("/events?site_id=SITE")).await.expect(200)),
            build_hook: owner
                .post(&path("/sites/SITE/build_hooks"), json!({ "title": "t" }))
                .await
                .expect(201)
                .json(),
            build: owner.post(&path("/sites/SITE/builds"), json!({})).await.json(),
            env: owner.post(&path("/accounts/ACCOUNT/env"), new_env).await.expect(201).json()[0].clone(),
            deploy_key: owner.post("/deploy_keys", json!({})).await.expect(201).json(),
            token: first(&owner.get("/tokens").await.expect(200)),
            member: first(&owner.get(&path("/ACCOUNT/members")).await.expect(200)),
            ticket: p.anonymous().post("/oauth/tickets?client_id=test", json!({})).await.expect(201).json(),
            form: first(&owner.get(&path("/sites/SITE/forms")).await.expect(200)),
            submission: Self::submit(p, &owner, id(&site)).await,
            split_test: Self::split(&owner, id(&site)).await,
            snippet: owner.post(&path("/sites/SITE/snippets"), json!({})).await.expect(201).json()["id"]
                .to_string(),
            instance: owner
                .post(&path("/sites/SITE/services/demo/instances"), json!({}))
                .await
                .expect(201)
                .json(),
            account,
            site,
            deploy,
            hook,
            _provider: provider,
            _repository: repository,
        }
    }

    async fn deploy(owner: &Actor, site: &str) -> Value {
        let zip = b"a function".to_vec();
        let deploy = owner.new_deploy(site, json!({})).await;
        let body = json!({ "files": { "form.html": sha1(FORM) }, "functions": { "hello": sha256(&zip) } });
        owner.put(&format!("/sites/{site}/deploys/{}", id(&deploy)), body).await.expect(200);
        owner.upload(id(&deploy), "form.html", FORM).await.expect(200);
        owner.put_bytes(&format!("/deploys/{}/functions/hello", id(&deploy)), zip).await.expect(200);
        owner.ready(id(&deploy)).await
    }

    /// A submission with a file in the field `cv`.
    async fn submit(p: &Platform, owner: &Actor, site: &str) -> Value {
        let part = |more: &str| format!("--X\r\nContent-Disposition: form-data; name={more}\r\n\r\n");
        let (name, cv) = (part("\"form-name\""), part("\"cv\"; filename=\"cv.txt\""));
        let body = format!("{name}contact\r\n{cv}secret\r\n--X--\r\n");
        let kind = [("content-type", "multipart/form-data; boundary=X")];
        p.visitor().ask("guarded", Method::POST, "/", &kind, &body).await.expect(200);
        first(&owner.get(&format!("/sites/{site}/submissions")).await.expect(200))
    }

    /// A split test that is not active.
    async fn split(owner: &Actor, site: &str) -> Value {
        owner.deploy_as(site, &[("index.html", "beta")], json!({ "branch": "beta" })).await;
        let test = json!({ "branch_tests": { "main": 50, "beta": 50 } });
        owner.post(&format!("/sites/{site}/traffic_splits"), test).await.expect(201).json()
    }

    /// The path with its placeholders filled.
    fn fill(&self, path: &str) -> String {
        path.split('/').map(|segment| self.segment(path, segment)).collect::<Vec<_>>().join("/")
    }

    fn segment(&self, path: &str, segment: &str) -> String {
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            return segment.to_owned();
        };
        match name.trim_start_matches('*') {
            "site_id" => id(&self.site),
            "account_id" => id(&self.account),
            "account_slug" => text(&self.account, "slug"),
            "deploy_id" => id(&self.deploy),
            "hook_id" => id(&self.hook),
            "delivery_id" => id(&self.delivery),
            "event_id" => id(&self.event),
            "event" => "deploy_locked",
            "build_id" => id(&self.build),
            "build_hook_id" => id(&self.build_hook),
            "call_id" => "a-call",
            "id" if path.contains("build_hooks") => id(&self.build_hook),
            "id" if path.contains("/value/") => id(&self.env["values"][0]),
            "provider" => "github",
            "push_id" => text(&self.site, "deploy_hook").rsplit('/').next().expect("a last part"),
            "key" => text(&self.env, "key"),
            "key_id" => id(&self.deploy_key),
            "token_id" => id(&self.token),
            "member_id" => id(&self.member),
            "ticket_id" => id(&self.ticket),
            "form_id" => id(&self.form),
            "submission_id" => id(&self.submission),
            "field" => "cv",
            "split_test_id" => id(&self.split_test),
            "snippet_id" => &self.snippet,
            "addon" | "addonName" => "demo",
            "instance_id" => id(&self.instance),
            "uuid" => text(&self.instance["external_attributes"], "uuid"),
            "name" => "hello",
            "path" | "file_path" => "index.html",
            _ => panic!("make {{{name}}} of {path} known to this test"),
        }
        .to_owned()
    }
}

/// Calls every path of every route as `caller` and hands the answer to `judge`.
async fn walk(things: &Things, caller: &Actor, judge: impl Fn(&Route, &Answer)) {
    for route in ROUTES {
        for path in route.paths() {
            let path = things.fill(&path);
            let body = Bytes::from_static(b"{}");
            let answer = caller.send(route.method.clone(), &path, "application/json", body).await;
            assert!(answer.status < 500 || answer.status == 501, "{}: {}", answer.asked, answer.shown());
            judge(route, &answer);
        }
    }
}

/// After all that, everything is where it was.
async fn assert_untouched(things: &Things, owner: &Actor) {
    for path in [
        format!("/sites/{}", id(&things.site)),
        format!("/deploys/{}", id(&things.deploy)),
        format!("/hooks/{}", id(&things.hook)),
        format!("/accounts/{}", id(&things.account)),
        format!("/accounts/{}/env/SECRET", id(&things.account)),
        format!("/deploy_keys/{}", id(&things.deploy_key)),
        format!("/submissions/{}/files/cv", id(&things.submission)),
        format!("/sites/{}/traffic_splits/{}", id(&things.site), id(&things.split_test)),
        format!("/sites/{}/snippets/{}", id(&things.site), things.snippet),
        format!("/sites/{}/services/demo/instances/{}", id(&things.site), id(&things.instance)),
    ] {
        owner.get(&path).await.expect(200);
    }
    let site = owner.get(&format!("/sites/{}", id(&things.site))).await.json();
    assert_eq!((&site["name"], &site["disabled"]), (&json!("guarded"), &json!(false)));
    assert_eq!(site["published_deploy"]["id"], things.deploy["id"]);
}

both! {
    /// Without a token nothing that needs one answers.
    async fn anonymous_callers_get_nowhere(p: Platform) {
        let things = Things::make(&p).await;
        for stranger in [p.anonymous(), p.actor(Some("")), p.actor(Some("bh_not_a_token"))] {
            walk(&things, &stranger, |route, answer| {
                if route.needs.scope().is_some() {
                    assert_eq!(answer.status, 401, "{}: {}", answer.asked, answer.shown());
                }
            })
            .await;
        }
        assert_untouched(&things, &p.owner()).await;
    }
}

/// Operations on tickets that anybody with a token may call: whoever is shown a ticket may answer it.
const FOR_EVERYBODY: [&str; 2] = ["authorizeTicket", "denyTicket"];

both! {
    /// To somebody of another account, nothing of this one exists.
    async fn outsiders_find_nothing(p: Platform) {
        let things = Things::make(&p).await;
        let outsider = p.outsider().await;
        walk(&things, &outsider, |route, answer| {
            let names_a_thing = route.path.contains('{') && route.needs.scope().is_some();
            if names_a_thing && !FOR_EVERYBODY.contains(&route.id) {
                assert!(matches!(answer.status, 401 | 403 | 404), "{}: {}", answer.asked, answer.shown());
            }
            if !matches!(route.needs, Needs::Anyone | Needs::Token(_)) {
                assert_eq!(answer.status, 404, "{}: {}", answer.asked, answer.shown());
            }
            for secret in [id(&things.site), id(&things.deploy), id(&things.hook), id(&things.submission)] {
                assert!(
                    !answer.text().contains(secret),
                    "{} tells of {secret}: {}",
                    answer.asked,
                    answer.shown()
                );
            }
        })
        .await;
        for query in ["/hooks?site_id=SITE", "/events?site_id=SITE", "/events?account_id=ACCOUNT"] {
            let query = query.replace("SITE", id(&things.site)).replace("ACCOUNT", id(&things.account));
            outsider.get(&query).await.refusal(404);
        }
        let hook = json!({ "site_id": id(&things.site), "type": "url", "event": "deploy_created", "data": { "url": "http://e.org/" } });
        outsider.post("/hooks", hook).await.refusal(404);
        assert_untouched(&things, &p.owner()).await;
    }
}

both! {
    /// A token that may read changes nothing.
    async fn readers_change_nothing(p: Platform) {
        let things = Things::make(&p).await;
        walk(&things, &p.reader().await, |route, answer| match route.needs.scope() {
            Some(Scope::Write | Scope::Admin) => {
                assert_eq!(answer.status, 403, "{}: {}", answer.asked, answer.shown());
            }
            _ => assert_ne!(answer.status, 403, "{}: {}", answer.asked, answer.shown()),
        })
        .await;
        assert_untouched(&things, &p.owner()).await;
    }
}

both! {
    /// A token cannot make one that may do more, and a revoked one is worth nothing.
    async fn tokens_do_not_grow(p: Platform) {
        let writer = p.issue(json!({ "name": "writer", "scope": "write" })).await;
        writer.post("/tokens", json!({ "name": "more", "scope": "admin" })).await.refusal(403);
        writer.get("/user").await.expect(200);
        let listed = p.owner().get("/tokens").await.expect(200).json();
        let token = listed
            .as_array()
            .expect("a list")
            .iter()
            .find(|token| token["name"] == "writer")
            .expect("listed");
        assert!(token["access_token"].is_null(), "tokens are shown once");
        p.owner().delete(&format!("/tokens/{}", id(token))).await.expect(204);
        writer.get("/user").await.refusal(401);
    }
}
