//! Bodies of every event of the catalogue as they are recorded, and what is made of them, for the
//! tests of the targets.

use super::chat::EXTENT;
use super::digest::{Digest, LISTED_MAX};
use super::notice::{Field, Line, Notice, Severity, Site, notice};
use bytes::Bytes;
use events::Subject;
use http::{HeaderMap, StatusCode};
use outbound::{Sent, Timing};
use serde_json::{Map, Value, json};

pub(crate) fn site() -> Site {
    Site {
        name: "harbour".into(),
        url: "https://harbour.example".into(),
        admin_url: "https://boathook.example/sites/harbour".into(),
    }
}

/// The recorded body of an event.
pub(crate) fn body(event: &str) -> Map<String, Value> {
    let entry = events::entry(event).unwrap_or_else(|| panic!("{event} is no event"));
    let body = match entry.subject {
        Subject::Deploy => deploy(event),
        Subject::Submission => submission(),
        Subject::SplitTest => json!({
            "id": "695735a50000000000000003", "site_id": "s", "name": "Blue *or* green", "path": "/shop",
            "branches": [{"branch": "main", "percentage": 62.5}, {"branch": "green", "percentage": 37.5}],
            "active": true, "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:05:00.000Z",
        }),
        Subject::Hook => json!({
            "id": "695735a50000000000000004", "site_id": "s", "type": "url", "event": "deploy_failed",
            "events": ["deploy_failed", "submission_created"], "data": {"url": "https://e.org/in"},
            "disabled": event == "hook_disabled", "created_at": "2026-01-02T03:04:05.678Z",
            "updated_at": "2026-01-02T03:05:00.000Z", "actor": "deploy", "restricted": false,
        }),
    };
    let Value::Object(body) = body else { unreachable!("bodies are objects") };
    body
}

fn deploy(event: &str) -> Value {
    let mut deploy = json!({
        "id": "695735a50000000000000001", "site_id": "s", "state": "building", "name": "harbour",
        "ssl_url": "https://harbour.example", "admin_url": "https://boathook.example/sites/harbour",
        "deploy_ssl_url": "https://695735a50000000000000001--harbour.example", "branch": "feature/<a&b>",
        "commit_ref": "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "commit_url": "https://git.example/harbour/commit/0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "title": "Fix <title> & *footer*", "context": "production",
        "created_at": "2026-01-02T03:04:05.678Z", "updated_at": "2026-01-02T03:05:00.000Z",
    });
    if event.contains("succe") && !event.contains("failed_after") || event == "deploy_restored" {
        deploy["state"] = "ready".into();
        deploy["published_at"] = "2026-01-02T03:05:01.000Z".into();
    }
    if event.contains("fail") && event != "deploy_succeeded_after_failing" {
        deploy["state"] = "error".into();
        deploy["error_message"] = "Build script returned non-zero exit code: 2 <make>".into();
    }
    if event.contains("request") {
        deploy["context"] = "deploy-preview".into();
        deploy["review_id"] = 42.into();
        deploy["review_url"] = "https://git.example/harbour/pulls/42".into();
    }
    deploy
}

fn submission() -> Value {
    let field =
        |title: &str, value: Value| json!({"title": title, "name": title.to_lowercase(), "value": value});
    json!({
        "id": "695735a50000000000000002", "number": 7, "name": "Ann <Lee>", "email": "ann@example.org",
        "form_id": "f", "form_name": "contact", "site_url": "https://harbour.example",
        "created_at": "2026-01-02T03:04:05.678Z",
        "data": {"ip": "127.0.0.1"},
        "ordered_human_fields": [
            field("Name", json!("Ann <Lee>")),
            field("Email", json!("ann@example.org")),
            field("Message", json!("Hello @all,\r\n<!channel> *see* [this](https://e.org) & \u{7}reply.\nÄnn 😀")),
            field("Colours", json!(["red", "blue"])),
            field("Phone", json!("")),
        ],
    })
}

/// An event of the catalogue in words.
pub(crate) fn notice_of(event: &str) -> Notice {
    notice(event, &body(event), &site()).unwrap_or_else(|| panic!("{event} has no words"))
}

pub(crate) fn notice_with_fields(count: usize, value: &str) -> Notice {
    let field = |_| Field { title: "field".into(), value: Line::of(value) };
    Notice {
        severity: Severity::Good,
        headline: Line::of("headline"),
        title: "title".into(),
        link: None,
        text: Line::new(),
        fields: (0..count).map(field).collect(),
        footer: Line::new(),
        at: None,
    }
}

/// What a product makes of every event of the catalogue, as JSON text.
pub(crate) fn shaped(shape: impl Fn(&Notice, &Map<String, Value>) -> Value) -> String {
    let one = |entry: &events::Entry| (entry.name.to_owned(), shape(&notice_of(entry.name), &Map::new()));
    let all: Map<String, Value> = events::CATALOG.iter().map(one).collect();
    serde_json::to_string_pretty(&all).expect("JSON")
}

/// These events, gathered.
pub(crate) fn digest(events: &[&'static str]) -> Digest<'static> {
    let bodies = events.iter().take(LISTED_MAX).map(|event| Value::Object(body(event)).to_string()).collect();
    Digest {
        id: "digest_1".into(),
        until: model::Timestamp(1_767_323_700_000),
        events: events.to_vec(),
        bodies,
    }
}

/// The same in words, as much of it as chats list.
pub(crate) fn digest_notice(events: &[&'static str]) -> Notice {
    digest(events).notice(&site(), &EXTENT).expect("words")
}

/// An answer of a receiver.
pub(crate) fn answer(status: u16, body: &str) -> Sent {
    Sent {
        status: StatusCode::from_u16(status).expect("a status"),
        headers: HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        truncated: false,
        timing: Timing { head_ms: 1, total_ms: 1 },
    }
}
