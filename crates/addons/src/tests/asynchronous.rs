//! Instances that a provider cannot finish at once: it calls back, signed, or it is asked again.

use super::world::{SITE, World, good, told};
use crate::instances::{callback, variables};
use crate::polling::{PATIENCE_MS, WAIT_MAX_MS, WAIT_MIN_MS};
use context::Result;
use serde_json::{Value, json};
use std::time::Duration;
use testbed::{Came, Turn, both};

both!(
    a_provider_finishes_by_calling_back,
    a_provider_is_asked_until_it_has_finished,
    a_provider_that_never_finishes_has_failed,
    a_failure_is_told_and_can_be_removed,
    only_what_the_provider_signed_is_taken,
    a_callback_may_be_repeated_and_not_reversed,
);

/// Makes an instance that is not finished; its id and UUID.
async fn begin(world: &World) -> (String, String) {
    world.peer.usually(|came| match came.method.as_str() {
        "POST" => {
            let env = json!({ "KEY": "early" });
            Turn::Json(
                201,
                json!({ "id": "remote-1", "state": "provisioning", "message": "ten minutes", "env": env }),
            )
        }
        "GET" if came.path.contains("/instances/") => Turn::Json(200, json!({ "state": "provisioning" })),
        _ => good(came),
    });
    let made = world.create(json!({})).await.unwrap();
    assert_eq!((made.state, made.state_message.as_deref()), ("provisioning", Some("ten minutes")));
    let posted = |came: &Came| came.method == "POST";
    let uuid =
        world.peer.came().into_iter().rfind(posted).unwrap().json()["uuid"].as_str().unwrap().to_owned();
    world.peer.forget();
    (made.id, uuid)
}

fn token(world: &World, uuid: &str, body: &str, change: impl FnOnce(&mut Value)) -> String {
    let exp = world.cx().now().seconds() + 60;
    let mut claims =
        json!({ "exp": exp, "netlify_id": uuid, "sha256": signing::sha256_hex(body.as_bytes()) });
    change(&mut claims);
    signing::sign_hs256(&claims.to_string(), world.secret.as_bytes())
}

async fn call_back(world: &World, uuid: &str, body: &Value) -> Result<()> {
    let body = body.to_string();
    let token = token(world, uuid, &body, |_| ());
    callback(world.cx(), "demo", uuid, Some(&token), body.as_bytes()).await
}

async fn a_provider_finishes_by_calling_back(world: &World) {
    let (id, uuid) = begin(world).await;
    assert!(variables(world.cx(), SITE).await.unwrap().is_empty(), "nothing works before it is finished");
    let body = json!({ "state": "active", "id": "other", "env": { "KEY": "late" }, "endpoint": "https://e.example" });
    call_back(world, &uuid, &body).await.unwrap();
    let now = world.list().await.remove(0);
    assert_eq!(
        (now.state, now.state_message, now.url.as_deref()),
        ("active", None, Some("https://e.example"))
    );
    assert_eq!(now.external_attributes["remote_id"], "remote-1");
    assert_eq!(variables(world.cx(), SITE).await.unwrap()["KEY"], "late");
    world.bed.clock.advance(Duration::from_secs(3600));
    assert_eq!(world.run_polls().await, 1);
    assert!(world.peer.came().is_empty(), "what is finished is not asked for");
    assert_eq!(world.row(&id).await.unwrap().uuid, uuid);
}

async fn a_provider_is_asked_until_it_has_finished(world: &World) {
    begin(world).await;
    assert_eq!(world.run_polls().await, 0);
    let mut waits = vec![WAIT_MIN_MS, 2 * WAIT_MIN_MS, 4 * WAIT_MIN_MS, 8 * WAIT_MIN_MS];
    for wait in &waits {
        world.bed.clock.advance(Duration::from_millis(u64::try_from(*wait).unwrap()));
        assert_eq!(world.run_polls().await, 1);
        assert_eq!(world.list().await[0].state, "provisioning");
    }
    assert_eq!(world.peer.lines(), vec!["GET /api/instances/remote-1"; waits.len()]);
    world
        .peer
        .next([Turn::Empty(500), Turn::Json(200, json!({ "state": "active", "env": { "KEY": "done" } }))]);
    waits = vec![WAIT_MAX_MS, WAIT_MAX_MS];
    for wait in waits {
        world.bed.clock.advance(Duration::from_millis(u64::try_from(wait).unwrap()));
        assert_eq!(world.run_polls().await, 1);
    }
    assert_eq!((world.list().await[0].state, world.run_polls().await), ("active", 0));
    assert_eq!(variables(world.cx(), SITE).await.unwrap()["KEY"], "done");
}

