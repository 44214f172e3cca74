//! The log of a build as both command lines show it, while the build runs and afterwards: through the
//! sockets that they open at a host which is written into their code.

use crate::support::{Cli, Login, Project, Repository, Server, Version, shell};
use reqwest::Method;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};

/// How long a build may take to begin on a busy machine.
const LIMIT: Duration = Duration::from_secs(90);

/// A site whose build says `before`, waits for a word from the test, says it and ends.
struct Waiting {
    words: TcpListener,
    site: String,
}

impl Waiting {
    async fn new(server: &Server, name: &str) -> Self {
        let words = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = words.local_addr().expect("bound").port();
        let site = server.make_site(name).await;
        let repository = Repository::new(server, name);
        repository.write("page.txt", "page");
        let script = format!(
            "echo before the word\nread -r word < /dev/tcp/127.0.0.1/{port}\necho \"the word is $word\"\nmkdir out && cp page.txt out/index.html\n"
        );
        repository.write("build.sh", &script);
        repository.commit("Wait");
        repository.link(server, &site, "bash build.sh", "out").await;
        Self { words, site }
    }

    async fn begin(&self, server: &Server) -> Value {
        server.call(Method::POST, &format!("/sites/{}/builds", self.site), Some(json!({}))).await.json()
    }

    fn link(&self, project: &Project<'_>) {
        project.write(".netlify/state.json", &json!({ "siteId": self.site }).to_string());
    }

    /// Waits until the build asks for the word.
    async fn asks(&self) -> TcpStream {
        let asked = tokio::time::timeout(LIMIT, self.words.accept()).await.expect("the build runs");
        asked.expect("it asks").0
    }
}

async fn tell(mut build: TcpStream, word: &str) {
    build.write_all(format!("{word}\n").as_bytes()).await.expect("told");
}

#[tokio::test]
async fn a_running_build_is_followed_and_a_finished_one_shown() {
    let server = Server::start().await;
    let cli = Cli::new(&server, Version::V27, Login::Environment);
    let project = cli.project("logs");
    let waiting = Waiting::new(&server, "logs").await;
    waiting.link(&project);
    let site = waiting.site.clone();
    let deploy = waiting.begin(&server).await["deploy_id"].as_str().expect("an id").to_owned();
    let mut follow = project.start(&format!("logs --source deploy --follow --deploy-id {deploy}"));
    follow.until("before the word").await;
    tell(waiting.asks().await, "seagull").await;
    follow.until("the word is seagull").await;
    follow.until("The build is done.").await;
    follow.until("Deploy stream closed.").await;
    follow.finish().await;

    let lines = project.run(&format!("logs --source deploy --deploy-id {deploy} --since 1h --json")).await;
    let lines: Vec<Value> = lines.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let said =
        |text: &str| lines.iter().find(|line| line["message"].as_str().is_some_and(|m| m.contains(text)));
    let line = said("the word is seagull").unwrap_or_else(|| panic!("{lines:#?}"));
    assert_eq!((&line["level"], &line["source"]), (&"info".into(), &"deploy".into()), "{line}");
    assert!(said("before the word").is_some() && said("Cloning").is_some(), "{lines:#?}");

    let folder = server.folder("projects/typed-logs");
    std::fs::create_dir_all(folder.join(".netlify")).expect("a folder");
    std::fs::write(folder.join(".netlify/state.json"), json!({ "siteId": site }).to_string())
        .expect("a file");
    let script = "boathook netlify --server $SERVER --token $TOKEN -- logs --source deploy --since 1h";
    let shown = shell(&server, &folder, script).await;
    assert!(shown.contains("the word is seagull"), "{shown}");
}

#[tokio::test]
async fn the_older_command_line_follows_a_running_build() {
    let server = Server::start().await;
    let cli = Cli::new(&server, Version::V17, Login::Environment);
    let project = cli.project("logs17");
    let waiting = Waiting::new(&server, "logs17").await;
    waiting.link(&project);
    waiting.begin(&server).await;
    // it looks for a build that runs, and one that only waits is none
    let build = waiting.asks().await;
    let mut follow = project.start("logs:deploy");
    follow.until("before the word").await;
    tell(build, "heron").await;
    follow.until("the word is heron").await;
    follow.until("---").await;
    follow.finish().await;
}
