//! `@netlify/api` in a Node process that calls what it is told, one line a call.

use super::server::{OWNER_TOKEN, Server};
use super::{client, machine};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(60);

/// The client, logged in as the owner.
pub(crate) struct ApiClient {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl ApiClient {
    pub(crate) fn start(server: &Server) -> Self {
        let mut process = Command::new(machine::node())
            .arg(machine::script("api.mjs"))
            .args([&client("api").display().to_string(), &format!("localhost:{}", server.port), OWNER_TOKEN])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let input = process.stdin.take().expect("it listens");
        let output = BufReader::new(process.stdout.take().expect("it speaks")).lines();
        Self { input, output, _process: process }
    }

    /// Calls an operation by its name: what it returned, or `{status, message, text}` of the error it threw.
    pub(crate) async fn call(&mut self, operation: &str, parameters: Value) -> Result<Value, Value> {
        let line = json!({ "operation": operation, "parameters": parameters }).to_string() + "\n";
        self.input.write_all(line.as_bytes()).await.expect("the client listens");
        let line = timeout(LIMIT, self.output.next_line()).await.expect("the client answers in time");
        let line = line.expect("the client speaks").expect("the client is still there");
        let mut answer: Value = serde_json::from_str(&line).expect("the script prints JSON");
        match answer.get_mut("error") {
            Some(error) => Err(error.take()),
            None => Ok(answer["value"].take()),
        }
    }

    /// Calls an operation that must succeed.
    pub(crate) async fn must(&mut self, operation: &str, parameters: Value) -> Value {
        let answer = self.call(operation, parameters).await;
        answer.unwrap_or_else(|error| panic!("{operation}: {error}"))
    }

    /// Calls an operation that must be refused: the status.
    pub(crate) async fn refused(&mut self, operation: &str, parameters: Value) -> (i64, String) {
        let error = self.call(operation, parameters).await.expect_err(operation);
        (error["status"].as_i64().unwrap_or_default(), error.to_string())
    }
}
