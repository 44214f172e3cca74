//! Bitbucket, the hosted one and the one on own machines (Data Center): HMAC-SHA-256 of the body in
//! `X-Hub-Signature`. The hosted one has nothing in a repository for requests and tells shortened commits
//! of them, so that a request is built as its branch, of the fork where it is one.

use super::body::Body;
use super::change::{Change, Pushed, Repository, Request};
use http::HeaderMap;
use signing::{hmac_sha256_hex, same_secret};

/// Branches that one webhook may tell of; the rest is left out.
pub(crate) const CHANGES_MAX: usize = 20;

/// Whether the request was signed with this secret.
pub(super) fn verify(headers: &HeaderMap, body: &[u8], secret: &str) -> bool {
    let given = headers.get("x-hub-signature").and_then(|value| value.to_str().ok());
    let given = given.and_then(|value| value.strip_prefix("sha256="));
    given.is_some_and(|given| {
        same_secret(given.as_bytes(), hmac_sha256_hex(secret.as_bytes(), body).as_bytes())
    })
}

pub(super) fn repository(body: Body<'_>) -> Repository {
    let hosted = Repository {
        name: body.text("/repository/full_name"),
        url: body.text("/repository/links/html/href"),
        ..Repository::default()
    };
    own_repository(body).filter(|_| hosted.name.is_none()).map_or(hosted, told_of)
}

