//! GitLab: the secret itself in `X-Gitlab-Token`, or, where a signing token is set, the headers of
//! Standard Webhooks.

use super::body::Body;
use super::change::{Change, Pushed, Repository, Request};
use http::HeaderMap;
use model::Timestamp;
use signing::{same_secret, standard_headers};

/// How far the time of a signed request may be from ours, either way: what the specification of
/// Standard Webhooks asks for.
pub(crate) const TOLERANCE_SECONDS: i64 = 300;

/// Whether the request was sent, or signed, with this secret. A signature counts more than the token
/// beside it.
pub(super) fn verify(headers: &HeaderMap, body: &[u8], secret: &str, now: Timestamp) -> bool {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(signatures) = header("webhook-signature") {
        let (Some(id), Some(at)) = (header("webhook-id"), header("webhook-timestamp")) else { return false };
        let Ok(seconds) = at.parse::<i64>() else { return false };
        let expect = standard_headers(id, seconds, body, secret).signature;
        return now.seconds().abs_diff(seconds) <= TOLERANCE_SECONDS.unsigned_abs()
            && signatures.split(' ').any(|given| same_secret(given.as_bytes(), expect.as_bytes()));
    }
    header("x-gitlab-token").is_some_and(|given| same_secret(given.as_bytes(), secret.as_bytes()))
}

pub(super) fn repository(body: Body<'_>) -> Repository {
    Repository {
        id: body.int("/project/id"),
        name: body.text("/project/path_with_namespace"),
        url: body.text("/project/web_url"),
        default_branch: body.text("/project/default_branch"),
    }
}

/// What an event tells of.
pub(super) fn changes(body: Body<'_>) -> Result<Vec<Change>, String> {
    let kind = body.need("/object_kind")?;
    let change = match kind.as_str() {
        "push" => push(body)?,
        "merge_request" => request(body)?,
        _ => Change::Other(format!("the event `{kind}` is not followed")),
    };
    Ok(vec![change])
}

fn push(body: Body<'_>) -> Result<Change, String> {
    body.push(|pushed| {
        let told = body.list("/commits").rev().find(|one| one.text("/id").as_ref() == Some(&pushed.commit));
        let told = |pointer: &str| told.and_then(|one| one.text(pointer));
        Pushed {
            commit_url: told("/url").or_else(|| page(body, &pushed.commit)),
            message: told("/message"),
            committer: told("/author/name").or_else(|| body.text("/user_name")),
            ..pushed
        }
    })
}

fn request(body: Body<'_>) -> Result<Change, String> {
    let id = body.number("/object_attributes/iid")?;
    let action = body.text("/object_attributes/action").unwrap_or_default();
    // only an update that names the commit before brought commits
    let commits = body.text("/object_attributes/oldrev").is_some();
    Ok(match action.as_str() {
        "open" | "reopen" => Change::RequestOpened(opened(id, body)?),
        "update" if commits => Change::RequestUpdated(opened(id, body)?),
        "close" | "merge" => Change::RequestClosed { id },
        _ => Change::Other(format!("a merge request with the action `{action}` is not followed")),
    })
}

fn opened(id: i64, body: Body<'_>) -> Result<Request, String> {
    let at = |field: &str| body.text(&format!("/object_attributes/{field}"));
    let number = |field: &str| body.int(&format!("/object_attributes/{field}"));
    let commit = body.commit("/object_attributes/last_commit/id");
    let commit = commit.ok_or("the body lacks `object_attributes.last_commit.id`")?;
    let own = number("author_id").is_some() && number("author_id") == body.int("/user/id");
    Ok(Request {
        id,
        url: at("url"),
        title: at("title"),
        branch: body.need("/object_attributes/source_branch")?,
        target: at("target_branch"),
        commit_url: at("last_commit/url").or_else(|| page(body, &commit)),
        tip: commit.clone(),
        commit: Some(commit),
        reference: Some(format!("refs/merge-requests/{id}/head")),
        fork: number("source_project_id").is_none()
            || number("source_project_id") != number("target_project_id"),
        // the author is told by number alone, unless it is they who did this
        author: body.text("/user/username").filter(|_| own),
        at: body.time("/object_attributes/updated_at"),
        before: body.commit("/object_attributes/oldrev"),
        ..Request::default()
    })
}

fn page(body: Body<'_>, commit: &str) -> Option<String> {
    body.text("/project/web_url").map(|url| format!("{url}/-/commit/{commit}"))
}
