//! Sending again: one delivery, or all that was missed.

use crate::support::{deliveries, id, live_site, lock_and_unlock};
use serde_json::{Value, json};
use std::time::Duration;
use testkit::{Reaction, both};

both! {
    /// One delivery again: the same id, the same bytes, one more try on record.
    async fn one_delivery_can_be_sent_again(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (site, deploy) = live_site(&owner, "encore").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), Some("s")).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        let delivery = deliveries(&owner, id(&hook), "delivered", 1).await.remove(0);
        let path = format!("/hooks/{}/deliveries/{}", id(&hook), id(&delivery));
        let answer = owner.post(&format!("{path}/resend"), json!({})).await.expect(202).json();
        assert_eq!(answer["id"], delivery["id"]);
        let tries = receiver.wait_for(2).await;
        assert_eq!((tries[0].id(), &tries[0].body), (tries[1].id(), &tries[1].body));
        deliveries(&owner, id(&hook), "delivered", 1).await;
        let record = owner.get(&path).await.expect(200).json();
        assert_eq!(record["attempts"].as_array().map(Vec::len), Some(2), "{record}");
        let other = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        let foreign = format!("/hooks/{}/deliveries/{}/resend", id(&other), id(&delivery));
        owner.post(&foreign, json!({})).await.refusal(404);
    }
}

both! {
    /// Everything that a hook missed while it was disabled, and nothing else.
    async fn what_was_missed_can_be_sent_again(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (site, deploy) = live_site(&owner, "missed").await;
        let hook = owner.hook(id(&site), &["deploy_locked", "deploy_unlocked"], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        deliveries(&owner, id(&hook), "delivered", 2).await;
        p.clock().advance(Duration::from_secs(60));
        let since = model::Clock::now(p.clock()).to_string();
        receiver.usually(Reaction::Status(410));
        for _ in 0..3 {
            lock_and_unlock(&owner, id(&deploy)).await;
        }
        deliveries(&owner, id(&hook), "held", 6).await;
        let resend = format!("/hooks/{}/resend", id(&hook));
        owner.post(&resend, json!({ "since": since })).await.refusal(409);
        receiver.usually(Reaction::Status(200));
        owner.post(&format!("/hooks/{}/enable", id(&hook)), json!({})).await.expect(200);
        let before = receiver.count();
        let answer = owner.post(&resend, json!({ "since": since })).await.expect(202).json();
        assert_eq!((&answer["count"], &answer["more"]), (&json!(6), &json!(false)));
        deliveries(&owner, id(&hook), "delivered", 8).await;
        assert_eq!(receiver.count(), before + 6);
        assert_eq!(receiver.ids().len(), 8);
        let again = owner.post(&resend, json!({ "since": since })).await.expect(202).json();
        assert_eq!(again["count"], 0);
    }
}

both! {
    /// A site's hooks all at once; bad requests are told so.
    async fn a_site_can_be_resent(p: Platform) {
        let owner = p.owner();
        let receivers = [p.receiver().await, p.receiver().await];
        let (site, deploy) = live_site(&owner, "outage").await;
        let mut hooks: Vec<Value> = Vec::new();
        for receiver in &receivers {
            receiver.usually(Reaction::Status(410));
            hooks.push(owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await);
        }
        let since = model::Clock::now(p.clock()).to_string();
        lock_and_unlock(&owner, id(&deploy)).await;
        for (hook, receiver) in hooks.iter().zip(&receivers) {
            deliveries(&owner, id(hook), "held", 1).await;
            receiver.usually(Reaction::Status(200));
            owner.post(&format!("/hooks/{}/enable", id(hook)), json!({})).await.expect(200);
        }
        let path = format!("/sites/{}/resend", id(&site));
        for bad in [json!({}), json!({ "since": "yesterday" }), json!({ "since": since, "state": "nowhere" })]
        {
            let answer = owner.post(&path, bad).await;
            assert!(matches!(answer.status, 400 | 422), "{}", answer.shown());
        }
        let answer = owner.post(&path, json!({ "since": since })).await.expect(202).json();
        assert_eq!(answer["count"], 2);
        for hook in &hooks {
            deliveries(&owner, id(hook), "delivered", 1).await;
        }
    }
}
