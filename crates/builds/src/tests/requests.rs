//! Deploy requests on both engines: what waits, who gives way, and what becomes of decisions that
//! meet each other.

use super::world::{elsewhere, insert_site};
use crate::requests::{
    Accept, EXPIRED, GRANTED, HELD_MAX, Reject, SUPERSEDED, WAIT_MAX_MILLIS, WITHDRAWN, WITHHELD, accept,
    expire, reject, withdraw,
};
use crate::{BUILD_JOB, Cause, Push, Retry, Review, retry, start};
use context::{Context, Error, Result};
use model::{BuildState, DeployContext, DeployState, Page, UntrustedFlow};
use std::time::Duration;
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites::SiteRow;
use testbed::{Bed, Setup, both};

/// What is told of a request about which nobody has to decide any more.
const LAPSED: [&str; 3] = ["deploy_created", "deploy_request_pending", "deploy_failed"];

/// A site whose repository is never cloned: no test here carries a build out.
struct Gate {
    bed: Bed,
    site: SiteRow,
}

impl Setup for Gate {
    async fn on(bed: Bed) -> Self {
        let cx = &bed.cx;
        let site = insert_site(cx, elsewhere()).await;
        Self { bed, site }
    }
}

impl Gate {
    fn cx(&self) -> &Context {
        &self.bed.cx
    }

    /// A fork's push to request `review` with this commit.
    async fn push(&self, review: i64, commit: &str) -> Result<(BuildRow, DeployRow)> {
        self.bed.clock.advance(Duration::from_secs(1));
        start(self.cx(), &self.site, from_fork(review, commit)).await
    }

    async fn held(&self, review: i64, commit: &str) -> (BuildRow, DeployRow) {
        self.push(review, commit).await.expect("a deploy request")
    }

    /// The same site under another policy.
    fn under(&self, policy: UntrustedFlow) -> SiteRow {
        let mut site = self.site.clone();
        site.info.build.untrusted_flow = Some(policy);
        site
    }

    async fn look(&self, build: &BuildRow) -> (BuildRow, DeployRow) {
        let mut db = self.cx().read().await.expect("a connection");
        let build = store::builds::find(&mut db, &build.id).await.expect("read").expect("a build");
        let deploy = store::deploys::find(&mut db, &build.deploy_id).await.expect("read").expect("a deploy");
        (build, deploy)
    }

    /// States of a build and its deploy, and what the deploy says went wrong.
    async fn stands(&self, build: &BuildRow) -> (BuildState, DeployState, Option<String>) {
        let (build, deploy) = self.look(build).await;
        if deploy.state == DeployState::Rejected || deploy.info.skipped == Some(true) {
            assert_eq!(build.error, deploy.info.error_message, "both say the same");
            assert!(build.finished_at.is_some());
        }
        (build.state, deploy.state, deploy.info.error_message)
    }

    /// Names of the events about a deploy, oldest first.
    async fn events(&self, deploy: &DeployRow) -> Vec<String> {
        let filter = store::events::Filter { resource_id: Some(deploy.id.clone()), ..Default::default() };
        let mut db = self.cx().read().await.expect("a connection");
        let list = store::events::list(&mut db, &filter, Page::default()).await.expect("a ledger");
        list.into_iter().rev().map(|event| event.event).collect()
    }

    /// How many builds have a job.
    async fn jobs(&self) -> i64 {
        let mut db = self.cx().read().await.expect("a connection");
        store::jobs::count(&mut db, BUILD_JOB).await.expect("read")
    }
}

fn from_fork(review: i64, commit: &str) -> Cause {
    let review = Review { id: review, url: Some(format!("https://git.example/team/blog/pull/{review}")) };
    Cause {
        branch: Some("fix".into()),
        push: Some(Push { commit: Some(commit.into()), review: Some(review), ..Push::default() }),
        untrusted: true,
        ..Cause::default()
    }
}

fn yes() -> Accept {
    Accept { user_id: Some("u".into()), with_secrets: false }
}

fn title(deploy: &DeployRow) -> Option<&str> {
    deploy.info.summary.as_ref()?["messages"][0]["title"].as_str()
}

fn cause(build: &BuildRow) -> Cause {
    serde_json::from_value(build.cause.clone()).expect("a cause")
}

