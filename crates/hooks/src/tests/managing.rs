//! Hooks as real clients make, change and delete them.

use super::lab::{Lab, SITE};
use super::receiver::{OK, Receiver};
use crate::{DATA_MAX, HookInput, HookView, MASK};
use context::Error;
use model::DeliveryState;
use serde_json::{Value, json};
use store::forms::{FormDoc, FormRow};
use testbed::both;

both!(
    what_real_clients_send_makes_hooks,
    what_would_not_do_is_refused_by_name,
    a_form_is_one_of_the_site,
    a_site_has_a_limited_number_of_hooks,
    updates_change_what_is_sent_and_keep_the_rest,
    a_whole_hook_can_be_sent_back,
    deleting_cancels_what_waits_and_keeps_the_record,
    a_sealed_secret_belongs_to_its_hook,
    a_token_goes_nowhere_else_than_it_was_meant_for,
    another_target_starts_without_settings,
);

fn input(value: Value) -> HookInput {
    serde_json::from_value(value).expect("an input of this test")
}

async fn create(lab: &Lab, value: Value) -> Result<HookView, String> {
    crate::create(&lab.cx, SITE, None, input(value)).await.map_err(|error| match error {
        Error::Unprocessable(message) => message,
        other => panic!("{other:?}"),
    })
}

async fn stored_secret(lab: &Lab, id: &str) -> Value {
    let row = store::hooks::find(&mut lab.cx.read().await.expect("a connection"), id).await.expect("a read");
    let row = row.expect("the hook is there");
    assert!(!row.sealed.windows(3).any(|w| w == b"s3c"), "sealed at rest");
    Value::Object(crate::secrets::open(&lab.cx, id, &row.sealed).expect("it opens"))
}

/// A form of a site, with its id for a name.
async fn put_form(lab: &Lab, id: &str, site_id: &str) {
    let (doc, now) = (FormDoc::default(), lab.cx.now());
    let (id, site_id) = (id.to_owned(), site_id.to_owned());
    let form = FormRow { name: id.clone(), id, site_id, doc, created_at: now, updated_at: now };
    let mut tx = lab.cx.begin().await.expect("the database answers");
    store::forms::put(&mut tx, &form).await.expect("a form");
    tx.commit().await.expect("the database answers");
}

async fn a_form_is_one_of_the_site(lab: &Lab) {
    const OTHER: &str = "22222222-2222-4222-8222-222222222222";
    lab.add_site(OTHER, "other").await;
    for (form, site) in [("f", SITE), ("g", SITE), ("x", OTHER)] {
        put_form(lab, form, site).await;
    }
    let sent = |form: &str| json!({"event": "submission_created", "form_id": form, "data": {"url": "https://e.org"}});
    let id = create(lab, sent("f")).await.expect("a hook").hook.id;
    for (form, fits) in [("g", true), ("", true), ("x", false), ("nobody's", false)] {
        let expect = if fits { Ok(()) } else { Err("form_id names no form of the site".to_owned()) };
        assert_eq!(create(lab, sent(form)).await.map(|_| ()), expect, "{form}");
        let changed = crate::update(&lab.cx, &id, input(json!({"form_id": form}))).await;
        assert_eq!(changed.map(|_| ()).map_err(|error| error.to_string()), expect, "{form}");
    }
    crate::update(&lab.cx, &id, input(sent("f"))).await.expect("it is there");
    let mut tx = lab.cx.begin().await.expect("the database answers");
    store::forms::delete(&mut tx, "f").await.expect("the form goes");
    tx.commit().await.expect("the database answers");
    let back =
        crate::update(&lab.cx, &id, input(sent("f"))).await.expect("a client sends back what it was given");
    assert_eq!(back.hook.form_id.as_deref(), Some("f"));
}

