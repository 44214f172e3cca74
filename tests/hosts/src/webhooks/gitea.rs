//! Gitea and Forgejo: the shapes of Gitea's `modules/structs`, as its deliverer sends them.

use super::body::utc;
use super::{Body, Event, INSIDER, NONE, Request, TITLE, Told, Worded, delivery};

const PUSH: &str = include_str!("../../bodies/gitea-push.json");
const DELETE: &str = include_str!("../../bodies/gitea-delete.json");
const REQUEST: &str = include_str!("../../bodies/gitea-pull-request.json");
/// Number of the fork.
const FORK_ID: i64 = 141;

/// Names of the headers: event, its kind, delivery. Gogs' and GitHub's come beside them.
pub(super) type Names = &'static [[&'static str; 3]];
pub(super) const GITEA: Names = &[
    ["X-GitHub-Event", "X-GitHub-Event-Type", "X-GitHub-Delivery"],
    ["X-Gogs-Event", "X-Gogs-Event-Type", "X-Gogs-Delivery"],
    ["X-Gitea-Event", "X-Gitea-Event-Type", "X-Gitea-Delivery"],
];
pub(super) const FORGEJO: Names =
    &[GITEA[0], GITEA[1], GITEA[2], ["X-Forgejo-Event", "X-Forgejo-Event-Type", "X-Forgejo-Delivery"]];

pub(super) fn word(told: &Told, event: Event<'_>, names: Names) -> Worded {
    let push =
        |branch, before: Option<&str>, after| Body::of(PUSH, told, (branch, after, before.unwrap_or(NONE)));
    let (event, kind, body) = match event {
        Event::Pushed { branch, before, after } => ("push", "push", push(branch, before, after)),
        Event::Deleted { branch, last } => ("delete", "delete", Body::of(DELETE, told, (branch, last, last))),
        Event::Opened(of) => ("pull_request", "pull_request", request(told, of, "opened", "open")),
        Event::Updated(of, _) => {
            ("pull_request", "pull_request_sync", request(told, of, "synchronized", "open"))
        }
        Event::Closed(of) => ("pull_request", "pull_request", request(told, of, "closed", "closed")),
        Event::Merged(of) => {
            let body = request(told, of, "closed", "closed").with("/pull_request/merged", true);
            ("pull_request", "pull_request", body.with("/pull_request/merged_at", utc(told.at)))
        }
    };
    let id = delivery();
    let named = |[of, of_kind, of_id]: &[&'static str; 3]| {
        [(*of, event.to_owned()), (*of_kind, kind.to_owned()), (*of_id, id.clone())]
    };
    (names.iter().flat_map(named).collect(), body.done())
}

fn request(told: &Told, of: Request<'_>, action: &str, state: &str) -> Body {
    let page = format!("{}/acme/site/pulls/{}", told.root, of.number);
    let body = Body::of(REQUEST, told, (of.branch, of.commit, NONE))
        .with("/action", action)
        .with("/number", of.number)
        .with("/pull_request/number", of.number)
        .with("/pull_request/title", TITLE)
        .with("/pull_request/html_url", page.clone())
        .with("/pull_request/url", page)
        .with("/pull_request/state", state)
        .with("/pull_request/updated_at", utc(told.at));
    if !of.fork {
        return body;
    }
    body.renamed("/sender", INSIDER, of.person())
        .renamed("/pull_request/user", INSIDER, of.person())
        .renamed("/pull_request/head/repo", "acme", of.owner())
        .with("/pull_request/head/repo/id", FORK_ID)
        .with("/pull_request/head/repo_id", FORK_ID)
}
