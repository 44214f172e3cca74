//! Making, finding, linking, opening and deleting sites.

use super::owner;
use crate::support::Server;
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn a_site_from_its_making_to_its_end() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("first");
    let made = project.run("sites:create --name first-site").await;
    let url = format!("http://first-site.localhost:{}", server.port);
    let admin = format!("{}/sites/first-site", server.control_url());
    assert!(made.contains(&url) && made.contains(&admin) && made.contains("Linked"), "{made}");
    let site = server.get("/sites/first-site").await;
    let id = site["id"].as_str().expect("an id");

    let status = project.json("status --json").await;
    assert_eq!(status["siteData"]["site-id"], id);
    assert_eq!(status["siteData"]["site-url"], url);
    assert_eq!(status["siteData"]["admin-url"], admin);
    assert!(project.run("open:site").await.contains(&url));
    assert!(project.run("open:admin").await.contains(&admin));

    let hook = json!({ "type": "url", "event": "deploy_created", "data": { "url": "http://127.0.0.1:9/" } });
    let hook = server.post(&format!("/hooks?site_id={id}"), hook).await;
    let hooks = project.run("status:hooks").await;
    assert!(
        hooks.contains(hook["id"].as_str().expect("an id")) && hooks.contains("deploy_created"),
        "{hooks}"
    );
}

#[tokio::test]
async fn sites_are_listed_linked_by_name_and_deleted() {
    let server = Server::start().await;
    let cli = owner(&server);
    let (one, two) = (server.make_site("site-one").await, server.make_site("site-two").await);
    let project = cli.project("second");

    let listed = project.json("sites:list --json").await;
    let mut names: Vec<_> =
        listed.as_array().expect("a list").iter().map(|site| site["name"].clone()).collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["site-one", "site-two"]);
    let found = project.json("sites:search two --json").await;
    assert_eq!((found.as_array().map(Vec::len), &found[0]["id"]), (Some(1), &json!(two)));

    assert!(project.run("link --name site-one").await.contains("site-one"));
    assert_eq!(project.json("status --json").await["siteData"]["site-id"], json!(one));

    let taken = project.run("sites:create --name site-two --disable-linking --json").await;
    assert!(taken.contains("\"name\": \"site-two-"), "a taken name is tried again with a number: {taken}");

    project.run(&format!("sites:delete {two} --force")).await;
    assert_eq!(server.call(Method::GET, &format!("/sites/{two}"), None).await.status, 404);
    assert!(project.refused(&format!("sites:delete {two} --force")).await.contains("No project with id"));
}
