//! The JWT libraries that consumers of notifications use, asked for a second opinion.

use super::script::asked;
use super::{client, machine, python};
use serde_json::{Value, json};
use std::path::PathBuf;

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
        let question = json!({ "token": token, "secret": secret, "body": hex::encode(body) });
        let answer = asked(program, &arguments, &question).await;
        let mut answer: Value = serde_json::from_slice(&answer).expect("the script prints JSON");
        match answer.get("refused").and_then(Value::as_str) {
            Some(why) => Err(why.to_owned()),
            None => Ok(answer["claims"].take()),
        }
    }
}
