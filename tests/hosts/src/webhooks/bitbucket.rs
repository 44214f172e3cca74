//! Bitbucket Cloud: the examples of its page "Event payloads". It tells of requests with commits that
//! are shortened to twelve digits.

use super::body::utc;
use super::{Body, Event, INSIDER, NONE, Request, TITLE, Told, Worded, delivery};
use serde_json::Value;

const PUSH: &str = include_str!("../../bodies/bitbucket-push.json");
const REQUEST: &str = include_str!("../../bodies/bitbucket-pullrequest.json");
const CHANGE: &str = "/push/changes/0";

pub(super) fn word(told: &Told, event: Event<'_>) -> Worded {
    let push = |branch, before: Option<&str>, after| {
        let body = Body::of(PUSH, told, (branch, after, before.unwrap_or(NONE)));
        match before {
            Some(_) => body,
            None => body.with("/push/changes/0/old", Value::Null).with("/push/changes/0/created", true),
        }
    };
    let (key, body) = match event {
        Event::Pushed { branch, before, after } => ("repo:push", push(branch, before, after)),
        Event::Deleted { branch, last } => {
            let body = push(branch, Some(last), NONE).with(&format!("{CHANGE}/new"), Value::Null);
            ("repo:push", body.with(&format!("{CHANGE}/closed"), true))
        }
        Event::Opened(of) => ("pullrequest:created", request(told, of, "OPEN")),
        Event::Updated(of, _) => ("pullrequest:updated", request(told, of, "OPEN")),
        Event::Closed(of) => ("pullrequest:rejected", request(told, of, "DECLINED")),
        Event::Merged(of) => ("pullrequest:fulfilled", request(told, of, "MERGED")),
    };
    let headers = vec![
        ("X-Event-Key", key.to_owned()),
        ("X-Hook-UUID", "a8e4f3c2-9d4b-4c1c-9f86-0a9d5f4e7b11".to_owned()),
        ("X-Request-UUID", delivery()),
        ("X-Attempt-Number", "1".to_owned()),
        ("User-Agent", "Bitbucket-Webhooks/2.0".to_owned()),
    ];
    (headers, body.done())
}

fn request(told: &Told, of: Request<'_>, state: &str) -> Body {
    let page = format!("{}/acme/site/pull-requests/{}", told.root, of.number);
    let body = Body::of(REQUEST, told, (of.branch, of.commit, NONE))
        .with("/pullrequest/id", of.number)
        .with("/pullrequest/title", TITLE)
        .with("/pullrequest/state", state)
        .with("/pullrequest/links/html/href", page)
        .with("/pullrequest/updated_on", utc(told.at).replace('Z', ".205705+00:00"));
    if !of.fork {
        return body;
    }
    body.renamed("/actor", INSIDER, of.person()).renamed("/pullrequest/author", INSIDER, of.person()).renamed(
        "/pullrequest/source/repository",
        "acme",
        of.owner(),
    )
}
