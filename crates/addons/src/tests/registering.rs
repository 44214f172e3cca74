//! The registry: who is registered under which name, with which secret, and who finds it.

use super::world::{ACCOUNT, World, told};
use crate::registry::{
    self, ADDONS_MAX, OVERLAP_HOURS_MAX, RESERVED, Rotation, Setup, present, register, rotate,
    secrets::Secrets,
};
use model::Page;
use serde_json::json;
use std::time::Duration;
use store::events::Filter;
use testbed::both;

both!(
    every_addon_gets_a_long_secret_of_its_own,
    a_slug_is_unique_well_formed_and_free,
    what_a_form_must_say_is_asked_for,
    the_list_shows_services_and_narrows,
    no_read_discloses_a_secret,
    a_new_secret_signs_while_the_old_one_still_counts,
    the_audit_log_tells_of_every_secret_and_shows_none,
    a_change_leaves_what_it_does_not_name,
    an_addon_goes_when_nobody_needs_it,
    addons_of_an_account_are_bounded,
);

async fn every_addon_gets_a_long_secret_of_its_own(world: &World) {
    let twin = world.register("demo-staging").await.unwrap();
    assert!(world.secret.len() >= 32 && twin.secret.len() >= 32);
    assert_ne!(world.secret, twin.secret);
    assert_eq!(twin.service.service_path, "/.netlify/demo-staging");
}

async fn a_slug_is_unique_well_formed_and_free(world: &World) {
    assert_eq!(told(world.register("demo").await), (422, "the slug demo is taken".to_owned()));
    for bad in ["", "../x", "a b", "Demo", "-x"].into_iter().chain(RESERVED) {
        assert_eq!(told(world.register(bad).await).0, 422, "{bad}");
    }
}

async fn what_a_form_must_say_is_asked_for(world: &World) {
    let whole = world.setup("other");
    for (name, setup) in [
        ("name", Setup { name: None, ..whole.clone() }),
        ("slug", Setup { slug: None, ..whole.clone() }),
        ("description", Setup { description: None, ..whole.clone() }),
        ("endpoint", Setup { endpoint: None, ..whole.clone() }),
        ("endpoint", Setup { endpoint: Some("nowhere".to_owned()), ..whole.clone() }),
        ("name", Setup { name: Some(" ".to_owned()), ..whole.clone() }),
        ("icon", Setup { icon: Some("javascript:1".to_owned()), ..whole }),
    ] {
        let (status, why) = told(register(world.cx(), ACCOUNT, &setup, "ada").await);
        assert!(status == 422 && why.starts_with(name), "{name}: {status} {why}");
    }
}

async fn the_list_shows_services_and_narrows(world: &World) {
    let mut public = world.setup("mail-pit");
    (public.name, public.public) = (Some("Mail 100% Pit".to_owned()), Some(true));
    register(world.cx(), "elsewhere", &public, "ada").await.unwrap();
    let mut foreign = world.setup("hidden");
    foreign.name = Some("Hidden".to_owned());
    register(world.cx(), "elsewhere", &foreign, "ada").await.unwrap();
    let slugs = async |accounts: &[&str], search: Option<&str>| -> Vec<String> {
        let rows = registry::list(world.cx(), accounts, search, Page::default()).await.unwrap();
        rows.into_iter().map(|row| row.slug).collect()
    };
    assert_eq!(slugs(&[ACCOUNT], None).await, ["demo", "mail-pit"]);
    assert_eq!(slugs(&[], None).await, ["mail-pit"]);
    assert_eq!(slugs(&[ACCOUNT, "elsewhere"], None).await, ["demo", "hidden", "mail-pit"]);
    assert_eq!(slugs(&["acc", "ount"], None).await, ["mail-pit"]);
    for (search, expect) in [
        ("MAIL", vec!["mail-pit"]),
        ("100%", vec!["mail-pit"]),
        ("%", vec!["mail-pit"]),
        ("_", vec![]),
        ("shows what", vec!["demo", "mail-pit"]),
    ] {
        assert_eq!(slugs(&[ACCOUNT], Some(search)).await, expect, "{search}");
    }
}

