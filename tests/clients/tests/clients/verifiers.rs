//! The consumers that the guide shows: each takes a real delivery, and each passes every check of
//! `boathook hooks check`, which is the proof that it refuses what it should.

use crate::support::{Consumer, Language, OWNER_TOKEN, Server, boathook, root};
use serde_json::{Value, json};
use std::process::{Output, Stdio};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;
use tokio::time::timeout;

const SECRET: &str = "the secret of a consumer in an example";
/// How long a line of `boathook listen` may take.
const LIMIT: Duration = Duration::from_secs(60);

async fn run(arguments: &[&str]) -> (Output, String) {
    let output = Command::new(boathook()).args(arguments).output().await.expect("boathook starts");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let text = format!("boathook {arguments:?}\n{said}{}", String::from_utf8_lossy(&output.stderr));
    println!("{text}");
    (output, said)
}

/// A site with a hook that leads to `url`; the hook's id.
async fn hook(server: &Server, url: &str) -> String {
    let site = server.make_site("verified").await;
    let data = json!({ "url": url, "signature_secret": SECRET });
    let body = json!({ "type": "url", "event": "deploy_succeeded", "data": data });
    let hook = server.post(&format!("/hooks?site_id={site}"), body).await;
    hook["id"].as_str().expect("a hook has an id").to_owned()
}

async fn fire(server: &Server, event: &str, more: &[&str]) -> (Output, String) {
    let control = server.control_url();
    let fixed = ["events", "fire", event, "--site", "verified", "--server", &control, "--token", OWNER_TOKEN];
    run(&[&fixed, more].concat()).await
}

async fn verifies(language: Language) {
    let server = Server::start().await;
    let consumer = Consumer::start(language, SECRET).await;
    let hook = hook(&server, &consumer.url()).await;
    for event in ["deploy_succeeded", "submission_created", "hook_failing"] {
        let (output, said) = fire(&server, event, &["--hook", &hook]).await;
        assert!(output.status.success() && said.contains("delivered: answered 204"), "{event}: {said}");
    }
    let (output, said) = run(&["hooks", "check", &consumer.url(), "--secret", SECRET, "--json"]).await;
    let report: Value = serde_json::from_str(&said).expect("a report");
    let findings = report["findings"].as_array().expect("findings");
    let short: Vec<&Value> = findings.iter().filter(|one| one["outcome"] != "pass").collect();
    assert!(output.status.success() && short.is_empty() && findings.len() >= 18, "{language:?}: {short:?}");
}

#[tokio::test]
async fn node() {
    verifies(Language::Node).await;
}

#[tokio::test]
async fn node_with_jsonwebtoken() {
    verifies(Language::NodeJsonwebtoken).await;
}

#[tokio::test]
async fn ruby_with_sinatra() {
    verifies(Language::Ruby).await;
}

#[tokio::test]
async fn python_with_pyjwt() {
    verifies(Language::Python).await;
}

#[tokio::test]
async fn go() {
    verifies(Language::Go).await;
}

#[tokio::test]
async fn rust() {
    verifies(Language::Rust).await;
}

/// Deliveries that a hook could not make itself reach the consumer on this machine, verified.
#[tokio::test]
async fn listening_brings_deliveries_to_this_machine() {
    let server = Server::start().await;
    let consumer = Consumer::start(Language::Node, SECRET).await;
    let hook = hook(&server, "http://127.0.0.1:9/nobody").await;
    fire(&server, "deploy_succeeded", &["--wait", "0"]).await;
    let mut listener = Command::new(boathook())
        .args(["listen", "--hook", &hook, "--forward", &consumer.url(), "--replay", "last:1"])
        .args(["--server", &server.control_url(), "--token", OWNER_TOKEN])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("boathook starts");
    let mut lines = BufReader::new(listener.stdout.take().expect("it speaks")).lines();
    let mut line = async || {
        timeout(LIMIT, lines.next_line()).await.ok().and_then(Result::ok).flatten().expect("a line in time")
    };
    assert!(line().await.starts_with("Forwarding to http://127.0.0.1:"));
    let replayed = line().await;
    assert!(replayed.contains("deploy_succeeded") && replayed.contains("  204 in "), "{replayed}");
    fire(&server, "deploy_failed", &["--hook", &hook, "--wait", "0"]).await;
    let live = line().await;
    assert!(live.contains("deploy_failed") && live.contains("  204 in "), "{live}");
}

/// The guide shows the files that these tests run.
#[test]
fn the_guide_shows_what_is_tested() {
    let guide =
        std::fs::read_to_string(root().join("docs/guides/verify-notifications.md")).expect("the guide");
    for (language, file) in Language::ALL {
        let source = std::fs::read_to_string(language.file()).expect("an example");
        assert!(guide.contains(&format!("\n{source}```\n")), "put examples/verify/{file} into the guide");
    }
}
