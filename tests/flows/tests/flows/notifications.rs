//! Deliveries that do not go well at once, and hooks that get in nobody's way.

use crate::support::{deliveries, event_names, id, live_site, lock_and_unlock};
use serde_json::json;
use std::time::Duration;
use testkit::{Reaction, both, until};

both! {
    /// A try that fails is repeated when its time has come, with the same id and the same bytes.
    async fn failed_tries_are_repeated(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.next([Reaction::Status(500), Reaction::Status(302)]);
        let (site, deploy) = live_site(&owner, "retry").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), Some("s")).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        for (tries, wait) in [(1, Duration::from_secs(7)), (2, Duration::from_secs(7 * 60))] {
            receiver.wait_for(tries).await;
            until("the record of the try", async || {
                let waiting = deliveries(&owner, id(&hook), "waiting", 1).await;
                (waiting[0]["tries"] == tries).then_some(())
            })
            .await;
            p.clock().advance(wait);
        }
        let tries = receiver.wait_for(3).await;
        assert!(tries.iter().all(|one| one.id() == tries[0].id() && one.body == tries[0].body));
        let times: Vec<_> = tries.iter().filter_map(|one| one.any_case("webhook-timestamp")).collect();
        assert!(times.len() == 3 && times[0] != times[1] && times[1] != times[2], "{times:?}");
        let done = deliveries(&owner, id(&hook), "delivered", 1).await;
        let path = format!("/hooks/{}/deliveries/{}", id(&hook), id(&done[0]));
        let record = owner.get(&path).await.expect(200).json();
        let statuses: Vec<_> =
            record["attempts"].as_array().expect("a list").iter().map(|one| &one["status"]).collect();
        assert_eq!(statuses, [500, 302, 200], "{record}");
    }
}

both! {
    /// `Retry-After` is listened to.
    async fn receivers_may_ask_for_time(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.next([Reaction::With(503, "Retry-After", "3600".to_owned())]);
        let (site, deploy) = live_site(&owner, "patience").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        receiver.wait_for(1).await;
        let due = until("the time of the next try", async || {
            let waiting = deliveries(&owner, id(&hook), "waiting", 1).await;
            (waiting[0]["tries"] == 1).then(|| waiting[0]["next_try_at"].clone())
        })
        .await;
        let due: model::Timestamp = serde_json::from_value(due).expect("an instant");
        let ahead = due.seconds() - model::Clock::now(p.clock()).seconds();
        assert!((3000..=4500).contains(&ahead), "the next try is due in {ahead} s");
        p.clock().advance(Duration::from_secs(4500));
        receiver.wait_for(2).await;
        deliveries(&owner, id(&hook), "delivered", 1).await;
    }
}

both! {
    /// After the last try the delivery is given up and nothing more is sent. By then the hook has been
    /// failing for days, and its owner was warned twice.
    async fn tries_come_to_an_end(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.usually(Reaction::Status(500));
        let (site, deploy) = live_site(&owner, "end").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        for (tries, wait) in (1_usize..).zip(hooks::SCHEDULE.into_iter().skip(1).chain([Duration::ZERO])) {
            receiver.wait_for(tries).await;
            until("the record of the try", async || {
                let all = owner.get(&format!("/hooks/{}/deliveries", id(&hook))).await.expect(200).json();
                (all[0]["tries"] == tries).then_some(())
            })
            .await;
            p.clock().advance(wait * 6 / 5 + Duration::from_secs(1));
        }
        deliveries(&owner, id(&hook), "given_up", 1).await;
        assert_eq!(receiver.count(), 10);
        let told = event_names(&owner, id(&site)).await;
        let count = |name: &str| told.iter().filter(|told| *told == name).count();
        assert_eq!((count("hook_failing"), count("hook_disabled")), (2, 1), "{told:?}");
    }
}

both! {
    /// A receiver that never answers delays its own hook and no other.
    async fn a_hanging_receiver_delays_nobody(p: Platform) {
        let owner = p.owner();
        let (hanging, healthy) = (p.receiver().await, p.receiver().await);
        hanging.usually(Reaction::Hang);
        let (site, deploy) = live_site(&owner, "hang").await;
        owner.hook(id(&site), &["deploy_locked", "deploy_unlocked"], &hanging.url(), None).await;
        owner.hook(id(&site), &["deploy_locked", "deploy_unlocked"], &healthy.url(), None).await;
        for _ in 0..10 {
            lock_and_unlock(&owner, id(&deploy)).await;
        }
        hanging.wait_for(1).await;
        healthy.wait_for(20).await;
        assert!(hanging.count() < 20, "a hook has a limit of tries at once");
    }
}

