//! The parsers against recorded behaviour of the original ones (`data/rule-files.json`): the rules
//! in order, the number of faults, and the paths that header rules match.

use boathook_rules::headers::{self, HeaderMatcher, HeaderRule};
use boathook_rules::redirects::{self, Rule};
use serde_json::{Map, Value, json};

const DATA: &str = include_str!("data/rule-files.json");

/// A set that lost cases would pass without proving anything.
const CASES: usize = 47;

#[test]
fn every_recorded_file_parses_alike() {
    let data: Value = serde_json::from_str(DATA).expect("the data is JSON");
    let cases = data["cases"].as_array().expect("a list of cases");
    assert_eq!(cases.len(), CASES);
    let failures: Vec<String> = cases.iter().filter_map(failure).collect();
    assert!(failures.is_empty(), "{} of {CASES} fail:\n{}", failures.len(), failures.join("\n"));
}

fn failure(case: &Value) -> Option<String> {
    let found = match case["kind"].as_str() {
        Some("redirects") => redirect_result(case),
        Some("headers") => header_result(case),
        other => panic!("unknown kind {other:?}"),
    };
    let mut expect = json!({"rules": case["rules"], "errors": case["errors"]});
    if let Some(matches) = case.get("matches") {
        expect["matches"] = matches.clone();
    }
    (found != expect).then(|| format!("{}: found {found}, expected {expect}", case["id"]))
}

fn input(case: &Value) -> (&str, bool) {
    let text = case["input"].as_str().expect("an input");
    (text, case["file"] == "netlify.toml")
}

fn redirect_result(case: &Value) -> Value {
    let (text, toml) = input(case);
    let (rules, errors) = if toml { redirects::parse_toml(text) } else { redirects::parse_file(text) };
    json!({"rules": rules.iter().map(redirect_shape).collect::<Value>(), "errors": errors.len()})
}

/// The recorded shape leaves out what was not written.
fn redirect_shape(rule: &Rule) -> Value {
    let mut shape = serde_json::to_value(rule).expect("a rule is JSON");
    let fields = shape.as_object_mut().expect("an object");
    fields.retain(|_, value| !value.is_null());
    shape
}

fn header_result(case: &Value) -> Value {
    let (text, toml) = input(case);
    let (rules, errors) = if toml { headers::parse_toml(text) } else { headers::parse_file(text) };
    let shapes: Value = rules.iter().map(|rule| json!({"for": rule.path, "values": rule.values})).collect();
    let mut result = json!({"rules": shapes, "errors": errors.len()});
    if let Some(paths) = case["matches"].as_object() {
        let found: Map<_, _> = paths.keys().map(|path| (path.clone(), matching(&rules, path))).collect();
        result["matches"] = Value::Object(found);
    }
    result
}

fn matching(rules: &[HeaderRule], path: &str) -> Value {
    let applies = |rule: &&HeaderRule| {
        let set = HeaderMatcher::new(vec![(*rule).clone()]).find(path);
        !set.headers.is_empty() || set.basic_auth.is_some()
    };
    let indexed = rules.iter().enumerate();
    indexed.filter(|(_, rule)| applies(rule)).map(|(index, _)| Value::from(index)).collect()
}
