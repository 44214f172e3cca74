//! `netlify dev` and `netlify serve` ask for the add-ons of the linked site, and hand what is asked for below
//! `/.netlify/<slug>/` on to the site itself, which signs it for the provider.

use super::{mark_linked, owner};
use crate::support::{Addon, Project, Server, Waiting, free_port};
use serde_json::json;

/// A site with an instance of an add-on.
async fn with_addon(server: &Server, name: &str) -> (Addon, String) {
    let mut addon = Addon::start(server, "demo").await;
    let site = server.make_site(name).await;
    server.put_page(&site, name, "from the site").await;
    let all = format!("/sites/{site}/services/demo/instances");
    server.post(&all, json!({ "config": { "name": "ada" } })).await;
    for method in ["GET", "POST"] {
        assert_eq!(addon.next().await["method"], method);
    }
    (addon, site)
}

/// Starts the CLI's own server of the folder, and waits until it says where it is.
async fn start(project: &Project<'_>, command: &str) -> (Waiting, String) {
    let [port, functions, files] = [free_port(), free_port(), free_port()];
    let mut waiting = project.start(&format!(
        "{command} --port {port} --functions-port {functions} --staticServerPort {files} \
         --internal-disable-edge-functions --geo mock"
    ));
    waiting.until("Local dev server ready").await;
    (waiting, format!("http://localhost:{port}"))
}

async fn reaches_the_addon(command: &str) {
    let server = Server::start().await;
    let (mut addon, site) = with_addon(&server, "harbour").await;
    let cli = owner(&server);
    let project = cli.project("harbour");
    mark_linked(&project, &site);
    project.write("netlify.toml", "[build]\npublish = \"public\"\n");
    project.write("public/index.html", "from this folder");
    let (_running, root) = start(&project, command).await;
    assert_eq!(server.fetch(&root).await.text, "from this folder");

    let answer = server.fetch(&format!("{root}/.netlify/demo/hello%20you?a=1&a=%2F")).await;
    assert_eq!((answer.status, answer.json()), (200, json!({ "hello": "ada" })));
    let seen = addon.next().await;
    assert_eq!(seen["path"], "/visited/hello%20you?a=1&a=%2F");
    let listed = server.get(&format!("/sites/{site}/service-instances")).await;
    let (id, uuid) =
        (&listed[0]["external_attributes"]["remote_id"], &listed[0]["external_attributes"]["uuid"]);
    assert_eq!((&seen["claims"]["id"], &seen["claims"]["netlify_id"]), (id, uuid));
    assert_eq!((&seen["headers"]["x-nf-id"], &seen["headers"]["x-nf-uuid"]), (id, uuid));
    assert_eq!(seen["headers"]["x-nf-site-url"], format!("http://harbour.localhost:{}", server.port));
    assert_eq!(server.fetch(&format!("{root}/.netlify/other/hello")).await.status, 404);
    // a provider that is down is seen where it is asked for, and nowhere else
    addon.stop().await;
    assert_eq!(server.fetch(&format!("{root}/.netlify/demo/hello")).await.status, 502);
    assert_eq!(server.fetch(&root).await.text, "from this folder");
}

#[tokio::test]
async fn dev_reaches_the_addons_of_a_site() {
    reaches_the_addon("dev").await;
}

#[tokio::test]
async fn serve_reaches_the_addons_of_a_site() {
    reaches_the_addon("serve").await;
}

#[tokio::test]
async fn dev_starts_without_the_providers_of_a_site() {
    let server = Server::start().await;
    let (addon, site) = with_addon(&server, "lonely").await;
    addon.stop().await;
    let cli = owner(&server);
    let project = cli.project("lonely");
    mark_linked(&project, &site);
    project.write("netlify.toml", "[build]\npublish = \"public\"\n");
    project.write("public/index.html", "from this folder");
    let (_running, root) = start(&project, "dev").await;
    assert_eq!(server.fetch(&root).await.text, "from this folder");
}