both!(
    untrusted_code_waits_for_a_person,
    a_yes_lets_the_build_begin_once,
    a_no_ends_the_build_and_says_why,
    a_person_may_give_secrets_out,
    the_policy_of_the_site_counts,
    a_newer_push_takes_the_place_of_the_one_that_waits,
    a_repeated_request_takes_nobodys_place,
    only_so_many_requests_of_a_site_wait,
    a_closed_request_asks_nobody,
    what_nobody_decides_ends_by_itself,
    cancelling_ends_a_request,
    what_cannot_be_built_is_not_accepted,
);
both!(threads: decisions_that_meet_are_taken_once, pushes_that_meet_leave_one_waiting);

async fn untrusted_code_waits_for_a_person(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    assert_eq!((build.state, deploy.state), (BuildState::PendingReview, DeployState::PendingReview));
    assert_eq!(deploy.context, DeployContext::DeployPreview);
    assert_eq!(deploy.info.alias.as_deref(), Some("deploy-preview-7"));
    assert_eq!(title(&deploy), Some(WITHHELD));
    assert_eq!(gate.events(&deploy).await, ["deploy_created", "deploy_request_pending"]);
    assert_eq!(gate.jobs().await, 0, "nothing builds it");
    let trusted = Cause { untrusted: false, ..from_fork(8, "c2") };
    let (build, deploy) = start(gate.cx(), &gate.site, trusted).await.expect("a build");
    assert_eq!((build.state, title(&deploy)), (BuildState::Enqueued, None));
    assert_eq!(gate.jobs().await, 1);
}

async fn a_yes_lets_the_build_begin_once(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    let accepted = accept(gate.cx(), &deploy.id, yes()).await.expect("accepted");
    assert_eq!((accepted.state, title(&accepted)), (DeployState::Enqueued, Some(WITHHELD)));
    let again = accept(gate.cx(), &deploy.id, Accept { with_secrets: true, ..yes() }).await;
    assert_eq!(again.expect("harmless").state, DeployState::Enqueued);
    let (build, deploy) = gate.look(&build).await;
    assert_eq!(build.state, BuildState::Enqueued);
    assert!(cause(&build).untrusted, "the first yes counts: it gave no secrets out");
    let expect = ["deploy_created", "deploy_request_pending", "deploy_request_accepted"];
    assert_eq!(gate.events(&deploy).await, expect);
    assert_eq!(gate.jobs().await, 1);
    let late = reject(gate.cx(), &deploy.id, Reject::default()).await;
    assert!(matches!(late, Err(Error::Unprocessable(_))), "{late:?}");
}

async fn a_no_ends_the_build_and_says_why(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    let no = Reject { reason: Some("mines coins".into()) };
    let rejected = reject(gate.cx(), &deploy.id, no.clone()).await.expect("rejected");
    let said = Some("The deploy request was rejected: mines coins".to_owned());
    assert_eq!((rejected.state, rejected.info.error_message), (DeployState::Rejected, said.clone()));
    assert_eq!(gate.stands(&build).await, (BuildState::Cancelled, DeployState::Rejected, said));
    let again = reject(gate.cx(), &deploy.id, Reject::default()).await.expect("harmless");
    assert_eq!(again.state, DeployState::Rejected);
    let late = accept(gate.cx(), &deploy.id, yes()).await;
    assert!(matches!(late, Err(Error::Unprocessable(_))), "{late:?}");
    let expect = ["deploy_created", "deploy_request_pending", "deploy_request_rejected"];
    assert_eq!(gate.events(&deploy).await, expect);
    assert_eq!(gate.jobs().await, 0);
    let (next, _) = gate.held(7, "c2").await;
    assert_eq!(next.state, BuildState::PendingReview, "the next push asks again");
}

async fn a_person_may_give_secrets_out(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    let yes = Accept { with_secrets: true, ..yes() };
    let accepted = accept(gate.cx(), &deploy.id, yes).await.expect("accepted");
    assert_eq!(title(&accepted), Some(GRANTED));
    let (build, _) = gate.look(&build).await;
    let cause = cause(&build);
    assert!(!cause.untrusted && cause.accepted.is_some_and(|by| by.user_id.as_deref() == Some("u")));
}

