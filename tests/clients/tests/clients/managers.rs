//! Package managers that no machine needs to have: a build brings the one that its lock file asks for
//! from the registry, installs with it, and the next build finds it in the cache.

use crate::support::{Server, client};
use reqwest::Method;
use serde_json::{Value, json};
use test_hosts::{GitHost, Registry};

/// A package manager, and the files by which a site asks for it.
struct Manager {
    name: &'static str,
    package: Value,
    lock: (&'static str, &'static str),
    /// The command of `netlify.toml`.
    command: &'static str,
    /// What npm brings, and how the manager calls itself to what it runs.
    brought: &'static str,
    agent: &'static str,
}

/// Says whether the package is there, and who runs it.
const SCRIPT: &str = "const fs = require('fs')\nfs.mkdirSync('out', { recursive: true })\n\
    fs.writeFileSync('out/it', `${require('is-number')('5')} ${process.env.npm_config_user_agent}`)\n";

fn package(more: &Value) -> Value {
    let mut package = json!({
        "name": "p", "private": true, "scripts": { "build": "node build.js" }, "dependencies": { "is-number": "7.0.0" },
    });
    let more = more.as_object().expect("an object").clone();
    package.as_object_mut().expect("an object").extend(more);
    package
}

/// A server whose builds ask this registry.
async fn offer(registry: &Registry) -> Server {
    let server = Server::start().await;
    let account = server.get("/accounts").await[0]["slug"].as_str().expect("a slug").to_owned();
    let url = registry.url.trim_end_matches('/');
    let variable =
        |key: &str, value: &str| json!({ "key": key, "values": [{ "context": "all", "value": value }] });
    let variables = json!([
        variable("NPM_CONFIG_REGISTRY", url),
        variable("YARN_NPM_REGISTRY_SERVER", url),
        variable("YARN_UNSAFE_HTTP_WHITELIST", "127.0.0.1"),
    ]);
    server.post(&format!("/accounts/{account}/env"), variables).await;
    server
}

/// Builds the newest commit: its log.
async fn build(server: &Server, site: &str) -> String {
    let build = server.post(&format!("/sites/{site}/builds"), json!({})).await;
    let id = build["id"].as_str().expect("an id");
    // following a log ends when its build does
    server.call(Method::GET, &format!("/builds/{id}/log/stream"), None).await;
    let log = server.call(Method::GET, &format!("/builds/{id}/log"), None).await.text;
    println!("{log}");
    let deploy = server.get(&format!("/deploys/{}", build["deploy_id"].as_str().expect("an id"))).await;
    assert_eq!(deploy["state"], "ready", "{deploy}");
    log
}

async fn check(manager: Manager) {
    let (registry, host) = (Registry::of(&client("managers")), GitHost::start());
    let server = offer(&registry).await;
    let repository = host.repository(manager.name);
    let toml = format!("[build]\ncommand = \"{}\"\npublish = \"out\"\n", manager.command);
    let lock = manager.lock.1.replace("REGISTRY", registry.url.trim_end_matches('/'));
    for (name, text) in [
        ("package.json", manager.package.to_string().as_str()),
        (manager.lock.0, &lock),
        ("netlify.toml", &toml),
        ("build.js", SCRIPT),
    ] {
        repository.write(name, text);
    }
    let _commit = repository.commit("A site");
    repository.push("main");
    let repo = json!({ "provider": "manual", "repo_url": repository.url, "repo_branch": "main" });
    let site = server.post("/sites", json!({ "name": manager.name, "repo": repo })).await;
    let site = site["id"].as_str().expect("an id");
    let brings = format!("--loglevel=error {}\"", manager.brought);
    let log = build(&server, site).await;
    assert!(log.contains(&brings), "{log}");
    let it = server.visit(manager.name, "/it").await.text;
    assert!(it.starts_with("true ") && it.contains(manager.agent), "{it}");
    let log = build(&server, site).await;
    assert!(log.contains("~/.local/lib") && !log.contains(&brings), "it is there from the last build: {log}");
    assert!(!log.contains("Recreating"), "and so are the packages: {log}");
}

