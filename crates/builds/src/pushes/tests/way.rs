//! The whole way: a signed body goes in, a build and its deploy come out, or a reason why none did.

use super::hosts::{
    BITBUCKET_PUSH, BITBUCKET_REQUEST, GITEA_PUSH, GITEA_REQUEST, GITHUB_PUSH, GITHUB_REQUEST, GITLAB_PUSH,
    GITLAB_REQUEST, headers,
};
use crate::pushes::act::HELD;
use crate::pushes::log::REFUSED_KEPT;
use crate::pushes::receive::REFUSED_PER_MINUTE;
use crate::pushes::{
    KEPT, OVERLAP_MAX_SECONDS, Outcome, PER_MINUTE, Received, Rotation, Webhook, check_address, list,
    receive, rotate, show,
};
use crate::{Builds, Cause};
use context::{Context, Error, Result};
use model::{BuildState, DeployContext, Page};
use serde_json::{Value, json};
use signing::hmac_sha256_hex;
use store::accounts::AccountRow;
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites::SiteRow;
use testbed::{Bed, Setup, both};

both!(
    every_host_starts_a_build,
    branches_and_requests_get_their_own_deploys,
    requests_from_forks_wait_for_a_person,
    only_signed_webhooks_come_in,
    without_a_secret_the_url_does_what_a_build_hook_does,
    nothing_is_built_twice,
    a_commit_whose_build_failed_is_built_again,
    what_was_overtaken_is_not_built,
    a_closed_request_and_a_deleted_branch_end_their_builds,
    secrets_overlap_for_a_while,
    too_many_webhooks_are_told_to_wait,
    strangers_cannot_fill_the_log,
    only_so_many_webhooks_are_kept,
    what_is_not_followed_is_answered_well,
    sites_of_one_repository_have_their_own_urls,
);

struct Stage {
    bed: Bed,
    account: AccountRow,
    site: SiteRow,
    builds: Builds,
    secret: String,
}

impl Setup for Stage {
    async fn on(bed: Bed) -> Self {
        let cx = bed.cx.clone();
        let account = AccountRow::new(&cx.id(), "team", "Team", cx.now());
        let mut tx = cx.begin().await.expect("the database answers");
        store::accounts::insert(&mut tx, &account).await.expect("an account");
        tx.commit().await.expect("the database answers");
        let site = linked(&cx, &account, "blog").await;
        let hook = rotate(&cx, &site, Rotation::default(), "ada").await.expect("a secret");
        let secret = hook.secret.expect("it is shown once");
        Self { builds: Builds::new(cx), bed, account, site, secret }
    }
}

/// A site that builds every branch of a repository that no example is of.
async fn linked(cx: &Context, account: &AccountRow, name: &str) -> SiteRow {
    let repo =
        json!({ "repo_url": "https://mirror.example/o/r", "repo_branch": "main", "allowed_branches": ["*"] });
    let changes = json!({ "name": name, "repo": repo });
    let changes = serde_json::from_value(changes).expect("changes");
    sites::create(cx, &account.id, None, changes).await.expect("a site")
}

impl Stage {
    fn cx(&self) -> &Context {
        &self.bed.cx
    }

    /// Sends a webhook to a site.
    async fn call(&self, site: &SiteRow, list: &[(&str, &str)], body: &str) -> Result<Vec<Received>> {
        let headers = headers(list);
        let webhook = Webhook { headers: &headers, body: body.as_bytes(), address: Some("192.0.2.1") };
        let id = site.info.deploy_hook_id.as_deref().expect("sites have one");
        receive(self.cx(), &self.builds, id, webhook).await
    }

    /// Sends what GitHub would, signed.
    async fn github(&self, event: &str, body: &str, delivery: &str) -> Received {
        let signature = format!("sha256={}", hmac_sha256_hex(self.secret.as_bytes(), body.as_bytes()));
        let list =
            [("X-GitHub-Event", event), ("X-GitHub-Delivery", delivery), ("X-Hub-Signature-256", &signature)];
        let told = self.call(&self.site, &list, body).await.expect("it is let in");
        assert_eq!(told.len(), 1);
        told.into_iter().next().expect("one")
    }

