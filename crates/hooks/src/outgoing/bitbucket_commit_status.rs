//! Target `bitbucket_commit_status`: the state of a commit as a build of Bitbucket Cloud, which seed
//! 003 does without.

use super::git_host::status::{Dialect, Status, Statuses, never};
use super::git_host::{Host, REPO, Stage, api_url, token};
use crate::targets::Field;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// Characters of a key by which Bitbucket tells builds apart.
const KEY_MAX: usize = 40;

const HOST: Host = Host {
    name: "Bitbucket",
    provider: "bitbucket",
    api: Some("https://api.bitbucket.org/2.0"),
    api_path: "/2.0",
    nested: false,
    authorization,
    headers: &[],
};

/// Bitbucket Cloud.
pub(crate) struct Bitbucket;

impl Statuses for Bitbucket {
    const DIALECT: Dialect = Dialect {
        host: HOST,
        scope: "the scope `repository:write`",
        path: |repo, sha| {
            let head = std::iter::once("repositories").chain(repo.split('/'));
            head.chain(["commit", sha, "statuses", "build"]).collect()
        },
        body,
        has_it_already: never,
    };
}

/// Settings.
pub(crate) const FIELDS: &[Field] = &[
    token("Access token of Bitbucket with the scope repository:write, or name:token of a person"),
    Field { title: "Repository as workspace/name, when it is not the one the site is linked to", ..REPO },
    api_url("Another address of the API; mostly empty", false),
];

/// Tokens of repositories and workspaces stand alone; those of people come with a name, as
/// `name:token`.
fn authorization(token: &str) -> String {
    match token.contains(':') {
        true => format!("Basic {}", STANDARD.encode(token)),
        false => format!("Bearer {token}"),
    }
}

fn body(status: &Status) -> Value {
    json!({
        "key": key(&status.context),
        "state": state(status.stage),
        "name": status.context,
        "description": status.description,
        "url": status.target_url,
    })
}

/// The context, or where that is too long its digest.
fn key(context: &str) -> String {
    if context.chars().count() <= KEY_MAX {
        return context.to_owned();
    }
    let digest = signing::sha256_hex(context.as_bytes());
    format!("netlify/{}", &digest[..KEY_MAX - "netlify/".len()])
}

fn state(stage: Stage) -> &'static str {
    match stage {
        Stage::Queued | Stage::Review | Stage::Building => "INPROGRESS",
        Stage::Ready => "SUCCESSFUL",
        Stage::Failed => "FAILED",
        Stage::Canceled | Stage::Rejected => "STOPPED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_fit_and_differ() {
        assert_eq!(key("netlify/site/deploy-preview"), "netlify/site/deploy-preview");
        let long = |n: usize| key(&format!("netlify/{}/deploy-preview", "x".repeat(n)));
        assert_eq!(long(40).chars().count(), KEY_MAX);
        assert_ne!(long(40), long(41));
    }

    #[test]
    fn a_name_before_the_token_makes_it_basic() {
        assert_eq!(authorization("t0ken"), "Bearer t0ken");
        assert_eq!(authorization("ada:t0ken"), "Basic YWRhOnQwa2Vu");
    }
}
