//! The runner on both engines: nothing runs twice at once, nobody starves, nothing is lost.

mod lab;

use crate::desk::{Desk, panic_wait};
use crate::{Handler, Job, Limits, Runner, Verdict};
use context::Context;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use lab::{Lab, Log};
use model::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use store::jobs::{Claim, JobRow};
use testbed::{START, both};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

both!(
    a_long_queue_hides_nobody,
    an_owner_of_many_tenants_has_one_turn_like_the_others,
    the_limit_of_an_owner_holds_over_all_workers,
    an_owner_may_have_a_limit_of_its_own,
    the_line_shows_who_is_next,
    a_job_that_is_withdrawn_is_gone_unless_it_runs,
    the_oldest_of_a_tenant_goes_first,
    a_lease_that_ran_out_goes_to_another_worker,
    a_renewed_lease_does_not_run_out,
    again_means_not_before,
    a_job_that_panics_is_tried_again,
    the_limits_of_a_kind_hold,
    jobs_of_unknown_kinds_stay,
    a_stopping_runner_gives_back_what_does_not_end,
);
both!(
    threads:
    two_workers_never_run_one_job_twice,
    workers_that_claim_at_once_keep_to_the_limit_of_an_owner,
    a_restarted_node_ends_its_own_leases,
    only_the_owner_of_the_file_ends_the_leases_of_others,
    a_running_node_is_woken_by_the_commit,
);

const KIND: &str = "test";
const LEASE: Duration = Duration::from_secs(60);
const PATIENCE: Duration = Duration::from_secs(20);

/// Writes down whom it ran for, and does what a function says.
struct Scribe<F> {
    log: Log,
    limits: Limits,
    act: F,
}

impl<F: Fn(&Job) -> BoxFuture<'static, Verdict> + Send + Sync + 'static> Handler for Scribe<F> {
    fn kind(&self) -> &'static str {
        KIND
    }

    fn limits(&self) -> Limits {
        self.limits
    }

    fn run<'a>(&'a self, job: &'a Job) -> BoxFuture<'a, Verdict> {
        self.log.lock().push(format!("{} {}", job.tenant, job.tries));
        (self.act)(job)
    }
}

fn limits(total: usize, per_tenant: usize) -> Limits {
    Limits { total, per_tenant, lease: LEASE }
}

fn runner<F>(cx: &Context, log: &Log, limits: Limits, act: F) -> Runner
where
    F: Fn(&Job) -> BoxFuture<'static, Verdict> + Send + Sync + 'static,
{
    Runner::new(cx.clone()).with(Scribe { log: Arc::clone(log), limits, act })
}

fn done(_: &Job) -> BoxFuture<'static, Verdict> {
    std::future::ready(Verdict::Done).boxed()
}

async fn claim(lab: &Lab, worker: &str, most: i64, per_tenant: i64) -> Vec<JobRow> {
    claim_within(lab, worker, (most, per_tenant, i64::MAX)).await
}

async fn claim_within(
    lab: &Lab,
    worker: &str,
    (most, per_tenant, per_owner): (i64, i64, i64),
) -> Vec<JobRow> {
    let now = lab.cx.now();
    let lease_until = now.plus_millis(60_000);
    let mut tx = lab.cx.begin().await.expect("the database answers");
    let per_owner = Some(per_owner);
    let claim = Claim { kind: KIND, worker, most, per_tenant, per_owner, now, lease_until };
    let rows = store::jobs::claim(&mut tx, &claim).await.expect("a claim");
    tx.commit().await.expect("the database answers");
    rows
}

fn tenants(rows: &[JobRow]) -> Vec<String> {
    let mut names: Vec<_> = rows.iter().map(|row| row.tenant.clone()).collect();
    names.sort();
    names
}

