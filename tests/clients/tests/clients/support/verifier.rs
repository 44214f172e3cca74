//! The JWT libraries that consumers of notifications use, asked for a second opinion.

use super::{client, machine, python};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::process::Stdio;
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

/// A library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verifier {
    /// npm `jsonwebtoken`.
    Npm,
    /// `PyJWT`.
    Python,
}

impl Verifier {
    /// Every library.
    pub(crate) const ALL: [Self; 2] = [Self::Npm, Self::Python];

    fn command(self) -> (PathBuf, Vec<PathBuf>) {
        match self {
            Self::Npm => (machine::node(), vec![machine::script("verify.mjs"), client("api")]),
            Self::Python => (python(), vec![machine::script("verify.py")]),
        }
    }

    /// Verifies as seed 003 tells consumers to: HS256, issuer `netlify`, and the digest of the body.
    /// The claims, or why the library refused.
    pub(crate) async fn verify(self, token: &str, secret: &str, body: &[u8]) -> Result<Value, String> {
        let (program, arguments) = self.command();
        let mut process = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the library's interpreter starts");
        let question = json!({ "token": token, "secret": secret, "body": hex::encode(body) }).to_string();
        let mut input = process.stdin.take().expect("it listens");
        input.write_all(question.as_bytes()).await.expect("it listens");
        drop(input);
        let output = process.wait_with_output().await.expect("it ends");
        let mut answer: Value = serde_json::from_slice(&output.stdout).expect("the script prints JSON");
        match answer.get("refused").and_then(Value::as_str) {
            Some(why) => Err(why.to_owned()),
            None => Ok(answer["claims"].take()),
        }
    }
}
