//! What is decided before a build begins: whether there is anything to build, what the site is made
//! with, which engine carries it out, and which secrets it sees.

use super::world::World;
use crate::Cause;
use model::{BuildEngine, BuildState, DeployState};
use serde_json::json;

/// A build that ends well: what its deploy serves at `/it`, and the log.
async fn made(world: &World, cause: Cause) -> (Option<String>, Vec<String>) {
    let (build, deploy) = world.build(cause).await;
    let log = world.log(&build.id).await;
    assert_eq!(build.error, None, "{log:#?}");
    (world.served(&deploy.id, "/it").await, log)
}

async fn set(world: &mut World, change: impl FnOnce(&mut model::BuildSettings)) {
    change(&mut world.site.info.build);
    let mut tx = world.cx.begin().await.expect("the database answers");
    store::sites::update(&mut tx, &world.site).await.expect("written");
    tx.commit().await.expect("the database answers");
}

#[tokio::test]
async fn a_commit_that_changes_nothing_is_skipped() {
    let world = World::new().await;
    let toml = "[build]\nignore = \"git diff --quiet $CACHED_COMMIT_REF $COMMIT_REF -- src\"\n\
                command = \"mkdir out; cp src/it out/it\"\npublish = \"out\"\n";
    world.commit(&[("netlify.toml", toml), ("src/it", "one")], "First");
    let (it, log) = made(&world, Cause::default()).await;
    assert_eq!(it.as_deref(), Some("one"));
    assert!(log.iter().any(|line| line.starts_with("There is no earlier commit")), "{log:#?}");
    for round in 0..3 {
        world.commit(&[("docs", &round.to_string())], "Words");
    }
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!((build.state, deploy.state), (BuildState::Cancelled, DeployState::Error));
    assert_eq!(deploy.info.skipped, Some(true));
    assert_eq!(deploy.info.error_message.as_deref(), Some("Canceled build due to no content change"));
    world.commit(&[("src/it", "two")], "Content");
    let (it, log) = made(&world, Cause::default()).await;
    assert_eq!(it.as_deref(), Some("two"));
    assert!(log.iter().any(|line| line.starts_with("The ignore command ended with exit code 1")), "{log:#?}");
}

#[tokio::test]
async fn a_commit_is_compared_with_one_of_a_history_that_was_rewritten() {
    let world = World::new().await;
    let toml = "[build]\nignore = \"git diff --quiet $CACHED_COMMIT_REF $COMMIT_REF -- src\"\n\
                command = \"mkdir out; cp src/it out/it\"\npublish = \"out\"\n";
    world.commit(&[("netlify.toml", toml), ("src/it", "one")], "First");
    made(&world, Cause::default()).await;
    world.git(&["checkout", "--quiet", "--orphan", "anew"]);
    world.commit(&[("docs", "x")], "Without the past");
    world.git(&["branch", "--force", "main", "anew"]);
    world.git(&["checkout", "--quiet", "main"]);
    world.git(&["reflog", "expire", "--expire=now", "--all"]);
    world.git(&["branch", "--delete", "--force", "anew"]);
    world.git(&["gc", "--quiet", "--prune=now"]);
    let (it, log) = made(&world, Cause::default()).await;
    assert_eq!(it.as_deref(), Some("one"));
    assert!(log.iter().any(|line| line.contains("the build goes on")), "{log:#?}");
}

#[tokio::test]
async fn a_generator_is_known_and_its_program_found() {
    let world = World::new().await;
    let package = json!({ "devDependencies": { "@11ty/eleventy": "3" }, "scripts": { "build": "eleventy" } });
    let program = "#!/bin/sh\nmkdir _site && echo made > _site/it\n";
    world
        .commit(&[("package.json", &package.to_string()), ("node_modules/.bin/eleventy", program)], "A blog");
    world.git(&["update-index", "--chmod=+x", "node_modules/.bin/eleventy"]);
    world.git(&["commit", "--quiet", "--message", "A program"]);
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(build.error, None, "{:#?}", world.log(&build.id).await);
    assert_eq!(world.served(&deploy.id, "/it").await.as_deref(), Some("made\n"));
    assert_eq!(deploy.info.framework.as_deref(), Some("eleventy"));
    let log = world.log(&build.id).await;
    assert!(
        log.contains(&"Detected eleventy: runs `npm run build`, publishes `_site`".to_owned()),
        "{log:#?}"
    );
}

