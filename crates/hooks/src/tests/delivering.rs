//! Tries: what is sent, what is recorded, when it is tried again.

use super::lab::{ACCOUNT, Lab, SITE};
use super::receiver::{OK, Receiver, SILENCE};
use crate::{IN_FLIGHT_PER_HOOK, MASK, RETRY_AFTER_MAX, SCHEDULE};
use model::{DeliveryState, Page};
use outbound::AddressPolicy;
use serde_json::json;
use std::collections::HashSet;
use std::time::Duration;
use store::events::Filter;
use testbed::both;
use tokio_util::sync::CancellationToken;

both!(
    the_recorded_bytes_arrive_signed,
    without_a_secret_nothing_is_signed,
    failures_are_tried_ten_times_by_the_schedule_with_the_same_bytes,
    retry_after_puts_the_next_try_off,
    a_receiver_that_is_gone_disables_its_hook_once,
    a_refused_address_is_on_record,
    a_job_that_runs_twice_sends_once,
    a_secret_that_cannot_be_opened_is_said_not_sent,
    the_ledger_tells_who_was_told,
);
both!(threads: a_receiver_that_hangs_holds_up_only_itself);

const SECRET: &str = "s3cret";
const PATIENCE: Duration = Duration::from_secs(20);

async fn the_recorded_bytes_arrive_signed(lab: &Lab) {
    let receiver = Receiver::start(&["202 Accepted\r\nX-Request: r1"]).await;
    let id = lab.hook(json!({"url": format!("{}?k=v#part", receiver.url), "signature_secret": SECRET})).await;
    let event_id = lab.happen().await;
    assert_eq!(lab.deliver().await, 1);
    let [seen] = receiver.seen().try_into().expect("one request");
    assert!(seen.head.starts_with("POST /in?k=v HTTP/1.1\r\n"), "{}", seen.head);
    let mut conn = lab.cx.read().await.expect("a connection");
    let body = store::events::body(&mut conn, &event_id).await.expect("a read").expect("the event");
    assert_eq!(seen.body, body.as_bytes());
    assert_eq!(seen.header("Content-Type"), Some("application/json"));
    assert_eq!(seen.header("X-Netlify-Event"), Some("split_test_activated"));
    assert_eq!(seen.header("Webhook-Id"), Some(event_id.as_str()));
    let token = seen.header("X-Webhook-Signature").expect("signed");
    assert_eq!(seen.header("X-Nf-Sign"), Some(token));
    let claims = signing::verify_hs256(token, SECRET.as_bytes()).expect("our signature");
    assert_eq!(claims, json!({"iss": "netlify", "sha256": signing::sha256_hex(&seen.body)}));
    let seconds = seen.header("Webhook-Timestamp").and_then(|s| s.parse().ok()).expect("a time");
    assert_eq!(seconds, lab.cx.now().seconds());
    let standard = signing::standard_headers(&event_id, seconds, &seen.body, SECRET);
    assert_eq!(seen.header("Webhook-Signature"), Some(standard.signature.as_str()));

    let found = lab.delivery(&id).await;
    assert_eq!((found.delivery.state, found.delivery.tries), (DeliveryState::Delivered, 1));
    let [attempt] = found.attempts.as_slice() else { panic!("one try") };
    assert_eq!((attempt.number, attempt.status, &attempt.error_class), (1, Some(202), &None));
    let response = attempt.response.as_ref().expect("an answer");
    assert_eq!((&response["body"], &response["headers"]["X-Request"]), (&json!("hello"), &json!("r1")));
    for name in ["X-Webhook-Signature", "X-Nf-Sign", "Webhook-Signature"] {
        assert_eq!(attempt.request["headers"][name], MASK, "{name}");
    }
    assert_eq!(attempt.request["body_sha256"], signing::sha256_hex(&seen.body));
    assert!(!serde_json::to_string(&found).expect("JSON").contains(token));
    assert_eq!(crate::get(&lab.cx, &id).await.expect("the hook").hook.success, Some(true));
}

async fn without_a_secret_nothing_is_signed(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    lab.deliver().await;
    let head = receiver.seen()[0].head.to_lowercase();
    assert!(!head.contains("sign") && head.contains("webhook-id: msg_"), "{head}");
}

