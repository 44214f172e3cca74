//! GitLab: the examples of its page "Webhook events".

use super::body::utc;
use super::{Body, Event, NONE, Request, TITLE, Told, Worded, delivery};

const PUSH: &str = include_str!("../../bodies/gitlab-push.json");
const REQUEST: &str = include_str!("../../bodies/gitlab-merge-request.json");
/// Numbers of the outsider and of the fork.
const OUTSIDER_ID: i64 = 66;
const FORK_ID: i64 = 66;

pub(super) fn word(told: &Told, event: Event<'_>) -> Worded {
    let (name, body) = match event {
        Event::Pushed { branch, before, after } => ("Push Hook", push(told, branch, before, after)),
        Event::Deleted { branch, last } => {
            let body = push(told, branch, Some(last), NONE);
            let body =
                body.with("/checkout_sha", serde_json::Value::Null).with("/commits", serde_json::json!([]));
            ("Push Hook", body.with("/total_commits_count", 0))
        }
        Event::Opened(of) => ("Merge Request Hook", request(told, of, ("open", "opened"))),
        Event::Updated(of, before) => {
            let body = request(told, of, ("update", "opened"));
            ("Merge Request Hook", body.with("/object_attributes/oldrev", before))
        }
        Event::Closed(of) => ("Merge Request Hook", request(told, of, ("close", "closed"))),
        Event::Merged(of) => ("Merge Request Hook", request(told, of, ("merge", "merged"))),
    };
    let headers = vec![
        ("X-Gitlab-Event", name.to_owned()),
        ("X-Gitlab-Webhook-UUID", "02affd2d-2cba-4033-917d-ec22d5dc4b38".to_owned()),
        ("X-Gitlab-Event-UUID", delivery()),
        ("Idempotency-Key", delivery()),
        ("X-Gitlab-Instance", told.root.clone()),
        ("User-Agent", "GitLab/18.4.0".to_owned()),
    ];
    (headers, body.done())
}

fn push(told: &Told, branch: &str, before: Option<&str>, after: &str) -> Body {
    Body::of(PUSH, told, (branch, after, before.unwrap_or(NONE)))
}

fn request(told: &Told, of: Request<'_>, (action, state): (&str, &str)) -> Body {
    let page = format!("{}/acme/site/-/merge_requests/{}", told.root, of.number);
    let body = Body::of(REQUEST, told, (of.branch, of.commit, NONE))
        .with("/object_attributes/iid", of.number)
        .with("/object_attributes/title", TITLE)
        .with("/object_attributes/url", page)
        .with("/object_attributes/action", action)
        .with("/object_attributes/state", state)
        .with("/object_attributes/updated_at", utc(told.at).replace('T', " ").replace('Z', " UTC"));
    if !of.fork {
        return body;
    }
    body.with("/object_attributes/source_project_id", FORK_ID)
        .with("/object_attributes/author_id", OUTSIDER_ID)
        .with("/user/id", OUTSIDER_ID)
        .with("/user/username", of.person())
        .renamed("/object_attributes/source", "acme/", &format!("{}/", of.owner()))
}
