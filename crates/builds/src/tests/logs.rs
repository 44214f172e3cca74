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
    assert_eq!(sections, ["queued", "clone", "build", "upload", "publish"]);
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

#[tokio::test]
async fn more_output_than_a_log_holds_keeps_its_beginning_and_its_end() {
    let world = World::with(|policy| policy.logs.bytes = 1 << 20).await;
    let lines = "head -c 3000000 /dev/zero | tr '\\0' x | fold -w 99";
    world.commit_command(&format!("echo first; {lines}; echo; echo why it failed; exit 1"));
    let (build, _) = world.build(Cause::default()).await;
    let log = whole(&world, &build.id).await;
    let at = |text: &str| {
        log.iter().rposition(|line| line.starts_with(text)).unwrap_or_else(|| panic!("no {text}"))
    };
    let out = log.iter().position(|line| line.ends_with("lines were left out.")).expect("it is said");
    assert!(at("first") < at("The log is full") && at("The log is full") < out);
    assert!(out < at("why it failed") && at("why it failed") < at("Failed: "));
    let bytes: usize = log.iter().map(String::len).sum();
    assert!((1 << 20..2 << 20).contains(&bytes), "{bytes}");
}

/// Every line of a log, in pieces as clients read it.
async fn whole(world: &World, build_id: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    loop {
        let from = i64::try_from(out.len()).expect("few");
        let piece = read_log(&world.cx, build_id, from, LINES_MAX).await.expect("a log");
        if piece.is_empty() {
            return out;
        }
        out.extend(piece.into_iter().map(|(_, line)| line.message));
    }
}

/// Kilobytes of memory that this process has ever had at once.
fn memory_peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("a peak");
    line.trim_end_matches("kB").trim().parse().expect("a number")
}

#[tokio::test]
async fn a_hundred_megabytes_of_log_are_kept_small_and_never_held_as_a_whole() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x; yes 'a line of a log that says much the same as the one before it, again and again' | head -n 1200000");
    let before = memory_peak();
    let (build, _) = world.build(Cause::default()).await;
    assert_eq!(build.error, None);
    let mut db = world.cx.read().await.expect("the database answers");
    let head = store::build_log::head(&mut db, &build.id).await.expect("read").expect("there");
    drop(db);
    assert!(head.lines > 1_200_000, "{head:?}");
    assert!(head.stored < 10 << 20, "a tenth of what was printed at most: {head:?}");
    let mut next = head.lines - 10_000;
    while let Some((last, _)) = read_log(&world.cx, &build.id, next, LINES_MAX).await.expect("a piece").last()
    {
        next = last + 1;
    }
    assert_eq!(next, head.lines);
    let grown = memory_peak() - before;
    assert!(grown < 60 << 10, "{grown} KB for 100 MB");
}

#[tokio::test]
async fn a_secret_that_arrives_in_pieces_is_masked() {
    let mut world = World::new().await;
    world.variables = [("TOKEN".to_owned(), ("hunter2-hunter2".to_owned(), true))].into();
    let halves = "echo -n hunter2; sleep 0.2; echo -hunter2";
    let coded = "echo -n $TOKEN | base64; echo -n \"me:$TOKEN\" | base64";
    world.commit_command(&format!("mkdir out; touch out/x; {halves}; {coded}"));
    let (build, _) = world.build(Cause::default()).await;
    let log = world.log(&build.id).await;
    assert!(
        !log.iter().any(|line| line.contains("hunter2-hunter2") || line.contains("aHVudGVyMi1odW50")),
        "{log:#?}"
    );
    assert_eq!(log.iter().filter(|line| line.contains("[secret]")).count(), 3, "{log:#?}");
}
