//! Build hooks from their making to the environment of the build they start.

use super::world::World;
use crate::hooks::{self, Setup, Trigger};
use context::Error;
use model::BuildState;
use store::builds::BuildRow;
use store::deploys::DeployRow;

fn setup(title: &str, branch: &str) -> Setup {
    Setup { title: Some(title.into()), branch: Some(branch.into()), ..Setup::default() }
}

async fn started(world: &World, key: &str, call: Trigger) -> (BuildRow, DeployRow) {
    let called = hooks::trigger(&world.cx, key, call).await.expect("started");
    world.look(&called.build_id.expect("a build")).await
}

#[tokio::test]
async fn a_hook_is_made_changed_and_deleted() {
    let world = World::new().await;
    let hook = hooks::create(&world.cx, &world.site, &setup("Daily", "")).await.expect("made");
    assert!(model::is_hex24(&hook.id));
    let shown = hooks::present(&world.cx, &hook).await.expect("shown");
    assert_eq!(shown.url, format!("http://localhost/build_hooks/{}", hook.id));
    let change = Setup { branch: Some("feat".into()), ..Setup::default() };
    hooks::update(&world.cx, &world.site.id, &hook.id, &change).await.expect("changed");
    let read = hooks::get(&world.cx, &world.site.id, &hook.id).await.expect("there");
    assert_eq!((read.title.as_str(), read.branch.as_str()), ("Daily", "feat"));
    assert!(matches!(hooks::get(&world.cx, "other", &hook.id).await, Err(Error::NotFound)));
    assert!(matches!(hooks::update(&world.cx, "other", &hook.id, &change).await, Err(Error::NotFound)));
    assert!(matches!(hooks::delete(&world.cx, "other", &hook.id).await, Err(Error::NotFound)));
    hooks::delete(&world.cx, &world.site.id, &hook.id).await.expect("deleted");
    assert_eq!(hooks::list(&world.cx, &world.site.id).await.expect("a list"), []);
}

#[tokio::test]
async fn a_site_has_only_so_many_hooks() {
    let world = World::new().await;
    let most = world.cx.settings.limits.build_hooks;
    for _ in 0..most {
        hooks::create(&world.cx, &world.site, &setup("x", "")).await.expect("made");
    }
    let more = hooks::create(&world.cx, &world.site, &setup("x", "")).await;
    assert!(matches!(more, Err(Error::Unprocessable(why)) if why.contains("2 build hooks")));
    let untitled = hooks::create(&world.cx, &world.site, &Setup::default()).await;
    assert!(matches!(untitled, Err(Error::Unprocessable(why)) if why == "title is missing"));
}

#[tokio::test]
async fn a_call_starts_a_build_that_knows_of_it() {
    let world = World::new().await;
    world.commit_command("mkdir out; printenv INCOMING_HOOK_TITLE INCOMING_HOOK_URL INCOMING_HOOK_BODY > out/it; printenv INCOMING_HOOK_URL");
    let hook = hooks::create(&world.cx, &world.site, &setup("Daily cron", "")).await.expect("made");
    let call = Trigger { body: b"{\"a\": 1}".to_vec(), ..Trigger::default() };
    let (build, deploy) = started(&world, &hook.id, call).await;
    assert_eq!(deploy.info.title.as_deref(), Some("Deploy triggered by hook: Daily cron"));
    world.work().await;
    assert_eq!(world.look(&build.id).await.0.state, BuildState::Done);
    let url = hooks::present(&world.cx, &hook).await.expect("shown").url;
    let it = world.served(&deploy.id, "/it").await;
    assert_eq!(it, Some(format!("Daily cron\n{url}\n%7B%22a%22%3A%201%7D\n")));
    assert!(!world.log(&build.id).await.iter().any(|line| line.contains(&hook.id)), "the id is a secret");
}

#[tokio::test]
async fn a_body_that_no_variable_holds_is_left_out_and_said_so() {
    let world = World::new().await;
    world.commit_command("mkdir out; echo ${INCOMING_HOOK_BODY-absent} > out/it");
    let hook = hooks::create(&world.cx, &world.site, &setup("x", "")).await.expect("made");
    let call = Trigger { body: vec![b'a'; 200_000], ..Trigger::default() };
    let (build, deploy) = started(&world, &hook.id, call).await;
    world.work().await;
    assert_eq!(world.served(&deploy.id, "/it").await.as_deref(), Some("absent\n"));
    assert!(world.log(&build.id).await.iter().any(|line| line.ends_with(": INCOMING_HOOK_BODY")));
}

#[tokio::test]
async fn an_unknown_hook_and_a_site_without_a_repository_start_nothing() {
    let mut world = World::new().await;
    let call = Trigger::default;
    assert!(matches!(hooks::trigger(&world.cx, "none", call()).await, Err(Error::NotFound)));
    let hook = hooks::create(&world.cx, &world.site, &setup("x", "")).await.expect("made");
    world.site.info.build.repo_url = None;
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::update(&mut tx, &world.site).await.expect("written");
    tx.commit().await.expect("the database answers");
    assert!(matches!(hooks::trigger(&world.cx, &hook.id, call()).await, Err(Error::Unprocessable(_))));
}
