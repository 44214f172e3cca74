//! Environment variables, their contexts, and the rule that a value for all contexts is split when
//! one of them gets its own (contract clients 5).

use super::{mark_linked, owner};
use crate::support::{Project, Server};
use serde_json::{Value, json};

async fn linked<'a>(server: &Server, project: &Project<'a>, name: &str) -> String {
    let site = server.make_site(name).await;
    mark_linked(project, &site);
    site
}

/// The variable as the API shows it.
async fn variable(server: &Server, site: &str, key: &str) -> Value {
    let account = &server.get("/accounts").await[0]["slug"];
    let account = account.as_str().expect("an account has a slug");
    server.get(&format!("/accounts/{account}/env/{key}?site_id={site}")).await
}

fn value_in(variable: &Value, context: &str) -> Option<String> {
    let values = variable["values"].as_array().expect("values");
    let found = values.iter().find(|value| value["context"] == context)?;
    found["value"].as_str().map(str::to_owned)
}

#[tokio::test]
async fn a_value_for_all_contexts_is_split() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("env");
    let site = linked(&server, &project, "env-site").await;

    project.run("env:set COLOUR blue").await;
    assert_eq!(project.run("env:get COLOUR --context production").await.trim(), "blue");
    project.run("env:set COLOUR red --context production").await;
    assert_eq!(project.run("env:get COLOUR --context production").await.trim(), "red");
    assert_eq!(project.run("env:get COLOUR --context dev").await.trim(), "blue");
    project.run("env:set COLOUR green --context branch:feat").await;
    assert_eq!(project.run("env:get COLOUR --context branch:feat").await.trim(), "green");
    let shown = variable(&server, &site, "COLOUR").await;
    assert_eq!(value_in(&shown, "all"), None);
    assert_eq!(value_in(&shown, "branch-deploy").as_deref(), Some("blue"));

    project.run("env:unset COLOUR --context production").await;
    assert!(project.run("env:get COLOUR --context production").await.contains("No value set"));
    assert_eq!(project.run("env:get COLOUR").await.trim(), "blue");
    project.run("env:unset COLOUR").await;
    assert_eq!(project.json("env:list --json").await, json!({}));
}

#[tokio::test]
async fn secrets_are_set_and_never_shown() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("secrets");
    let site = linked(&server, &project, "secret-site").await;

    project.run("env:set PASSWORD correct-horse --secret --context production").await;
    let printed = project.run("env:get PASSWORD --context production").await;
    assert!(!printed.contains("correct-horse"), "{printed}");
    project.run("env:set PASSWORD for-dev --context dev").await;
    assert_eq!(project.run("env:get PASSWORD --context dev").await.trim(), "for-dev");
    let shown = variable(&server, &site, "PASSWORD").await;
    assert_eq!(shown["is_secret"], true);
    assert!(!shown.to_string().contains("correct-horse"), "{shown}");
    assert!(shown["scopes"].as_array().is_some_and(|scopes| !scopes.contains(&json!("post_processing"))));
}

#[tokio::test]
async fn a_file_is_imported_and_cloned_to_another_site() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("import");
    linked(&server, &project, "from-site").await;
    let other = server.make_site("to-site").await;

    project.run("env:set KEPT old").await;
    project.run("env:set CLASH old --scope builds").await;
    project.write("variables", "CLASH=new\nADDED='two words'\n");
    project.run("env:import variables").await;
    let all = json!({ "KEPT": "old", "CLASH": "new", "ADDED": "two words" });
    assert_eq!(project.json("env:list --json").await, all);
    assert_eq!(project.run("env:list --plain --scope functions").await.lines().count(), 3);

    project.run(&format!("env:clone --to {other} --force")).await;
    let copy = cli.project("cloned");
    mark_linked(&copy, &other);
    assert_eq!(copy.json("env:list --json").await, all);
}
