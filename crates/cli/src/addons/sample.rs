//! Configurations to try a provider with, made from its manifest. Pure.

use serde_json::{Map, Value, json};

/// Letters of the long text.
const LONG: usize = 64 * 1024;

/// What the manifest says of each key of a configuration.
pub(super) fn fields(manifest: &Map<String, Value>) -> Vec<(&String, &Value)> {
    manifest.get("config").and_then(Value::as_object).into_iter().flatten().collect()
}

/// Keys without which an instance cannot be made.
pub(super) fn required(manifest: &Map<String, Value>) -> Vec<String> {
    let is_required = |field: &Value| field.get("required") == Some(&Value::Bool(true));
    let required = fields(manifest).into_iter().filter(|(_, field)| is_required(field));
    required.map(|(key, _)| key.clone()).collect()
}

/// A configuration that fits; `round` makes another one of it where texts and numbers are free.
pub(super) fn fitting(manifest: &Map<String, Value>, round: usize) -> Map<String, Value> {
    fields(manifest).into_iter().map(|(key, field)| (key.clone(), value(field, round))).collect()
}

fn value(field: &Value, round: usize) -> Value {
    if let Some(values) = field.get("values").or(field.get("enum")).and_then(Value::as_array)
        && !values.is_empty()
    {
        return values[round % values.len()].clone();
    }
    if let Some(given) = field.get("example").or(field.get("default")).filter(|_| round == 0) {
        return given.clone();
    }
    match kind(field) {
        "number" | "integer" => {
            let least = field.get("minimum").and_then(Value::as_i64).unwrap_or(1);
            (least + i64::try_from(round).unwrap_or_default()).into()
        }
        "boolean" => (round == 0).into(),
        "object" => json!({}),
        "array" => json!([]),
        _ => if round == 0 { "boathook" } else { "boathook anew" }.into(),
    }
}

/// The type of a field, also in the short form `key: "string"`.
fn kind(field: &Value) -> &str {
    field.get("type").unwrap_or(field).as_str().unwrap_or("string")
}

/// Configurations that people and programs do send, with their names in the report.
pub(super) fn odd(manifest: &Map<String, Value>) -> Vec<(&'static str, Map<String, Value>)> {
    let each = |make: &dyn Fn(&Value) -> Value| -> Map<String, Value> {
        fields(manifest).into_iter().map(|(key, field)| (key.clone(), make(field))).collect()
    };
    let mut strange = fitting(manifest, 0);
    for key in ["__proto__", "constructor", "toString", "jwt", "site_url", "", "k\u{e9}y \u{1f6a4}"] {
        strange.insert(key.to_owned(), json!({ "secret": "not yours", "polluted": true }));
    }
    let long = "\u{e4}\n\u{1f6a4}\"'</script>$&".chars().cycle().take(LONG).collect::<String>();
    vec![
        ("unknown keys", strange),
        (
            "other types",
            each(&|field| if kind(field) == "string" { json!([{ "a": null }]) } else { json!("text") }),
        ),
        ("nulls", each(&|_| Value::Null)),
        ("long texts", each(&|field| if kind(field) == "string" { json!(long) } else { value(field, 0) })),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configurations_fit_the_manifest() {
        let manifest = json!({ "config": {
            "name": { "type": "string", "required": true },
            "size": { "type": "number", "minimum": 4 },
            "on": { "type": "boolean", "required": false },
            "plan": { "type": "enum", "values": ["small", "large"] },
            "word": { "type": "string", "example": "eg" },
            "short": "string",
        } });
        let manifest = manifest.as_object().unwrap();
        assert_eq!(required(manifest), ["name"]);
        let [first, second] = [0, 1].map(|round| Value::Object(fitting(manifest, round)));
        let expect = json!({
            "name": "boathook", "size": 4, "on": true, "plan": "small", "word": "eg", "short": "boathook",
        });
        assert_eq!(first, expect);
        let expect = json!({
            "name": "boathook anew", "size": 5, "on": false, "plan": "large", "word": "boathook anew",
            "short": "boathook anew",
        });
        assert_eq!(second, expect);
        assert_eq!(odd(manifest)[1].1["size"], "text");
        assert!(fitting(&Map::new(), 0).is_empty() && odd(&Map::new())[0].1.contains_key("__proto__"));
    }
}