const INTEGRITY: &str =
    "sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==";

#[tokio::test]
async fn pnpm_as_its_lock_file_needs_it() {
    let lock = "lockfileVersion: '9.0'\n\nsettings:\n  autoInstallPeers: true\n  excludeLinksFromLockfile: false\n\n\
        importers:\n\n  .:\n    dependencies:\n      is-number:\n        specifier: 7.0.0\n        version: 7.0.0\n\n\
        packages:\n\n  is-number@7.0.0:\n    resolution: {integrity: sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==}\n    \
        engines: {node: '>=0.12.0'}\n\nsnapshots:\n\n  is-number@7.0.0: {}\n";
    assert!(lock.contains(INTEGRITY));
    check(Manager {
        name: "with-pnpm",
        package: package(&json!({})),
        lock: ("pnpm-lock.yaml", lock),
        command: "pnpm run build",
        brought: "pnpm@10",
        agent: "pnpm/10.34.9",
    })
    .await;
}

#[tokio::test]
async fn the_first_yarn() {
    let lock = "# yarn lockfile v1\n\n\nis-number@7.0.0:\n  version \"7.0.0\"\n  \
        resolved \"REGISTRY/is-number/-/is-number-7.0.0.tgz\"\n  \
        integrity sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==\n";
    assert!(lock.contains(INTEGRITY));
    check(Manager {
        name: "with-yarn",
        package: package(&json!({})),
        lock: ("yarn.lock", lock),
        command: "yarn build",
        brought: "yarn@1",
        agent: "yarn/1.22.22",
    })
    .await;
}

#[tokio::test]
async fn a_newer_yarn_that_the_package_pins() {
    let lock = "# This file is generated by running \"yarn install\" inside your project.\n\
        # Manual changes might be lost - proceed with caution!\n\n__metadata:\n  version: 10\n  cacheKey: 10c0\n\n\"is-number@npm:7.0.0\":\n  version: 7.0.0\n  \
        resolution: \"is-number@npm:7.0.0\"\n  \
        checksum: 10c0/b4686d0d3053146095ccd45346461bc8e53b80aeb7671cc52a4de02dbbf7dc0d1d2a986e2fe4ae206984b4d34ef37e8b795ebc4f4295c978373e6575e295d811\n  \
        languageName: node\n  linkType: hard\n\n\"p@workspace:.\":\n  version: 0.0.0-use.local\n  \
        resolution: \"p@workspace:.\"\n  dependencies:\n    is-number: \"npm:7.0.0\"\n  languageName: unknown\n  linkType: soft\n";
    check(Manager {
        name: "with-berry",
        package: package(&json!({ "packageManager": "yarn@4.18.1" })),
        lock: ("yarn.lock", lock),
        command: "yarn build",
        brought: "@yarnpkg/cli-dist@4.18.1",
        agent: "yarn/4.18.1",
    })
    .await;
}

#[tokio::test]
async fn bun() {
    let lock = "{\n  \"lockfileVersion\": 1,\n  \"workspaces\": {\n    \"\": {\n      \"name\": \"p\",\n      \"dependencies\": {\n        \
        \"is-number\": \"7.0.0\",\n      },\n    },\n  },\n  \"packages\": {\n    \"is-number\": [\"is-number@7.0.0\", \"\", {}, \
        \"sha512-41Cifkg6e8TylSpdtTpeLVMqvSBEVzTttHvERD741+pnZ8ANv0004MRL43QKPDlK9cGvNp6NZWZUBlbGXYxxng==\"],\n  }\n}\n";
    assert!(lock.contains(INTEGRITY));
    check(Manager {
        name: "with-bun",
        package: package(&json!({})),
        lock: ("bun.lock", lock),
        command: "bun run build",
        brought: "bun",
        agent: "bun/1.4.5",
    })
    .await;
}
