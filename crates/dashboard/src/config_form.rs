//! The form that the `config` of an add-on's manifest asks for, and the configuration that comes back
//! from it. Without such a manifest the configuration is one text of JSON. A provider's patterns are
//! left to the provider: to try one here could take for ever.

use crate::client::path;
use crate::form::Form;
use crate::problem::Problem;
use crate::visit::Visit;
use serde_json::{Map, Value, json};

/// What the fields are called in the form.
const PREFIX: &str = "config.";

/// The operation that reads a manifest.
pub(crate) fn manifest(slug: &str) -> String {
    path(&["services", slug, "manifest"])
}

/// What the template needs: `fields`, or the `whole` of the configuration as text. `kept` is none for
/// an instance that is yet to be; what was typed goes before it.
pub(crate) fn shown(manifest: &Value, kept: Option<&Value>, typed: Option<&Form>) -> Value {
    let Some(wanted) = wanted(manifest) else {
        let kept = kept.filter(|config| config.as_object().is_some_and(|config| !config.is_empty()));
        let kept = kept.map(|config| serde_json::to_string_pretty(config).unwrap_or_default());
        let typed = typed.map(|form| form.get("whole").to_owned());
        return json!({ "whole": typed.or(kept).unwrap_or_default() });
    };
    let fields: Vec<_> = wanted.iter().map(|(key, about)| field(key, about, kept, typed)).collect();
    json!({ "fields": fields })
}

/// The configuration that a form says. Of `kept` stays what the manifest does not speak of.
///
/// # Errors
/// When a value is not what the manifest wants, or the manifest cannot be read.
pub(crate) async fn read(visit: &Visit, slug: &str, kept: &Value, form: &Form) -> Result<Value, Problem> {
    if form.has("whole") {
        return whole(form.get("whole"));
    }
    configured(&visit.api().get(&manifest(slug)).await?, kept, form)
}

fn wanted(manifest: &Value) -> Option<&Map<String, Value>> {
    manifest["config"].as_object().filter(|fields| !fields.is_empty())
}

fn whole(text: &str) -> Result<Value, Problem> {
    let text = if text.is_empty() { "{}" } else { text };
    let read = serde_json::from_str(text).ok().filter(Value::is_object);
    read.ok_or_else(|| Problem::input("The configuration is no JSON object, {\"key\": \"value\"} say."))
}

fn configured(manifest: &Value, kept: &Value, form: &Form) -> Result<Value, Problem> {
    let mut config = kept.as_object().cloned().unwrap_or_default();
    for (key, about) in wanted(manifest).into_iter().flatten() {
        config.shift_remove(key);
        let typed = form.get(&format!("{PREFIX}{key}"));
        if !typed.is_empty() {
            config.insert(key.clone(), value(key, about, typed)?);
        }
    }
    Ok(config.into())
}

fn value(key: &str, about: &Value, typed: &str) -> Result<Value, Problem> {
    let parsed = || serde_json::from_str::<Value>(typed).ok();
    let (value, what) = match kind(about) {
        "number" => (parsed().filter(Value::is_number), "a number"),
        "boolean" => (parsed().filter(Value::is_boolean), "yes or no"),
        "choice" => (choices(about).iter().find(|one| text(one) == typed).cloned(), "one of the choices"),
        "object" => (parsed().filter(Value::is_object), "a JSON object"),
        "array" => (parsed().filter(Value::is_array), "a JSON array"),
        _ => (Some(typed.into()), ""),
    };
    value.ok_or_else(|| Problem::input(format!("{}: this must be {what}.", label(key, about))))
}

/// In which way a value is typed; the short form of a manifest names the type alone.
fn kind(about: &Value) -> &'static str {
    if !choices(about).is_empty() {
        return "choice";
    }
    match about.as_str().or_else(|| about["type"].as_str()).unwrap_or_default() {
        "number" | "integer" => "number",
        "boolean" => "boolean",
        "object" => "object",
        "array" => "array",
        _ => "text",
    }
}

fn choices(about: &Value) -> &[Value] {
    about["values"].as_array().map(Vec::as_slice).unwrap_or_default()
}

fn label<'a>(key: &'a str, about: &'a Value) -> &'a str {
    about["displayName"].as_str().filter(|name| !name.trim().is_empty()).unwrap_or(key)
}

