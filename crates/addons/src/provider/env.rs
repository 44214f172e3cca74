//! Variables that a provider hands to builds and functions: scalars become texts, nulls are dropped,
//! the rest becomes JSON; names that belong to the platform or steer programs are refused.

use model::addon_may_set;
use serde_json::{Map, Value};

/// The variables that are taken.
pub(super) fn taken(said: &Map<String, Value>) -> Map<String, Value> {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.replace('\0', "")),
        other => Some(other.to_string()),
    };
    let kept = said.iter().filter(|(name, _)| addon_may_set(name));
    kept.filter_map(|(name, value)| Some((name.clone(), Value::String(text(value)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_texts_and_nulls_go() {
        let said = json!({ "A": "x", "B": 3, "C": true, "D": null, "E": { "k": [1] }, "F": 1.5, "G": "" });
        let taken = taken(said.as_object().unwrap());
        let expect = json!({ "A": "x", "B": "3", "C": "true", "E": "{\"k\":[1]}", "F": "1.5", "G": "" });
        assert_eq!(Value::Object(taken), expect);
    }

    #[test]
    fn names_that_steer_programs_are_left_out() {
        let said = json!({ "NODE_OPTIONS": "--evil", "URL": "x", "OWN": "kept" });
        assert_eq!(Value::Object(taken(said.as_object().unwrap())), json!({ "OWN": "kept" }));
    }
}
