//! Bitbucket Data Center: the examples of its page "Event payload", with the links that present
//! versions add.

use super::body::utc;
use super::{Body, Event, INSIDER, NONE, Request, TITLE, Told, Worded, delivery};

const PUSH: &str = include_str!("../../bodies/data-center-refs-changed.json");
const REQUEST: &str = include_str!("../../bodies/data-center-pull-request.json");
/// Number of the fork.
const FORK_ID: i64 = 85;

pub(super) fn word(told: &Told, event: Event<'_>) -> Worded {
    let date = utc(told.at).replace('Z', "+0000");
    let push = |branch, before: Option<&str>, after, kind: &str| {
        let body = Body::of(PUSH, told, (branch, after, before.unwrap_or(NONE)));
        body.with("/changes/0/type", kind).with("/date", date.clone())
    };
    let (key, body) = match event {
        Event::Pushed { branch, before, after } => {
            let kind = if before.is_some() { "UPDATE" } else { "ADD" };
            ("repo:refs_changed", push(branch, before, after, kind))
        }
        Event::Deleted { branch, last } => ("repo:refs_changed", push(branch, Some(last), NONE, "DELETE")),
        Event::Opened(of) => ("pr:opened", request(told, of, "OPEN", &date)),
        Event::Updated(of, before) => {
            let body = request(told, of, "OPEN", &date).with("/previousFromHash", before);
            ("pr:from_ref_updated", body)
        }
        Event::Closed(of) => ("pr:declined", request(told, of, "DECLINED", &date)),
        Event::Merged(of) => ("pr:merged", request(told, of, "MERGED", &date)),
    };
    let body = body.with("/eventKey", key);
    let headers = vec![
        ("X-Event-Key", key.to_owned()),
        ("X-Request-Id", delivery()),
        ("User-Agent", "Atlassian HttpClient 4.1.0 / Bitbucket-9.4.2".to_owned()),
    ];
    (headers, body.done())
}

fn request(told: &Told, of: Request<'_>, state: &str, date: &str) -> Body {
    let page = format!("{}/projects/ACME/repos/site/pull-requests/{}", told.root, of.number);
    let body = Body::of(REQUEST, told, (of.branch, of.commit, NONE))
        .with("/date", date)
        .with("/pullRequest/id", of.number)
        .with("/pullRequest/title", TITLE)
        .with("/pullRequest/state", state)
        .with("/pullRequest/links/self/0/href", page)
        .with("/pullRequest/updatedDate", told.at * 1000);
    if !of.fork {
        return body;
    }
    body.renamed("/actor", INSIDER, of.person())
        .renamed("/pullRequest/author", INSIDER, of.person())
        .renamed("/pullRequest/fromRef/repository", "ACME", "~MALLORY")
        .with("/pullRequest/fromRef/repository/id", FORK_ID)
}
