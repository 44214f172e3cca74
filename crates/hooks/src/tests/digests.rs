//! Events that are gathered and go out as one message, and mail servers that cannot be used.

use super::lab::{Lab, SITE};
use super::receiver::{OK, Receiver};
use super::telling::{configured, deliver, deploy, header, mail_hook, submit, with_mail};
use crate::{DIGEST_DELIVERIES_MAX, ResendSince};
use events::Event;
use model::{Attempt, Delivery, DeliveryState, Page, Timestamp};
use serde_json::{Value, json};
use std::collections::HashSet;
use std::time::Duration;
use store::deliveries::Of;
use testbed::{MailServer, START, both};

both!(
    seven_events_arrive_as_one_mail,
    a_digest_that_failed_is_sent_again_as_it_was,
    a_mail_that_failed_keeps_its_bytes,
    a_digest_of_one_event_is_the_ordinary_message,
    a_long_digest_goes_out_in_parts,
    what_a_disabled_hook_gathered_is_held_and_sent_again_together,
    one_of_a_digest_can_be_sent_by_itself,
    what_was_gathered_goes_out_together_after_the_option_is_gone,
    options_that_will_not_do_are_refused,
    a_mail_server_that_cannot_be_used_is_not_the_hooks_fault,
);

const QUARTER: Duration = Duration::from_secs(15 * 60);

/// A chat hook whose events are gathered for a quarter of an hour.
async fn chat_hook(lab: &Lab, url: &str) -> String {
    let options = json!({ "digest": { "every": "15m" } });
    lab.hook_with(json!({ "type": "slack", "data": { "url": url }, "options": options })).await
}

async fn deliveries(lab: &Lab, hook_id: &str) -> Vec<Delivery> {
    let page = Page::new(Some(1), Some(100));
    let mut all = crate::list_deliveries(&lab.cx, hook_id, (None, None), page).await.expect("a list");
    all.reverse();
    all
}

/// The tries of each delivery of a hook, in the order in which the events happened.
async fn attempts(lab: &Lab, hook_id: &str) -> Vec<Vec<Attempt>> {
    let mut all = Vec::new();
    for delivery in deliveries(lab, hook_id).await {
        all.push(crate::get_delivery(&lab.cx, hook_id, &delivery.id).await.expect("the delivery").attempts);
    }
    all
}

fn bodies(receiver: &Receiver) -> Vec<Value> {
    receiver.seen().iter().map(|seen| serde_json::from_slice(&seen.body).expect("JSON")).collect()
}

fn texts(receiver: &Receiver) -> Vec<String> {
    bodies(receiver).iter().map(|body| body["text"].as_str().expect("a text").to_owned()).collect()
}

