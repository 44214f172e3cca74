//! `@netlify/api` in a Node process that calls what it is told, one line a call.

use super::client;
use super::script::Script;
use super::server::{OWNER_TOKEN, Server};
use serde_json::{Value, json};

/// The client, logged in as the owner.
pub(crate) struct ApiClient(Script);

impl ApiClient {
    pub(crate) fn start(server: &Server) -> Self {
        let (modules, host) = (client("api"), format!("localhost:{}", server.port));
        Self(Script::start("api.mjs", &[modules.as_ref(), host.as_ref(), OWNER_TOKEN.as_ref()]))
    }

    /// Calls an operation by its name: what it returned, or `{status, message, text}` of the error it threw.
    pub(crate) async fn call(&mut self, operation: &str, parameters: Value) -> Result<Value, Value> {
        self.0.say(&json!({ "operation": operation, "parameters": parameters }).to_string()).await;
        let mut answer: Value = serde_json::from_str(&self.0.next().await).expect("the script prints JSON");
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
