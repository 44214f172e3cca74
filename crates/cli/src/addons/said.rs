//! What the body of an answer about an instance may say. Pure. The rules are those by which a server
//! takes an answer or leaves it.

use crate::check::peer::Answer;
use reqwest::Url;
use serde_json::{Map, Value};

/// Longest id of an instance, in bytes.
const ID_MAX: usize = 1024;
/// Most variables of one instance.
const ENV_MAX: usize = 100;
/// Most snippets of one instance.
const SNIPPETS_MAX: usize = 50;

/// The object that an answer holds; or why a server cannot use it.
pub(super) fn said(answer: &Answer) -> Result<Map<String, Value>, String> {
    if answer.body.iter().all(u8::is_ascii_whitespace) {
        return Err("the answer is empty".to_owned());
    }
    let Some(Value::Object(body)) = answer.json() else {
        return Err("the answer is not a JSON object".to_owned());
    };
    for (name, rule) in RULES {
        if let Some(value) = body.get(*name).filter(|value| !value.is_null())
            && let Some(why) = rule(value)
        {
            return Err(why.to_owned());
        }
    }
    Ok(body)
}

/// The id in an answer, whatever else is in it.
pub(super) fn id(answer: &Answer) -> Option<String> {
    let body = answer.json()?;
    body.get("id").filter(|id| bad_id(id).is_none())?.as_str().map(ToOwned::to_owned)
}

/// What is wrong with a field, if anything.
type Rule = fn(&Value) -> Option<&'static str>;

const RULES: &[(&str, Rule)] = &[
    ("id", bad_id),
    ("endpoint", bad_endpoint),
    ("config", |value| (!value.is_object()).then_some("config is not an object")),
    ("env", bad_env),
    ("snippets", bad_snippets),
    ("message", |value| (!value.is_string()).then_some("message is not a text")),
];

fn bad_id(value: &Value) -> Option<&'static str> {
    match value.as_str() {
        None => Some("id is not a text"),
        Some("" | "." | "..") => Some("id is empty or means a folder"),
        Some(id) if id.len() > ID_MAX => Some("id has more than 1024 bytes"),
        Some(_) => None,
    }
}

fn bad_endpoint(value: &Value) -> Option<&'static str> {
    let text = value.as_str().unwrap_or("-");
    let fine = Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    (!fine && !text.is_empty()).then_some("endpoint is not an http or https address")
}

fn bad_env(value: &Value) -> Option<&'static str> {
    let Some(env) = value.as_object() else { return Some("env is not an object") };
    (env.len() > ENV_MAX).then_some("env has more than 100 variables")
}

fn bad_snippets(value: &Value) -> Option<&'static str> {
    let Some(list) = value.as_array() else { return Some("snippets is not a list") };
    let text =
        |one: &Value, name: &str| one.get(name).is_none_or(|value| value.is_string() || value.is_null());
    let fine = |one: &Value| {
        one.get("html").is_some_and(Value::is_string) && text(one, "title") && text(one, "position")
    };
    if list.len() > SNIPPETS_MAX {
        return Some("snippets has more than 50 entries");
    }
    (!list.iter().all(fine)).then_some("a snippet is not {title, position, html} of texts")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::time::Duration;

    fn of(body: &str) -> Answer {
        let body = body.as_bytes().to_vec();
        Answer { status: Ok(201), body, is_json: true, closes: false, took: Duration::ZERO }
    }

    #[test]
    fn what_a_server_cannot_use_is_named() {
        let many = |count: usize| -> Value { (0..count).map(|n| (format!("V{n}"), json!("x"))).collect() };
        let list = |count: usize| json!(vec![json!({ "html": "" }); count]);
        for (body, why) in [
            (json!({ "id": 7 }), Some("id is not")),
            (json!({ "id": ".." }), Some("id is empty")),
            (json!({ "id": "i".repeat(ID_MAX) }), None),
            (json!({ "id": "i".repeat(ID_MAX + 1) }), Some("1024")),
            (json!({ "endpoint": "/relative" }), Some("endpoint")),
            (json!({ "endpoint": "" }), None),
            (json!({ "config": [] }), Some("config")),
            (json!({ "env": [] }), Some("env is not")),
            (json!({ "env": many(ENV_MAX) }), None),
            (json!({ "env": many(ENV_MAX + 1) }), Some("100 variables")),
            (json!({ "snippets": {} }), Some("not a list")),
            (json!({ "snippets": [{ "html": "", "position": 1 }] }), Some("a snippet is not")),
            (json!({ "snippets": list(SNIPPETS_MAX) }), None),
            (json!({ "snippets": list(SNIPPETS_MAX + 1) }), Some("50 entries")),
            (json!({ "message": 1 }), Some("message")),
            (json!({ "id": null, "env": null }), None),
            (json!([]), Some("JSON object")),
        ] {
            let found = said(&of(&body.to_string())).err();
            let fits = match (&found, why) {
                (Some(found), Some(why)) => found.contains(why),
                (found, why) => found.is_none() && why.is_none(),
            };
            assert!(fits, "{body}: {found:?}");
        }
        assert!(said(&of(" ")).is_err_and(|why| why.contains("empty")));
    }
}
