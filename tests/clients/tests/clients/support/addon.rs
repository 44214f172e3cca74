//! The server of an add-on in Node, which verifies every call with npm `jsonwebtoken`.

use super::script::{Script, asked};
use super::{Server, client, machine, python};
use serde_json::{Value, json};

/// A running add-on, registered.
pub(crate) struct Addon {
    /// The secret that registration drew.
    pub(crate) secret: String,
    script: Script,
}

impl Addon {
    /// Starts one and registers it under this slug.
    pub(crate) async fn start(server: &Server, slug: &str) -> Self {
        let mut script = Script::start("addon.mjs", &[client("api").as_ref()]);
        let port = script.next().await;
        let endpoint = format!("http://127.0.0.1:{port}/api/");
        let form =
            json!({ "name": "Demo", "slug": slug, "description": "Keeps a name", "endpoint": endpoint });
        let registered = server.post("/services", form).await;
        let secret = registered["secret"].as_str().expect("it is shown once").to_owned();
        script.say(&secret).await;
        Self { secret, script }
    }

    /// Ends it.
    pub(crate) async fn stop(self) {
        self.script.stop().await;
    }

    /// What it saw next: `{token, method, path, body, bearer, claims}`, or `refused` in place of claims, and
    /// `headers` of a visitor's request.
    pub(crate) async fn next(&mut self) -> Value {
        let line = self.script.next().await;
        println!("add-on: {line}");
        serde_json::from_str(&line).expect("it speaks JSON")
    }
}

/// What PyJWT and ruby-jwt say of a token: the claims, or `refused`.
pub(crate) async fn second_opinions(token: &str, secret: &str) -> Vec<Value> {
    let question = json!({ "token": token, "secret": secret });
    let mut said = Vec::new();
    for (program, script) in [(python(), "verify-addon.py"), ("ruby".into(), "verify-addon.rb")] {
        let answer = asked(program, &[machine::script(script)], &question).await;
        said.push(serde_json::from_slice(&answer).expect("it prints JSON"));
    }
    said
}

/// The token of somebody who is logged in at a site, made with PyJWT by whoever holds the site's secret.
pub(crate) async fn visitors_token(claims: Value, secret: &str) -> String {
    let question = json!({ "claims": claims, "secret": secret });
    let token = asked(python(), &[machine::script("visitor.py")], &question).await;
    String::from_utf8(token).expect("a token is text")
}
