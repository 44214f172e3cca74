//! Which roles a visitor holds: claims of the `nf_jwt` cookie, which counts only when it is signed
//! with the secret of the site and neither expired nor too early.

use crate::sites::Visitors;
use model::Timestamp;
use serde_json::Value;

/// Cookie of the token.
const COOKIE: &str = "nf_jwt";

/// Whether the cookies of a request hold a token with one of the roles.
pub(crate) fn holds_one(
    visitors: Option<&Visitors>,
    cookies: &str,
    roles: &[String],
    now: Timestamp,
) -> bool {
    let Some(visitors) = visitors else { return false };
    let pairs = cookies.split(';').filter_map(|pair| pair.split_once('='));
    let mut tokens = pairs.filter(|(name, _)| name.trim() == COOKIE).map(|(_, token)| token.trim());
    tokens.any(|token| {
        let claims = signing::verify_hs256(token, &visitors.secret);
        claims.is_ok_and(|claims| is_valid_at(&claims, now) && has_role(visitors, &claims, roles))
    })
}

/// A time that is there and no number makes the token invalid.
fn is_valid_at(claims: &Value, now: Timestamp) -> bool {
    let now = now.0 as f64 / 1000.0;
    let judge = |name: &str, fits: &dyn Fn(f64) -> bool| match claims.get(name) {
        None | Some(Value::Null) => true,
        Some(time) => time.as_f64().is_some_and(fits),
    };
    judge("exp", &|exp| now < exp) && judge("nbf", &|nbf| nbf <= now)
}

fn has_role(visitors: &Visitors, claims: &Value, wanted: &[String]) -> bool {
    let own = visitors.roles_path.as_deref();
    let usual = if own.is_none() { &::sites::identity::ROLES_PATHS[..] } else { &[] };
    let mut paths = own.into_iter().chain(usual.iter().copied());
    paths.any(|path| {
        let found = path.split('.').try_fold(claims, |value, name| value.get(name));
        found.is_some_and(|found| names(found).any(|role| wanted.iter().any(|one| one == role)))
    })
}

/// A list of texts, or one text.
fn names(roles: &Value) -> impl Iterator<Item = &str> {
    let list = roles.as_array().map_or_else(|| std::slice::from_ref(roles), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn check(path: Option<&str>, claims: &Value, secret: &[u8], expect: bool) {
        let visitors = Visitors { secret: b"secret".to_vec(), roles_path: path.map(str::to_owned) };
        let token = signing::sign_hs256(&claims.to_string(), secret);
        let cookies = format!("a=b; nf_jwt={token}; c=d");
        let wanted = ["admin".to_owned(), "editor".to_owned()];
        assert_eq!(holds_one(Some(&visitors), &cookies, &wanted, NOW), expect, "{path:?} {claims}");
        assert!(!holds_one(None, &cookies, &wanted, NOW));
    }

    #[test]
    fn roles_are_found_where_they_are_written() {
        let usual = json!({"app_metadata": {"authorization": {"roles": ["x", "editor"]}}});
        let identity = json!({"app_metadata": {"roles": ["admin"]}});
        let own = json!({"https://a": {"groups": "admin"}});
        check(None, &usual, b"secret", true);
        check(None, &identity, b"secret", true);
        check(None, &own, b"secret", false);
        check(Some("https://a.groups"), &own, b"secret", true);
        check(Some("https://a.groups"), &usual, b"secret", false);
        check(None, &json!({"app_metadata": {"roles": ["ADMIN", 7, null]}}), b"secret", false);
        check(None, &json!({"app_metadata": []}), b"secret", false);
    }

    #[test]
    fn only_a_valid_token_counts() {
        let at = |times: Value| {
            let mut claims = json!({"app_metadata": {"roles": ["admin"]}});
            for (name, time) in times.as_object().into_iter().flatten() {
                claims[name] = time.clone();
            }
            claims
        };
        check(None, &at(json!({})), b"other", false);
        for (times, expect) in [
            (json!({"exp": 1001}), true),
            (json!({"exp": 1000}), false),
            (json!({"exp": 999}), false),
            (json!({"exp": "2100"}), false),
            (json!({"nbf": 1000}), true),
            (json!({"nbf": 1001}), false),
            (json!({"exp": null}), true),
        ] {
            check(None, &at(times), b"secret", expect);
        }
    }
}
