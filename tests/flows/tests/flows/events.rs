//! The ledger: what happened, told once, in the shape that seed 004 describes.

use crate::support::{event_names, id, live_site, lock_and_unlock, text};
use boathook::Config;
use boathook::config::DeployCreated;
use serde_json::{Value, json};
use testkit::{Actor, both};

/// Channels, messages and schemas of seed 004.
const SEED: &str = include_str!("../../../../crates/events/src/asyncapi/seed-004.json");

both! {
    /// Each change of a deploy is one event, in the order in which it happened.
    async fn changes_of_a_deploy_are_events(p: Platform) {
        let owner = p.owner();
        let (site, first) = live_site(&owner, "told").await;
        lock_and_unlock(&owner, id(&first)).await;
        lock_and_unlock(&owner, id(&first)).await;
        owner.deploy(id(&site), &[("index.html", "second")]).await;
        let restore = format!("/sites/{}/deploys/{}/restore", id(&site), id(&first));
        owner.post(&restore, json!({})).await.expect(201);
        let draft = owner.deploy_draft(id(&site), &[("index.html", "draft")]).await;
        owner.delete(&format!("/deploys/{}", id(&draft))).await.expect(204);
        let expected = [
            "deploy_created",
            "deploy_succeeded",
            "deploy_locked",
            "deploy_unlocked",
            "deploy_locked",
            "deploy_unlocked",
            "deploy_created",
            "deploy_succeeded",
            "deploy_restored",
            "deploy_created",
            "deploy_succeeded",
            "deploy_deleted",
        ];
        assert_eq!(event_names(&owner, id(&site)).await, expected);
        let events = owner.events(id(&site)).await;
        let numbers: Vec<i64> = events.iter().filter_map(|event| event["seq"].as_i64()).collect();
        assert!(numbers.len() == expected.len() && numbers.is_sorted(), "{numbers:?}");
        assert_eq!(text(&events[11]["payload"], "id"), id(&draft));
    }
}

both! {
    /// Asking for what is already so changes nothing and tells nobody.
    async fn nothing_happens_twice(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "twice").await;
        for _ in 0..3 {
            owner.post(&format!("/deploys/{}/lock", id(&deploy)), json!({})).await.expect(200);
            let restore = format!("/sites/{}/deploys/{}/restore", id(&site), id(&deploy));
            owner.post(&restore, json!({})).await.expect(201);
        }
        let names = event_names(&owner, id(&site)).await;
        assert_eq!(names, ["deploy_created", "deploy_succeeded", "deploy_locked"]);
    }
}

both! {
    /// Refused requests leave no event.
    async fn refusals_are_no_events(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "refused").await;
        let before = owner.events(id(&site)).await.len();
        owner.post(&format!("/deploys/{}/cancel", id(&deploy)), json!({})).await.refusal(422);
        owner.post(&format!("/deploys/{}/lock", id(&deploy)), json!({})).await.expect(200);
        owner.delete(&format!("/deploys/{}", id(&deploy))).await.refusal(422);
        owner.digest(id(&site), id(&deploy), &[("x", "y")]).await.refusal(422);
        assert_eq!(owner.events(id(&site)).await.len(), before + 1);
    }
}

async fn fail(owner: &Actor, site: &str) {
    let deploy = owner.new_deploy(site, json!({})).await;
    owner.post(&format!("/deploys/{}/cancel", id(&deploy)), json!({})).await.expect(201);
}

both! {
    /// The first failure after a success is told, and the first success after a failure.
    async fn turns_of_fortune_are_events(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("turns").await;
        fail(&owner, id(&site)).await;
        owner.deploy(id(&site), &[("index.html", "a")]).await;
        owner.deploy(id(&site), &[("index.html", "b")]).await;
        fail(&owner, id(&site)).await;
        fail(&owner, id(&site)).await;
        let names = event_names(&owner, id(&site)).await;
        let names: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| *name != "deploy_created").collect();
        let expected = [
            "deploy_failed",
            "deploy_succeeded",
            "deploy_succeeded_after_failing",
            "deploy_succeeded",
            "deploy_failed",
            "deploy_failed_after_succeeding",
            "deploy_failed",
        ];
        assert_eq!(names, expected);
    }
}

fn hosted(config: &mut Config) {
    config.deploy_created = DeployCreated::Live;
}

