//! Every event's sample beside the AsyncAPI document that the server gives of itself.

use super::*;
use crate::{CATALOG, asyncapi};
use jsonschema::Validator;

fn addresses() -> Addresses {
    Addresses {
        scheme: "http".into(),
        control_host: "localhost".into(),
        site_domain: "localhost".into(),
        port: Some(8888),
    }
}

fn site() -> SiteRow {
    SiteRow::new(
        "11111111-1111-4111-8111-111111111111",
        "695735a50000000000000001",
        "calm-boat",
        Timestamp(0),
    )
}

const NOW: Timestamp = Timestamp(1_700_000_000_000);
const ID: &str = "695735a500000000000000ff";

fn made_up(subject: Subject) -> Sample {
    let (site, addresses) = (site(), addresses());
    let scene = Scene {
        site: &site,
        addresses: &addresses,
        now: NOW,
        id: ID,
        context: None,
        branch: None,
        form: None,
    };
    Sample::made_up(subject, &scene)
}

fn sample(event: &str) -> Value {
    let entry = crate::entry(event).unwrap();
    let state = deploy_state(event, DeployState::New);
    serde_json::from_str(&made_up(entry.subject).suited(event, state, NOW).body().unwrap()).unwrap()
}

/// The validator of a channel's payload, followed through the document as a reader would.
fn validator(event: &str) -> Validator {
    let document = asyncapi("http://localhost:8888");
    let message = document["channels"][event]["subscribe"]["message"]["$ref"].as_str().unwrap();
    let mut schema = document.pointer(message.trim_start_matches('#')).unwrap()["payload"].clone();
    // Anchors of the schemas would otherwise shift what the references are relative to.
    let mut schemas = document["components"]["schemas"].clone();
    for schema in schemas.as_object_mut().unwrap().values_mut() {
        schema.as_object_mut().unwrap().shift_remove("$id");
    }
    schema["components"] = json!({ "schemas": schemas });
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn every_event_has_a_sample_that_fits_its_schema() {
    for entry in CATALOG {
        let (validator, sample) = (validator(entry.name), sample(entry.name));
        let errors: Vec<_> =
            validator.iter_errors(&sample).map(|e| format!("{e} at {}", e.instance_path)).collect();
        assert!(errors.is_empty(), "{}: {errors:?}", entry.name);
        let mut broken = sample.clone();
        broken["id"] = json!(7);
        assert!(!validator.is_valid(&broken), "the schema of {} refuses nothing", entry.name);
        assert!(!sample.to_string().contains("null"), "{sample}");
    }
}

#[test]
fn samples_are_as_their_event_would_find_them() {
    for (event, field, expect) in [
        ("deploy_created", "state", json!("new")),
        ("deploy_building", "state", json!("building")),
        ("deploy_succeeded", "state", json!("ready")),
        ("deploy_succeeded", "published_at", json!("2023-11-14T22:13:20.000Z")),
        ("deploy_failed", "state", json!("error")),
        ("deploy_failed", "error_message", json!(FAILURE)),
        ("deploy_failed", "published_at", Value::Null),
        ("deploy_failed_after_succeeding", "state", json!("error")),
        ("deploy_locked", "locked", json!(true)),
        ("deploy_unlocked", "locked", json!(false)),
        ("deploy_request_pending", "state", json!("pending_review")),
        ("deploy_request_accepted", "state", json!("enqueued")),
        ("deploy_request_rejected", "state", json!("rejected")),
        ("deploy_succeeded", "name", json!("calm-boat")),
        ("submission_created", "site_url", json!("http://calm-boat.localhost:8888")),
        ("split_test_activated", "active", json!(true)),
        ("split_test_deactivated", "active", json!(false)),
        ("split_test_deactivated", "unpublished_at", json!("2023-11-14T22:13:20.000Z")),
        ("hook_failing", "success", json!(false)),
        ("hook_disabled", "disabled", json!(true)),
        ("hook_recovered", "success", json!(true)),
    ] {
        assert_eq!(sample(event)[field], expect, "{event} {field}");
    }
}

#[test]
fn what_is_real_stays_so() {
    let Sample::Deploy(mut real) = made_up(Subject::Deploy) else { panic!("a deploy") };
    real.error_message = Some("the real reason".into());
    real.published_at = Some(Timestamp(5));
    let suited = |state, event: &str| {
        let Sample::Deploy(deploy) = Sample::Deploy(real.clone()).suited(event, state, NOW) else {
            panic!("a deploy")
        };
        deploy
    };
    let failed = suited(DeployState::Error, "deploy_failed");
    assert_eq!((failed.error_message.as_deref(), failed.published_at), (Some("the real reason"), None));
    let ready = suited(DeployState::Ready, "deploy_succeeded");
    assert_eq!((ready.error_message, ready.published_at), (None, Some(Timestamp(5))));
}

#[test]
fn what_is_asked_for_is_in_the_sample() {
    let (site, addresses) = (site(), addresses());
    let scene = Scene {
        site: &site,
        addresses: &addresses,
        now: NOW,
        id: ID,
        context: Some(DeployContext::DeployPreview),
        branch: Some("feature"),
        form: Some(("f", "signup")),
    };
    let facts = |subject, event| {
        let sample = Sample::made_up(subject, &scene);
        let facts = sample.facts(event);
        (facts.context.map(str::to_owned), facts.branch.map(str::to_owned), facts.form_id.map(str::to_owned))
    };
    let own = |text: &str| Some(text.to_owned());
    assert_eq!(facts(Subject::Deploy, "deploy_locked"), (own("deploy-preview"), own("feature"), None));
    assert_eq!(facts(Subject::Submission, "submission_created"), (None, None, own("f")));
}
