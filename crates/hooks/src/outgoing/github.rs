//! GitHub, and GitHub Enterprise: where its API is and how it is spoken to. The `github_app_*` types
//! that public scripts make have no token of their own: they act with the server's.

use super::git_host::api::{api_of, own_token};
use super::git_host::{self, Access, Host, REPO, Stage, api_url, token};
use super::{Gear, Message};
use crate::targets::Field;
use context::{Error, Result};
use serde_json::{Map, Value};

/// The version of the API whose description the requests are checked against.
const VERSION: &str = "2022-11-28";

/// GitHub, as the targets that have a token of their own name it.
pub(crate) struct Github;

pub(crate) const HOST: Host = Host {
    name: "GitHub",
    provider: "github",
    api: Some("https://api.github.com"),
    api_path: "/api/v3",
    nested: false,
    authorization: |token| format!("Bearer {token}"),
    headers: &[("accept", "application/vnd.github+json"), ("x-github-api-version", VERSION)],
};

const API_URL: Field = api_url("Address of your GitHub Enterprise server; empty for github.com", false);

/// Settings of `github_commit_status`.
pub(crate) const STATUS_FIELDS: &[Field] =
    &[token("Access token of GitHub with the scope repo:status"), REPO, API_URL];
/// Settings of `github_commit_comment`.
pub(crate) const COMMENT_FIELDS: &[Field] = &[
    token("Access token of GitHub with the scope public_repo, or repo for a private repository"),
    REPO,
    API_URL,
];
/// Settings of `github_deployment`.
pub(crate) const DEPLOYMENT_FIELDS: &[Field] =
    &[token("Access token of GitHub with the scope repo_deployment"), REPO, API_URL];
/// Settings of the types that may act with the server's token.
pub(crate) const APP_FIELDS: &[Field] = &[
    Field { required: false, ..token("Access token of GitHub; without one the server's own is used") },
    REPO,
    API_URL,
];

/// Settings of a type that may do without: the server's token goes to the server's API alone.
///
/// # Errors
/// `Unprocessable` with the setting that would not do.
pub(crate) fn check_app(data: &Map<String, Value>) -> Result<()> {
    let has = |name: &str| data.get(name).and_then(Value::as_str).is_some_and(|text| !text.is_empty());
    if has("api_url") && !has("access_token") {
        let message = "data.api_url needs a data.access_token of the hook's own";
        return Err(Error::Unprocessable(message.to_owned()));
    }
    git_host::check(&HOST, data)
}

/// The hook's token, else the server's.
///
/// # Errors
/// A sentence for the hook's owner.
pub(crate) fn app_access(gear: &Gear, message: &Message<'_>) -> std::result::Result<Access, String> {
    if own_token(message).is_some() {
        return Access::own(message, &HOST);
    }
    let server = &gear.cx.settings.github;
    let token = server.token.as_ref().ok_or(
        "there is no GitHub token: give the hook an access_token, or the server BOATHOOK_GITHUB_TOKEN",
    )?;
    let api = server.api_url.as_ref().map(|url| Value::from(url.as_str()));
    let data = api.map(|url| ("api_url".to_owned(), url)).into_iter().collect();
    Ok(Access { token: token.clone(), api: api_of(&HOST, &data)? })
}

/// The state of a commit in GitHub's words.
pub(crate) fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Review | Stage::Building => "pending",
        Stage::Ready => "success",
        Stage::Failed => "failure",
        Stage::Canceled | Stage::Rejected => "error",
    }
}

/// `/repos/<owner>/<name>` and what follows.
pub(crate) fn repos<'a>(repo: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    std::iter::once("repos").chain(repo.split('/')).chain(rest.iter().copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outgoing::git_host::status;
    use serde_json::json;

    fn check_with(check: fn(&Map<String, Value>) -> Result<()>, data: Value, expect: Option<&str>) {
        let Value::Object(data) = data else { panic!("an object") };
        let refused = check(&data).err().map(|error| error.to_string());
        assert_eq!(refused.as_deref(), expect, "{data:?}");
    }

    #[test]
    fn a_token_is_needed_where_there_is_no_other() {
        let check = status::check::<Github>;
        check_with(check, json!({"access_token": "t"}), None);
        check_with(
            check,
            json!({"access_token": "t", "api_url": "https://ghe.example", "repo": "o/r"}),
            None,
        );
        check_with(check, json!({}), Some("data.access_token is missing"));
        check_with(check, json!({"access_token": "t", "repo": "o"}), Some("data.repo must be `owner/name`"));
        check_with(check, json!({"access_token": "t", "repo": 7}), Some("data.repo must be a text"));
        check_with(check_app, json!({}), None);
        check_with(check_app, json!({"repo": "o/r"}), None);
    }

    #[test]
    fn the_servers_token_goes_nowhere_else() {
        let refused = Some("data.api_url needs a data.access_token of the hook's own");
        check_with(check_app, json!({"api_url": "https://ghe.example"}), refused);
        check_with(check_app, json!({"api_url": "https://ghe.example", "access_token": "t"}), None);
    }
}