/// A value as it stands in a field.
fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn field(key: &str, about: &Value, kept: Option<&Value>, typed: Option<&Form>) -> Value {
    let name = format!("{PREFIX}{key}");
    let value = match (typed, kept) {
        (Some(form), _) => form.get(&name).to_owned(),
        (None, Some(config)) => text(&config[key]),
        (None, None) => text(&about["default"]),
    };
    let bound = |name: &str| about[name].as_number().map(ToString::to_string);
    json!({
        "name": name,
        "label": label(key, about),
        "help": about["description"].as_str(),
        "kind": kind(about),
        "required": about["required"] == true,
        "value": value,
        "example": text(&about["example"]),
        "choices": choices(about).iter().map(text).collect::<Vec<_>>(),
        "minimum": bound("minimum"), "maximum": bound("maximum"),
        "min_length": bound("minLength"), "max_length": bound("maxLength"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking() -> Value {
        json!({ "name": "n", "config": {
            "title": { "displayName": "Title", "type": "string", "required": true, "default": "d", "pattern": "(a+)+$" },
            "count": { "type": "number" },
            "loud": { "type": "boolean" },
            "plan": { "type": "enum", "values": ["small", 2] },
            "more": { "type": "object" },
            "list": { "type": "array" },
            "short": "number",
        } })
    }

    #[test]
    fn what_was_typed_becomes_what_the_manifest_wants() {
        let kept = json!({ "other": [1], "count": 4 });
        for (typed, expect) in [
            ("", json!({ "other": [1] })),
            ("config.title=+x+", json!({ "other": [1], "title": "x" })),
            ("config.count=3.5&config.short=-2", json!({ "other": [1], "count": 3.5, "short": -2 })),
            ("config.loud=false", json!({ "other": [1], "loud": false })),
            ("config.plan=small", json!({ "other": [1], "plan": "small" })),
            ("config.plan=2", json!({ "other": [1], "plan": 2 })),
            ("config.more={\"a\":1}&config.list=[]", json!({ "other": [1], "more": { "a": 1 }, "list": [] })),
            ("config.unasked=1", json!({ "other": [1] })),
        ] {
            assert_eq!(configured(&asking(), &kept, &Form::read(typed.as_bytes())), Ok(expect), "{typed}");
        }
    }

    #[test]
    fn what_cannot_be_meant_is_refused_by_name() {
        for (typed, why) in [
            ("config.count=many", "count: this must be a number."),
            ("config.count=\"3\"", "count: this must be a number."),
            ("config.loud=maybe", "loud: this must be yes or no."),
            ("config.plan=large", "plan: this must be one of the choices."),
            ("config.more=[]", "more: this must be a JSON object."),
            ("config.list={", "list: this must be a JSON array."),
            ("config.short=x", "short: this must be a number."),
        ] {
            let refused = configured(&asking(), &Value::Null, &Form::read(typed.as_bytes()));
            assert_eq!(refused.map_err(|problem| problem.message), Err(why.to_owned()), "{typed}");
        }
    }

    #[test]
    fn fields_hold_what_was_typed_or_kept_or_is_usual() {
        let values = |kept: Option<&Value>, typed: Option<&Form>| {
            let shown = shown(&asking(), kept, typed);
            let fields = shown["fields"].as_array().unwrap().iter();
            fields.map(|field| field["value"].as_str().unwrap().to_owned()).take(3).collect::<Vec<_>>()
        };
        let kept = json!({ "count": 4, "loud": true });
        let typed = Form::read(b"config.title=t&config.loud=perhaps");
        assert_eq!(values(None, None), ["d", "", ""]);
        assert_eq!(values(Some(&kept), None), ["", "4", "true"]);
        assert_eq!(values(Some(&kept), Some(&typed)), ["t", "", "perhaps"]);
        let first = &shown(&asking(), None, None)["fields"][0];
        assert_eq!((&first["label"], &first["required"]), (&json!("Title"), &json!(true)));
        assert!(!first.to_string().contains("(a+)+"), "no browser need try it either");
    }

    #[test]
    fn without_fields_the_configuration_is_one_text() {
        for manifest in [json!({ "name": "n" }), json!({ "config": {} }), json!({ "config": 7 }), Value::Null]
        {
            assert_eq!(shown(&manifest, None, None), json!({ "whole": "" }), "{manifest}");
        }
        let kept = json!({ "a": 1 });
        assert_eq!(shown(&Value::Null, Some(&kept), None)["whole"], "{\n  \"a\": 1\n}");
        assert_eq!(shown(&Value::Null, Some(&kept), Some(&Form::read(b"whole={")))["whole"], "{");
        for (text, expect) in [("", Some(json!({}))), ("{\"a\": 1}", Some(kept)), ("[]", None), ("{", None)] {
            assert_eq!(whole(text).ok(), expect, "{text}");
        }
    }
}
