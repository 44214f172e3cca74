//! Listening to hooks: what is heard is what would be sent, each delivery once, in order.

use super::lab::{ACCOUNT, Lab, SITE, activated};
use super::receiver::{OK, Receiver};
use crate::{LISTENERS_PER_HOOK, Letter, Listen, Listeners, REPLAY_MAX, Word, listen};
use context::{Context, Error};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use model::DeliveryState;
use serde_json::{Value, json};
use std::time::Duration;
use store::{Engine, Tx};
use testbed::both;
use tokio_util::sync::CancellationToken;

both!(
    what_is_heard_is_what_is_sent,
    what_a_disabled_hook_missed_is_heard_and_stays_held,
    the_last_deliveries_can_be_heard_again,
    a_stream_goes_on_where_it_broke_off,
    a_delivery_that_was_overtaken_is_heard,
    a_deleted_hook_ends_its_streams,
    a_server_that_stops_ends_its_streams,
    what_cannot_be_listened_to_is_refused,
);

const SECRET: &str = "s3cret of a listener";
const PATIENCE: Duration = Duration::from_secs(30);

type Words = BoxStream<'static, context::Result<Word>>;

async fn start(lab: &Lab, hook: &str, ask: Listen) -> Words {
    listen(&lab.cx, &Listeners::default(), hook, &ask).await.expect("a stream")
}

/// The next word that is no beat, with where it stands.
async fn next(words: &mut Words) -> Option<(String, Letter)> {
    let search = async {
        loop {
            match words.next().await?.expect("the database answers") {
                Word::Delivery(place, letter) => return Some((place, *letter)),
                Word::Trouble(_, why) => panic!("{why}"),
                Word::Beat(_) => {}
                Word::End => return None,
            }
        }
    };
    tokio::time::timeout(PATIENCE, search).await.expect("something is heard")
}

/// Ids of the events of all that is there.
async fn all(lab: &Lab, hook: &str, ask: Listen) -> Vec<String> {
    let mut words = start(lab, hook, Listen { once: true, ..ask }).await;
    let mut heard = Vec::new();
    while let Some((_, letter)) = next(&mut words).await {
        heard.push(letter.event_id);
    }
    heard
}

async fn hook(lab: &Lab, url: &str) -> String {
    lab.hook(json!({"url": url, "signature_secret": SECRET})).await
}

async fn what_is_heard_is_what_is_sent(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let (id, _other) = (hook(lab, &receiver.url).await, hook(lab, "http://127.0.0.1:9/").await);
    lab.happen().await;
    let mut words = start(lab, &id, Listen::default()).await;
    assert!(
        matches!(words.next().await, Some(Ok(Word::Beat(_)))),
        "a listener learns at once where it stands"
    );
    let event = lab.happen().await;
    let (_, letter) = next(&mut words).await.expect("a delivery");
    assert_eq!((letter.event_id.as_str(), letter.event.as_str()), (event.as_str(), "split_test_activated"));
    assert_eq!(lab.count(&id, DeliveryState::Waiting).await, 2, "listening delivers nothing");
    lab.deliver().await;
    let sent =
        receiver.seen().into_iter().find(|one| one.header("Webhook-Id") == Some(&event)).expect("it is sent");
    assert_eq!((letter.method.as_str(), letter.body.as_bytes()), ("POST", sent.body.as_slice()));
    for name in ["Content-Type", "X-Netlify-Event", "X-Webhook-Signature", "X-Nf-Sign", "Webhook-Id"] {
        assert_eq!(letter.headers[name].as_str(), sent.header(name), "{name}");
    }
    let at = letter.headers["Webhook-Timestamp"].as_str().and_then(|text| text.parse().ok()).expect("a time");
    let standard = signing::standard_headers(&event, at, letter.body.as_bytes(), SECRET);
    assert_eq!(letter.headers["Webhook-Signature"], Value::from(standard.signature));
}

async fn what_a_disabled_hook_missed_is_heard_and_stays_held(lab: &Lab) {
    let gone = Receiver::start(&["410 Gone"]).await;
    let id = hook(lab, &gone.url).await;
    lab.happen().await;
    lab.deliver().await;
    let mut words = start(lab, &id, Listen::default()).await;
    words.next().await;
    let event = lab.happen().await;
    assert_eq!(next(&mut words).await.expect("a delivery").1.event_id, event);
    assert_eq!(lab.count(&id, DeliveryState::Held).await, 2);
}

async fn the_last_deliveries_can_be_heard_again(lab: &Lab) {
    let id = hook(lab, "http://127.0.0.1:9/").await;
    assert_eq!(all(lab, &id, Listen { replay: Some(3), ..Listen::default() }).await, [""; 0]);
    let mut events = Vec::new();
    for _ in 0..5 {
        events.push(lab.happen().await);
    }
    for (count, expect) in [(1, &events[4..]), (3, &events[2..]), (REPLAY_MAX, &events[..])] {
        assert_eq!(
            all(lab, &id, Listen { replay: Some(count), ..Listen::default() }).await,
            expect,
            "{count}"
        );
    }
    assert_eq!(all(lab, &id, Listen::default()).await, [""; 0], "without a replay only what comes");
}

