//! Creations that work: what is answered, what is kept, and that there is one.

use super::world::{SITE, World, good, told};
use crate::instances::INSTANCES_MAX;
use crate::registry;
use serde_json::{Value, json};
use std::time::Duration;
use store::addon_instances::InstanceState;
use testbed::{Turn, both};

both!(
    a_creation_answers_with_the_whole_instance,
    a_message_is_shown_and_not_kept,
    a_second_creation_is_refused_before_the_provider,
    any_text_is_an_id,
    what_an_instance_opens_is_sealed,
    a_creation_that_a_crash_left_is_no_obstacle,
    a_site_that_goes_away_meanwhile_takes_the_instance_along,
    instances_of_a_site_are_bounded,
    secrets_of_two_addons_open_nothing_of_each_other,
);
both!(threads: of_two_who_ask_at_once_the_provider_hears_one);

async fn a_creation_answers_with_the_whole_instance(world: &World) {
    let made = serde_json::to_value(world.create(json!({ "name": "x" })).await.unwrap()).unwrap();
    let uuid = world.peer.came().pop().unwrap().json()["uuid"].clone();
    let now = world.cx().now().to_string();
    let expect = json!({
        "id": made["id"],
        "url": "https://demo.example/x",
        "config": { "name": "x", "message": "Welcome" },
        "external_attributes": { "uuid": uuid, "remote_id": "remote-1" },
        "service_slug": "demo",
        "service_path": "/.netlify/demo",
        "service_name": "Demo",
        "env": { "DEMO_KEY": "k-1", "COUNT": "2" },
        "snippets": [{ "title": "Hello", "position": "head", "html": "<script>1</script>" }],
        "auth_url": null,
        "state": "active",
        "created_at": now,
        "updated_at": now,
    });
    assert_eq!(made, expect);
    let variables = crate::instances::variables(world.cx(), SITE).await.unwrap();
    assert_eq!(variables.get("DEMO_KEY").map(String::as_str), Some("k-1"));
}

async fn a_message_is_shown_and_not_kept(world: &World) {
    let made = world.create(json!({})).await.unwrap();
    assert_eq!(made.config["message"], "Welcome");
    for shown in [world.list().await.remove(0), world.show(&made.id).await.unwrap()] {
        assert!(!shown.config.contains_key("message"));
    }
}

async fn a_second_creation_is_refused_before_the_provider(world: &World) {
    world.create(json!({})).await.unwrap();
    world.peer.forget();
    assert_eq!(told(world.create(json!({})).await).0, 409);
    assert!(world.peer.came().is_empty());
    assert_eq!((world.list().await.len(), world.build_hooks().await.len()), (1, 1));
}