async fn the_policy_of_the_site_counts(gate: &Gate) {
    let redact = gate.under(UntrustedFlow::Redact);
    let (build, deploy) = start(gate.cx(), &redact, from_fork(7, "c1")).await.expect("a build");
    assert_eq!((build.state, deploy.state), (BuildState::Enqueued, DeployState::Enqueued));
    assert_eq!((title(&deploy), cause(&build).untrusted), (Some(WITHHELD), true));
    for decided in [
        accept(gate.cx(), &deploy.id, yes()).await.err(),
        reject(gate.cx(), &deploy.id, Reject::default()).await.err(),
    ] {
        assert!(matches!(decided, Some(Error::Unprocessable(_))), "nothing waits: {decided:?}");
    }
    let never = gate.under(UntrustedFlow::Never);
    let refused = start(gate.cx(), &never, from_fork(8, "c1")).await;
    assert!(matches!(refused, Err(Error::Unprocessable(_))), "{refused:?}");
    let nameless = Cause { push: None, ..from_fork(9, "") };
    let refused = start(gate.cx(), &gate.site, nameless).await;
    assert!(matches!(refused, Err(Error::Unprocessable(_))), "what is reviewed must be what is built");
    assert_eq!(gate.jobs().await, 1);
}

async fn a_newer_push_takes_the_place_of_the_one_that_waits(gate: &Gate) {
    let (first, old) = gate.held(7, "c1").await;
    let (other, _) = gate.held(8, "c1").await;
    let (second, _) = gate.held(7, "c2").await;
    let gone = (BuildState::Cancelled, DeployState::Error, Some(SUPERSEDED.to_owned()));
    assert_eq!(gate.stands(&first).await, gone);
    assert_eq!(gate.look(&first).await.1.info.skipped, Some(true), "nothing went wrong");
    for still in [&other, &second] {
        assert_eq!(gate.stands(still).await, (BuildState::PendingReview, DeployState::PendingReview, None));
    }
    assert_eq!(
        gate.events(&old).await,
        LAPSED,
        "nobody decided, and who follows the deploy hears of its end"
    );
}

async fn a_repeated_request_takes_nobodys_place(gate: &Gate) {
    let (first, _) = gate.held(7, "c1").await;
    let (newer, asked) = gate.held(7, "c2").await;
    let again = retry(gate.cx(), &first.id, Retry::default()).await;
    assert!(matches!(again, Err(Error::Conflict(_))), "{again:?}");
    assert_eq!(gate.look(&newer).await.0.state, BuildState::PendingReview);
    accept(gate.cx(), &asked.id, yes()).await.expect("accepted");
    let (again, deploy) = retry(gate.cx(), &first.id, Retry::default()).await.expect("nothing waits");
    assert_eq!((again.state, deploy.info.commit_ref.as_deref()), (BuildState::PendingReview, Some("c1")));
    accept(gate.cx(), &deploy.id, yes()).await.expect("accepted");
    for one in [&newer, &again] {
        assert_eq!(
            gate.look(one).await.0.state,
            BuildState::Enqueued,
            "a yes to the older ends no newer one"
        );
    }
    let (waits, _) = retry(gate.cx(), &first.id, Retry::default()).await.expect("nothing waits");
    gate.held(7, "c3").await;
    assert_eq!(gate.look(&waits).await.0.state, BuildState::Cancelled, "a newer push takes its place");
}

async fn only_so_many_requests_of_a_site_wait(gate: &Gate) {
    for review in 1..=HELD_MAX {
        gate.held(i64::try_from(review).expect("small"), "c1").await;
    }
    assert!(matches!(gate.push(1000, "c1").await, Err(Error::Unprocessable(_))));
    gate.held(1, "c2").await;
    let trusted = Cause { untrusted: false, ..from_fork(1001, "c1") };
    start(gate.cx(), &gate.site, trusted).await.expect("trusted code is built all the same");
}

async fn a_closed_request_asks_nobody(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    let (other, _) = gate.held(8, "c1").await;
    assert_eq!(withdraw(gate.cx(), &gate.site.id, 7).await.expect("withdrawn"), 1);
    assert_eq!(withdraw(gate.cx(), &gate.site.id, 7).await.expect("harmless"), 0);
    let gone = (BuildState::Cancelled, DeployState::Error, Some(WITHDRAWN.to_owned()));
    assert_eq!(gate.stands(&build).await, gone);
    assert_eq!(gate.look(&other).await.1.state, DeployState::PendingReview);
    assert_eq!(gate.events(&deploy).await, LAPSED);
}