async fn a_stream_goes_on_where_it_broke_off(lab: &Lab) {
    let id = hook(lab, "http://127.0.0.1:9/").await;
    let mut words = start(lab, &id, Listen::default()).await;
    let Some(Ok(Word::Beat(begin))) = words.next().await else { panic!("a beat") };
    let mut events = Vec::new();
    for _ in 0..120 {
        events.push(lab.happen().await);
    }
    let mut places = vec![begin];
    for event in &events {
        let (place, letter) = next(&mut words).await.expect("a delivery");
        assert_eq!(&letter.event_id, event);
        places.push(place);
    }
    for had in [0, 1, 60, 119, 120] {
        // The place counts before a replay: a client repeats its query when it connects again.
        let ask = Listen { after: Some(places[had].clone()), replay: Some(5), once: true };
        assert_eq!(all(lab, &id, ask).await, events[had..], "{had}: {}", places[had]);
    }
}

async fn activate(tx: &mut Tx, cx: &Context) -> String {
    events::record(tx, cx, ACCOUNT, SITE, &activated(cx, &cx.id())).await.expect("an event")
}

/// On PostgreSQL a transaction that began first can commit last, with the lower number.
async fn a_delivery_that_was_overtaken_is_heard(lab: &Lab) {
    let id = hook(lab, "http://127.0.0.1:9/").await;
    let mut words = start(lab, &id, Listen::default()).await;
    words.next().await;
    let mut slow = lab.cx.begin().await.expect("a transaction");
    let first = activate(&mut slow, &lab.cx).await;
    if lab.cx.store.engine() == Engine::Sqlite {
        slow.commit().await.expect("it commits");
        assert_eq!(next(&mut words).await.expect("a delivery").1.event_id, first);
        return;
    }
    let second = lab.happen().await;
    let (place, letter) = next(&mut words).await.expect("a delivery");
    assert_eq!(letter.event_id, second);
    slow.commit().await.expect("it commits");
    assert_eq!(next(&mut words).await.expect("the other").1.event_id, first);
    let resumed = Listen { after: Some(place), ..Listen::default() };
    assert_eq!(all(lab, &id, resumed).await, [first], "also by who connects again");
}

async fn a_deleted_hook_ends_its_streams(lab: &Lab) {
    let id = hook(lab, "http://127.0.0.1:9/").await;
    let mut words = start(lab, &id, Listen::default()).await;
    words.next().await;
    crate::delete(&lab.cx, &id).await.expect("it is deleted");
    assert!(next(&mut words).await.is_none());
    assert!(words.next().await.is_none());
}

async fn a_server_that_stops_ends_its_streams(lab: &Lab) {
    let id = hook(lab, "http://127.0.0.1:9/").await;
    let stop = CancellationToken::new();
    let listeners = Listeners::until(stop.clone());
    let mut words = listen(&lab.cx, &listeners, &id, &Listen::default()).await.expect("a stream");
    words.next().await;
    stop.cancel();
    assert!(next(&mut words).await.is_none());
}

async fn what_cannot_be_listened_to_is_refused(lab: &Lab) {
    let id = hook(lab, "http://127.0.0.1:9/").await;
    let listeners = Listeners::default();
    let refusal = async |id: &str, ask: Listen| listen(&lab.cx, &listeners, id, &ask).await.err();
    for ask in [
        Listen { replay: Some(0), ..Listen::default() },
        Listen { replay: Some(REPLAY_MAX + 1), ..Listen::default() },
        Listen { after: Some("soon".into()), ..Listen::default() },
    ] {
        assert!(matches!(refusal(&id, ask.clone()).await, Some(Error::Invalid(_))), "{ask:?}");
    }
    assert!(matches!(refusal("none", Listen::default()).await, Some(Error::NotFound)));
    let slack =
        json!({"type": "slack", "event": "deploy_created", "data": {"url": "https://hooks.example.org/x"}});
    let slack = serde_json::from_value(slack).expect("an input");
    let slack = crate::create(&lab.cx, SITE, None, slack).await.expect("a hook").hook.id;
    assert!(matches!(refusal(&slack, Listen::default()).await, Some(Error::Unprocessable(_))));
    let mut streams = Vec::new();
    for _ in 0..LISTENERS_PER_HOOK {
        streams.push(listen(&lab.cx, &listeners, &id, &Listen::default()).await.expect("a place"));
    }
    assert!(matches!(refusal(&id, Listen::default()).await, Some(Error::TooMany { .. })));
    drop(streams.pop());
    assert!(refusal(&id, Listen::default()).await.is_none(), "a place is free again");
}
