//! What authors of consumers are given: any event on demand, and deliveries to listen to.

use crate::support::{deliveries, event_names, id, live_site, lock_and_unlock, text};
use api::ROUTES;
use bytes::Bytes;
use http::Method;
use serde_json::{Value, json};
use testkit::{Actor, Platform, Reaction, both, until};

/// The names of the catalogue, as the server tells them.
async fn catalogue(owner: &Actor) -> Vec<String> {
    let types = owner.get("/hooks/types").await.expect(200).json();
    let names = types[0]["events"].as_array().expect("a list").iter();
    let names: Vec<String> = names
        .filter_map(Value::as_str)
        .filter(|name| *name != "form_submission")
        .map(str::to_owned)
        .collect();
    assert!(names.len() >= 20, "{names:?}");
    names
}

/// What the server's own document says of the payload of an event.
async fn validator(p: &Platform, event: &str) -> jsonschema::Validator {
    let document =
        p.anonymous().send(Method::GET, "/asyncapi.json", "", Bytes::new()).await.expect(200).json();
    let message = text(&document["channels"][event]["subscribe"]["message"], "$ref");
    let message = document.pointer(message.trim_start_matches('#')).expect("a message");
    let mut schemas = document["components"]["schemas"].clone();
    for schema in schemas.as_object_mut().expect("schemas").values_mut() {
        schema.as_object_mut().expect("a schema").remove("$id");
    }
    let schema = json!({ "$ref": message["payload"]["$ref"], "components": { "schemas": schemas } });
    jsonschema::validator_for(&schema).expect("the schema is one")
}

async fn fire(owner: &Actor, site: &str, event: &str, body: Value) -> Value {
    owner.post(&format!("/sites/{site}/events/{event}/fire"), body).await.expect(202).json()
}

both! {
    /// Every event can be fired at a hook, for a site that has nothing and for one that has deploys, and
    /// what arrives fits the document that the server gives of itself.
    async fn every_event_can_be_fired(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let bare = owner.create_site("bare").await;
        let (full, deploy) = live_site(&owner, "full").await;
        let names = catalogue(&owner).await;
        for site in [&bare, &full] {
            let hook = owner.hook(id(site), &["deploy_created"], &receiver.url(), Some("s")).await;
            for name in &names {
                let before = receiver.count();
                let fired = fire(&owner, id(site), name, json!({ "hook_id": id(&hook) })).await;
                assert_eq!(text(&fired["deliveries"][0], "hook_id"), id(&hook));
                let arrived = receiver.wait_for(before + 1).await.pop().expect("it arrives");
                assert_eq!((arrived.event(), arrived.id()), (name.as_str(), text(&fired, "event_id")));
                let payload = arrived.json();
                let validator = validator(&p, name).await;
                let errors: Vec<String> =
                    validator.iter_errors(&payload).map(|e| format!("{e} at {}", e.instance_path)).collect();
                assert!(errors.is_empty(), "{name}: {errors:?}");
                assert!(!payload.to_string().contains("fired"), "{payload}");
                if name.starts_with("deploy_") {
                    assert_eq!(text(&payload, "site_id"), id(site));
                    assert!(site == &bare || text(&payload, "id") == id(&deploy), "{name} is about the real deploy");
                }
            }
        }
        let told = owner.events(id(&full)).await;
        let fired: Vec<_> = told.iter().map(|event| event["fired"] == true).collect();
        let real = fired.iter().filter(|fired| !**fired).count();
        assert_eq!((real, fired.len()), (2, names.len() + 2), "{told:?}");
    }
}

both! {
    /// Without a hook, it goes where the event itself would: filters count, disabled hooks hold.
    async fn a_fired_event_goes_where_the_event_would(p: Platform) {
        let owner = p.owner();
        let (one, two) = (p.receiver().await, p.receiver().await);
        let (site, _) = live_site(&owner, "routed").await;
        owner.hook(id(&site), &["deploy_failed"], &one.url(), None).await;
        let previews = owner.hook(id(&site), &["deploy_failed"], &two.url(), None).await;
        let filter = json!({ "filters": { "contexts": ["deploy-preview"], "branches": ["feature"] } });
        owner.put(&format!("/hooks/{}", id(&previews)), filter).await.expect(200);
        let fired = fire(&owner, id(&site), "deploy_failed", json!({})).await;
        assert_eq!(fired["deliveries"].as_array().map(Vec::len), Some(1), "{fired}");
        assert_eq!(one.wait_for(1).await[0].json()["state"], "error");
        let of = json!({ "context": "deploy-preview", "branch": "feature" });
        let fired = fire(&owner, id(&site), "deploy_failed", of).await;
        assert_eq!(fired["deliveries"].as_array().map(Vec::len), Some(2), "{fired}");
        let preview = two.wait_for(1).await.remove(0).json();
        assert_eq!((text(&preview, "context"), text(&preview, "branch")), ("deploy-preview", "feature"));
        assert!(preview["error_message"].is_string() && preview.get("published_at").is_none(), "{preview}");
        let fired = fire(&owner, id(&site), "split_test_activated", json!({})).await;
        assert_eq!(fired["deliveries"], json!([]));
    }
}

