//! Removals: the provider must agree, unless it knows of nothing, is overruled, or the site is gone.

use super::world::{SITE, World, told};
use crate::removal::WAITS_MS;
use serde_json::json;
use std::time::Duration;
use testbed::{Turn, both};

both!(
    a_removal_takes_everything_along,
    an_instance_stays_unless_the_provider_agrees,
    what_the_provider_does_not_know_is_gone,
    a_dead_provider_can_be_overruled,
    a_site_that_is_deleted_takes_its_instances_along,
    a_provider_is_told_until_it_agrees_or_is_given_up,
    an_instance_can_be_made_anew,
);

async fn a_removal_takes_everything_along(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    world.delete(&id, false).await.unwrap();
    world.assert_clean("removed").await;
    assert!(crate::instances::variables(world.cx(), SITE).await.unwrap().is_empty());
    world.peer.forget();
    assert_eq!(told(world.delete(&id, false).await).0, 404);
    assert_eq!(told(world.delete(&id, true).await).0, 404);
    assert!(world.peer.came().is_empty() && world.run_removals().await == 0);
}

async fn an_instance_stays_unless_the_provider_agrees(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    let before = world.state().await;
    for (name, turn, status, why) in [
        ("D1 500", Turn::Empty(500), 502, "answered 500"),
        ("D2 200", Turn::Json(200, json!({})), 502, "only 204"),
        ("202", Turn::Empty(202), 502, "only 204"),
        ("D3 reset", Turn::Die, 502, "no answer"),
        ("4xx", Turn::Json(403, json!({ "message": "pay first" })), 422, "refused: pay first"),
        ("redirect", Turn::Redirect("/x".to_owned()), 502, "answered 302"),
    ] {
        world.peer.forget();
        world.peer.next([turn]);
        let (seen, said) = told(world.delete(&id, false).await);
        assert!(seen == status && said.contains(why), "{name}: {seen} {said}");
        assert_eq!((world.state().await, world.build_hooks().await.len()), (before.clone(), 1), "{name}");
        assert_eq!(world.peer.lines(), ["DELETE /api/instances/remote-1"], "{name}: asked once");
    }
    world.peer.next([Turn::Hang]);
    assert_eq!(told(world.delete_by(&world.brief, &id, false).await).0, 504);
    assert_eq!(world.state().await, before);
    world.delete(&id, false).await.unwrap();
}

async fn what_the_provider_does_not_know_is_gone(world: &World) {
    for status in [404, 410] {
        let id = world.create(json!({})).await.unwrap().id;
        world.peer.next([Turn::Empty(status)]);
        world.delete(&id, false).await.unwrap();
        world.assert_clean("unknown there").await;
    }
}

async fn a_dead_provider_can_be_overruled(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    world.peer.usually(|_| Turn::Die);
    world.peer.forget();
    world.delete(&id, true).await.unwrap();
    world.assert_clean("by force").await;
    assert!(world.peer.came().is_empty(), "nobody waits for the dead");
    assert_eq!(world.run_removals().await, 1);
    assert_eq!(world.peer.lines(), ["DELETE /api/instances/remote-1"]);
}

async fn a_site_that_is_deleted_takes_its_instances_along(world: &World) {
    world.create(json!({})).await.unwrap();
    let uuid = world.peer.came().pop().unwrap().json()["uuid"].clone();
    world.create_on("second", &world.provider, json!({})).await.unwrap();
    world.peer.forget();
    let mut tx = world.cx().begin().await.unwrap();
    store::sites::delete(&mut tx, SITE).await.unwrap();
    tx.commit().await.unwrap();
    assert!(world.peer.came().is_empty());
    assert_eq!(world.run_removals().await, 1);
    let came = world.peer.came();
    assert_eq!(world.peer.lines(), ["DELETE /api/instances/remote-1"]);
    let claims =
        signing::verify_hs256(came[0].header("X-Nf-Sign").unwrap(), world.secret.as_bytes()).unwrap();
    assert_eq!((&claims["netlify_id"], &claims["site_url"]), (&uuid, &json!("http://harbour.localhost")));
    assert_eq!(world.run_removals().await, 0);
    let second = crate::instances::list(world.cx(), &world.site("second").await, true).await.unwrap();
    assert_eq!(second.len(), 1);
}

async fn a_provider_is_told_until_it_agrees_or_is_given_up(world: &World) {
    for agrees_after in [2, WAITS_MS.len() + 1] {
        let id = world.create(json!({})).await.unwrap().id;
        world.delete(&id, true).await.unwrap();
        world.peer.forget();
        world.peer.next(vec![Turn::Empty(500); agrees_after]);
        let mut tries = world.run_removals().await;
        for wait in WAITS_MS {
            let millis = u64::try_from(wait).unwrap();
            world.bed.clock.advance(Duration::from_millis(millis - 1));
            assert_eq!(world.run_removals().await, 0, "not before its time");
            world.bed.clock.advance(Duration::from_millis(1));
            tries += world.run_removals().await;
        }
        assert_eq!(tries, if agrees_after == 2 { 3 } else { WAITS_MS.len() + 1 });
        let addon = world.addon("demo").await;
        let needed =
            store::addons::needed_by(&mut world.cx().read().await.unwrap(), &addon.id).await.unwrap();
        assert_eq!(needed, 0);
    }
}

async fn an_instance_can_be_made_anew(world: &World) {
    let uuid =
        || world.peer.came().iter().rev().find(|came| came.method == "POST").unwrap().json()["uuid"].clone();
    let first = world.create(json!({})).await.unwrap().id;
    let before = uuid();
    world.delete(&first, false).await.unwrap();
    let second = world.create(json!({})).await.unwrap().id;
    assert!(first != second && before != uuid());
}