    async fn made(&self, told: &Received) -> (BuildRow, DeployRow, Cause) {
        let well = [(Outcome::Built, None), (Outcome::Held, Some(HELD))];
        assert!(well.contains(&(told.outcome, told.reason.as_deref())), "{told:?}");
        let mut db = self.cx().read().await.expect("the database answers");
        let id = told.build_id.as_deref().expect("a build");
        let build = store::builds::find(&mut db, id).await.expect("read").expect("there");
        let deploy = store::deploys::find(&mut db, &build.deploy_id).await.expect("read").expect("there");
        let cause = serde_json::from_value(build.cause.clone()).expect("a cause");
        (build, deploy, cause)
    }

    async fn builds(&self) -> usize {
        let mut db = self.cx().read().await.expect("the database answers");
        store::builds::list(&mut db, &self.site.id, Page::default()).await.expect("a list").len()
    }

    async fn log(&self) -> Vec<Received> {
        list(self.cx(), &self.site.id, Page::new(None, Some(100))).await.expect("a log")
    }
}

#[track_caller]
fn ignored(told: &Received, why: &str) {
    let reason = told.reason.as_deref().unwrap_or_default();
    assert!(told.outcome == Outcome::Ignored && reason.contains(why), "{told:?}");
}

/// A body of GitHub with other values in places.
fn changed(body: &str, changes: &[(&str, Value)]) -> String {
    let mut body: Value = serde_json::from_str(body).expect("JSON");
    for (pointer, value) in changes {
        *body.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer} is there")) = value.clone();
    }
    body.to_string()
}

/// A push to a branch, from one commit to another, at so many seconds.
fn pushed(branch: &str, before: char, after: char, seconds: i64) -> String {
    let commit = |digit: char| json!(digit.to_string().repeat(40));
    changed(
        GITHUB_PUSH,
        &[
            ("/ref", json!(format!("refs/heads/{branch}"))),
            ("/before", commit(before)),
            ("/after", commit(after)),
            ("/head_commit/id", commit(after)),
            ("/repository/pushed_at", json!(seconds)),
        ],
    )
}

async fn every_host_starts_a_build(stage: &Stage) {
    let prefixed =
        |body: &str| format!("sha256={}", hmac_sha256_hex(stage.secret.as_bytes(), body.as_bytes()));
    let bare = |body: &str| hmac_sha256_hex(stage.secret.as_bytes(), body.as_bytes());
    let token = |_: &str| stage.secret.clone();
    type Case<'a> = (&'a str, &'a str, &'a str, &'a dyn Fn(&str) -> String, &'a str);
    let cases: [Case<'_>; 8] = [
        ("X-GitHub-Event", "push", "X-Hub-Signature-256", &prefixed, GITHUB_PUSH),
        ("X-GitHub-Event", "pull_request", "X-Hub-Signature-256", &prefixed, GITHUB_REQUEST),
        ("X-Gitlab-Event", "Push Hook", "X-Gitlab-Token", &token, GITLAB_PUSH),
        ("X-Gitlab-Event", "Merge Request Hook", "X-Gitlab-Token", &token, GITLAB_REQUEST),
        ("X-Gitea-Event", "push", "X-Gitea-Signature", &bare, GITEA_PUSH),
        ("X-Forgejo-Event", "pull_request", "X-Forgejo-Signature", &bare, GITEA_REQUEST),
        ("X-Event-Key", "repo:push", "X-Hub-Signature", &prefixed, BITBUCKET_PUSH),
        ("X-Event-Key", "pullrequest:created", "X-Hub-Signature", &prefixed, BITBUCKET_REQUEST),
    ];
    let mut site = stage.site.clone();
    site.info.build.untrusted_flow = Some(model::UntrustedFlow::Redact);
    let mut tx = stage.cx().begin().await.expect("the database answers");
    store::sites::update(&mut tx, &site).await.expect("written");
    tx.commit().await.expect("the database answers");
    let mut shown = String::new();
    for (event_header, event, signature, sign, body) in cases {
        // examples of GitHub want a request against `master`
        let body = body.replace("\"ref\": \"master\"", "\"ref\": \"main\"");
        let told = stage.call(&site, &[(event_header, event), (signature, &sign(&body))], &body).await;
        let told = told.expect("it is let in");
        let (_, deploy, cause) = stage.made(&told[0]).await;
        assert!(told[0].signed);
        let push = cause.push.expect("a push");
        let line = format!(
            "{} {:?} {:?} {:?} {:?} [{}] {} {}\n",
            deploy.context.as_str(),
            deploy.branch.as_deref().unwrap_or_default(),
            deploy.info.alias.as_deref().unwrap_or_default(),
            deploy.info.commit_ref.as_deref().map(|sha| &sha[..7]),
            deploy.info.review_id,
            deploy.info.title.as_deref().unwrap_or_default(),
            push.reference.as_deref().unwrap_or("-"),
            cause.untrusted,
        );
        shown.push_str(&line);
    }
    let expect = r#"branch-deploy "master" "master" Some("6113728") None [Initial commit] - false
