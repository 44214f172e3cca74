//! Owners are told of hooks by mail, through a mail server that is not ours.

use super::lab::{ACCOUNT, Lab};
use super::telling::{header, with_mail};
use crate::{HookDetail, HookNews, TELL_OWNER_JOB, TellOwner, tell_owner_job};
use jobs::Runner;
use model::Role;
use serde_json::json;
use std::time::Duration;
use store::users::UserRow;
use testbed::{MailServer, both};

both!(owners_are_told_of_a_hook, without_a_mail_server_owners_are_not_told);

/// Two owners and a third member of the lab's account.
async fn people(lab: &Lab) {
    let mut tx = lab.cx.begin().await.expect("a transaction");
    for (name, role) in [("ann", Role::Owner), ("bob", Role::Owner), ("cy", Role::Developer)] {
        let user = UserRow {
            id: lab.cx.id(),
            email: format!("{name}@example.org"),
            full_name: name.into(),
            avatar_url: None,
            created_at: lab.cx.now(),
            last_login: None,
        };
        store::users::insert(&mut tx, &user).await.expect("a user");
        store::users::add_member(&mut tx, ACCOUNT, &user.id, role, lab.cx.now()).await.expect("a member");
        lab.clock.advance(Duration::from_millis(1));
    }
    tx.commit().await.expect("a commit");
}

async fn leave_news(lab: &Lab, hook_id: &str) {
    let now = lab.cx.now();
    let detail = HookDetail {
        event: Some("deploy_failed".into()),
        failing_since: Some(now.plus_millis(-3 * 3_600_000)),
        error: Some("the receiver answered 500".into()),
        next_try_at: Some(now.plus_millis(60_000)),
        disabled_at: Some(now.plus_millis(86_400_000)),
    };
    let payload = tell_owner_job(hook_id, HookNews::Failing, &detail, now);
    let mut tx = lab.cx.begin().await.expect("a transaction");
    let id = lab.cx.id();
    let job = store::jobs::NewJob {
        id: &id,
        kind: TELL_OWNER_JOB,
        tenant: hook_id,
        payload: &payload,
        run_at: now,
        now,
    };
    store::jobs::insert(&mut tx, &job).await.expect("a job");
    tx.commit().await.expect("a commit");
}

async fn left(lab: &Lab) -> i64 {
    let mut conn = lab.cx.read().await.expect("a connection");
    store::jobs::count(&mut conn, TELL_OWNER_JOB).await.expect("jobs are counted")
}

async fn owners_are_told_of_a_hook(lab: &Lab) {
    people(lab).await;
    let server = MailServer::start(&json!({ "data": ["421 4.3.2 later"] })).await;
    let cx = with_mail(lab, server.port);
    let data = json!({ "url": "https://user-set.example/t0ken?key=t0ken", "signature_secret": "s3cret" });
    let id = lab.hook(data).await;
    leave_news(lab, &id).await;
    let runner = || Runner::new(cx.clone()).with(TellOwner::new(cx.clone()));
    assert_eq!(runner().run_due().await.expect("it runs"), 1);
    assert_eq!((left(lab).await, server.mails().len()), (1, 0), "it is tried again");
    lab.clock.advance(Duration::from_secs(61));
    assert_eq!(runner().run_due().await.expect("it runs"), 1);
    let [mail] = server.wait_for(1).await.try_into().expect("one mail");
    assert_eq!((&mail["to"], left(lab).await), (&json!(["ann@example.org", "bob@example.org"]), 0));
    assert_eq!(header(&mail, "Subject"), Some("A hook of site keeps failing"));
    assert_eq!(header(&mail, "Date"), Some("Fri, 02 Jan 2026 03:04:05 +0000"), "when it failed, not now");
    let text = mail["text"].as_str().expect("text");
    for part in [
        "Last event: deploy_failed",
        "Failing since: 2026-01-02 00:04 UTC, for 3 hours",
        "Last error: the receiver answered 500",
        "it will be disabled on 2026-01-03 03:04 UTC",
        "(url to user-set.example)",
        &format!("http://localhost/sites/site/hooks/{id}"),
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("t0ken") && !text.contains("s3cret"), "{text}");
    leave_news(lab, "no such hook").await;
    assert_eq!((runner().run_due().await.expect("it runs"), left(lab).await), (1, 0));
}

async fn without_a_mail_server_owners_are_not_told(lab: &Lab) {
    people(lab).await;
    let id = lab.hook(json!({ "url": "https://example.org" })).await;
    leave_news(lab, &id).await;
    let runner = Runner::new(lab.cx.clone()).with(TellOwner::new(lab.cx.clone()));
    assert_eq!((runner.run_due().await.expect("it runs"), left(lab).await), (1, 0));
}
