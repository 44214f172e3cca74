//! Calls of build hooks with options, on both engines: what waits and becomes one build, who may
//! call, how often, and what is listed of it.

use super::world::{elsewhere, insert_site};
use crate::hooks::{
    self, BuildHookHandler, CALLS_KEPT, CALLS_KEPT_MS, Called, Credentials, FORMER_MAX, OVERLAP_SECONDS,
    OVERLAP_SECONDS_MAX, PENDING_MAX, REFUSALS_LISTED, Rotation, Setup as HookSetup, Trigger,
};
use crate::{Cause, WAITING_MAX, start};
use context::{Error, Result};
use model::{BuildHookCall, BuildSettings, BuildState, Page};
use serde_json::{Value, json};
use signing::{hub_signature, standard_headers};
use std::time::Duration;
use store::build_hooks::BuildHookRow;
use store::builds::BuildRow;
use store::sites::SiteRow;
use testbed::{Bed, Setup, both};

/// A site whose repository is never cloned: no test here carries a build out.
struct Yard {
    bed: Bed,
    site: SiteRow,
}

impl Setup for Yard {
    async fn on(bed: Bed) -> Self {
        let cx = &bed.cx;
        let site = insert_site(cx, BuildSettings { replace_waiting: Some(false), ..elsewhere() }).await;
        Self { bed, site }
    }
}

impl Yard {
    async fn hook(&self, options: Value) -> BuildHookRow {
        let options = options.as_object().expect("options").clone();
        let setup = HookSetup { title: Some("CMS".into()), options, ..HookSetup::default() };
        hooks::create(&self.bed.cx, &self.site, &setup).await.expect("a hook")
    }

    async fn call(&self, key: &str, call: Trigger) -> Result<Called> {
        hooks::trigger(&self.bed.cx, key, call).await
    }

    async fn post(&self, hook: &BuildHookRow, body: &str) -> Called {
        self.call(hook.key(), posted(body)).await.expect("it is taken")
    }

    fn wait(&self, millis: u64) {
        self.bed.clock.advance(Duration::from_millis(millis));
    }

    /// Lets the jobs of build hooks run that are due.
    async fn work(&self) {
        let cx = self.bed.cx.clone();
        let runner = jobs::Runner::new(cx.clone()).with(BuildHookHandler::new(cx));
        runner.run_due().await.expect("the database answers");
    }

    /// The builds of the site, oldest first, and what was sent for each.
    async fn builds(&self) -> Vec<(BuildRow, Cause)> {
        let mut db = self.bed.cx.read().await.expect("the database answers");
        let mut builds = store::builds::list(&mut db, &self.site.id, Page::default()).await.expect("a list");
        builds.reverse();
        let cause = |build: &BuildRow| serde_json::from_value(build.cause.clone()).expect("a cause");
        builds.into_iter().map(|build| (build.clone(), cause(&build))).collect()
    }

    async fn bodies(&self) -> Vec<String> {
        let body = |(_, cause): (BuildRow, Cause)| cause.hook.expect("a hook").body;
        self.builds().await.into_iter().map(body).collect()
    }

    async fn log(&self, hook: &BuildHookRow) -> Vec<BuildHookCall> {
        let page = Page::new(Some(1), Some(100));
        hooks::calls(&self.bed.cx, &self.site.id, &hook.id, page).await.expect("a log")
    }

    /// Outcomes and reasons in the log, oldest first.
    async fn outcomes(&self, hook: &BuildHookRow) -> Vec<(String, Option<String>)> {
        let mut log = self.log(hook).await;
        log.reverse();
        log.into_iter().map(|call| (call.outcome, call.reason)).collect()
    }

    async fn unlink(&self) {
        let mut site = self.site.clone();
        site.info.build.repo_url = None;
        let mut tx = self.bed.cx.begin().await.expect("the database answers");
        store::sites::update(&mut tx, &site).await.expect("written");
        tx.commit().await.expect("the database answers");
    }
}

fn posted(body: &str) -> Trigger {
    Trigger { body: body.into(), ..Trigger::default() }
}

fn on_branch(branch: &str) -> Trigger {
    Trigger { branch: Some(branch.into()), ..Trigger::default() }
}

