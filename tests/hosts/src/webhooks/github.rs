//! GitHub: the examples that it publishes as `@octokit/webhooks-examples`.

use super::body::utc;
use super::{Body, Event, INSIDER, NONE, OUTSIDER, Request, TITLE, Told, Worded, delivery};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::OnceLock;

/// Where the examples are below the folder of installed clients.
const EXAMPLES: &str = "githosts/node_modules/@octokit/webhooks-examples/api.github.com/index.json";
/// What the examples call the repository, its page, and the person.
const REPOSITORY: &str = "Codertocat/Hello-World";
const PAGE: &str = "https://github.com/Codertocat/Hello-World";
const PERSON: &str = "Codertocat";
/// Number of the fork.
const FORK_ID: i64 = 186_853_003;

pub(super) fn word(told: &Told, event: Event<'_>) -> Worded {
    let (name, body) = match event {
        Event::Pushed { branch, before, after } => ("push", push(told, branch, before, after)),
        Event::Deleted { branch, .. } => {
            let body = example(told, "delete", |_| true).with("/ref", branch);
            ("delete", body.with("/ref_type", "branch"))
        }
        Event::Opened(of) => ("pull_request", request(told, of, "opened")),
        Event::Updated(of, before) => {
            let body = request(told, of, "synchronize").with("/before", before);
            ("pull_request", body.with("/after", of.commit))
        }
        Event::Closed(of) => ("pull_request", request(told, of, "closed")),
        Event::Merged(of) => {
            let body = request(told, of, "closed").with("/pull_request/merged", true);
            ("pull_request", body.with("/pull_request/merged_at", utc(told.at)))
        }
    };
    let headers = vec![
        ("X-GitHub-Event", name.to_owned()),
        ("X-GitHub-Delivery", delivery()),
        ("X-GitHub-Hook-ID", "292430182".to_owned()),
        ("User-Agent", "GitHub-Hookshot/044aadd".to_owned()),
    ];
    (headers, body.done())
}

fn push(told: &Told, branch: &str, before: Option<&str>, after: &str) -> Body {
    example(told, "push", |one| one["ref"] == "refs/heads/master")
        .with("/ref", format!("refs/heads/{branch}"))
        .with("/before", before.unwrap_or(NONE))
        .with("/created", before.is_none())
        .with("/after", after)
        .with("/head_commit/id", after)
        .with("/commits/0/id", after)
        .with("/head_commit/url", format!("{}/acme/site/commit/{after}", told.root))
        .with("/repository/pushed_at", told.at)
}

fn request(told: &Told, of: Request<'_>, action: &str) -> Body {
    let page = format!("{}/acme/site/pull/{}", told.root, of.number);
    let body = example(told, "pull_request", |one| one["action"] == action)
        .with_all(&["/number", "/pull_request/number"], &json!(of.number))
        .with("/pull_request/title", TITLE)
        .with("/pull_request/html_url", page)
        .with("/pull_request/head/sha", of.commit)
        .with("/pull_request/head/ref", of.branch)
        .with("/pull_request/base/ref", "main")
        .with("/pull_request/updated_at", utc(told.at));
    if !of.fork {
        return body;
    }
    body.renamed("/sender", INSIDER, OUTSIDER)
        .renamed("/pull_request/user", INSIDER, OUTSIDER)
        .with("/pull_request/author_association", "NONE")
        .with("/pull_request/head/repo/id", FORK_ID)
        .with("/pull_request/head/repo/full_name", format!("{}/site", of.owner()))
}

/// GitHub's example of an event, of this repository and person.
fn example(told: &Told, event: &str, fits: impl Fn(&Value) -> bool) -> Body {
    let of_event = examples().iter().find(|one| one["name"] == event).expect("the event");
    let all = of_event["examples"].as_array().expect("a list");
    let text = all.iter().find(|one| fits(one)).expect("an example").to_string();
    let text = text.replace(PAGE, &format!("{}/acme/site", told.root)).replace(REPOSITORY, "acme/site");
    Body::from(serde_json::from_str(&text.replace(PERSON, INSIDER)).expect("it stays JSON"))
}

fn examples() -> &'static [Value] {
    static ALL: OnceLock<Vec<Value>> = OnceLock::new();
    ALL.get_or_init(|| {
        let clients =
            std::env::var_os("BOATHOOK_TEST_CLIENTS").expect("BOATHOOK_TEST_CLIENTS is set by `make test`");
        let text = std::fs::read(Path::new(&clients).join(EXAMPLES)).expect("the examples are installed");
        serde_json::from_slice(&text).expect("a list")
    })
}
