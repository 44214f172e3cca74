//! Gitea and Forgejo: HMAC-SHA-256 of the body, bare, in `X-Gitea-Signature` or `X-Forgejo-Signature`.
//! Their bodies are in GitHub's words.

use super::body::Body;
use super::change::Change;
use super::github;
use http::HeaderMap;
use signing::{hmac_sha256_hex, same_secret};

/// Whether the request was signed with this secret.
pub(super) fn verify(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let given = ["x-forgejo-signature", "x-gitea-signature"];
    let mut given = given.iter().filter_map(|name| headers.get(*name)?.to_str().ok());
    let expect = hmac_sha256_hex(secret.as_bytes(), body);
    given.any(|given| same_secret(given.as_bytes(), expect.as_bytes()))
}

/// What an event tells of.
pub(super) fn changes(event: &str, body: Body<'_>) -> Result<Vec<Change>, String> {
    match event {
        // newer versions name what happened to a request in the event too
        "pull_request_sync" => github::changes("pull_request", body),
        _ => github::changes(event, body),
    }
}
