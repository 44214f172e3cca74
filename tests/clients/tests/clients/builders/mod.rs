//! Builds on the server with the real `@netlify/build`: plugins, functions, and the environment that
//! both engines show.

mod configuration;
mod environment;
mod functions;
mod plugins;

use crate::support::{Repository, Server};
use reqwest::Method;
use serde_json::{Value, json};

/// A site that is linked to a repository.
struct Linked<'a> {
    server: &'a Server,
    id: String,
}

impl<'a> Linked<'a> {
    async fn new(server: &'a Server, name: &str, repository: &Repository) -> Self {
        let id = server.make_site(name).await;
        repository.link(server, &id, "", "").await;
        Self { server, id }
    }

    /// Changes how the site is built.
    async fn set(&self, settings: Value) {
        let body = json!({ "build_settings": settings });
        self.server.call(Method::PATCH, &format!("/sites/{}", self.id), Some(body)).await.json();
    }

    /// Builds it: the deploy as it is in the end, and the lines of the log.
    async fn build(&self) -> (Value, Vec<String>) {
        let build = self.server.post(&format!("/sites/{}/builds", self.id), json!({})).await;
        let deploy = format!("/deploys/{}", build["deploy_id"].as_str().expect("an id"));
        let id = build["id"].as_str().expect("an id").to_owned();
        // following a log ends when its build does
        let stream = self.server.call(Method::GET, &format!("/builds/{id}/log/stream"), None).await;
        assert_eq!(stream.status, 200, "{}", stream.text);
        let log = self.server.call(Method::GET, &format!("/builds/{id}/log"), None).await;
        assert_eq!(log.status, 200, "{}", log.text);
        let lines: Vec<String> = log.text.lines().map(message).collect();
        println!("{}", lines.join("\n"));
        (self.server.get(&deploy).await, lines)
    }
}

/// What a line of a log says.
fn message(line: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    line["message"].as_str().expect("a message").to_owned()
}

/// The lines that begin with one of these words, as they follow each other.
fn marked<'a>(lines: &'a [String], mark: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim()).collect()
}
