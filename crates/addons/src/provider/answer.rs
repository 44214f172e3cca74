//! What a provider's answer says. Pure: shapes that are none are told apart from absent ones, and an
//! id that can be made out is kept even when the rest is nonsense, so that nothing is orphaned.

use super::{ANSWER_MAX, addressable, env};
use http::StatusCode;
use outbound::Sent;
use serde_json::{Map, Value};
use store::addon_instances::InstanceState;
use url::Url;

/// Most variables of one instance.
pub const ENV_MAX: usize = 100;
/// Most snippets of one instance.
pub const SNIPPETS_MAX: usize = 50;
/// Most bytes of the snippets of one instance: every page of the site carries them.
pub const SNIPPETS_BYTES_MAX: usize = 256 << 10;
/// Longest message that is shown to whoever creates an instance, in characters.
pub const MESSAGE_MAX: usize = 4096;
/// Longest word of a provider about a failure or a state, in characters.
pub const NOTE_MAX: usize = 500;

/// An answer within the limits.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Status.
    pub(crate) status: StatusCode,
    /// Body: whole, or it would not be an answer.
    pub(crate) body: Vec<u8>,
}

/// What the body of an answer about an instance says. What is absent or null is none.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Said {
    /// What the provider calls the instance.
    pub(crate) id: Option<String>,
    /// A word for whoever asked.
    pub(crate) message: Option<String>,
    /// Where proxied requests go.
    pub(crate) endpoint: Option<String>,
    /// Configuration.
    pub(crate) config: Option<Map<String, Value>>,
    /// Variables, as they are taken.
    pub(crate) env: Option<Map<String, Value>>,
    /// Snippets.
    pub(crate) snippets: Option<Vec<Value>>,
    /// How far the instance is. Words that are not known mean that it works.
    pub(crate) state: Option<InstanceState>,
}

impl Answer {
    /// The answer, when all of it came and was not too much; else why not.
    pub(super) fn of(sent: &Sent, in_time: bool) -> Result<Self, String> {
        if sent.truncated && sent.body.len() >= ANSWER_MAX {
            return Err(format!("sent more than {ANSWER_MAX} bytes"));
        }
        if sent.truncated && in_time {
            return Err("broke off in the middle of its answer".to_owned());
        }
        Ok(Self { status: sent.status, body: sent.body.to_vec() })
    }

    /// What the provider says about its refusal: `message` or `msg`, as both are in use.
    pub(crate) fn word(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        let word = ["message", "msg"].iter().find_map(|name| body.get(name)?.as_str())?;
        Some(cut(word, NOTE_MAX)).filter(|word| !word.is_empty())
    }

    /// The id in the body, if there is one that can be asked for.
    pub(crate) fn id(&self) -> Option<String> {
        let body: Value = serde_json::from_slice(&self.body).ok()?;
        body.get("id")?.as_str().filter(|id| addressable(id)).map(str::to_owned)
    }

    /// What the body says; or why it says nothing that can be used.
    pub(crate) fn said(&self) -> Result<Said, String> {
        if self.body.iter().all(u8::is_ascii_whitespace) {
            return Err("sent an empty answer".to_owned());
        }
        let Ok(Value::Object(body)) = serde_json::from_slice(&self.body) else {
            return Err("sent an answer that is not a JSON object".to_owned());
        };
        let field = |name: &str| body.get(name).filter(|value| !value.is_null());
        Ok(Said {
            id: field("id").map(id).transpose()?,
            message: field("message").and_then(Value::as_str).map(|text| cut(text, MESSAGE_MAX)),
            endpoint: field("endpoint").map(endpoint).transpose()?.flatten(),
            config: field("config").map(|value| object("config", value)).transpose()?,
            env: field("env").map(variables).transpose()?,
            snippets: field("snippets").map(snippets).transpose()?,
            state: field("state").and_then(Value::as_str).map(state),
        })
    }
}

fn id(value: &Value) -> Result<String, String> {
    let id = value.as_str().ok_or("sent an id that is not a text")?;
    if addressable(id) { Ok(id.to_owned()) } else { Err("sent an id that cannot be asked for".to_owned()) }
}

/// The seed's own sample has an empty endpoint, which means that there is none.
fn endpoint(value: &Value) -> Result<Option<String>, String> {
    let why = "sent an endpoint that is not an http or https address";
    let text = value.as_str().ok_or(why)?;
    if text.is_empty() {
        return Ok(None);
    }
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.filter(|url| url.has_host() && !text.contains('\0'));
    url.map(|_| Some(text.to_owned())).ok_or_else(|| why.to_owned())
}

fn object(name: &str, value: &Value) -> Result<Map<String, Value>, String> {
    value.as_object().cloned().ok_or_else(|| format!("sent {name} that is not a JSON object"))
}

fn variables(value: &Value) -> Result<Map<String, Value>, String> {
    let said = object("env", value)?;
    if said.len() > ENV_MAX {
        return Err(format!("sent more than {ENV_MAX} variables"));
    }
    Ok(env::taken(&said))
}

