//! Add-ons through the front door: registered, given to a site, changed, removed; and what the API says
//! when their providers misbehave.

use crate::support::{id, repository, text};
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use testbed::{Came, Scripted, Turn};
use testkit::{Actor, both, until};

/// What a good provider does.
fn good(came: &Came) -> Turn {
    match came.method.as_str() {
        "GET" if came.path == "/manifest" => {
            Turn::Json(200, json!({ "name": "Demo", "admin_url": "https://admin.example/" }))
        }
        "POST" => Turn::Json(
            201,
            json!({ "id": "remote-1", "message": "Welcome", "env": { "DEMO_KEY": "from the add-on" } }),
        ),
        "DELETE" => Turn::Empty(204),
        _ => Turn::Json(200, json!({})),
    }
}

/// A provider that does all it should.
pub(crate) async fn provider() -> Scripted {
    Scripted::start(good).await
}

/// Registers it; the answer, with its secret.
pub(crate) async fn register(owner: &Actor, slug: &str, provider: &Scripted) -> Value {
    let form = json!({ "name": "Demo", "slug": slug, "description": "Shows", "endpoint": provider.url() });
    owner.post("/services", form).await.expect(201).json()
}

both! {
    /// The life of an instance, with the statuses and headers that clients depend on.
    async fn a_site_is_given_an_addon(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        let secret = text(&register(&owner, "demo", &provider).await, "secret").to_owned();
        let site = owner.create_site("harbour").await;
        let all = format!("/sites/{}/services/demo/instances", id(&site));
        let list = format!("/sites/{}/service-instances", id(&site));
        assert_eq!(owner.get(&list).await.expect(200).json(), json!([]));
        assert_eq!(owner.get("/services/demo/manifest").await.expect(200).json()["name"], "Demo");

        let made = owner.post(&all, json!({ "config": { "name": "x" } })).await.expect(201);
        assert_eq!(made.header("cache-control"), Some("no-store"));
        let made = made.json();
        assert_eq!((&made["config"]["message"], &made["state"]), (&json!("Welcome"), &json!("active")));
        let link = text(&made, "auth_url");
        assert!(link.starts_with("https://admin.example/#ey"), "{link}");
        owner.post(&all, json!({})).await.refusal(409);

        let listed = owner.get(&list).await.expect(200);
        assert_eq!(listed.header("cache-control"), Some("no-store"));
        assert_eq!((listed.json()[0]["id"].clone(), &listed.json()[0]["env"]), (made["id"].clone(), &json!({ "DEMO_KEY": "from the add-on" })));
        let read = p.reader().await.get(&list).await.expect(200).json();
        assert_eq!((&read[0]["env"]["DEMO_KEY"], &read[0]["auth_url"]), (&json!("********"), &Value::Null));

        let one = format!("{all}/{}", id(&made));
        assert_eq!(owner.get(&one).await.expect(200).json()["id"], made["id"]);
        let changed = owner.put(&one, json!({ "config": { "name": "y" } })).await.expect(204);
        assert_eq!((changed.header("content-type"), changed.body.len()), (None, 0));
        assert_eq!(owner.get(&list).await.json()[0]["config"], json!({ "name": "y" }));
        let gone = owner.delete(&one).await.expect(204);
        assert_eq!((gone.header("content-type"), gone.body.len()), (None, 0));
        for again in [owner.delete(&one).await, owner.get(&one).await, owner.put(&one, json!({})).await] {
            again.refusal(404);
        }
        assert_eq!(owner.get(&list).await.expect(200).json(), json!([]));
        let calls = owner.get("/services/demo/calls").await.expect(200);
        assert_eq!(calls.json().as_array().map(Vec::len), Some(5));
        assert!(!calls.text().contains(&secret) && !calls.text().contains("from the add-on"));
    }
}

