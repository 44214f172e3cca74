//! An event and its deliveries are written together, and a long queue is stopped in steps.

use super::support::{Db, NOW, both};
use crate::deliveries::{NewDelivery, STOPPED_AT_ONCE, cancel, find, hold, insert_all};
use crate::events::NewEvent;
use crate::parcels;
use model::{Delivery, DeliveryState};
use std::sync::Arc;

both!(
    an_event_comes_with_its_deliveries,
    an_event_that_nobody_hears_of_is_kept,
    a_long_queue_is_stopped_in_steps,
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