async fn what_real_clients_send_makes_hooks(lab: &Lab) {
    put_form(lab, "f", SITE).await;
    for (sent, kind, form) in [
        (
            json!({"site_id": SITE, "event": "submission_created", "form_id": "f", "data": {"url": "https://e.org"}}),
            "url",
            Some("f"),
        ),
        (
            json!({"type": "url", "event": "deploy_created", "form_id": "", "data": {"url": "https://e.org", "signatureSecret": "s3c"}}),
            "url",
            None,
        ),
        (
            json!({"type": "url", "event": "deploy_created", "data": {"url": "https://e.org", "signature_secret": "s3c", "extra": 1}}),
            "url",
            None,
        ),
    ] {
        let made = create(lab, sent.clone()).await.expect("a hook").hook;
        assert_eq!((made.kind.as_str(), made.form_id.as_deref(), &made.event), (kind, form, &made.events[0]));
        assert_eq!((made.disabled, made.restricted, made.success), (false, false, None));
        let shown =
            serde_json::to_string(&crate::get(&lab.cx, &made.id).await.expect("it is there")).expect("JSON");
        assert!(!shown.contains("s3c") && !shown.contains("signatureSecret"), "{shown}");
        if sent.to_string().contains("s3c") {
            assert_eq!(made.data["signature_secret"], MASK);
            assert_eq!(stored_secret(lab, &made.id).await, json!({"signature_secret": "s3c"}));
        } else {
            assert!(!made.data.contains_key("signature_secret"));
        }
    }
    assert_eq!(crate::list(&lab.cx, SITE).await.expect("a list").len(), 3);
}

async fn what_would_not_do_is_refused_by_name(lab: &Lab) {
    let url = json!({"url": "https://e.org"});
    let long = json!({"url": "https://e.org", "x": "y".repeat(DATA_MAX)});
    for (sent, message) in [
        (
            json!({"type": "telegraph", "event": "deploy_created", "data": {}}),
            "type \"telegraph\" is not one of: url, ",
        ),
        (
            json!({"event": "deploy_exploded", "data": url}),
            "event \"deploy_exploded\" is not known; there are: deploy_created",
        ),
        (json!({"data": url}), "no event is named; there are: "),
        (json!({"event": "deploy_created"}), "data.url is missing"),
        (json!({"event": "deploy_created", "data": {"url": "https://a:b@e.org"}}), "data.url may not hold"),
        (json!({"event": "deploy_created", "data": long}), "data may have at most 16384 bytes"),
    ] {
        let refused = create(lab, sent).await.expect_err("it would not do");
        assert!(refused.starts_with(message), "{refused}");
    }
}

async fn a_site_has_a_limited_number_of_hooks(lab: &Lab) {
    let cx = lab.configured(|settings| settings.limits.hooks = 2);
    let sent = || input(json!({"event": "deploy_created", "data": {"url": "https://e.org"}}));
    for fits in [true, true, false] {
        let made = crate::create(&cx, SITE, None, sent()).await;
        assert_eq!(made.is_ok(), fits);
    }
}

async fn updates_change_what_is_sent_and_keep_the_rest(lab: &Lab) {
    let data = json!({"url": "https://e.org/", "signature_secret": "s3c", "note": "n"});
    let id = create(lab, json!({"event": "deploy_created", "data": data})).await.expect("a hook").hook.id;
    for (sent, event, url, secret) in [
        (
            json!({"data": {"url": "https://f.org/"}}),
            "deploy_created",
            "https://f.org/",
            json!({"signature_secret": "s3c"}),
        ),
        (
            json!({"event": "deploy_failed", "events": ["deploy_created"]}),
            "deploy_failed",
            "https://f.org/",
            json!({"signature_secret": "s3c"}),
        ),
        (
            json!({"data": {"signature_secret": MASK}}),
            "deploy_failed",
            "https://f.org/",
            json!({"signature_secret": "s3c"}),
        ),
        (
            json!({"data": {"signatureSecret": "new"}}),
            "deploy_failed",
            "https://f.org/",
            json!({"signature_secret": "new"}),
        ),
        (json!({"data": {"signature_secret": ""}}), "deploy_failed", "https://f.org/", json!({})),
    ] {
        let hook = crate::update(&lab.cx, &id, input(sent)).await.expect("it will do").hook;
        assert_eq!((hook.events.as_slice(), &hook.data["url"]), ([event.to_owned()].as_slice(), &json!(url)));
        assert_eq!((stored_secret(lab, &id).await, &hook.data["note"]), (secret, &json!("n")));
    }
    let wrong = crate::update(&lab.cx, &id, input(json!({"data": {"url": "nowhere"}}))).await;
    assert!(matches!(wrong, Err(Error::Unprocessable(_))));
    let kept = crate::get(&lab.cx, &id).await.expect("it is there").hook;
    assert_eq!(kept.data["url"], "https://f.org/");
}

