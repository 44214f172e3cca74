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
/// Id of a hook that gathers what it sends.
pub const GATHERING: &str = "695735a5abababababababb2";
/// Id of its delivery.
pub const DELIVERY: &str = "695735a5abababababababc1";
/// Id of the deploy that waits for a person.
pub const ASKING: &str = "695735a5abababababababa5";
/// Id of the build hook.
pub const BUILD_HOOK: &str = "695735a5abababababababe1";
/// Id of the site's instance of the add-on.
pub const INSTANCE: &str = "695735a5ababababababab01";
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
        "/accounts" => json!([{"slug": "home", "name": ATTACK}, {"slug": "work"}]),
        "/services" => json!([addon("demo"), addon("extra"), addon("plain"), addon("theirs")]),
        "/tokens" => json!([{"id": "t1", "name": ATTACK, "scope": "write", "created_at": at(1)}]),
        _ => return nested(path),
    };
    (StatusCode::OK, value)
}

fn nested(path: &str) -> (StatusCode, Value) {
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    if let Some(answer) = of_addons(&parts) {
        return answer;
    }
    let value = match parts.as_slice() {
        ["sites", SITE, "deploys"] => json!([
            deploy(ASKING, "pending_review"),
            deploy(BUILDING, "building"),
            deploy(LIVE, "ready"),
            deploy("695735a5abababababababa3", "error"),
            deploy("695735a5abababababababa4", "ready")
        ]),
        ["sites", SITE, "identity"] => identity(),
        ["sites", SITE, "forms"] => json!([{"id": "f1", "name": ATTACK, "paths": ["/", ATTACK],
            "submission_count": 1, "last_submission_at": at(6)}]),
        ["sites", SITE, "submissions"] | ["forms", "f1", "submissions"] => json!([{"id": "s1", "number": 3,
            "title": ATTACK, "form_name": "contact", "created_at": at(6), "data": {"message": ATTACK,
                "cv": {"filename": "cv.pdf", "size": 12}, "pets": ["cat", ATTACK], "ip": ATTACK},
            "ordered_human_fields": [{"title": "Message", "name": "message", "value": ATTACK},
                {"title": "Cv", "name": "cv", "value": ATTACK}, {"title": "Pets", "name": "pets", "value": []}]}]),
        ["forms", "f1", "submissions.csv"] => json!("number,message\n"),
        ["sites", SITE, "push_hook"] => json!({"url": format!("https://b.example/hooks/git/{ATTACK}"),
            "signed": false, "created_at": at(1)}),
        ["sites", SITE, "pushes"] => json!([
            {"id": "1", "received_at": at(4), "host": "github", "event": "pull_request", "signed": true,
                "sender": ATTACK, "branch": ATTACK, "commit_ref": "0123456789abcdef", "review_id": 7,
                "outcome": "held", "reason": ATTACK, "deploy_id": ASKING},
            {"id": "2", "received_at": at(3), "host": "gitlab", "event": "Push Hook", "signed": false,
                "address": "192.0.2.1", "outcome": "ignored", "reason": "this delivery was handled before"}
        ]),
        ["sites", SITE, "builds"] => builds(),
        ["sites", SITE, "builds", "status"] | ["home", "builds", "status"] => {
            json!([{"active": 1, "enqueued": 2, "build_count": 34, "concurrency": 3,
                "minutes": {"current": 56, "previous": 7, "current_average_sec": 98}}])
        }
        ["builds", "695735a5abababababababf1"] => json!({"id": "x", "done": false, "started_at": at(5),
            "finished_at": at(6), "sections": [
                {"name": "clone", "duration_ms": 640}, {"name": "plugins", "duration_ms": 1500},
                {"name": ATTACK, "duration_ms": 61_000}, {"name": "plugins", "duration_ms": 1000},
                {"name": "upload"}]}),
        ["deploys", LIVE, "plugin_runs"] => json!([{"package": ATTACK, "version": ATTACK, "state": "success",
            "reporting_event": ATTACK, "title": ATTACK, "summary": ATTACK, "text": ATTACK}]),
        ["sites", SITE, "build_hooks"] => json!([build_hook()]),
        ["sites", SITE, "build_hooks", BUILD_HOOK] => build_hook(),
        ["sites", SITE, "build_hooks", BUILD_HOOK, "calls"] => calls(),
        ["sites", "blog", "deploys", ASKING] => deploy(ASKING, "pending_review"),
        ["deploys", LIVE, "log"] => json!([
            {"ts": 1_767_323_045_678_i64, "section": "clone", "message": "Cloning", "level": "info"},
            {"ts": 1_767_323_046_678_i64, "section": "build", "level": "error",
                "message": format!("\u{1b}[31mred\u{1b}[0m {ATTACK}")},
        ]),
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
        ["hooks", GATHERING] => gathering(),
        ["hooks", GATHERING, "deliveries"] => json!([]),
        ["hooks", HOOK, "deliveries"] => json!([{"id": DELIVERY, "event": "deploy_succeeded",
            "state": "given_up", "tries": 2, "created_at": at(3)}]),
        ["hooks", HOOK, "deliveries", DELIVERY] => json!({"id": DELIVERY, "event_id": "msg_1",
            "event": "deploy_succeeded", "state": "waiting", "tries": 2, "created_at": at(3),
            "next_try_at": at(10), "body": json!({"title": ATTACK}).to_string(), "attempts": attempts()}),
        ["oauth", "tickets", TICKET] => {
            json!({"id": TICKET, "client_id": ATTACK, "authorized": false, "created_at": at(4)})
        }
        _ => return (StatusCode::NOT_FOUND, json!({"code": 404, "message": "Not Found"})),
    };
    (StatusCode::OK, value)
}

