//! From the making of an instance to its end: what requests see of it, and when (D8, X24).

use super::world::{Demo, ask, ask_host, install, register};
use crate::support::id;
use serde_json::json;
use testbed::{Scripted, Turn};
use testkit::both;

both! {
    /// Every change of an instance counts for the next request.
    async fn changes_of_an_instance_count_at_once(p: Platform) {
        let (demo, owner) = (Demo::start(&p, "/one").await, p.owner());
        let status = async || ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await.status;
        assert_eq!((status().await, demo.came().path.as_str()), (200, "/one/a"));
        let endpoint = format!("{}/two", demo.provider.url());
        owner.put(&demo.instance, json!({ "config": { "endpoint": endpoint } })).await.expect(204);
        demo.provider.forget();
        assert_eq!((status().await, demo.came().path.as_str()), (200, "/two/a"));
        owner.delete(&demo.instance).await.expect(204);
        demo.provider.forget();
        let gone = ask(&p, "harbour", "GET /.netlify/demo/a", &[], b"").await;
        assert!(gone.status == 404 && gone.text() != "here", "{gone:?}");
        assert_eq!(demo.provider.lines(), [""; 0]);
        let endpoint = format!("{}/three", demo.provider.url());
        install(&p, &demo.site, "demo", json!({ "endpoint": endpoint })).await;
        demo.provider.forget();
        assert_eq!((status().await, demo.came().path.as_str()), (200, "/three/a"));
    }
}

both! {
    /// An add-on answers from the moment it is on a site, whether or not there is anything else to be seen.
    async fn a_site_without_a_deploy_has_its_addons(p: Platform) {
        let (demo, owner) = (Demo::start(&p, "").await, p.owner());
        let site = owner.create_site("empty").await;
        let page = async |host: &str, path: &str| {
            let host = format!("{host}.localhost:{}", p.address().port());
            let reply = ask_host(&p, &host, &format!("GET {path}"), &[], b"").await;
            (reply.status, reply.text())
        };
        let nothing = page("empty", "/").await;
        assert!(nothing.0 == 404 && nothing.1.contains("Deploy not found"), "{nothing:?}");
        assert_eq!(page("empty", "/.netlify/demo/a").await, nothing);
        let config = json!({ "endpoint": format!("{}/e", demo.provider.url()) });
        let (uuid, instance) = install(&p, &site, "demo", config).await;
        demo.provider.forget();
        let there = (200, "the add-on got GET /e/a?b=c".to_owned());
        assert_eq!(page("empty", "/.netlify/demo/a?b=c").await, there);
        assert_eq!(demo.claims(&demo.came())["netlify_id"], json!(uuid));
        for path in ["/", "/index.html", "/.netlify/other/", "/.netlify/functions/x"] {
            assert_eq!(page("empty", path).await, nothing, "{path}");
        }
        assert_eq!(page("feature--empty", "/.netlify/demo/a").await, nothing, "nor has a branch");

        let own = format!("/sites/{}", id(&site));
        owner.patch(&own, json!({ "password": "harbour light" })).await.expect(200);
        assert_eq!(page("empty", "/.netlify/demo/a").await.0, 401);
        owner.patch(&own, json!({ "password": "" })).await.expect(200);
        owner.deploy(id(&site), &[("index.html", "here")]).await;
        assert_eq!(page("empty", "/").await, (200, "here".to_owned()));
        assert_eq!(page("empty", "/.netlify/demo/a?b=c").await, there);
        owner.delete(&instance).await.expect(204);
        assert_eq!(page("empty", "/.netlify/demo/a?b=c").await.0, 404);
    }
}

