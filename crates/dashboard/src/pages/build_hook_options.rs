//! How the calls of a build hook are taken, as the fields of a form and back. Times are seconds for
//! people and milliseconds for the API. What the body must say is left to the API.

use crate::form::Form;
use crate::problem::Problem;
use model::{BuildHookOptions, VerifyKind};
use serde_json::{Map, Value, json};

/// Ways of signing, with what a person knows them by.
const KINDS: [(VerifyKind, &str); 3] = [
    (VerifyKind::Github, "as GitHub does, X-Hub-Signature-256"),
    (VerifyKind::StandardWebhooks, "as Standard Webhooks say"),
    (VerifyKind::Bearer, "by a bearer token"),
];

/// What the fields hold, and the choices among them.
pub(super) fn shown(hook: &Value) -> Value {
    let options: BuildHookOptions = serde_json::from_value(hook.clone()).unwrap_or_default();
    let kinds: Map<_, _> = KINDS.into_iter().map(|(kind, label)| (word(kind), label.into())).collect();
    json!({
        "debounce": options.debounce_ms.map(seconds),
        "max_wait": options.max_wait_ms.map(seconds),
        "per_minute": options.per_minute,
        "verify": options.verify.map(|verify| word(verify.kind)),
        "allow": options.allow.join("\n"),
        "clear_cache": options.clear_cache,
        "kinds": kinds,
    })
}

/// The options that a form says, for the body of a change; nothing of a form without these fields.
/// Empty ones end what they are about; an empty secret stays what it was.
pub(super) fn add(body: &mut Value, form: &Form) -> Result<(), Problem> {
    if !form.has("options") {
        return Ok(());
    }
    body["debounce_ms"] = milliseconds(form, "debounce", "The time to gather calls")?;
    body["max_wait_ms"] = milliseconds(form, "max_wait", "The longest wait")?;
    body["per_minute"] = match form.get("per_minute") {
        "" => Value::Null,
        number => whole(number)?,
    };
    body["allow"] =
        form.get("allow").split([',', ' ', '\r', '\n']).filter(|block| !block.is_empty()).collect();
    body["clear_cache"] = Some(true).filter(|_| form.get("clear_cache") == "on").into();
    body["verify"] = match (form.get("verify"), form.get("secret")) {
        ("", _) => Value::Null,
        (kind, "") => json!({ "kind": kind }),
        (kind, secret) => json!({ "kind": kind, "secret": secret }),
    };
    Ok(())
}

fn word(kind: VerifyKind) -> String {
    json!(kind).as_str().unwrap_or_default().to_owned()
}

fn whole(number: &str) -> Result<Value, Problem> {
    let read = number.parse::<i64>().map(Value::from);
    read.map_err(|_| Problem::input("The most calls a minute are a whole number."))
}

/// `2.5` for 2,500 milliseconds.
fn seconds(millis: i64) -> String {
    let text = format!("{}.{:03}", millis / 1000, millis.rem_euclid(1000));
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn milliseconds(form: &Form, name: &str, label: &str) -> Result<Value, Problem> {
    let refused = || Problem::input(format!("{label} is a number of seconds, 2.5 say."));
    let text = form.get(name);
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 3 {
        return Err(refused());
    }
    let (whole, part) = (whole.parse::<i64>().ok(), format!("{part:0<3}").parse::<i64>().ok());
    let millis = whole.zip(part).and_then(|(whole, part)| whole.checked_mul(1000)?.checked_add(part));
    millis.map(Value::from).ok_or_else(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(form: &str) -> Result<Value, String> {
        let mut body = json!({});
        add(&mut body, &Form::read(form.as_bytes())).map(|()| body).map_err(|problem| problem.message)
    }

    #[test]
    fn a_form_says_every_option_or_none() {
        let none = json!({ "debounce_ms": null, "max_wait_ms": null, "per_minute": null, "allow": [],
            "clear_cache": null, "verify": null });
        let all = json!({ "debounce_ms": 2500, "max_wait_ms": 60000, "per_minute": 6,
            "allow": ["10.0.0.0/8", "::1"], "clear_cache": true, "verify": { "kind": "github", "secret": "s" } });
        let filled = "options=on&debounce=2.5&max_wait=60&per_minute=6&allow=10.0.0.0/8%0D%0A::1&clear_cache=on\
            &verify=github&secret=s";
        assert_eq!(read("title=t"), Ok(json!({})));
        assert_eq!(read("options=on"), Ok(none));
        assert_eq!(read(filled), Ok(all));
        assert_eq!(read("options=on&verify=bearer&secret=").unwrap()["verify"], json!({ "kind": "bearer" }));
        for wrong in
            ["debounce=x", "max_wait=1.2345", "max_wait=-1", "debounce=9223372036854775807", "per_minute=1.5"]
        {
            assert!(read(&format!("options=on&{wrong}")).is_err(), "{wrong}");
        }
    }

    #[test]
    fn seconds_and_milliseconds_are_the_same_time() {
        for (millis, text) in [(0, "0"), (5, "0.005"), (2500, "2.5"), (60_000, "60"), (86_400_000, "86400")] {
            assert_eq!(seconds(millis), text);
            let form = Form::read(format!("t={text}").as_bytes());
            assert_eq!(milliseconds(&form, "t", "It"), Ok(millis.into()));
        }
    }

    #[test]
    fn fields_hold_what_is_kept_but_the_secret() {
        let hook = json!({ "debounce_ms": 5000, "allow": ["::1", "10.0.0.1"],
            "verify": { "kind": "standard_webhooks", "secret": "********" } });
        let shown = shown(&hook);
        assert_eq!((&shown["debounce"], &shown["allow"]), (&json!("5"), &json!("::1\n10.0.0.1")));
        assert_eq!(shown["verify"], "standard_webhooks");
        assert!(!shown.to_string().contains('*') && shown["kinds"]["bearer"].is_string());
    }
}