async fn seven_events_arrive_as_one_mail(lab: &Lab) {
    let server = MailServer::start(&json!({})).await;
    let cx = with_mail(lab, server.port);
    let data = json!({ "email": "ann@example.org", "subject_template": "[{{site}}] {{count}}: {{events}} {{form}}" });
    let events = ["submission_created", "deploy_building", "deploy_failed"];
    let id = mail_hook(lab, &events, data).await;
    let change = json!({ "options": { "digest": { "every": "15m" } } });
    crate::update(&lab.cx, &id, serde_json::from_value(change).expect("an input")).await.expect("it will do");
    let thing = lab.cx.id();
    deploy(lab, &thing, Event::DeployBuilding).await;
    deploy(lab, &thing, Event::DeployFailed).await;
    for n in 0..5 {
        submit(lab, &format!("ann{n}@example.org"), "hello").await;
    }
    let due = Timestamp::parse("2026-01-02T03:15:00Z").expect("a time");
    assert!(deliveries(lab, &id).await.iter().all(|one| one.next_try_at == Some(due)));
    lab.clock.advance(Duration::from_millis((due.0 - START.0 - 1).unsigned_abs()));
    assert_eq!(deliver(&cx).await, 0, "the window is open");
    lab.clock.advance(Duration::from_millis(1));
    assert_eq!(deliver(&cx).await, 1, "one try for all");

    let [mail] = server.wait_for(1).await.try_into().expect("one mail");
    assert_eq!(mail["defects"], json!([]));
    assert_eq!(
        header(&mail, "Subject"),
        Some("[site] 7: 5 × submission_created, 1 × deploy_building, 1 × deploy_failed")
    );
    assert_eq!(header(&mail, "Date"), Some("Fri, 02 Jan 2026 03:15:00 +0000"));
    assert_eq!((header(&mail, "X-Boathook-Event"), header(&mail, "Reply-To")), (Some("digest"), None));
    let text = mail["text"].as_str().expect("text").replace(&thing, "<deploy>").replace(&id, "<hook>");
    insta::assert_snapshot!("seven_events_as_text", text);
    let html = mail["html"].as_str().expect("html");
    let link = format!(
        "<a href=\"http://localhost/sites/site/deploys/{thing}\">Something went wrong deploying site</a>"
    );
    assert!(html.contains(&link), "{html}");

    let all = deliveries(lab, &id).await;
    assert!(all.iter().all(|one| (one.state, one.tries) == (DeliveryState::Delivered, 1)), "{all:?}");
    let attempts = attempts(lab, &id).await;
    let ids: HashSet<&str> = attempts.iter().map(|one| one[0].id.as_str()).collect();
    assert_eq!((attempts.len(), ids.len()), (7, 1), "each has the same try");
    let members: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(attempts[0][0].request["digest"]["deliveries"], json!(members));
    assert_eq!(attempts[6][0].request["digest"]["sent_with"], json!(members[0]));
    assert_eq!((attempts[6][0].status, &attempts[6][0].response), (Some(250), &None));
    assert_eq!(deliver(&cx).await, 0);
}

async fn a_digest_that_failed_is_sent_again_as_it_was(lab: &Lab) {
    let receiver = Receiver::start(&["500 No", OK]).await;
    let id = chat_hook(lab, &receiver.url).await;
    lab.happen().await;
    lab.happen().await;
    lab.clock.advance(QUARTER);
    assert_eq!(lab.deliver().await, 1);
    lab.happen().await;
    let due: HashSet<_> = deliveries(lab, &id).await[..2].iter().map(|one| one.next_try_at).collect();
    assert_eq!((due.len(), lab.deliver().await), (1, 0));
    lab.clock.advance(Duration::from_secs(6));
    assert_eq!(lab.deliver().await, 1, "a dispatcher that starts anew finds the same set");
    let sent = bodies(&receiver);
    assert_eq!((sent.len(), &sent[0]), (2, &sent[1]));
    assert_eq!(sent[0]["text"], "2 events on *site*");
    let states: Vec<_> = deliveries(lab, &id).await.iter().map(|one| (one.state, one.tries)).collect();
    let delivered = (DeliveryState::Delivered, 2);
    assert_eq!(states, [delivered, delivered, (DeliveryState::Waiting, 0)]);
    lab.clock.advance(QUARTER);
    assert_eq!((lab.deliver().await, receiver.seen().len()), (1, 3), "the later one is the next");
}