async fn what_nobody_decides_ends_by_itself(gate: &Gate) {
    let (old, deploy) = gate.held(7, "c1").await;
    let (deleted, left) = gate.held(9, "c1").await;
    deploys::delete(gate.cx(), &left.id).await.expect("deleted");
    let told = [&LAPSED[..], &["deploy_deleted"]].concat();
    assert_eq!(gate.events(&left).await, told, "who follows it hears of its end");
    let wait = Duration::from_millis(WAIT_MAX_MILLIS.unsigned_abs());
    gate.bed.clock.advance(wait - Duration::from_secs(2));
    let (young, _) = gate.held(8, "c1").await;
    assert_eq!(expire(gate.cx()).await.expect("swept"), 0, "not a moment too early");
    gate.bed.clock.advance(Duration::from_secs(1));
    assert_eq!(expire(gate.cx()).await.expect("swept"), 1);
    assert_eq!(expire(gate.cx()).await.expect("swept"), 0);
    let gone = (BuildState::Cancelled, DeployState::Rejected, Some(EXPIRED.to_owned()));
    assert_eq!(gate.stands(&old).await, gone);
    assert_eq!(gate.look(&young).await.0.state, BuildState::PendingReview);
    assert_eq!(gate.events(&deploy).await.last().map(String::as_str), Some("deploy_request_rejected"));
    let mut db = gate.cx().read().await.expect("a connection");
    let orphan = store::builds::find(&mut db, &deleted.id).await.expect("read").expect("a build");
    assert_eq!(orphan.state, BuildState::Cancelled);
}

async fn cancelling_ends_a_request(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    crate::Builds::new(gate.cx().clone()).cancel(&build.id).await.expect("cancelled");
    let expect = (BuildState::Cancelled, DeployState::Error, Some(deploys::CANCELED.to_owned()));
    assert_eq!(gate.stands(&build).await, expect);
    assert!(matches!(accept(gate.cx(), &deploy.id, yes()).await, Err(Error::Unprocessable(_))));
    assert!(matches!(reject(gate.cx(), &deploy.id, Reject::default()).await, Err(Error::Unprocessable(_))));
    assert!(matches!(accept(gate.cx(), "none", yes()).await, Err(Error::NotFound)));
}

async fn what_cannot_be_built_is_not_accepted(gate: &Gate) {
    let (build, deploy) = gate.held(7, "c1").await;
    let mut site = gate.site.clone();
    site.info.build.stop_builds = Some(true);
    let mut tx = gate.cx().begin().await.expect("a transaction");
    store::sites::update(&mut tx, &site).await.expect("written");
    tx.commit().await.expect("a commit");
    assert!(matches!(accept(gate.cx(), &deploy.id, yes()).await, Err(Error::Unprocessable(_))));
    assert_eq!(gate.look(&build).await.0.state, BuildState::PendingReview, "it waits on");
}

/// Runs yes and no against each other; whatever comes first, there is one decision, and a job only
/// for a yes.
async fn decisions_that_meet_are_taken_once(gate: &Gate) {
    for review in 1..=8 {
        let jobs = gate.jobs().await;
        let (build, deploy) = gate.held(review, "c1").await;
        let (cx, id) = (gate.cx(), &deploy.id);
        let (first, no, second) =
            tokio::join!(accept(cx, id, yes()), reject(cx, id, Reject::default()), accept(cx, id, yes()));
        let (state, decided) = match gate.look(&build).await.1.state {
            DeployState::Enqueued => (BuildState::Enqueued, "deploy_request_accepted"),
            DeployState::Rejected => (BuildState::Cancelled, "deploy_request_rejected"),
            other => panic!("{other}"),
        };
        let said_yes = state == BuildState::Enqueued;
        assert_eq!((first.is_ok(), second.is_ok(), no.is_err()), (said_yes, said_yes, said_yes));
        assert_eq!(gate.look(&build).await.0.state, state);
        let expect = ["deploy_created", "deploy_request_pending", decided];
        assert_eq!(gate.events(&deploy).await, expect);
        assert_eq!(gate.jobs().await - jobs, i64::from(said_yes));
    }
}

async fn pushes_that_meet_leave_one_waiting(gate: &Gate) {
    let push = |commit: &'static str| start(gate.cx(), &gate.site, from_fork(7, commit));
    let (a, b, c, d) = tokio::join!(push("c1"), push("c2"), push("c3"), push("c4"));
    let mut waiting = 0;
    for (build, _) in [a, b, c, d].map(|pushed| pushed.expect("a deploy request")) {
        waiting += usize::from(gate.look(&build).await.0.state == BuildState::PendingReview);
    }
    assert_eq!(waiting, 1);
}
