//! What a build can see and change.

use super::world::World;
use crate::Cause;
use crate::sandbox::confined_command;
use model::BuildState;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;

#[tokio::test]
async fn the_servers_environment_does_not_leak() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "the test has something that could leak");
    let mut world = World::new().await;
    world.variables = [("FROM_SITE", "site"), ("FROM_BOTH", "site"), ("HOME", "/root"), ("LD_PRELOAD", "")]
        .map(|(name, value)| (name.to_owned(), (value.to_owned(), false)))
        .into();
    let toml = "[build]\ncommand = \"mkdir out; env -0 | tr '\\\\0' '\\\\n' > out/env\"\npublish = \"out\"\n[build.environment]\nFROM_BOTH = \"toml\"\nLINES = \"a  b\"\n";
    world.commit(&[("netlify.toml", toml)], "env");
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(build.error, None);
    let shown = world.served(&deploy.id, "/env").await.expect("a file");
    let mut names: Vec<_> =
        shown.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    names.sort_unstable();
    let known = "BRANCH BUILD_ID CACHED_COMMIT_REF CI COMMIT_REF CONTEXT DEPLOY_ID DEPLOY_PRIME_URL DEPLOY_URL FROM_BOTH FROM_SITE \
                 GATSBY_TELEMETRY_DISABLED HEAD HOME HUGO_CACHEDIR LANG LC_ALL LD_PRELOAD LINES NETLIFY NETLIFY_BUILD_BASE \
                 NEXT_TELEMETRY_DISABLED PATH PULL_REQUEST PWD REPOSITORY_URL SHLVL SITE_ID SITE_NAME TMPDIR URL _";
    assert_eq!(names, known.split_whitespace().collect::<Vec<_>>());
    for line in ["FROM_SITE=site", "FROM_BOTH=toml", "LINES=a  b", "URL=http://blog.localhost"] {
        assert!(shown.lines().any(|shown| shown == line), "{line}\n{shown}");
    }
    assert!(shown.contains("/home\n") && !shown.contains("HOME=/root"));
}

#[tokio::test]
async fn the_servers_files_and_rights_are_out_of_reach() {
    let world = World::new().await;
    std::fs::write(world.path("data/secret"), "key").expect("written");
    std::fs::set_permissions(world.path("data/secret"), Permissions::from_mode(0o644)).expect("open");
    let data = world.path("data");
    let data = data.to_string_lossy();
    world.commit_command(&format!(
        "mkdir out; exec > out/it
         cat {data}/secret 2> /dev/null && echo read the secret
         cat {data}/db 2> /dev/null && echo read the database
         ls {data}/builds/*/git 2> /dev/null && echo saw the key folder
         ls -A {data} | grep -v builds
         touch /x /etc/x /usr/x {data}/x 2> /dev/null && echo wrote
         head -c 1 /etc/shadow 2> /dev/null && echo read the shadow file
         ls /root/* /home/* 2> /dev/null
         test $(ls -d /proc/[0-9]* | wc -l) -lt 12 || echo saw processes
         grep CapEff /proc/self/status
         touch $HOME/a $TMPDIR/b /tmp/c ./d && echo has its own places
         id -u"
    ));
    let (build, deploy) = world.build(Cause::default()).await;
    assert_eq!(build.error, None);
    let it = world.served(&deploy.id, "/it").await.expect("a file");
    let (said, user) = it.trim_end().rsplit_once('\n').expect("lines");
    assert_eq!(said, "CapEff:\t0000000000000000\nhas its own places");
    let (first, last) = context::BuildLimits::default().users;
    assert!((first..=last).contains(&user.parse().expect("a number")), "{user}");
    assert!(!world.path("data/x").exists());
}

#[tokio::test]
async fn the_servers_own_folders_are_no_repository() {
    let mut world = World::new().await;
    let data = world.path("data").to_string_lossy().into_owned();
    world.commit_command("true");
    std::os::unix::fs::symlink(&data, world.path("link")).expect("linked");
    for address in [data.clone(), format!("file://{data}"), world.path("link").to_string_lossy().into_owned()]
    {
        world.site.info.build.repo_url = Some(address);
        let mut tx = world.cx.begin().await.expect("the database answers");
        store::sites::update(&mut tx, &world.site).await.expect("written");
        tx.commit().await.expect("the database answers");
        let (build, _) = world.build(Cause::default()).await;
        assert_eq!(build.error.as_deref(), Some("the repository address leads into the server's own files"));
    }
}

#[tokio::test]
async fn secrets_are_masked_in_logs_and_errors() {
    let mut world = World::new().await;
    world.variables = [("TOKEN".to_owned(), ("hunter2-hunter2".to_owned(), true))].into();
    world.commit_command("echo token is $TOKEN; echo $TOKEN >&2; test $TOKEN = hunter2-hunter2 && exit 4");
    let (build, _) = world.build(Cause::default()).await;
    assert_eq!(build.error.as_deref(), Some("the build command failed with exit code 4"));
    let log = world.log(&build.id).await;
    assert!(
        log.contains(&"token is [secret]".to_owned()) && log.contains(&"[secret]".to_owned()),
        "{log:#?}"
    );
    assert!(!log.iter().any(|line| line.contains("hunter2")), "{log:#?}");
}

#[tokio::test]
async fn a_failed_build_leaves_the_live_deploy_alone() {
    let world = World::new().await;
    world.commit_command("mkdir out; touch out/x");
    let (_, first) = world.build(Cause::default()).await;
    world.commit_command("exit 1");
    let (build, _) = world.build(Cause::default()).await;
    assert_eq!(build.state, BuildState::Failed);
    let mut db = world.cx.read().await.expect("the database answers");
    let site = store::sites::find(&mut db, &world.site.id).await.expect("read").expect("there");
    assert_eq!(site.published_deploy_id, Some(first.id));
}

#[test]
fn landlock_lets_a_build_change_its_own_folders_alone() {
    let dir = tempfile::tempdir().expect("a folder");
    let (own, other) = (dir.path().join("own"), dir.path().join("other"));
    for folder in [dir.path(), &own, &other] {
        std::fs::create_dir_all(folder).expect("made");
        std::fs::set_permissions(folder, Permissions::from_mode(0o777)).expect("open");
    }
    std::fs::write(other.join("secret"), "key").expect("written");
    let script = "cat ../other/secret; touch ../other/x; touch mine && echo $BASHPID > /dev/null && echo ran";
    let output = confined_command(&own, script).output().expect("landlock works here");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ran\n", "{output:?}");
    assert!(own.join("mine").exists() && !other.join("x").exists());
}
