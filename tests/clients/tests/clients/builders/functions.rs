//! Functions are packed by the builder and belong to the deploy; edge functions are refused.

use super::Linked;
use crate::support::{Repository, Server};
use serde_json::json;

#[tokio::test]
async fn functions_of_a_repository_are_packed_and_listed() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "packed");
    repository
        .write("netlify.toml", "[build]\npublish = \"public\"\n[functions]\nnode_bundler = \"esbuild\"\n");
    repository.write("public/index.html", "home");
    let daily =
        "export default async () => new Response('x')\nexport const config = { schedule: '@daily' }\n";
    repository.write("netlify/functions/daily.mjs", daily);
    let hello = "exports.handler = async () => ({ statusCode: 200, body: 'x' })\n";
    repository.write("netlify/functions/hello.js", hello);
    repository.commit("Functions");
    let site = Linked::new(&server, "packed", &repository).await;
    let (deploy, lines) = site.build().await;
    assert_eq!(deploy["state"], "ready", "{deploy}");
    assert!(lines.iter().any(|line| line.contains("since the site has functions in `netlify/functions`")));
    let functions = deploy["available_functions"].as_array().expect("a list");
    let names: Vec<_> = functions.iter().map(|function| &function["n"]).collect();
    assert_eq!(names, ["daily", "hello"]);
    assert!(functions.iter().all(|function| function["s"].as_i64() > Some(100)), "{functions:?}");
    assert_eq!(deploy["function_schedules"], json!([{ "name": "daily", "cron": "@daily" }]));
    assert_eq!(server.visit("packed", "/").await.text, "home");
}

#[tokio::test]
async fn a_package_of_a_monorepo_has_functions_of_its_own() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "monorepo");
    repository.write("netlify.toml", "[build]\ncommand = \"exit 1\"\n");
    repository.write("apps/shop/netlify.toml", "[build]\npublish = \"apps/shop/public\"\n");
    repository.write("apps/shop/public/index.html", "shop");
    repository
        .write("apps/shop/netlify/functions/cart.mjs", "export default async () => new Response('x')\n");
    repository.commit("A shop among others");
    let site = Linked::new(&server, "monorepo", &repository).await;
    site.set(json!({ "package_path": "apps/shop" })).await;
    let (deploy, _) = site.build().await;
    assert_eq!(deploy["state"], "ready", "{deploy}");
    assert_eq!(deploy["available_functions"][0]["n"], "cart", "{deploy}");
    assert_eq!(server.visit("monorepo", "/").await.text, "shop");
}

#[tokio::test]
async fn edge_functions_are_refused_in_words() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "edge");
    repository.write("index.html", "home");
    repository.write("netlify/edge-functions/x.ts", "export default () => {}");
    repository.commit("An edge function");
    let site = Linked::new(&server, "edge", &repository).await;
    for engine in ["native", "netlify-build"] {
        site.set(json!({ "engine": engine })).await;
        let (deploy, _) = site.build().await;
        let why = deploy["error_message"].as_str().unwrap_or_default();
        assert!(
            why.starts_with(
                "edge functions are not supported by this server; remove `netlify/edge-functions`"
            ),
            "{engine}: {deploy}"
        );
    }
}
