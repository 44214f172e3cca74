//! What one build leaves for the next, and what it does not.

use super::world::World;
use crate::{Cause, Push, Review};
use context::BuildPolicy;
use model::{BuildState, UntrustedFlow};
use std::path::Path;

/// Counts its runs in the generator's cache, in the home's and among the packages.
const COUNT: &str = "count() { mkdir -p $1; echo x >> $1/runs; wc -l < $1/runs; }; mkdir -p out; \
                     echo $(count .astro) $(count $HOME/.npm) $(count node_modules) > out/it";

async fn counted(world: &World, cause: Cause) -> String {
    let (build, deploy) = world.build(cause).await;
    assert_eq!(build.error, None, "{:#?}", world.log(&build.id).await);
    world.served(&deploy.id, "/it").await.expect("a file").trim().to_owned()
}

fn branch(name: &str) -> Cause {
    Cause { branch: Some(name.into()), ..Cause::default() }
}

async fn set(world: &mut World, change: impl FnOnce(&mut model::BuildSettings)) {
    change(&mut world.site.info.build);
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::update(&mut tx, &world.site).await.expect("written");
    tx.commit().await.expect("the database answers");
}

async fn with(change: impl FnOnce(&mut BuildPolicy)) -> World {
    let world = World::with(change).await;
    world.commit(&[("yarn.lock", "one")], "a lock file");
    world.commit_command(COUNT);
    world
}

