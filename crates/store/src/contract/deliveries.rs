//! An event and its deliveries are written together, and a long queue is stopped in steps.

use super::support::{Db, NOW, both};
use crate::deliveries::{NewDelivery, STOPPED_AT_ONCE, attempts, cancel, find, hold, insert_all};
use crate::events::NewEvent;
use crate::parcels::{self, BODY_ALONG, Outcome};
use model::{Delivery, DeliveryState};
use std::sync::Arc;

both!(
    an_event_comes_with_its_deliveries,
    an_event_that_nobody_hears_of_is_kept,
    a_long_queue_is_stopped_in_steps,
    a_body_comes_along_as_long_as_its_bytes_allow,
    a_try_is_written_down_once_whatever_is_said_again,
    what_no_longer_waits_stays_as_it_is_unless_it_was_delivered,
);

const HOOK: &str = "0123456789abcdef01234567";
const MANY: usize = STOPPED_AT_ONCE as usize + 1;

pub(super) fn event() -> NewEvent {
    NewEvent {
        id: "msg_1".into(),
        event: "deploy_succeeded".into(),
        account_id: "a".into(),
        site_id: "s".into(),
        resource_id: "d".into(),
        at: NOW,
        body: r#"{"title":"\u0000 'ä' \\u0000"}"#.into(),
        fired: true,
    }
}

fn to(event: &NewEvent, number: usize) -> NewDelivery<'_> {
    NewDelivery {
        id: format!("{number:024x}"),
        event_id: &event.id,
        event: &event.event,
        hook_id: HOOK,
        account_id: &event.account_id,
        site_id: &event.site_id,
        order_key: None,
        state: DeliveryState::Waiting,
        own_body: None,
        event_body: Arc::from(event.body.as_str()),
        due: NOW,
        digest: None,
        now: NOW,
    }
}

async fn an_event_comes_with_its_deliveries(db: &Db) {
    let event = event();
    let own = r#"{"id":"\u0000 \\u0000"}"#;
    let deliveries = [
        to(&event, 1),
        NewDelivery { order_key: Some("d"), own_body: Some(own.into()), ..to(&event, 2) },
        NewDelivery { state: DeliveryState::Held, ..to(&event, 3) },
    ];
    let mut tx = db.store.begin().await.unwrap();
    insert_all(&mut tx, &event, &deliveries).await.unwrap();
    tx.commit().await.unwrap();
    let mut conn = db.store.read().await.unwrap();
    for delivery in &deliveries {
        let found = find(&mut conn, &delivery.id).await.unwrap().expect("written down");
        assert_eq!(format!("{found:?}"), format!("{:?}", delivery.shown()));
    }
    let due = parcels::due(&mut conn, HOOK, NOW, false, 9).await.unwrap();
    let what = |parcel: &parcels::Parcel| (parcel.id.clone(), parcel.order_key.clone(), parcel.body.clone());
    let expected = [
        (deliveries[0].id.clone(), None, Some(Arc::from(event.body.as_str()))),
        (deliveries[1].id.clone(), Some("d".to_owned()), Some(Arc::from(own))),
    ];
    assert_eq!(due.iter().map(what).collect::<Vec<_>>(), expected);
    assert!(due[0].seq < due[1].seq, "in the order given");
}

