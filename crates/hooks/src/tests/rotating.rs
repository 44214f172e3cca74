//! New secrets while old ones still count.

use super::lab::Lab;
use super::receiver::{OK, Receiver, Seen};
use crate::{MASK, OVERLAP_HOURS, OVERLAP_HOURS_MAX, PREVIOUS_MAX, Rotation};
use context::Error;
use model::Page;
use serde_json::{Value, json};
use std::time::Duration;
use store::events::Filter;
use testbed::both;

both!(
    the_new_secret_signs_and_the_old_one_goes_along_for_a_while,
    a_secret_that_is_set_is_the_only_one,
    what_cannot_be_rotated_is_refused,
    the_audit_log_tells_who_has_the_new_secret,
);

async fn next(lab: &Lab, receiver: &Receiver) -> Seen {
    lab.happen().await;
    lab.deliver().await;
    receiver.seen().pop().expect("a delivery")
}

fn signed_by(seen: &Seen, header: &str, secret: &str) -> bool {
    seen.header(header).is_some_and(|token| signing::verify_hs256(token, secret.as_bytes()).is_ok())
}

/// How many of the signatures of Standard Webhooks there are, and whether one is by this secret.
fn standard(seen: &Seen, secret: &str) -> (usize, bool) {
    let id = seen.header("Webhook-Id").expect("an id");
    let seconds = seen.header("Webhook-Timestamp").and_then(|s| s.parse().ok()).expect("a time");
    let expect = signing::standard_headers(id, seconds, &seen.body, secret).signature;
    let all: Vec<&str> = seen.header("Webhook-Signature").expect("signatures").split(' ').collect();
    (all.len(), all.contains(&expect.as_str()))
}

async fn the_new_secret_signs_and_the_old_one_goes_along_for_a_while(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url, "signature_secret": "first"})).await;
    let rotated = crate::rotate(&lab.cx, &id, Rotation::default(), "ada").await.expect("a rotation");
    let second = rotated.signature_secret;
    assert!(second.starts_with("whsec_") && second.len() == 46, "{}", second.len());
    assert_eq!(rotated.hook.hook.data["signature_secret"], MASK);
    assert_eq!(rotated.hook.hook.data.len(), 2, "old secrets are not spoken of");
    let seen = next(lab, &receiver).await;
    assert!(signed_by(&seen, "X-Webhook-Signature", &second) && signed_by(&seen, "X-Nf-Sign", &second));
    assert!(signed_by(&seen, "X-Webhook-Signature-Previous", "first"));
    assert_eq!((standard(&seen, &second), standard(&seen, "first")), ((2, true), (2, true)));
    let record = lab.delivery(&id).await.attempts.remove(0).request;
    assert_eq!(record["headers"]["X-Webhook-Signature-Previous"], MASK);

    let third = Rotation { signature_secret: Some("third".into()), overlap_hours: Some(1) };
    crate::rotate(&lab.cx, &id, third, "ada").await.expect("a rotation");
    let seen = next(lab, &receiver).await;
    assert!(signed_by(&seen, "X-Webhook-Signature-Previous", &second));
    assert_eq!((standard(&seen, "third"), standard(&seen, "first")), ((3, true), (3, true)));
    for (hours, count) in [(1, 2), (u64::from(OVERLAP_HOURS), 1)] {
        lab.clock.advance(Duration::from_secs(hours * 3600));
        let seen = next(lab, &receiver).await;
        assert_eq!(standard(&seen, "third"), (count, true), "after {hours} hours");
        assert_eq!(seen.header("X-Webhook-Signature-Previous").is_some(), count > 1);
    }
}

async fn a_secret_that_is_set_is_the_only_one(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url, "signature_secret": "0"})).await;
    for n in 1..8 {
        let rotation = Rotation { signature_secret: Some(n.to_string()), overlap_hours: None };
        crate::rotate(&lab.cx, &id, rotation, "ada").await.expect("a rotation");
    }
    let seen = next(lab, &receiver).await;
    assert_eq!(standard(&seen, "7"), (PREVIOUS_MAX + 1, true));
    let at_once = Rotation { signature_secret: Some("8".into()), overlap_hours: Some(0) };
    crate::rotate(&lab.cx, &id, at_once, "ada").await.expect("a rotation");
    assert_eq!(standard(&next(lab, &receiver).await, "8"), (1, true));
    crate::rotate(&lab.cx, &id, Rotation::default(), "ada").await.expect("a rotation");
    let set: Value = json!({"data": {"signature_secret": "9"}});
    crate::update(&lab.cx, &id, serde_json::from_value(set).expect("an input")).await.expect("the hook");
    assert_eq!(standard(&next(lab, &receiver).await, "9"), (1, true));
}

async fn what_cannot_be_rotated_is_refused(lab: &Lab) {
    let id = lab.hook(json!({"url": "https://example.org"})).await;
    for rotation in [
        Rotation { signature_secret: Some(String::new()), overlap_hours: None },
        Rotation { signature_secret: Some("x".repeat(513)), overlap_hours: None },
        Rotation { signature_secret: None, overlap_hours: Some(OVERLAP_HOURS_MAX + 1) },
    ] {
        let refused = crate::rotate(&lab.cx, &id, rotation.clone(), "ada").await;
        assert!(matches!(refused, Err(Error::Unprocessable(_))), "{rotation:?}");
    }
    assert!(matches!(
        crate::rotate(&lab.cx, "nothing", Rotation::default(), "ada").await,
        Err(Error::NotFound)
    ));
    assert!(
        crate::rotate(&lab.cx, &id, Rotation::default(), "ada").await.is_ok(),
        "a first secret is drawn as well"
    );
}

async fn the_audit_log_tells_who_has_the_new_secret(lab: &Lab) {
    let id = lab.hook(json!({"url": "https://a.example", "signature_secret": "first"})).await;
    let second = crate::rotate(&lab.cx, &id, Rotation::default(), "grace").await.expect("a rotation");
    let filter = Filter { resource_id: Some(id), ..Filter::default() };
    let mut db = lab.cx.read().await.expect("a connection");
    let noted = store::events::list(&mut db, &filter, Page::default()).await.expect("the ledger");
    let told: Vec<_> = noted.iter().map(|one| (one.event.as_str(), &one.payload["actor_id"])).collect();
    assert_eq!(told, [("hook_secret_rotated", &json!("grace"))]);
    let shown = noted[0].payload.to_string();
    assert!(!shown.contains("first") && !shown.contains(&second.signature_secret), "{shown}");
}
