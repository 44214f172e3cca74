//! Manifests: relayed to the letter, kept for a day, asked for where providers have them.

use super::world::{World, told};
use crate::provider::ANSWER_MAX;
use crate::registry::{self, Setup};
use crate::{MANIFEST_LIFE_MS, manifest, refresh};
use context::Result;
use serde_json::json;
use std::time::Duration;
use testbed::{Turn, both};

both!(
    a_manifest_is_relayed_to_the_letter_and_kept_for_a_day,
    authors_can_have_it_asked_for_anew,
    a_provider_without_the_path_is_asked_at_its_root,
    what_is_no_manifest_is_an_error_and_not_kept,
    reading_is_tried_once_more_after_a_broken_connection,
    required_keys_are_named,
);

async fn get(world: &World) -> Result<String> {
    manifest(world.cx(), &world.provider, &world.addon("demo").await).await
}

async fn a_manifest_is_relayed_to_the_letter_and_kept_for_a_day(world: &World) {
    let odd = "{ \"name\":\"Demo\",\n \"big\": 123456789012345678901234567890, \"x\":{\"y\":1.0} }";
    let usual = odd.to_owned();
    world.peer.usually(move |_| Turn::Text(200, "text/plain", usual.clone()));
    for _ in 0..3 {
        assert_eq!(get(world).await.unwrap(), odd);
    }
    assert_eq!(world.peer.lines(), ["GET /api/manifest"]);
    assert!(world.peer.came()[0].body.is_empty());
    let day = Duration::from_millis(u64::try_from(MANIFEST_LIFE_MS).unwrap());
    assert_eq!(day, Duration::from_secs(24 * 3600));
    world.bed.clock.advance(day - Duration::from_millis(1));
    get(world).await.unwrap();
    assert_eq!(world.peer.lines().len(), 1);
    world.bed.clock.advance(Duration::from_millis(1));
    get(world).await.unwrap();
    assert_eq!(world.peer.lines().len(), 2);
}

async fn authors_can_have_it_asked_for_anew(world: &World) {
    get(world).await.unwrap();
    world.peer.next([Turn::Json(200, json!({ "name": "Second" }))]);
    let second = refresh(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    assert_eq!((second.as_str(), get(world).await.unwrap()), ("{\"name\":\"Second\"}", second.clone()));
    registry::update(world.cx(), &world.addon("demo").await, &Setup::default()).await.unwrap();
    get(world).await.unwrap();
    assert_eq!(world.peer.lines().len(), 3);
}

async fn a_provider_without_the_path_is_asked_at_its_root(world: &World) {
    world.peer.usually(|came| match came.path.as_str() {
        "/api/" => Turn::Json(200, json!({ "name": "example-addon" })),
        _ => Turn::Text(404, "text/html", "<h1>no</h1>".to_owned()),
    });
    assert_eq!(get(world).await.unwrap(), "{\"name\":\"example-addon\"}");
    assert_eq!(world.peer.lines(), ["GET /api/manifest", "GET /api/"]);
}

async fn what_is_no_manifest_is_an_error_and_not_kept(world: &World) {
    let text = |status, text: &str| Turn::Text(status, "application/json", text.to_owned());
    for (turn, status, why) in [
        (text(500, "{\"name\":\"x\"}"), 502, "answered 500"),
        (text(201, "{\"name\":\"x\"}"), 502, "answered 201"),
        (text(401, "{}"), 502, "answered 401"),
        (text(200, "<html>"), 502, "without a name"),
        (text(200, "[]"), 502, "without a name"),
        (text(200, "{}"), 502, "without a name"),
        (text(200, "{\"name\":"), 502, "without a name"),
        (Turn::Empty(200), 502, "without a name"),
        (Turn::Redirect("http://127.0.0.1:9/manifest".to_owned()), 502, "answered 302"),
        (Turn::Half(200, json!({ "name": "x".repeat(99) })), 502, "broke off"),
        (Turn::Flood(200, 64 << 20), 502, "more than"),
    ] {
        world.peer.next([turn.clone()]);
        let (seen, said) = told(get(world).await);
        assert!(seen == status && said.contains(why), "{turn:?}: {seen} {said}");
    }
    for turn in [Turn::Hang, Turn::Drip(200)] {
        world.peer.next([turn.clone()]);
        let late = manifest(world.cx(), &world.brief, &world.addon("demo").await).await;
        assert_eq!(told(late).0, 504, "{turn:?}");
    }
    assert!(get(world).await.unwrap().contains("Demo"), "no failure was kept");
    let longest = format!("{{\"name\":\"{}\"}}", "x".repeat(ANSWER_MAX - 11));
    assert_eq!(longest.len(), ANSWER_MAX);
    for (length, status) in [(0, 200), (1, 502)] {
        world.peer.next([text(200, &format!("{longest}{}", " ".repeat(length)))]);
        let refreshed = refresh(world.cx(), &world.provider, &world.addon("demo").await).await;
        assert_eq!(told(refreshed).0, status, "{length} bytes too many");
    }
}

async fn reading_is_tried_once_more_after_a_broken_connection(world: &World) {
    world.peer.next([Turn::Die]);
    assert!(get(world).await.is_ok());
    assert_eq!(world.peer.lines().len(), 2);
    world.peer.next([Turn::Die, Turn::Die]);
    let again = refresh(world.cx(), &world.provider, &world.addon("demo").await).await;
    assert_eq!((told(again).0, world.peer.lines().len()), (502, 4));
}

async fn required_keys_are_named(world: &World) {
    let field = json!({ "type": "string", "required": true, "pattern": "^(a+)+$" });
    let demo = json!({ "name": "Demo", "config": { "one": field, "two": field, "three": {} } });
    world.peer.next([Turn::Json(200, demo)]);
    let (status, why) = told(world.create(json!({ "two": "x" })).await);
    assert!(status == 422 && why.ends_with("of one"), "{why}");
    assert_eq!(world.peer.lines(), ["GET /api/manifest"]);
    world.assert_clean("refused before the provider").await;
    let slow = format!("{}!", "a".repeat(64));
    let id = world.create(json!({ "one": slow, "two": "x" })).await.unwrap().id;
    let (status, why) = told(world.update(&id, json!({ "one": "" })).await);
    assert!(status == 422 && why.ends_with("of one, two"), "{why}");
    assert_eq!(world.peer.lines(), ["GET /api/manifest", "POST /api/instances"]);
}