deploy-preview "changes" "deploy-preview-2" Some("ec26c3e") Some(2) [Update the README with new information.] refs/pull/2/head false
production "main" "" Some("d8c8a93") None [fixed readme] - false
deploy-preview "ms-viewport" "deploy-preview-7" Some("d8c8a93") Some(7) [MS-Viewport] refs/merge-requests/7/head true
branch-deploy "develop" "develop" Some("bffeb74") None [Webhooks Yay!] - false
deploy-preview "words" "deploy-preview-3" Some("bffeb74") Some(3) [Better words] refs/pull/3/head true
production "main" "" Some("709d658") None [new commit message] - false
deploy-preview "branch2" "deploy-preview-1" None Some(1) [Title of pull request] - false
"#;
    assert_eq!(shown, expect);
}

async fn branches_and_requests_get_their_own_deploys(stage: &Stage) {
    let told = stage.github("push", &pushed("main", '0', 'a', 1), "1").await;
    let (_, deploy, _) = stage.made(&told).await;
    assert_eq!(
        (deploy.context, deploy.info.committer.as_deref()),
        (DeployContext::Production, Some("Codertocat"))
    );
    let told = stage.github("push", &pushed("feat/x", '0', 'b', 1), "2").await;
    let (_, deploy, _) = stage.made(&told).await;
    assert_eq!((deploy.context, deploy.info.alias.as_deref()), (DeployContext::BranchDeploy, Some("feat-x")));
    let told = stage.github("pull_request", GITHUB_REQUEST, "3").await;
    let (_, deploy, cause) = stage.made(&told).await;
    let info = &deploy.info;
    assert_eq!(
        (deploy.context, info.alias.as_deref()),
        (DeployContext::DeployPreview, Some("deploy-preview-2"))
    );
    assert_eq!(info.review_url.as_deref(), Some("https://github.com/Codertocat/Hello-World/pull/2"));
    assert_eq!(
        info.commit_url.as_deref(),
        Some("https://github.com/Codertocat/Hello-World/commit/ec26c3e57ca3a959ca5aad62de7213c562f8c821")
    );
    assert_eq!(
        (info.review_id, info.committer.as_deref(), cause.untrusted),
        (Some(2), Some("Codertocat"), false)
    );
    assert_eq!(
        (told.review_id, told.branch.as_deref(), told.address.as_deref()),
        (Some(2), Some("changes"), Some("192.0.2.1"))
    );
}

async fn requests_from_forks_wait_for_a_person(stage: &Stage) {
    let fork = changed(
        GITHUB_REQUEST,
        &[
            ("/pull_request/head/repo/id", json!(1)),
            ("/pull_request/author_association", json!("CONTRIBUTOR")),
        ],
    );
    let told = stage.github("pull_request", &fork, "1").await;
    let (build, _, cause) = stage.made(&told).await;
    assert_eq!(
        (told.outcome, build.state, cause.untrusted),
        (Outcome::Held, BuildState::PendingReview, true)
    );
    let again = changed(&fork, &[("/action", json!("reopened"))]);
    ignored(&stage.github("pull_request", &again, "1b").await, "this commit waits for a person already");
    let closed = changed(&fork, &[("/action", json!("closed"))]);
    let told = stage.github("pull_request", &closed, "2").await;
    assert_eq!(told.outcome, Outcome::Cancelled, "{told:?}");
}

