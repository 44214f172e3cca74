//! Stopping builds that wait and builds that run.

use super::world::World;
use crate::{Cause, Step};
use futures_util::StreamExt as _;
use model::{BuildState, DeployState};
use std::time::Duration;

/// Whether some process of the machine was started with this name.
fn runs(name: &str) -> bool {
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

async fn until_gone(name: &str) {
    let gone = async {
        while runs(name) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), gone).await.expect("the process is killed");
}

#[tokio::test]
async fn cancelling_kills_the_whole_tree() {
    let world = World::new().await;
    let name = format!("grandchild-{}", world.site.id);
    world.commit_command(&format!(
        "(setsid bash -c 'exec -a {name} sleep 600' &); sleep 0.2; echo started; sleep 600"
    ));
    let (build, _) = world.ask(Cause::default()).await;
    let stop = async {
        until_log_says(&world, &build.id, "started").await;
        assert!(runs(&name), "the grandchild is there");
        world.builds.cancel(&build.id).await.expect("cancelled")
    };
    let (_, cancelled) = tokio::join!(world.work(), stop);
    assert_eq!(cancelled.state, BuildState::Cancelled);
    until_gone(&name).await;
    let (build, deploy) = world.look(&build.id).await;
    assert_eq!((build.state, deploy.state), (BuildState::Cancelled, DeployState::Error));
    assert_eq!(deploy.info.error_message.as_deref(), Some(deploys::CANCELED));
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
