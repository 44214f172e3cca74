//! Builds on the server, asked for and followed by the client.

use super::{mark_linked, owner};
use crate::support::{Repository, Server};

#[tokio::test]
async fn a_build_is_triggered_and_watched() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("trigger");
    let site = server.make_site("trigger").await;
    mark_linked(&project, &site);
    let without = project.refused("deploy --trigger").await;
    assert!(without.contains("CI configured"), "{without}");

    let repository = Repository::new(&server, "trigger");
    repository.write("page.txt", "The repository says ");
    let commit = repository.commit("First page");
    repository
        .link(&server, &site, "mkdir out && echo $(cat page.txt) $GREETING > out/index.html", "out")
        .await;
    project.run("env:set GREETING hello --context production").await;

    let triggered = project.json("deploy --trigger --json").await;
    let watched = project.run("watch").await;
    assert!(watched.contains(&format!("http://trigger.localhost:{}", server.port)), "{watched}");
    let deploy = server.get(&format!("/deploys/{}", triggered["deploy_id"].as_str().expect("an id"))).await;
    assert_eq!((&deploy["state"], &deploy["commit_ref"]), (&"ready".into(), &commit.into()), "{deploy}");
    assert_eq!(deploy["title"], "First page");
    assert_eq!(server.visit("trigger", "/").await.text, "The repository says hello\n");
}
