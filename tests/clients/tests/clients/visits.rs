//! Visitors of a site at its add-on: the servers that the guide shows verify who asks and for which
//! instance, each with the JWT library of its language.

use crate::support::{Addon, Provider, Server, free_port, root, second_opinions, visitors_token};
use reqwest::Method;
use serde_json::{Value, json};

/// What the login service of the site signs with.
const SITE_SECRET: &str = "a secret of the site that no add-on is told";

/// An instance of the add-on on a new site, whose visitors arrive at `endpoint` if there is one.
async fn site_with(server: &Server, name: &str, endpoint: Option<String>) -> Value {
    let site = server.make_site(name).await;
    let secret = json!({ "jwt_secret": SITE_SECRET });
    server.call(Method::PATCH, &format!("/sites/{site}"), Some(secret)).await.json();
    server.put_page(&site, name, "here").await;
    let mut config = json!({ "name": "ada" });
    if let Some(endpoint) = endpoint {
        config["endpoint"] = endpoint.into();
    }
    server.post(&format!("/sites/{site}/services/demo/instances"), json!({ "config": config })).await
}

fn grace() -> Value {
    json!({ "sub": "1", "aud": "the site", "email": "grace@example.org", "exp": 4_000_000_000_u32 })
}

async fn verifies(provider: Provider, name: &str) {
    let server = Server::start().await;
    let addon = Addon::start(&server, "demo").await;
    let port = free_port();
    let _running = provider.start(port, &addon.secret).await;
    let made = site_with(&server, name, Some(format!("http://127.0.0.1:{port}"))).await;
    let expect = |visitor: Value| {
        json!({
            "instance": made["external_attributes"]["remote_id"],
            "site": format!("http://{name}.localhost:{}", server.port),
            "visitor": visitor,
        })
    };
    let path = "/.netlify/demo/hello";
    assert_eq!(server.visit(name, path).await.json(), expect(Value::Null));
    let token = visitors_token(grace(), SITE_SECRET).await;
    assert_eq!(server.visit_as(&token, name, path).await.json(), expect(json!("grace@example.org")));
    let mut old = grace();
    old["exp"] = json!(1_700_000_000);
    for (claims, secret) in [(old, SITE_SECRET), (grace(), "another secret")] {
        let token = visitors_token(claims, secret).await;
        assert_eq!(server.visit_as(&token, name, path).await.status, 401);
    }
    let directly = server.fetch(&format!("http://127.0.0.1:{port}/hello")).await;
    assert_eq!((directly.status, directly.text.contains("X-Nf-Sign")), (401, true));
}

#[tokio::test]
async fn python_with_pyjwt() {
    verifies(Provider::Python, "python").await;
}

#[tokio::test]
async fn ruby_with_jwt() {
    verifies(Provider::Ruby, "ruby").await;
}

/// Signature and visitor's token, as PyJWT and ruby-jwt read them.
#[tokio::test]
async fn what_vouches_for_visitors_is_what_other_libraries_take() {
    let server = Server::start().await;
    let mut addon = Addon::start(&server, "demo").await;
    let made = site_with(&server, "vouched", None).await;
    let claims = grace();
    let mut plain = claims.clone();
    plain.as_object_mut().expect("claims").remove("aud");
    let token = visitors_token(plain.clone(), SITE_SECRET).await;
    assert_eq!(
        server.visit_as(&token, "vouched", "/.netlify/demo/x").await.json(),
        json!({ "hello": "ada" })
    );
    let seen = loop {
        let seen = addon.next().await;
        if seen["path"] == "/visited/x" {
            break seen;
        }
    };
    let signature = seen["token"].as_str().expect("it is signed");
    for opinion in second_opinions(signature, &addon.secret).await {
        assert_eq!(opinion["claims"]["id"], made["external_attributes"]["remote_id"]);
    }
    let resigned = seen["headers"]["authorization"].as_str().and_then(|value| value.strip_prefix("Bearer "));
    let resigned = resigned.expect("a token");
    assert_ne!(resigned, token, "the site's own token stays at home");
    for opinion in second_opinions(resigned, &addon.secret).await {
        assert_eq!(opinion, json!({ "claims": plain }));
    }
}

/// The guide shows the files that these tests run.
#[test]
fn the_guide_shows_what_is_tested() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect(path);
    let guide = read("docs/guides/answer-visitors.md");
    for file in ["examples/addon-visits/python/server.py", "examples/addon-visits/ruby/server.rb"] {
        assert!(guide.contains(&format!("\n{}```\n", read(file))), "put {file} into the guide");
    }
}
