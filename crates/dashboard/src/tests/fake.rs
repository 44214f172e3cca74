//! An API that answers from a fixed story, for the tests and for looking at the pages. Names and
//! titles in it try to be script.

use http::{Method, StatusCode};
use serde_json::{Value, json};

/// What tries to get out of its place on a page.
pub const ATTACK: &str = "<script>alert(1)</script>\"'";
/// The one token the API knows.
pub const TOKEN: &str = "bh_owner";
/// Id of the site.
pub const SITE: &str = "0b6f2f0e-1c1c-4a53-9d56-3f3e6f4a0001";
/// Id of the published deploy.
pub const LIVE: &str = "695735a5abababababababa1";
/// Id of the deploy whose build runs.
pub const BUILDING: &str = "695735a5abababababababa2";
/// Id of the hook.
pub const HOOK: &str = "695735a5abababababababb1";
/// Id of its delivery.
pub const DELIVERY: &str = "695735a5abababababababc1";
/// Id of the ticket that waits.
pub const TICKET: &str = "695735a5abababababababd1";

/// Answers one operation; a path that no page should ask for is a 404 of its own.
pub fn answer(method: &Method, path: &str, token: Option<&str>) -> (StatusCode, Value) {
    if token != Some(TOKEN) {
        return (StatusCode::UNAUTHORIZED, json!({"code": 401, "message": "Access Denied"}));
    }
    match *method {
        Method::GET => read(path),
        _ => change(method, path),
    }
}

fn read(path: &str) -> (StatusCode, Value) {
    let value = match path {
        "/user" => json!({"id": "u", "full_name": ATTACK, "email": "owner@example.org"}),
        "/sites" => json!([site()]),
        "/sites/blog" => site(),
        "/hooks" => json!([hook(), {"id": "x", "type": "email", "event": "submission_created",
            "data": {"email": "me@example.org"}, "disabled": true}]),
        "/hooks/types" => types(),
        "/events" => events(),
        "/tokens" => json!([{"id": "t1", "name": ATTACK, "scope": "write", "created_at": at(1)}]),
        _ => return nested(path),
    };
    (StatusCode::OK, value)
}

fn nested(path: &str) -> (StatusCode, Value) {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let value = match parts.as_slice() {
        ["sites", SITE, "deploys"] => json!([
            deploy(BUILDING, "building"),
            deploy(LIVE, "ready"),
            deploy("695735a5abababababababa3", "error"),
            deploy("695735a5abababababababa4", "ready")
        ]),
        ["sites", SITE, "build_hooks"] => json!([{"id": "bh1", "title": ATTACK, "branch": "main",
            "url": "http://localhost:8888/build_hooks/695735a5abababababababe1", "created_at": at(1)}]),
        ["sites", "blog", "deploys", LIVE] => deploy(LIVE, "ready"),
        ["sites", "blog", "deploys", BUILDING] => deploy(BUILDING, "building"),
        ["accounts", "home", "env"] => json!([{"key": "API_KEY", "scopes": ["builds", "post_processing"],
            "values": [{"context": "production", "value": "hidden-value"},
                {"context": "branch", "context_parameter": ATTACK, "value": "hidden-value"}],
            "is_secret": true, "updated_at": at(2)}]),
        ["sites", "blog", "files"] => {
            json!([{"path": "/index.html", "size": 120}, {"path": ATTACK, "size": 1}])
        }
        ["hooks", HOOK] => hook(),
        ["hooks", HOOK, "deliveries"] => json!([{"id": DELIVERY, "event": "deploy_succeeded",
            "state": "given_up", "tries": 2, "created_at": at(3)}]),
        ["hooks", HOOK, "deliveries", DELIVERY] => json!({"id": DELIVERY, "attempts": attempts()}),
        ["oauth", "tickets", TICKET] => {
            json!({"id": TICKET, "client_id": ATTACK, "authorized": false, "created_at": at(4)})
        }
        _ => return (StatusCode::NOT_FOUND, json!({"code": 404, "message": "Not Found"})),
    };
    (StatusCode::OK, value)
}

fn change(method: &Method, path: &str) -> (StatusCode, Value) {
    match (method.as_str(), path) {
        ("POST", "/sites") => (
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({"code": 422, "message": format!("name {ATTACK} is taken")}),
        ),
        ("POST", "/tokens") => (StatusCode::CREATED, json!({"id": "t2", "access_token": "bh_fresh_secret"})),
        ("POST", "/sites/blog/builds") => (StatusCode::OK, json!({"id": "b", "deploy_id": BUILDING})),
        ("POST", path) if path.starts_with("/oauth/tickets/") && !path.contains(TICKET) => {
            (StatusCode::NOT_FOUND, json!({"code": 404, "message": "Not Found"}))
        }
        _ => (StatusCode::OK, json!({})),
    }
}

fn at(minute: u32) -> String {
    format!("2026-01-02T03:{minute:02}:05.678Z")
}

fn site() -> Value {
    json!({"id": SITE, "name": "blog", "account_slug": "home", "url": "http://blog.localhost:8888",
        "ssl_url": "javascript:alert(1)", "custom_domain": ATTACK, "domain_aliases": [ATTACK],
        "published_deploy": deploy(LIVE, "ready"),
        "build_settings": {"cmd": "npm run build", "repo_url": ATTACK, "env": {}}})
}

fn deploy(id: &str, state: &str) -> Value {
    json!({"id": id, "site_id": SITE, "state": state, "name": "blog", "title": ATTACK, "context": "production",
        "branch": "main", "build_id": "695735a5abababababababf1", "created_at": at(5), "published_at": at(6),
        "deploy_ssl_url": format!("http://{id}--blog.localhost:8888"), "locked": id == LIVE, "deploy_time": 12,
        "commit_ref": "0123456789abcdef", "committer": "anna", "manual_deploy": false,
        "error_message": (state == "error").then_some("npm run build ended with status 1"),
        "available_functions": [{"n": "hello"}], "links": {"permalink": "http://x.localhost:8888"},
        "summary": {"messages": [{"title": "2 files", "description": ATTACK}]}})
}

fn hook() -> Value {
    json!({"id": HOOK, "site_id": SITE, "type": "url", "event": "deploy_succeeded", "success": false,
        "events": ["deploy_succeeded", ATTACK], "data": {"url": "http://127.0.0.1:9000/in", "signature_secret": "••••"},
        "created_at": at(1), "disabled": false})
}

fn types() -> Value {
    json!([
        {"name": "email", "events": ["submission_created"], "fields": [
            {"name": "email", "type": "email", "title": "Address", "required": true}]},
        {"name": "url", "events": ["deploy_created", "deploy_succeeded"], "fields": [
            {"name": "url", "type": "url", "title": "URL to notify", "required": true},
            {"name": "signature_secret", "type": "secret", "title": "JWS secret", "required": false}]},
    ])
}

fn events() -> Value {
    json!([{"id": "msg_1", "seq": 7, "event": "deploy_succeeded", "site_id": SITE, "resource_id": LIVE,
        "at": at(7), "payload": {"name": "blog", "title": ATTACK, "id": LIVE}}])
}

fn attempts() -> Value {
    json!([
        {"number": 1, "at": at(8), "duration_ms": 12, "status": 500,
            "request": {"url": "http://127.0.0.1:9000/in", "headers": {"X-Webhook-Signature": "•••"}},
            "response": {"status": 500, "body": ATTACK}},
        {"number": 2, "at": at(9), "duration_ms": 3, "error_class": "connect", "error": "connection refused",
            "request": {"url": "http://127.0.0.1:9000/in"}},
    ])
}
