//! The life of split tests, on both engines.

use crate::{Setup, TESTS_MAX, Target, create, delete, get, list, publish, target, unpublish, update};
use context::{Context, Error};
use model::{BuildSettings, DeployContext, DeployState, Page};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use store::deploys::{DeployInfo, DeployRow};
use store::sites::{SiteInfo, SiteRow};
use testbed::{Bed, Setup as OnBed, both};

const SITE: &str = "site";
const ACCOUNT: &str = "account";

/// A site whose production branch `main` is live, and which has a ready deploy of `beta`.
struct World {
    bed: Bed,
}

impl OnBed for World {
    async fn on(bed: Bed) -> Self {
        let world = Self { bed };
        let mut tx = world.cx().begin().await.unwrap();
        let now = world.cx().now();
        let account = store::accounts::AccountRow::new(ACCOUNT, ACCOUNT, ACCOUNT, now);
        store::accounts::insert(&mut tx, &account).await.unwrap();
        store::sites::insert(&mut tx, &world.site(Some("main"))).await.unwrap();
        tx.commit().await.unwrap();
        let live = world.deploy("live", "main", DeployState::Ready).await;
        let mut tx = world.cx().begin().await.unwrap();
        store::sites::set_published(&mut tx, SITE, Some(&live), now).await.unwrap();
        tx.commit().await.unwrap();
        world.deploy("b1", "beta", DeployState::Ready).await;
        world
    }
}

impl World {
    fn cx(&self) -> &Context {
        &self.bed.cx
    }

    fn site(&self, repo_branch: Option<&str>) -> SiteRow {
        let build = BuildSettings { repo_branch: repo_branch.map(str::to_owned), ..BuildSettings::default() };
        let info = SiteInfo { build, ..SiteInfo::default() };
        SiteRow { info, ..SiteRow::new(SITE, ACCOUNT, SITE, self.cx().now()) }
    }

    async fn deploy(&self, id: &str, branch: &str, state: DeployState) -> String {
        let now = self.cx().now();
        let row = DeployRow {
            id: id.to_owned(),
            site_id: SITE.to_owned(),
            account_id: ACCOUNT.to_owned(),
            build_id: None,
            state,
            context: DeployContext::BranchDeploy,
            branch: Some(branch.to_owned()),
            draft: false,
            pending: 0,
            created_at: now,
            updated_at: now,
            published_at: None,
            info: DeployInfo::default(),
        };
        let mut tx = self.cx().begin().await.unwrap();
        store::deploys::insert(&mut tx, &row).await.unwrap();
        tx.commit().await.unwrap();
        id.to_owned()
    }

    async fn make(&self, tests: Value) -> Result<String, Error> {
        create(self.cx(), SITE, &setup(tests)).await.map(|row| row.id)
    }

    /// Names and bodies of all events so far, oldest first.
    async fn events(&self) -> Vec<(String, Value)> {
        let filter = store::events::Filter::default();
        let mut db = self.cx().read().await.unwrap();
        let mut rows = store::events::list(&mut db, &filter, Page::default()).await.unwrap();
        rows.reverse();
        rows.into_iter().map(|row| (row.event, row.payload)).collect()
    }

    async fn event_names(&self) -> Vec<String> {
        self.events().await.into_iter().map(|(name, _)| name).collect()
    }

    /// Counts announcements of changes from now on.
    fn announcements(&self) -> Arc<AtomicUsize> {
        let count = Arc::new(AtomicUsize::new(0));
        let counting = Arc::clone(&count);
        self.cx().store.on_change(move |_| {
            counting.fetch_add(1, Ordering::SeqCst);
        });
        count
    }
}

fn setup(tests: Value) -> Setup {
    Setup { branch_tests: Some(tests), ..Setup::default() }
}

fn halves() -> Value {
    json!({ "main": 50, "beta": 50 })
}

fn refusal<T>(result: Result<T, Error>) -> String {
    match result {
        Err(Error::Unprocessable(why)) => why,
        Err(other) => panic!("another error: {other}"),
        Ok(_) => panic!("it worked"),
    }
}

both!(
    a_test_lives,
    a_branch_without_a_ready_deploy_is_refused_by_name,
    one_test_replaces_another_in_one_step,
    only_a_change_is_an_event,
    branches_lead_to_deploys,
    tests_of_a_site_are_bounded,
);