both!(
    two_hundred_calls_become_one_build,
    the_longest_wait_is_kept,
    each_branch_waits_by_itself,
    what_one_call_asks_for_is_not_lost,
    calls_that_nothing_can_build_say_why,
    a_full_queue_loses_nothing,
    only_so_many_calls_a_minute,
    refusals_do_not_flood_the_log,
    callers_show_what_they_know,
    a_message_counts_once,
    only_listed_addresses_call,
    a_filter_lets_some_bodies_through,
    a_dry_run_changes_nothing,
    a_rotated_url_counts_for_a_while,
    a_rotation_has_bounds,
    the_log_is_bounded,
    a_call_tells_where_it_stands
);
both!(threads: calls_at_once_become_one_build);

/// 200 calls in 10 s.
async fn burst(yard: &Yard, hook: &BuildHookRow) {
    for n in 0..200 {
        yard.post(hook, &format!("n{n}")).await;
        yard.wait(50);
        yard.work().await;
    }
    yard.wait(5000);
    yard.work().await;
}

async fn two_hundred_calls_become_one_build(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 2000 })).await;
    burst(yard, &hook).await;
    assert_eq!(yard.bodies().await, ["n199"]);
    let (build, cause) = yard.builds().await.remove(0);
    assert_eq!(cause.title.as_deref(), Some("Deploy triggered by hook: CMS"));
    let log = yard.log(&hook).await;
    assert!(log.iter().all(|call| call.build_id.as_deref() == Some(build.id.as_str())));
    let cx = &yard.bed.cx;
    let first =
        hooks::calls(cx, &yard.site.id, &hook.id, Page::new(Some(2), Some(100))).await.expect("a page");
    let outcome = |at: usize| (first[at].outcome.as_str(), first[at].request.body.as_str());
    assert_eq!((first.len(), outcome(99), outcome(98)), (100, ("debounced", "n0"), ("merged", "n1")));
    let mut db = cx.read().await.expect("the database answers");
    assert_eq!(store::jobs::count(&mut db, hooks::BUILD_HOOK_JOB).await.expect("counted"), 0);
}

async fn the_longest_wait_is_kept(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 2000, "max_wait_ms": 6000 })).await;
    burst(yard, &hook).await;
    // one after 6 s with what came until then, one with the rest
    assert_eq!(yard.bodies().await, ["n119", "n199"]);
    let start = yard.bed.cx.now();
    let dues = [(0, 2000), (1500, 3500), (1999, 5499), (1000, 6000), (900, 6000)];
    for (pause, due) in dues {
        yard.wait(pause);
        assert_eq!(yard.post(&hook, "").await.due, Some(start.plus_millis(due)), "{pause}");
    }
    yard.wait(1000);
    yard.work().await;
    assert_eq!(yard.builds().await.len(), 3);
}

async fn each_branch_waits_by_itself(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 1000 })).await;
    for n in 0..PENDING_MAX {
        let called = yard.call(hook.key(), on_branch(&format!("b{n}"))).await.expect("it is taken");
        assert_eq!(called.outcome, "debounced");
    }
    let more = yard.call(hook.key(), on_branch("one-more")).await;
    assert!(matches!(more, Err(Error::TooMany { .. })), "{more:?}");
    assert_eq!(yard.call(hook.key(), on_branch("b0")).await.expect("it is taken").outcome, "merged");
    yard.wait(1000);
    yard.work().await;
    assert_eq!(yard.builds().await.len() as i64, PENDING_MAX);
}

async fn what_one_call_asks_for_is_not_lost(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 1000 })).await;
    let clean = Trigger { clear_cache: true, title: Some("First".into()), ..posted("1") };
    yard.call(hook.key(), clean).await.expect("it is taken");
    yard.call(hook.key(), Trigger { title: Some("Second".into()), ..posted("2") })
        .await
        .expect("it is taken");
    yard.wait(1000);
    yard.work().await;
    let (_, cause) = yard.builds().await.remove(0);
    assert_eq!((cause.title.as_deref(), cause.clear_cache), (Some("Second"), true));
    let hook = yard.hook(json!({ "clear_cache": true })).await;
    yard.post(&hook, "").await;
    assert!(yard.builds().await[1].1.clear_cache);
}

async fn calls_that_nothing_can_build_say_why(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 1000 })).await;
    let called = yard.post(&hook, "x").await;
    yard.unlink().await;
    yard.wait(1000);
    yard.work().await;
    let status = hooks::status(&yard.bed.cx, hook.key(), &called.id).await.expect("known");
    let why = "the site is not linked to a repository";
    assert_eq!((status.done, status.build_id, status.reason.as_deref()), (true, None, Some(why)));
    assert!(
        matches!(yard.call(hook.key(), posted("")).await, Err(Error::Unprocessable(text)) if text == why)
    );
}

