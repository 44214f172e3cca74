//! From a commit to a deploy, and what keeps one from the other.

use super::world::World;
use crate::Cause;
use context::Sandbox;
use jobs::{Handler as _, Job, Verdict};
use model::{BuildState, DeployContext, DeployState};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_build_goes_live() {
    let world = World::new().await;
    world.commit(
        &[(
            "netlify.toml",
            "[build]\ncommand = \"mkdir out; echo hi > out/index.html\"\npublish = \"out\"\n",
        )],
        "one",
    );
    let sha = world.commit(&[("README", "x")], "Second: the title\n\nand more");
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(
        (build.state, build.sha.as_deref(), build.error),
        (BuildState::Done, Some(sha.as_str()), None)
    );
    assert!(build.started_at < build.finished_at);
    assert_eq!((deploy.state, deploy.context), (DeployState::Ready, DeployContext::Production));
    assert_eq!(deploy.info.commit_ref.as_deref(), Some(sha.as_str()));
    assert_eq!(
        (deploy.info.title.as_deref(), deploy.info.committer.as_deref()),
        (Some("Second: the title"), Some("Ada"))
    );
    assert_eq!(world.served(&deploy.id, "/index.html").await.as_deref(), Some("hi\n"));
    let mut db = world.cx.read().await.expect("the database answers");
    let site = store::sites::find(&mut db, &world.site.id).await.expect("read").expect("there");
    assert_eq!(site.published_deploy_id, Some(deploy.id));
    let left = std::fs::read_dir(world.path("data/builds")).expect("the work folder").count();
    assert_eq!(left, 0, "nothing of the build stays on disk");
}

#[tokio::test]
async fn deploys_of_a_build_tell_what_happens() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    let (_, deploy) = world.build(Cause::default()).await;
    let filter = store::events::Filter { resource_id: Some(deploy.id), ..Default::default() };
    let mut db = world.cx.read().await.expect("the database answers");
    let mut events = store::events::list(&mut db, &filter, model::Page::default()).await.expect("a ledger");
    events.reverse();
    let names: Vec<_> = events.iter().map(|event| event.event.as_str()).collect();
    assert_eq!(names, ["deploy_created", "deploy_building", "deploy_succeeded"]);
    assert!(events[1].payload["commit_ref"].is_string());
}

#[tokio::test]
async fn another_branch_makes_a_branch_deploy() {
    let world = World::new().await;
    world.commit_command("exit 1");
    world.git(&["checkout", "--quiet", "-b", "feat/x"]);
    world.commit_command("mkdir out; echo $CONTEXT $BRANCH $DEPLOY_PRIME_URL > out/it");
    let (build, deploy) = world.build(Cause { branch: Some("feat/x".into()), ..Cause::default() }).await;
    assert_eq!((build.state, deploy.context), (BuildState::Done, DeployContext::BranchDeploy));
    let it = world.served(&deploy.id, "/it").await;
    assert_eq!(it.as_deref(), Some("branch-deploy feat/x http://feat-x--blog.localhost\n"));
}

async fn fails(world: &World, cause: Cause, expect: &str) {
    let (build, deploy) = world.build(cause).await;
    let error = build.error.expect("an error");
    assert!(error.contains(expect), "{error}");
    assert_eq!((build.state, deploy.state), (BuildState::Failed, DeployState::Error));
    assert_eq!(deploy.info.error_message, Some(error));
}

#[tokio::test]
async fn a_branch_that_is_not_there_fails_the_build() {
    let world = World::new().await;
    world.commit_command("true");
    let cause = Cause { branch: Some("nope".into()), ..Cause::default() };
    fails(&world, cause, "branch `nope` does not exist in the repository").await;
}

#[tokio::test]
async fn an_empty_repository_fails_the_build() {
    let mut world = World::new().await;
    world.site.info.build.repo_branch = None;
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::update(&mut tx, &world.site).await.expect("written");
    tx.commit().await.expect("the database answers");
    fails(&world, Cause::default(), "the repository has no commit to build").await;
}

#[tokio::test]
async fn a_failing_command_is_named_with_its_exit_code() {
    let world = World::new().await;
    world.commit_command("echo before; exit 3");
    fails(&world, Cause::default(), "the build command failed with exit code 3").await;
}

#[tokio::test]
async fn a_missing_publish_directory_fails_the_build() {
    let world = World::new().await;
    world.commit_command("true");
    fails(&world, Cause::default(), "the publish directory `out` does not exist after the build").await;
}