/// The repository that a Bitbucket on own machines tells of.
fn own_repository(body: Body<'_>) -> Option<Body<'_>> {
    body.at("/repository").or_else(|| body.at("/pullRequest/toRef/repository"))
}

fn told_of(own: Body<'_>) -> Repository {
    let name = own.text("/project/key").zip(own.text("/slug")).map(|(key, slug)| format!("{key}/{slug}"));
    let by_http = own.list("/links/clone").find(|link| link.text("/name").as_deref() == Some("http"));
    Repository {
        id: own.int("/id"),
        name,
        url: by_http.and_then(|link| link.text("/href")),
        ..Repository::default()
    }
}

/// The page of a commit of a Bitbucket on own machines, below that of its repository: newer versions
/// tell that, and that of a request begins with it.
fn own_page(body: Body<'_>, commit: &str) -> Option<String> {
    let files = || own_repository(body)?.text("/links/self/0/href");
    let request = || body.text("/pullRequest/links/self/0/href");
    let page = files().and_then(|page| page.strip_suffix("/browse").map(str::to_owned));
    let page = page.or_else(|| request()?.rsplit_once("/pull-requests/").map(|(page, _)| page.to_owned()));
    page.map(|page| format!("{page}/commits/{commit}"))
}

/// What an event tells of.
pub(super) fn changes(event: &str, body: Body<'_>) -> Result<Vec<Change>, String> {
    let change = match event {
        "diagnostics:ping" => Change::Ping,
        "repo:push" => {
            return Ok(body.list("/push/changes").take(CHANGES_MAX).map(|one| pushed(body, one)).collect());
        }
        "repo:refs_changed" => {
            return Ok(body.list("/changes").take(CHANGES_MAX).map(|one| moved(body, one)).collect());
        }
        "pullrequest:created" => Change::RequestOpened(hosted(body)?),
        "pullrequest:updated" => Change::RequestUpdated(hosted(body)?),
        "pullrequest:fulfilled" | "pullrequest:rejected" => {
            Change::RequestClosed { id: body.number("/pullrequest/id")? }
        }
        "pr:opened" | "pr:reopened" => Change::RequestOpened(own(body)?),
        "pr:from_ref_updated" => Change::RequestUpdated(own(body)?),
        "pr:merged" | "pr:declined" | "pr:deleted" => {
            Change::RequestClosed { id: body.number("/pullRequest/id")? }
        }
        _ => Change::Other(format!("the event `{event}` is not followed")),
    };
    Ok(vec![change])
}

/// A branch of the hosted Bitbucket.
fn pushed(body: Body<'_>, change: Body<'_>) -> Change {
    let is_branch = |end: &str| change.text(&format!("/{end}/type")).as_deref() == Some("branch");
    let commit = change.commit("/new/target/hash").filter(|_| is_branch("new"));
    match (change.text("/new/name").zip(commit), change.text("/old/name")) {
        (Some((branch, commit)), _) => Change::Push(Pushed {
            branch,
            before: change.commit("/old/target/hash"),
            commit_url: change.text("/new/target/links/html/href").or_else(|| {
                body.text("/repository/links/html/href").map(|url| format!("{url}/commits/{commit}"))
            }),
            commit,
            message: change.text("/new/target/message"),
            committer: change
                .text("/new/target/author/user/display_name")
                .or_else(|| change.text("/new/target/author/raw").map(|raw| name_of(&raw))),
            at: None,
        }),
        (None, Some(branch)) if is_branch("old") && change.at("/new").is_none() => {
            Change::BranchDeleted { branch }
        }
        _ => Change::Other("only branches are built".to_owned()),
    }
}

/// The name in `Ada <ada@example.org>`.
fn name_of(raw: &str) -> String {
    raw.split('<').next().unwrap_or_default().trim().to_owned()
}

/// A branch of a Bitbucket on own machines.
fn moved(body: Body<'_>, change: Body<'_>) -> Change {
    let branch =
        change.text("/ref/displayId").filter(|_| change.text("/ref/type").as_deref() == Some("BRANCH"));
    match (branch, change.commit("/toHash")) {
        (Some(branch), Some(commit)) => Change::Push(Pushed {
            branch,
            commit_url: own_page(body, &commit),
            commit,
            before: change.commit("/fromHash"),
            committer: body.text("/actor/displayName"),
            at: body.time("/date"),
            ..Pushed::default()
        }),
        (Some(branch), None) => Change::BranchDeleted { branch },
        _ => Change::Other("only branches are built".to_owned()),
    }
}

fn hosted(body: Body<'_>) -> Result<Request, String> {
    let at = |field: &str| body.text(&format!("/pullrequest/{field}"));
    let repository = |end: &str| at(&format!("{end}/repository/full_name"));
    let tip = body.need("/pullrequest/source/commit/hash")?;
    let fork = repository("source").is_none() || repository("source") != repository("destination");
    let source = at("source/repository/links/html/href").filter(|_| fork);
    Ok(Request {
        id: body.number("/pullrequest/id")?,
        url: at("links/html/href"),
        title: at("title"),
        branch: body.need("/pullrequest/source/branch/name")?,
        target: at("destination/branch/name"),
        commit: body.commit("/pullrequest/source/commit/hash"),
        commit_url: body.text("/repository/links/html/href").map(|url| format!("{url}/commits/{tip}")),
        tip,
        fork,
        source: source.map(|page| format!("{}.git", page.trim_end_matches('/'))),
        author: at("author/nickname").or_else(|| at("author/display_name")),
        at: body.time("/pullrequest/updated_on"),
        ..Request::default()
    })
}

fn own(body: Body<'_>) -> Result<Request, String> {
    let at = |field: &str| body.text(&format!("/pullRequest/{field}"));
    let repository = |end: &str| body.int(&format!("/pullRequest/{end}/repository/id"));
    let id = body.number("/pullRequest/id")?;
    let commit = body.commit("/pullRequest/fromRef/latestCommit");
    let commit = commit.ok_or("the body lacks `pullRequest.fromRef.latestCommit`")?;
    Ok(Request {
        id,
        url: at("links/self/0/href"),
        title: at("title"),
        branch: body.need("/pullRequest/fromRef/displayId")?,
        target: at("toRef/displayId"),
        commit_url: own_page(body, &commit),
        tip: commit.clone(),
        commit: Some(commit),
        reference: Some(format!("refs/pull-requests/{id}/from")),
        fork: repository("fromRef").is_none() || repository("fromRef") != repository("toRef"),
        author: at("author/user/name"),
        at: body.time("/pullRequest/updatedDate"),
        before: body.commit("/previousFromHash"),
        ..Request::default()
    })
}
