//! The document beside the facts of seed 004: more is fine, a difference is not.

use super::document;
use serde_json::{Value, json};

/// Channels, messages and fields of seed 004, without its sentences.
const SEED: &str = include_str!("seed-004.json");

fn seed() -> Value {
    serde_json::from_str(SEED).unwrap()
}

/// Asserts that everything in `wanted` is in `found` and equal.
fn contains(found: &Value, wanted: &Value, at: &str) {
    match wanted {
        Value::Object(fields) => {
            for (name, wanted) in fields {
                let found = found.get(name).unwrap_or_else(|| panic!("{at}.{name} is missing"));
                contains(found, wanted, &format!("{at}.{name}"));
            }
        }
        _ => assert_eq!(found, wanted, "{at}"),
    }
}

#[test]
fn it_speaks_the_language_and_has_the_servers_of_the_seed() {
    let (doc, seed) = (document("http://localhost:8888"), seed());
    assert_eq!(doc["asyncapi"], seed["asyncapi"]);
    assert_eq!(doc["defaultContentType"], seed["defaultContentType"]);
    for name in seed["servers"].as_array().unwrap() {
        assert!(doc["servers"].get(name.as_str().unwrap()).is_some(), "{name}");
    }
    assert_eq!(doc["servers"]["buildHooks"]["url"], "localhost:8888");
}

#[test]
fn every_channel_of_the_seed_is_there_and_the_same() {
    let (doc, seed) = (document("http://localhost:8888"), seed());
    let channels = seed["channels"].as_object().unwrap();
    assert_eq!(channels.len(), 14);
    for (name, wanted) in channels {
        let found = doc["channels"].get(name).unwrap_or_else(|| panic!("{name} is missing"));
        let operation = &found[wanted["kind"].as_str().unwrap()];
        assert_eq!(operation["operationId"], wanted["operationId"], "{name}");
        assert_eq!(operation["message"], json!({ "$ref": wanted["message"] }), "{name}");
        contains(&found["bindings"]["http"], &wanted["bindings"], name);
        if let Some(query) = wanted.get("query") {
            contains(&found["bindings"]["http"]["query"]["properties"], query, name);
        }
        if let Some(parameters) = wanted.get("parameters") {
            for (parameter, schema) in parameters.as_object().unwrap() {
                assert_eq!(&found["parameters"][parameter]["schema"], schema, "{name}");
            }
        }
        assert_eq!(found.get("servers"), wanted.get("servers"), "{name}");
    }
}

#[test]
fn every_message_of_the_seed_is_there_and_the_same() {
    let (doc, seed) = (document("http://localhost:8888"), seed());
    for (name, wanted) in seed["messages"].as_object().unwrap() {
        let found = &doc["components"]["messages"][name];
        for field in ["name", "title", "contentType"] {
            assert_eq!(found[field], wanted[field], "{name}.{field}");
        }
        let payload = found["payload"].get("$ref").unwrap_or(&found["payload"]["type"]);
        assert_eq!(payload, &wanted["payload"], "{name}");
    }
}

#[test]
fn every_field_of_the_seed_has_its_type() {
    let (doc, seed) = (document("http://localhost:8888"), seed());
    for (name, wanted) in seed["schemas"].as_object().unwrap() {
        let found = &doc["components"]["schemas"][name];
        assert_eq!(found["type"], "object", "{name}");
        contains(&found["properties"], &wanted["properties"], name);
        if !wanted["id"].is_null() {
            assert_eq!((&found["title"], &found["$id"]), (&wanted["title"], &wanted["id"]), "{name}");
        }
    }
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, doc: &Value) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(to)) = fields.get("$ref") {
                    assert!(doc.pointer(to.trim_start_matches('#')).is_some(), "{to}");
                }
                fields.values().for_each(|v| walk(v, doc));
            }
            Value::Array(items) => items.iter().for_each(|v| walk(v, doc)),
            _ => {}
        }
    }
    let doc = document("http://localhost:8888");
    walk(&doc, &doc);
}