fn of_addons(parts: &[&str]) -> Option<(StatusCode, Value)> {
    let value = match parts {
        ["services", slug @ ("demo" | "extra" | "plain" | "theirs")] => addon(slug),
        ["services", "demo" | "extra", "manifest"] => manifest(),
        ["services", "theirs", "manifest"] => json!({"name": "Theirs"}),
        ["services", "plain", "manifest"] => {
            let said = json!({"code": 502, "message": format!("the add-on {ATTACK} gave no answer")});
            return Some((StatusCode::BAD_GATEWAY, said));
        }
        ["services", "demo", "calls"] => provider_calls(),
        ["services", _, "calls"] => json!([]),
        ["sites", SITE, "service-instances"] => json!([instance("demo"), instance("plain")]),
        ["sites", "blog", "services", slug, "instances", INSTANCE] => instance(slug),
        _ => return None,
    };
    Some((StatusCode::OK, value))
}

fn change(method: &Method, path: &str) -> (StatusCode, Value) {
    match (method.as_str(), path) {
        ("POST", "/sites") => (
            StatusCode::UNPROCESSABLE_ENTITY,
            json!({"code": 422, "message": format!("name {ATTACK} is taken")}),
        ),
        ("POST", "/tokens") => (StatusCode::CREATED, json!({"id": "t2", "access_token": "bh_fresh_secret"})),
        ("POST", "/sites/blog/builds" | "/builds/b1/retry") => {
            (StatusCode::OK, json!({"id": "b", "deploy_id": BUILDING}))
        }
        ("POST", "/hooks/695735a5abababababababb1/resend") => {
            (StatusCode::ACCEPTED, json!({"count": 3, "more": false, "dry_run": true}))
        }
        ("POST", "/hooks/695735a5abababababababb1/rotate") => {
            (StatusCode::OK, json!({"id": HOOK, "signature_secret": "bh_fresh_secret"}))
        }
        ("POST", "/sites/blog/push_hook") => (
            StatusCode::CREATED,
            json!({"url": "https://b.example/hooks/git/1", "signed": true,
                "secret": "bh_fresh_secret", "rotated_at": at(2), "created_at": at(1)}),
        ),
        ("POST", "/sites/blog/identity/rotate_secret") => {
            let mut made = identity();
            made["jwt_secret"] = "bh_fresh_secret".into();
            (StatusCode::OK, made)
        }
        ("POST", "/services" | "/services/demo/rotate_secret") => {
            let mut made = addon("demo");
            made["secret"] = "bh_fresh_secret".into();
            (StatusCode::CREATED, made)
        }
        ("POST", "/sites/blog/services/extra/instances") => {
            let mut made = instance("extra");
            made["config"]["message"] = format!("Welcome {ATTACK}").into();
            (StatusCode::CREATED, made)
        }
        ("POST", "/sites/blog/services/plain/instances") => {
            let said = json!({"code": 422, "message": format!("the add-on refused: {ATTACK}")});
            (StatusCode::UNPROCESSABLE_ENTITY, said)
        }
        ("DELETE", path) if path.starts_with("/sites/blog/services/plain/") => (
            StatusCode::BAD_GATEWAY,
            json!({"code": 502, "message": format!("the add-on's server answered {ATTACK}")}),
        ),
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
        "filters": {"contexts": ["production"], "branches": [ATTACK]}, "options": {},
        "health": {"state": "failing", "failing_since": at(2), "failures": 4, "warnings": 1},
        "created_at": at(1), "disabled": false})
}

