//! Webhooks as GitHub sends them: its own published examples with the test's commit in them, signed.

use serde_json::{Value, json};
use signing::hmac_sha256_hex;
use std::path::Path;

/// Where the examples are below the folder of installed clients.
const EXAMPLES: &str = "githosts/node_modules/@octokit/webhooks-examples/api.github.com/index.json";

/// GitHub's example of a push, of this commit to this branch.
#[must_use]
pub fn push_of(commit: &str, branch: &str) -> String {
    example(
        "push",
        |one| one["ref"] == "refs/heads/master",
        |body| {
            body["ref"] = json!(format!("refs/heads/{branch}"));
            body["after"] = json!(commit);
            body["head_commit"]["id"] = json!(commit);
        },
    )
}

/// GitHub's example of a pull request with this commit; its number is 2.
#[must_use]
pub fn request_of(commit: &str, action: &str) -> String {
    example(
        "pull_request",
        |one| one["action"] == "opened",
        |body| {
            body["action"] = json!(action);
            body["pull_request"]["head"]["sha"] = json!(commit);
            body["pull_request"]["base"]["ref"] = json!("main");
        },
    )
}

/// What GitHub publishes as an example of an event, changed.
///
/// # Panics
/// When the examples are not installed, or none fits.
#[must_use]
pub fn example(event: &str, fits: impl Fn(&Value) -> bool, change: impl Fn(&mut Value)) -> String {
    let clients =
        std::env::var_os("BOATHOOK_TEST_CLIENTS").expect("BOATHOOK_TEST_CLIENTS is set by `make test`");
    let text = std::fs::read(Path::new(&clients).join(EXAMPLES)).expect("the examples are installed");
    let all: Value = serde_json::from_slice(&text).expect("JSON");
    let of_event =
        all.as_array().expect("a list").iter().find(|one| one["name"] == event).expect("the event");
    let examples = of_event["examples"].as_array().expect("a list");
    let mut body = examples.iter().find(|one| fits(one)).expect("an example").clone();
    change(&mut body);
    body.to_string()
}

/// The headers of a webhook that is signed with the site's secret.
#[must_use]
pub fn headers(event: &str, secret: &str, body: &str) -> [(&'static str, String); 4] {
    let signature = hmac_sha256_hex(secret.as_bytes(), body.as_bytes());
    [
        ("Content-Type", "application/json".to_owned()),
        ("X-GitHub-Event", event.to_owned()),
        ("X-GitHub-Delivery", signature[..32].to_owned()),
        ("X-Hub-Signature-256", format!("sha256={signature}")),
    ]
}
