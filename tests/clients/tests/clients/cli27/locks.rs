//! A locked deploy keeps the site: the client refuses to publish, or makes a draft where told so.

use super::{mark_linked, owner};
use crate::support::Server;

#[tokio::test]
async fn a_lock_holds_the_site() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("lock");
    let site = server.make_site("lock").await;
    mark_linked(&project, &site);
    project.write("public/index.html", "one");
    let first = project.json("deploy --no-build --dir public --prod --json").await;
    let first = first["deploy_id"].as_str().expect("an id");

    let data = format!("--data {{\"deploy_id\":\"{first}\"}}");
    assert_eq!(project.json(&format!("api lockDeploy {data}")).await["locked"], true);
    project.write("public/index.html", "two");
    let refused = project.refused("deploy --no-build --dir public --prod").await;
    assert!(refused.contains("locked"), "{refused}");
    let draft = project.json("deploy --no-build --dir public --prod-if-unlocked --json").await;
    let address = draft["deploy_url"].as_str().expect("an address");
    assert_eq!(server.visit_url(address, "/").await.text, "two");
    assert_eq!(server.visit("lock", "/").await.text, "one");

    assert_eq!(project.json(&format!("api unlockDeploy {data}")).await["locked"], false);
    project.run("deploy --no-build --dir public --prod").await;
    assert_eq!(server.visit("lock", "/").await.text, "two");
}
