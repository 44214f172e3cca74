//! Every way in which a provider can misbehave, in every call that it gets: the call ends, nothing that
//! is kept changes, and nobody else notices.

use super::world::{World, good, told};
use crate::Provider;
use context::Result;
use serde_json::{Value, json};
use testbed::{Came, Turn, both};

both!(
    whatever_a_provider_does_ends_and_changes_nothing,
    while_one_provider_hangs_others_go_on,
    one_like_the_public_example_lives,
);

/// A name, and what is done where this status would be the yes.
type Behaviour = (&'static str, fn(u16) -> Turn);

/// What a provider does instead of answering well.
const BEHAVIOURS: [Behaviour; 12] = [
    ("hangs", |_| Turn::Hang),
    ("drips", Turn::Drip),
    ("dies", |_| Turn::Die),
    ("dies in the middle", |status| {
        Turn::Half(status, json!({ "id": "x", "name": "x", "env": { "LIE": "1" } }))
    }),
    ("floods", |status| Turn::Flood(status, 8 << 20)),
    ("redirects", |_| Turn::Redirect("http://127.0.0.1:9/instances".to_owned())),
    ("fails", |_| Turn::Json(500, json!({ "id": "x", "env": { "LIE": "1" } }))),
    ("says another status", |_| Turn::Json(299, json!({ "name": "x", "env": { "LIE": "1" } }))),
    ("lies about the type", |status| Turn::Text(status, "application/json", "<h1>fine</h1>".to_owned())),
    ("lies about the shape", |status| Turn::Json(status, json!(["env"]))),
    ("lies about the fields", |status| {
        Turn::Json(status, json!({ "id": 7, "name": 7, "env": "LIE", "snippets": {} }))
    }),
    ("says nothing", Turn::Empty),
];

/// The calls, and the status that is the provider's yes to each.
const CALLS: [(&str, u16); 5] =
    [("manifest", 200), ("create", 201), ("show", 200), ("update", 200), ("delete", 204)];

/// Makes one of the calls; a creation on the second site, which has nothing yet.
async fn call(world: &World, by: &Provider, name: &str, id: &str) -> Result<()> {
    let cx = world.cx();
    match name {
        "manifest" => crate::refresh(cx, by, &world.addon("demo").await).await.map(drop),
        "create" => world.create_on("second", by, json!({})).await.map(drop),
        "show" => world.show_by(by, id).await.map(drop),
        "update" => world.update_by(by, id, json!({ "name": "y" })).await,
        _ => world.delete_by(by, id, false).await,
    }
}

/// What may come of a call that went wrong: an instance is shown as it is kept.
fn expected(call: &str, status: u16) -> bool {
    if call == "show" { status == 200 } else { matches!(status, 502 | 504) }
}

async fn whatever_a_provider_does_ends_and_changes_nothing(world: &World) {
    let id = world.create(json!({ "name": "x" })).await.unwrap().id;
    let before = world.state().await;
    for (behaviour, turn) in BEHAVIOURS {
        for (name, yes) in CALLS {
            // 204 is the whole of a good answer to a removal, whatever stands behind it
            let turn = turn(if name == "delete" { 200 } else { yes });
            crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
            // reading is tried twice over a connection that breaks
            world.peer.next([turn.clone(), turn]);
            let (status, said) = told(call(world, &world.brief, name, &id).await);
            assert!(expected(name, status), "{name} of one that {behaviour}: {status} {said}");
            assert!(!said.contains("LIE") && !said.contains("127.0.0.1:9"), "{said}");
            assert_eq!(world.state().await, before, "{name} of one that {behaviour}");
            let second = crate::instances::list(world.cx(), &world.site("second").await, true).await.unwrap();
            assert!(second.is_empty(), "{name} of one that {behaviour}");
            world.peer.clear();
            world.run_removals().await;
        }
    }
    // and all of it is forgotten at once when the provider is well again
    call(world, &world.provider, "update", &id).await.unwrap();
    call(world, &world.provider, "create", &id).await.unwrap();
    call(world, &world.provider, "delete", &id).await.unwrap();
}

async fn while_one_provider_hangs_others_go_on(world: &World) {
    let well = testbed::Scripted::start(good).await;
    let mut form = world.setup("well");
    form.endpoint = Some(format!("{}/api/", well.url()));
    crate::registry::register(world.cx(), super::world::ACCOUNT, &form, "ada").await.unwrap();
    let id = world.create(json!({})).await.unwrap().id;
    world.peer.forget();
    world.peer.usually(|_| Turn::Hang);
    let others = async {
        world.peer.wait_for(2).await;
        world.create_of("well").await.unwrap();
        world.list().await.len()
    };
    tokio::select! {
        _ = async { tokio::join!(world.update(&id, json!({})), world.create_on("second", &world.provider, json!({}))) } => {
            panic!("the provider hangs");
        }
        listed = others => assert_eq!(listed, 2),
    }
}

/// The Express example of the public repository of add-ons, as it was measured: its manifest is at `/`, it
/// falls over without a configuration, knows every id, and shows the same whatever was set.
fn like_the_example(came: &Came) -> Turn {
    let values = |value: &str| {
        let html = "<script>console.log(1)</script>";
        json!({
            "env": { "YOUR_SERVICE_API_SECRET": value },
            "snippets": [{ "title": "Snippet From Demo App", "position": "head", "html": html }],
        })
    };
    let crash =
        || Turn::Text(500, "text/html; charset=utf-8", "<pre>TypeError: at index.js:48</pre>".to_owned());
    let body: Value = serde_json::from_slice(&came.body).unwrap_or_default();
    match (came.method.as_str(), came.path.as_str()) {
        ("GET", "/api/") => Turn::Json(200, json!({ "name": "example-addon" })),
        ("POST", "/api/instances" | "/api/instances/") => match &body["config"]["config"] {
            Value::Null => crash(),
            config => {
                let mut said = values("value");
                said["id"] = json!("e7b9f0c2-example");
                said["config"] = config.clone();
                Turn::Json(201, said)
            }
        },
        ("GET", path) if path.starts_with("/api/instances/") => Turn::Json(200, values("value")),
        ("PUT", path) if path.starts_with("/api/instances/") => match &body["config"] {
            Value::Null => crash(),
            _ => Turn::Json(200, values("updated-value")),
        },
        ("DELETE", path) if path.starts_with("/api/instances/") => Turn::Empty(204),
        _ => Turn::Text(404, "text/html; charset=utf-8", "<pre>Cannot GET</pre>".to_owned()),
    }
}

async fn one_like_the_public_example_lives(world: &World) {
    world.peer.usually(like_the_example);
    let text = crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    assert_eq!(text, "{\"name\":\"example-addon\"}");
    for config in [json!({}), json!({ "name": "woooooo" })] {
        let made = world.create(config.clone()).await.unwrap();
        assert_eq!((Value::from(made.config), made.url), (config.clone(), None));
        let env = |value: &str| json!({ "YOUR_SERVICE_API_SECRET": value });
        assert_eq!(Value::from(world.list().await.remove(0).env), env("value"));
        world.update(&made.id, config.clone()).await.unwrap();
        assert_eq!(Value::from(world.list().await.remove(0).env), env("updated-value"));
        let shown = world.show(&made.id).await.unwrap();
        assert_eq!((Value::from(shown.env), Value::from(shown.config)), (env("value"), config));
        world.delete(&made.id, false).await.unwrap();
        world.assert_clean("the example agrees").await;
    }
}