#[tokio::test]
async fn the_native_engine_says_what_it_leaves_out() {
    let mut world = World::new().await;
    let toml =
        "[build]\ncommand = \"mkdir out; touch out/it\"\npublish = \"out\"\n[[plugins]]\npackage = \"x\"\n";
    world.commit(&[("netlify.toml", toml)], "A plugin");
    set(&mut world, |build| build.engine = Some(BuildEngine::Native)).await;
    let (_, log) = made(&world, Cause::default()).await;
    assert!(log.contains(&"Engine: native, since the site's setting asks for it.".to_owned()), "{log:#?}");
    assert!(log.contains(&"The native engine leaves out the build plugin x.".to_owned()), "{log:#?}");
}

#[tokio::test]
async fn edge_functions_fail_the_build_in_words() {
    let command =
        "[build]\ncommand = \"mkdir -p netlify/edge-functions; touch netlify/edge-functions/x.ts\"\n";
    let listed = format!("{command}[[edge_functions]]\npath = \"/\"\nfunction = \"x\"\n");
    let (folder, file) = ("netlify/edge-functions/x.ts", "netlify.toml");
    for (files, says, begins) in [
        (&[(file, command), (folder, "")][..], "remove `netlify/edge-functions`", false),
        (&[(file, &*listed), ("package.json", "{}")], "remove [[edge_functions]] of netlify.toml", false),
        // what the command makes is known only then
        (&[(file, command)], "remove `netlify/edge-functions`", true),
    ] {
        let world = World::new().await;
        world.commit(files, "Edge");
        let (build, _) = world.build(Cause::default()).await;
        let error = build.error.expect("an error");
        assert!(error.contains(says), "{error}");
        let log = world.log(&build.id).await;
        assert_eq!(log.iter().any(|line| line.starts_with("$ ")), begins, "{log:#?}");
    }
}

#[tokio::test]
async fn code_that_is_not_trusted_sees_no_secrets() {
    let mut world = World::new().await;
    world.variables.insert("OPEN".into(), ("open".into(), false));
    world.variables.insert("CLOSED".into(), ("hunter2".into(), true));
    world.commit_command("mkdir out; echo \"$OPEN-$CLOSED\" > out/it");
    let (trusted, _) = made(&world, Cause::default()).await;
    assert_eq!(trusted.as_deref(), Some("open-hunter2\n"));
    set(&mut world, |build| build.untrusted_flow = Some(model::UntrustedFlow::Redact)).await;
    let (stranger, log) = made(&world, Cause { untrusted: true, ..Cause::default() }).await;
    assert_eq!(stranger.as_deref(), Some("open-\n"));
    assert!(log.iter().any(|line| line.contains("secret variables withheld: 1")), "{log:#?}");
}

#[tokio::test]
async fn a_package_of_a_monorepo_is_built_by_its_own_file() {
    let mut world = World::new().await;
    let toml = "[build]\ncommand = \"mkdir apps/shop/out; pwd > apps/shop/out/it\"\npublish = \"apps/shop/out\"\n\
                [[headers]]\nfor = \"/*\"\n[headers.values]\nX-Shop = \"yes\"\n";
    world.commit(
        &[("apps/shop/netlify.toml", toml), ("netlify.toml", "[build]\ncommand = \"exit 1\"")],
        "Shop",
    );
    set(&mut world, |build| build.package_path = Some("apps/shop".into())).await;
    let (it, _) = made(&world, Cause::default()).await;
    assert!(it.expect("a file").trim().ends_with("/repo"), "the command runs in the base directory");
}
