//! Tries: what is sent, what is recorded, when it is tried again.

use super::lab::{ACCOUNT, Lab};
use super::receiver::{OK, Receiver, SILENCE};
use crate::{DOUBT_AFTER, IN_FLIGHT_START, MASK, PROBE_FIRST_MS, RETRY_AFTER_MAX, SCHEDULE};
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
    what_was_delivered_is_not_sent_again,
    a_receiver_that_keeps_failing_is_only_probed,
    a_pause_that_a_receiver_asked_for_is_the_hooks,
    in_ordered_mode_one_things_deliveries_wait_for_each_other,
    a_hook_may_have_its_own_schedule_rate_and_fields,
    a_hook_is_disabled_after_two_warnings_and_recovers,
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
    assert_eq!(found.body.as_deref(), Some(body.as_str()));
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
    lab.hook_with(json!({"event": "hook_disabled", "data": {"url": watcher.url}})).await;
    for _ in 0..IN_FLIGHT_START + 3 {
        lab.happen().await;
    }
    lab.deliver().await;
    assert!(crate::get(&lab.cx, &id).await.expect("the hook").hook.disabled);
    assert_eq!(lab.count(&id, DeliveryState::Held).await, IN_FLIGHT_START + 3);
    lab.happen().await;
    assert_eq!((lab.deliver().await, lab.count(&id, DeliveryState::Held).await), (0, IN_FLIGHT_START + 4));
    let [told] = watcher.seen().try_into().expect("told once");
    let hook: serde_json::Value = serde_json::from_slice(&told.body).expect("a hook");
    assert_eq!((&hook["id"], &hook["disabled"]), (&json!(id), &json!(true)));
    assert_eq!(hook["data"]["signature_secret"], MASK);

    let before = gone.seen().len();
    let enabled = crate::enable(&lab.cx, &id).await.expect("the hook").hook;
    assert_eq!((enabled.disabled, lab.deliver().await, gone.seen().len()), (false, 0, before));
    assert_eq!(lab.count(&id, DeliveryState::Held).await, IN_FLIGHT_START + 4, "held until sent again");
}

