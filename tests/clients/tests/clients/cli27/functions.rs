//! Functions are bundled by the client, uploaded, and known to the server.

use super::{mark_linked, owner};
use crate::support::Server;

#[tokio::test]
async fn a_function_is_uploaded_and_listed() {
    let server = Server::start().await;
    let cli = owner(&server);
    let project = cli.project("functions");
    let site = server.make_site("functions").await;
    mark_linked(&project, &site);
    project.write("netlify.toml", "[functions]\ndirectory = \"functions\"\n");
    project.write("public/index.html", "home");
    project.write("functions/hello.mjs", "export default async () => new Response('hello')\n");
    project.write("functions/old.js", "exports.handler = async () => ({ statusCode: 200, body: 'old' })\n");

    let before = project.json("functions:list --json").await;
    assert!(
        before
            .as_array()
            .is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["isDeployed"] == false)),
        "{before}"
    );
    project.run("deploy --no-build --dir public --prod").await;
    let after = project.json("functions:list --json").await;
    assert!(
        after.as_array().is_some_and(|all| all.len() == 2 && all.iter().all(|one| one["isDeployed"] == true)),
        "{after}"
    );

    let known = server.get(&format!("/sites/{site}/functions")).await;
    let mut names: Vec<_> =
        known["functions"].as_array().expect("functions").iter().map(|one| one["n"].clone()).collect();
    names.sort_by_key(ToString::to_string);
    assert_eq!(names, ["hello", "old"]);
}
