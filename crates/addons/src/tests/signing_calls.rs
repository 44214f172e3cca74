//! What goes over the wire to a provider, byte by byte where it counts.

use super::world::{SITE, World};
use crate::provider::{CALLS_KEPT, TOKEN_LIFE_SECONDS};
use model::Page;
use serde_json::{Value, json};
use testbed::{Came, Turn, both};

both!(
    every_call_carries_both_proofs,
    a_creation_says_everything_once,
    a_key_of_the_user_displaces_nothing,
    every_call_is_recorded_without_secrets,
    records_are_bounded,
);

/// The claims of a call, when its signature fits.
fn claims(world: &World, came: &Came) -> Value {
    let token = came.header("X-Nf-Sign").unwrap_or_else(|| panic!("no X-Nf-Sign: {:?}", came.headers));
    assert_eq!(came.header("Authorization"), Some(format!("Bearer {}", world.secret).as_str()));
    signing::verify_hs256(token, world.secret.as_bytes()).unwrap()
}

async fn every_call_carries_both_proofs(world: &World) {
    let id = world.create(json!({ "name": "x" })).await.unwrap().id;
    world.show(&id).await.unwrap();
    world.update(&id, json!({ "name": "y" })).await.unwrap();
    world.delete(&id, false).await.unwrap();
    let came = world.peer.came();
    let lines: Vec<String> = came.iter().map(Came::line).collect();
    let one = "/api/instances/remote-1";
    let expect = ["GET /api/manifest", "POST /api/instances"].map(str::to_owned).into_iter();
    let expect: Vec<_> =
        expect.chain(["GET", "PUT", "DELETE"].map(|method| format!("{method} {one}"))).collect();
    assert_eq!(lines, expect);
    let exp = world.cx().now().seconds() + TOKEN_LIFE_SECONDS;
    assert_eq!(claims(world, &came[0]), json!({ "exp": exp }));
    let (site, uuid) = ("http://harbour.localhost", came[1].json()["uuid"].clone());
    assert_eq!(claims(world, &came[1]), json!({ "exp": exp, "site_url": site, "netlify_id": uuid }));
    for call in &came[2..] {
        let expect = json!({ "exp": exp, "site_url": site, "id": "remote-1", "netlify_id": uuid });
        assert_eq!(claims(world, call), expect, "{}", call.line());
    }
    for (at, has_body) in [(0, false), (1, true), (2, false), (3, true), (4, false)] {
        let (call, length) = (&came[at], came[at].body.len());
        assert_eq!(call.header("Content-Type"), has_body.then_some("application/json"), "{}", call.line());
        let sent = call.header("Content-Length").map(str::to_owned);
        assert_eq!(sent, has_body.then(|| length.to_string()), "{}", call.line());
        assert_eq!((call.header("Transfer-Encoding"), has_body), (None, length > 0));
    }
    assert_eq!(came[3].json(), json!({ "config": { "name": "y" } }));
}

async fn a_creation_says_everything_once(world: &World) {
    let config = json!({ "name": "woooo", "ünicode": "ä", "count": 3, "flag": true });
    world.create(config.clone()).await.unwrap();
    let came = world.peer.came().pop().unwrap();
    let body = came.json();
    let uuid = body["uuid"].as_str().unwrap();
    assert_eq!(uuid.len(), 36);
    let hook = world.build_hooks().await.remove(0);
    let expect = json!({
        "uuid": uuid,
        "account": "account",
        "config": {
            "site_url": "http://harbour.localhost",
            "jwt": { "secret": world.secret },
            "config": config,
            "site_id": SITE,
            "service_id": "demo",
            "service_instance": { "config": config },
            "incoming_hook_url": format!("http://localhost/build_hooks/{hook}"),
        },
    });
    assert_eq!(body, expect);
    let callback = format!("http://localhost/api/v1/services/demo/instances/{uuid}");
    assert_eq!(came.header("X-Nf-Callback"), Some(callback.as_str()));
    world.create_on("second", &world.provider, Value::Null).await.unwrap();
    let second = world.peer.came().pop().unwrap().json();
    assert_ne!(second["uuid"], body["uuid"]);
    assert_eq!(
        (&second["config"]["config"], &second["config"]["service_instance"]),
        (&json!({}), &json!({ "config": {} }))
    );
}