both! {
    /// An add-on that is still being made, or that leads nowhere, says so.
    async fn an_instance_that_does_not_work_says_so(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let endpoint = demo.provider.url();
        for (slug, config, status) in [
            ("making", json!({ "endpoint": endpoint, "state": "provisioning" }), 503),
            ("failed", json!({ "endpoint": endpoint, "state": "failed" }), 503),
            ("nowhere", json!({}), 404),
        ] {
            register(&p, slug, &demo.provider).await;
            install(&p, &demo.site, slug, config).await;
            demo.provider.forget();
            let reply = ask(&p, "harbour", &format!("GET /.netlify/{slug}/a"), &[], b"").await;
            assert_eq!(reply.status, status, "{slug}");
            assert_eq!(reply.all("retry-after").is_empty(), status == 404, "{slug}");
            assert_eq!(demo.provider.lines(), [""; 0]);
        }
    }
}

both! {
    /// A new secret signs the next request; the old one beside it while it counts.
    async fn a_new_secret_signs_at_once(p: Platform) {
        let (demo, owner) = (Demo::start(&p, "").await, p.owner());
        let tokens = async || {
            ask(&p, "harbour", "GET /.netlify/demo/", &[], b"").await;
            let came = demo.came();
            ["X-Nf-Sign", "X-Nf-Sign-Previous"].map(|name| came.header(name).map(str::to_owned))
        };
        let rotate = async |hours: i64| {
            let body = json!({ "overlap_hours": hours });
            let told = owner.post("/services/demo/rotate_secret", body).await.expect(200).json();
            told["secret"].as_str().expect("it is shown once").to_owned()
        };
        let fits = |token: &Option<String>, secret: &str| {
            token.as_deref().is_some_and(|token| signing::verify_hs256(token, secret.as_bytes()).is_ok())
        };
        let [before, none] = tokens().await;
        assert!(fits(&before, &demo.secret) && none.is_none());
        let second = rotate(24).await;
        let [current, previous] = tokens().await;
        assert!(fits(&current, &second) && fits(&previous, &demo.secret));
        p.clock().advance(std::time::Duration::from_secs(24 * 3600));
        let [current, previous] = tokens().await;
        assert!(fits(&current, &second) && previous.is_none());
        let third = rotate(0).await;
        let [current, previous] = tokens().await;
        assert!(fits(&current, &third) && previous.is_none());
    }
}

both! {
    /// Two add-ons of a site share nothing, and a rule may lead to one.
    async fn each_addon_has_its_own_way(p: Platform) {
        let demo = Demo::start(&p, "").await;
        let other = Scripted::start(|came| match came.line().as_str() {
            "POST /instances" => {
                let endpoint = came.json()["config"]["config"]["endpoint"].clone();
                Turn::Json(201, json!({ "id": "other", "endpoint": endpoint }))
            }
            _ => Turn::Text(200, "text/plain", format!("the other got {}", came.line())),
        })
        .await;
        let secret = register(&p, "other", &other).await;
        install(&p, &demo.site, "other", json!({ "endpoint": format!("{}/o", other.url()) })).await;
        let rules = "/api/* /.netlify/other/:splat 200\n/gone/* /.netlify/nobody/:splat 200\n/* /index.html 200\n";
        p.owner().deploy(id(&demo.site), &[("index.html", "here"), ("_redirects", rules)]).await;
        other.forget();
        for (path, expect) in [
            ("/.netlify/demo/a", "the add-on got GET /a"),
            ("/.netlify/other/a", "the other got GET /o/a"),
            ("/api/a/b?c=d", "the other got GET /o/a/b?c=d"),
        ] {
            assert_eq!(ask(&p, "harbour", &format!("GET {path}"), &[], b"").await.text(), expect);
        }
        assert_eq!(ask(&p, "harbour", "GET /gone/a", &[], b"").await.status, 404);
        for came in other.came() {
            let token = came.header("X-Nf-Sign").expect("it is signed");
            assert!(signing::verify_hs256(token, secret.as_bytes()).is_ok());
            assert!(signing::verify_hs256(token, demo.secret.as_bytes()).is_err());
            assert_eq!(came.header("X-NF-ID"), Some("other"));
        }
    }
}
