//! Repositories of real generators behind smart HTTP, on sites without any settings: built by a push,
//! by a build hook, and on the author's machine by the command line.

use crate::support::{Answer, Cli, Login, Server, Version, client, copy, root};
use reqwest::Method;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use test_hosts::webhooks::{Event, Host};
use test_hosts::{GitHost, Registry};

/// What the sources of every site say; the tests say something else each time.
const WORDS: &str = "Made by";

/// A generator and its site in `tests/clients/sites`.
struct Generator {
    name: &'static str,
    /// The source that says [`WORDS`].
    source: &'static str,
    /// What follows the words on the page that is made of it.
    page: &'static str,
    /// How the log names it; nothing for plain files.
    detected: Option<&'static str>,
    /// Another page, and what it says.
    other: (&'static str, &'static str),
    /// Whether its packages come from the registry.
    packages: bool,
}

impl Generator {
    fn folder(&self) -> PathBuf {
        root().join("tests/clients/sites").join(self.name)
    }

    /// The source with these words.
    fn source(&self, words: &str) -> String {
        let text = std::fs::read_to_string(self.folder().join(self.source)).expect("a source");
        assert!(text.contains(WORDS), "{text}");
        text.replace(WORDS, words)
    }

    /// Copies the site's files into a folder, with these words in them.
    fn copy(&self, to: &Path, words: &str) {
        copy(&self.folder().join("."), to);
        std::fs::write(to.join(self.source), self.source(words)).expect("a file can be written");
    }
}

/// A generator's repository, and the site that is linked to it.
struct Scene {
    generator: Generator,
    server: Server,
    _host: GitHost,
    repository: test_hosts::Repository,
    _registry: Option<Registry>,
    site: Value,
    secret: String,
}

impl Scene {
    async fn new(generator: Generator) -> Self {
        let (server, host) = (Server::start().await, GitHost::start());
        let repository = host.repository("acme/site");
        let repo = json!({ "provider": "github", "repo_url": repository.url, "repo_branch": "main" });
        let site = server.post("/sites", json!({ "name": generator.name, "repo": repo })).await;
        let drawn = server.post(&format!("/sites/{}/push_hook", text(&site, "id")), json!({})).await;
        let secret = text(&drawn, "secret").to_owned();
        let registry = match generator.packages {
            true => Some(offer(&server, generator.name).await),
            false => None,
        };
        Self { generator, server, _host: host, repository, _registry: registry, site, secret }
    }

    fn id(&self) -> &str {
        text(&self.site, "id")
    }

    /// Commits and pushes the site with these words; the commit.
    fn push(&self, words: &str) -> String {
        self.generator.copy(&self.repository.clone, words);
        let commit = self.repository.commit(words);
        self.repository.push("main");
        commit
    }

    /// Tells the server of a push, as GitHub does.
    async fn tell(&self, commit: &str) -> Answer {
        let url = text(&self.site, "deploy_hook");
        let path = &url[url.find("/hooks/").expect("a path")..];
        let event = Event::Pushed { branch: "main", before: None, after: commit };
        let webhook = Host::GitHub.tells(&self.repository, event, &self.secret);
        self.server.webhook(path, &webhook.headers, &webhook.body).await
    }

    /// The newest build of the site, followed to its end: its deploy, and its log.
    async fn built(&self) -> (Value, String) {
        let builds = self.server.get(&format!("/sites/{}/builds", self.id())).await;
        let build = text(&builds[0], "id").to_owned();
        // following a log ends when its build does
        let stream = self.server.call(Method::GET, &format!("/builds/{build}/log/stream"), None).await;
        assert_eq!(stream.status, 200, "{}", stream.text);
        let log = self.server.call(Method::GET, &format!("/builds/{build}/log"), None).await.text;
        println!("{log}");
        let deploy = self.server.get(&format!("/deploys/{}", text(&builds[0], "deploy_id"))).await;
        assert_eq!(deploy["state"], "ready", "{deploy}");
        (deploy, log)
    }

    /// Checks what visitors get.
    async fn serves(&self, words: &str) {
        let name = self.generator.name;
        let home = self.server.visit(name, "/").await;
        assert_eq!(home.status, 200, "{home:?}");
        let script = home.text.split('"').find(|part| part.starts_with("/assets/"));
        let page = match script {
            Some(script) => self.server.visit(name, script).await.text,
            None => home.text.clone(),
        };
        let expect = format!("{words} {}", self.generator.page);
        assert!(page.contains(&expect), "no `{expect}` in:\n{}", home.text);
        let (path, expect) = self.generator.other;
        let other = self.server.visit(name, path).await;
        assert!(other.status == 200 && other.text.contains(expect), "{path}: {other:?}");
    }

