//! Providers that fail, lie, flood, redirect and hang when they are asked for an instance: nothing is
//! kept, and what a lie has made there is removed there.

use super::world::{SITE, World, told};
use crate::provider::TOTAL;
use serde_json::{Value, json};
use std::time::Duration;
use testbed::{Turn, both};

both!(
    a_creation_that_fails_leaves_nothing,
    a_creation_that_takes_too_long_leaves_nothing,
    two_seconds_are_waited_for,
    what_should_not_have_been_made_is_removed_once,
    a_refusal_is_told_in_the_words_of_the_provider,
    an_address_that_may_not_be_called_is_not,
    redirects_do_not_carry_the_secret_away,
    a_dead_manifest_is_no_reason_to_ask_further,
);

fn text(status: u16, kind: &'static str, text: &str) -> Turn {
    Turn::Text(status, kind, text.to_owned())
}

/// Name, what the provider does, status of our answer, part of the sentence.
fn failures() -> Vec<(&'static str, Turn, u16, &'static str)> {
    let json = "application/json";
    vec![
        ("F1 500", Turn::Json(500, json!({ "message": "inside" })), 502, "answered 500"),
        ("F1 503", Turn::Empty(503), 502, "answered 503"),
        ("F2 400", Turn::Json(400, json!({ "message": "no plan" })), 422, "refused: no plan"),
        ("F2 msg", Turn::Json(422, json!({ "msg": "no user" })), 422, "refused: no user"),
        ("F2 no words", text(403, "text/html", "<h1>no</h1>"), 422, "it answered 403"),
        ("F3 200 without id", Turn::Json(200, json!({ "message": "ok" })), 502, "only 201"),
        ("F4 bad JSON", text(201, json, "{\"id\": \"x\","), 502, "not a JSON object"),
        ("F4 a list", text(201, json, "[\"x\"]"), 502, "not a JSON object"),
        ("F5 no id", Turn::Json(201, json!({ "message": "ok" })), 502, "no id"),
        ("F5 null id", Turn::Json(201, json!({ "id": null })), 502, "no id"),
        ("F6 empty", Turn::Empty(201), 502, "empty"),
        ("F7 HTML", text(201, "text/html", "<h1>Created</h1>"), 502, "not a JSON object"),
        ("F8 redirect", Turn::Redirect("/elsewhere".to_owned()), 502, "answered 302"),
        ("F9 reset", Turn::Die, 502, "no answer"),
        ("F10 truncated", Turn::Half(201, json!({ "id": "x", "more": "y".repeat(100) })), 502, "broke off"),
        ("F13 64 MiB", Turn::Flood(201, 64 << 20), 502, "more than 1048576 bytes"),
        ("F14 number", Turn::Json(201, json!({ "id": 7 })), 502, "not a text"),
        ("P20 dots", Turn::Json(201, json!({ "id": ".." })), 502, "cannot be asked for"),
        ("P20 nothing", Turn::Json(201, json!({ "id": "" })), 502, "cannot be asked for"),
    ]
}

