//! The server of an add-on in Node, which verifies every call with npm `jsonwebtoken`.

use super::{Server, client, machine, python};
use serde_json::{Value, json};
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long one line may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A running add-on, registered.
pub(crate) struct Addon {
    /// The secret that registration drew.
    pub(crate) secret: String,
    output: Lines<BufReader<ChildStdout>>,
    _input: ChildStdin,
    _process: Child,
}

impl Addon {
    /// Starts one and registers it under this slug.
    pub(crate) async fn start(server: &Server, slug: &str) -> Self {
        let mut process = Command::new(machine::node())
            .arg(machine::script("addon.mjs"))
            .arg(client("api"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("node starts");
        let mut input = process.stdin.take().expect("it listens");
        let mut output = BufReader::new(process.stdout.take().expect("it speaks")).lines();
        let port =
            timeout(LIMIT, output.next_line()).await.expect("in time").expect("a line").expect("its port");
        let endpoint = format!("http://127.0.0.1:{port}/api/");
        let form =
            json!({ "name": "Demo", "slug": slug, "description": "Keeps a name", "endpoint": endpoint });
        let registered = server.post("/services", form).await;
        let secret = registered["secret"].as_str().expect("it is shown once").to_owned();
        input.write_all(format!("{secret}\n").as_bytes()).await.expect("it listens");
        Self { secret, output, _input: input, _process: process }
    }

    /// What it saw next: `{method, path, body, bearer, claims}`, or `refused` in place of claims.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(LIMIT, self.output.next_line()).await.expect("it is asked in time");
        let line = line.expect("it speaks").expect("it is still there");
        println!("add-on: {line}");
        serde_json::from_str(&line).expect("it speaks JSON")
    }
}

/// What PyJWT and ruby-jwt say of a token: the claims, or `refused`.
pub(crate) async fn second_opinions(token: &str, secret: &str) -> Vec<Value> {
    let mut said = Vec::new();
    for (program, script) in [(python(), "verify-addon.py"), ("ruby".into(), "verify-addon.rb")] {
        let mut process = Command::new(program)
            .arg(machine::script(script))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the library's interpreter starts");
        let question = json!({ "token": token, "secret": secret }).to_string();
        let mut input = process.stdin.take().expect("it listens");
        input.write_all(question.as_bytes()).await.expect("it listens");
        drop(input);
        let output = process.wait_with_output().await.expect("it ends");
        said.push(serde_json::from_slice(&output.stdout).expect("the script prints JSON"));
    }
    said
}