async fn of_two_who_ask_at_once_the_provider_hears_one(world: &World) {
    crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    world.peer.forget();
    world.peer.usually(|came| match came.method.as_str() {
        "POST" => Turn::Held(Box::new(good(came))),
        _ => good(came),
    });
    let first = world.create(json!({}));
    let second = async {
        world.peer.wait_for(1).await;
        let refused = told(world.create(json!({})).await);
        assert!(world.list().await.is_empty(), "what is only asked for is not shown");
        world.peer.release();
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!((first.unwrap().state, second.0), ("active", 409));
    assert_eq!(world.peer.lines(), ["POST /api/instances"]);
    // many at the very same time
    let many = (0..8).map(|_| world.create_on("second", &world.provider, json!({})));
    world.peer.usually(good);
    let done = futures_util::future::join_all(many).await;
    assert_eq!(done.iter().filter(|made| made.is_ok()).count(), 1);
    assert_eq!(world.peer.lines().len(), 2);
}

async fn any_text_is_an_id(world: &World) {
    for (id, path) in [
        ("5a76f-b3902", "5a76f-b3902"),
        ("a/b?c=d#e", "a%2Fb%3Fc%3Dd%23e"),
        ("../../x", "..%2F..%2Fx"),
        ("ümläut \u{1F600}", "%C3%BCml%C3%A4ut%20%F0%9F%98%80"),
        ("100%", "100%25"),
        ("line\nbreak", "line%0Abreak"),
    ] {
        world.peer.usually(move |came| match came.method.as_str() {
            "POST" => Turn::Json(201, json!({ "id": id })),
            _ => good(came),
        });
        let made = world.create(json!({})).await.unwrap();
        assert_eq!(made.external_attributes["remote_id"], id);
        world.peer.forget();
        world.delete(&made.id, false).await.unwrap();
        assert_eq!(world.peer.lines(), [format!("DELETE /api/instances/{path}")]);
    }
}

async fn what_an_instance_opens_is_sealed(world: &World) {
    let id = world.create(json!({ "password": "users-own" })).await.unwrap().id;
    let kept = format!("{:?}", world.row(&id).await.unwrap());
    let sealed = world.row(&id).await.unwrap().sealed;
    let raw = String::from_utf8_lossy(&sealed).into_owned();
    for secret in ["users-own", "k-1"] {
        assert!(!kept.contains(secret) && !raw.contains(secret), "{secret}");
    }
    let reader = crate::instances::list(world.cx(), &world.site(SITE).await, false).await.unwrap();
    assert_eq!(Value::from(reader[0].env.clone()), json!({ "DEMO_KEY": "********", "COUNT": "********" }));
    assert_eq!(reader[0].auth_url, None);
}

async fn a_creation_that_a_crash_left_is_no_obstacle(world: &World) {
    crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    world.peer.usually(|came| if came.method == "POST" { Turn::Hang } else { good(came) });
    world.peer.forget();
    let interrupted = async {
        tokio::select! {
            _ = world.create(json!({})) => panic!("the provider hangs"),
            _ = world.peer.wait_for(1) => {}
        }
    };
    interrupted.await;
    world.peer.usually(good);
    assert_eq!(told(world.create(json!({})).await).0, 409);
    world.bed.clock.advance(Duration::from_secs(60));
    world.create(json!({})).await.unwrap();
    assert_eq!((world.list().await.len(), world.build_hooks().await.len()), (1, 1));
}

async fn a_site_that_goes_away_meanwhile_takes_the_instance_along(world: &World) {
    crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    world.peer.forget();
    world.peer.usually(|came| match came.method.as_str() {
        "POST" => Turn::Held(Box::new(good(came))),
        _ => good(came),
    });
    let deleted = async {
        world.peer.wait_for(1).await;
        let mut tx = world.cx().begin().await.unwrap();
        store::sites::delete(&mut tx, SITE).await.unwrap();
        tx.commit().await.unwrap();
        world.peer.release();
    };
    let (made, ()) = tokio::join!(world.create(json!({})), deleted);
    assert_eq!(told(made).0, 404);
    assert_eq!(world.run_removals().await, 1);
    assert_eq!(world.peer.lines(), ["POST /api/instances", "DELETE /api/instances/remote-1"]);
}

async fn instances_of_a_site_are_bounded(world: &World) {
    let template = world.create(json!({})).await.unwrap().id;
    let template = world.row(&template).await.unwrap();
    for n in 1..INSTANCES_MAX {
        let setup = world.setup(&format!("more-{n}"));
        let addon = registry::register(world.cx(), "elsewhere", &setup, "ada").await.unwrap();
        let mut row = template.clone();
        (row.id, row.uuid, row.addon_id) = (world.cx().id(), world.cx().uuid(), addon.service.id);
        (row.state, row.build_hook_id) = (InstanceState::Active, None);
        let mut tx = world.cx().begin().await.unwrap();
        store::addon_instances::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
    }
    let last = world.register("last").await.unwrap().service;
    let (status, why) = told(world.create_of(&last.slug).await);
    assert!(status == 422 && why.contains("50"), "{status} {why}");
}

async fn secrets_of_two_addons_open_nothing_of_each_other(world: &World) {
    let other = world.register("other").await.unwrap().secret;
    world.create(json!({})).await.unwrap();
    let came = world.peer.came().pop().unwrap();
    let token = came.header("X-Nf-Sign").unwrap();
    assert!(signing::verify_hs256(token, other.as_bytes()).is_err());
    assert_ne!(came.json()["config"]["jwt"]["secret"], other.as_str());
}
