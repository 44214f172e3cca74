//! Settings of a hook that are written once and never shown again: told apart from the others when
//! they come in, sealed at rest, masked when they go out.

use crate::targets::Target;
use context::{Context, Error, Result};
use model::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// What stands where a secret is set. Sent back by a client, it means "as it was".
pub const MASK: &str = "********";

/// Longest secret, in bytes.
pub(crate) const SECRET_MAX: usize = 512;

pub(crate) type Secrets = Map<String, Value>;

/// Where secrets that were replaced and still count are kept.
pub(crate) const PREVIOUS: &str = "previous_secrets";

/// A signing secret that was replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Previous {
    pub(crate) secret: String,
    /// It counts until then.
    pub(crate) until: Timestamp,
}

/// The replaced secrets that still count, newest first.
pub(crate) fn previous(secrets: &Secrets, now: Timestamp) -> Vec<Previous> {
    let Some(kept) = secrets.get(PREVIOUS) else { return Vec::new() };
    let mut kept = Vec::<Previous>::deserialize(kept).unwrap_or_default();
    kept.retain(|one| one.until > now);
    kept
}

/// Bound to the hook, so that a sealed value cannot be moved to another.
fn purpose(hook_id: &str) -> String {
    format!("hook {hook_id}")
}

pub(crate) fn seal(cx: &Context, hook_id: &str, secrets: &Secrets) -> Vec<u8> {
    if secrets.is_empty() {
        return Vec::new();
    }
    let text = Value::Object(secrets.clone()).to_string();
    cx.seal(&purpose(hook_id), text.as_bytes())
}

pub(crate) fn open(cx: &Context, hook_id: &str, sealed: &[u8]) -> Result<Secrets> {
    if sealed.is_empty() {
        return Ok(Secrets::new());
    }
    let plain = cx.open(&purpose(hook_id), sealed)?;
    // A parser's message could quote what it read.
    serde_json::from_slice(&plain).map_err(|_| Error::internal("the sealed settings of a hook are not JSON"))
}

pub(crate) fn mask(data: &mut Map<String, Value>, secrets: &Secrets) {
    for name in secrets.keys().filter(|name| *name != PREVIOUS) {
        data.insert(name.clone(), MASK.into());
    }
}

/// Whether a secret setting is among those that came in, and not by its mask.
pub(crate) fn sent(data: &Map<String, Value>, name: &str) -> bool {
    let value = data.get(name).or_else(|| data.get(&camel_case(name)));
    value.and_then(Value::as_str).is_some_and(|text| text != MASK)
}

/// Takes the target's secret settings out of `data`, in snake case or camel case, and puts them
/// over `known`. The mask and absence keep what is known; null and the empty text remove it.
pub(crate) fn take(target: &Target, data: &mut Map<String, Value>, mut known: Secrets) -> Result<Secrets> {
    for field in target.fields.iter().filter(|field| field.kind == "secret") {
        let camel = data.shift_remove(&camel_case(field.name));
        let Some(value) = data.shift_remove(field.name).or(camel) else { continue };
        match value {
            Value::String(text) if text == MASK => {}
            Value::String(text) if text.len() > SECRET_MAX => {
                let message = format!("data.{} may have at most {SECRET_MAX} bytes", field.name);
                return Err(Error::Unprocessable(message));
            }
            Value::String(text) if !text.is_empty() => {
                // A secret that is set and not rotated is the only one from now on.
                known.shift_remove(PREVIOUS);
                known.insert(field.name.to_owned(), text.into());
            }
            Value::String(_) | Value::Null => {
                known.shift_remove(PREVIOUS);
                known.shift_remove(field.name);
            }
            _ => return Err(Error::Unprocessable(format!("data.{} must be a text", field.name))),
        }
    }
    Ok(known)
}

fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut out, part| {
        let mut letters = part.chars();
        out.extend(letters.next().map(|c| c.to_ascii_uppercase()));
        out.push_str(letters.as_str());
        out
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::targets;
    use serde_json::json;

    fn check(data: Value, known: Value, expect: Value) {
        let (Value::Object(mut data), Value::Object(known)) = (data, known) else { panic!("objects") };
        let target = targets::named("url").expect("url is a target");
        let taken = take(target, &mut data, known).map(Value::Object).map_err(|e| e.to_string());
        let expect = match expect {
            Value::String(message) => Err(message),
            secrets => Ok(secrets),
        };
        assert_eq!(taken, expect);
        assert!(taken.is_err() || data.keys().all(|key| key == "url"), "{data:?}");
    }

    #[test]
    fn secrets_are_taken_kept_or_removed() {
        let old = json!({"signature_secret": "old"});
        let new = json!({"signature_secret": "new"});
        check(json!({"url": 1, "signature_secret": "new"}), json!({}), new.clone());
        check(json!({"url": 1, "signatureSecret": "new"}), old.clone(), new.clone());
        check(json!({"signature_secret": "new", "signatureSecret": "x"}), old.clone(), new);
        check(json!({"url": 1, "signature_secret": MASK}), old.clone(), old.clone());
        check(json!({"url": 1}), old.clone(), old.clone());
        check(json!({"signature_secret": MASK}), json!({}), json!({}));
        check(json!({"signature_secret": ""}), old.clone(), json!({}));
        check(json!({"signature_secret": null}), old.clone(), json!({}));
        check(json!({"signature_secret": 7}), old.clone(), "data.signature_secret must be a text".into());
        let long = "x".repeat(SECRET_MAX + 1);
        check(
            json!({"signature_secret": long}),
            old,
            "data.signature_secret may have at most 512 bytes".into(),
        );
    }
}
