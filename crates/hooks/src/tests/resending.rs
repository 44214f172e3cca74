//! Sending again: one delivery, or everything that was missed.

use super::lab::{Lab, SITE};
use super::receiver::{OK, Receiver};
use crate::{ResendSince, Resent, SCHEDULE};
use context::Error;
use model::{DeliveryState, Timestamp};
use serde_json::json;
use std::time::Duration;
use store::deliveries::Of;
use testbed::both;

both!(
    one_delivery_is_sent_again_with_the_same_bytes_wherever_it_stands,
    the_schedule_starts_over_after_a_resend,
    what_cannot_be_sent_again_is_refused,
    everything_that_was_held_is_sent_after_enabling,
    a_span_of_time_and_a_state_choose,
    a_dry_run_counts_and_a_rate_spreads,
);

async fn one_delivery_is_sent_again_with_the_same_bytes_wherever_it_stands(lab: &Lab) {
    let receiver = Receiver::start(&["500 No"]).await;
    let id = lab.hook(json!({"url": receiver.url, "signature_secret": "s"})).await;
    lab.happen().await;
    lab.deliver().await;
    let delivery = lab.delivery(&id).await.delivery;
    receiver.now_answer(OK);
    for (tries, before) in [(1, DeliveryState::Waiting), (2, DeliveryState::Delivered)] {
        assert_eq!(lab.delivery(&id).await.delivery.state, before);
        let again = crate::resend(&lab.cx, &id, &delivery.id).await.expect("it is sent again");
        assert_eq!(
            (again.state, again.tries, again.next_try_at),
            (DeliveryState::Waiting, tries, Some(lab.cx.now()))
        );
        assert_eq!((lab.deliver().await, lab.deliver().await), (1, 0));
    }
    let found = lab.delivery(&id).await;
    let numbers: Vec<_> = found.attempts.iter().map(|a| (a.number, a.status)).collect();
    assert_eq!(numbers, [(1, Some(500)), (2, Some(200)), (3, Some(200))]);
    let seen = receiver.seen();
    assert!(
        seen.iter().all(|s| s.body == seen[0].body && s.header("Webhook-Id") == seen[0].header("Webhook-Id"))
    );
}