async fn a_key_of_the_user_displaces_nothing(world: &World) {
    let config =
        json!({ "site_url": "mine", "jwt": { "secret": "mine" }, "site_id": "mine", "uuid": "mine" });
    world.create(config.clone()).await.unwrap();
    let body = world.peer.came().pop().unwrap().json();
    assert_eq!(body["config"]["config"], config);
    assert_eq!(body["config"]["jwt"]["secret"], world.secret.as_str());
    assert_eq!(
        (&body["config"]["site_id"], &body["config"]["site_url"]),
        (&json!(SITE), &json!("http://harbour.localhost"))
    );
}

async fn every_call_is_recorded_without_secrets(world: &World) {
    let echo = json!({ "id": "r", "env": { "KEY": "env-value-1" }, "message": format!("you sent {}", world.secret) });
    crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    world.peer.next([Turn::Json(201, echo)]);
    let id = world.create(json!({ "apiKey": "users-key", "name": "plain" })).await.unwrap().id;
    world.peer.next([Turn::Die]);
    world.update(&id, json!({})).await.unwrap_err();
    let calls = world.calls().await;
    let told: Vec<(&Value, &Value)> =
        calls.iter().map(|call| (&call["operation"], &call["status"])).collect();
    let expect =
        [(json!("update"), json!(0)), (json!("create"), json!(201)), (json!("manifest"), json!(200))];
    assert_eq!(told, expect.iter().map(|(a, b)| (a, b)).collect::<Vec<_>>());
    let hook = world.build_hooks().await.remove(0);
    let text = Value::from(calls.clone()).to_string();
    for secret in [world.secret.as_str(), "env-value-1", "users-key", hook.as_str()] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let create = &calls[1];
    assert_eq!((&create["instance_id"], &create["site_id"]), (&json!(id), &json!(SITE)));
    assert_eq!(create["request"]["headers"]["Authorization"], "Bearer ********");
    let token = create["request"]["headers"]["X-Nf-Sign"].as_str().unwrap();
    assert!(token.ends_with(".********") && token.matches('.').count() == 2);
    assert!(create["request"]["body"].as_str().unwrap().contains("\"name\":\"plain\""));
    assert!(create["response"]["body"].as_str().unwrap().contains("you sent ********"));
    assert!(create["timing"]["total_ms"].is_i64() && calls[0]["error"]["class"] == "other");
}

async fn records_are_bounded(world: &World) {
    let addon = world.addon("demo").await;
    let mut tx = world.cx().begin().await.unwrap();
    for n in 0..CALLS_KEPT + 3 {
        let call = store::addon_calls::CallRow {
            seq: 0,
            addon_id: addon.id.clone(),
            site_id: None,
            instance_id: None,
            operation: "manifest".to_owned(),
            status: n,
            at: world.cx().now(),
            doc: json!({}),
        };
        store::addon_calls::insert(&mut tx, &call, CALLS_KEPT).await.unwrap();
    }
    tx.commit().await.unwrap();
    let last = u32::try_from(CALLS_KEPT / 100).unwrap();
    let page = async |number: u32| {
        crate::registry::calls(world.cx(), &addon, Page::new(Some(number), None)).await.unwrap()
    };
    let (newest, oldest) = (page(1).await, page(last).await);
    assert_eq!((&newest[0]["status"], &oldest[99]["status"]), (&json!(CALLS_KEPT + 2), &json!(3)));
    assert!(page(last + 1).await.is_empty());
}