async fn a_full_queue_loses_nothing(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 1000 })).await;
    for _ in 0..WAITING_MAX {
        start(&yard.bed.cx, &yard.site, Cause::default()).await.expect("a place");
    }
    yard.post(&hook, "1").await;
    yard.wait(1000);
    yard.work().await;
    let called = yard.post(&hook, "2").await;
    assert_eq!(called.outcome, "merged", "it still waits");
    let (first, _) = yard.builds().await.remove(0);
    let mut tx = yard.bed.cx.begin().await.expect("the database answers");
    store::builds::finish(&mut tx, &first.id, BuildState::Done, None, yard.bed.cx.now())
        .await
        .expect("ended");
    tx.commit().await.expect("the database answers");
    yard.wait(60_000);
    yard.work().await;
    let status = hooks::status(&yard.bed.cx, hook.key(), &called.id).await.expect("known");
    let mut db = yard.bed.cx.read().await.expect("the database answers");
    let build = store::builds::find(&mut db, &status.build_id.expect("a build")).await.expect("read");
    assert_eq!(build.expect("there").cause["hook"]["body"], "2");
}

async fn only_so_many_calls_a_minute(yard: &Yard) {
    let hook = yard.hook(json!({ "per_minute": 2 })).await;
    yard.post(&hook, "1").await;
    yard.wait(20_000);
    yard.post(&hook, "2").await;
    yard.wait(10_500);
    let third = yard.call(hook.key(), posted("3")).await;
    assert!(matches!(third, Err(Error::TooMany { retry_after: 30 })), "{third:?}");
    yard.wait(29_500);
    yard.post(&hook, "4").await;
    assert!(matches!(yard.call(hook.key(), posted("5")).await, Err(Error::TooMany { .. })));
    assert_eq!(yard.bodies().await, ["1", "2", "4"]);
    let outcomes: Vec<String> = yard.outcomes(&hook).await.into_iter().map(|(outcome, _)| outcome).collect();
    assert_eq!(outcomes, ["started", "started", "rate_limited", "started", "rate_limited"]);
}

async fn refusals_do_not_flood_the_log(yard: &Yard) {
    let hook = yard.hook(json!({ "allow": ["192.0.2.1"] })).await;
    for _ in 0..REFUSALS_LISTED + 5 {
        assert!(matches!(yard.call(hook.key(), posted("")).await, Err(Error::Forbidden(_))));
    }
    assert_eq!(yard.log(&hook).await.len() as i64, REFUSALS_LISTED);
    yard.wait(60_000);
    assert!(yard.call(hook.key(), posted("")).await.is_err());
    assert_eq!(yard.log(&hook).await.len() as i64, REFUSALS_LISTED + 1);
}

fn shown(credentials: Credentials, body: &str) -> Trigger {
    Trigger { credentials, ..posted(body) }
}

fn signed(yard: &Yard, id: &str, age: i64, body: &str) -> Trigger {
    let headers = standard_headers(id, yard.bed.cx.now().seconds() + age, body.as_bytes(), "hunter2-hunter2");
    let (id, time, signature) = (Some(headers.id), Some(headers.timestamp), Some(headers.signature));
    let credentials = Credentials {
        webhook_id: id,
        webhook_timestamp: time,
        webhook_signature: signature,
        ..Credentials::default()
    };
    shown(credentials, body)
}

async fn callers_show_what_they_know(yard: &Yard) {
    let hub = |secret: &str| Credentials {
        hub_signature: Some(hub_signature(b"x", secret)),
        ..Credentials::default()
    };
    let bearer = |secret: &str| Credentials {
        authorization: Some(format!("Bearer {secret}")),
        ..Credentials::default()
    };
    let right = "hunter2-hunter2";
    let cases = [
        ("github", shown(hub(right), "x"), shown(hub("other"), "x")),
        ("bearer", shown(bearer(right), "x"), shown(bearer("other"), "x")),
        ("standard_webhooks", signed(yard, "m", 0, "x"), signed(yard, "m", -301, "x")),
    ];
    for (kind, good, bad) in cases {
        let hook = yard.hook(json!({ "verify": { "kind": kind, "secret": right } })).await;
        let seen =
            serde_json::to_string(&hooks::present(&yard.bed.cx, &hook).await.expect("shown")).expect("JSON");
        assert!(seen.contains("********") && !seen.contains(right), "{seen}");
        assert_eq!(yard.call(hook.key(), good).await.expect("taken").outcome, "started", "{kind}");
        for call in [bad, posted("x")] {
            let refused = yard.call(hook.key(), call).await;
            assert!(matches!(refused, Err(Error::Unauthorized(_))), "{kind} {refused:?}");
        }
        let log = serde_json::to_string(&yard.log(&hook).await).expect("JSON");
        let signature = hub_signature(b"x", right);
        assert!(!log.contains(right) && !log.contains(&signature[7..]) && !log.contains("v1,"), "{log}");
        let mut db = yard.bed.cx.read().await.expect("the database answers");
        let kept = store::build_hooks::find(&mut db, &hook.id).await.expect("read").expect("there");
        assert!(!kept.options.to_string().contains(right), "sealed at rest");
    }
    assert_eq!(yard.builds().await.len(), 3);
}