async fn a_provider_that_never_finishes_has_failed(world: &World) {
    begin(world).await;
    world.bed.clock.advance(Duration::from_millis(u64::try_from(PATIENCE_MS).unwrap() - 1));
    world.run_polls().await;
    assert_eq!(world.list().await[0].state, "provisioning");
    world.bed.clock.advance(Duration::from_millis(u64::try_from(WAIT_MAX_MS).unwrap()));
    world.run_polls().await;
    let now = world.list().await.remove(0);
    assert!(now.state == "failed" && now.state_message.is_some_and(|why| why.contains("within a day")));
    world.bed.clock.advance(Duration::from_secs(3600));
    assert_eq!(world.run_polls().await, 0);
}

async fn a_failure_is_told_and_can_be_removed(world: &World) {
    let (id, _) = begin(world).await;
    world.peer.next([Turn::Json(200, json!({ "state": "failed", "message": "no room" }))]);
    let shown = world.show(&id).await.unwrap();
    assert_eq!((shown.state, shown.state_message.as_deref()), ("failed", Some("no room")));
    assert!(variables(world.cx(), SITE).await.unwrap().is_empty());
    world.delete(&id, false).await.unwrap();
    world.assert_clean("removed after a failure").await;
}

async fn only_what_the_provider_signed_is_taken(world: &World) {
    let (_, uuid) = begin(world).await;
    let other = world.register("other").await.unwrap().secret;
    let body = json!({ "state": "active" }).to_string();
    let now = world.cx().now().seconds();
    let good = token(world, &uuid, &body, |_| ());
    let claims = |change: &dyn Fn(&mut Value)| token(world, &uuid, &body, change);
    let foreign = signing::sign_hs256(
        &json!({ "exp": now + 60, "netlify_id": uuid, "sha256": signing::sha256_hex(body.as_bytes()) })
            .to_string(),
        other.as_bytes(),
    );
    for (name, token, said) in [
        ("none", None, &body),
        ("nonsense", Some("x.y.z".to_owned()), &body),
        ("another add-on's", Some(foreign), &body),
        ("expired", Some(claims(&|c| c["exp"] = (now).into())), &body),
        ("endless", Some(claims(&|c| c["exp"] = (now + 3601).into())), &body),
        ("without end", Some(claims(&|c| drop(c.as_object_mut().unwrap().remove("exp")))), &body),
        ("another instance's", Some(claims(&|c| c["netlify_id"] = "other".into())), &body),
        ("another body's", Some(good.clone()), &json!({ "state": "failed" }).to_string()),
    ] {
        let taken = callback(world.cx(), "demo", &uuid, token.as_deref(), said.as_bytes()).await;
        assert_eq!(told(taken).0, 401, "{name}");
    }
    assert_eq!(told(callback(world.cx(), "nobody", &uuid, Some(&good), body.as_bytes()).await).0, 401);
    assert_eq!(world.list().await[0].state, "provisioning");
    for (body, status) in [(json!({}), 422), (json!({ "state": "active", "env": 1 }), 422), (json!([]), 422)]
    {
        assert_eq!(told(call_back(world, &uuid, &body).await).0, status, "{body}");
    }
    assert_eq!(told(call_back(world, "0000", &json!({ "state": "active" })).await).0, 404);
    callback(world.cx(), "demo", &uuid, Some(&good), body.as_bytes()).await.unwrap();
}

async fn a_callback_may_be_repeated_and_not_reversed(world: &World) {
    let (_, uuid) = begin(world).await;
    let word = json!({ "state": "provisioning", "message": "nearly" });
    call_back(world, &uuid, &word).await.unwrap();
    assert_eq!(world.list().await[0].state_message.as_deref(), Some("nearly"));
    let done = json!({ "state": "active", "env": { "KEY": "one" } });
    call_back(world, &uuid, &done).await.unwrap();
    call_back(world, &uuid, &json!({ "state": "active", "env": { "KEY": "two" } })).await.unwrap();
    assert_eq!(variables(world.cx(), SITE).await.unwrap()["KEY"], "one");
    assert_eq!(told(call_back(world, &uuid, &json!({ "state": "failed" })).await).0, 409);
    assert_eq!(told(call_back(world, &uuid, &word).await).0, 409);
}