async fn a_test_lives(world: &World) {
    let cx = world.cx();
    let heard = world.announcements();
    let id = world.make(halves()).await.unwrap();
    assert!(!get(cx, SITE, &id).await.unwrap().active);
    assert_eq!((world.event_names().await.len(), heard.load(Ordering::SeqCst)), (0, 0));
    publish(cx, SITE, &id).await.unwrap();
    assert!(get(cx, SITE, &id).await.unwrap().active);
    world.bed.clock.advance(Duration::from_secs(1));
    update(cx, SITE, &id, &setup(json!({ "main": 90, "beta": 10 }))).await.unwrap();
    unpublish(cx, SITE, &id).await.unwrap();
    let ended = get(cx, SITE, &id).await.unwrap();
    assert_eq!((ended.active, ended.unpublished_at), (false, Some(cx.now())));
    assert_eq!(heard.load(Ordering::SeqCst), 3);
    let events = world.events().await;
    let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["split_test_activated", "split_test_modified", "split_test_deactivated"]);
    let told: Vec<_> = events.iter().map(|(_, test)| (&test["active"], &test["branches"][0])).collect();
    let main = |percentage: f64| json!({ "branch": "main", "percentage": percentage });
    let (half, most) = (main(50.0), main(90.0));
    assert_eq!(told, [(&json!(true), &half), (&json!(true), &most), (&json!(false), &most)]);
    assert!(events.iter().all(|(_, test)| test["id"] == id.as_str() && test["name"] == "main / beta"));
    assert_eq!(list(cx, SITE).await.unwrap(), [ended]);
    assert!(matches!(get(cx, "other", &id).await, Err(Error::NotFound)));
    delete(cx, SITE, &id).await.unwrap();
    assert!(matches!(get(cx, SITE, &id).await, Err(Error::NotFound)));
}

async fn a_branch_without_a_ready_deploy_is_refused_by_name(world: &World) {
    let cx = world.cx();
    world.deploy("n1", "new", DeployState::Building).await;
    for unknown in ["new", "nowhere"] {
        let why = refusal(world.make(json!({ "main": 50, unknown: 50 })).await);
        assert!(why.contains(&format!("branch {unknown} ")), "{why}");
    }
    let id = world.make(halves()).await.unwrap();
    let why = refusal(update(cx, SITE, &id, &setup(json!({ "main": 50, "new": 50 }))).await);
    assert!(why.contains("branch new "), "{why}");
    let mut tx = cx.begin().await.unwrap();
    store::deploys::delete(&mut tx, "b1").await.unwrap();
    tx.commit().await.unwrap();
    let why = refusal(publish(cx, SITE, &id).await);
    assert!(why.contains("branch beta "), "{why}");
    assert_eq!(world.event_names().await, [] as [String; 0]);
    assert_eq!(get(cx, SITE, &id).await.unwrap().branches[1].branch, "beta");
}

async fn one_test_replaces_another_in_one_step(world: &World) {
    let cx = world.cx();
    let first = world.make(halves()).await.unwrap();
    let second = world.make(json!({ "main": 10, "beta": 90 })).await.unwrap();
    publish(cx, SITE, &first).await.unwrap();
    publish(cx, SITE, &second).await.unwrap();
    let active: Vec<bool> = list(cx, SITE).await.unwrap().iter().map(|test| test.active).collect();
    assert_eq!(active.iter().filter(|on| **on).count(), 1);
    assert!(get(cx, SITE, &second).await.unwrap().active);
    let expect = ["split_test_activated", "split_test_deactivated", "split_test_activated"];
    assert_eq!(world.event_names().await, expect);
    let why = refusal(delete(cx, SITE, &second).await);
    assert!(why.contains("unpublish"), "{why}");
}

async fn only_a_change_is_an_event(world: &World) {
    let cx = world.cx();
    let id = world.make(halves()).await.unwrap();
    unpublish(cx, SITE, &id).await.unwrap();
    publish(cx, SITE, &id).await.unwrap();
    publish(cx, SITE, &id).await.unwrap();
    update(cx, SITE, &id, &setup(halves())).await.unwrap();
    let named = Setup { name: Some("Prices".to_owned()), ..Setup::default() };
    assert_eq!(update(cx, SITE, &id, &named).await.unwrap().name, "Prices");
    assert_eq!(world.event_names().await, ["split_test_activated"]);
}

async fn branches_lead_to_deploys(world: &World) {
    world.deploy("b2", "beta", DeployState::Ready).await;
    let mut db = world.cx().read().await.unwrap();
    let deploy = |id: &str| Some(Target::Deploy(id.to_owned()));
    let published = Some("live".to_owned());
    let linked = SiteRow { published_deploy_id: published.clone(), ..world.site(Some("main")) };
    let other = SiteRow { published_deploy_id: published.clone(), ..world.site(Some("trunk")) };
    let unlinked = SiteRow { published_deploy_id: published, ..world.site(None) };
    let empty = world.site(Some("main"));
    for (site, branch, expect) in [
        (&linked, "main", Some(Target::Live)),
        (&linked, "beta", deploy("b2")),
        (&linked, "gone", None),
        (&other, "trunk", Some(Target::Live)),
        (&other, "main", deploy("live")),
        (&unlinked, "main", deploy("live")),
        (&empty, "main", None),
    ] {
        assert_eq!(target(&mut db, site, branch).await.unwrap(), expect, "{branch}");
    }
    drop(db);
    let mut tx = world.cx().begin().await.unwrap();
    store::deploys::delete(&mut tx, "live").await.unwrap();
    assert_eq!(target(&mut tx, &unlinked, "main").await.unwrap(), Some(Target::Live));
    assert_eq!(target(&mut tx, &other, "main").await.unwrap(), None);
}

async fn tests_of_a_site_are_bounded(world: &World) {
    for _ in 0..TESTS_MAX {
        world.make(halves()).await.unwrap();
    }
    let why = refusal(world.make(halves()).await);
    assert!(why.contains("100"), "{why}");
}