async fn a_message_counts_once(yard: &Yard) {
    let verify = json!({ "kind": "standard_webhooks", "secret": "hunter2-hunter2" });
    let hook = yard.hook(json!({ "verify": verify })).await;
    let first = yard.call(hook.key(), signed(yard, "m1", 0, "x")).await.expect("taken");
    let again = yard.call(hook.key(), signed(yard, "m1", 0, "x")).await.expect("taken");
    assert_eq!((again.outcome, &again.build_id), ("repeated", &first.build_id));
    // sent again an hour later, signed anew
    yard.wait(3_600_000);
    let again = yard.call(hook.key(), signed(yard, "m1", 0, "x")).await.expect("taken");
    assert_eq!((again.outcome, &again.build_id), ("repeated", &first.build_id));
    assert_eq!(yard.call(hook.key(), signed(yard, "m2", 0, "x")).await.expect("taken").outcome, "started");
    let other = yard.hook(json!({ "verify": verify })).await;
    assert_eq!(yard.call(other.key(), signed(yard, "m1", 0, "x")).await.expect("taken").outcome, "started");
    assert_eq!(yard.builds().await.len(), 3);
    // what a refused call brought may come again
    yard.unlink().await;
    assert!(yard.call(hook.key(), signed(yard, "m3", 0, "x")).await.is_err());
    let again = yard.call(hook.key(), signed(yard, "m3", 0, "x")).await;
    assert!(matches!(again, Err(Error::Unprocessable(_))), "{again:?}");
}

async fn only_listed_addresses_call(yard: &Yard) {
    let hook = yard.hook(json!({ "allow": ["192.0.2.0/24", "2001:db8::/32"] })).await;
    for (address, fine) in [
        (Some("192.0.2.7"), true),
        (Some("::ffff:192.0.2.8"), true),
        (Some("2001:db8::1"), true),
        (Some("192.0.3.7"), false),
        (None, false),
    ] {
        let address = address.map(|text| text.parse().expect("an address"));
        let outcome = yard.call(hook.key(), Trigger { address, ..posted("") }).await;
        assert_eq!(outcome.is_ok(), fine, "{address:?}");
        assert!(matches!(outcome, Ok(_) | Err(Error::Forbidden(_))));
    }
    assert_eq!(yard.builds().await.len(), 3);
    assert_eq!(yard.log(&hook).await[2].request.address.as_deref(), Some("2001:db8::1"));
}

