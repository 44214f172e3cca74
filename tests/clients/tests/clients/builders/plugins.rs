//! Build plugins: one of the repository and one of npm, from the first event to the one after the
//! deploy is live.

use super::{Linked, marked};
use crate::support::{Repository, Server, client, copy};
use serde_json::json;

/// Says each event, changes the configuration, and looks at the deploy when it is live.
const LOCAL: &str = r#"
const http = require('http')
const say = (text) => console.log(`EVENT ${text}`)
const look = (address) => new Promise((done, failed) => {
  const { host, port } = new URL(address)
  http.get({ host: '127.0.0.1', port, path: '/', headers: { host } }, (answer) => {
    let text = ''
    answer.on('data', (chunk) => { text += chunk })
    answer.on('end', () => done(`${answer.statusCode} ${text.trim()}`))
  }).on('error', failed)
})
module.exports = {
  onPreBuild({ netlifyConfig, inputs, constants }) {
    say(`onPreBuild ${inputs.word} ${constants.IS_LOCAL} ${constants.SITE_ID === process.env.SITE_ID}`)
    netlifyConfig.build.environment.FROM_PLUGIN = 'made by a plugin'
    netlifyConfig.redirects.push({ from: '/old', to: '/', status: 301 })
    netlifyConfig.headers.push({ for: '/*', values: { 'X-Plugin': 'yes' } })
  },
  onBuild() { say('onBuild') },
  onPostBuild({ utils }) {
    say('onPostBuild')
    utils.status.show({ title: 'A title', summary: 'A summary', text: 'A text' })
  },
  async onSuccess() { say(`onSuccess ${await look(process.env.DEPLOY_URL)}`) },
  onEnd() { say('onEnd') },
  onError() { say('onError') },
}
"#;

fn site(repository: &Repository, plugin: &str, more: &str) {
    repository.write("plugins/local/manifest.yml", "name: local\ninputs:\n  - name: word\n");
    repository.write("plugins/local/index.js", plugin);
    let toml = format!(
        "[build]\ncommand = \"mkdir -p out && echo home of $FROM_PLUGIN > out/index.html && echo '/short / 302' > out/_redirects\"\n\
         publish = \"out\"\n[[plugins]]\npackage = \"./plugins/local\"\n[plugins.inputs]\nword = \"hello\"\n{more}"
    );
    repository.write("netlify.toml", &toml);
    repository.commit("A site with plugins");
}

#[tokio::test]
async fn plugins_run_and_see_the_deploy_live() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "plugins");
    copy(&client("plugins").join("node_modules"), &repository.folder.join("node_modules"));
    repository
        .write("package.json", r#"{ "private": true, "dependencies": { "@netlify/plugin-sitemap": "*" } }"#);
    site(&repository, LOCAL, "[[plugins]]\npackage = \"@netlify/plugin-sitemap\"\n");
    let site = Linked::new(&server, "plugins", &repository).await;
    let (deploy, lines) = site.build().await;
    assert_eq!(deploy["state"], "ready", "{deploy}");

    let expect = [
        "onPreBuild hello false true",
        "onBuild",
        "onPostBuild",
        "onSuccess 200 home of made by a plugin",
        "onEnd",
    ];
    assert_eq!(marked(&lines, "EVENT "), expect);
    let engine = "Engine: @netlify/build 35.15.0, since the site has the build plugins ./plugins/local, @netlify/plugin-sitemap.";
    assert!(lines.iter().any(|line| line == engine), "{lines:?}");
    assert!(!lines.iter().any(|line| line.contains("bhb_")), "the token of the build does not show");

    let build = server.get(&format!("/builds/{}", deploy["build_id"].as_str().expect("an id"))).await;
    let sections = build["sections"].as_array().expect("a list").iter();
    let mut names: Vec<_> = sections.filter_map(|section| section["name"].as_str()).collect();
    assert!(names.starts_with(&["queued", "clone"]) && names.contains(&"build"), "{names:?}");
    names.retain(|name| ["plugins", "upload", "publish"].contains(name));
    names.dedup();
    assert_eq!(names, ["plugins", "upload", "publish"]);

    assert_eq!(server.visit("plugins", "/").await.text, "home of made by a plugin\n");
    assert_eq!(server.visit("plugins", "/old").await.status, 301, "a redirect of a plugin counts");
    assert_eq!(server.visit("plugins", "/short").await.status, 302, "and those of the file stay");
    assert!(server.visit("plugins", "/sitemap.xml").await.text.contains("<urlset"));
    let runs = server.get(&format!("/deploys/{}/plugin_runs", deploy["id"].as_str().expect("an id"))).await;
    let runs = runs.as_array().expect("a list");
    let mut packages: Vec<_> =
        runs.iter().map(|run| (run["package"].to_string(), run["state"].to_string())).collect();
    packages.sort();
    let packages: Vec<_> =
        packages.iter().map(|(package, state)| (package.as_str(), state.as_str())).collect();
    assert_eq!(
        packages,
        [("\"./plugins/local\"", "\"success\""), ("\"@netlify/plugin-sitemap\"", "\"success\"")]
    );
    let local = runs.iter().find(|run| run["package"] == "./plugins/local").expect("it reported");
    assert_eq!((&local["title"], &local["summary"]), (&json!("A title"), &json!("A summary")));
    let latest = format!("/sites/{}/plugin_runs/latest?packages[]=./plugins/local", site.id);
    assert_eq!(server.get(&latest).await, json!([local]));
}