async fn only_signed_webhooks_come_in(stage: &Stage) {
    let body = pushed("main", '0', 'a', 1);
    let signature = format!("sha256={}", hmac_sha256_hex(stage.secret.as_bytes(), body.as_bytes()));
    let tampered = body.replace("refs/heads/main", "refs/heads/evil");
    let event = ("X-GitHub-Event", "push");
    for (list, body) in [
        (&[event][..], &body),
        (&[event, ("X-Hub-Signature-256", "sha256=00")], &body),
        (&[event, ("X-Hub-Signature-256", &signature)], &tampered),
        (&[event, ("X-Gitlab-Token", &stage.secret)], &body),
    ] {
        let Err(error) = stage.call(&stage.site, list, body).await else { panic!("{list:?} came in") };
        assert!(matches!(error, Error::Unauthorized(_)), "{error:?}");
        assert!(!error.to_string().contains(&stage.secret));
    }
    let log = stage.log().await;
    assert!(
        log.len() == 4 && log.iter().all(|one| one.outcome == Outcome::Refused && !one.signed),
        "{log:?}"
    );
    assert!(!serde_json::to_string(&log).expect("JSON").contains(&stage.secret));
    assert_eq!(stage.builds().await, 0);
    let row = store::pushes::hook_of(&mut stage.cx().read().await.expect("read"), &stage.site.id).await;
    assert!(!format!("{row:?}").contains(&stage.secret), "secrets are encrypted at rest");
    assert!(stage.secret.starts_with("whsec_") && stage.secret.len() == 50);
    assert_eq!(show(stage.cx(), &stage.site).await.expect("shown").secret, None);
}

async fn without_a_secret_the_url_does_what_a_build_hook_does(stage: &Stage) {
    let site = linked(stage.cx(), &stage.account, "fresh").await;
    let event = [("X-GitHub-Event", "push")];
    // the same commit again, by another body: nobody can say that it is known
    for seconds in [9, 1] {
        let told = stage.call(&site, &event, &pushed("main", '0', 'a', seconds)).await.expect("it is let in");
        let (_, deploy, cause) = stage.made(&told[0]).await;
        assert_eq!((told[0].signed, deploy.info.commit_ref, cause.untrusted), (false, None, false));
    }
    let told = stage.call(&site, &[("X-GitHub-Event", "pull_request")], GITHUB_REQUEST).await;
    let (build, _, cause) = stage.made(&told.expect("it is let in")[0]).await;
    assert_eq!((build.state, cause.untrusted), (BuildState::PendingReview, true));
    assert!(!show(stage.cx(), &site).await.expect("shown").signed);
}

async fn nothing_is_built_twice(stage: &Stage) {
    let body = pushed("main", '0', 'a', 1);
    stage.made(&stage.github("push", &body, "1").await).await;
    ignored(&stage.github("push", &body, "1").await, "this delivery was handled before");
    ignored(&stage.github("push", &body, "2").await, "this delivery was handled before");
    ignored(
        &stage.github("push", &pushed("main", '9', 'b', 2), "1").await,
        "this delivery was handled before",
    );
    ignored(
        &stage.github("push", &pushed("main", '0', 'a', 2), "3").await,
        "this commit is being built already",
    );
    stage.made(&stage.github("push", &pushed("dev", '0', 'a', 2), "4").await).await;
    assert_eq!(stage.builds().await, 2);
    let reopened = changed(GITHUB_REQUEST, &[("/action", json!("reopened"))]);
    stage.made(&stage.github("pull_request", GITHUB_REQUEST, "5").await).await;
    ignored(&stage.github("pull_request", &reopened, "6").await, "this commit is being built already");
}

async fn a_commit_whose_build_failed_is_built_again(stage: &Stage) {
    for (delivery, state) in
        [("1", BuildState::Failed), ("2", BuildState::Cancelled), ("3", BuildState::Done)]
    {
        let (build, ..) = stage
            .made(&stage.github("push", &pushed("main", '0', 'a', delivery.len() as i64), delivery).await)
            .await;
        let mut tx = stage.cx().begin().await.expect("the database answers");
        store::builds::finish(&mut tx, &build.id, state, None, stage.cx().now()).await.expect("finished");
        // as if it had been forgotten: here the build is looked at, not the delivery
        store::pushes::forget_deliveries(&mut tx, &stage.site.id, stage.cx().now(), 0)
            .await
            .expect("forgotten");
        tx.commit().await.expect("the database answers");
    }
    ignored(&stage.github("push", &pushed("main", '0', 'a', 1), "4").await, "this commit was built already");
}

