//! Conditions on the body of a call. Pure.

use model::Condition;
use serde_json::Value;

/// Why a call with this body does not count; none when it does.
pub(super) fn unmet(filter: &[Condition], body: &[u8]) -> Option<String> {
    if filter.is_empty() {
        return None;
    }
    let Ok(body) = serde_json::from_slice::<Value>(body) else {
        return Some("the body is not JSON".to_owned());
    };
    let unmet = filter.iter().find(|condition| !holds(condition, body.pointer(&condition.path)))?;
    Some(format!("{} is not what the filter asks for", unmet.path))
}

fn holds(condition: &Condition, found: Option<&Value>) -> bool {
    let Condition { equals, any_of, exists, .. } = condition;
    let wanted = exists.unwrap_or(true);
    found.is_some() == wanted
        && equals.as_ref().is_none_or(|value| found == Some(value))
        && any_of.as_ref().is_none_or(|values| found.is_some_and(|found| values.contains(found)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn all_conditions_must_hold() {
        let body = br#"{"event": {"type": "publish", "n": 1, "none": null}, "tags": ["a", "b"]}"#;
        for (filter, fine) in [
            (json!([]), true),
            (json!([{ "path": "/event/type", "equals": "publish" }]), true),
            (json!([{ "path": "/event/type", "equals": "save" }]), false),
            (json!([{ "path": "/event/n", "equals": 1 }]), true),
            (json!([{ "path": "/event/n", "equals": "1" }]), false),
            (json!([{ "path": "/event/type", "in": ["save", "publish"] }]), true),
            (json!([{ "path": "/event/type", "in": [] }]), false),
            (json!([{ "path": "/tags/1", "equals": "b" }]), true),
            (json!([{ "path": "/tags/2" }]), false),
            (json!([{ "path": "/event/none" }]), true),
            (json!([{ "path": "/draft", "exists": false }]), true),
            (json!([{ "path": "/event", "exists": false }]), false),
            (json!([{ "path": "/draft", "exists": true }]), false),
            (json!([{ "path": "", "exists": true }]), true),
            (json!([{ "path": "/event/type", "equals": "publish" }, { "path": "/draft" }]), false),
        ] {
            let conditions: Vec<Condition> = serde_json::from_value(filter.clone()).expect("conditions");
            assert_eq!(unmet(&conditions, body).is_none(), fine, "{filter}");
        }
    }

    #[test]
    fn what_is_not_json_meets_no_condition() {
        let exists = [Condition { path: String::new(), exists: Some(true), ..Condition::default() }];
        for body in [&b""[..], b"a=b", b"{", b"\xff"] {
            assert_eq!(unmet(&exists, body).as_deref(), Some("the body is not JSON"));
            assert_eq!(unmet(&[], body), None);
        }
    }
}