    async fn by_push(&self) {
        let commit = self.push("Pushed to");
        let told = self.tell(&commit).await.json();
        assert_eq!(told[0]["outcome"], "built", "{told}");
        let (deploy, log) = self.built().await;
        assert_eq!((&deploy["id"], &deploy["commit_ref"]), (&told[0]["deploy_id"], &json!(commit)));
        match self.generator.detected {
            Some(detected) => assert!(log.contains(&format!("Detected {detected}")), "{log}"),
            None => assert!(!log.contains("Detected"), "{log}"),
        }
        self.serves("Pushed to").await;
    }

    async fn by_hook(&self) {
        let commit = self.push("Called for");
        let hook = json!({ "title": "Publish", "branch": "main" });
        let hook = self.server.post(&format!("/sites/{}/build_hooks", self.id()), hook).await;
        let called = self.server.post_anonymously(&format!("/build_hooks/{}", text(&hook, "id"))).await;
        assert_eq!(called.status, 200, "{called:?}");
        let (deploy, log) = self.built().await;
        assert_eq!(
            (&deploy["commit_ref"], &deploy["title"]),
            (&json!(commit), &json!("Deploy triggered by hook: Publish"))
        );
        let modules =
            log.lines().any(|line| line.contains("Restored from the cache") && line.contains("node_modules"));
        assert_eq!(modules, self.generator.packages, "{log}");
        self.serves("Called for").await;
    }

    async fn by_command_line(&self) {
        let cli = Cli::new(&self.server, Version::V27, Login::Environment);
        let project = cli.project(self.generator.name);
        self.generator.copy(&project.folder, "Deployed from");
        if self.generator.packages {
            copy(&client(self.generator.name).join("node_modules"), &project.folder.join("node_modules"));
        }
        project.write(".netlify/state.json", &json!({ "siteId": self.id() }).to_string());
        let deployed = project.json("deploy --build --prod --json").await;
        let deploy = self.server.get(&format!("/deploys/{}", text(&deployed, "deploy_id"))).await;
        assert_eq!(
            (&deploy["state"], &deploy["context"]),
            (&json!("ready"), &json!("production")),
            "{deploy}"
        );
        self.serves("Deployed from").await;
    }
}

/// A registry with the packages of a site, and the variable that makes builds ask it.
async fn offer(server: &Server, name: &str) -> Registry {
    let registry = Registry::of(&client(name));
    let account = server.get("/accounts").await[0]["slug"].as_str().expect("a slug").to_owned();
    let variable = json!([{
        "key": "NPM_CONFIG_REGISTRY", "scopes": ["builds"], "values": [{ "context": "all", "value": registry.url }],
    }]);
    server.post(&format!("/accounts/{account}/env"), variable).await;
    registry
}

fn text<'a>(thing: &'a Value, field: &str) -> &'a str {
    thing[field].as_str().unwrap_or_else(|| panic!("no text {field} in {thing}"))
}

/// Builds a site in all three ways.
async fn check(generator: Generator) {
    let scene = Scene::new(generator).await;
    scene.by_push().await;
    scene.by_hook().await;
    scene.by_command_line().await;
}

#[tokio::test]
async fn eleventy() {
    check(Generator {
        name: "eleventy",
        source: "index.md",
        page: "<em>Eleventy</em>",
        detected: Some("eleventy: runs `npm run build`, publishes `_site`"),
        other: ("/posts/one/", "First post"),
        packages: true,
    })
    .await;
}

#[tokio::test]
async fn astro() {
    check(Generator {
        name: "astro",
        source: "src/pages/index.astro",
        page: "Astro</h1> <ol><li>1</li><li>4</li><li>9</li></ol>",
        detected: Some("astro: runs `npm run build`, publishes `dist`"),
        other: ("/about/", "About <em>squares</em>"),
        packages: true,
    })
    .await;
}

#[tokio::test]
async fn vite_with_react() {
    check(Generator {
        name: "vite",
        source: "src/Counter.jsx",
        page: "Vite and React: ",
        detected: Some("vite: runs `npm run build`, publishes `dist`"),
        other: ("/", "<div id=\"root\"></div>"),
        packages: true,
    })
    .await;
}

#[tokio::test]
async fn hugo() {
    check(Generator {
        name: "hugo",
        source: "content/_index.md",
        page: "<em>Hugo</em>",
        detected: Some("hugo: runs `hugo`, publishes `public`"),
        other: ("/posts/one/", "First note"),
        packages: false,
    })
    .await;
}

#[tokio::test]
async fn plain_html() {
    check(Generator {
        name: "html",
        source: "index.html",
        page: "hand",
        detected: None,
        other: ("/css/page.css", "max-width"),
        packages: false,
    })
    .await;
}