async fn no_read_discloses_a_secret(world: &World) {
    let addon = world.addon("demo").await;
    for own in [true, false] {
        let shown = serde_json::to_value(present(world.cx(), &addon, own)).unwrap();
        assert!(!shown.to_string().contains(&world.secret));
        assert_eq!(shown.get("endpoint").is_some(), own);
        for key in [
            "id",
            "name",
            "slug",
            "service_path",
            "description",
            "long_description",
            "icon",
            "tags",
            "events",
            "environments",
            "manifest_url",
            "created_at",
            "updated_at",
        ] {
            assert!(shown.get(key).is_some(), "{key}");
        }
    }
    assert!(!String::from_utf8_lossy(&addon.sealed).contains(&world.secret));
    assert!(!format!("{:?}", Secrets::of(world.cx(), &addon).unwrap()).contains(&world.secret));
}

async fn a_new_secret_signs_while_the_old_one_still_counts(world: &World) {
    let rotation = Rotation { overlap_hours: Some(2) };
    let new = rotate(world.cx(), &world.addon("demo").await, &rotation, "ada").await.unwrap().secret;
    assert_ne!(new, world.secret);
    world.create(json!({})).await.unwrap();
    let came = world.peer.came().pop().unwrap();
    let signed = |header: &str, secret: &str| {
        came.header(header).is_some_and(|token| signing::verify_hs256(token, secret.as_bytes()).is_ok())
    };
    assert!(signed("X-Nf-Sign", &new) && signed("X-Nf-Sign-Previous", &world.secret));
    assert_eq!(came.header("Authorization"), Some(format!("Bearer {new}").as_str()));
    world.bed.clock.advance(Duration::from_secs(2 * 3600));
    crate::refresh(world.cx(), &world.provider, &world.addon("demo").await).await.unwrap();
    assert_eq!(world.peer.came().pop().unwrap().header("X-Nf-Sign-Previous"), None);
    for hours in [-1, OVERLAP_HOURS_MAX + 1] {
        let rotation = Rotation { overlap_hours: Some(hours) };
        assert_eq!(told(rotate(world.cx(), &world.addon("demo").await, &rotation, "ada").await).0, 422);
    }
}

async fn the_audit_log_tells_of_every_secret_and_shows_none(world: &World) {
    let addon = world.addon("demo").await;
    let rotated = rotate(world.cx(), &addon, &Rotation::default(), "grace").await.unwrap();
    let mut db = world.cx().read().await.unwrap();
    let noted = store::events::list(&mut db, &Filter::default(), Page::default()).await.unwrap();
    let told: Vec<_> =
        noted.iter().rev().map(|one| (one.event.as_str(), one.payload["actor_id"].as_str())).collect();
    assert_eq!(told, [("addon_registered", Some("ada")), ("addon_secret_rotated", Some("grace"))]);
    for one in &noted {
        let about = (one.account_id.as_str(), one.site_id.as_str(), &one.resource_id);
        assert_eq!(about, (ACCOUNT, "", &addon.id));
        let shown = one.payload.to_string();
        assert!(!shown.contains(&rotated.secret) && !shown.contains(&world.secret), "{shown}");
    }
}

async fn a_change_leaves_what_it_does_not_name(world: &World) {
    let before = world.addon("demo").await;
    let setup = Setup { description: Some("Anew".to_owned()), ..Setup::default() };
    let after = registry::update(world.cx(), &before, &setup).await.unwrap();
    assert_eq!((after.doc.description.as_str(), after.doc.name.as_str()), ("Anew", "Demo"));
    assert_eq!((&after.endpoint, &after.sealed), (&before.endpoint, &before.sealed));
    let moved = Setup { slug: Some("other".to_owned()), ..Setup::default() };
    assert_eq!(told(registry::update(world.cx(), &before, &moved).await).0, 422);
}

async fn an_addon_goes_when_nobody_needs_it(world: &World) {
    let id = world.create(json!({})).await.unwrap().id;
    let addon = world.addon("demo").await;
    assert_eq!(told(registry::delete(world.cx(), &addon).await).0, 409);
    world.delete(&id, true).await.unwrap();
    assert_eq!(told(registry::delete(world.cx(), &addon).await).0, 409);
    world.run_removals().await;
    registry::delete(world.cx(), &addon).await.unwrap();
    assert_eq!(told(registry::delete(world.cx(), &addon).await).0, 404);
    world.register("demo").await.unwrap();
}

async fn addons_of_an_account_are_bounded(world: &World) {
    for n in 1..ADDONS_MAX {
        world.register(&format!("demo-{n}")).await.unwrap();
    }
    let (status, why) = told(world.register("one-more").await);
    assert!(status == 422 && why.contains("100"), "{why}");
}
