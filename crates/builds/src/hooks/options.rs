//! Options of a build hook: what may be asked, and how they are kept. The secret of callers is
//! sealed at rest and shown as a mask.

use context::{Context, Error, Result};
use model::{BuildHookOptions, Cidr, Condition, Verify, quoted, single_backslashes};
use serde_json::{Map, Value};
use store::build_hooks::BuildHookRow;

/// Longest time without a further call that a build may wait for: an hour.
pub const DEBOUNCE_MAX_MS: i64 = 3_600_000;
/// Longest time that calls may put a build off in all: a day.
pub const MAX_WAIT_MAX_MS: i64 = 24 * 3_600_000;
/// The same in windows, for hooks that do not say.
pub const MAX_WAIT_FACTOR: i64 = 10;
/// Most calls a minute that a hook may ask for. The log of calls, by which they are counted, keeps
/// more than that.
pub const PER_MINUTE_MAX: i64 = 300;
/// Blocks of addresses of one hook.
pub const ALLOW_MAX: usize = 50;
/// Conditions of one hook.
pub const FILTER_MAX: usize = 20;
/// Bytes of all its conditions together, as JSON.
pub const FILTER_BYTES_MAX: usize = 8192;
/// Bytes of the secret of callers.
pub const SECRET_MAX: usize = 512;
/// What stands where a secret is set. Sent back by a client, it means "as it was".
pub const MASK: &str = "********";

/// The options that a client may send beside `verify`.
const PLAIN: [&str; 6] = ["debounce_ms", "max_wait_ms", "per_minute", "allow", "filter", "clear_cache"];

/// The options as they are kept: with the sealed secret in place of the secret.
pub(super) fn kept(hook: &BuildHookRow) -> Result<BuildHookOptions> {
    serde_json::from_value(hook.options.clone()).map_err(Error::internal)
}

/// The options as they may be seen.
pub(super) fn shown(hook: &BuildHookRow) -> BuildHookOptions {
    // what cannot be read takes no calls either; a list of hooks need not fail for it
    let mut options = kept(hook).unwrap_or_default();
    if let Some(verify) = &mut options.verify {
        MASK.clone_into(&mut verify.secret);
    }
    options
}

/// The secret of callers.
pub(super) fn secret(cx: &Context, hook_id: &str, verify: &Verify) -> Result<String> {
    let sealed = hex::decode(&verify.secret).map_err(Error::internal)?;
    String::from_utf8(cx.open(&purpose(hook_id), &sealed)?).map_err(Error::internal)
}

/// Bound to the hook, so that a sealed value cannot be moved to another.
fn purpose(hook_id: &str) -> String {
    format!("build hook {hook_id}")
}

/// How long the calls of a hook put a build off: after each, and in all. None when they do not.
pub(super) fn windows(options: &BuildHookOptions) -> Option<(i64, i64)> {
    let window = options.debounce_ms?;
    let most = options.max_wait_ms.unwrap_or_else(|| (window * MAX_WAIT_FACTOR).min(MAX_WAIT_MAX_MS));
    Some((window, most))
}

/// The options after a client sent these fields: what is absent stays, null ends it.
///
/// # Errors
/// `Unprocessable` for what makes no sense or is out of bounds.
pub(super) fn changed(
    cx: &Context,
    hook_id: &str,
    old: &BuildHookOptions,
    sent: &Map<String, Value>,
) -> Result<BuildHookOptions> {
    let mut plain =
        serde_json::to_value(BuildHookOptions { verify: None, ..old.clone() }).map_err(Error::internal)?;
    for name in PLAIN {
        if let Some(value) = sent.get(name) {
            plain[name] = value.clone();
        }
    }
    if let Some(fields) = plain.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    let mut new: BuildHookOptions =
        serde_json::from_value(plain).map_err(|e| refused(single_backslashes(&e.to_string())))?;
    new.verify = match sent.get("verify") {
        None => old.verify.clone(),
        Some(Value::Null) => None,
        Some(value) => Some(sealed(cx, hook_id, old.verify.as_ref(), value)?),
    };
    new.debounce_ms = new.debounce_ms.filter(|window| *window != 0);
    if new.debounce_ms.is_none() && !sent.contains_key("max_wait_ms") {
        new.max_wait_ms = None;
    }
    check(&new)?;
    Ok(new)
}