fn gathering() -> Value {
    json!({"id": GATHERING, "site_id": SITE, "type": "slack", "event": "deploy_succeeded", "health": {},
        "events": ["deploy_succeeded"], "data": {}, "filters": {}, "created_at": at(1), "disabled": false,
        "options": {"per_minute": 5, "digest": {"every": "45m"}}})
}

fn identity() -> Value {
    json!({"site_id": SITE, "algorithm": "HS256", "has_secret": true, "secret_set_at": at(1),
        "previous": [{"until": at(8)}, {"until": at(7)}], "jwt_roles_path": ATTACK, "jwt_issuer": ATTACK})
}

fn addon(slug: &str) -> Value {
    let mut addon = json!({"id": "a1", "name": ATTACK, "slug": slug, "service_path": format!("/.netlify/{slug}"),
        "description": ATTACK, "long_description": ATTACK, "icon": format!("data:image/png;base64,{ATTACK}"),
        "tags": ["a", ATTACK], "public": slug != "demo", "created_at": at(1), "updated_at": at(2)});
    if slug != "theirs" {
        addon["endpoint"] = "https://addon.example/api".into();
        addon["account_id"] = "acc".into();
    }
    addon
}

fn manifest() -> Value {
    json!({"name": ATTACK, "description": ATTACK, "admin_url": "javascript:alert(1)", "config": {
        "title": {"displayName": ATTACK, "description": ATTACK, "type": "string", "required": true,
            "default": ATTACK, "example": ATTACK, "minLength": 2, "maxLength": 9},
        "count": {"type": "number", "minimum": 1.5, "maximum": 4},
        "loud": {"type": "boolean"},
        "plan": {"type": "enum", "values": ["small", ATTACK]},
        "more": {"type": "object"},
        ATTACK: "array",
    }})
}

fn provider_calls() -> Value {
    json!([
        {"id": 2, "operation": "update", "status": 0, "at": at(9), "site_id": SITE, "instance_id": INSTANCE,
            "request": {"method": "PUT", "url": "https://addon.example/api/instances/r1",
                "headers": {"Authorization": "Bearer ********", "X-Nf-Sign": "e.y.********"}, "body": ATTACK},
            "error": {"class": "timeout", "message": ATTACK}, "timing": {"total_ms": 10000}},
        {"id": 1, "operation": "manifest", "status": 200, "at": at(8),
            "request": {"method": "GET", "url": "https://addon.example/api/manifest", "headers": {}, "body": ""},
            "response": {"status": 200, "headers": {"X-Evil": ATTACK}, "truncated": true, "body": ATTACK},
            "timing": {"head_ms": 7, "total_ms": 9}},
    ])
}

