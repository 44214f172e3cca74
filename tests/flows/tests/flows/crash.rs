//! Power cuts: the process is killed at the worst moment, and nothing that was promised is lost.

use crate::support::{id, live_site};
use bytes::Bytes;
use http::Method;
use serde_json::Value;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use testkit::{Actor, Receiver, both, until, until_within};

/// Events that the test asks for.
const EVENTS: usize = 1_000;
/// Acknowledged requests after which the server is killed.
const KILLS: [usize; 2] = [300, 650];
/// How long deliveries may take after the last start: another process's leases run out first.
const CATCH_UP: Duration = Duration::from_secs(150);
const NAMES: [&str; 2] = ["deploy_locked", "deploy_unlocked"];

/// Locks and unlocks a deploy in turns, over and over, and counts what was acknowledged. A request that
/// a kill cut off is sent again.
async fn toggle(owner: Actor, deploy: String, acknowledged: Arc<AtomicUsize>) {
    while acknowledged.load(Ordering::SeqCst) < EVENTS {
        let verb = if acknowledged.load(Ordering::SeqCst).is_multiple_of(2) { "lock" } else { "unlock" };
        let path = format!("/api/v1/deploys/{deploy}/{verb}");
        match owner.try_send(Method::POST, &path, "application/json", Bytes::new()).await {
            Ok(answer) => {
                assert_eq!(answer.status, 200, "{}", answer.shown());
                acknowledged.fetch_add(1, Ordering::SeqCst);
            }
            Err(_) => tokio::time::sleep(testkit::STEP).await,
        }
    }
}

/// The ids of the events of the ledger that the hook wants.
async fn recorded(owner: &Actor, site: &str) -> HashSet<String> {
    let wanted = |event: &&Value| NAMES.iter().any(|name| event["event"] == *name);
    owner.events(site).await.iter().filter(wanted).map(|event| id(event).to_owned()).collect()
}

async fn all_arrive(receiver: &Receiver, expected: &HashSet<String>) {
    let what = format!("each of {} events at least once", expected.len());
    until_within(CATCH_UP, &what, async || expected.is_subset(&receiver.ids()).then_some(())).await;
}

both! {
    /// Every event of an acknowledged change is in the ledger, and every event of the ledger arrives.
    async fn no_event_is_lost(mut server: Process) {
        let owner = server.owner();
        let receiver = Receiver::start().await;
        let (site, deploy) = live_site(&owner, "crash").await;
        owner.hook(id(&site), &NAMES, &receiver.url(), Some("s")).await;
        let acknowledged = Arc::new(AtomicUsize::new(0));
        let task = tokio::spawn(toggle(owner.clone(), id(&deploy).to_owned(), Arc::clone(&acknowledged)));
        for kill in KILLS {
            let reached =
                async || (task.is_finished() || acknowledged.load(Ordering::SeqCst) >= kill).then_some(());
            until_within(CATCH_UP, &format!("{kill} acknowledged changes"), reached).await;
            server.kill();
            server.restart().await;
        }
        task.await.expect("every request is answered in the end");
        let recorded = recorded(&owner, id(&site)).await;
        // a change whose answer was cut off counts as recorded and is acknowledged without another event
        assert_eq!(recorded.len(), EVENTS, "each acknowledged change is one event");
        all_arrive(&receiver, &recorded).await;
        let strangers: Vec<_> = receiver.ids().difference(&recorded).cloned().collect();
        assert!(strangers.is_empty(), "told of events that did not happen: {strangers:?}");
    }
}

both! {
    /// A deploy whose making-ready was cut off becomes ready after the start.
    async fn a_deploy_in_the_making_is_taken_up(mut server: Process) {
        let owner = server.owner();
        let site = owner.create_site("resumed").await;
        let files: Vec<(String, String)> =
            (0..40).map(|n| (format!("f{n}.txt"), format!("text {n} ").repeat(2000))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let deploy = owner.new_deploy(id(&site), serde_json::json!({})).await;
        owner.fill(id(&site), id(&deploy), &files).await;
        server.kill();
        server.restart().await;
        let path = format!("/deploys/{}", id(&deploy));
        until_within(CATCH_UP, "a deploy that is ready", async || {
            let deploy = owner.get(&path).await.expect(200).json();
            assert_ne!(deploy["state"], "error", "{deploy}");
            (deploy["state"] == "ready").then_some(())
        })
        .await;
        assert!(server.visitor().site("resumed", "/f39.txt").await.expect(200).text().starts_with("text 39"));
    }
}

/// Files of a deploy that is large enough for uploads to be answered before they are on the disk.
const LARGE: usize = 512 + 130;
/// Of those, how many are answered before the kill.
const ANSWERED: usize = 100;

both! {
    /// Uploads of a large deploy that were answered are not asked for again, and it comes to its end.
    async fn an_answered_upload_is_kept(mut server: Process) {
        let owner = server.owner();
        let site = owner.create_site("many").await;
        let files: Vec<(String, String)> = (0..LARGE).map(|n| (format!("f{n}.txt"), format!("text {n}"))).collect();
        let files: Vec<(&str, &str)> =
            files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
        let deploy = owner.new_deploy(id(&site), serde_json::json!({})).await;
        owner.digest(id(&site), id(&deploy), &files).await.expect(200);
        for (path, text) in &files[..ANSWERED] {
            owner.upload(id(&deploy), path, text.as_bytes()).await.expect(200);
        }
        server.kill();
        server.restart().await;
        let shown = owner.get(&format!("/deploys/{}", id(&deploy))).await.expect(200).json();
        let required = shown["required"].as_array().expect("a list").len();
        assert_eq!((required, &shown["state"]), (LARGE - ANSWERED, &"uploading".into()), "{shown}");
        for (path, text) in &files[ANSWERED..] {
            owner.upload(id(&deploy), path, text.as_bytes()).await.expect(200);
        }
        owner.ready(id(&deploy)).await;
        for at in [0, ANSWERED - 1, ANSWERED, LARGE - 1] {
            let got = server.visitor().site("many", &format!("/{}", files[at].0)).await.expect(200).text();
            assert_eq!(got, files[at].1);
        }
    }
}

both! {
    /// What is live before the cut is live after it, at once.
    async fn a_live_site_comes_back(mut server: Process) {
        let (_, deploy) = live_site(&server.owner(), "steady").await;
        server.kill();
        server.restart().await;
        assert_eq!(server.visitor().site("steady", "/").await.expect(200).text(), "hello");
        assert_eq!(
            server.owner().get(&format!("/deploys/{}", id(&deploy))).await.expect(200).json()["state"],
            "ready"
        );
    }
}

both! {
    /// A database that a newer program wrote is left alone.
    async fn a_newer_schema_is_refused(mut server: Process) {
        live_site(&server.owner(), "future").await;
        server.kill();
        server.claim_schema(9999, true).await;
        let said = server.refuses_to_start().await;
        assert!(said.contains("newer") && said.contains("9999"), "{said}");
        server.claim_schema(9999, false).await;
        server.restart().await;
        until("the page", async || {
            (server.visitor().site("future", "/").await.text() == "hello").then_some(())
        })
        .await;
    }
}
