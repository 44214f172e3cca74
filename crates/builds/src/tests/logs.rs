//! Logs: reading a piece, following from the middle, and lines from outside.

use super::world::World;
use crate::log::APPEND_MAX;
use crate::{Cause, LINES_MAX, Step, append_line, mark_started, read_log};
use context::Error;
use futures_util::StreamExt as _;
use model::BuildState;

#[tokio::test]
async fn a_log_is_followed_from_any_line_to_the_end() {
    let world = World::new().await;
    world.commit_command("for i in $(seq 1200); do echo line $i; done; mkdir out; touch out/x");
    let (build, _) = world.ask(Cause::default()).await;
    let follow = world.builds.follow(&build.id, 0).map(|step| step.expect("a step")).collect::<Vec<_>>();
    let ((), steps) = tokio::join!(world.work(), follow);
    assert_eq!(steps.last(), Some(&Step::End(BuildState::Done)));
    let numbers: Vec<i64> =
        steps.iter().filter_map(|s| if let Step::Line(n, _) = s { Some(*n) } else { None }).collect();
    assert_eq!(numbers, (0..i64::try_from(steps.len()).expect("few") - 1).collect::<Vec<_>>());
    assert!(steps.iter().any(
        |step| matches!(step, Step::Line(_, line) if line.message == "line 1200" && line.section == "build")
    ));
    let rest: Vec<_> = world.builds.follow(&build.id, 700).map(|step| step.expect("a step")).collect().await;
    assert_eq!(rest, steps[700..]);
    let mut sections: Vec<_> = steps
        .iter()
        .filter_map(|s| if let Step::Line(_, l) = s { Some(l.section.clone()) } else { None })
        .collect();
    sections.dedup();
    assert_eq!(sections, ["queued", "clone", "build", "deploy"]);
}

#[tokio::test]
async fn the_log_of_a_build_that_is_not_there_ends_with_an_error() {
    let world = World::new().await;
    let steps: Vec<_> = world.builds.follow("none", 0).collect().await;
    assert!(matches!(steps.as_slice(), [Err(Error::NotFound)]));
}

#[tokio::test]
async fn lines_from_outside_are_appended_up_to_a_limit() {
    let world = World::new().await;
    let (build, _) = world.ask(Cause::default()).await;
    mark_started(&world.cx, &build.id).await.expect("noted");
    assert_eq!(world.look(&build.id).await.0.state, BuildState::Building);
    append_line(&world.cx, &build.id, "one\ntwo", "initializing", false).await.expect("appended");
    append_line(&world.cx, &build.id, "", "initializing", true).await.expect("nothing to append");
    assert_eq!(world.log(&build.id).await, ["one", "two"]);
    let many = "x\n".repeat(usize::try_from(APPEND_MAX).expect("few"));
    append_line(&world.cx, &build.id, &many, "building", true).await.expect("appended");
    let more = append_line(&world.cx, &build.id, "x", "building", false).await;
    assert!(matches!(more, Err(Error::TooLarge(_))));
    assert!(matches!(append_line(&world.cx, "none", "x", "building", false).await, Err(Error::NotFound)));
    assert!(matches!(mark_started(&world.cx, "none").await, Err(Error::NotFound)));
    let page = read_log(&world.cx, &build.id, 1, 3).await.expect("a page");
    assert_eq!(
        page.iter().map(|(number, line)| (*number, line.message.as_str())).collect::<Vec<_>>(),
        [(1, "two"), (2, "x"), (3, "x")]
    );
    assert_eq!(read_log(&world.cx, &build.id, 0, usize::MAX).await.expect("a page").len(), LINES_MAX);
}