fn refused(why: impl Into<String>) -> Error {
    Error::Unprocessable(why.into())
}

/// Reads `{kind, secret}`; a secret that is absent or masked stays what it was. No message quotes it.
fn sealed(cx: &Context, hook_id: &str, old: Option<&Verify>, sent: &Value) -> Result<Verify> {
    let kind = serde_json::from_value(sent["kind"].clone())
        .map_err(|_| refused("verify.kind is github, standard_webhooks or bearer"))?;
    let secret = match (&sent["secret"], old) {
        (Value::Null, Some(old)) => return Ok(Verify { kind, ..old.clone() }),
        (Value::String(mask), Some(old)) if mask == MASK => return Ok(Verify { kind, ..old.clone() }),
        (Value::String(text), _) if text != MASK => text,
        _ => return Err(refused("verify.secret is missing")),
    };
    if secret.is_empty() || secret.len() > SECRET_MAX {
        return Err(refused(format!("verify.secret has 1 to {SECRET_MAX} bytes")));
    }
    Ok(Verify { kind, secret: hex::encode(cx.seal(&purpose(hook_id), secret.as_bytes())) })
}

fn check(options: &BuildHookOptions) -> Result<()> {
    within("debounce_ms", options.debounce_ms, 1, DEBOUNCE_MAX_MS)?;
    within("per_minute", options.per_minute, 1, PER_MINUTE_MAX)?;
    if options.max_wait_ms.is_some() && options.debounce_ms.is_none() {
        return Err(refused("max_wait_ms means nothing without debounce_ms"));
    }
    within("max_wait_ms", options.max_wait_ms, options.debounce_ms.unwrap_or(1), MAX_WAIT_MAX_MS)?;
    if options.allow.len() > ALLOW_MAX {
        return Err(refused(format!("allow has at most {ALLOW_MAX} entries")));
    }
    for block in &options.allow {
        block.parse::<Cidr>().map_err(refused)?;
    }
    check_filter(&options.filter)
}

fn within(name: &str, value: Option<i64>, least: i64, most: i64) -> Result<()> {
    match value {
        Some(value) if !(least..=most).contains(&value) => {
            Err(refused(format!("{name} must lie between {least} and {most}")))
        }
        _ => Ok(()),
    }
}

