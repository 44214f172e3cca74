//! Logging in by a ticket, and who is logged in.

use crate::support::{Answer, Cli, Login, Server, Version};
use reqwest::Method;
use serde_json::Value;

async fn answer(server: &Server, ticket: &str, what: &str) -> Answer {
    server.call(Method::POST, &format!("/oauth/tickets/{ticket}/{what}"), None).await
}

fn ticket(printed: &Value, server: &Server) -> String {
    let id = printed["ticket_id"].as_str().expect("a ticket is printed").to_owned();
    let url = printed["url"].as_str().unwrap_or_default();
    let page = format!("{}/authorize?response_type=ticket&ticket={id}", server.control_url());
    assert!(url.starts_with(&page), "{url}");
    id
}

#[tokio::test]
async fn a_ticket_that_is_approved_logs_in() {
    let server = Server::start().await;
    let cli = Cli::new(&server, Version::V27, Login::Stored);
    let project = cli.project("login");
    assert!(project.run("status").await.contains("Not logged in"));

    let id = ticket(&project.json("login --request please --json").await, &server);
    let waiting = project.json(&format!("login --check {id} --json")).await;
    assert_eq!(waiting["status"], "pending");
    assert_eq!(answer(&server, &id, "authorize").await.json()["authorized"], true);
    let done = project.json(&format!("login --check {id} --json")).await;
    assert_eq!((&done["status"], &done["user"]["email"]), (&"authorized".into(), &"ada@example.org".into()));
    assert!(
        project.refused("status").await.contains("ada@example.org"),
        "who is logged in is shown before the missing link"
    );
    assert!(
        project.run(&format!("login --check {id}")).await.contains("denied"),
        "a ticket is good for one token"
    );

    let id = ticket(&project.json("login --new --json").await, &server);
    assert!((200..300).contains(&answer(&server, &id, "deny").await.status));
    assert_eq!(project.json(&format!("login --check {id} --json")).await["status"], "denied");
}
