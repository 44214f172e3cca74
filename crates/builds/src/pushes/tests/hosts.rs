//! What is read of each host's own examples, and whose signature counts.

use crate::pushes::change::Change;
use crate::pushes::gitlab::TOLERANCE_SECONDS;
use crate::pushes::host::Host;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::Timestamp;
use serde_json::{Value, json};
use signing::{hmac_sha256_hex, standard_headers};
use std::fmt::Write as _;

pub(super) const GITHUB_PUSH: &str = include_str!("../examples/github-push.json");
pub(super) const GITHUB_REQUEST: &str = include_str!("../examples/github-pull-request.json");
pub(super) const GITLAB_PUSH: &str = include_str!("../examples/gitlab-push.json");
pub(super) const GITLAB_REQUEST: &str = include_str!("../examples/gitlab-merge-request.json");
pub(super) const GITEA_PUSH: &str = include_str!("../examples/gitea-push.json");
pub(super) const GITEA_REQUEST: &str = include_str!("../examples/gitea-pull-request.json");
pub(super) const BITBUCKET_PUSH: &str = include_str!("../examples/bitbucket-push.json");
pub(super) const BITBUCKET_REQUEST: &str = include_str!("../examples/bitbucket-pull-request.json");
const DATA_CENTER_PUSH: &str = include_str!("../examples/bitbucket-data-center-push.json");
const DATA_CENTER_REQUEST: &str = include_str!("../examples/bitbucket-data-center-pull-request.json");

pub(super) fn headers(list: &[(&str, &str)]) -> HeaderMap {
    let pair = |(name, value): &(&str, &str)| {
        let name = HeaderName::try_from(*name).expect("a name");
        (name, HeaderValue::from_str(value).expect("a value"))
    };
    list.iter().map(pair).collect()
}

/// What is read, one line a change.
fn told(list: &[(&str, &str)], body: &str) -> String {
    let headers = headers(list);
    let (host, event) = Host::of(&headers).expect("a host");
    let told = match host.read(event, &headers, body.as_bytes()) {
        Ok(told) => told,
        Err(why) => return format!("refused: {why}"),
    };
    let mut lines =
        format!("{} by {}", told.repository.name.unwrap_or_default(), told.sender.unwrap_or_default());
    for change in &told.changes {
        let line = match change {
            Change::Push(p) => format!(
                "push {} {:.7} after {:.7} [{}] {} {} at {:?}",
                p.branch,
                p.commit,
                p.before.as_deref().unwrap_or("nothing"),
                p.message.as_deref().unwrap_or_default().lines().next().unwrap_or_default(),
                p.committer.as_deref().unwrap_or("nobody"),
                p.commit_url.as_deref().unwrap_or("no page"),
                p.at
            ),
            Change::RequestOpened(r) | Change::RequestUpdated(r) => format!(
                "{} {} [{}] {} into {} {:.7} ({}) from {} fork={} author={} insider={} at {:?} {}",
                if matches!(change, Change::RequestOpened(_)) { "opened" } else { "updated" },
                r.id,
                r.title.as_deref().unwrap_or_default(),
                r.branch,
                r.target.as_deref().unwrap_or("?"),
                r.tip,
                r.commit.as_deref().map_or("shortened", |_| "full"),
                r.reference.as_deref().or(r.source.as_deref()).unwrap_or("its branch"),
                r.fork,
                r.author.as_deref().unwrap_or("?"),
                r.insider,
                r.at,
                r.url.as_deref().unwrap_or("no page"),
            ),
            Change::RequestClosed { id } => format!("closed {id}"),
            Change::BranchDeleted { branch } => format!("deleted {branch}"),
            Change::Ping => "ping".to_owned(),
            Change::Other(what) => format!("other: {what}"),
        };
        write!(lines, "\n{line}").expect("a text can be written");
    }
    lines
}

#[track_caller]
fn check(list: &[(&str, &str)], body: &str, expect: &str) {
    assert_eq!(told(list, body), expect);
}

/// The example with one text replaced by another.
#[track_caller]
fn but(body: &str, from: &str, to: &str) -> String {
    assert!(body.contains(from), "{from}");
    body.replace(from, to)
}