async fn what_was_overtaken_is_not_built(stage: &Stage) {
    stage.made(&stage.github("push", &pushed("main", 'b', 'c', 30), "3").await).await;
    ignored(
        &stage.github("push", &pushed("main", '0', 'a', 10), "1").await,
        "a newer push arrived before it",
    );
    ignored(
        &stage.github("push", &pushed("main", 'a', 'b', 20), "2").await,
        "a newer push arrived before it",
    );
    // set back on purpose
    stage.made(&stage.github("push", &pushed("main", 'c', 'a', 40), "4").await).await;
    stage.made(&stage.github("push", &pushed("main", 'a', 'c', 50), "5").await).await;
}

async fn a_closed_request_and_a_deleted_branch_end_their_builds(stage: &Stage) {
    let (of_request, ..) = stage.made(&stage.github("pull_request", GITHUB_REQUEST, "1").await).await;
    let (of_branch, ..) = stage.made(&stage.github("push", &pushed("feat", '0', 'a', 1), "2").await).await;
    let (other, ..) = stage.made(&stage.github("push", &pushed("main", '0', 'b', 1), "3").await).await;
    let closed = changed(GITHUB_REQUEST, &[("/action", json!("closed"))]);
    let deleted = r#"{"ref": "feat", "ref_type": "branch"}"#;
    for (event, body, delivery, build) in
        [("pull_request", closed.as_str(), "4", &of_request), ("delete", deleted, "5", &of_branch)]
    {
        let told = stage.github(event, body, delivery).await;
        assert_eq!(
            (told.outcome, told.reason.as_deref()),
            (Outcome::Cancelled, Some("its build was stopped; what was deployed stays"))
        );
        let mut db = stage.cx().read().await.expect("the database answers");
        let now = store::builds::find(&mut db, &build.id).await.expect("read").expect("there");
        assert_eq!(now.state, BuildState::Cancelled);
        let left = store::builds::find(&mut db, &other.id).await.expect("read").expect("there");
        assert_eq!(left.state, BuildState::Enqueued);
    }
    ignored(
        &stage.github("delete", r#"{"ref": "none", "ref_type": "branch"}"#, "6").await,
        "no build of it was under way",
    );
    // a branch of that name that comes again is built, whatever its commit
    stage.made(&stage.github("push", &pushed("feat", '0', 'a', 2), "7").await).await;
}

async fn secrets_overlap_for_a_while(stage: &Stage) {
    let cx = stage.cx();
    let old = stage.secret.clone();
    let hook = rotate(cx, &stage.site, Rotation { overlap_seconds: Some(60) }, "ada").await.expect("rotated");
    let new = hook.secret.clone().expect("it is shown once");
    assert_eq!(hook.previous_until, Some(cx.now().plus_millis(60_000)));
    let ping = async |secret: &str, expect: bool| {
        let list = [("X-Gitlab-Event", "Push Hook"), ("X-Gitlab-Token", secret)];
        let body = r#"{"object_kind": "ping"}"#;
        assert_eq!(stage.call(&stage.site, &list, body).await.is_ok(), expect, "{secret}");
    };
    ping(&new, true).await;
    ping(&old, true).await;
    stage.bed.clock.advance(std::time::Duration::from_secs(61));
    ping(&new, true).await;
    ping(&old, false).await;
    for (seconds, good) in
        [(0, true), (OVERLAP_MAX_SECONDS, true), (OVERLAP_MAX_SECONDS + 1, false), (-1, false)]
    {
        let rotated = rotate(cx, &stage.site, Rotation { overlap_seconds: Some(seconds) }, "ada").await;
        assert_eq!(rotated.is_ok(), good, "{seconds}");
    }
}

async fn too_many_webhooks_are_told_to_wait(stage: &Stage) {
    for number in 0..PER_MINUTE {
        stage.github("ping", "{}", &number.to_string()).await;
    }
    let signature = format!("sha256={}", hmac_sha256_hex(stage.secret.as_bytes(), b"{}"));
    let list = [("X-GitHub-Event", "ping"), ("X-Hub-Signature-256", signature.as_str())];
    let more = stage.call(&stage.site, &list, "{}").await;
    assert!(matches!(more, Err(Error::TooMany { retry_after: 60 })), "{more:?}");
    let other = linked(stage.cx(), &stage.account, "other").await;
    stage.call(&other, &list, "{}").await.expect("another site has its own");
    stage.bed.clock.advance(std::time::Duration::from_secs(60));
    stage.call(&stage.site, &list, "{}").await.expect("the minute is over");
}

async fn strangers_cannot_fill_the_log(stage: &Stage) {
    stage.github("ping", "{}", "1").await;
    for minute in 0..4 {
        for _ in 0..REFUSED_PER_MINUTE + 5 {
            stage.call(&stage.site, &[("X-GitHub-Event", "push")], "{}").await.expect_err("it is not signed");
        }
        let refused = stage.log().await.iter().filter(|one| one.outcome == Outcome::Refused).count();
        let expect = ((minute + 1) * REFUSED_PER_MINUTE).min(REFUSED_KEPT);
        assert_eq!(i64::try_from(refused), Ok(expect));
        stage.bed.clock.advance(std::time::Duration::from_secs(61));
    }
    assert!(stage.log().await.iter().any(|one| one.event == "ping"));
    stage.made(&stage.github("push", &pushed("main", '0', 'a', 1), "2").await).await;
}

async fn only_so_many_webhooks_are_kept(stage: &Stage) {
    for number in 0..KEPT + 5 {
        stage.github("ping", "{}", &number.to_string()).await;
        stage.bed.clock.advance(std::time::Duration::from_secs(2));
    }
    let log = stage.log().await;
    assert_eq!(i64::try_from(log.len()), Ok(KEPT));
    assert_eq!(log[0].delivery.as_deref(), Some((KEPT + 4).to_string().as_str()), "the newest first");
}

async fn what_is_not_followed_is_answered_well(stage: &Stage) {
    ignored(&stage.github("star", "{}", "1").await, "the event `star` is not followed");
    ignored(&stage.github("push", &pushed("main", '0', '0', 1), "2").await, "no build of it was under way");
    let mut site = stage.site.clone();
    for (change, why) in [
        (json!({ "stop_builds": true }), "stopped"),
        (json!({ "repo_branch": "other", "allowed_branches": [], "stop_builds": false }), "allowed_branches"),
    ] {
        let changes = serde_json::from_value(json!({ "repo": change })).expect("changes");
        site = sites::update(stage.cx(), &site.id, changes).await.expect("changed");
        ignored(&stage.github("push", &pushed("main", '0', 'a', 1), "3").await, why);
    }
    site = sites::unlink_repo(stage.cx(), &site.id).await.expect("unlinked");
    let body = pushed("master", '0', 'a', 1);
    ignored(&stage.github("push", &body, "4").await, "not linked to a repository");
    let nothing = stage.call(&site, &[], "{}").await;
    assert!(matches!(nothing, Err(Error::Invalid(_))), "{nothing:?}");
    stage.bed.clock.advance(std::time::Duration::from_secs(1));
    let signature = format!("sha256={}", hmac_sha256_hex(stage.secret.as_bytes(), b"no JSON"));
    let list = [("X-GitHub-Event", "push"), ("X-Hub-Signature-256", signature.as_str())];
    assert!(matches!(stage.call(&site, &list, "no JSON").await, Err(Error::Invalid(_))));
    assert_eq!(stage.log().await[0].outcome, Outcome::Refused);
    assert!(matches!(check_address(stage.cx(), "none").await, Err(Error::NotFound)));
}

async fn sites_of_one_repository_have_their_own_urls(stage: &Stage) {
    let second = linked(stage.cx(), &stage.account, "docs").await;
    assert_ne!(second.info.deploy_hook_id, stage.site.info.deploy_hook_id);
    let body = pushed("main", '0', 'a', 1);
    stage.made(&stage.github("push", &body, "1").await).await;
    let told = stage.call(&second, &[("X-GitHub-Event", "push"), ("X-GitHub-Delivery", "1")], &body).await;
    stage.made(&told.expect("it is let in")[0]).await;
}