#[tokio::test]
async fn a_publish_directory_that_leads_out_is_refused() {
    let world = World::new().await;
    world.commit_command("ln -s ../.. out");
    fails(&world, Cause::default(), "the publish directory `out` leads out of the repository").await;
}

#[tokio::test]
async fn a_build_that_takes_too_long_is_stopped() {
    let world = World::with(|policy| policy.time_limit = Duration::from_secs(3)).await;
    world.commit_command("sleep 600");
    fails(&world, Cause::default(), "the build took longer than 3 seconds and was stopped").await;
}

#[tokio::test]
async fn dependencies_are_installed_first() {
    let world = World::new().await;
    let lock = json!({"name": "x", "version": "1.0.0", "lockfileVersion": 3, "packages": {"": {"name": "x", "version": "1.0.0"}}});
    let package =
        json!({"name": "x", "version": "1.0.0", "scripts": {"prepare": "echo prepared > made-by-npm"}});
    world.commit(&[("package.json", &package.to_string()), ("package-lock.json", &lock.to_string())], "npm");
    world.commit_command("mkdir out; cp made-by-npm out/it");
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(build.error, None, "{:#?}", world.log(&build.id).await);
    assert_eq!(world.served(&deploy.id, "/it").await.as_deref(), Some("prepared\n"));
    assert!(world.log(&build.id).await.contains(&"$ npm ci $NPM_FLAGS".to_owned()));
}

#[tokio::test]
async fn builds_work_without_a_sandbox_where_that_is_wanted() {
    let world = World::with(|policy| policy.sandbox = Sandbox::Off).await;
    world.commit_command("mkdir out; echo $BUILD_ID > out/it");
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(world.served(&deploy.id, "/it").await, Some(format!("{}\n", build.id)));
}

#[tokio::test]
async fn an_interrupted_build_starts_over_once() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    for (tries, expect, says) in [
        (2, BuildState::Done, "it starts over."),
        (3, BuildState::Failed, "interrupted twice in the middle of this build"),
    ] {
        let (build, _) = world.ask(Cause::default()).await;
        crate::mark_started(&world.cx, &build.id).await.expect("as the dead process left it");
        let left = world.path("data/builds").join(world.cx.id());
        std::fs::create_dir_all(left.join("repo")).expect("as the dead process left it");
        std::fs::write(left.join("build"), &build.id).expect("written");
        let job = Job {
            id: "j".into(),
            kind: crate::BUILD_JOB.into(),
            tenant: world.site.id.clone(),
            payload: json!({ "build": build.id }),
            tries,
        };
        assert_eq!(world.handler().run(&job).await, Verdict::Done);
        let (build, deploy) = world.look(&build.id).await;
        assert_eq!(build.state, expect);
        assert!(deploy.state.is_final() && !left.exists());
        assert!(world.log(&build.id).await.iter().any(|line| line.contains(says)), "{says}");
    }
}

#[tokio::test]
async fn a_build_cut_off_after_its_files_were_stored_is_done_when_its_deploy_is() {
    let world = World::new().await;
    world.commit_command("exit 1");
    let (build, deploy) = world.ask(Cause::default()).await;
    deploys::begin_build(&world.cx, &deploy.id, deploys::Commit::default()).await.expect("it begins");
    deploys::take_digest(&world.cx, &deploy.id, deploys::Digest::default())
        .await
        .expect("no files are files");
    world.work().await;
    let (build, deploy) = world.look(&build.id).await;
    assert_eq!((build.state, deploy.state), (BuildState::Done, DeployState::Ready));
}

#[tokio::test]
async fn a_build_that_nobody_can_read_leaves_no_folders() {
    let world = World::new().await;
    let (asked, _) = world.ask(Cause::default()).await;
    let build = store::builds::BuildRow { id: world.cx.id(), cause: json!(5), ..asked };
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::builds::insert(&mut tx, &build).await.expect("written");
    tx.commit().await.expect("the database answers");
    let job = Job {
        id: "j".into(),
        kind: crate::BUILD_JOB.into(),
        tenant: world.site.id.clone(),
        payload: json!({ "build": build.id }),
        tries: 1,
    };
    assert_eq!(world.handler().run(&job).await, Verdict::Done);
    assert_eq!(world.look(&build.id).await.0.state, BuildState::Failed);
    assert_eq!(std::fs::read_dir(world.path("data/builds")).expect("a folder").count(), 0);
}