fn check_filter(filter: &[Condition]) -> Result<()> {
    if filter.len() > FILTER_MAX {
        return Err(refused(format!("filter has at most {FILTER_MAX} conditions")));
    }
    if serde_json::to_vec(filter).map_err(Error::internal)?.len() > FILTER_BYTES_MAX {
        return Err(refused(format!("filter has more than {FILTER_BYTES_MAX} bytes")));
    }
    match filter.iter().find(|condition| !condition.path.is_empty() && !condition.path.starts_with('/')) {
        Some(condition) => {
            Err(refused(format!("filter: {} is no JSON pointer; it begins with /", quoted(&condition.path))))
        }
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use testbed::Bed;

    fn set(bed: &Bed, old: &BuildHookOptions, sent: &Value) -> Result<BuildHookOptions> {
        changed(&bed.cx, "h", old, sent.as_object().expect("fields"))
    }

    #[tokio::test]
    async fn limits_hold() {
        let bed = Bed::sqlite().await;
        let many = |n: usize| vec!["10.0.0.1"; n];
        let conditions = |n: usize| vec![json!({ "path": "/a", "exists": true }); n];
        let (long, secret) = ("x".repeat(FILTER_BYTES_MAX), "s".repeat(SECRET_MAX));
        for (sent, fine) in [
            (json!({}), true),
            (json!({ "debounce_ms": 0 }), true),
            (json!({ "debounce_ms": -1 }), false),
            (json!({ "debounce_ms": "5" }), false),
            (json!({ "debounce_ms": DEBOUNCE_MAX_MS }), true),
            (json!({ "debounce_ms": DEBOUNCE_MAX_MS + 1 }), false),
            (json!({ "debounce_ms": 5, "max_wait_ms": 5 }), true),
            (json!({ "debounce_ms": 5, "max_wait_ms": 4 }), false),
            (json!({ "debounce_ms": 5, "max_wait_ms": MAX_WAIT_MAX_MS }), true),
            (json!({ "debounce_ms": 5, "max_wait_ms": MAX_WAIT_MAX_MS + 1 }), false),
            (json!({ "max_wait_ms": 5 }), false),
            (json!({ "per_minute": 0 }), false),
            (json!({ "per_minute": PER_MINUTE_MAX }), true),
            (json!({ "per_minute": PER_MINUTE_MAX + 1 }), false),
            (json!({ "allow": many(ALLOW_MAX) }), true),
            (json!({ "allow": many(ALLOW_MAX + 1) }), false),
            (json!({ "allow": ["10.0.0.0/8", "fd00::/8", "::1"] }), true),
            (json!({ "allow": ["10.0.0.0/33"] }), false),
            (json!({ "allow": "10.0.0.1" }), false),
            (json!({ "filter": conditions(FILTER_MAX) }), true),
            (json!({ "filter": conditions(FILTER_MAX + 1) }), false),
            (json!({ "filter": [{ "path": "/a", "equals": long }] }), false),
            (json!({ "filter": [{ "path": "a" }] }), false),
            (json!({ "filter": [{ "path": "", "exists": true }] }), true),
            (json!({ "filter": [{ "path": "/a", "equal": 1 }] }), false),
            (json!({ "clear_cache": true }), true),
            (json!({ "clear_cache": "yes" }), false),
            (json!({ "verify": { "kind": "github", "secret": secret } }), true),
            (json!({ "verify": { "kind": "github", "secret": format!("{secret}s") } }), false),
            (json!({ "verify": { "kind": "github", "secret": "" } }), false),
            (json!({ "verify": { "kind": "github", "secret": MASK } }), false),
            (json!({ "verify": { "kind": "github" } }), false),
            (json!({ "verify": { "kind": "basic", "secret": "x" } }), false),
            (json!({ "verify": "x" }), false),
        ] {
            let outcome = set(&bed, &BuildHookOptions::default(), &sent);
            assert_eq!(outcome.is_ok(), fine, "{sent} {outcome:?}");
            assert!(matches!(outcome, Ok(_) | Err(Error::Unprocessable(_))), "{sent}");
        }
    }

    #[tokio::test]
    async fn what_is_absent_stays_and_null_ends_it() {
        let bed = Bed::sqlite().await;
        let all = json!({
            "debounce_ms": 5, "max_wait_ms": 9, "per_minute": 3, "allow": ["::1"], "clear_cache": true,
            "filter": [{ "path": "/a", "in": [1, "x"] }], "verify": { "kind": "bearer", "secret": "hunter2" },
        });
        let first = set(&bed, &BuildHookOptions::default(), &all).expect("they are fine");
        assert_eq!(set(&bed, &first, &json!({ "title": "t" })).expect("fine"), first);
        let verify = first.verify.clone().expect("set");
        assert_eq!(secret(&bed.cx, "h", &verify).expect("it opens"), "hunter2");
        assert!(secret(&bed.cx, "other", &verify).is_err());
        let masked = json!({ "verify": { "kind": "github", "secret": MASK }, "debounce_ms": null });
        let second = set(&bed, &first, &masked).expect("fine");
        assert_eq!((second.debounce_ms, second.max_wait_ms, second.per_minute), (None, None, Some(3)));
        let verify = second.verify.clone().expect("kept");
        assert_eq!(secret(&bed.cx, "h", &verify).expect("it opens"), "hunter2");
        let none =
            json!({ "verify": null, "per_minute": null, "allow": null, "filter": [], "clear_cache": null });
        assert_eq!(set(&bed, &second, &none).expect("fine"), BuildHookOptions::default());
    }

    #[test]
    fn the_longest_wait_follows_the_window() {
        let windows = |window: i64, most: Option<i64>| {
            super::windows(&BuildHookOptions {
                debounce_ms: Some(window),
                max_wait_ms: most,
                ..BuildHookOptions::default()
            })
        };
        assert_eq!(windows(2000, None), Some((2000, 2000 * MAX_WAIT_FACTOR)));
        assert_eq!(windows(2000, Some(3000)), Some((2000, 3000)));
        assert_eq!(
            windows(DEBOUNCE_MAX_MS, None),
            Some((DEBOUNCE_MAX_MS, DEBOUNCE_MAX_MS * MAX_WAIT_FACTOR))
        );
        assert_eq!(super::windows(&BuildHookOptions::default()), None);
    }
}