both! { with hosted;
    /// With the hosted meaning, a deploy is "created" when visitors can see it.
    async fn created_can_mean_live(p: Platform) {
        let owner = p.owner();
        let site = owner.create_site("hosted").await;
        let deploy = owner.new_deploy(id(&site), json!({})).await;
        assert_eq!(owner.events(id(&site)).await.len(), 0);
        owner.fill(id(&site), id(&deploy), &[("index.html", "x")]).await;
        owner.ready(id(&deploy)).await;
        let events = owner.events(id(&site)).await;
        assert_eq!(text(&events[0], "event"), "deploy_created");
        assert_eq!(events[0]["payload"]["state"], "ready");
        fail(&owner, id(&site)).await;
        let names = event_names(&owner, id(&site)).await;
        assert_eq!(names.iter().filter(|name| *name == "deploy_created").count(), 1, "{names:?}");
    }
}

/// A JSON Schema of one object of seed 004. Values that a deploy does not have yet may be absent; null
/// is no text.
pub fn schema(object: &str) -> Value {
    let seed: Value = serde_json::from_str(SEED).expect("the seed's data is JSON");
    let moved = seed["schemas"].to_string().replace("#/components/schemas/", "#/$defs/");
    let defs: Value = serde_json::from_str(&moved).expect("still JSON");
    let mut defs = defs.as_object().expect("named schemas").clone();
    for (_, schema) in &mut defs {
        *schema = json!({ "type": "object", "properties": schema["properties"] });
    }
    json!({ "$ref": format!("#/$defs/{object}"), "$defs": defs })
}

fn assert_no_nulls(value: &Value, at: &str) {
    match value {
        Value::Null => panic!("null at {at}"),
        Value::Array(items) => items.iter().for_each(|item| assert_no_nulls(item, at)),
        Value::Object(fields) => {
            fields.iter().for_each(|(key, field)| assert_no_nulls(field, &format!("{at}.{key}")));
        }
        _ => {}
    }
}

both! {
    /// Every payload fits the schema of seed 004, field by field.
    async fn payloads_fit_the_seed(p: Platform) {
        let owner = p.owner();
        let (site, deploy) = live_site(&owner, "schema").await;
        lock_and_unlock(&owner, id(&deploy)).await;
        fail(&owner, id(&site)).await;
        let branch = json!({ "branch": "feature", "title": "A title" });
        owner.deploy_as(id(&site), &[("index.html", "b")], branch).await;
        let draft = owner.deploy_draft(id(&site), &[("index.html", "draft")]).await;
        owner.delete(&format!("/deploys/{}", id(&draft))).await.expect(204);
        let validator = jsonschema::validator_for(&schema("Deploy")).expect("the seed's schema is one");
        assert!(!validator.is_valid(&json!({ "id": null })), "the schema refuses nothing");
        let events = owner.events(id(&site)).await;
        assert!(events.len() > 8, "{}", events.len());
        for event in &events {
            let (name, payload) = (text(event, "event"), &event["payload"]);
            let errors: Vec<String> =
                validator.iter_errors(payload).map(|e| format!("{e} at {}", e.instance_path)).collect();
            assert!(errors.is_empty(), "{name}: {errors:?}");
            assert_no_nulls(payload, name);
            assert_eq!(text(payload, "site_id"), id(&site));
        }
    }
}

both! {
    /// The documents that the server gives of itself.
    async fn the_server_describes_itself(p: Platform) {
        let anyone = p.anonymous();
        let get = async |path: &str| {
            anyone.send(http::Method::GET, path, "", bytes::Bytes::new()).await.expect(200)
        };
        let document = get("/asyncapi.json").await.json();
        let seed: Value = serde_json::from_str(SEED).expect("the seed's data is JSON");
        for channel in seed["channels"].as_object().expect("channels").keys() {
            assert!(document["channels"][channel].is_object(), "{channel}");
        }
        assert!(get("/asyncapi.yaml").await.text().contains("asyncapi:"));
        let openapi = get("/openapi.json").await.json();
        assert!(openapi["paths"].as_object().is_some_and(|paths| paths.len() > 20));
        let types = p.owner().get("/hooks/types").await.expect(200).json();
        assert!(types.to_string().contains("deploy_succeeded_after_failing"), "{types}");
    }
}
