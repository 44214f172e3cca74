//! Changes: the provider first, then what is kept, field by field.

use super::world::{World, object, told};
use serde_json::{Value, json};
use std::time::Duration;
use testbed::{Turn, both};

both!(
    each_field_of_the_answer_replaces_the_one_that_was,
    a_change_that_fails_changes_nothing,
    an_unknown_instance_is_not_found_and_nobody_is_asked,
    of_two_changes_at_once_one_waits_its_turn,
    a_claim_that_a_crash_left_runs_out,
);

async fn each_field_of_the_answer_replaces_the_one_that_was(world: &World) {
    let id = world.create(json!({ "name": "x" })).await.unwrap().id;
    let (env, snippet) = (json!({ "DEMO_KEY": "k-1", "COUNT": "2" }), json!({ "html": "<b>" }));
    for (name, answer, expect_env, snippets, config) in [
        ("U5 U6 U13 absent ones stay", json!({}), env.clone(), 1, json!({ "n": 1 })),
        (
            "null is absent",
            json!({ "env": null, "snippets": null, "config": null }),
            env,
            1,
            json!({ "n": 1 }),
        ),
        ("U4 env as a whole", json!({ "env": { "NEW": "v" } }), json!({ "NEW": "v" }), 1, json!({ "n": 1 })),
        (
            "U4 snippets as a whole",
            json!({ "snippets": [snippet, snippet] }),
            json!({ "NEW": "v" }),
            2,
            json!({ "n": 1 }),
        ),
        (
            "U11 config of the answer",
            json!({ "config": { "m": 2 } }),
            json!({ "NEW": "v" }),
            2,
            json!({ "m": 2 }),
        ),
        (
            "U10 empty ones remove",
            json!({ "env": {}, "snippets": [], "config": {} }),
            json!({}),
            0,
            json!({}),
        ),
        ("the id is not the answer's to change", json!({ "id": "other" }), json!({}), 0, json!({ "n": 1 })),
    ] {
        world.peer.next([Turn::Json(200, answer)]);
        world.update(&id, json!({ "n": 1 })).await.unwrap();
        let now = world.list().await.remove(0);
        assert_eq!(
            (now.env, now.snippets.len(), now.config),
            (object(&expect_env), snippets, object(&config)),
            "{name}"
        );
        assert_eq!(now.external_attributes["remote_id"], "remote-1", "{name}");
    }
}

async fn a_change_that_fails_changes_nothing(world: &World) {
    let id = world.create(json!({ "name": "x" })).await.unwrap().id;
    let before = world.state().await;
    let good = json!({ "env": { "NEW": "v" } });
    let text = |status, text: &str| Turn::Text(status, "application/json", text.to_owned());
    for (name, turn, status, why) in [
        ("U7 500", Turn::Json(500, good.clone()), 502, "answered 500"),
        ("U8 4xx", Turn::Json(422, json!({ "message": "too small" })), 422, "refused: too small"),
        ("404 is no yes", Turn::Json(404, good.clone()), 422, "it answered 404"),
        ("U9 bad JSON", text(200, "{\"env\":"), 502, "not a JSON object"),
        ("empty", Turn::Empty(200), 502, "empty"),
        ("204 says nothing", Turn::Empty(204), 502, "answered 204"),
        ("201 is for creations", Turn::Json(201, good.clone()), 502, "answered 201"),
        ("env of another kind", Turn::Json(200, json!({ "env": 1 })), 502, "env"),
        ("redirect", Turn::Redirect("/x".to_owned()), 502, "answered 302"),
        ("reset", Turn::Die, 502, "no answer"),
        ("truncated", Turn::Half(200, good.clone()), 502, "broke off"),
        ("flood", Turn::Flood(200, 64 << 20), 502, "more than"),
    ] {
        world.peer.forget();
        world.peer.next([turn]);
        let (seen, said) = told(world.update(&id, json!({ "name": "y" })).await);
        assert!(seen == status && said.contains(why), "{name}: {seen} {said}");
        assert_eq!(world.state().await, before, "{name}");
        assert_eq!(world.peer.lines(), ["PUT /api/instances/remote-1"], "{name}: asked once");
    }
    for turn in [Turn::Hang, Turn::Drip(200)] {
        world.peer.next([turn]);
        let late = told(world.update_by(&world.brief, &id, json!({ "name": "y" })).await);
        assert_eq!((late.0, world.state().await), (504, before.clone()));
    }
    world.update(&id, json!({ "name": "y" })).await.unwrap();
}

async fn an_unknown_instance_is_not_found_and_nobody_is_asked(world: &World) {
    assert_eq!(told(world.update("000000000000000000000000", Value::Null).await).0, 404);
    assert!(world.peer.came().is_empty());
}

async fn of_two_changes_at_once_one_waits_its_turn(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    world.peer.forget();
    world.peer.next([Turn::Held(Box::new(Turn::Json(200, json!({ "env": { "A": "first" } }))))]);
    let others = async {
        world.peer.wait_for(1).await;
        let refused = (told(world.update(&id, json!({})).await).0, told(world.delete(&id, false).await).0);
        assert_eq!(world.peer.lines().len(), 1);
        world.peer.release();
        refused
    };
    let (first, refused) = tokio::join!(world.update(&id, json!({})), others);
    first.unwrap();
    assert_eq!((refused, world.list().await[0].env["A"].as_str()), ((409, 409), Some("first")));
    world.delete(&id, false).await.unwrap();
}

async fn a_claim_that_a_crash_left_runs_out(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    world.peer.forget();
    world.peer.next([Turn::Hang]);
    tokio::select! {
        _ = world.update(&id, json!({})) => panic!("the provider hangs"),
        _ = world.peer.wait_for(1) => {}
    }
    assert_eq!(told(world.update(&id, json!({})).await).0, 409);
    world.bed.clock.advance(Duration::from_secs(60));
    world.update(&id, json!({})).await.unwrap();
}