async fn failures_are_tried_ten_times_by_the_schedule_with_the_same_bytes(lab: &Lab) {
    let receiver = Receiver::start(&["500 No", "302 Found\r\nLocation: /ok", "400 No", "404 No"]).await;
    let id = lab.hook(json!({"url": receiver.url, "signature_secret": SECRET})).await;
    lab.happen().await;
    for (number, wait) in (1..).zip(&SCHEDULE[1..]) {
        assert_eq!(lab.deliver().await, 1, "try {number}");
        let found = lab.delivery(&id).await;
        let due = found.delivery.next_try_at.expect("another try").0 - lab.cx.now().0;
        let wait = i64::try_from(wait.as_millis()).expect("days");
        assert!(due >= wait * 8 / 10 && due <= wait * 12 / 10, "after try {number}: {due}");
        assert_eq!((found.delivery.state, found.delivery.tries), (DeliveryState::Waiting, number));
        lab.clock.advance(Duration::from_millis(u64::try_from(due - 1).expect("later")));
        assert_eq!(lab.deliver().await, 0, "not before its time");
        lab.clock.advance(Duration::from_millis(1));
    }
    assert_eq!(lab.deliver().await, 1);
    let found = lab.delivery(&id).await;
    assert_eq!((found.delivery.state, found.delivery.next_try_at), (DeliveryState::GivenUp, None));
    assert!(found.delivery.finished_at.is_some());
    let statuses: Vec<_> = found.attempts.iter().map(|a| a.status.unwrap_or_default()).collect();
    assert_eq!(statuses, [500, 302, 400, 404, 404, 404, 404, 404, 404, 404]);
    assert!(found.attempts.iter().all(|a| a.error_class.as_deref() == Some("status")));
    assert_eq!(lab.jobs().await, 0);
    let seen = receiver.seen();
    let same: HashSet<_> =
        seen.iter().map(|s| (s.body.clone(), s.header("Webhook-Id"), s.header("X-Nf-Sign"))).collect();
    let times: HashSet<_> = seen.iter().map(|s| s.header("Webhook-Timestamp")).collect();
    assert_eq!((seen.len(), same.len(), times.len()), (10, 1, 10));
    assert_eq!(crate::get(&lab.cx, &id).await.expect("the hook").hook.success, Some(false));
}

async fn retry_after_puts_the_next_try_off(lab: &Lab) {
    let day = i64::try_from(RETRY_AFTER_MAX.as_millis()).expect("a day");
    for (answer, least, most) in [
        ("429 Slow\r\nRetry-After: 3600", 3_600_000, 3_600_000),
        ("503 Busy\r\nRetry-After: 90", 90_000, 90_000),
        ("503 Busy\r\nRetry-After: 999999999", day, day),
        ("429 Slow\r\nRetry-After: 0", 4_000, 6_000),
        ("500 No\r\nRetry-After: 3600", 4_000, 6_000),
    ] {
        let receiver = Receiver::start(&[answer]).await;
        let id = lab.hook(json!({"url": receiver.url})).await;
        lab.happen().await;
        lab.deliver().await;
        let due = lab.delivery(&id).await.delivery.next_try_at.expect("another try").0 - lab.cx.now().0;
        assert!(due >= least && due <= most, "{answer}: {due}");
        crate::delete(&lab.cx, &id).await.expect("the hook");
    }
}

async fn a_receiver_that_is_gone_disables_its_hook_once(lab: &Lab) {
    let (gone, watcher) = (Receiver::start(&["410 Gone"]).await, Receiver::start(&[OK]).await);
    let id = lab.hook(json!({"url": gone.url, "signature_secret": SECRET})).await;
    let watch = json!({"event": "hook_disabled", "data": {"url": watcher.url}});
    let watch = serde_json::from_value(watch).expect("an input");
    crate::create(&lab.cx, SITE, None, watch).await.expect("a hook");
    for _ in 0..IN_FLIGHT_PER_HOOK + 3 {
        lab.happen().await;
    }
    lab.deliver().await;
    assert!(crate::get(&lab.cx, &id).await.expect("the hook").hook.disabled);
    assert_eq!(lab.count(&id, DeliveryState::Held).await, IN_FLIGHT_PER_HOOK + 3);
    assert_eq!(lab.jobs().await, 0);
    lab.happen().await;
    assert_eq!((lab.deliver().await, lab.count(&id, DeliveryState::Held).await), (0, IN_FLIGHT_PER_HOOK + 4));
    let [told] = watcher.seen().try_into().expect("told once");
    let hook: serde_json::Value = serde_json::from_slice(&told.body).expect("a hook");
    assert_eq!((&hook["id"], &hook["disabled"]), (&json!(id), &json!(true)));
    assert_eq!(hook["data"]["signature_secret"], MASK);

    let before = gone.seen().len();
    let enabled = crate::enable(&lab.cx, &id).await.expect("the hook").hook;
    assert_eq!((enabled.disabled, lab.deliver().await, gone.seen().len()), (false, 0, before));
    assert_eq!(lab.count(&id, DeliveryState::Held).await, IN_FLIGHT_PER_HOOK + 4, "held until sent again");
}

