//! Deploys of a folder, with and without a build on the machine of the client.

use super::{mark_linked, owner};
use crate::support::{Project, Server};
use serde_json::Value;

/// Where the client says that the deploy is to be seen.
fn address(printed: &Value) -> &str {
    printed["deploy_url"].as_str().unwrap_or_else(|| panic!("no deploy_url: {printed}"))
}

fn id(printed: &Value) -> &str {
    printed["deploy_id"].as_str().unwrap_or_else(|| panic!("no deploy_id: {printed}"))
}

async fn page(server: &Server, label: &str) -> (u16, String) {
    let answer = server.visit(label, "/").await;
    (answer.status, answer.text)
}

#[tokio::test]
async fn drafts_aliases_and_production() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("kinds");
    let site = server.make_site("kinds").await;
    mark_linked(&project, &site);

    project.write("public/index.html", "<h1>first</h1>");
    let draft = project.json("deploy --no-build --dir public --json --message hello").await;
    let log = format!("{}/sites/kinds/deploys/{}", server.control_url(), id(&draft));
    assert_eq!(draft["logs"], log, "the client leads to a page of the dashboard");
    assert_eq!(server.visit_url(address(&draft), "/").await.text, "<h1>first</h1>");
    assert_eq!(page(&server, "kinds").await.0, 404, "a draft does not go live");
    let shown = server.get(&format!("/sites/{site}/deploys/{}", id(&draft))).await;
    assert_eq!(
        (&shown["draft"], &shown["title"], &shown["state"]),
        (&true.into(), &"hello".into(), &"ready".into())
    );

    let prod = project.json("deploy --no-build --dir public --prod --json").await;
    assert_eq!(page(&server, "kinds").await, (200, "<h1>first</h1>".to_owned()));
    assert_eq!(server.get(&format!("/sites/{site}")).await["published_deploy"]["id"], id(&prod));

    project.write("public/index.html", "<h1>second</h1>");
    project.write("public/with spaces & plus+ünï.txt", "names");
    let alias = project.json("deploy --no-build --dir public --alias feat --json").await;
    assert_eq!(address(&alias), format!("http://feat--kinds.localhost:{}", server.port));
    assert_eq!(page(&server, "feat--kinds").await, (200, "<h1>second</h1>".to_owned()));
    assert_eq!(page(&server, "kinds").await.1, "<h1>first</h1>", "an alias does not go live");
    let named = server.visit("feat--kinds", "/with%20spaces%20&%20plus+%C3%BCn%C3%AF.txt").await;
    assert_eq!((named.status, named.text.as_str()), (200, "names"));
    let shown = server.get(&format!("/deploys/{}", id(&alias))).await;
    assert_eq!(shown["context"], "branch-deploy");
    assert_eq!(
        page(&server, &format!("{}--kinds", id(&prod))).await.1,
        "<h1>first</h1>",
        "deploys do not change"
    );
}

fn write_many(project: &Project<'_>) {
    for number in 0..150 {
        project.write(&format!("public/page-{number}/index.html"), &format!("page {number}"));
    }
}

#[tokio::test]
async fn many_files_to_a_site_named_by_its_name() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("many");
    server.make_site("many").await;
    write_many(&project);
    project.write("public/same.txt", "page 7");

    let printed = project.json("deploy --no-build --dir public --prod --site many --json").await;
    assert_eq!(printed["site_name"], "many");
    for number in [0, 7, 149] {
        let answer = server.visit("many", &format!("/page-{number}/")).await;
        assert_eq!((answer.status, answer.text), (200, format!("page {number}")));
    }
    assert_eq!(server.visit("many", "/same.txt").await.text, "page 7");
    let files = server.get("/sites/many/files?per_page=1000").await;
    assert_eq!(files.as_array().map(Vec::len), Some(151), "the client's netlify.toml configures the deploy");
}

#[tokio::test]
async fn a_local_build_brings_its_rules() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("local");
    let site = server.make_site("local").await;
    mark_linked(&project, &site);
    project.write(
        "netlify.toml",
        "[build]\ncommand = \"mkdir -p out && echo built as $CONTEXT for $SITE_NAME > out/index.html\"\npublish = \"out\"\n\
         [[redirects]]\nfrom = \"/old\"\nto = \"/\"\n",
    );
    let built = project.run("build").await;
    assert!(built.contains("Netlify Build Complete"), "{built}");
    project.run("deploy --prod").await;
    let answer = server.visit("local", "/").await;
    assert_eq!((answer.status, answer.text.trim()), (200, "built as production for local"));
    let files = server.get("/sites/local/files").await;
    let paths: Vec<_> = files.as_array().expect("files").iter().map(|file| file["path"].clone()).collect();
    assert_eq!(paths, ["/index.html"], "the client's rules come in a file that configures the deploy");
    let old = server.visit("local", "/old").await;
    assert_eq!((old.status, old.text.trim()), (301, "Redirecting to /"));
}

/// A plugin of the project, which changes what is deployed.
const PLUGIN: &str = "module.exports = {
  onPreBuild({ netlifyConfig }) { netlifyConfig.redirects.push({ from: '/old', to: '/', status: 301 }) },
  onPostBuild() { console.log('the plugin ran') },
}
";

#[tokio::test]
async fn a_build_with_a_plugin_on_the_machine_of_the_client() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("build-plugin");
    let site = server.make_site("build-plugin").await;
    mark_linked(&project, &site);
    project.write("plugins/own/manifest.yml", "name: own\n");
    project.write("plugins/own/index.js", PLUGIN);
    let command = "mkdir -p out && echo built > out/index.html && echo '/short / 302' > out/_redirects";
    let toml = format!(
        "[build]\ncommand = \"{command}\"\npublish = \"out\"\n[[plugins]]\npackage = \"./plugins/own\"\n"
    );
    project.write("netlify.toml", &toml);
    let said = project.run("deploy --build --prod").await;
    assert!(said.contains("the plugin ran"), "{said}");
    assert_eq!(page(&server, "build-plugin").await, (200, "built\n".to_owned()));
    assert_eq!(server.visit("build-plugin", "/old").await.status, 301);
    assert_eq!(server.visit("build-plugin", "/short").await.status, 302);
    let left = std::fs::read_to_string(project.folder.join("netlify.toml")).expect("it is there");
    assert_eq!(left, toml, "the project is as it was");
}

#[tokio::test]
async fn edge_functions_are_refused_in_words() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("edge");
    let site = server.make_site("edge").await;
    mark_linked(&project, &site);
    project.write("public/index.html", "home");
    // as a build on the machine of the client leaves them
    let list = r#"{"bundles":[{"asset":"ab.eszip","format":"eszip2"}],"routes":[{"function":"x","pattern":"^/$"}],"version":1}"#;
    project.write(".netlify/edge-functions-dist/manifest.json", list);
    project.write(".netlify/edge-functions-dist/ab.eszip", "code");
    let refused = project.refused("deploy --no-build --dir public --prod").await;
    let why = "edge functions are not supported by this server; remove the edge functions of this site";
    assert!(refused.contains(why) && refused.contains("422"), "{refused}");
    assert_eq!(page(&server, "edge").await.0, 404, "nothing went live");

    std::fs::remove_dir_all(project.folder.join(".netlify/edge-functions-dist")).expect("removed");
    project.write("netlify.toml", "[[edge_functions]]\npath = \"/\"\nfunction = \"x\"\n");
    let refused = project.refused("deploy --no-build --dir public --prod").await;
    assert!(refused.contains("remove [[edge_functions]] of netlify.toml"), "{refused}");
    assert_eq!(page(&server, "edge").await.0, 404, "nothing went live");
}
