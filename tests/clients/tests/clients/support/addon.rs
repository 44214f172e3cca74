//! The server of an add-on in Node, which verifies every call with npm `jsonwebtoken`.

use super::{Server, client, machine, python};
use serde_json::{Value, json};
use std::path::PathBuf;
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
    process: Child,
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
        Self { secret, output, _input: input, process }
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) {
        self.process.kill().await.expect("it can be ended");
    }

    /// What it saw next: `{token, method, path, body, bearer, claims}`, or `refused` in place of claims, and
    /// `headers` of a visitor's request.
    pub(crate) async fn next(&mut self) -> Value {
        let line = timeout(LIMIT, self.output.next_line()).await.expect("it is asked in time");
        let line = line.expect("it speaks").expect("it is still there");
        println!("add-on: {line}");
        serde_json::from_str(&line).expect("it speaks JSON")
    }
}

/// What PyJWT and ruby-jwt say of a token: the claims, or `refused`.
pub(crate) async fn second_opinions(token: &str, secret: &str) -> Vec<Value> {
    let question = json!({ "token": token, "secret": secret });
    let mut said = Vec::new();
    for (program, script) in [(python(), "verify-addon.py"), ("ruby".into(), "verify-addon.rb")] {
        said.push(serde_json::from_slice(&asked(program, script, &question).await).expect("it prints JSON"));
    }
    said
}

/// The token of somebody who is logged in at a site, made with PyJWT by whoever holds the site's secret.
pub(crate) async fn visitors_token(claims: Value, secret: &str) -> String {
    let question = json!({ "claims": claims, "secret": secret });
    String::from_utf8(asked(python(), "visitor.py", &question).await).expect("a token is text")
}

/// What a script prints when it is asked.
async fn asked(program: PathBuf, script: &str, question: &Value) -> Vec<u8> {
    let mut process = Command::new(program)
        .arg(machine::script(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the library's interpreter starts");
    let mut input = process.stdin.take().expect("it listens");
    input.write_all(question.to_string().as_bytes()).await.expect("it listens");
    drop(input);
    process.wait_with_output().await.expect("it ends").stdout
}
