//! Which commit is built, and what comes with it.

use super::world::World;
use crate::{Cause, Push, Review};
use model::{BuildState, UntrustedFlow};
use std::process::Command;

const COMMAND: &str = "mkdir out; cp it out/it; echo $BRANCH $HEAD $COMMIT_REF $PULL_REQUEST >> out/it";

fn push(commit: Option<&str>, reference: Option<&str>) -> Push {
    Push { commit: commit.map(Into::into), reference: reference.map(Into::into), ..Push::default() }
}

/// What was built of a cause.
async fn built(world: &World, cause: Cause) -> String {
    let (build, deploy) = world.build(cause).await;
    assert_eq!(build.error, None, "{:#?}", world.log(&build.id).await);
    world.served(&deploy.id, "/it").await.expect("a file")
}

#[tokio::test]
async fn exactly_that_commit_is_built() {
    let world = World::new().await;
    world.commit_command(COMMAND);
    let first = world.commit(&[("it", "one\n")], "one");
    let second = world.commit(&[("it", "two\n")], "two");
    for (commit, content) in [(&first, "one"), (&second, "two")] {
        let cause =
            Cause { branch: Some("main".into()), push: Some(push(Some(commit), None)), ..Cause::default() };
        assert_eq!(built(&world, cause).await, format!("{content}\nmain main {commit} false\n"));
    }
}

#[tokio::test]
async fn a_request_is_fetched_from_where_the_host_keeps_it() {
    let world = World::new().await;
    world.commit_command(COMMAND);
    world.commit(&[("it", "main\n")], "main");
    world.git(&["checkout", "--quiet", "--detach"]);
    let head = world.commit(&[("it", "request\n")], "request");
    world.git(&["update-ref", "refs/pull/7/head", &head]);
    world.git(&["checkout", "--quiet", "main"]);
    for commit in [Some(head.as_str()), None] {
        let review = Some(Review { id: 7, url: None });
        let push = Push { review, ..push(commit, Some("refs/pull/7/head")) };
        let cause = Cause { branch: Some("fix".into()), push: Some(push), ..Cause::default() };
        assert_eq!(built(&world, cause).await, format!("request\nfix fix {head} true\n"), "{commit:?}");
    }
}

#[tokio::test]
async fn where_the_commit_is_gone_the_newest_is_built_unless_that_one_was_meant() {
    let mut world = World::new().await;
    world.site.info.build.untrusted_flow = Some(UntrustedFlow::Redact);
    world.commit_command(COMMAND);
    let newest = world.commit(&[("it", "newest\n")], "newest");
    let gone = "0123456789abcdef0123456789abcdef01234567";
    let cause = |untrusted: bool| Cause {
        branch: Some("main".into()),
        push: Some(push(Some(gone), None)),
        untrusted,
        ..Cause::default()
    };
    let (build, deploy) = world.build(cause(false)).await;
    assert_eq!(build.sha.as_deref(), Some(newest.as_str()));
    assert!(world.served(&deploy.id, "/it").await.expect("a file").starts_with("newest\n"));
    let said = format!("The commit {gone} is not in the repository any more; building {newest}");
    assert!(world.log(&build.id).await.iter().any(|line| line.starts_with(&said)));
    let (build, _) = world.build(cause(true)).await;
    let error = build.error.expect("an error");
    assert!(error.ends_with("another one is not built in its place"), "{error}");
}

#[tokio::test]
async fn a_branch_or_request_that_is_gone_fails_the_build() {
    let world = World::new().await;
    world.commit_command(COMMAND);
    for (reference, says) in [
        (None, "branch `gone` does not exist in the repository"),
        (Some("refs/pull/9/head"), "could not be cloned: couldn't find remote ref refs/pull/9/head"),
    ] {
        let push = push(Some("0123456789abcdef0123456789abcdef01234567"), reference);
        let (build, _) =
            world.build(Cause { branch: Some("gone".into()), push: Some(push), ..Cause::default() }).await;
        assert_eq!(build.state, BuildState::Failed);
        let error = build.error.expect("an error");
        assert!(error.contains(says), "{error}");
    }
}

/// A further repository beside the site's, with one file.
fn other_repository(world: &World, name: &str, content: &str) {
    let folder = world.path(name);
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("part"), content).expect("a file");
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    for arguments in [&["init", "--quiet"][..], &["add", "part"], &["commit", "--quiet", "--message", "x"]] {
        let done = Command::new("git").args(identity).args(arguments).current_dir(&folder).status();
        assert!(done.expect("git runs").success(), "{arguments:?}");
    }
}

#[tokio::test]
async fn submodules_come_along() {
    let world = World::new().await;
    other_repository(&world, "part", "of a submodule\n");
    world.commit_command("mkdir out; cp lib/part out/it");
    world.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../part", "lib"]);
    let commit = world.commit(&[], "submodule");
    assert_eq!(built(&world, Cause::default()).await, "of a submodule\n");
    let exact =
        Cause { branch: Some("main".into()), push: Some(push(Some(&commit), None)), ..Cause::default() };
    assert_eq!(built(&world, exact).await, "of a submodule\n");
}

#[tokio::test]
async fn submodules_do_not_lead_into_the_servers_files() {
    let world = World::new().await;
    other_repository(&world, "data/private", "secret\n");
    world.commit_command("mkdir out; cp lib/part out/it");
    world.git(&["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "../data/private", "lib"]);
    world.commit(&[], "submodule");
    let (build, _) = world.build(Cause::default()).await;
    assert_eq!(build.error.as_deref(), Some("the repository address leads into the server's own files"));
}

#[tokio::test]
async fn files_that_git_lfs_keeps_come_along() {
    let world = World::new().await;
    world.git(&["lfs", "install", "--local", "--skip-repo"]);
    world.commit(&[(".gitattributes", "*.bin filter=lfs diff=lfs merge=lfs -text\n")], "LFS");
    world.commit_command("mkdir out; cp large.bin out/it");
    let commit = world.commit(&[("large.bin", "what LFS keeps\n")], "large");
    assert!(world.git(&["show", "HEAD:large.bin"]).starts_with("version https://git-lfs"), "a pointer");
    assert_eq!(built(&world, Cause::default()).await, "what LFS keeps\n");
    let exact =
        Cause { branch: Some("main".into()), push: Some(push(Some(&commit), None)), ..Cause::default() };
    assert_eq!(built(&world, exact).await, "what LFS keeps\n");
}