both! {
    /// Whose add-on it is, and who else may use it.
    async fn addons_are_seen_by_those_who_may_use_them(p: Platform) {
        let (owner, provider, outsider) = (p.owner(), provider().await, p.outsider().await);
        let made = register(&owner, "demo", &provider).await;
        assert_eq!(made["service_path"], "/.netlify/demo");
        let listed = owner.get("/services/?search=DEM").await.expect(200);
        assert_eq!((listed.json()[0]["slug"].as_str(), listed.text().contains("secret")), (Some("demo"), false));
        assert_eq!(owner.get("/services/?search=other").await.json(), json!([]));
        assert_eq!(outsider.get("/services").await.expect(200).json(), json!([]));
        let site = outsider.create_site("elsewhere").await;
        let instances = format!("/sites/{}/services/demo/instances", id(&site));
        for refused in [
            outsider.get("/services/demo").await,
            outsider.get("/services/demo/manifest").await,
            outsider.post(&instances, json!({})).await,
            outsider.get("/services/unknown/manifest").await,
            owner.get("/services/unknown").await,
            owner.post(&format!("/sites/{}/services/unknown/instances", id(&site)), json!({})).await,
        ] {
            assert_eq!(refused.refusal(404), "Not Found");
        }
        let taken = json!({ "name": "D", "slug": "demo", "description": "d", "endpoint": "https://e.example" });
        outsider.post("/services", taken).await.refusal(422);

        let writer = p.issue(json!({ "name": "writer", "scope": "write" })).await;
        writer.put("/services/demo", json!({ "public": true })).await.refusal(403);
        owner.put("/services/demo", json!({ "public": true })).await.expect(200);
        let shown = outsider.get("/services/demo").await.expect(200).json();
        assert!(shown.get("endpoint").is_none() && shown.get("account_id").is_none(), "{shown}");
        let instance = outsider.post(&instances, json!({})).await.expect(201).json();
        for refused in [
            outsider.put("/services/demo", json!({ "name": "mine" })).await,
            outsider.post("/services/demo/rotate_secret", json!({})).await,
            outsider.post("/services/demo/manifest/refresh", json!({})).await,
            outsider.get("/services/demo/calls").await,
            outsider.delete("/services/demo").await,
        ] {
            refused.refusal(404);
        }
        owner.delete("/services/demo").await.refusal(409);
        // those who have one keep it
        owner.put("/services/demo", json!({ "public": false })).await.expect(200);
        outsider.get("/services/demo").await.refusal(404);
        outsider.delete(&format!("{instances}/{}", id(&instance))).await.expect(204);
        owner.delete("/services/demo").await.expect(204);
        owner.get("/services/demo").await.refusal(404);
    }
}

both! {
    /// A provider that answers nothing at all holds up whoever asked for it, and nobody else.
    async fn a_hanging_provider_hangs_nobody_else(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let all = format!("/sites/{}/services/demo/instances", id(&site));
        let one = format!("{all}/{}", id(&owner.post(&all, json!({})).await.expect(201).json()));
        owner.deploy(id(&site), &[("index.html", "here")]).await;
        provider.usually(|_| Turn::Hang);
        provider.forget();
        let others = async {
            provider.wait_for(1).await;
            let listed = owner.get(&format!("/sites/{}/service-instances", id(&site))).await.expect(200).json();
            assert_eq!(listed.as_array().map(Vec::len), Some(1));
            assert_eq!(p.visitor().site("harbour", "/").await.expect(200).text(), "here");
            owner.put(&one, json!({})).await.refusal(409);
        };
        let (hung, ()) = tokio::join!(owner.delete(&one), others);
        assert!(hung.refusal(504).contains("in time"));
        assert_eq!(provider.lines(), ["DELETE /instances/remote-1"]);
        provider.usually(good);
        owner.delete(&one).await.expect(204);
    }
}

both! {
    /// Each way to fail has its status, and a sentence that shows nothing of ours.
    async fn failures_of_providers_are_told(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        let all = format!("/sites/{}/services/demo/instances", id(&site));
        owner.get("/services/demo/manifest").await.expect(200);
        for (turn, status, why) in [
            (Turn::Empty(500), 502, "answered 500"),
            (Turn::Json(400, json!({ "message": "no plan" })), 422, "no plan"),
            (Turn::Json(200, json!({})), 502, "only 201"),
            (Turn::Die, 502, "no answer"),
            (Turn::Flood(201, 64 << 20), 502, "more than"),
        ] {
            provider.next([turn]);
            let said = owner.post(&all, json!({})).await.refusal(status);
            assert!(said.contains(why), "{said}");
        }
        owner.post(&all, json!({ "config": "text" })).await.refusal(400);
        provider.next([Turn::Empty(500)]);
        owner.post("/services/demo/manifest/refresh", json!({})).await.refusal(502);
        assert_eq!(owner.get(&format!("/sites/{}/service-instances", id(&site))).await.json(), json!([]));
    }
}