both! {
    /// The alias is taken, and what makes no sense is refused without a trace.
    async fn what_cannot_be_fired_is_refused(p: Platform) {
        let owner = p.owner();
        let (site, _) = live_site(&owner, "strict").await;
        let (other, _) = live_site(&owner, "foreign").await;
        let hook = owner.hook(id(&other), &["deploy_failed"], "http://127.0.0.1:9/", None).await;
        let path = |event: &str| format!("/sites/{}/events/{event}/fire", id(&site));
        owner.post(&path("deploy_exploded"), json!({})).await.refusal(422);
        owner.post(&path("deploy_failed"), json!({ "context": "staging" })).await.refusal(422);
        owner.post(&path("deploy_failed"), json!({ "hook_id": id(&hook) })).await.refusal(404);
        owner.post(&path("deploy_failed"), json!({ "hook_id": "none" })).await.refusal(404);
        assert_eq!(event_names(&owner, id(&site)).await, ["deploy_created", "deploy_succeeded"]);
        let fired = owner.post(&path("form_submission"), json!({})).await.expect(202).json();
        assert_eq!(text(&fired, "event"), "submission_created");
    }
}

/// The deliveries in a stream that has ended.
fn letters(stream: &str) -> Vec<(String, Value)> {
    let blocks = stream.split("\n\n").filter(|block| block.contains("event: delivery\n"));
    let field = |block: &str, name: &str| {
        block.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned).expect("a field")
    };
    blocks
        .map(|block| {
            let data = serde_json::from_str(&field(block, "data: ")).expect("JSON");
            (field(block, "id: "), data)
        })
        .collect()
}

both! {
    /// What is heard again is what was sent, byte by byte, and hearing it changes nothing.
    async fn deliveries_can_be_heard_again(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (site, deploy) = live_site(&owner, "heard").await;
        let hook = owner.hook(id(&site), &["deploy_locked", "deploy_unlocked"], &receiver.url(), Some("s")).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        let sent = receiver.wait_for(2).await;
        let before = deliveries(&owner, id(&hook), "delivered", 2).await;
        let path = format!("/hooks/{}/listen?once=true", id(&hook));
        let answer = owner.get(&format!("{path}&replay=5")).await.expect(200);
        assert_eq!(answer.header("content-type"), Some("text/event-stream"));
        let heard = letters(&answer.text());
        assert_eq!(heard.len(), 2, "{}", answer.text());
        for (_, letter) in &heard {
            let one = sent.iter().find(|one| one.id() == text(letter, "event_id")).expect("it was sent");
            assert_eq!((text(letter, "method"), text(letter, "body").as_bytes()), ("POST", &*one.body));
            for name in ["X-Netlify-Event", "X-Webhook-Signature", "X-Nf-Sign", "Webhook-Id"] {
                assert_eq!(letter["headers"][name].as_str(), one.header(name), "{name}");
            }
        }
        assert_eq!(deliveries(&owner, id(&hook), "delivered", 2).await, before);
        assert_eq!(letters(&owner.get(&path).await.expect(200).text()), []);
        owner.get(&format!("{path}&replay=0")).await.refusal(400);
        owner.get(&format!("{path}&replay=many")).await.refusal(400);
        owner.get("/hooks/none/listen").await.refusal(404);
    }
}

both! {
    /// A hook whose address is down, or that is disabled, can be listened to all the same.
    async fn what_waits_or_is_held_can_be_heard(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        receiver.next([Reaction::Status(410)]);
        let (site, deploy) = live_site(&owner, "down").await;
        let hook = owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        deliveries(&owner, id(&hook), "held", 1).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        let path = format!("/hooks/{}/listen?once=true&replay=2", id(&hook));
        let heard = until("both deliveries", async || {
            let heard = letters(&owner.get(&path).await.expect(200).text());
            (heard.len() == 2).then_some(heard)
        })
        .await;
        assert!(heard.iter().all(|(_, letter)| letter["headers"].get("X-Nf-Sign").is_none()), "{heard:?}");
        deliveries(&owner, id(&hook), "held", 2).await;
    }
}

/// Streams show true signatures, which records mask: a token that may only read gets none.
#[test]
fn listening_needs_more_than_reading() {
    let route = ROUTES.iter().find(|route| route.id == "listenToHook").expect("a route");
    assert_eq!(route.needs.scope(), Some(model::Scope::Write));
}