/// Tries what the token of a build lets it do, and deploys the token.
const CURIOUS: &str = r#"
const fs = require('fs')
module.exports = {
  async onPostBuild({ constants: { NETLIFY_API_TOKEN: token, NETLIFY_API_HOST: host, SITE_ID: site } }) {
    const other = process.env.OTHER_SITE
    const ask = async (method, path) => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
      const answer = await fetch(`http://${host}/api/v1${path}`, { method, headers, body: method === 'GET' ? undefined : '{}' })
      console.log(`EVENT ${method} ${path.replace(site, 'OWN').replace(other, 'OTHER')} ${answer.status}`)
    }
    await ask('GET', `/sites/${site}`)
    await ask('GET', `/sites/${other}`)
    await ask('PATCH', `/sites/${site}`)
    await ask('GET', `/sites/${site}/env`)
    await ask('GET', '/user')
    await ask('GET', '/accounts')
    await ask('POST', '/tokens')
    console.log(`the token is ${token}`)
    fs.writeFileSync('out/token', token)
  },
}
"#;

#[tokio::test]
async fn the_token_of_a_build_reaches_its_site_and_ends_with_it() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "curious");
    let other = server.make_site("other").await;
    site(&repository, CURIOUS, &format!("[build.environment]\nOTHER_SITE = \"{other}\"\n"));
    let linked = Linked::new(&server, "curious", &repository).await;
    let (deploy, lines) = linked.build().await;
    assert_eq!(deploy["state"], "ready", "{deploy}");
    let expect = [
        "GET /sites/OWN 200",
        "GET /sites/OTHER 404",
        "PATCH /sites/OWN 403",
        "GET /sites/OWN/env 403",
        "GET /user 403",
        "GET /accounts 403",
        "POST /tokens 403",
    ];
    assert_eq!(marked(&lines, "EVENT "), expect);
    assert!(lines.iter().any(|line| line == "the token is [secret]"), "{lines:?}");
    let token = server.visit("curious", "/token").await.text;
    assert!(token.starts_with("bhb_"), "{token}");
    assert_eq!(
        server.status_as(&token, &format!("/sites/{}", linked.id)).await,
        401,
        "it ended with its build"
    );
}

#[tokio::test]
async fn what_stops_a_build_is_named() {
    let server = Server::start().await;
    let repository = Repository::new(&server, "failing");
    let linked = Linked::new(&server, "failing", &repository).await;
    for (plugin, state, message) in [
        (
            "onBuild({ utils }) { utils.build.failBuild('not today') }",
            "error",
            "the build failed: Plugin \"./plugins/local\" failed: Error: not today",
        ),
        (
            "onBuild() { throw new Error('a slip') }",
            "error",
            "a build plugin failed: Plugin \"./plugins/local\" internal error: Error: a slip",
        ),
        ("onPreBuild({ utils }) { utils.build.cancelBuild('no need') }", "error", "Canceled"),
        ("onSuccess() { throw new Error('too late') }", "ready", ""),
    ] {
        site(&repository, &format!("module.exports = {{ {plugin} }}"), "");
        let (deploy, _) = linked.build().await;
        let said = deploy["error_message"].as_str().unwrap_or_default();
        assert_eq!((&deploy["state"], said), (&json!(state), message), "{plugin}");
    }
    site(&repository, "module.exports = { onEnd() {} }", "[context.production]\ncommand = \"exit 7\"\n");
    let (deploy, _) = linked.build().await;
    assert_eq!(deploy["error_message"], "the build command failed with exit code 7");
}
