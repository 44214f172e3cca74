//! GitHub: HMAC-SHA-256 of the body in `X-Hub-Signature-256`. Gitea and Forgejo write their bodies in
//! the same words.

use super::body::Body;
use super::change::{Change, Pushed, Repository, Request};
use http::HeaderMap;
use signing::{hmac_sha256_hex, same_secret};

/// Associations with the repository that come with the right to change it.
const INSIDERS: [&str; 3] = ["OWNER", "MEMBER", "COLLABORATOR"];

/// Whether the request was signed with this secret.
pub(super) fn verify(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let given = headers.get("x-hub-signature-256").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("sha256="));
    given.is_some_and(|given| {
        same_secret(given.as_bytes(), hmac_sha256_hex(secret.as_bytes(), body).as_bytes())
    })
}

pub(super) fn repository(body: Body<'_>) -> Repository {
    Repository {
        id: body.int("/repository/id"),
        name: body.text("/repository/full_name"),
        url: body.text("/repository/html_url"),
        default_branch: body.text("/repository/default_branch"),
    }
}

/// What an event tells of.
pub(super) fn changes(event: &str, body: Body<'_>) -> Result<Vec<Change>, String> {
    let change = match event {
        "ping" => Change::Ping,
        "push" => push(body)?,
        "delete" => match body.text("/ref_type").as_deref() {
            Some("branch") => Change::BranchDeleted { branch: body.need("/ref")? },
            _ => Change::Other("only branches are followed".to_owned()),
        },
        "pull_request" => request(body)?,
        _ => Change::Other(format!("the event `{event}` is not followed")),
    };
    Ok(vec![change])
}

fn push(body: Body<'_>) -> Result<Change, String> {
    let person = |who: &str| {
        let name = |field: &str| body.text(&format!("/head_commit/{who}/{field}"));
        name("username").or_else(|| name("name"))
    };
    body.push(|pushed| Pushed {
        commit_url: body.text("/head_commit/url").or_else(|| page(body, &pushed.commit)),
        message: body.text("/head_commit/message"),
        committer: person("author").or_else(|| person("committer")),
        at: body.time("/repository/pushed_at"),
        ..pushed
    })
}

fn request(body: Body<'_>) -> Result<Change, String> {
    let action = body.need("/action")?;
    let id = body.number("/number").or_else(|_| body.number("/pull_request/number"))?;
    Ok(match action.as_str() {
        "opened" | "reopened" => Change::RequestOpened(opened(id, body)?),
        "synchronize" | "synchronized" => Change::RequestUpdated(opened(id, body)?),
        "closed" => Change::RequestClosed { id },
        _ => Change::Other(format!("a pull request that was `{action}` is not followed")),
    })
}

fn opened(id: i64, body: Body<'_>) -> Result<Request, String> {
    let at = |field: &str| body.text(&format!("/pull_request/{field}"));
    let commit = body.commit("/pull_request/head/sha").ok_or("the body lacks `pull_request.head.sha`")?;
    let repository = |end: &str| body.int(&format!("/pull_request/{end}/repo/id"));
    let association = at("author_association").unwrap_or_default();
    Ok(Request {
        id,
        url: at("html_url"),
        title: at("title"),
        branch: body.need("/pull_request/head/ref")?,
        target: at("base/ref"),
        commit_url: page(body, &commit),
        tip: commit.clone(),
        commit: Some(commit),
        reference: Some(format!("refs/pull/{id}/head")),
        // a fork that was deleted is null
        fork: repository("head").is_none() || repository("head") != repository("base"),
        author: at("user/login"),
        insider: INSIDERS.contains(&association.as_str()),
        at: body.time("/pull_request/updated_at"),
        before: body.commit("/before"),
        ..Request::default()
    })
}

fn page(body: Body<'_>, commit: &str) -> Option<String> {
    body.text("/repository/html_url").map(|url| format!("{url}/commit/{commit}"))
}