#[test]
fn github_is_read() {
    let push = [("X-GitHub-Event", "push")];
    check(
        &push,
        GITHUB_PUSH,
        "Codertocat/Hello-World by Codertocat\npush master 6113728 after nothing [Initial commit] Codertocat https://github.com/Codertocat/Hello-World/commit/6113728f27ae82c7b1a177c8d03f9e96e0adf246 at Some(2019-05-15T15:20:57.000Z)",
    );
    check(
        &push,
        &but(GITHUB_PUSH, "refs/heads/master", "refs/tags/v1"),
        "Codertocat/Hello-World by Codertocat\nother: only branches are built",
    );
    check(
        &push,
        &but(GITHUB_PUSH, "\"deleted\": false", "\"deleted\": true"),
        "Codertocat/Hello-World by Codertocat\ndeleted master",
    );
    let request = [("X-GitHub-Event", "pull_request")];
    let opened = "2 [Update the README with new information.] changes into master ec26c3e (full) from refs/pull/2/head fork=false author=Codertocat insider=true at Some(2019-05-15T15:20:33.000Z) https://github.com/Codertocat/Hello-World/pull/2";
    let by = "Codertocat/Hello-World by Codertocat";
    check(&request, GITHUB_REQUEST, &format!("{by}\nopened {opened}"));
    let action =
        |name: &str| but(GITHUB_REQUEST, "\"action\": \"opened\"", &format!("\"action\": \"{name}\""));
    check(&request, &action("synchronize"), &format!("{by}\nupdated {opened}"));
    check(&request, &action("reopened"), &format!("{by}\nopened {opened}"));
    check(&request, &action("closed"), &format!("{by}\nclosed 2"));
    check(
        &request,
        &action("labeled"),
        &format!("{by}\nother: a pull request that was `labeled` is not followed"),
    );
    check(&[("X-GitHub-Event", "ping")], "{\"zen\": \"x\"}", " by \nping");
    check(&[("X-GitHub-Event", "delete")], r#"{"ref": "old", "ref_type": "branch"}"#, " by \ndeleted old");
    check(
        &[("X-GitHub-Event", "delete")],
        r#"{"ref": "v1", "ref_type": "tag"}"#,
        " by \nother: only branches are followed",
    );
    check(&[("X-GitHub-Event", "star")], "{}", " by \nother: the event `star` is not followed");
    check(&push, "{}", "refused: the body lacks `ref`");
    let form = [("X-GitHub-Event", "ping"), ("Content-Type", "application/x-www-form-urlencoded")];
    check(&form, "payload=%7B%22zen%22%3A%22x%22%7D", " by \nping");
    check(&form, "x=1", "refused: the form has no field `payload`");
}

#[test]
fn a_fork_is_told_from_the_repository() {
    let request = [("X-GitHub-Event", "pull_request")];
    let head = GITHUB_REQUEST.find("\"head\"").expect("a head");
    let at = head + GITHUB_REQUEST[head..].find("186853002").expect("its repository");
    let fork = format!("{}9{}", &GITHUB_REQUEST[..at], &GITHUB_REQUEST[at + 9..]);
    assert!(told(&request, &fork).contains("fork=true"), "{fork}");
    let mut gone: serde_json::Value = serde_json::from_str(GITHUB_REQUEST).expect("JSON");
    gone["pull_request"]["head"]["repo"] = serde_json::Value::Null;
    assert!(told(&request, &gone.to_string()).contains("fork=true"));
}

#[test]
fn gitlab_is_read() {
    let push = [("X-Gitlab-Event", "Push Hook")];
    let by = "mike/diaspora by jsmith";
    check(
        &push,
        GITLAB_PUSH,
        &format!(
            "{by}\npush main d8c8a93 after 95790bf [fixed readme] GitLab dev user http://gitlab.example/mike/diaspora/commit/d8c8a93b1f4e0f6e1b2a3c4d5e6f708192a3b4c5 at None"
        ),
    );
    let gone = but(
        GITLAB_PUSH,
        "\"after\": \"d8c8a93b1f4e0f6e1b2a3c4d5e6f708192a3b4c5\"",
        &format!("\"after\": \"{}\"", "0".repeat(40)),
    );
    check(&push, &gone, &format!("{by}\ndeleted main"));
    let request = [("X-Gitlab-Event", "Merge Request Hook")];
    let by = "mike/diaspora by root";
    let opened = "7 [MS-Viewport] ms-viewport into main d8c8a93 (full) from refs/merge-requests/7/head fork=true author=root insider=false at Some(2013-12-03T17:23:34.000Z) http://gitlab.example/mike/diaspora/-/merge_requests/7";
    check(&request, GITLAB_REQUEST, &format!("{by}\nopened {opened}"));
    let updated = but(
        GITLAB_REQUEST,
        "\"action\": \"open\"",
        "\"action\": \"update\", \"oldrev\": \"e59094b8de0f2f91abbe4760a52d9137260252d8\"",
    );
    check(&request, &updated, &format!("{by}\nupdated {opened}"));
    let titled = but(GITLAB_REQUEST, "\"action\": \"open\"", "\"action\": \"update\"");
    check(
        &request,
        &titled,
        &format!("{by}\nother: a merge request with the action `update` is not followed"),
    );
    for action in ["close", "merge"] {
        let body = but(GITLAB_REQUEST, "\"action\": \"open\"", &format!("\"action\": \"{action}\""));
        check(&request, &body, &format!("{by}\nclosed 7"));
    }
    let other = but(GITLAB_REQUEST, "\"author_id\": 51", "\"author_id\": 52");
    assert!(told(&request, &other).contains("author=? "), "somebody else opened it");
    check(&push, r#"{"object_kind": "pipeline"}"#, " by \nother: the event `pipeline` is not followed");
}

#[test]
fn gitea_and_forgejo_are_read() {
    for name in ["X-Gitea-Event", "X-Forgejo-Event"] {
        // both send GitHub's header beside their own
        let push = [(name, "push"), ("X-GitHub-Event", "push")];
        check(
            &push,
            GITEA_PUSH,
            "gitea/webhooks by gitea\npush develop bffeb74 after 28e1879 [Webhooks Yay!] gitea http://gitea.example:3000/gitea/webhooks/commit/bffeb74224043ba2feb48d137756c8a9331c449a at None",
        );
        let updated = "gitea/webhooks by eve\nupdated 3 [Better words] words into main bffeb74 (full) from refs/pull/3/head fork=true author=eve insider=false at Some(2017-03-13T18:00:00.000Z) http://gitea.example:3000/gitea/webhooks/pulls/3";
        check(&[(name, "pull_request")], GITEA_REQUEST, updated);
        check(&[(name, "pull_request_sync")], GITEA_REQUEST, updated);
        check(
            &[(name, "pull_request")],
            &but(GITEA_REQUEST, "synchronized", "closed"),
            "gitea/webhooks by eve\nclosed 3",
        );
    }
}

#[test]
fn bitbucket_is_read() {
    let push = [("X-Event-Key", "repo:push")];
    check(
        &push,
        BITBUCKET_PUSH,
        "team_name/repo_name by emma\npush main 709d658 after 1e65c05 [new commit message] Emma https://bitbucket.org/team_name/repo_name/commits/709d658dc5b6d6afcd46049c2f332ee3f515a67d at None\ndeleted gone\nother: only branches are built",
    );
    let opened = "1 [Title of pull request] branch2 into main d3022fc (shortened) from its branch fork=false author=emma insider=false at Some(2015-04-06T15:23:38.205Z) https://bitbucket.org/team_name/repo_name/pull-requests/1";
    let by = "team_name/repo_name by emma";
    check(&[("X-Event-Key", "pullrequest:created")], BITBUCKET_REQUEST, &format!("{by}\nopened {opened}"));
    check(&[("X-Event-Key", "pullrequest:updated")], BITBUCKET_REQUEST, &format!("{by}\nupdated {opened}"));
    let page = "https://bitbucket.org/mallory/fork";
    let fork = json!({ "full_name": "mallory/fork", "links": { "html": { "href": page } } });
    for (fork, from) in [(fork, "https://bitbucket.org/mallory/fork.git"), (json!(null), "its branch")] {
        let mut body: Value = serde_json::from_str(BITBUCKET_REQUEST).expect("JSON");
        body["pullrequest"]["source"]["repository"] = fork;
        let opened = opened.replace("its branch", from).replace("fork=false", "fork=true");
        check(
            &[("X-Event-Key", "pullrequest:created")],
            &body.to_string(),
            &format!("{by}\nopened {opened}"),
        );
    }
    for event in ["pullrequest:fulfilled", "pullrequest:rejected"] {
        check(&[("X-Event-Key", event)], BITBUCKET_REQUEST, &format!("{by}\nclosed 1"));
    }
    check(
        &[("X-Event-Key", "repo:refs_changed")],
        DATA_CENTER_PUSH,
        "PROJ/repository by admin\npush main 178864a after ecddabb [] Administrator no page at Some(2017-09-18T23:45:32.000Z)",
    );
    check(
        &[("X-Event-Key", "pr:from_ref_updated")],
        DATA_CENTER_REQUEST,
        "PROJ/repository by admin\nupdated 2 [Webhook] pr-webhook into main aab847d (full) from refs/pull-requests/2/from fork=false author=admin insider=false at Some(2017-09-19T01:17:58.981Z) https://bitbucket.example/projects/PROJ/repos/repository/pull-requests/2",
    );
    for event in ["pr:merged", "pr:declined", "pr:deleted"] {
        check(&[("X-Event-Key", event)], DATA_CENTER_REQUEST, "PROJ/repository by admin\nclosed 2");
    }
    check(&[("X-Event-Key", "diagnostics:ping")], "{\"test\": true}", " by \nping");
    check(
        &[("X-Event-Key", "issue:created")],
        "{}",
        " by \nother: the event `issue:created` is not followed",
    );
}

#[test]
fn more_branches_than_a_webhook_may_tell_of_are_left_out() {
    let change = r#"{"new": null, "old": {"type": "branch", "name": "gone"}}"#;
    let body = format!(r#"{{"push": {{"changes": [{}]}}}}"#, vec![change; 30].join(","));
    let lines = told(&[("X-Event-Key", "repo:push")], &body).lines().count();
    assert_eq!(lines, 1 + crate::pushes::bitbucket::CHANGES_MAX);
}

#[test]
fn what_is_no_json_is_refused() {
    let said = told(&[("X-GitHub-Event", "push")], "{");
    assert!(said.starts_with("refused: the body is no JSON"), "{said}");
    assert!(Host::of(&headers(&[("X-Gogs-Event", "push")])).is_none());
}

const NOW: Timestamp = Timestamp(1_767_323_045_678);

#[track_caller]
fn fits(host: Host, list: &[(&str, &str)], expect: bool) {
    assert_eq!(host.verify(&headers(list), b"{\"a\": 1}", "s3cret", NOW), expect, "{host:?} {list:?}");
}

#[test]
fn only_the_right_signature_counts() {
    let mac = hmac_sha256_hex(b"s3cret", b"{\"a\": 1}");
    let (other, prefixed) = (hmac_sha256_hex(b"other", b"{\"a\": 1}"), format!("sha256={mac}"));
    let wrong = format!("sha256={other}");
    for (host, name, good, bad) in [
        (Host::GitHub, "X-Hub-Signature-256", &prefixed, &wrong),
        (Host::Bitbucket, "X-Hub-Signature", &prefixed, &wrong),
        (Host::Gitea, "X-Gitea-Signature", &mac, &other),
        (Host::Gitea, "X-Forgejo-Signature", &mac, &other),
        (Host::GitLab, "X-Gitlab-Token", &"s3cret".to_owned(), &"s3cre".to_owned()),
    ] {
        fits(host, &[(name, good)], true);
        fits(host, &[(name, bad)], false);
        fits(host, &[(name, "")], false);
        fits(host, &[(name, &good[..good.len() - 1])], false);
        fits(host, &[], false);
    }
    fits(Host::GitHub, &[("X-Hub-Signature-256", &mac)], false);
    fits(Host::GitHub, &[("X-Hub-Signature", &prefixed)], false);
    fits(Host::GitLab, &[("X-Hub-Signature-256", &prefixed)], false);
}

#[test]
fn a_signed_request_of_gitlab_is_of_now() {
    let signed = |age: i64, secret: &str| {
        let made = standard_headers("msg", NOW.seconds() - age, b"{\"a\": 1}", secret);
        (made.timestamp, made.signature)
    };
    for (age, secret, expect) in [
        (0, "s3cret", true),
        (TOLERANCE_SECONDS, "s3cret", true),
        (-TOLERANCE_SECONDS, "s3cret", true),
        (TOLERANCE_SECONDS + 1, "s3cret", false),
        (-TOLERANCE_SECONDS - 1, "s3cret", false),
        (0, "other", false),
    ] {
        let (at, signature) = signed(age, secret);
        let several = format!("v1,AAAA {signature}");
        let list = [("webhook-id", "msg"), ("webhook-timestamp", &at), ("webhook-signature", &several)];
        fits(Host::GitLab, &list, expect);
        fits(Host::GitLab, &[list[0], list[1], list[2], ("X-Gitlab-Token", "s3cret")], expect);
        fits(Host::GitLab, &[("webhook-id", "other"), list[1], list[2]], false);
        fits(Host::GitLab, &list[1..], false);
    }
}

#[test]
fn deliveries_are_named_as_each_host_names_them() {
    for (host, list, expect) in [
        (Host::GitHub, &[("X-GitHub-Delivery", "a")][..], Some("a")),
        (Host::GitLab, &[("X-Gitlab-Event-UUID", "u"), ("Idempotency-Key", "k")], Some("k")),
        (Host::GitLab, &[("X-Gitlab-Event-UUID", "u")], None),
        (Host::Gitea, &[("X-Gitea-Delivery", "g"), ("X-GitHub-Delivery", "a")], Some("g")),
        (Host::Bitbucket, &[("X-Request-UUID", "r")], Some("r")),
        (Host::Bitbucket, &[("X-Request-Id", "i")], Some("i")),
        (Host::GitHub, &[("X-GitHub-Delivery", "")], None),
        (Host::GitHub, &[], None),
    ] {
        assert_eq!(host.delivery(&headers(list)).as_deref(), expect, "{list:?}");
    }
    let long = "x".repeat(9000);
    assert_eq!(
        Host::GitHub.delivery(&headers(&[("X-GitHub-Delivery", &long)])).map(|id| id.len()),
        Some(200)
    );
}