async fn the_schedule_starts_over_after_a_resend(lab: &Lab) {
    let receiver = Receiver::start(&["500 No"]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    for wait in SCHEDULE {
        lab.clock.advance(wait * 6 / 5);
        lab.deliver().await;
    }
    let delivery = lab.delivery(&id).await.delivery;
    assert_eq!((delivery.state, delivery.tries), (DeliveryState::GivenUp, 10));
    crate::enable(&lab.cx, &id).await.expect("the hook failed for days and was disabled");
    crate::resend(&lab.cx, &id, &delivery.id).await.expect("it is sent again");
    lab.deliver().await;
    let delivery = lab.delivery(&id).await.delivery;
    let wait = delivery.next_try_at.expect("another try").0 - lab.cx.now().0;
    assert_eq!((delivery.state, delivery.tries), (DeliveryState::Waiting, 11));
    assert!((4_000..=6_000).contains(&wait), "{wait}");
}

async fn what_cannot_be_sent_again_is_refused(lab: &Lab) {
    let receiver = Receiver::start(&["410 Gone"]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    let other = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    lab.deliver().await;
    let delivery = lab.delivery(&id).await.delivery.id;
    for (hook, delivery) in [(id.as_str(), "nothing"), ("nothing", &delivery), (&other, &delivery)] {
        assert!(
            matches!(crate::resend(&lab.cx, hook, delivery).await, Err(Error::NotFound)),
            "{hook} {delivery}"
        );
    }
    assert!(matches!(crate::resend(&lab.cx, &id, &delivery).await, Err(Error::Conflict(_))));
    assert!(matches!(all_since(lab, Of::Hook(&id), None).await, Err(Error::Conflict(_))));
    assert!(matches!(all_since(lab, Of::Hook("nothing"), None).await, Err(Error::NotFound)));
    let cancelled = all_since(lab, Of::Site(SITE), Some(DeliveryState::Cancelled)).await;
    assert!(matches!(cancelled, Err(Error::Unprocessable(_))));
}

fn since(since: Timestamp) -> ResendSince {
    ResendSince { since, until: None, state: None, event: None, dry_run: false, per_minute: None }
}

async fn all_since(lab: &Lab, of: Of<'_>, state: Option<DeliveryState>) -> context::Result<Resent> {
    let which = ResendSince { state, ..since(Timestamp(0)) };
    crate::resend_since(&lab.cx, of, &which).await
}

async fn everything_that_was_held_is_sent_after_enabling(lab: &Lab) {
    let receiver = Receiver::start(&["410 Gone"]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    lab.deliver().await;
    // More than one transaction's worth.
    for _ in 0..210 {
        lab.happen().await;
    }
    receiver.now_answer(OK);
    assert_eq!(all_since(lab, Of::Site(SITE), None).await.expect("a count").count, 0, "still disabled");
    crate::enable(&lab.cx, &id).await.expect("the hook");
    let sent = all_since(lab, Of::Hook(&id), None).await.expect("a count");
    assert_eq!(sent, Resent { count: 211, more: false, dry_run: false });
    assert_eq!((lab.deliver().await, receiver.seen().len()), (211, 212));
    assert_eq!(all_since(lab, Of::Hook(&id), None).await.expect("a count").count, 0);
}

async fn a_span_of_time_and_a_state_choose(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    let start = lab.cx.now();
    for _ in 0..3 {
        lab.happen().await;
        lab.deliver().await;
        lab.clock.advance(Duration::from_secs(10));
    }
    let delivered = Some(DeliveryState::Delivered);
    for (from, until, state, count) in [
        (0, None, None, 0),
        (0, Some(20_000), delivered, 2),
        (10_000, Some(20_000), delivered, 1),
        (20_001, None, delivered, 0),
        (10_000, None, delivered, 2),
    ] {
        let until = until.map(|millis| start.plus_millis(millis));
        let which = ResendSince { until, state, ..since(start.plus_millis(from)) };
        let sent = crate::resend_since(&lab.cx, Of::Hook(&id), &which).await.expect("a count");
        assert_eq!((sent.count, lab.deliver().await), (count, count), "{which:?}");
    }
}

async fn a_dry_run_counts_and_a_rate_spreads(lab: &Lab) {
    let receiver = Receiver::start(&["410 Gone"]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    for _ in 0..4 {
        lab.happen().await;
        lab.deliver().await;
    }
    receiver.now_answer(OK);
    let dry = ResendSince { dry_run: true, ..since(Timestamp(0)) };
    for (event, count) in [(None, 4), (Some("split_test_activated"), 4), (Some("deploy_failed"), 0)] {
        let which = ResendSince { event: event.map(str::to_owned), ..dry.clone() };
        let counted = crate::resend_since(&lab.cx, Of::Hook(&id), &which).await.expect("a count");
        assert_eq!((counted.count, counted.dry_run), (count, true), "also while it is disabled");
    }
    assert_eq!(lab.deliver().await, 0, "nothing was sent");
    crate::enable(&lab.cx, &id).await.expect("the hook");
    let slowly = ResendSince { per_minute: Some(60), ..since(Timestamp(0)) };
    crate::resend_since(&lab.cx, Of::Hook(&id), &slowly).await.expect("a count");
    for n in 0..4 {
        assert_eq!(lab.deliver().await, 1, "{n}");
        lab.clock.advance(Duration::from_secs(1));
    }
    for which in [
        ResendSince { event: Some("nothing".to_owned()), ..since(Timestamp(0)) },
        ResendSince { per_minute: Some(0), ..since(Timestamp(0)) },
    ] {
        let refused = crate::resend_since(&lab.cx, Of::Hook(&id), &which).await;
        assert!(matches!(refused, Err(Error::Unprocessable(_))), "{which:?}");
    }
}
