//! Add-ons as people use them: the commands of netlify-cli 17.38.1, and `@netlify/api`, against a provider
//! that verifies every call with npm `jsonwebtoken`.

use crate::support::{Addon, ApiClient, Cli, Login, Server, Version, second_opinions};
use serde_json::{Value, json};

fn check(seen: &Value, method: &str, path: &str) {
    assert_eq!(
        (&seen["method"], &seen["bearer"], &seen["refused"]),
        (&json!(method), &json!(true), &Value::Null),
        "{seen}"
    );
    assert!(seen["path"].as_str().is_some_and(|seen| seen.starts_with(path)), "{seen}");
}

#[tokio::test]
async fn the_commands_of_the_command_line() {
    let server = Server::start().await;
    let mut addon = Addon::start(&server, "demo").await;
    let site = server.make_site("harbour").await;
    let cli = Cli::new(&server, Version::V17, Login::Environment);
    let project = cli.project("harbour");
    project.run(&format!("link --id {site}")).await;
    assert!(project.run("addons:list").await.contains("No addons currently installed for harbour"));
    let unknown = project.refused("addons:create unknown").await;
    assert!(unknown.contains("No add-on \"unknown\" found"), "{unknown}");

    let made = project.run("addons:create demo --name ada --other ignored").await;
    assert!(made.contains("Add-on \"demo\" created for harbour") && made.contains("Welcome, ada"), "{made}");
    check(&addon.next().await, "GET", "/api/manifest");
    let posted = addon.next().await;
    check(&posted, "POST", "/api/instances");
    let config = &posted["body"]["config"];
    assert_eq!(
        (&config["config"], &config["jwt"]["secret"]),
        (&json!({ "name": "ada" }), &json!(addon.secret))
    );
    assert_eq!(posted["claims"]["netlify_id"], posted["body"]["uuid"]);
    assert!(project.refused("addons:create demo --name bob").await.contains("already exists for harbour"));

    let listed = project.json("addons:list --json").await;
    assert_eq!(
        (&listed[0]["service_slug"], &listed[0]["env"]),
        (&json!("demo"), &json!({ "DEMO_NAME": "ada" }))
    );
    let table = project.run("addons:list").await;
    assert!(table.contains("| demo      | Demo |"), "{table}");
    let login = project.run("addons:auth demo").await;
    assert!(login.contains("https://demo.example/sso?from=netlify#ey"), "{login}");

    let changed = project.run("addons:config demo --name grace").await;
    assert!(changed.contains("Add-on \"demo\" successfully updated"), "{changed}");
    let put = addon.next().await;
    check(&put, "PUT", "/api/instances/inst%2F");
    assert_eq!(put["body"], json!({ "config": { "name": "grace" } }));
    assert_eq!(project.json("addons:list --json").await[0]["config"], json!({ "name": "grace" }));

    assert!(project.run("addons:delete demo --force").await.contains("Addon \"demo\" deleted"));
    check(&addon.next().await, "DELETE", "/api/instances/inst%2F");
    assert_eq!(project.json("addons:list --json").await, json!([]));
}

#[tokio::test]
async fn the_operations_of_the_api_client() {
    let server = Server::start().await;
    let mut addon = Addon::start(&server, "demo").await;
    let mut api = ApiClient::start(&server);
    let site = server.make_site("operated").await;
    assert_eq!(api.must("getServices", json!({ "search": "dem" })).await[0]["slug"], "demo");
    assert_eq!(
        api.must("showService", json!({ "addonName": "demo" })).await["service_path"],
        "/.netlify/demo"
    );
    assert_eq!(
        api.must("showServiceManifest", json!({ "addonName": "demo" })).await["config"]["name"]["required"],
        true
    );
    check(&addon.next().await, "GET", "/api/manifest");
    let create = |config: Value| json!({ "site_id": site, "addon": "demo", "body": { "config": config } });
    let (status, message) = api.refused("createServiceInstance", create(json!({}))).await;
    assert!(status == 422 && message.contains("name"), "{status} {message}");
    let made = api.must("createServiceInstance", create(json!({ "name": "ada" }))).await;
    check(&addon.next().await, "POST", "/api/instances");
    let one = json!({ "site_id": site, "addon": "demo", "instance_id": made["id"] });
    let shown = api.must("showServiceInstance", one.clone()).await;
    check(&addon.next().await, "GET", "/api/instances/inst%2F");
    for field in
        ["id", "config", "env", "snippets", "service_slug", "service_path", "service_name", "created_at"]
    {
        assert!(!shown[field].is_null(), "{field} in {shown}");
    }
    let mut change = one.clone();
    change["body"] = json!({ "config": { "name": "grace" } });
    api.must("updateServiceInstance", change).await;
    let listed = api.must("listServiceInstancesForSite", json!({ "site_id": site })).await;
    assert_eq!((&listed[0]["id"], &listed[0]["env"]), (&made["id"], &json!({ "DEMO_NAME": "grace" })));
    api.must("deleteServiceInstance", one.clone()).await;
    assert_eq!(api.refused("deleteServiceInstance", one).await.0, 404);
}

#[tokio::test]
async fn every_token_is_one_that_other_libraries_take() {
    let server = Server::start().await;
    let mut addon = Addon::start(&server, "demo").await;
    let site = server.make_site("verified").await;
    let all = format!("/sites/{site}/services/demo/instances");
    server.post(&all, json!({ "config": { "name": "ada" } })).await;
    for line in ["GET", "POST"] {
        let seen = addon.next().await;
        assert_eq!(seen["method"], line);
        let token = seen["token"].as_str().expect("it is signed");
        let claims = json!({ "claims": seen["claims"] });
        assert_eq!(second_opinions(token, &addon.secret).await, [claims.clone(), claims]);
        for refusal in second_opinions(token, "another secret of thirty-two bytes").await {
            assert!(refusal["refused"].is_string(), "{refusal}");
        }
    }
}

#[tokio::test]
async fn a_provider_finishes_an_instance_later() {
    let server = Server::start().await;
    let _addon = Addon::start(&server, "demo").await;
    let site = server.make_site("patient").await;
    let all = format!("/sites/{site}/services/demo/instances");
    let made = server.post(&all, json!({ "config": { "name": "later" } })).await;
    let word = (&made["state"], &made["state_message"], &made["config"]["message"]);
    assert_eq!(word, (&json!("provisioning"), &json!("It takes a moment"), &json!("It takes a moment")));
    loop {
        let listed = server.get(&format!("/sites/{site}/service-instances")).await;
        if listed[0]["state"] == "active" {
            return assert_eq!(listed[0]["env"], json!({ "DEMO_NAME": "at last" }));
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}