async fn a_refused_address_is_on_record(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    lab.dispatcher_with(AddressPolicy::default()).run_due().await.expect("it runs");
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
    let dispatcher = lab.dispatcher().start(stop.clone());
    tokio::time::timeout(PATIENCE, quick.wait_for(20)).await.expect("all of the healthy hook's");
    tokio::time::timeout(PATIENCE, silent.wait_for(IN_FLIGHT_START)).await.expect("the first few");
    assert_eq!(silent.seen().len(), IN_FLIGHT_START, "none answered, so no more were begun");
    lab.happen().await;
    tokio::time::timeout(PATIENCE, quick.wait_for(21)).await.expect("the healthy hook goes on");
    let written = async {
        while lab.count(&healthy, DeliveryState::Delivered).await < 21 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(PATIENCE, written).await.expect("their outcomes are written down");
    dispatcher.abort();
}

async fn what_was_delivered_is_not_sent_again(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    lab.hook(json!({"url": receiver.url})).await;
    let dispatcher = lab.dispatcher();
    lab.happen().await;
    for expect in [1, 0] {
        assert_eq!(dispatcher.run_due().await.expect("it runs"), expect);
    }
    assert_eq!((lab.deliver().await, receiver.seen().len()), (0, 1));
}

async fn a_receiver_that_keeps_failing_is_only_probed(lab: &Lab) {
    let receiver = Receiver::start(&["500 No"]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    for _ in 0..20 {
        lab.happen().await;
    }
    let first = lab.deliver().await;
    assert!((DOUBT_AFTER..DOUBT_AFTER + IN_FLIGHT_START).contains(&first), "{first}");
    assert_eq!(lab.deliver().await, 0, "paused, also for a dispatcher that starts anew");
    assert_eq!(crate::get(&lab.cx, &id).await.expect("the hook").health.state, "paused");
    lab.clock.advance(Duration::from_millis(PROBE_FIRST_MS.unsigned_abs()));
    assert_eq!(lab.deliver().await, 1, "one probe");
    receiver.now_answer(OK);
    lab.clock.advance(Duration::from_millis(2 * PROBE_FIRST_MS.unsigned_abs()));
    assert!(lab.deliver().await >= 20 - first - 1, "the probe went well and the rest follows");
    assert_eq!(crate::get(&lab.cx, &id).await.expect("the hook").health.state, "ok");
}

async fn a_pause_that_a_receiver_asked_for_is_the_hooks(lab: &Lab) {
    let receiver = Receiver::start(&["429 Slow\r\nRetry-After: 60"]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    assert_eq!(lab.deliver().await, 1);
    for _ in 0..5 {
        lab.happen().await;
    }
    lab.clock.advance(Duration::from_secs(59));
    assert_eq!(lab.deliver().await, 0, "nothing of the hook goes, and no try is used up");
    receiver.now_answer(OK);
    lab.clock.advance(Duration::from_secs(1));
    assert_eq!((lab.deliver().await, lab.count(&id, DeliveryState::Delivered).await), (6, 6));
}

async fn in_ordered_mode_one_things_deliveries_wait_for_each_other(lab: &Lab) {
    let receiver = Receiver::start(&["500 No", OK]).await;
    let options = json!({"ordered": true, "in_flight": 8});
    let id = lab.hook_with(json!({"data": {"url": receiver.url}, "options": options})).await;
    let mut expect = Vec::new();
    for _ in 0..3 {
        expect.push(lab.happen_to("one").await);
    }
    assert_eq!(lab.deliver().await, 1, "the first failed, the others wait for it");
    lab.happen_to("two").await;
    assert_eq!(lab.deliver().await, 1, "another thing does not wait");
    lab.clock.advance(Duration::from_secs(6));
    assert_eq!(lab.deliver().await, 3);
    let seen = receiver.seen();
    let about_one: Vec<_> = seen
        .iter()
        .filter_map(|s| s.header("Webhook-Id"))
        .filter(|id| expect.iter().any(|e| e == id))
        .collect();
    assert_eq!(about_one, [&expect[0], &expect[0], &expect[1], &expect[2]]);
    assert_eq!(lab.count(&id, DeliveryState::Delivered).await, 4);
}

async fn a_hook_may_have_its_own_schedule_rate_and_fields(lab: &Lab) {
    let receiver = Receiver::start(&["500 No"]).await;
    let options = json!({"schedule": [0, 10], "per_minute": 12, "fields": ["name", "id"]});
    let id = lab.hook_with(json!({"data": {"url": receiver.url}, "options": options})).await;
    lab.happen().await;
    lab.happen().await;
    assert_eq!(lab.deliver().await, 1, "twelve a minute are one in five seconds");
    lab.clock.advance(Duration::from_secs(5));
    assert_eq!(lab.deliver().await, 1);
    for _ in 0..2 {
        lab.clock.advance(Duration::from_secs(12));
        lab.deliver().await;
    }
    assert_eq!(lab.count(&id, DeliveryState::GivenUp).await, 2, "after two tries each");
    for seen in receiver.seen() {
        let body: serde_json::Value = serde_json::from_slice(&seen.body).expect("an object");
        let keys: Vec<_> = body.as_object().expect("an object").keys().collect();
        assert_eq!(keys, ["id", "name"]);
        assert_eq!(seen.header("Content-Length"), Some(seen.body.len().to_string().as_str()));
    }
}

async fn a_hook_is_disabled_after_two_warnings_and_recovers(lab: &Lab) {
    let (down, watcher) = (Receiver::start(&["500 No"]).await, Receiver::start(&[OK]).await);
    let id = lab.hook(json!({"url": down.url})).await;
    let watch =
        json!({"events": ["hook_failing", "hook_disabled", "hook_recovered"], "data": {"url": watcher.url}});
    lab.hook_with(watch).await;
    let told = || -> Vec<String> {
        watcher.seen().iter().filter_map(|s| s.header("X-Netlify-Event").map(str::to_owned)).collect()
    };
    let mut hours = 0;
    while !crate::get(&lab.cx, &id).await.expect("the hook").hook.disabled {
        assert!(hours < 100, "{:?}", told());
        lab.happen().await;
        lab.deliver().await;
        lab.clock.advance(Duration::from_secs(3600));
        hours += 1;
    }
    lab.deliver().await;
    assert_eq!(told(), ["hook_failing", "hook_failing", "hook_disabled"]);
    let view = crate::get(&lab.cx, &id).await.expect("the hook");
    assert!(view.health.reason.is_some_and(|reason| reason.contains("failed for")), "why is said");
    assert_eq!(lab.count(&id, DeliveryState::Waiting).await, 0, "nothing is lost: it is held");
    crate::enable(&lab.cx, &id).await.expect("the hook");
    for _ in 0..20 {
        lab.happen().await;
        lab.deliver().await;
        lab.clock.advance(Duration::from_secs(3600));
    }
    down.now_answer(OK);
    lab.clock.advance(Duration::from_secs(3600));
    lab.happen().await;
    lab.deliver().await;
    lab.deliver().await;
    assert_eq!(told()[3..], ["hook_failing", "hook_recovered"]);
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
