//! What a provider says of its add-on: relayed to the letter, kept for a day, failures never kept.

use crate::provider::{Answer, Ask, Operation, Provider, trouble};
use context::{Context, Error, Result};
use http::StatusCode;
use serde_json::{Map, Value};
use store::addons::{self, AddonRow};

/// Milliseconds for which a manifest is kept.
pub const MANIFEST_LIFE_MS: i64 = 24 * 3_600_000;

/// The manifest, from memory or from the provider: the text of a JSON object.
///
/// # Errors
/// `BadGateway` or `GatewayTimeout` when the provider has none to give.
pub async fn manifest(cx: &Context, provider: &Provider, addon: &AddonRow) -> Result<String> {
    let fresh = |at: model::Timestamp| cx.now() < at.plus_millis(MANIFEST_LIFE_MS) && at <= cx.now();
    match (&addon.manifest, addon.manifest_at) {
        (Some(text), Some(at)) if fresh(at) => Ok(text.clone()),
        _ => refresh(cx, provider, addon).await,
    }
}

/// Asks the provider, whatever is remembered.
///
/// # Errors
/// As [`manifest`].
pub async fn refresh(cx: &Context, provider: &Provider, addon: &AddonRow) -> Result<String> {
    let fetched = fetch(cx, provider, addon).await;
    let mut tx = cx.begin().await?;
    match &fetched {
        Ok(text) => {
            addons::remember_manifest(&mut tx, &addon.id, &addon.endpoint, text, cx.now()).await?;
        }
        Err(_) => addons::forget_manifest(&mut tx, &addon.id).await?,
    }
    tx.commit().await?;
    fetched
}

/// From `/manifest`; from `/` where that is not found, as the public examples and services have it.
async fn fetch(cx: &Context, provider: &Provider, addon: &AddonRow) -> Result<String> {
    let first = provider.ask(cx, addon, &Ask::of(Operation::Manifest, None)).await?;
    if first.status != StatusCode::NOT_FOUND {
        return checked(&first);
    }
    checked(&provider.ask(cx, addon, &Ask::of(Operation::Root, None)).await?)
}

fn checked(answer: &Answer) -> Result<String> {
    if answer.status != StatusCode::OK {
        return Err(trouble(&format!("answered {} when asked for its manifest", answer.status.as_u16())));
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| trouble("sent a manifest that is no text"))?;
    let read: Option<Map<String, Value>> = serde_json::from_str(text).ok();
    let named = read.is_some_and(|manifest| manifest.get("name").is_some_and(Value::is_string));
    if named { Ok(text.to_owned()) } else { Err(trouble("sent a manifest without a name")) }
}

/// Refuses a configuration that leaves out what the manifest requires. A provider that has no manifest
/// to give checks for itself; one that does not answer is not waited for twice.
///
/// # Errors
/// `Unprocessable` naming the keys; `GatewayTimeout`.
pub(crate) async fn check_required(
    cx: &Context,
    provider: &Provider,
    addon: &AddonRow,
    config: &Map<String, Value>,
) -> Result<()> {
    let text = match manifest(cx, provider, addon).await {
        Ok(text) => text,
        Err(Error::BadGateway(_)) => return Ok(()),
        Err(error) => return Err(error),
    };
    let missing = missing(&text, config);
    if missing.is_empty() {
        return Ok(());
    }
    Err(Error::Unprocessable(format!("this add-on requires a configuration of {}", missing.join(", "))))
}

/// Required keys without a value. As in clients, a key is required only when the manifest says so.
fn missing(manifest: &str, config: &Map<String, Value>) -> Vec<String> {
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    let required = |field: &Value| field.get("required") == Some(&Value::Bool(true));
    let given = |key: &String| match config.get(key) {
        None | Some(Value::Null) => false,
        Some(Value::String(text)) => !text.is_empty(),
        Some(_) => true,
    };
    let fields = manifest.get("config").and_then(Value::as_object).into_iter().flatten();
    fields.filter(|(key, field)| required(field) && !given(key)).map(|(key, _)| key.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_what_is_marked_is_required_and_any_value_will_do() {
        let manifest = json!({ "name": "n", "config": {
            "must": { "type": "string", "required": true, "pattern": "^(a+)+$" },
            "may": { "type": "string" },
            "short": "string",
            "no": { "required": false },
        } })
        .to_string();
        for (config, expect) in [
            (json!({}), vec!["must"]),
            (json!({ "must": null }), vec!["must"]),
            (json!({ "must": "" }), vec!["must"]),
            (json!({ "must": false }), vec![]),
            (json!({ "must": 0 }), vec![]),
            // a pattern is the provider's to judge, and this one would keep an engine busy for ever
            (json!({ "must": format!("{}!", "a".repeat(64)) }), vec![]),
        ] {
            assert_eq!(missing(&manifest, config.as_object().unwrap()), expect, "{config}");
        }
        assert!(missing("{\"name\":\"n\"}", &Map::new()).is_empty());
        assert!(missing("{\"config\":7}", &Map::new()).is_empty());
    }
}
