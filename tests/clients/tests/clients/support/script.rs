//! Scripts of this package: one in Node that is spoken to line by line, or any that is asked once.

use super::machine;
use serde_json::Value;
use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long one line may take.
const LIMIT: Duration = Duration::from_secs(60);

/// A running script.
pub(crate) struct Script {
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    process: Child,
}

impl Script {
    /// Starts a script in Node.
    pub(crate) fn start(name: &str, arguments: &[&OsStr]) -> Self {
        let mut command = Command::new(machine::node());
        command.arg(machine::script(name)).args(arguments);
        let mut process = spoken_to(command);
        let input = process.stdin.take().expect("it listens");
        let output = BufReader::new(process.stdout.take().expect("it speaks")).lines();
        Self { input, output, process }
    }

    /// Says a line to it.
    pub(crate) async fn say(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).await.expect("the script listens");
    }

    /// What it says next.
    pub(crate) async fn next(&mut self) -> String {
        let line = timeout(LIMIT, self.output.next_line()).await.expect("the script answers in time");
        line.expect("the script speaks").expect("the script is still there")
    }

    /// Ends it.
    pub(crate) async fn stop(mut self) {
        self.process.kill().await.expect("it can be ended");
    }
}

/// What a program prints when it is asked.
pub(crate) async fn asked(program: PathBuf, arguments: &[PathBuf], question: &Value) -> Vec<u8> {
    let mut command = Command::new(program);
    command.args(arguments);
    let mut process = spoken_to(command);
    let mut input = process.stdin.take().expect("it listens");
    input.write_all(question.to_string().as_bytes()).await.expect("it listens");
    drop(input);
    process.wait_with_output().await.expect("it ends").stdout
}

fn spoken_to(mut command: Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command.spawn().expect("the language of the script starts")
}
