//! Builds that wait, on both engines: what replaces what, who is next, and what it all adds up to.

use super::world::elsewhere;
use crate::hooks::Trigger;
use crate::{Builds, Cause, Push, REPLACED, Retry, Review, queue, retry, site_status, start, status};
use context::{Context, Error};
use model::{BuildState, DeployState};
use std::time::Duration;
use store::accounts::AccountRow;
use store::builds::BuildRow;
use store::deploys::DeployRow;
use store::sites::{SiteInfo, SiteRow};
use testbed::{Bed, Setup, both};

both!(
    the_newest_waiting_build_of_a_branch_counts,
    other_branches_and_requests_wait_beside,
    what_a_build_hook_brings_is_replaced_too,
    a_running_build_goes_on_and_its_successor_waits,
    a_site_may_want_each_of_its_builds,
    what_waits_for_a_yes_gives_way_to_what_needs_none,
    a_retry_builds_the_same_commit_and_replaces_nothing,
    a_cancelled_build_leaves_nothing_to_do,
    accounts_and_sites_take_turns,
    minutes_are_counted_once_and_outlive_their_site,
);
both!(threads: of_builds_asked_for_at_once_one_waits);

/// Sites of two accounts.
struct Line {
    bed: Bed,
    site: SiteRow,
    sister: SiteRow,
    stranger: SiteRow,
}

impl Setup for Line {
    async fn on(bed: Bed) -> Self {
        let (one, two) = (account(&bed.cx, "one").await, account(&bed.cx, "two").await);
        let site = site_of(&bed.cx, &one, "blog").await;
        let sister = site_of(&bed.cx, &one, "docs").await;
        let stranger = site_of(&bed.cx, &two, "shop").await;
        Self { bed, site, sister, stranger }
    }
}

impl Line {
    fn cx(&self) -> &Context {
        &self.bed.cx
    }

    async fn ask(&self, site: &SiteRow, cause: Cause) -> BuildRow {
        self.bed.clock.advance(Duration::from_millis(1));
        start(self.cx(), site, cause).await.expect("a build is asked for").0
    }

    async fn look(&self, build: &BuildRow) -> (BuildRow, DeployRow) {
        let mut db = self.cx().read().await.expect("the database answers");
        let build = store::builds::find(&mut db, &build.id).await.expect("read").expect("there");
        let deploy = store::deploys::find(&mut db, &build.deploy_id).await.expect("read").expect("there");
        (build, deploy)
    }

    async fn state(&self, build: &BuildRow) -> BuildState {
        self.look(build).await.0.state
    }

    async fn begin(&self, build: &BuildRow) {
        let mut tx = self.cx().begin().await.expect("the database answers");
        assert!(store::builds::begin(&mut tx, &build.id, self.cx().now()).await.expect("written"));
        tx.commit().await.expect("the database answers");
    }

    async fn finish(&self, build: &BuildRow, state: BuildState) {
        let mut tx = self.cx().begin().await.expect("the database answers");
        let (error, now) = (Some("x").filter(|_| state == BuildState::Failed), self.cx().now());
        assert!(store::builds::finish(&mut tx, &build.id, state, error, now).await.expect("written"));
        tx.commit().await.expect("the database answers");
    }

    async fn jobs(&self) -> i64 {
        let mut db = self.cx().read().await.expect("the database answers");
        store::jobs::count(&mut db, crate::BUILD_JOB).await.expect("counted")
    }
}

async fn account(cx: &Context, slug: &str) -> String {
    let account = AccountRow::new(&cx.id(), slug, slug, cx.now());
    let mut tx = cx.begin().await.expect("the database answers");
    store::accounts::insert(&mut tx, &account).await.expect("an account");
    tx.commit().await.expect("the database answers");
    account.id
}

/// A site whose repository is never cloned: no test here carries a build out.
async fn site_of(cx: &Context, account_id: &str, name: &str) -> SiteRow {
    let info = SiteInfo { build: elsewhere(), ..SiteInfo::default() };
    let site = SiteRow { info, ..SiteRow::new(&cx.uuid(), account_id, name, cx.now()) };
    let mut tx = cx.begin().await.expect("the database answers");
    store::sites::insert(&mut tx, &site).await.expect("a site");
    tx.commit().await.expect("the database answers");
    site
}

fn branch(name: &str) -> Cause {
    Cause { branch: Some(name.into()), ..Cause::default() }
}

fn request(id: i64) -> Cause {
    let push = Push { review: Some(Review { id, url: None }), ..Push::default() };
    Cause { branch: Some("feat".into()), push: Some(push), ..Cause::default() }
}

