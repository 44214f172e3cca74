//! What an instance brings to its site: variables that builds and functions see, and snippets that pages
//! show. What a server leaves out is named.

use super::visit::Visit;
use model::{addon_may_set, quoted};
use serde_json::{Map, Value};

/// Places in a page where snippets are put.
const PLACES: [&str; 3] = ["head", "footer", "body"];

/// Looks at what the provider said of an instance.
pub(super) fn check(visit: &mut Visit<'_>, said: &Map<String, Value>) {
    if let Some(env) = said.get("env").and_then(Value::as_object) {
        let lost = lost_variables(env);
        let told = if lost.is_empty() { format!("{} of {}", env.len(), env.len()) } else { lost.join(", ") };
        visit.should(
            lost.is_empty(),
            "hands over variables that arrive",
            told,
            "use names of your own, of letters, digits and _, and leave out what has no value: servers drop the rest",
        );
    }
    if let Some(snippets) = said.get("snippets").and_then(Value::as_array) {
        let lost = lost_snippets(snippets);
        let told = if lost.is_empty() {
            format!("{} of {}", snippets.len(), snippets.len())
        } else {
            lost.join(", ")
        };
        visit.should(
            lost.is_empty(),
            "hands over snippets that are shown",
            told,
            "position is head or footer, and html is what is put there: anything else is kept and shown nowhere",
        );
    }
}

fn lost_variables(env: &Map<String, Value>) -> Vec<String> {
    let why = |name: &str, value: &Value| match value {
        _ if !addon_may_set(name) => Some("is not an add-on's to set"),
        Value::Null => Some("is null"),
        _ => None,
    };
    env.iter().filter_map(|(name, value)| Some(format!("{name} {}", why(name, value)?))).collect()
}

fn lost_snippets(snippets: &[Value]) -> Vec<String> {
    let text = |one: &Value, name: &str| one.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let why = |one: &Value| {
        let place = text(one, "position");
        let odd = !PLACES.contains(&place.as_str());
        let word =
            if odd { format!("has the position {}", quoted(&place)) } else { "has no html".to_owned() };
        (odd || text(one, "html").trim().is_empty())
            .then(|| format!("{} {word}", quoted(&text(one, "title"))))
    };
    snippets.iter().filter_map(why).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_does_not_arrive_is_named() {
        let env = json!({ "A": 1, "B": { "c": 2 }, "PATH": "/x", "URL": "u", "A B": "x", "D": null });
        let lost = lost_variables(env.as_object().unwrap());
        let foreign = "is not an add-on's to set";
        let expect = [
            format!("PATH {foreign}"),
            format!("URL {foreign}"),
            format!("A B {foreign}"),
            "D is null".into(),
        ];
        assert_eq!(lost, expect);
        let snippets = json!([
            { "title": "a", "position": "head", "html": "<b>" }, { "title": "b", "position": "footer", "html": "x" },
            { "title": "c", "position": "body", "html": "x" }, { "title": "d", "position": "moon", "html": "x" },
            { "html": "x" }, { "title": "e", "position": "head", "html": " " },
        ]);
        let lost = lost_snippets(snippets.as_array().unwrap());
        assert_eq!(
            lost,
            ["\"d\" has the position \"moon\"", "\"\" has the position \"\"", "\"e\" has no html"]
        );
    }
}
