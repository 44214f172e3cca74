//! The part of a payload that a hook asked for. Pure.

use serde_json::{Map, Value};

/// Keeps the fields that are named, in the order of the payload; dots lead into objects and are
/// tried on each item of a list. What is not there is left out.
///
/// # Errors
/// When the payload is not JSON.
pub(crate) fn project(body: &str, fields: &[String]) -> Result<String, serde_json::Error> {
    let whole: Value = serde_json::from_str(body)?;
    let paths: Vec<Vec<&str>> = fields.iter().map(|field| field.split('.').collect()).collect();
    let paths: Vec<&[&str]> = paths.iter().map(Vec::as_slice).collect();
    serde_json::to_string(&keep(&whole, &paths))
}

fn keep(value: &Value, paths: &[&[&str]]) -> Value {
    if paths.iter().any(|path| path.is_empty()) {
        return value.clone();
    }
    match value {
        Value::Object(object) => {
            Value::Object(object.iter().filter_map(|(k, v)| field(k, v, paths)).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(|item| keep(item, paths)).collect()),
        _ => Value::Null,
    }
}

fn field(name: &str, value: &Value, paths: &[&[&str]]) -> Option<(String, Value)> {
    let inside: Vec<&[&str]> =
        paths.iter().filter(|path| path.first() == Some(&name)).map(|path| &path[1..]).collect();
    let leads_on = value.is_object() || value.is_array() || inside.iter().any(|path| path.is_empty());
    (!inside.is_empty() && leads_on).then(|| (name.to_owned(), keep(value, &inside)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fields: &[&str], expect: &str) {
        let body = r#"{"id":"d","state":"ready","links":{"permalink":"p","alias":"a"},"messages":[{"type":"info","title":"t"}],"n":null}"#;
        let fields: Vec<String> = fields.iter().map(ToString::to_string).collect();
        assert_eq!(project(body, &fields).expect("a payload"), expect, "{fields:?}");
    }

    #[test]
    fn named_fields_stay_in_the_payloads_order() {
        check(&["state", "id"], r#"{"id":"d","state":"ready"}"#);
        check(&["links"], r#"{"links":{"permalink":"p","alias":"a"}}"#);
        check(&["links.alias"], r#"{"links":{"alias":"a"}}"#);
        check(&["links.alias", "links"], r#"{"links":{"permalink":"p","alias":"a"}}"#);
        check(&["messages.title"], r#"{"messages":[{"title":"t"}]}"#);
        check(&["n", "nothing", "id.x"], r#"{"n":null}"#);
        check(&["links.nothing"], r#"{"links":{}}"#);
    }

    #[test]
    fn what_is_no_payload_is_refused() {
        assert!(project("{", &["id".to_owned()]).is_err());
    }
}