async fn the_newest_waiting_build_of_a_branch_counts(line: &Line) {
    let (old, named) =
        (line.ask(&line.site, Cause::default()).await, line.ask(&line.site, branch("main")).await);
    let newest = line.ask(&line.site, Cause::default()).await;
    for build in [&old, &named] {
        let (build, deploy) = line.look(build).await;
        assert_eq!((build.state, build.error.as_deref()), (BuildState::Cancelled, Some(REPLACED)));
        assert_eq!((deploy.state, deploy.info.skipped), (DeployState::Error, Some(true)));
        assert_eq!(deploy.info.error_message.as_deref(), Some(REPLACED));
        assert!(build.started_at.is_none() && build.finished_at.is_some());
    }
    let (build, deploy) = line.look(&newest).await;
    assert_eq!((build.state, deploy.state), (BuildState::Enqueued, DeployState::Enqueued));
    assert_eq!(line.jobs().await, 1);
    let filter = store::events::Filter { resource_id: Some(old.deploy_id), ..Default::default() };
    let mut db = line.cx().read().await.expect("the database answers");
    let events = store::events::list(&mut db, &filter, model::Page::default()).await.expect("a ledger");
    let names: Vec<_> = events.iter().rev().map(|event| event.event.as_str()).collect();
    assert_eq!(names, ["deploy_created", "deploy_failed"]);
}

async fn other_branches_and_requests_wait_beside(line: &Line) {
    let mut waiting = Vec::new();
    for cause in [Cause::default(), branch("feat"), branch("feat-2"), request(1), request(2)] {
        waiting.push(line.ask(&line.site, cause).await);
    }
    waiting.push(line.ask(&line.sister, Cause::default()).await);
    for build in &waiting {
        assert_eq!(line.state(build).await, BuildState::Enqueued, "{}", build.label);
    }
    line.ask(&line.site, request(2)).await;
    assert_eq!(line.state(&waiting[4]).await, BuildState::Cancelled);
    assert_eq!(line.state(&waiting[3]).await, BuildState::Enqueued);
}

async fn what_a_build_hook_brings_is_replaced_too(line: &Line) {
    let setup = crate::hooks::Setup { title: Some("t".into()), ..crate::hooks::Setup::default() };
    let hook = crate::hooks::create(line.cx(), &line.site, &setup).await.expect("made");
    let call = |body: &str| Trigger { body: body.as_bytes().to_vec(), ..Trigger::default() };
    for body in ["1", "2"] {
        crate::hooks::trigger(line.cx(), &hook.id, call(body)).await.expect("started");
    }
    assert_eq!(line.jobs().await, 1);
}

async fn a_running_build_goes_on_and_its_successor_waits(line: &Line) {
    let running = line.ask(&line.site, Cause::default()).await;
    line.begin(&running).await;
    let second = line.ask(&line.site, Cause::default()).await;
    let third = line.ask(&line.site, Cause::default()).await;
    assert_eq!(line.state(&running).await, BuildState::Building);
    assert_eq!(line.state(&second).await, BuildState::Cancelled);
    assert_eq!(line.state(&third).await, BuildState::Enqueued);
}

async fn a_site_may_want_each_of_its_builds(line: &Line) {
    let mut site = line.site.clone();
    site.info.build.replace_waiting = Some(false);
    for _ in 0..3 {
        line.ask(&site, Cause::default()).await;
    }
    assert_eq!(line.jobs().await, 3);
}

async fn what_waits_for_a_yes_gives_way_to_what_needs_none(line: &Line) {
    let mut foreign = Cause { untrusted: true, ..request(7) };
    foreign.push.as_mut().expect("a push").commit = Some("c1".into());
    let held = line.ask(&line.site, foreign.clone()).await;
    assert_eq!((held.state, line.jobs().await), (BuildState::PendingReview, 0));
    let trusted = line.ask(&line.site, request(7)).await;
    let (held, deploy) = line.look(&held).await;
    assert_eq!((held.state, deploy.state), (BuildState::Cancelled, DeployState::Error));
    assert_eq!(deploy.info.skipped, Some(true), "nobody rejected it: it was overtaken");
    let later = line.ask(&line.site, foreign).await;
    assert_eq!(later.state, BuildState::PendingReview);
    assert_eq!(line.state(&trusted).await, BuildState::Enqueued, "nobody said yes to what is newer");
}

async fn of_builds_asked_for_at_once_one_waits(line: &Line) {
    let asked = (0..12).map(|_| start(line.cx(), &line.site, Cause::default()));
    for made in futures_util::future::join_all(asked).await {
        made.expect("a build is asked for");
    }
    assert_eq!(line.jobs().await, 1);
    let totals = status(line.cx(), &line.site.account_id).await.expect("totals");
    assert_eq!((totals.enqueued, totals.build_count), (1, 12));
}