async fn an_event_that_nobody_hears_of_is_kept(db: &Db) {
    let event = event();
    let mut tx = db.store.begin().await.unwrap();
    insert_all(&mut tx, &event, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let found = crate::events::find(&mut db.store.read().await.unwrap(), &event.id).await.unwrap();
    assert_eq!(found.map(|found| (found.event, found.fired)), Some((event.event, true)));
}

async fn a_long_queue_is_stopped_in_steps(db: &Db) {
    let event = event();
    let deliveries: Vec<_> = (0..MANY).map(|number| to(&event, number)).collect();
    let mut tx = db.store.begin().await.unwrap();
    insert_all(&mut tx, &event, &deliveries).await.unwrap();
    assert!(!hold(&mut tx, HOOK).await.unwrap(), "one is left");
    assert!(hold(&mut tx, HOOK).await.unwrap());
    assert!(!cancel(&mut tx, HOOK, NOW).await.unwrap(), "one is left");
    assert!(cancel(&mut tx, HOOK, NOW).await.unwrap());
    for number in [0, MANY - 1] {
        let Delivery { state, finished_at, .. } =
            find(&mut tx, &deliveries[number].id).await.unwrap().expect("written down");
        assert_eq!((state, finished_at), (DeliveryState::Cancelled, Some(NOW)));
    }
}

/// Writes an event and these deliveries of it; those that wait, as they are read.
async fn waiting(db: &Db, event: &NewEvent, deliveries: &[NewDelivery<'_>]) -> Vec<parcels::Parcel> {
    let mut tx = db.store.begin().await.unwrap();
    insert_all(&mut tx, event, deliveries).await.unwrap();
    tx.commit().await.unwrap();
    parcels::due(&mut db.store.read().await.unwrap(), HOOK, NOW, false, 9).await.unwrap()
}

async fn a_body_comes_along_as_long_as_its_bytes_allow(db: &Db) {
    let most = usize::try_from(BODY_ALONG).unwrap();
    let event = event();
    let own = |number, body| NewDelivery { own_body: Some(body), ..to(&event, number) };
    let fits = "ü".repeat(most / 2);
    let deliveries = [own(1, fits.clone()), own(2, format!("{fits}x")), own(3, "x".repeat(most + 1))];
    let found = waiting(db, &event, &deliveries).await;
    let bodies: Vec<_> = found.iter().map(|parcel| parcel.body.as_deref()).collect();
    assert_eq!(bodies, [Some(fits.as_str()), None, None]);
}

fn outcome(of: &parcels::Parcel, attempt: &str, state: DeliveryState) -> Outcome {
    Outcome {
        delivery: of.id.clone(),
        seq: of.seq,
        attempt: attempt.to_owned(),
        number: 1,
        tries: 1,
        at: NOW.0,
        queued_ms: 2,
        duration_ms: 3,
        status: Some(200),
        error_class: None,
        error: None,
        request: format!(r#"{{"by":"{attempt}"}}"#),
        response: None,
        state: state.as_str(),
        due: (state == DeliveryState::Waiting).then_some(NOW.0 + 5),
        finished_at: (state == DeliveryState::Delivered).then_some(NOW.0 + 4),
    }
}

async fn settle(db: &Db, outcomes: &[&Outcome]) {
    let mut tx = db.store.begin().await.unwrap();
    parcels::settle(&mut tx, outcomes).await.unwrap();
    tx.commit().await.unwrap();
}

/// A delivery's state and tries, when it is due, and who made its attempts.
async fn stands(db: &Db, id: &str) -> Option<(DeliveryState, i64, Option<i64>, Vec<(String, i64, String)>)> {
    let mut conn = db.store.read().await.unwrap();
    let found = find(&mut conn, id).await.unwrap()?;
    let made = attempts(&mut conn, id).await.unwrap();
    let made =
        made.into_iter().map(|one| (one.id, one.number, one.request["by"].as_str().unwrap().to_owned()));
    Some((found.state, found.tries, found.next_try_at.map(|at| at.0), made.collect()))
}

async fn a_try_is_written_down_once_whatever_is_said_again(db: &Db) {
    let event = event();
    let found = waiting(db, &event, &[to(&event, 1), to(&event, 2)]).await;
    let made = |by: &str| vec![(by.to_owned(), 1, by.to_owned())];
    let first = outcome(&found[0], "a", DeliveryState::Waiting);
    settle(db, &[&first, &outcome(&found[1], "b", DeliveryState::Delivered)]).await;
    settle(db, &[&first]).await;
    let later = Some((DeliveryState::Waiting, 1, Some(NOW.0 + 5), made("a")));
    assert_eq!(stands(db, &found[0].id).await, later);
    assert_eq!(stands(db, &found[1].id).await, Some((DeliveryState::Delivered, 1, None, made("b"))));
    settle(db, &[&outcome(&found[0], "c", DeliveryState::Delivered)]).await;
    let replaced = Some((DeliveryState::Delivered, 1, None, made("c")));
    assert_eq!(stands(db, &found[0].id).await, replaced, "a later one of the same number");
}

async fn what_no_longer_waits_stays_as_it_is_unless_it_was_delivered(db: &Db) {
    let event = event();
    let found = waiting(db, &event, &[to(&event, 1), to(&event, 2)]).await;
    let mut tx = db.store.begin().await.unwrap();
    assert!(hold(&mut tx, HOOK).await.unwrap());
    tx.commit().await.unwrap();
    let gone = parcels::Parcel { id: "0".repeat(24), seq: found[1].seq + 1, ..found[1].clone() };
    let (failed, delivered) = (DeliveryState::Waiting, DeliveryState::Delivered);
    let outcomes =
        [outcome(&found[0], "a", failed), outcome(&found[1], "b", delivered), outcome(&gone, "c", delivered)];
    settle(db, &outcomes.iter().collect::<Vec<_>>()).await;
    let made = |by: &str| vec![(by.to_owned(), 1, by.to_owned())];
    assert_eq!(stands(db, &found[0].id).await, Some((DeliveryState::Held, 1, None, made("a"))));
    assert_eq!(stands(db, &found[1].id).await, Some((delivered, 1, None, made("b"))));
    let mut conn = db.store.read().await.unwrap();
    assert!(attempts(&mut conn, &gone.id).await.unwrap().is_empty(), "of what is gone nothing is on record");
}
