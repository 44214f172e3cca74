//! Folders and a sandbox that are made before there is a build for them.

use super::world::World;
use crate::Cause;
use model::BuildState;
use std::time::Duration;

/// Longest wait for what happens beside a build.
const PATIENCE: Duration = Duration::from_secs(30);

/// Names of what stands where builds work.
fn there(world: &World) -> Vec<String> {
    let entries = std::fs::read_dir(world.path("data/builds")).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| model::is_hex24(name))
        .collect()
}

/// Waits until so many workspaces are there, and gives their names.
async fn until(world: &World, many: usize) -> Vec<String> {
    let come = async {
        loop {
            let names = there(world);
            if names.len() == many {
                return names;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, come).await.expect("it comes to that")
}

#[tokio::test]
async fn a_build_works_where_it_was_made_ready_after_the_last() {
    let world = World::with(|policy| policy.spare = PATIENCE * 10).await;
    world.commit_command("mkdir out; pwd > out/it");
    let handler = world.handler();
    let runner = jobs::Runner::new(world.cx.clone()).with(handler);
    let mut expected = None;
    for _ in 0..2 {
        let (build, deploy) = world.ask(Cause::default()).await;
        runner.run_due().await.expect("the database answers");
        assert_eq!(world.look(&build.id).await.0.state, BuildState::Done);
        let it = world.served(&deploy.id, "/it").await.expect("a file");
        let names = until(&world, 1).await;
        assert!(!it.contains(&names[0]), "nobody works twice in one place: {it}");
        if let Some(expected) = expected.replace(names[0].clone()) {
            assert!(it.contains(&expected), "{it}: {expected} was made for it");
        }
    }
}

#[tokio::test]
async fn what_no_build_comes_for_is_given_up() {
    let world = World::with(|policy| policy.spare = Duration::from_millis(500)).await;
    world.commit_command("mkdir out; touch out/x");
    world.build(Cause::default()).await;
    until(&world, 1).await;
    until(&world, 0).await;
}