fn snippets(value: &Value) -> Result<Vec<Value>, String> {
    let list = value.as_array().ok_or("sent snippets that are not a list")?;
    if list.len() > SNIPPETS_MAX {
        return Err(format!("sent more than {SNIPPETS_MAX} snippets"));
    }
    let text =
        |one: &Value, name: &str| one.get(name).is_none_or(|value| value.is_string() || value.is_null());
    let fine = |one: &Value| {
        one.get("html").is_some_and(Value::is_string) && text(one, "title") && text(one, "position")
    };
    if !list.iter().all(fine) {
        return Err("sent a snippet that is not {title, position, html}".to_owned());
    }
    let bytes: usize = list.iter().filter_map(|one| one["html"].as_str()).map(str::len).sum();
    if bytes > SNIPPETS_BYTES_MAX {
        return Err(format!("sent more than {SNIPPETS_BYTES_MAX} bytes of snippets"));
    }
    Ok(list.clone())
}

/// `provisioning` and `failed` are ours; whatever else providers have ever sent means that it works.
fn state(word: &str) -> InstanceState {
    match word {
        "provisioning" => InstanceState::Provisioning,
        "failed" => InstanceState::Failed,
        _ => InstanceState::Active,
    }
}

fn cut(text: &str, most: usize) -> String {
    let plain = text.trim().chars().filter(|letter| !letter.is_control() || *letter == '\n');
    plain.take(most).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(body: &str) -> Answer {
        Answer { status: StatusCode::OK, body: body.as_bytes().to_vec() }
    }

    fn said(body: &Value) -> Result<Said, String> {
        answer(&body.to_string()).said()
    }

    #[test]
    fn everything_that_an_answer_may_hold_is_read() {
        let all = said(&json!({
            "id": "r", "message": " Hello\u{7} ", "endpoint": "https://e.example/x?k=1", "config": { "a": 1 },
            "env": { "A": 1, "PATH": "/x" }, "snippets": [{ "title": "t", "position": "head", "html": "<b>" }],
            "state": "provisioning", "more": true,
        }))
        .unwrap();
        assert_eq!((all.id.as_deref(), all.message.as_deref()), (Some("r"), Some("Hello")));
        assert_eq!(all.endpoint.as_deref(), Some("https://e.example/x?k=1"));
        assert_eq!(all.env, json!({ "A": "1" }).as_object().cloned());
        assert_eq!(
            (all.snippets.map(|list| list.len()), all.state),
            (Some(1), Some(InstanceState::Provisioning))
        );
        let nothing = json!({ "id": null, "env": null, "snippets": null, "config": null, "endpoint": null });
        assert_eq!(said(&nothing), Ok(Said::default()));
        assert_eq!(said(&json!({ "endpoint": "" })), Ok(Said::default()));
        assert_eq!(said(&json!({ "state": "on fire" })).unwrap().state, Some(InstanceState::Active));
    }

    #[test]
    fn shapes_that_are_none_are_told() {
        let many = |count: usize| -> Value { (0..count).map(|n| (format!("V{n}"), json!("x"))).collect() };
        let list = |count: usize| vec![json!({ "html": "" }); count];
        let long = |more: usize| {
            let half = SNIPPETS_BYTES_MAX / 2;
            json!({ "snippets": [{ "html": "x".repeat(half) }, { "html": "x".repeat(half + more) }] })
        };
        for (body, why) in [
            (json!({ "id": 7 }), "not a text"),
            (json!({ "id": "" }), "cannot be asked"),
            (json!({ "id": ".." }), "cannot be asked"),
            (json!({ "endpoint": "/relative" }), "endpoint"),
            (json!({ "endpoint": "javascript:alert(1)" }), "endpoint"),
            (json!({ "endpoint": "https://e.example/\0" }), "endpoint"),
            (json!({ "endpoint": 1 }), "endpoint"),
            (json!({ "config": [] }), "config"),
            (json!({ "env": [] }), "env"),
            (json!({ "env": many(ENV_MAX + 1) }), "more than 100 variables"),
            (json!({ "snippets": { "name": { "html": "" } } }), "not a list"),
            (json!({ "snippets": [{ "title": "t" }] }), "snippet"),
            (json!({ "snippets": [{ "html": "", "position": 1 }] }), "snippet"),
            (json!({ "snippets": list(SNIPPETS_MAX + 1) }), "more than 50 snippets"),
            (long(1), "more than 262144 bytes of snippets"),
            (json!([]), "JSON object"),
        ] {
            let refused = said(&body).expect_err(&body.to_string());
            assert!(refused.contains(why), "{body}: {refused}");
        }
        assert!(said(&json!({ "env": many(ENV_MAX), "snippets": list(SNIPPETS_MAX) })).is_ok());
        assert!(said(&long(0)).is_ok());
        for (text, why) in [("", "empty"), (" \n", "empty"), ("<html>", "JSON"), ("{\"id\":", "JSON")] {
            assert!(answer(text).said().expect_err(text).contains(why), "{text}");
        }
    }

    #[test]
    fn refusals_say_why_in_either_word() {
        let long = "x".repeat(NOTE_MAX + 1);
        for (body, expect) in [
            ("{\"message\":\"no plan\"}", Some("no plan")),
            ("{\"msg\":\"no user\"}", Some("no user")),
            ("{\"message\":7,\"msg\":\"seven\"}", Some("seven")),
            ("{\"message\":\"\"}", None),
            ("<html>", None),
        ] {
            assert_eq!(answer(body).word().as_deref(), expect, "{body}");
        }
        assert_eq!(answer(&json!({ "message": long }).to_string()).word().map(|w| w.len()), Some(NOTE_MAX));
    }
}