async fn a_whole_hook_can_be_sent_back(lab: &Lab) {
    let data = json!({"url": "https://e.org/", "signature_secret": "s3c"});
    let sent = json!({"events": ["deploy_created", "deploy_failed"], "data": data, "filters": {"branches": ["main"]}});
    let made = create(lab, sent).await.expect("a hook");
    let whole = serde_json::to_value(&made).expect("JSON");
    let back = crate::update(&lab.cx, &made.hook.id, input(whole.clone())).await.expect("it will do");
    let mut back = serde_json::to_value(&back).expect("JSON");
    back["updated_at"] = whole["updated_at"].clone();
    assert_eq!(back, whole);
    assert_eq!(stored_secret(lab, &made.hook.id).await, json!({"signature_secret": "s3c"}));
}

async fn deleting_cancels_what_waits_and_keeps_the_record(lab: &Lab) {
    let receiver = Receiver::start(&[OK]).await;
    let id = lab.hook(json!({"url": receiver.url})).await;
    lab.happen().await;
    crate::delete(&lab.cx, &id).await.expect("it is there");
    assert_eq!(lab.deliver().await, 0);
    assert_eq!(lab.delivery(&id).await.delivery.state, DeliveryState::Cancelled);
    assert!(receiver.seen().is_empty());
    for gone in [crate::delete(&lab.cx, &id).await, crate::get(&lab.cx, &id).await.map(|_| ())] {
        assert!(matches!(gone, Err(Error::NotFound)));
    }
}

async fn a_sealed_secret_belongs_to_its_hook(lab: &Lab) {
    let secrets = crate::secrets::open(&lab.cx, "a", &[]).expect("nothing is sealed");
    assert!(secrets.is_empty());
    let Value::Object(secrets) = json!({"signature_secret": "s3c"}) else { unreachable!("an object") };
    let sealed = crate::secrets::seal(&lab.cx, "a", &secrets);
    assert!(crate::secrets::open(&lab.cx, "a", &sealed).is_ok());
    assert!(crate::secrets::open(&lab.cx, "b", &sealed).is_err());
}

async fn a_token_goes_nowhere_else_than_it_was_meant_for(lab: &Lab) {
    let made =
        json!({"type": "github_commit_status", "event": "deploy_created", "data": {"access_token": "t1"}});
    let id = create(lab, made).await.expect("a hook").hook.id;
    let change = async |data: Value| {
        crate::update(&lab.cx, &id, input(json!({"data": data}))).await.map(|view| view.hook.data)
    };
    for data in [
        json!({"api_url": "https://elsewhere.example"}),
        json!({"api_url": "https://elsewhere.example", "access_token": MASK}),
    ] {
        let refused = change(data.clone()).await;
        assert!(
            matches!(&refused, Err(Error::Unprocessable(why)) if why.contains("send the token again")),
            "{data} {refused:?}"
        );
    }
    let moved = json!({"api_url": "https://elsewhere.example", "access_token": "t2"});
    assert_eq!(change(moved).await.expect("the hook")["access_token"], MASK);
    let again = json!({"api_url": "https://third.example", "access_token": "t2"});
    assert!(change(again).await.is_ok(), "whoever sends the token again knows it");
    let same = json!({"api_url": "https://third.example", "repo": "o/r", "access_token": MASK});
    assert_eq!(change(same).await.expect("the hook")["repo"], "o/r");
}

async fn another_target_starts_without_settings(lab: &Lab) {
    let made =
        json!({"type": "slack", "event": "deploy_created", "data": {"url": "https://hooks.example/secret"}});
    let id = create(lab, made).await.expect("a hook").hook.id;
    let refused = crate::update(&lab.cx, &id, input(json!({"type": "url"}))).await;
    assert!(matches!(refused, Err(Error::Unprocessable(_))), "the address of the other is not taken over");
    let change = json!({"type": "url", "data": {"url": "https://e.org/in"}});
    let view = crate::update(&lab.cx, &id, input(change)).await.expect("the hook");
    assert_eq!(Value::Object(view.hook.data), json!({"url": "https://e.org/in"}));
    assert_eq!(stored_secret(lab, &id).await, json!({}));
}
