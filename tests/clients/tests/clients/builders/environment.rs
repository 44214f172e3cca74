//! Both engines show a build the same environment: dumped from both, and compared.

use super::Linked;
use crate::support::{Repository, Server};
use serde_json::json;
use std::collections::BTreeMap;

/// What may differ, and why.
const MAY_DIFFER: [(&str, &str); 5] = [
    ("BUILD_ID", "each build has its own"),
    ("DEPLOY_ID", "each deploy has its own"),
    ("DEPLOY_URL", "it names the deploy"),
    ("_", "the shell says which program it started"),
    ("SHLVL", "the shells between the server and the command are counted"),
];

/// Dumps the environment of the build command.
const TOML: &str = "[build]\ncommand = \"mkdir -p out && env -0 > out/env\"\npublish = \"out\"\n\
    [build.environment]\nFROM_TOML = \"toml\"\nBOTH = \"toml\"\nCONTEXT = \"mine\"\n\
    [context.production.environment]\nFROM_CONTEXT = \"context\"\n";

async fn dump(server: &Server, site: &Linked<'_>, engine: &str) -> BTreeMap<String, String> {
    site.set(json!({ "engine": engine })).await;
    let (deploy, _) = site.build().await;
    assert_eq!(deploy["state"], "ready", "{deploy}");
    let text = server.visit("dump", "/env").await.text;
    let pairs: Vec<_> = text.split('\0').filter_map(|pair| pair.split_once('=')).collect();
    // each build has a folder of its own, in which they are the same for both
    let folder = pairs.iter().find(|(name, _)| *name == "PWD").and_then(|(_, at)| at.strip_suffix("/repo"));
    let folder = folder.expect("it begins in its checkout");
    pairs.iter().map(|(name, value)| ((*name).to_owned(), value.replace(folder, "FOLDER"))).collect()
}

/// `PATH` without the folders that a builder looks into above the checkout: nothing of a build is there.
fn inside(path: &str) -> Vec<&str> {
    let kept = |folder: &&str| !folder.ends_with("/node_modules/.bin") || folder.contains("/repo/");
    let mut seen = Vec::new();
    for folder in path.split(':').filter(kept) {
        if !seen.contains(&folder) {
            seen.push(folder);
        }
    }
    seen
}

#[tokio::test]
async fn both_engines_show_the_same() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "dump");
    repository.write("netlify.toml", TOML);
    repository.commit("Dumps its environment");
    let site = Linked::new(&server, "dump", &repository).await;
    let account = server.get("/accounts").await[0]["slug"].as_str().expect("a slug").to_owned();
    let variable = |key: &str, secret: bool| {
        json!({ "key": key, "is_secret": secret, "scopes": ["builds"],
                "values": [{ "context": "all", "value": format!("{key} of the site") }] })
    };
    let all = json!([variable("FROM_SITE", false), variable("BOTH", false), variable("SECRET_WORD", true)]);
    server.post(&format!("/accounts/{account}/env?site_id={}", site.id), all).await;

    // the first build has no commit before it
    dump(&server, &site, "native").await;
    let mut native = dump(&server, &site, "native").await;
    let mut netlify = dump(&server, &site, "netlify-build").await;
    for (name, expect) in [
        ("FROM_TOML", "toml"),
        ("FROM_CONTEXT", "context"),
        ("BOTH", "toml"),
        ("FROM_SITE", "FROM_SITE of the site"),
        ("SECRET_WORD", "SECRET_WORD of the site"),
        ("CONTEXT", "production"),
        ("NETLIFY", "true"),
        ("BRANCH", "main"),
    ] {
        assert_eq!(native.get(name).map(String::as_str), Some(expect), "{name}");
    }
    let (one, other) = (native.remove("PATH").expect("a path"), netlify.remove("PATH").expect("a path"));
    let (one, other) = (inside(&one), inside(&other));
    assert_eq!(one[0].rsplit_once("/repo/").map(|(_, rest)| rest), Some("node_modules/.bin"));
    assert!(one.iter().all(|folder| other.contains(folder)), "{one:?}\n{other:?}");
    for (name, why) in MAY_DIFFER {
        let (one, other) = (native.remove(name), netlify.remove(name));
        println!("{name} may differ, {why}: {one:?} {other:?}");
    }
    assert_eq!(native, netlify);
}
