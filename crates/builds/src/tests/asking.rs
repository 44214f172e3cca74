//! Asking for builds: what is refused, and what an account's builds add up to.

use super::world::World;
use crate::{Cause, WAITING_MAX, start, status};
use context::Error;
use model::{DeployState, Page};

#[tokio::test]
async fn a_build_waits_with_its_deploy() {
    let world = World::new().await;
    let cause = Cause { title: Some("By hand".into()), user_id: Some("u".into()), ..Cause::default() };
    let (build, deploy) = world.ask(cause).await;
    assert_eq!((deploy.state, deploy.build_id.as_deref()), (DeployState::Enqueued, Some(build.id.as_str())));
    assert_eq!((deploy.info.title.as_deref(), deploy.branch.as_deref()), (Some("By hand"), Some("main")));
    let shown = serde_json::to_value(crate::present(&build)).expect("JSON");
    assert_eq!((&shown["done"], &shown["deploy_id"]), (&false.into(), &deploy.id.into()));
    assert!(shown.get("error").is_none() && shown.get("sha").is_none());
    let mut db = world.cx.read().await.expect("the database answers");
    let listed = store::builds::list(&mut db, &world.site.id, Page::default()).await.expect("a list");
    assert_eq!(listed, std::slice::from_ref(&build));
    assert_eq!(store::builds::by_deploy(&mut db, &build.deploy_id).await.expect("read"), Some(build));
}

#[tokio::test]
async fn what_cannot_be_built_is_refused() {
    let world = World::new().await;
    let mut site = world.site.clone();
    let branch = Cause { branch: Some("--upload-pack=x".into()), ..Cause::default() };
    assert!(matches!(start(&world.cx, &site, branch).await, Err(Error::Invalid(_))));
    site.info.build.stop_builds = Some(true);
    assert!(matches!(start(&world.cx, &site, Cause::default()).await, Err(Error::Unprocessable(_))));
    site.info.build.stop_builds = None;
    site.info.build.repo_url = Some("ext::sh -c id".into());
    assert!(matches!(start(&world.cx, &site, Cause::default()).await, Err(Error::Unprocessable(_))));
    site.info.build.repo_url = None;
    assert!(!crate::has_repository(&site));
    assert!(matches!(start(&world.cx, &site, Cause::default()).await, Err(Error::Unprocessable(_))));
}

#[tokio::test]
async fn only_so_many_builds_of_a_site_wait() {
    let world = World::new().await;
    let branch = |n: i64| Cause { branch: Some(format!("b{n}")), ..Cause::default() };
    for n in 0..WAITING_MAX {
        world.ask(branch(n)).await;
    }
    let refused = start(&world.cx, &world.site, branch(WAITING_MAX)).await;
    assert!(matches!(refused, Err(Error::TooMany { .. })));
    world.ask(branch(0)).await;
    let totals = status(&world.cx, &world.site.account_id).await.expect("totals");
    assert_eq!(
        (totals.active, totals.enqueued, totals.build_count),
        (0, WAITING_MAX, WAITING_MAX + 1),
        "one was replaced"
    );
    assert_eq!((totals.minutes.current, totals.minutes.previous), (0, 0));
}

#[tokio::test]
async fn time_spent_is_added_up() {
    let world = World::new().await;
    world.commit_command("exit 1");
    world.build(Cause::default()).await;
    let totals = status(&world.cx, &world.site.account_id).await.expect("totals");
    assert_eq!((totals.active, totals.enqueued, totals.build_count, totals.minutes.current), (0, 0, 1, 1));
}

#[tokio::test]
async fn the_last_good_commit_is_what_a_build_may_have_cached() {
    let world = World::new().await;
    let command = "mkdir out; echo $CACHED_COMMIT_REF > out/it";
    let first = world.commit_command(command);
    let second = world.commit(&[("more", "x")], "more");
    world.git(&["reset", "--quiet", "--hard", &first]);
    let cached = async |clear_cache: bool| {
        let (_, deploy) = world.build(Cause { clear_cache, ..Cause::default() }).await;
        world.served(&deploy.id, "/it").await.expect("a file").trim().to_owned()
    };
    assert_eq!(cached(false).await, first);
    world.git(&["reset", "--quiet", "--hard", &second]);
    assert_eq!(cached(true).await, second);
    assert_eq!(cached(false).await, second);
}