async fn a_retry_builds_the_same_commit_and_replaces_nothing(line: &Line) {
    let cause = Cause { title: Some("By hand".into()), clear_cache: true, ..branch("feat") };
    let first = line.ask(&line.site, cause.clone()).await;
    let early = retry(line.cx(), &first.id, Retry::default()).await;
    assert!(matches!(early, Err(Error::Conflict(_))), "it is not over");
    line.begin(&first).await;
    let mut tx = line.cx().begin().await.expect("the database answers");
    store::builds::set_sha(&mut tx, &first.id, "c0ffee").await.expect("written");
    tx.commit().await.expect("the database answers");
    line.finish(&first, BuildState::Failed).await;
    let newer = line.ask(&line.site, branch("feat")).await;
    let how = Retry { clear_cache: false, user_id: Some("u".into()) };
    let (again, deploy) = retry(line.cx(), &first.id, how).await.expect("a build");
    assert_eq!(line.state(&newer).await, BuildState::Enqueued, "newer content is not lost");
    let kept: Cause = serde_json::from_value(again.cause.clone()).expect("a cause");
    let push = Push { commit: Some("c0ffee".into()), ..Push::default() };
    let (user_id, retry_of) = (Some("u".into()), Some(first.id));
    assert_eq!(kept, Cause { clear_cache: false, push: Some(push), user_id, retry_of, ..cause });
    assert_eq!(deploy.info.commit_ref.as_deref(), Some("c0ffee"));
    line.ask(&line.site, branch("feat")).await;
    assert_eq!(line.state(&again).await, BuildState::Cancelled, "what is newer counts");
    assert!(matches!(retry(line.cx(), "none", Retry::default()).await, Err(Error::NotFound)));
}

async fn a_cancelled_build_leaves_nothing_to_do(line: &Line) {
    let build = line.ask(&line.site, Cause::default()).await;
    let ended = Builds::new(line.cx().clone()).cancel(&build.id).await.expect("cancelled");
    assert_eq!((ended.state, line.jobs().await), (BuildState::Cancelled, 0));
    let deploy = line.look(&build).await.1;
    assert_eq!(deploy.info.error_message.as_deref(), Some(deploys::CANCELED));
    assert_eq!(deploy.info.skipped, None);
}

async fn accounts_and_sites_take_turns(line: &Line) {
    let mut busy = line.site.clone();
    busy.info.build.replace_waiting = Some(false);
    for _ in 0..crate::WAITING_MAX {
        line.ask(&busy, Cause::default()).await;
    }
    let (sister, stranger) =
        (line.ask(&line.sister, Cause::default()).await, line.ask(&line.stranger, Cause::default()).await);
    let own = queue(line.cx(), &line.stranger.account_id).await.expect("a queue");
    let shown: Vec<_> = own.iter().map(|build| (build.id.as_str(), build.queue_position)).collect();
    assert_eq!(shown, [(stranger.id.as_str(), Some(2))], "one of fifty goes first");
    let queue = queue(line.cx(), &line.site.account_id).await.expect("a queue");
    assert_eq!((queue[1].id.as_str(), queue[1].queue_position), (sister.id.as_str(), Some(3)));
    assert_eq!(queue.len(), 51);
}

async fn minutes_are_counted_once_and_outlive_their_site(line: &Line) {
    let minutes = async |of: &str| status(line.cx(), of).await.expect("totals").minutes.current;
    let minute = Duration::from_secs(60);
    let [done, failed, cancelled, waited] = {
        let mut builds = Vec::new();
        for name in ["a", "b", "c", "d"] {
            builds.push(line.ask(&line.site, branch(name)).await);
        }
        <[BuildRow; 4]>::try_from(builds).expect("four")
    };
    line.begin(&done).await;
    line.bed.clock.advance(minute * 100);
    line.begin(&done).await;
    line.bed.clock.advance(minute * 2);
    line.finish(&done, BuildState::Done).await;
    assert_eq!(minutes(&line.site.account_id).await, 2, "the time that the server was down is nobody's");
    for (build, state, expect) in [(failed, BuildState::Failed, 5), (cancelled, BuildState::Cancelled, 8)] {
        line.begin(&build).await;
        line.bed.clock.advance(minute * 3);
        line.finish(&build, state).await;
        assert_eq!(minutes(&line.site.account_id).await, expect, "{state:?}");
    }
    line.finish(&waited, BuildState::Cancelled).await;
    let of_site = site_status(line.cx(), &line.site.id).await.expect("totals");
    assert_eq!(
        (of_site.minutes.current, of_site.build_count, of_site.minutes.current_average_sec),
        (8, 4, 160)
    );
    let mut tx = line.cx().begin().await.expect("the database answers");
    store::sites::delete(&mut tx, &line.site.id).await.expect("deleted");
    tx.commit().await.expect("the database answers");
    assert_eq!(minutes(&line.site.account_id).await, 8);
    assert_eq!(minutes(&line.stranger.account_id).await, 0);
    let mut tx = line.cx().begin().await.expect("the database answers");
    let now = line.cx().now();
    assert_eq!(store::builds::forget_time(&mut tx, now, 2).await.expect("forgotten"), 2);
    assert_eq!(store::builds::forget_time(&mut tx, now.plus_millis(1), 9).await.expect("forgotten"), 1);
}
