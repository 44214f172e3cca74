//! What the provider says of itself before anybody has an instance.

use super::visit::Visit;
use crate::check::peer::Answer;
use reqwest::Url;
use serde_json::{Map, Value};

/// Types that clients know.
const TYPES: [&str; 7] = ["string", "number", "integer", "boolean", "object", "array", "enum"];

/// Reads the manifest; false when nobody is there.
pub(super) async fn check(visit: &mut Visit<'_>) -> bool {
    let mut answer = visit.ask(&visit.kit.manifest("/manifest")).await;
    let is_missing = answer.status == Ok(404);
    if is_missing {
        answer = visit.ask(&visit.kit.manifest("/")).await;
    }
    let found = answer.status == Ok(200);
    visit.must(found, "serves a manifest", answer.said(), advice(&answer));
    if !found {
        return answer.status.is_ok();
    }
    visit.should(
        !is_missing,
        "serves it at /manifest",
        if is_missing { "only at /" } else { "there" }.to_owned(),
        "the documents name /manifest; servers ask / only when that is 404",
    );
    visit.should(
        answer.is_json,
        "calls it JSON",
        if answer.is_json { "Content-Type is application/json" } else { "another Content-Type" }.to_owned(),
        "send Content-Type: application/json with each answer that has a body",
    );
    visit.manifest = answer.json().and_then(|value| value.as_object().cloned()).unwrap_or_default();
    shape(visit);
    true
}

fn advice(answer: &Answer) -> &'static str {
    match answer.status {
        Ok(300..=399) => "redirects are not followed: register the address where it leads",
        Ok(401 | 403) => {
            "is it the same secret? X-Nf-Sign is a JWS of HS256 made with it, without iss, aud and iat; a manifest's has exp alone"
        }
        Ok(404 | 405) => "answer GET /manifest, below the endpoint that you register, with 200",
        Ok(_) => "answer 200 with a JSON object {name, description, config}",
        Err(_) => "is the provider running, and does it listen on this address?",
    }
}

fn shape(visit: &mut Visit<'_>) {
    let is_text = |name: &str| visit.manifest.get(name).is_some_and(Value::is_string);
    let (name, description) = (is_text("name"), is_text("description"));
    let said = |good: bool| if good { "a text" } else { "missing" }.to_owned();
    visit.must(name, "has a name", said(name), "a manifest without a text `name` is not taken");
    visit.should(description, "has a description", said(description), "the documents require `description`");
    let config = config(&visit.manifest);
    visit.must(
        config.is_ok(),
        "describes its configuration",
        config.unwrap_or_else(|why| why),
        "config is an object: key -> {displayName, description, type, required}; types are string, number, boolean, object, array",
    );
    let admin = visit.manifest.get("admin_url").and_then(Value::as_str).unwrap_or_default().to_owned();
    let fine =
        admin.is_empty() || Url::parse(&admin).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
    let said = if admin.is_empty() { "no admin_url".to_owned() } else { admin };
    visit.should(
        fine,
        "names a page to log in to, or none",
        said,
        "admin_url is an absolute http or https address, to which #token is appended",
    );
}

/// What can be configured; or why that cannot be made out.
fn config(manifest: &Map<String, Value>) -> Result<String, String> {
    let fields = match manifest.get("config") {
        None | Some(Value::Null) => return Ok("nothing to configure".to_owned()),
        Some(Value::Object(fields)) => fields,
        Some(_) => return Err("config is not an object".to_owned()),
    };
    for (key, field) in fields {
        let kind = field.get("type").unwrap_or(field);
        let known = match kind {
            Value::String(kind) => TYPES.contains(&kind.as_str()),
            Value::Object(_) => true,
            _ => false,
        };
        let required = field.get("required").is_none_or(Value::is_boolean);
        if !known || !required {
            return Err(format!("{key} has an unknown type, or a `required` that is not true or false"));
        }
    }
    let keys: Vec<_> = fields.keys().map(String::as_str).collect();
    Ok(if keys.is_empty() { "nothing to configure".to_owned() } else { keys.join(", ") })
}