async fn a_mail_that_failed_keeps_its_bytes(lab: &Lab) {
    let server = MailServer::start(&json!({ "data": ["451 4.3.0 later"] })).await;
    let cx = with_mail(lab, server.port);
    let id = mail_hook(lab, &["submission_created"], json!({ "email": "ann@example.org" })).await;
    let change = json!({ "options": { "digest": { "every": "1d", "at": "09:00" } } });
    crate::update(&lab.cx, &id, serde_json::from_value(change).expect("an input")).await.expect("it will do");
    submit(lab, "a@example.org", "one").await;
    submit(lab, "b@example.org", "two").await;
    lab.clock.advance(Duration::from_secs(6 * 3600));
    assert_eq!(deliver(&cx).await, 1);
    lab.clock.advance(Duration::from_secs(6));
    assert_eq!(deliver(&cx).await, 1);
    let [mail] = server.wait_for(1).await.try_into().expect("one mail");
    for tries in attempts(lab, &id).await {
        assert_eq!(tries.iter().map(|one| one.status).collect::<Vec<_>>(), [Some(451), Some(250)]);
        let same = |key: &str| tries[0].request[key] == tries[1].request[key];
        assert!(same("sha256") && same("head") && same("digest"), "{tries:?}");
    }
    let digest = attempts(lab, &id).await[0][0].request["digest"]["id"].clone();
    let digest = digest.as_str().expect("an id");
    assert_eq!(header(&mail, "Message-ID"), Some(format!("<{digest}.{id}@boathook.example>").as_str()));
}

async fn a_digest_of_one_event_is_the_ordinary_message(lab: &Lab) {
    let (gathered, plain) = (Receiver::start(&[OK]).await, Receiver::start(&[OK]).await);
    let id = chat_hook(lab, &gathered.url).await;
    lab.hook_with(json!({ "type": "slack", "data": { "url": plain.url } })).await;
    lab.happen().await;
    assert_eq!((lab.deliver().await, gathered.seen().len()), (1, 0));
    lab.clock.advance(QUARTER);
    assert_eq!(lab.deliver().await, 1);
    assert_eq!(bodies(&gathered), bodies(&plain));
    assert_eq!(attempts(lab, &id).await[0][0].request.get("digest"), None);
}

async fn a_long_digest_goes_out_in_parts(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = chat_hook(lab, &receiver.url).await;
    for _ in 0..DIGEST_DELIVERIES_MAX + 2 {
        lab.happen().await;
    }
    lab.clock.advance(QUARTER);
    assert_eq!(lab.deliver().await, 2);
    let first = format!("{DIGEST_DELIVERIES_MAX} events on *site*");
    assert_eq!(texts(&receiver), [first.as_str(), "2 events on *site*"]);
    let said = bodies(&receiver)[0]["attachments"][0]["text"].to_string();
    assert!(said.contains("Listed are the first 20; and 480 more: 480 × split_test_activated."), "{said}");
    let mut conn = lab.cx.read().await.expect("a connection");
    let left = store::parcels::next_due(&mut conn, &id, Timestamp(0)).await.expect("a read");
    assert_eq!(left, None, "nothing waits");
}

async fn what_a_disabled_hook_gathered_is_held_and_sent_again_together(lab: &Lab) {
    let receiver = Receiver::start(&["410 Gone"]).await;
    let id = chat_hook(lab, &receiver.url).await;
    for _ in 0..3 {
        lab.happen().await;
    }
    lab.clock.advance(QUARTER);
    assert_eq!(lab.deliver().await, 1);
    lab.happen().await;
    assert_eq!(lab.count(&id, DeliveryState::Held).await, 4);
    receiver.now_answer(OK);
    crate::enable(&lab.cx, &id).await.expect("the hook");
    let which = ResendSince {
        since: Timestamp(0),
        until: None,
        state: None,
        event: None,
        dry_run: false,
        per_minute: None,
    };
    assert_eq!(crate::resend_since(&lab.cx, Of::Hook(&id), &which).await.expect("it is done").count, 4);
    assert_eq!(lab.deliver().await, 2, "one message for each window");
    let sent = bodies(&receiver);
    assert!(sent[1..].contains(&sent[0]), "the same three");
    assert_eq!(lab.count(&id, DeliveryState::Delivered).await, 4);
}