both! {
    /// The provider's build hook works without a token, and goes with the instance; so do its variables,
    /// which stand between those of the account and those of the site.
    async fn builds_see_the_variables_of_addons(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        register(&owner, "demo", &provider).await;
        let vars = json!({ "DEMO_KEY": "v", "SHARED": "add-on", "SITES": "add-on", "NODE_OPTIONS": "--evil", "URL": "x" });
        provider.usually(move |came| match came.method.as_str() {
            "POST" => Turn::Json(201, json!({ "id": "r", "env": vars })),
            _ => good(came),
        });
        let files = [
            ("netlify.toml", "[build]\ncommand = \"mkdir out && env > out/env.txt\"\npublish = \"out\"\n"),
            ("index.html", "x"),
        ];
        let repository = repository(&files);
        let site = owner.create_site("harbour").await;
        let repo = json!({ "repo": { "provider": "manual", "repo_path": repository.path(), "repo_branch": "main" } });
        owner.patch(&format!("/sites/{}", id(&site)), repo).await.expect(200);
        let account = text(&site, "account_id").to_owned();
        let var = |key: &str, value: &str| json!([{ "key": key, "values": [{ "context": "all", "value": value }] }]);
        let env = format!("/accounts/{account}/env");
        owner.post(&env, var("SHARED", "account")).await.expect(201);
        owner.post(&format!("{env}?site_id={}", id(&site)), var("SITES", "site")).await.expect(201);
        let all = format!("/sites/{}/services/demo/instances", id(&site));
        let one = format!("{all}/{}", id(&owner.post(&all, json!({})).await.expect(201).json()));

        let posted = provider.came().into_iter().find(|came| came.method == "POST").expect("it was asked");
        let hook = text(&posted.json()["config"], "incoming_hook_url").to_owned();
        let path = hook.strip_prefix(&p.addresses().control_url()).expect("it leads here").to_owned();
        let call = async || p.anonymous().send(Method::POST, &path, "application/json", Bytes::new()).await;
        let seen = async |builds: usize| {
            assert!(call().await.is_success());
            let list = format!("/sites/{}/deploys", id(&site));
            until("a deploy of the build", async || {
                let deploys = owner.get(&list).await.json();
                let ready = |deploy: &&Value| deploy["state"] == "ready";
                (deploys.as_array()?.iter().filter(ready).count() == builds).then_some(())
            })
            .await;
            p.visitor().site("harbour", "/env.txt").await.expect(200).text()
        };
        let first = seen(1).await;
        for line in ["DEMO_KEY=v\n", "SHARED=add-on\n", "SITES=site\n"] {
            assert!(first.contains(line), "{line} in {first}");
        }
        assert!(!first.contains("--evil") && !first.contains("\nURL=x\n"), "{first}");
        let hooks = owner.get(&format!("/sites/{}/build_hooks", id(&site))).await.json();
        let own = owner.post(&format!("/sites/{}/build_hooks", id(&site)), json!({ "title": "own" })).await.json();
        assert_eq!(hooks.as_array().map(Vec::len), Some(1));
        owner.delete(&one).await.expect(204);
        assert_eq!(call().await.status, 404);
        let own = text(&own, "url").strip_prefix(&p.addresses().control_url()).expect("it leads here").to_owned();
        assert!(p.anonymous().send(Method::POST, &own, "application/json", Bytes::new()).await.is_success());
        let list = format!("/sites/{}/deploys", id(&site));
        let second = until("the second build", async || {
            let deploys = owner.get(&list).await.json();
            let ready = deploys.as_array()?.iter().filter(|deploy| deploy["state"] == "ready").count();
            if ready == 2 { Some(p.visitor().site("harbour", "/env.txt").await.text()) } else { None }
        })
        .await;
        assert!(second.contains("SHARED=account\n") && !second.contains("DEMO_KEY"), "{second}");
    }
}