both! {
    /// Events go to the hooks that asked for them, once each, also when an event is named twice.
    async fn hooks_get_what_they_asked_for(p: Platform) {
        let owner = p.owner();
        let (one, two, foreign) = (p.receiver().await, p.receiver().await, p.receiver().await);
        let (site, deploy) = live_site(&owner, "wanted").await;
        let (other, _) = live_site(&owner, "unconcerned").await;
        owner.hook(id(&site), &["deploy_locked", "deploy_locked"], &one.url(), None).await;
        owner.hook(id(&site), &["deploy_unlocked", "deploy_succeeded"], &two.url(), None).await;
        owner.hook(id(&other), &["deploy_locked"], &foreign.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        owner.deploy(id(&site), &[("index.html", "next")]).await;
        let mut names: Vec<String> = two.wait_for(2).await.iter().map(|d| d.event().to_owned()).collect();
        names.sort();
        assert_eq!(names, ["deploy_succeeded", "deploy_unlocked"]);
        assert_eq!(one.wait_for(1).await[0].event(), "deploy_locked");
        for hook in
            owner.get(&format!("/hooks?site_id={}", id(&site))).await.json().as_array().expect("a list")
        {
            let waiting = owner.get(&format!("/hooks/{}/deliveries?state=waiting", id(hook))).await.json();
            assert!(waiting.as_array().is_some_and(|list| list.len() <= 2), "{waiting}");
        }
        assert_eq!((one.count(), two.count(), foreign.count()), (1, 2, 0));
    }
}

both! {
    /// A receiver that answers 410 is left alone; what happens meanwhile is kept for it.
    async fn a_disabled_hook_holds_events(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.next([Reaction::Status(410)]);
        let (site, deploy) = live_site(&owner, "quiet").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        deliveries(&owner, id(&hook), "held", 1).await;
        let disabled = owner.get(&format!("/hooks/{}", id(&hook))).await.expect(200).json();
        assert_eq!(disabled["disabled"], true);
        assert!(event_names(&owner, id(&site)).await.contains(&"hook_disabled".to_owned()));
        lock_and_unlock(&owner, id(&deploy)).await;
        deliveries(&owner, id(&hook), "held", 2).await;
        p.clock().advance(Duration::from_secs(3600));
        let enabled = owner.post(&format!("/hooks/{}/enable", id(&hook)), json!({})).await.expect(200).json();
        assert_eq!(enabled["disabled"], false);
        lock_and_unlock(&owner, id(&deploy)).await;
        receiver.wait_for(2).await;
        deliveries(&owner, id(&hook), "delivered", 1).await;
        assert_eq!(receiver.count(), 2, "what was held waits for a resend");
    }
}

both! {
    /// A deleted hook is told nothing more, not even what waited for it.
    async fn a_deleted_hook_is_told_nothing(p: Platform) {
        let owner = p.owner();
        let (gone, witness) = (p.receiver().await, p.receiver().await);
        gone.usually(Reaction::Status(500));
        let (site, deploy) = live_site(&owner, "farewell").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &gone.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        gone.wait_for(1).await;
        owner.delete(&format!("/hooks/{}", id(&hook))).await.expect(204);
        let count = gone.count();
        owner.hook(id(&site), &["deploy_locked"], &witness.url(), None).await;
        p.clock().advance(Duration::from_secs(3600));
        lock_and_unlock(&owner, id(&deploy)).await;
        witness.wait_for(1).await;
        assert_eq!(gone.count(), count);
    }
}

both! {
    /// Hooks that could never work are refused when they are made.
    async fn bad_hooks_are_refused(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("hooked").await;
        let good =
            json!({ "type": "url", "event": "deploy_created", "data": { "url": "http://example.org/" } });
        for (field, value) in [
            ("event", json!("no_such_event")),
            ("type", json!("pigeon")),
            ("data", json!({})),
            ("data", json!({ "url": "ftp://example.org/" })),
            ("data", json!({ "url": "nonsense" })),
        ] {
            let mut hook = good.clone();
            hook[field] = value;
            owner.post(&format!("/hooks?site_id={}", id(&site)), hook.clone()).await.refusal(422);
        }
        owner.post("/hooks?site_id=none", good).await.refusal(404);
        let none = owner.get(&format!("/hooks?site_id={}", id(&site))).await.expect(200).json();
        assert_eq!(none, json!([]));
    }
}

both! {
    /// A private address is never dialled; the record says why.
    async fn private_addresses_are_not_called(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "inside").await;
        for target in ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "http://[fd00::1]/"] {
            let hook = owner.hook(id(&site), &["deploy_locked"], target, None).await;
            lock_and_unlock(&owner, id(&deploy)).await;
            let attempt = until("the record of the try", async || {
                let waiting = deliveries(&owner, id(&hook), "waiting", 1).await;
                let path = format!("/hooks/{}/deliveries/{}", id(&hook), id(&waiting[0]));
                let record = owner.get(&path).await.expect(200).json();
                record["attempts"].get(0).cloned()
            })
            .await;
            assert_eq!(attempt["error_class"], "refused_address", "{target}: {attempt}");
            owner.delete(&format!("/hooks/{}", id(&hook))).await.expect(204);
        }
    }
}