async fn warm(world: &World) {
    crate::manifest(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    world.peer.forget();
}

async fn a_creation_that_fails_leaves_nothing(world: &World) {
    warm(world).await;
    for (name, turn, status, why) in failures() {
        world.peer.forget();
        world.peer.next([turn]);
        let (seen, said) = told(world.create(json!({})).await);
        assert!(seen == status && said.contains(why), "{name}: {seen} {said}");
        assert!(!said.contains("inside"), "{name}: what went wrong inside is not ours to tell");
        assert_eq!(world.peer.lines(), ["POST /api/instances"], "{name}: asked once");
        world.assert_clean(name).await;
        assert_eq!(world.run_removals().await, 0, "{name}");
    }
    assert_eq!(world.create(json!({})).await.unwrap().state, "active");
}

async fn a_creation_that_takes_too_long_leaves_nothing(world: &World) {
    warm(world).await;
    let slow = Duration::from_secs(3600);
    let late = Turn::Late(slow, Box::new(Turn::Json(201, json!({ "id": "x" }))));
    for (name, turn) in [("F11 silence", Turn::Hang), ("F12 drip", Turn::Drip(201)), ("too late", late)] {
        world.peer.next([turn]);
        let (status, said) = told(world.create_on(SITE, &world.brief, json!({})).await);
        assert!(status == 504 && said.contains("in time"), "{name}: {status} {said}");
        world.assert_clean(name).await;
    }
    world.create(json!({})).await.unwrap();
}

async fn two_seconds_are_waited_for(world: &World) {
    warm(world).await;
    assert_eq!(TOTAL, Duration::from_secs(10));
    let done = Turn::Json(201, json!({ "id": "slow" }));
    world.peer.next([Turn::Late(Duration::from_secs(2), Box::new(done))]);
    assert_eq!(world.create(json!({})).await.unwrap().external_attributes["remote_id"], "slow");
}

async fn what_should_not_have_been_made_is_removed_once(world: &World) {
    warm(world).await;
    for (name, answer) in [
        ("F3 200 is no creation", (200, json!({ "id": "a/b" }))),
        ("202 neither", (202, json!({ "id": "a/b" }))),
        ("a lie about env", (201, json!({ "id": "a/b", "env": "none" }))),
        ("a relative endpoint", (201, json!({ "id": "a/b", "endpoint": "/x" }))),
        ("snippets by name", (201, json!({ "id": "a/b", "snippets": { "s": {} } }))),
    ] {
        world.peer.forget();
        world.peer.next([Turn::Json(answer.0, answer.1)]);
        assert_eq!(told(world.create(json!({})).await).0, 502, "{name}");
        world.assert_clean(name).await;
        assert_eq!(world.run_removals().await, 1, "{name}");
        assert_eq!(world.peer.lines(), ["POST /api/instances", "DELETE /api/instances/a%2Fb"], "{name}");
        let token = world.peer.came()[1].header("X-Nf-Sign").unwrap().to_owned();
        let claims = signing::verify_hs256(&token, world.secret.as_bytes()).unwrap();
        assert_eq!(claims["id"], "a/b", "{name}");
        assert_eq!(world.run_removals().await, 0, "{name}");
    }
    // an error may tell of an instance that was there before
    world.peer.next([Turn::Json(409, json!({ "id": "older", "message": "you have one" }))]);
    assert_eq!(told(world.create(json!({})).await).0, 422);
    assert_eq!(world.run_removals().await, 0);
}

async fn a_refusal_is_told_in_the_words_of_the_provider(world: &World) {
    warm(world).await;
    let word = format!("your secret {} \u{1b}[31m{}", world.secret, "x".repeat(900));
    world.peer.next([Turn::Json(400, json!({ "message": word }))]);
    let (status, said) = told(world.create(json!({})).await);
    assert!(status == 422 && said.contains("your secret ********") && said.len() < 600, "{said}");
    assert!(!said.contains('\u{1b}'));
}

async fn an_address_that_may_not_be_called_is_not(world: &World) {
    let strict = crate::Provider::new(outbound::AddressPolicy::default(), None).unwrap();
    let (status, said) = told(world.create_on(SITE, &strict, json!({})).await);
    assert!(status == 502 && said.contains("addresses that this server does not call"), "{said}");
    assert_eq!(world.peer.lines(), [] as [String; 0]);
    world.assert_clean("nothing was asked").await;
}

async fn redirects_do_not_carry_the_secret_away(world: &World) {
    warm(world).await;
    let other = testbed::Scripted::start(|_| Turn::Json(201, json!({ "id": "stolen" }))).await;
    world.peer.next([Turn::Redirect(format!("{}/instances", other.url()))]);
    assert_eq!(told(world.create(Value::Null).await).0, 502);
    assert!(other.came().is_empty());
}

async fn a_dead_manifest_is_no_reason_to_ask_further(world: &World) {
    world.peer.next([Turn::Hang]);
    assert_eq!(told(world.create_on(SITE, &world.brief, json!({})).await).0, 504);
    world.assert_clean("the manifest hung").await;
    // one that is only bad leaves the judgement to the provider
    world.peer.forget();
    world.peer.next([Turn::Empty(500)]);
    world.create(json!({})).await.unwrap();
    assert_eq!(world.peer.lines(), ["GET /api/manifest", "POST /api/instances"]);
}