fn instance(slug: &str) -> Value {
    let dead = slug == "plain";
    json!({"id": INSTANCE, "url": "https://addon.example/", "config": {"title": ATTACK, "count": 3, "other": [1]},
        "external_attributes": {"uuid": "u", "remote_id": ATTACK}, "service_slug": slug, "service_name": ATTACK,
        "service_path": format!("/.netlify/{slug}"), "env": {ATTACK: "hidden-value"}, "snippets": [{"title": ATTACK}],
        "auth_url": if dead { "javascript:alert(1)" } else { "https://admin.example/#token" },
        "state": if dead { "failed" } else { "provisioning" }, "state_message": ATTACK,
        "created_at": at(1), "updated_at": at(2)})
}

fn builds() -> Value {
    json!([
        {"id": "b2", "deploy_id": BUILDING, "done": false, "state": "building", "created_at": at(5), "started_at": at(5)},
        {"id": "b1", "deploy_id": LIVE, "done": true, "state": "failed", "error": ATTACK, "sha": "0123456789abcdef",
            "created_at": at(3), "started_at": at(3), "finished_at": at(4)},
    ])
}

fn build_hook() -> Value {
    json!({"id": BUILD_HOOK, "title": ATTACK, "branch": "main", "site_id": SITE, "created_at": at(1), "previous_until": at(7),
        "url": format!("http://localhost:8888/build_hooks/{BUILD_HOOK}"), "debounce_ms": 5000, "per_minute": 6,
        "verify": {"kind": "github", "secret": "********"}, "allow": ["10.0.0.0/8"], "filter": [{"path": ATTACK}]})
}

fn calls() -> Value {
    json!([
        {"id": "c2", "at": at(9), "outcome": "refused", "reason": "the signature is wrong", "branch": "", "method": "POST",
            "address": "203.0.113.9", "user_agent": ATTACK, "body": ATTACK, "body_size": 27, "query": {ATTACK: ATTACK}},
        {"id": "c1", "at": at(8), "outcome": "started", "branch": "main", "method": "POST", "deploy_id": LIVE,
            "body": "", "body_size": 0, "query": {}, "former_url": true},
    ])
}

fn types() -> Value {
    json!([
        {"name": "email", "events": ["submission_created"], "options": [{"name": "digest"}], "fields": [
            {"name": "email", "type": "email", "title": "Address", "required": true}]},
        {"name": "slack", "events": ["deploy_succeeded"], "options": [{"name": "digest"}], "fields": []},
        {"name": "url", "events": ["deploy_created", "deploy_succeeded"], "fields": [
            {"name": "url", "type": "url", "title": "URL to notify", "required": true},
            {"name": "signature_secret", "type": "secret", "title": "JWS secret", "required": false}]},
    ])
}

fn events() -> Value {
    json!([{"id": "msg_1", "seq": 7, "event": "deploy_succeeded", "site_id": SITE, "resource_id": LIVE,
        "at": at(7), "payload": {"name": "blog", "title": ATTACK, "id": LIVE}},
        {"id": "msg_2", "seq": 6, "event": "submission_created", "site_id": SITE, "resource_id": LIVE,
        "at": at(6), "fired": true, "payload": {"name": "Ada", "body": ATTACK}},
        {"id": "msg_3", "seq": 5, "event": "addon_registered", "resource_id": "greeter",
        "at": at(5), "fired": false, "payload": {"slug": "greeter"}}])
}

fn attempts() -> Value {
    json!([
        {"number": 1, "at": at(8), "duration_ms": 12, "status": 500,
            "request": {"url": "http://127.0.0.1:9000/in", "headers": {"X-Webhook-Signature": "•••"}},
            "error_class": "status", "error": ATTACK, "queued_ms": 7,
            "response": {"headers": {"Content-Type": "text/html", "X-Evil": ATTACK, "Set-Cookie": [ATTACK]},
                "body": ATTACK, "head_ms": 9, "truncated": true}},
        {"number": 2, "at": at(9), "duration_ms": 3, "error_class": "connect", "error": "connection refused",
            "request": {"url": "http://127.0.0.1:9000/in"}},
    ])
}
