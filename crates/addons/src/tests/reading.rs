//! Lists from what is kept, single instances from their providers; links into providers' pages.

use super::world::{SITE, World, good, told};
use crate::{LINK_LIFE_SECONDS, instances};
use serde_json::{Value, json};
use std::time::Duration;
use testbed::{Turn, both};

both!(
    the_list_asks_nobody_and_keeps_its_order,
    showing_takes_over_what_the_provider_says,
    showing_falls_back_on_what_is_kept,
    what_changed_meanwhile_is_not_overwritten,
    instances_of_other_sites_are_not_found,
    links_are_fresh_and_short_lived,
);

async fn the_list_asks_nobody_and_keeps_its_order(world: &World) {
    world.create(json!({})).await.unwrap();
    world.register("another").await.unwrap();
    world.bed.clock.advance(Duration::from_secs(1));
    world.create_of("another").await.unwrap();
    world.peer.usually(|_| Turn::Hang);
    world.peer.forget();
    let slugs: Vec<String> = world.list().await.into_iter().map(|one| one.service_slug).collect();
    assert_eq!(slugs, ["demo", "another"]);
    assert!(world.peer.came().is_empty());
}

async fn showing_takes_over_what_the_provider_says(world: &World) {
    let id = world.create(json!({ "name": "x" })).await.unwrap().id;
    let said = json!({ "id": "other", "message": "hi", "env": { "NEW": true, "PATH": "/evil" }, "endpoint": "https://new.example" });
    world.peer.next([Turn::Json(200, said)]);
    let shown = world.show(&id).await.unwrap();
    assert_eq!(Value::from(shown.env.clone()), json!({ "NEW": "true" }));
    assert_eq!((shown.url.as_deref(), shown.snippets.len()), (Some("https://new.example"), 1));
    assert_eq!(Value::from(shown.config), json!({ "name": "x" }));
    assert_eq!(shown.external_attributes["remote_id"], "remote-1");
    assert_eq!(Value::from(world.list().await.remove(0).env), json!({ "NEW": "true" }));
}

async fn showing_falls_back_on_what_is_kept(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    let before = world.state().await;
    let text = |status, text: &str| Turn::Text(status, "application/json", text.to_owned());
    for turn in [
        text(500, "{\"env\":{}}"),
        text(404, "{\"env\":{}}"),
        text(200, "{\"env\":"),
        text(200, "{\"env\":[]}"),
        text(200, ""),
        Turn::Redirect("/x".to_owned()),
        Turn::Half(200, json!({ "env": {} })),
        Turn::Flood(200, 2 << 20),
    ] {
        world.peer.next([turn.clone()]);
        world.show(&id).await.unwrap_or_else(|error| panic!("{turn:?}: {error}"));
        assert_eq!(world.state().await, before, "{turn:?}");
    }
    world.peer.next([Turn::Die, Turn::Die]);
    world.show(&id).await.unwrap();
    for turn in [Turn::Hang, Turn::Drip(200)] {
        world.peer.next([turn]);
        world.show_by(&world.brief, &id).await.unwrap();
    }
    assert_eq!(world.state().await, before);
}

async fn what_changed_meanwhile_is_not_overwritten(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    world.peer.forget();
    let old = Turn::Json(200, json!({ "env": { "AGE": "old" } }));
    let new = Turn::Json(200, json!({ "env": { "AGE": "new" } }));
    world.peer.next([Turn::Held(Box::new(old)), new]);
    let changed = async {
        world.peer.wait_for(1).await;
        world.update(&id, json!({})).await.unwrap();
        world.peer.release();
    };
    let (shown, ()) = tokio::join!(world.show(&id), changed);
    assert_eq!(shown.unwrap().env["AGE"], "new");
    assert_eq!(world.list().await[0].env["AGE"], "new");
}

async fn instances_of_other_sites_are_not_found(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    world.register("another").await.unwrap();
    world.peer.forget();
    let cx = world.cx();
    for (site, addon) in [("second", "demo"), ("third", "demo"), (SITE, "another")] {
        let (site, addon) = (world.site(site).await, world.addon(addon).await);
        let shown = instances::show(cx, &world.provider, &site, &addon, &id, true).await;
        let changed =
            instances::update(cx, &world.provider, &site, &addon, &id, instances::Update::default()).await;
        let deleted = instances::delete(cx, &world.provider, &site, &addon, &id, true).await;
        assert_eq!((told(shown).0, told(changed).0, told(deleted).0), (404, 404, 404));
    }
    assert!(world.peer.came().is_empty() && world.list().await.len() == 1);
}

async fn links_are_fresh_and_short_lived(world: &World) {
    world.peer.usually(|came| match came.path.as_str() {
        "/api/manifest" => {
            Turn::Json(200, json!({ "name": "Demo", "admin_url": "https://admin.example/sso?via=x#old" }))
        }
        _ => good(came),
    });
    let made = world.create(json!({})).await.unwrap();
    let link = |instance: instances::Instance| instance.auth_url.expect("the manifest names a page");
    let first = link(made);
    world.bed.clock.advance(Duration::from_secs(1));
    let second = link(world.list().await.remove(0));
    assert_ne!(first, second);
    let (page, token) = second.split_once('#').unwrap();
    assert_eq!(page, "https://admin.example/sso?via=x");
    let claims = signing::verify_hs256(token, world.secret.as_bytes()).unwrap();
    let exp = world.cx().now().seconds() + LINK_LIFE_SECONDS;
    assert_eq!(
        claims,
        json!({ "site_id": SITE, "account_id": "account", "remote_id": "remote-1", "exp": exp })
    );
    const { assert!(LINK_LIFE_SECONDS <= 600) };
    for page in [json!(""), json!(null), json!("/relative"), json!("javascript:alert(1)"), json!(7)] {
        let manifest = json!({ "name": "Demo", "admin_url": page });
        world.peer.next([Turn::Json(200, manifest)]);
        crate::refresh(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
        assert_eq!(world.list().await[0].auth_url, None, "{page}");
    }
}
