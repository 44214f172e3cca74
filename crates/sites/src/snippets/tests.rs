//! The life of snippets, on both engines.

use super::{SNIPPETS_MAX, Setup, create, delete, get, list, update};
use context::{Context, Error};
use model::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::accounts::AccountRow;
use store::sites::{SiteInfo, SiteRow};
use testbed::{Bed, Setup as OnBed, both};

const SITE: &str = "site";

/// A site without anything.
struct World(Bed);

impl OnBed for World {
    async fn on(bed: Bed) -> Self {
        let now = bed.cx.now();
        let account = AccountRow::new("account", "account", "account", now);
        let site = |id: &str| {
            let info = SiteInfo { custom_domain: Some(format!("{id}.example.org")), ..SiteInfo::default() };
            SiteRow { info, ..SiteRow::new(id, "account", id, now) }
        };
        let mut tx = bed.cx.begin().await.unwrap();
        store::accounts::insert(&mut tx, &account).await.unwrap();
        store::sites::insert(&mut tx, &site(SITE)).await.unwrap();
        store::sites::insert(&mut tx, &site("other")).await.unwrap();
        tx.commit().await.unwrap();
        Self(bed)
    }
}

impl World {
    fn cx(&self) -> &Context {
        &self.0.cx
    }

    async fn titles(&self) -> Vec<String> {
        list(self.cx(), SITE).await.unwrap().into_iter().map(|row| row.title).collect()
    }

    async fn changed_at(&self) -> Timestamp {
        let site = store::sites::find(&mut self.cx().read().await.unwrap(), SITE).await.unwrap();
        site.unwrap().updated_at
    }
}

fn setup(sent: Value) -> Setup {
    serde_json::from_value(sent).unwrap()
}

both!(a_snippet_lives, snippets_belong_to_their_site, snippets_of_a_site_are_bounded);

async fn a_snippet_lives(world: &World) {
    let cx = world.cx();
    let heard = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&heard);
    cx.store.on_change(move |change| {
        assert_eq!(change.key, SITE);
        counting.fetch_add(1, Ordering::SeqCst);
    });
    let first = create(cx, SITE, setup(json!({ "title": "a", "general": "<b>" }))).await.unwrap();
    assert!(first.id >= 1);
    create(cx, SITE, setup(json!({ "title": "b" }))).await.unwrap();
    let id = first.id.to_string();
    world.0.clock.advance(Duration::from_secs(9));
    update(cx, SITE, &id, setup(json!({ "title": "c" }))).await.unwrap();
    assert_eq!(world.changed_at().await, cx.now());
    assert_eq!(get(cx, SITE, &id).await.unwrap().general, "<b>");
    assert_eq!(world.titles().await, ["c", "b"]);
    delete(cx, SITE, &id).await.unwrap();
    assert!(matches!(delete(cx, SITE, &id).await, Err(Error::NotFound)));
    assert_eq!(world.titles().await, ["b"]);
    assert_eq!(heard.load(Ordering::SeqCst), 4);
    let site = store::sites::find_by_domain(&mut cx.read().await.unwrap(), "site.example.org").await.unwrap();
    assert_eq!(site.map(|site| site.id).as_deref(), Some(SITE));
}

async fn snippets_belong_to_their_site(world: &World) {
    let cx = world.cx();
    let id = create(cx, SITE, Setup::default()).await.unwrap().id.to_string();
    assert!(matches!(get(cx, "other", &id).await, Err(Error::NotFound)));
    assert!(matches!(update(cx, "other", &id, Setup::default()).await, Err(Error::NotFound)));
    assert!(matches!(delete(cx, "other", &id).await, Err(Error::NotFound)));
    assert!(matches!(create(cx, "nowhere", Setup::default()).await, Err(Error::NotFound)));
    assert!(matches!(get(cx, SITE, "x").await, Err(Error::NotFound)));
    assert_eq!(world.titles().await, [""]);
}

async fn snippets_of_a_site_are_bounded(world: &World) {
    for _ in 0..SNIPPETS_MAX {
        create(world.cx(), SITE, Setup::default()).await.unwrap();
    }
    let more = create(world.cx(), SITE, Setup::default()).await;
    assert!(matches!(more, Err(Error::Unprocessable(why)) if why.contains("50")));
}
