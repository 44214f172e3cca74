//! Stopping builds that wait and builds that run.

use super::world::World;
use crate::{Cause, Step};
use context::Sandbox;
use futures_util::StreamExt as _;
use model::{BuildState, DeployState};
use std::process::Command;
use std::time::Duration;

/// Whether some process of the machine was started with this name.
pub(super) fn runs(name: &str) -> bool {
    let commands = std::fs::read_dir("/proc").expect("processes").flatten();
    commands
        .filter_map(|entry| std::fs::read(entry.path().join("cmdline")).ok())
        .any(|line| line.starts_with(name.as_bytes()))
}

async fn until_log_says(world: &World, build_id: &str, text: &str) {
    let mut log = world.builds.follow(build_id, 0);
    while let Some(step) = log.next().await {
        match step.expect("a log") {
            Step::Line(_, line) if line.message == text => return,
            Step::Line(..) => {}
            Step::End(state) => panic!("the build ended as {state:?} without saying {text}"),
        }
    }
}

/// A command that leaves a process of this name behind, which is nobody's child and in no group, and
/// says that it did.
fn daemon(name: &str) -> String {
    format!(
        "(setsid bash -c '(setsid bash -c \"exec -a {name} sleep 600\" &)' &); \
         until grep -qs {name} /proc/[0-9]*/cmdline; do sleep 0.05; done; echo started"
    )
}

#[tokio::test]
async fn cancelling_kills_the_whole_tree() {
    for sandbox in [Sandbox::Strict, Sandbox::Off] {
        let world = World::with(|policy| policy.sandbox = sandbox).await;
        let name = format!("grandchild-{}", world.site.id);
        world.commit_command(&format!("{}; sleep 600", daemon(&name)));
        let (build, _) = world.ask(Cause::default()).await;
        let stop = async {
            until_log_says(&world, &build.id, "started").await;
            assert!(runs(&name), "{sandbox:?}: the grandchild is there");
            world.builds.cancel(&build.id).await.expect("cancelled")
        };
        let (_, cancelled) = tokio::join!(world.work(), stop);
        assert_eq!(cancelled.state, BuildState::Cancelled);
        assert!(!runs(&name), "{sandbox:?}: nothing outlives its build");
        let (build, deploy) = world.look(&build.id).await;
        assert_eq!((build.state, deploy.state), (BuildState::Cancelled, DeployState::Error));
        assert_eq!(deploy.info.error_message.as_deref(), Some(deploys::CANCELED));
    }
}

#[tokio::test]
async fn nothing_outlives_a_build_that_ends_or_runs_out_of_time() {
    for sandbox in [Sandbox::Strict, Sandbox::Off] {
        for (then, seconds, state) in
            [("mkdir out; touch out/x", 120, BuildState::Done), ("sleep 600", 3, BuildState::Failed)]
        {
            let world = World::with(|policy| {
                policy.sandbox = sandbox;
                policy.time_limit = Duration::from_secs(seconds);
            })
            .await;
            let name = format!("grandchild-{}", world.site.id);
            world.commit_command(&format!("{}; {then}", daemon(&name)));
            let (build, _) = world.build(Cause::default()).await;
            assert_eq!(build.state, state, "{sandbox:?} {then}: {:?}", build.error);
            assert!(!runs(&name), "{sandbox:?} {then}");
        }
    }
}

#[tokio::test]
async fn a_build_that_is_dropped_in_the_middle_takes_its_processes_along() {
    let world = World::with(|policy| policy.sandbox = Sandbox::Off).await;
    let name = format!("grandchild-{}", world.site.id);
    world.commit_command(&format!("{}; sleep 600", daemon(&name)));
    let (build, _) = world.ask(Cause::default()).await;
    tokio::select! {
        () = world.work() => panic!("the build cannot end"),
        () = until_log_says(&world, &build.id, "started") => assert!(runs(&name)),
    }
    // the runner's tasks are dropped when they would have gone on
    let gone = async {
        while runs(&name) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the process is killed");
}

/// A process of a build that an earlier server left running.
fn left_behind(build_id: &str, name: &str) {
    let script = format!("(setsid bash -c 'exec -a {name} sleep 600' &)");
    let status = Command::new("bash").args(["-c", &script]).env("BUILD_ID", build_id).status();
    assert!(status.expect("bash runs").success());
    while !runs(name) {
        std::thread::yield_now();
    }
}

#[tokio::test]
async fn what_a_dead_server_left_is_ended_before_its_build_runs_again() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    let (build, _) = world.ask(Cause::default()).await;
    crate::mark_started(&world.cx, &build.id).await.expect("as the dead process left it");
    let name = format!("left-{}", world.site.id);
    left_behind(&build.id, &name);
    world.work().await;
    assert_eq!(world.look(&build.id).await.0.state, BuildState::Done);
    assert!(!runs(&name));
}

