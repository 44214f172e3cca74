//! The providers that the guide starts from: each is registered, makes, changes and removes an
//! instance for the commands of netlify-cli 17.38.1, and passes every check of `boathook addons check`.

use crate::support::{
    Cli, Login, Project, Provider, Server, Version, boathook, free_port, root, visitors_token,
};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::process::Command;

async fn works(provider: Provider, site: &str) {
    let server = Server::start().await;
    let (port, site_id) = (free_port(), server.make_site(site).await);
    let endpoint = format!("http://127.0.0.1:{port}");
    let form = json!({ "name": "Greeter", "slug": "greeter", "description": "Greets", "endpoint": endpoint });
    let registered = server.post("/services", form).await;
    let secret = registered["secret"].as_str().expect("it is shown once");
    let _running = provider.start(port, secret).await;
    let cli = Cli::new(&server, Version::V17, Login::Environment);
    let project = cli.project(site);
    project.run(&format!("link --id {site_id}")).await;
    created(&project).await;
    visits(&server, &site_id, site).await;
    removed(&project).await;

    let mut checked = Command::new(boathook());
    checked.args(["addons", "check", &endpoint, "--secret", secret, "--json"]);
    let output = checked.output().await.expect("boathook starts");
    let said = String::from_utf8_lossy(&output.stdout);
    println!("{said}");
    let report: Value = serde_json::from_str(&said).expect("a report");
    let findings = report["findings"].as_array().expect("findings");
    let short: Vec<&Value> = findings.iter().filter(|one| one["outcome"] != "pass").collect();
    assert!(output.status.success() && short.is_empty() && findings.len() >= 50, "{provider:?}: {short:?}");
}

/// Variables and snippet of the one instance.
async fn instance(project: &Project<'_>) -> (Value, Value) {
    let mut listed = project.json("addons:list --json").await;
    assert_eq!(listed[0]["service_slug"], "greeter", "{listed}");
    (listed[0]["env"].take(), listed[0]["snippets"][0]["html"].take())
}

fn greeting(name: &str) -> (Value, Value) {
    (json!({ "GREETER_NAME": name }), json!(format!("<p>Hello, {name}!</p>")))
}

/// As in the guide.
async fn created(project: &Project<'_>) {
    let made = project.run("addons:create greeter --name Ada").await;
    assert!(made.contains("Ada will be greeted"), "{made}");
    assert_eq!(instance(project).await, greeting("Ada"));
}

/// Somebody who is not logged in, somebody who is, and somebody who only says so.
async fn visits(server: &Server, site_id: &str, site: &str) {
    let secret = "what the login service of this site signs with";
    server
        .call(Method::PATCH, &format!("/sites/{site_id}"), Some(json!({ "jwt_secret": secret })))
        .await
        .json();
    server.put_page(site_id, site, "here").await;
    let here = format!("http://{site}.localhost:{}", server.port);
    let path = "/.netlify/greeter/";
    assert_eq!(server.visit(site, path).await.json(), json!({ "hello": "Ada", "site": here }));
    let claims = json!({ "sub": "1", "email": "grace@example.org", "exp": 4_000_000_000_u32 });
    let token = visitors_token(claims.clone(), secret).await;
    let known = server.visit_as(&token, site, path).await.json();
    assert_eq!(known, json!({ "hello": "grace@example.org", "site": here }));
    let forged = visitors_token(claims, "somebody else's secret").await;
    assert_eq!(server.visit_as(&forged, site, path).await.status, 401);
}

async fn removed(project: &Project<'_>) {
    project.run("addons:config greeter --name Grace").await;
    assert_eq!(instance(project).await, greeting("Grace"));
    let removed = project.run("addons:delete greeter --force").await;
    assert!(removed.contains("Addon \"greeter\" deleted"), "{removed}");
    assert_eq!(project.json("addons:list --json").await, json!([]));
}

#[tokio::test]
async fn express_with_jsonwebtoken() {
    works(Provider::Express, "express").await;
}

#[tokio::test]
async fn rust_with_axum() {
    works(Provider::Rust, "rusty").await;
}

/// The guide shows the file that these tests run.
#[test]
fn the_guide_shows_what_is_tested() {
    let read = |path: &str| std::fs::read_to_string(root().join(path)).expect(path);
    let (guide, source) = (read("docs/guides/write-an-add-on.md"), read("examples/addon-express/server.js"));
    assert!(
        guide.contains(&format!("\n{source}```\n")),
        "put examples/addon-express/server.js into the guide"
    );
}