async fn a_filter_lets_some_bodies_through(yard: &Yard) {
    let hook = yard.hook(json!({ "filter": [{ "path": "/event", "in": ["publish", "unpublish"] }] })).await;
    for (body, outcome) in [
        (r#"{"event": "publish"}"#, "started"),
        (r#"{"event": "save"}"#, "filtered"),
        ("event=publish", "filtered"),
    ] {
        let called = yard.post(&hook, body).await;
        assert_eq!((called.outcome, called.build_id.is_some()), (outcome, outcome == "started"), "{body}");
        let status = hooks::status(&yard.bed.cx, hook.key(), &called.id).await.expect("known");
        assert_eq!(status.done, outcome == "filtered");
    }
    assert_eq!(yard.builds().await.len(), 1);
    let reasons: Vec<_> = yard.outcomes(&hook).await.into_iter().map(|(_, reason)| reason).collect();
    let reasons: Vec<_> = reasons.iter().map(Option::as_deref).collect();
    assert_eq!(reasons, [None, Some("/event is not what the filter asks for"), Some("the body is not JSON")]);
}

async fn a_dry_run_changes_nothing(yard: &Yard) {
    let dry = || Trigger { dry_run: true, ..posted("x") };
    let plain = yard.hook(json!({})).await;
    let lazy = yard.hook(json!({ "debounce_ms": 1000 })).await;
    assert_eq!(yard.call(plain.key(), dry()).await.expect("said").outcome, "started");
    assert_eq!(yard.call(lazy.key(), dry()).await.expect("said").outcome, "debounced");
    assert_eq!(yard.call(lazy.key(), dry()).await.expect("said").outcome, "debounced");
    yard.wait(1000);
    yard.work().await;
    assert_eq!(yard.builds().await.len(), 0);
    let seen = ("dry_run".to_owned(), Some("debounced".to_owned()));
    assert_eq!(yard.outcomes(&lazy).await, [seen.clone(), seen]);
    let bad = Trigger { branch: Some("--upload-pack=x".into()), ..dry() };
    assert!(matches!(yard.call(plain.key(), bad).await, Err(Error::Invalid(_))));
    yard.unlink().await;
    assert!(matches!(yard.call(plain.key(), dry()).await, Err(Error::Unprocessable(_))));
}

async fn rotated(yard: &Yard, id: &str, overlap_seconds: Option<i64>) -> BuildHookRow {
    let rotation = Rotation { overlap_seconds };
    hooks::rotate(&yard.bed.cx, &yard.site.id, id, &rotation, "ada").await.expect("rotated")
}

/// Until when URLs count that were replaced, as the API says it of one hook and of each of a list.
async fn counts_until(yard: &Yard, hook: &BuildHookRow) -> Option<model::Timestamp> {
    let (cx, other) = (&yard.bed.cx, yard.hook(json!({})).await);
    let all = hooks::list(cx, &yard.site.id).await.expect("a list");
    let all = hooks::present_all(cx, &all).await.expect("shown");
    hooks::delete(cx, &yard.site.id, &other.id).await.expect("deleted");
    let of = |id: &str| all.iter().find(|hook| hook.id == id).expect("it is listed").previous_until;
    assert_eq!((of(&other.id), all.len()), (None, 2));
    assert_eq!(hooks::present(cx, hook).await.expect("shown").previous_until, of(&hook.id));
    of(&hook.id)
}

async fn a_rotated_url_counts_for_a_while(yard: &Yard) {
    let old = yard.hook(json!({})).await;
    assert_eq!(counts_until(yard, &old).await, None);
    let until = yard.bed.cx.now().plus_millis(OVERLAP_SECONDS * 1000);
    let new = rotated(yard, &old.id, None).await;
    assert_eq!(counts_until(yard, &new).await, Some(until));
    assert!(new.id == old.id && new.key() != old.key() && model::is_hex24(new.key()));
    let url = hooks::present(&yard.bed.cx, &new).await.expect("shown").url;
    assert!(url.ends_with(new.key()) && !url.contains(&old.id), "{url}");
    let called = yard.post(&old, "").await;
    yard.post(&new, "").await;
    assert!(hooks::status(&yard.bed.cx, new.key(), &called.id).await.is_ok());
    let former: Vec<bool> = yard.log(&new).await.iter().map(|call| call.request.former_url).collect();
    assert_eq!(former, [false, true]);
    yard.wait(OVERLAP_SECONDS as u64 * 1000 - 1);
    yard.post(&old, "").await;
    yard.wait(1);
    assert_eq!(counts_until(yard, &new).await, None);
    assert!(matches!(yard.call(old.key(), posted("")).await, Err(Error::NotFound)));
    assert!(matches!(hooks::status(&yard.bed.cx, old.key(), &called.id).await, Err(Error::NotFound)));
    rotated(yard, &old.id, Some(60)).await;
    let new = rotated(yard, &old.id, Some(1)).await;
    let last = yard.bed.cx.now().plus_millis(60_000);
    assert_eq!(counts_until(yard, &new).await, Some(last), "the last of them");
    let newest = rotated(yard, &old.id, Some(0)).await;
    assert_eq!(counts_until(yard, &newest).await, None);
    assert!(matches!(yard.call(new.key(), posted("")).await, Err(Error::NotFound)));
    yard.post(&newest, "").await;
}

async fn a_rotation_has_bounds(yard: &Yard) {
    let hook = yard.hook(json!({})).await;
    let cx = &yard.bed.cx;
    for (overlap, fine) in [(-1, false), (OVERLAP_SECONDS_MAX, true), (OVERLAP_SECONDS_MAX + 1, false)] {
        let rotation = Rotation { overlap_seconds: Some(overlap) };
        let outcome = hooks::rotate(cx, &yard.site.id, &hook.id, &rotation, "ada").await;
        assert_eq!(outcome.is_ok(), fine, "{overlap}");
        assert!(matches!(outcome, Ok(_) | Err(Error::Unprocessable(_))));
    }
    let elsewhere = hooks::rotate(cx, "other", &hook.id, &Rotation::default(), "ada").await;
    assert!(matches!(elsewhere, Err(Error::NotFound)));
    let mut keys = Vec::new();
    for _ in 0..=FORMER_MAX {
        yard.wait(1000);
        keys.push(rotated(yard, &hook.id, None).await.key().to_owned());
    }
    let mut taken = 0;
    for key in &keys {
        taken += i64::from(yard.call(key, posted("")).await.is_ok());
    }
    // the newest, and those before it save the first: the one rotated above ends last of all
    assert_eq!(taken, FORMER_MAX);
}

async fn the_log_is_bounded(yard: &Yard) {
    let hook = yard.hook(json!({ "filter": [{ "path": "/no", "exists": true }] })).await;
    for n in 0..CALLS_KEPT + 3 {
        yard.post(&hook, &format!("{{\"n\":{n}}}")).await;
    }
    let cx = &yard.bed.cx;
    let last = Page::new(Some(u32::try_from(CALLS_KEPT / 100).expect("few")), Some(100));
    let oldest = hooks::calls(cx, &yard.site.id, &hook.id, last).await.expect("a page");
    assert_eq!((oldest.len(), oldest[99].request.body.as_str()), (100, "{\"n\":3}"));
    let beyond = Page::new(Some(last.number + 1), Some(100));
    assert_eq!(hooks::calls(cx, &yard.site.id, &hook.id, beyond).await.expect("a page").len(), 0);
    assert!(matches!(hooks::calls(cx, "other", &hook.id, last).await, Err(Error::NotFound)));
    let mut tx = cx.begin().await.expect("the database answers");
    let before = cx.now().plus_millis(1 - CALLS_KEPT_MS);
    let forgotten =
        store::build_hooks::forget(&mut tx, cx.now(), (before, before), 1000).await.expect("swept");
    assert_eq!(forgotten, 0, "they are young");
}

async fn a_call_tells_where_it_stands(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 1000 })).await;
    let other = yard.hook(json!({})).await;
    let cx = &yard.bed.cx;
    let called = yard.post(&hook, "x").await;
    let status = async || hooks::status(cx, hook.key(), &called.id).await.expect("known");
    let waiting = status().await;
    assert_eq!((waiting.done, waiting.due_at, waiting.build_id), (false, called.due, None));
    yard.wait(1000);
    yard.work().await;
    let queued = status().await;
    assert_eq!((queued.done, queued.state, queued.due_at), (false, Some(BuildState::Enqueued), None));
    let merged = yard.post(&hook, "y").await;
    assert_eq!((merged.outcome, &merged.queued_build), ("debounced", &queued.build_id));
    let build = queued.build_id.expect("a build");
    let mut tx = cx.begin().await.expect("the database answers");
    store::builds::finish(&mut tx, &build, BuildState::Failed, Some("why"), cx.now()).await.expect("ended");
    tx.commit().await.expect("the database answers");
    let over = status().await;
    assert_eq!((over.done, over.state, over.reason), (true, Some(BuildState::Failed), None));
    assert!(matches!(hooks::status(cx, other.key(), &called.id).await, Err(Error::NotFound)));
    assert!(matches!(hooks::status(cx, hook.key(), "none").await, Err(Error::NotFound)));
}

async fn calls_at_once_become_one_build(yard: &Yard) {
    let hook = yard.hook(json!({ "debounce_ms": 1000 })).await;
    let calls = (0..40).map(|n| {
        let (cx, key) = (yard.bed.cx.clone(), hook.key().to_owned());
        tokio::spawn(async move { hooks::trigger(&cx, &key, posted(&n.to_string())).await })
    });
    for call in calls.collect::<Vec<_>>() {
        call.await.expect("no panic").expect("it is taken");
    }
    yard.wait(1000);
    yard.work().await;
    let newest = yard.log(&hook).await.remove(0);
    assert_eq!(yard.bodies().await, [newest.request.body]);
    assert_eq!(yard.log(&hook).await.len(), 40);
}