#[tokio::test]
async fn a_starting_server_clears_what_an_earlier_one_left() {
    let world = World::new().await;
    let (id, work_dir) = (world.cx.id(), world.path("data/builds"));
    let (used, spare) = (work_dir.join(world.cx.id()), work_dir.join(world.cx.id()));
    for folder in [&used, &spare] {
        std::fs::create_dir_all(folder.join("repo")).expect("as the dead process left it");
    }
    std::fs::write(used.join("build"), &id).expect("written");
    std::fs::write(work_dir.join("known_hosts"), "x").expect("written");
    let name = format!("left-{}", world.site.id);
    left_behind(&id, &name);
    crate::clear_leftovers(&work_dir).await;
    assert!(!runs(&name) && !used.exists() && !spare.exists() && work_dir.join("known_hosts").exists());
}

#[tokio::test]
async fn builds_that_wait_are_skipped_when_their_site_stops_builds() {
    let mut world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    let (build, _) = world.ask(Cause::default()).await;
    world.site.info.build.stop_builds = Some(true);
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::update(&mut tx, &world.site).await.expect("written");
    tx.commit().await.expect("the database answers");
    world.work().await;
    let (build, deploy) = world.look(&build.id).await;
    assert_eq!((build.state, build.error.as_deref()), (BuildState::Cancelled, Some(crate::STOPPED)));
    assert_eq!((deploy.state, deploy.info.skipped), (DeployState::Error, Some(true)));
}

#[tokio::test]
async fn the_builds_of_a_deleted_site_end() {
    let world = World::new().await;
    world.commit_command("echo started; sleep 600");
    let (running, _) = world.ask(Cause::default()).await;
    let (waiting, _) = world.ask(Cause { branch: Some("feat".into()), ..Cause::default() }).await;
    let delete = async {
        until_log_says(&world, &running.id, "started").await;
        let mut tx = world.cx.begin().await.expect("the database answers");
        store::sites::delete(&mut tx, &world.site.id).await.expect("deleted");
        tx.commit().await.expect("the database answers");
        world.builds.forget_site(&world.site.id).await.expect("forgotten");
    };
    tokio::join!(world.work(), delete);
    let mut db = world.cx.read().await.expect("the database answers");
    assert_eq!(store::jobs::count(&mut db, crate::BUILD_JOB).await.expect("counted"), 0);
    assert_eq!(store::builds::find(&mut db, &waiting.id).await.expect("read"), None);
    assert!(!world.path("data/builds").join(&running.id).exists());
}

#[tokio::test]
async fn another_node_and_the_deploys_own_cancel_stop_a_build_through_the_database() {
    let world = World::new().await;
    world.commit_command("echo started; sleep 600");
    for through_deploy in [false, true] {
        let (build, deploy) = world.ask(Cause::default()).await;
        let stop = async {
            until_log_says(&world, &build.id, "started").await;
            if through_deploy {
                deploys::cancel(&world.cx, &deploy.id).await.expect("cancelled");
            } else {
                let elsewhere = crate::Builds::new(world.cx.clone());
                elsewhere.cancel(&build.id).await.expect("cancelled");
            }
        };
        tokio::join!(world.work(), stop);
        let (build, deploy) = world.look(&build.id).await;
        assert_eq!(
            (build.state, deploy.state),
            (BuildState::Cancelled, DeployState::Error),
            "{through_deploy}"
        );
    }
}

#[tokio::test]
async fn a_waiting_build_is_cancelled_before_it_begins() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    let (build, _) = world.ask(Cause::default()).await;
    world.builds.cancel(&build.id).await.expect("cancelled");
    world.work().await;
    let (build, deploy) = world.look(&build.id).await;
    assert_eq!(
        (build.state, deploy.state, build.started_at),
        (BuildState::Cancelled, DeployState::Error, None)
    );
    assert!(world.log(&build.id).await.is_empty());
    assert!(matches!(world.builds.cancel("none").await, Err(context::Error::NotFound)));
}

#[tokio::test]
async fn a_finished_build_stays_as_it_is() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    let (build, _) = world.build(Cause::default()).await;
    assert_eq!(world.builds.cancel(&build.id).await.expect("nothing happens").state, BuildState::Done);
    assert_eq!(world.look(&build.id).await.1.state, DeployState::Ready);
}