async fn a_refused_address_is_on_record(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    lab.runner_with(AddressPolicy::default()).run_due().await.expect("it runs");
    let found = lab.delivery(&id).await;
    assert_eq!(found.attempts[0].error_class.as_deref(), Some("refused_address"));
    assert_eq!((found.attempts[0].status, found.delivery.state), (None, DeliveryState::Waiting));
    assert!(receiver.seen().is_empty());
}

async fn a_receiver_that_hangs_holds_up_only_itself(lab: &Lab) {
    let (silent, quick) = (Receiver::start(&[SILENCE]).await, Receiver::start(&[OK]).await);
    lab.hook(json!({"url": silent.url})).await;
    let healthy = lab.hook(json!({"url": quick.url})).await;
    for _ in 0..20 {
        lab.happen().await;
    }
    let stop = CancellationToken::new();
    let runner = lab.runner().start(stop.clone());
    tokio::time::timeout(PATIENCE, quick.wait_for(20)).await.expect("all of the healthy hook's");
    tokio::time::timeout(PATIENCE, silent.wait_for(IN_FLIGHT_PER_HOOK)).await.expect("the first few");
    assert_eq!(silent.seen().len(), IN_FLIGHT_PER_HOOK, "none answered, so no more were begun");
    lab.happen().await;
    tokio::time::timeout(PATIENCE, quick.wait_for(21)).await.expect("the healthy hook goes on");
    runner.abort();
    assert!(lab.count(&healthy, DeliveryState::Delivered).await >= 16);
}

async fn a_job_that_runs_twice_sends_once(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    lab.deliver().await;
    let payload = events::deliver_job(&lab.delivery(&id).await.delivery.id);
    let mut tx = lab.cx.begin().await.expect("a transaction");
    let (job_id, now) = (lab.cx.id(), lab.cx.now());
    let job = store::jobs::NewJob {
        id: &job_id,
        kind: "deliver",
        tenant: &id,
        payload: &payload,
        run_at: now,
        now,
    };
    store::jobs::insert(&mut tx, &job).await.expect("a job");
    tx.commit().await.expect("a commit");
    assert_eq!((lab.deliver().await, receiver.seen().len()), (1, 1));
}

async fn a_secret_that_cannot_be_opened_is_said_not_sent(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url, "signature_secret": SECRET})).await;
    let mut tx = lab.cx.begin().await.expect("a transaction");
    let mut row = store::hooks::find(&mut tx, &id).await.expect("a read").expect("the hook");
    row.sealed.reverse();
    store::hooks::update(&mut tx, &row).await.expect("an update");
    tx.commit().await.expect("a commit");
    lab.happen().await;
    lab.deliver().await;
    let found = lab.delivery(&id).await;
    assert_eq!((found.delivery.state, found.attempts.len()), (DeliveryState::Waiting, 1));
    assert!(found.attempts[0].error.as_deref().is_some_and(|e| e.contains("set it again")));
    assert!(receiver.seen().is_empty());
}

async fn the_ledger_tells_who_was_told(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    let event_id = lab.happen().await;
    let later = lab.happen().await;
    let told = crate::get_event(&lab.cx, &event_id).await.expect("the event");
    assert_eq!((told.deliveries.len(), &told.deliveries[0].hook_id), (1, &id));
    let both = [ACCOUNT.to_owned(), "other".to_owned()];
    for (accounts, number, expect) in [
        (&both[..1], 1, vec![later.clone()]),
        (&both[..1], 2, vec![event_id.clone()]),
        (&both[..], 1, vec![later.clone()]),
        (&both[..], 2, vec![event_id.clone()]),
        (&both[..], 3, vec![]),
        (&both[1..], 1, vec![]),
        (&[], 1, vec![]),
    ] {
        let page = Page::new(Some(number), Some(1));
        let found = crate::list_events(&lab.cx, accounts, &Filter::default(), page).await.expect("a list");
        assert_eq!(found.into_iter().map(|e| e.id).collect::<Vec<_>>(), expect, "{accounts:?} {number}");
    }
}