async fn one_of_a_digest_can_be_sent_by_itself(lab: &Lab) {
    let receiver = Receiver::start(&["500 No", OK]).await;
    let id = chat_hook(lab, &receiver.url).await;
    for _ in 0..3 {
        lab.happen().await;
    }
    lab.clock.advance(QUARTER);
    assert_eq!(lab.deliver().await, 1);
    let second = &deliveries(lab, &id).await[1].id;
    crate::resend(&lab.cx, &id, second).await.expect("it is there");
    assert_eq!(lab.deliver().await, 1);
    lab.clock.advance(Duration::from_secs(6));
    assert_eq!(lab.deliver().await, 1);
    let began = "Split test *Ünïcode* began on *site*";
    assert_eq!(texts(&receiver), ["3 events on *site*", began, "2 events on *site*"]);
    assert_eq!(lab.count(&id, DeliveryState::Delivered).await, 3);
}

async fn what_was_gathered_goes_out_together_after_the_option_is_gone(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = chat_hook(lab, &receiver.url).await;
    for _ in 0..3 {
        lab.happen().await;
    }
    let change = serde_json::from_value(json!({ "options": {} })).expect("an input");
    crate::update(&lab.cx, &id, change).await.expect("it will do");
    lab.happen().await;
    assert_eq!(lab.deliver().await, 1, "what comes now goes out at once");
    lab.clock.advance(QUARTER);
    assert_eq!((lab.deliver().await, texts(&receiver)[1].as_str()), (1, "3 events on *site*"));
}

async fn options_that_will_not_do_are_refused(lab: &Lab) {
    let each = "options.digest is not for hooks of type url: each event goes out by itself";
    for (kind, options, expect) in [
        ("url", json!({ "digest": { "every": "15m" } }), each),
        (
            "slack",
            json!({ "digest": { "every": "5s" } }),
            "options.digest: every \"5s\" is no time from 1m to 1d, as 15m or 1h",
        ),
        (
            "slack",
            json!({ "digest": { "every": "1h", "at": "09:00" } }),
            "options.digest: at is for windows of 1d",
        ),
        (
            "slack",
            json!({ "digest": { "every": "1h" }, "ordered": true }),
            "options.digest and options.ordered exclude each other",
        ),
    ] {
        let data = json!({ "url": "https://chat.example.org/x" });
        let input = json!({ "type": kind, "event": "deploy_failed", "data": data, "options": options });
        let input = serde_json::from_value(input).expect("an input");
        let said = crate::create(&lab.cx, SITE, None, input).await.expect_err("refused").to_string();
        assert_eq!(said, expect);
    }
}

async fn a_mail_server_that_cannot_be_used_is_not_the_hooks_fault(lab: &Lab) {
    let id = mail_hook(lab, &["deploy_failed"], json!({ "email": "ann@example.org" })).await;
    for _ in 0..10 {
        deploy(lab, &lab.cx.id(), Event::DeployFailed).await;
    }
    // A port that was free a moment ago: nothing listens there.
    let socket = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = socket.local_addr().expect("bound").port();
    drop(socket);
    let down = configured(lab, &format!("smtp://127.0.0.1:{port}?tls=none"), None);
    for _ in 0..100 {
        assert!(deliver(&down).await > 0, "it is tried each hour");
        lab.clock.advance(Duration::from_secs(3600));
    }
    let view = crate::get(&lab.cx, &id).await.expect("the hook");
    assert_eq!((view.hook.disabled, view.hook.success, view.health.state), (false, None, "ok"));
    let first = deliveries(lab, &id).await.remove(0);
    assert_eq!((first.state, first.tries), (DeliveryState::Waiting, 0), "no try is used up");
    let tries = &attempts(lab, &id).await[0];
    assert_eq!((tries.len(), tries[0].error_class.as_deref()), (1, Some("connect")));
    let said = tries[0].error.as_deref().expect("a sentence");
    assert!(said.contains("operator has to see to that, and no try is used up"), "{said}");

    let server = MailServer::start(&json!({})).await;
    assert_eq!(deliver(&with_mail(lab, server.port)).await, 10);
    assert_eq!(server.wait_for(10).await.len(), 10);
    let tries = attempts(lab, &id).await.remove(0);
    assert_eq!((tries.len(), tries[0].number, tries[0].status), (1, 1, Some(250)));
}