async fn two_workers_never_run_one_job_twice(lab: &Lab) {
    let names: Vec<String> = (0..300).map(|n| format!("t{}", n % 7)).collect();
    lab.leave(KIND, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let log = Log::default();
    let act = |_: &Job| {
        async {
            tokio::task::yield_now().await;
            Verdict::Done
        }
        .boxed()
    };
    let one = runner(&lab.node("a"), &log, limits(20, 20), act);
    let two = runner(&lab.node("b"), &log, limits(20, 20), act);
    let (first, second) = tokio::join!(one.run_due(), two.run_due());
    assert_eq!(first.expect("a runs") + second.expect("b runs"), 300);
    assert_eq!(lab.left(KIND).await, 0);
    let log = log.lock();
    assert_eq!(log.len(), 300);
    assert!(log.iter().all(|line| line.ends_with(" 1")), "claimed once each");
}

async fn a_long_queue_hides_nobody(lab: &Lab) {
    lab.leave(KIND, &vec!["busy"; 1500]).await;
    lab.leave(KIND, &["a", "b", "b", "c"]).await;
    let first = tenants(&claim(lab, "w", 6, 4).await);
    assert_eq!(first, ["a", "b", "b", "busy", "busy", "c"]);
    let rest = tenants(&claim(lab, "w", 100, 4).await);
    assert_eq!(rest, ["busy", "busy"], "no more than four of one tenant at once");
    assert!(claim(lab, "w", 100, 4).await.is_empty());
}

async fn an_owner_of_many_tenants_has_one_turn_like_the_others(lab: &Lab) {
    let many: Vec<String> = (0..50).map(|n| format!("big/{n:02}")).collect();
    lab.leave(KIND, &many.iter().map(String::as_str).collect::<Vec<_>>()).await;
    lab.leave(KIND, &["small/a", "small/a", "alone"]).await;
    let first = tenants(&claim_within(lab, "w", (4, 1, 9)).await);
    assert_eq!(first, ["alone", "big/00", "big/01", "small/a"], "one turn each, then the oldest");
    lab.leave(KIND, &["late/x"]).await;
    assert_eq!(tenants(&claim_within(lab, "v", (1, 1, 9)).await), ["late/x"], "before the fifty");
}

async fn the_line_shows_who_is_next(lab: &Lab) {
    lab.leave(KIND, &["p/a", "p/a", "p/b", "free", "q/c", "q/c"]).await;
    claim_within(lab, "w", (1, 1, 9)).await;
    let mut db = lab.cx.read().await.expect("the database answers");
    let line = store::jobs::line(&mut db, KIND, lab.cx.now(), 9).await.expect("a line");
    drop(db);
    assert_eq!(line.len(), 5, "what runs does not wait");
    let mut taken = Vec::new();
    for _ in 0..5 {
        taken.extend(claim_within(lab, "w", (1, 9, 9)).await.into_iter().map(|job| job.id));
    }
    assert_eq!(taken, line);
}

async fn the_limit_of_an_owner_holds_over_all_workers(lab: &Lab) {
    lab.leave(KIND, &["o/a", "o/b", "o/c", "p/a", "free", "free"]).await;
    let all = async |worker: &str| tenants(&claim_within(lab, worker, (9, 9, 2)).await);
    assert_eq!(all("v").await, ["free", "free", "o/a", "o/b", "p/a"]);
    assert!(all("w").await.is_empty());
    lab.clock.advance(LEASE + Duration::from_secs(1));
    assert_eq!(all("w").await, ["free", "free", "o/a", "o/b", "p/a"], "a dead worker's places are free");
}

async fn an_owner_may_have_a_limit_of_its_own(lab: &Lab) {
    let set = async |owner: &str, most: Option<i64>| {
        let mut tx = lab.cx.begin().await.expect("the database answers");
        store::jobs::set_places(&mut tx, KIND, owner, most).await.expect("written");
        tx.commit().await.expect("the database answers");
        store::jobs::places(&mut lab.cx.read().await.expect("a reader"), KIND, owner).await.expect("read")
    };
    lab.leave(KIND, &["o/a", "o/b", "o/c", "p/a", "p/b", "q/a", "q/b"]).await;
    assert_eq!((set("o", Some(9)).await, set("o", Some(3)).await), (Some(9), Some(3)));
    set("p", Some(1)).await;
    let mut tx = lab.cx.begin().await.expect("the database answers");
    store::jobs::set_places(&mut tx, "another kind", "q", Some(1)).await.expect("written");
    tx.commit().await.expect("the database answers");
    let first = tenants(&claim_within(lab, "w", (9, 9, 2)).await);
    assert_eq!(first, ["o/a", "o/b", "o/c", "p/a", "q/a", "q/b"], "three, one, and two as everybody");
    assert!(claim_within(lab, "w", (9, 9, 2)).await.is_empty());
    assert_eq!(set("p", None).await, None);
    assert_eq!(tenants(&claim_within(lab, "w", (9, 9, 2)).await), ["p/b"], "as everybody");
}

async fn workers_that_claim_at_once_keep_to_the_limit_of_an_owner(lab: &Lab) {
    let names: Vec<String> = (0..40).map(|n| format!("o/{n}")).collect();
    lab.leave(KIND, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let workers: Vec<String> = (0..8).map(|n| format!("w{n}")).collect();
    let claims = workers.iter().map(|worker| claim_within(lab, worker, (2, 1, 3)));
    let taken = futures_util::future::join_all(claims).await;
    assert_eq!(taken.iter().map(Vec::len).sum::<usize>(), 3);
}

async fn a_job_that_is_withdrawn_is_gone_unless_it_runs(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    let running = claim(lab, "w", 1, 1).await.remove(0);
    let mut tx = lab.cx.begin().await.expect("the database answers");
    assert!(!store::jobs::withdraw(&mut tx, &running.id).await.expect("no deletion"));
    assert!(store::jobs::again(&mut tx, &running.id, "w", START).await.expect("an update"));
    assert!(store::jobs::withdraw(&mut tx, &running.id).await.expect("a deletion"));
    tx.commit().await.expect("the database answers");
    assert_eq!(lab.left(KIND).await, 0);
}

async fn the_oldest_of_a_tenant_goes_first(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    let old = claim(lab, "w", 1, 1).await;
    lab.clock.advance(Duration::from_secs(5));
    lab.leave(KIND, &["t"]).await;
    give_back(lab, &old[0].id, "w", START).await;
    let again = claim(lab, "w", 1, 1).await;
    assert_eq!((&again[0].id, again[0].tries), (&old[0].id, 2));
}

async fn give_back(lab: &Lab, id: &str, worker: &str, at: Timestamp) -> bool {
    let mut tx = lab.cx.begin().await.expect("the database answers");
    let ours = store::jobs::again(&mut tx, id, worker, at).await.expect("an update");
    tx.commit().await.expect("the database answers");
    ours
}

async fn a_lease_that_ran_out_goes_to_another_worker(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    let lost = claim(lab, "dead", 9, 9).await;
    assert!(claim(lab, "alive", 9, 9).await.is_empty());
    lab.clock.advance(LEASE + Duration::from_secs(1));
    let taken = claim(lab, "alive", 9, 9).await;
    assert_eq!((&taken[0].id, taken[0].tries), (&lost[0].id, 2));
    assert!(!give_back(lab, &lost[0].id, "dead", lab.cx.now()).await, "no longer its job");
    assert!(give_back(lab, &lost[0].id, "alive", lab.cx.now()).await);
}

async fn a_renewed_lease_does_not_run_out(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    let job = claim(lab, "w", 1, 1).await.remove(0);
    lab.clock.advance(LEASE / 2);
    let mut tx = lab.cx.begin().await.expect("the database answers");
    let until = lab.cx.now().plus_millis(60_000);
    assert!(store::jobs::renew(&mut tx, &job.id, "w", until).await.expect("an update"));
    assert!(!store::jobs::renew(&mut tx, &job.id, "x", until).await.expect("an update"));
    tx.commit().await.expect("the database answers");
    lab.clock.advance(LEASE * 3 / 4);
    assert!(claim(lab, "x", 1, 1).await.is_empty());
}

/// A runner that was started, and a sign for each job it ran.
async fn run_until(lab: &Lab, cx: &Context, jobs: usize) -> Vec<String> {
    let (log, sign) = (Log::default(), Arc::new(Notify::new()));
    let (seen, rung) = (Arc::clone(&log), Arc::clone(&sign));
    let act = move |_: &Job| {
        if seen.lock().len() >= jobs {
            rung.notify_one();
        }
        std::future::ready(Verdict::Done).boxed()
    };
    let stop = CancellationToken::new();
    let task = runner(cx, &log, limits(9, 9), act).start(stop.clone());
    tokio::time::timeout(PATIENCE, sign.notified()).await.expect("the jobs are run");
    stop.cancel();
    task.await.expect("the runner ends");
    assert_eq!(lab.left(KIND).await, 0, "what ran was written down before the end");
    std::mem::take(&mut *log.lock())
}

async fn a_restarted_node_ends_its_own_leases(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    assert_eq!(claim(lab, "n1#0123456789abcdef", 1, 1).await.len(), 1);
    assert_eq!(run_until(lab, &lab.cx, 1).await, ["t 2"]);
}

async fn only_the_owner_of_the_file_ends_the_leases_of_others(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    claim(lab, "n10#0123456789abcdef", 1, 1).await;
    lab.leave(KIND, &["u"]).await;
    let stop = CancellationToken::new();
    let (log, sign) = (Log::default(), Arc::new(Notify::new()));
    let rung = Arc::clone(&sign);
    let act = move |job: &Job| {
        if job.tenant == "u" {
            rung.notify_one();
        }
        std::future::ready(Verdict::Done).boxed()
    };
    let task = runner(&lab.cx, &log, limits(9, 9), act).start(stop.clone());
    tokio::time::timeout(PATIENCE, sign.notified()).await.expect("the free job is run");
    stop.cancel();
    task.await.expect("the runner ends");
    let foreign = log.lock().contains(&"t 2".to_owned());
    assert_eq!(foreign, lab.cx.store.engine() == store::Engine::Sqlite);
}

async fn a_running_node_is_woken_by_the_commit(lab: &Lab) {
    let waiting = tokio::spawn({
        let cx = lab.cx.clone();
        async move { cx.store.jobs_waiting().await }
    });
    tokio::task::yield_now().await;
    let tx = lab.cx.begin().await.expect("the database answers");
    tx.commit().await.expect("the database answers");
    assert!(!waiting.is_finished(), "a commit without jobs wakes nobody");
    lab.leave(KIND, &["t"]).await;
    tokio::time::timeout(PATIENCE, waiting).await.expect("woken").expect("no panic");
    assert_eq!(run_until(lab, &lab.cx, 1).await, ["t 1"]);
}

async fn again_means_not_before(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    let log = Log::default();
    let act = |job: &Job| {
        let verdict =
            if job.tries < 3 { Verdict::Again(START.plus_millis(job.tries * 10_000)) } else { Verdict::Done };
        std::future::ready(verdict).boxed()
    };
    let runner = runner(&lab.cx, &log, limits(9, 9), act);
    for (wait, runs, left) in [(0, 1, 1), (9_999, 0, 1), (1, 1, 1), (10_000, 1, 0), (10_000, 0, 0)] {
        lab.clock.advance(Duration::from_millis(wait));
        assert_eq!(runner.run_due().await.expect("it runs"), runs);
        assert_eq!(lab.left(KIND).await, left);
    }
}

#[test]
fn a_panic_waits_longer_each_time() {
    for (tries, seconds) in [(0, 5), (1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (i64::MAX, 3600)] {
        assert_eq!(panic_wait(tries), Duration::from_secs(seconds), "{tries}");
    }
}

async fn a_job_that_panics_is_tried_again(lab: &Lab) {
    lab.leave(KIND, &["t"]).await;
    let log = Log::default();
    let act = |job: &Job| {
        assert!(job.tries > 1, "the first run panics");
        done(job)
    };
    let runner = runner(&lab.cx, &log, limits(9, 9), act);
    for (wait, runs, left) in [(0, 1, 1), (4_999, 0, 1), (1, 1, 0)] {
        lab.clock.advance(Duration::from_millis(wait));
        assert_eq!((runner.run_due().await.expect("it runs"), lab.left(KIND).await), (runs, left));
    }
}

async fn the_limits_of_a_kind_hold(lab: &Lab) {
    let names: Vec<String> = (0..60).map(|n| format!("t{}", n % 3)).collect();
    lab.leave(KIND, &names.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let (log, running, seen) = (Log::default(), Log::default(), Log::default());
    let (now, peaks) = (Arc::clone(&running), Arc::clone(&seen));
    let others = Arc::new(tokio::sync::watch::Sender::new(0));
    let act = move |job: &Job| {
        let (now, peaks, others, tenant) =
            (Arc::clone(&now), Arc::clone(&peaks), Arc::clone(&others), job.tenant.clone());
        async move {
            now.lock().push(tenant.clone());
            peaks.lock().push(peak(&now.lock(), &tenant));
            if tenant == "t0" {
                // Ends only after all jobs of the others: were it not limited it would fill every place.
                others.subscribe().wait_for(|done| *done == 40).await.expect("the sender lives");
            } else {
                tokio::task::yield_now().await;
                others.send_modify(|done| *done += 1);
            }
            let place = now.lock().iter().position(|t| *t == tenant).expect("it was put there");
            now.lock().swap_remove(place);
            Verdict::Done
        }
        .boxed()
    };
    let runner = runner(&lab.cx, &log, limits(5, 2), act);
    let ran = tokio::time::timeout(PATIENCE, runner.run_due()).await.expect("nobody fills every place");
    assert_eq!(ran.expect("it runs"), 60);
    let all: HashSet<_> = seen.lock().iter().cloned().collect();
    let within: HashSet<_> = (1..=5).flat_map(|all| (1..=2).map(move |own| format!("{all} {own}"))).collect();
    assert!(all.is_subset(&within) && all.contains("5 2"), "{all:?}");
}

/// How many run, and how many of them for this tenant.
fn peak(running: &[String], tenant: &str) -> String {
    format!("{} {}", running.len(), running.iter().filter(|t| *t == tenant).count())
}

async fn jobs_of_unknown_kinds_stay(lab: &Lab) {
    lab.leave("stranger", &["t"]).await;
    lab.leave(KIND, &["t"]).await;
    let ran = runner(&lab.cx, &Log::default(), limits(9, 9), done).run_due().await;
    assert_eq!((ran.expect("it runs"), lab.left("stranger").await), (1, 1));
    let mut conn = lab.cx.read().await.expect("the database answers");
    assert_eq!(store::jobs::kinds(&mut conn).await.expect("kinds are listed"), ["stranger"]);
}

async fn a_stopping_runner_gives_back_what_does_not_end(lab: &Lab) {
    lab.leave(KIND, &["quick", "stuck"]).await;
    let log = Log::default();
    let act = |job: &Job| {
        if job.tenant == "quick" { done(job) } else { std::future::pending().boxed() }
    };
    let runner = runner(&lab.cx, &log, limits(9, 9), act);
    let mut desk = Desk::new(&runner);
    assert_eq!(desk.turn().await.expect("a turn").claimed, 2);
    assert!(claim(lab, "other", 9, 9).await.is_empty());
    desk.close(Duration::from_millis(50)).await;
    assert_eq!(tenants(&claim(lab, "other", 9, 9).await), ["stuck"]);
    assert_eq!(lab.left(KIND).await, 1);
}
