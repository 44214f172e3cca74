//! netlify-cli 17.38.1, the last line with the add-on commands.

use crate::support::{Cli, Login, Server, Version};
use reqwest::Method;
use serde_json::json;

#[tokio::test]
async fn sites_variables_and_a_deploy() {
    let server = Server::start().await;
    let cli = Cli::new(&server, Version::V17, Login::Environment);
    let project = cli.project("seventeen");
    let site = server.make_site("seventeen").await;
    assert!(project.run("sites:list").await.contains(&format!("seventeen - {site}")));
    assert!(project.run(&format!("link --id {site}")).await.contains("seventeen"));
    let status = project.run("status").await;
    assert!(
        status.contains("ada@example.org") && status.contains(&site) && !status.contains("undefined"),
        "{status}"
    );

    project.run("env:set COLOUR blue").await;
    assert_eq!(project.json("env:list --json").await, json!({ "COLOUR": "blue" }));
    project.write("public/index.html", "seventeen");
    let printed = project.json("deploy --dir public --prod --json").await;
    assert_eq!(printed["site_id"], json!(site));
    assert_eq!(server.visit("seventeen", "/").await.text, "seventeen");
}

#[tokio::test]
async fn a_login_waits_for_its_ticket() {
    let server = Server::start().await;
    let cli = Cli::new(&server, Version::V17, Login::Stored);
    let project = cli.project("poll");
    let mut login = project.start("login");
    let page = format!("{}/authorize?response_type=ticket&ticket=", server.control_url());
    let ticket = login.until(&page).await;
    let ticket = ticket.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    let approved = server.call(Method::POST, &format!("/oauth/tickets/{ticket}/authorize"), None).await;
    assert_eq!(approved.json()["authorized"], true);
    login.until("now logged into your Netlify account").await;
    login.finish().await;
    // unlinked: this release says so and ends well or badly by release; who is logged in comes first
    assert!(project.refused("status").await.contains("ada@example.org"));
}