fn shelves(world: &World) -> usize {
    let folder = world.path("data/build-cache").join(&world.site.id);
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[tokio::test]
async fn the_next_build_of_a_branch_finds_what_the_last_one_left() {
    let world = with(|_| {}).await;
    assert_eq!(counted(&world, Cause::default()).await, "1 1 1");
    assert_eq!(counted(&world, Cause::default()).await, "2 2 2");
    let (build, _) = world.build(Cause::default()).await;
    let log = world.log(&build.id).await;
    let says = |text: &str| log.iter().any(|line| line.starts_with(text));
    assert!(says("Restored from the cache: ~/.npm, node_modules, .astro"), "{log:#?}");
    assert!(says("Kept for the next build ("), "{log:#?}");
    assert!(!world.path("data/builds").join(&build.id).exists());
}

#[tokio::test]
async fn packages_belong_to_their_lock_file() {
    let world = with(|_| {}).await;
    assert_eq!(counted(&world, Cause::default()).await, "1 1 1");
    world.commit(&[("yarn.lock", "two")], "other packages");
    assert_eq!(counted(&world, Cause::default()).await, "2 2 1");
    world.git(&["rm", "--quiet", "yarn.lock"]);
    world.commit(&[], "no packages");
    assert_eq!(counted(&world, Cause::default()).await, "3 3 1");
    assert_eq!(counted(&world, Cause::default()).await, "4 4 1", "nobody knows what they belong to");
}

#[tokio::test]
async fn a_lock_file_that_a_build_writes_settles_nothing() {
    let world = World::new().await;
    world
        .commit_command("mkdir -p out node_modules .astro; touch yarn.lock out/it node_modules/it .astro/it");
    let (build, _) = world.build(Cause::default()).await;
    let log = world.log(&build.id).await;
    let kept = log.iter().find(|line| line.starts_with("Kept for the next build (")).expect("something");
    assert!(kept.ends_with(": .astro"), "the next checkout does not have it: {kept}");
}

#[tokio::test]
async fn a_branch_begins_with_a_copy_of_the_production_branch() {
    let world = with(|_| {}).await;
    world.git(&["branch", "feat"]);
    assert_eq!(counted(&world, branch("feat")).await, "1 1 1", "nothing is there yet");
    assert_eq!(counted(&world, Cause::default()).await, "1 1 1", "and production takes nothing of others");
    world.git(&["branch", "next"]);
    assert_eq!(counted(&world, branch("next")).await, "2 2 2");
    assert_eq!(counted(&world, branch("next")).await, "3 3 3");
    assert_eq!(counted(&world, Cause::default()).await, "2 2 2", "its own stayed as it was");
    assert_eq!(counted(&world, branch("feat")).await, "2 2 2");
}

#[tokio::test]
async fn a_cleared_cache_is_gone_for_good() {
    let world = with(|_| {}).await;
    world.git(&["branch", "next"]);
    counted(&world, Cause::default()).await;
    let cleared = Cause { clear_cache: true, ..branch("next") };
    assert_eq!(counted(&world, cleared).await, "1 1 1", "that of the production branch neither");
    let cleared = Cause { clear_cache: true, ..Cause::default() };
    assert_eq!(counted(&world, cleared).await, "1 1 1");
    assert_eq!(counted(&world, Cause::default()).await, "2 2 2");
}

#[tokio::test]
async fn a_failed_build_leaves_only_what_package_managers_check() {
    let world = with(|_| {}).await;
    counted(&world, Cause::default()).await;
    world.commit_command(&format!("{COUNT}; exit 1"));
    assert_eq!(world.build(Cause::default()).await.0.state, BuildState::Failed);
    world.commit_command(COUNT);
    assert_eq!(counted(&world, Cause::default()).await, "1 3 1");
}

#[tokio::test]
async fn code_that_is_not_trusted_neither_reads_nor_writes() {
    let mut world = with(|_| {}).await;
    set(&mut world, |build| build.untrusted_flow = Some(UntrustedFlow::Redact)).await;
    counted(&world, Cause::default()).await;
    let push = Push { review: Some(Review { id: 7, url: None }), ..Push::default() };
    let request = Cause { untrusted: true, push: Some(push), ..branch("main") };
    for _ in 0..2 {
        assert_eq!(counted(&world, request.clone()).await, "1 1 1");
    }
    assert_eq!(shelves(&world), 1);
    assert_eq!(counted(&world, Cause { untrusted: false, ..request }).await, "2 2 2");
}

#[tokio::test]
async fn what_the_repository_holds_itself_stays() {
    let world = with(|_| {}).await;
    counted(&world, Cause::default()).await;
    world
        .commit(&[(".astro/runs", "a\nb\nc\nd\n"), (".next", "a file where a folder would be")], "committed");
    assert_eq!(counted(&world, Cause::default()).await, "5 2 2");
    assert_eq!(counted(&world, Cause::default()).await, "5 3 3");
}

#[tokio::test]
async fn links_lead_the_server_nowhere() {
    let world = with(|_| {}).await;
    let secret = world.path("data/secret");
    std::fs::create_dir_all(secret.join("cache")).expect("made");
    std::fs::write(secret.join("cache/key"), "key").expect("written");
    let link = format!("ln -s {} .next; ln -s {} .turbo; {COUNT}", secret.display(), secret.display());
    world.commit_command(&link);
    counted(&world, Cause::default()).await;
    assert!(secret.join("cache/key").exists());
    world.commit_command(COUNT);
    std::os::unix::fs::symlink(&secret, world.path("repo/.angular")).expect("linked");
    world.commit(&[], "a link in the repository");
    assert_eq!(counted(&world, Cause::default()).await, "2 2 2");
    assert!(secret.join("cache/key").exists());
    let kept = world.path("data/build-cache").join(&world.site.id).join("production/base");
    assert!(!kept.join(".next").exists() && !kept.join(".turbo").exists());
}

#[tokio::test]
async fn a_site_or_a_server_may_keep_nothing() {
    let mut world = with(|_| {}).await;
    counted(&world, Cause::default()).await;
    set(&mut world, |build| build.build_cache = Some(false)).await;
    assert_eq!(counted(&world, Cause::default()).await, "1 1 1");
    let world = with(|policy| policy.queue.cache_total = 0).await;
    for _ in 0..2 {
        assert_eq!(counted(&world, Cause::default()).await, "1 1 1");
    }
}

#[tokio::test]
async fn caches_keep_to_their_limits() {
    let world = with(|policy| policy.queue.cache_each = 1 << 20).await;
    world.commit_command(&format!("{COUNT}; head -c 2000000 /dev/zero > .astro/big"));
    counted(&world, Cause::default()).await;
    assert_eq!(counted(&world, Cause::default()).await, "1 1 1");
    let (build, _) = world.build(Cause::default()).await;
    let log = world.log(&build.id).await;
    assert!(log.iter().any(|line| line.contains("and 1 MB are allowed")), "{log:#?}");

    let world = with(|policy| policy.queue.cache_total = 3 << 20).await;
    world.commit_command(&format!("{COUNT}; head -c 1300000 /dev/urandom > .astro/big"));
    for name in ["a", "b", "c"] {
        world.git(&["branch", name]);
        counted(&world, branch(name)).await;
    }
    assert_eq!(counted(&world, branch("a")).await, "1 1 1", "it was not used for longest");
    assert_eq!(counted(&world, branch("c")).await, "2 2 2");
}

#[tokio::test]
async fn the_cache_of_a_deleted_site_goes_with_it() {
    let world = with(|_| {}).await;
    counted(&world, Cause::default()).await;
    let folder = world.path("data/build-cache").join(&world.site.id);
    crate::sweep_caches(&world.cx).await.expect("swept");
    assert!(folder.exists());
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::delete(&mut tx, &world.site.id).await.expect("deleted");
    tx.commit().await.expect("the database answers");
    crate::sweep_caches(&world.cx).await.expect("swept");
    assert!(!folder.exists() && Path::new(&world.path("data/build-cache")).exists());
}

#[tokio::test]
async fn a_build_does_not_begin_on_a_full_disk() {
    let world = with(|policy| policy.queue.disk_reserve = u64::MAX).await;
    let kept = world.path("data/build-cache").join(&world.site.id).join("production");
    std::fs::create_dir_all(&kept).expect("made");
    std::fs::write(kept.join("meta.json"), r#"{"used_at":1,"bytes":9,"modules":{}}"#).expect("written");
    let (build, deploy) = world.build(Cause::default()).await;
    let why = build.error.expect("a reason");
    assert!(why.contains("MB left, and builds begin only while"), "{why}");
    assert_eq!((build.state, build.started_at), (BuildState::Failed, None));
    assert_eq!(deploy.info.error_message, Some(why));
    assert!(!kept.exists(), "caches go first");
}