both! {
    /// A provider finishes later, and says so by itself; a site that is deleted is told to the provider.
    async fn a_slow_provider_calls_back_and_hears_of_the_end(p: Platform) {
        let (owner, provider) = (p.owner(), provider().await);
        let secret = text(&register(&owner, "demo", &provider).await, "secret").to_owned();
        let site = owner.create_site("harbour").await;
        let all = format!("/sites/{}/services/demo/instances", id(&site));
        owner.get("/services/demo/manifest").await.expect(200);
        provider.next([Turn::Json(201, json!({ "id": "r", "state": "provisioning" }))]);
        assert_eq!(owner.post(&all, json!({})).await.expect(201).json()["state"], "provisioning");
        let posted = provider.came().pop().expect("it was asked");
        let callback = posted.header("X-Nf-Callback").expect("it says where to call").to_owned();
        let path = callback.strip_prefix(&p.addresses().control_url()).expect("it leads here").to_owned();
        let body = json!({ "state": "active", "env": { "KEY": "v" } }).to_string();
        let claims = json!({
            "exp": posted_exp(&posted, &secret), "netlify_id": posted.json()["uuid"],
            "sha256": signing::sha256_hex(body.as_bytes()),
        });
        let token = signing::sign_hs256(&claims.to_string(), secret.as_bytes());
        let call = async |token: &str| {
            let head = http::Request::builder().method(Method::POST).uri(&path);
            let host = p.address().to_string();
            let head = head.header("host", host).header("x-nf-sign", token);
            p.visitor().request(head, &body).await
        };
        call("x.y.z").await.refusal(401);
        call(&token).await.expect(204);
        call(&token).await.expect(204);
        let list = format!("/sites/{}/service-instances", id(&site));
        let now = owner.get(&list).await.json();
        assert_eq!((&now[0]["state"], &now[0]["env"]), (&json!("active"), &json!({ "KEY": "v" })));
        provider.forget();
        owner.delete(&format!("/sites/{}", id(&site))).await.expect(204);
        assert_eq!(provider.wait_for(1).await[0].line(), "DELETE /instances/r");
    }
}

fn impatient(config: &mut boathook::Config) {
    config.proxy_timeout = 1;
}

both! { with impatient;
    /// Whatever a provider does to a visitor comes to an end, and nobody else notices.
    async fn a_bad_provider_harms_its_own_visitors_alone(p: Platform) {
        let (owner, provider, visitor) = (p.owner(), provider().await, p.visitor());
        register(&owner, "demo", &provider).await;
        let site = owner.create_site("harbour").await;
        for name in ["harbour", "quay"] {
            let site = if name == "harbour" { site.clone() } else { owner.create_site(name).await };
            owner.deploy(id(&site), &[("index.html", name)]).await;
        }
        let endpoint = provider.url();
        provider.usually(move |came| match came.method.as_str() {
            "POST" => Turn::Json(201, json!({ "id": "r", "endpoint": endpoint })),
            _ => good(came),
        });
        owner.post(&format!("/sites/{}/services/demo/instances", id(&site)), json!({})).await.expect(201);
        let others = async || {
            provider.wait_for(1).await;
            for name in ["harbour", "quay"] {
                assert_eq!(visitor.site(name, "/").await.expect(200).text(), name);
            }
            let listed = owner.get(&format!("/sites/{}/service-instances", id(&site))).await.expect(200).json();
            assert_eq!(listed.as_array().map(Vec::len), Some(1));
        };
        let page = "<h1>no JSON</h1>".to_owned();
        for (behaviour, turn, status, length) in [
            ("hangs", Turn::Hang, 504, None),
            ("dies", Turn::Die, 502, None),
            ("dies in the middle", Turn::Half(200, json!({ "some": "text" })), 502, None),
            ("redirects", Turn::Redirect("http://127.0.0.1:9/".to_owned()), 302, Some(0)),
            ("fails", Turn::Json(500, json!({})), 500, Some(2)),
            ("lies", Turn::Text(200, "application/json", page), 200, Some(16)),
            ("floods", Turn::Flood(200, 8 << 20), 200, Some(8 << 20)),
        ] {
            provider.forget();
            provider.next([turn]);
            let (answer, ()) = tokio::join!(visitor.site("harbour", "/.netlify/demo/a"), others());
            assert_eq!(answer.status, status, "one that {behaviour}");
            assert!(length.is_none_or(|length| answer.body.len() == length), "one that {behaviour}");
        }
        // an answer without an end lasts until its visitor leaves
        provider.forget();
        provider.next([Turn::Drip(200)]);
        tokio::select! {
            _ = visitor.site("harbour", "/.netlify/demo/a") => panic!("it has no end"),
            () = others() => {}
        }
        assert_eq!(visitor.site("harbour", "/.netlify/demo/a").await.expect(200).text(), "{}");
    }
}

/// Until when the server's own token counts: its clock is not this machine's.
fn posted_exp(posted: &Came, secret: &str) -> Value {
    let token = posted.header("X-Nf-Sign").expect("every call is signed");
    signing::verify_hs256(token, secret.as_bytes()).expect("by this secret")["exp"].clone()
}
