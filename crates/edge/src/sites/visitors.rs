//! Who the visitors of a site are: the one place that knows which secrets verify their tokens, and
//! what else makes a token count. Whoever asks gets the claims of a token that counts, or nothing.

use ::sites::identity::{self, Secrets};
use context::Context;
use model::{Timestamp, TokenTerms};
use serde_json::{Map, Value};
use std::sync::Arc;
use store::sites::SiteRow;

/// What a token says.
pub(crate) type Claims = Map<String, Value>;

/// What verifies the visitors of a site, and where their roles are.
pub(crate) struct Visitors {
    pub(crate) secrets: Secrets,
    pub(crate) terms: TokenTerms,
}

impl Visitors {
    /// None when no token can count. A secret that cannot be opened is none.
    pub(crate) fn of(cx: &Context, site: &SiteRow) -> Option<Arc<Self>> {
        let secrets = identity::secrets(cx, site).unwrap_or_else(|error| {
            tracing::error!(site = site.id, %error, "the secrets of a site's visitors cannot be opened");
            None
        })?;
        Some(Arc::new(Self { secrets, terms: site.info.token_terms.clone() }))
    }

    /// The claims of a token that counts now: signed with HS256 and a secret of the site, neither
    /// expired nor too early, and of the site's issuer and audience where it names them.
    pub(crate) fn claims(&self, token: &str, now: Timestamp) -> Option<Claims> {
        let mut verified =
            self.secrets.all(now).filter_map(|secret| signing::verify_hs256(token, secret).ok());
        let Some(Value::Object(claims)) = verified.next() else { return None };
        (is_valid_at(&claims, now) && self.is_for_us(&claims)).then_some(claims)
    }

    /// Whether the claims hold one of the roles.
    pub(crate) fn have_role(&self, claims: &Claims, wanted: &[String]) -> bool {
        let own = self.terms.jwt_roles_path.as_deref();
        let usual = if own.is_none() { &identity::ROLES_PATHS[..] } else { &[] };
        let mut paths = own.into_iter().chain(usual.iter().copied());
        paths.any(|path| {
            let found = at(claims, path);
            found.is_some_and(|found| texts(found).any(|role| wanted.iter().any(|one| one == role)))
        })
    }

    fn is_for_us(&self, claims: &Claims) -> bool {
        let says = |name: &str, wanted: &Option<String>| {
            let Some(wanted) = wanted else { return true };
            claims.get(name).is_some_and(|said| texts(said).any(|one| one == wanted))
        };
        says("iss", &self.terms.jwt_issuer) && says("aud", &self.terms.jwt_audience)
    }
}

/// A time that is there and no number makes the token invalid.
fn is_valid_at(claims: &Claims, now: Timestamp) -> bool {
    let now = now.0 as f64 / 1000.0;
    let judge = |name: &str, fits: &dyn Fn(f64) -> bool| match claims.get(name) {
        None | Some(Value::Null) => true,
        Some(time) => time.as_f64().is_some_and(fits),
    };
    judge("exp", &|exp| now < exp) && judge("nbf", &|nbf| nbf <= now)
}

/// The claim of that name, which may be an address with dots in it, or else the one at the end of a
/// path of names with dots between them.
fn at<'c>(claims: &'c Claims, path: &str) -> Option<&'c Value> {
    claims.get(path).or_else(|| {
        let mut names = path.split('.');
        let first = claims.get(names.next()?)?;
        names.try_fold(first, |value, name| value.get(name))
    })
}

/// A list of texts, or one text.
fn texts(value: &Value) -> impl Iterator<Item = &str> {
    let list = value.as_array().map_or_else(|| std::slice::from_ref(value), Vec::as_slice);
    list.iter().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const NOW: Timestamp = Timestamp(1_000_000);

    fn visitors() -> Visitors {
        let previous = vec![(b"old".to_vec(), Timestamp(NOW.0 + 1)), (b"dead".to_vec(), NOW)];
        let secrets = Secrets { current: b"secret".to_vec(), previous };
        Visitors { secrets, terms: TokenTerms::default() }
    }

    fn signed(claims: &Value, secret: &str) -> String {
        signing::sign_hs256(&claims.to_string(), secret.as_bytes())
    }

    /// Whether a token of these claims, signed with the current secret, counts.
    fn check(visitors: &Visitors, claims: &Value, expect: bool) {
        let found = visitors.claims(&signed(claims, "secret"), NOW);
        let wanted = if expect { claims.as_object().cloned() } else { None };
        assert_eq!(found, wanted, "{claims}");
    }

    #[test]
    fn only_a_token_of_this_moment_counts() {
        for (claims, expect) in [
            (json!({"sub": "ä"}), true),
            (json!({"exp": 1001}), true),
            (json!({"exp": 1000}), false),
            (json!({"exp": 999}), false),
            (json!({"exp": "2100"}), false),
            (json!({"exp": null}), true),
            (json!({"nbf": 1000}), true),
            (json!({"nbf": 1000.5}), false),
            (json!({"nbf": 1001}), false),
            (json!([]), false),
            (json!("text"), false),
        ] {
            check(&visitors(), &claims, expect);
        }
    }

    #[test]
    fn only_the_secrets_of_the_site_verify_and_each_in_its_time() {
        for (secret, expect) in
            [("secret", true), ("old", true), ("dead", false), ("other", false), ("", false)]
        {
            let token = signed(&json!({"sub": "x"}), secret);
            assert_eq!(visitors().claims(&token, NOW).is_some(), expect, "{secret}");
            let later = visitors().claims(&token, Timestamp(NOW.0 + 1));
            assert_eq!(later.is_some(), secret == "secret", "{secret}");
        }
    }

    #[test]
    fn other_algorithms_never_count() {
        use base64::Engine as _;
        let part = |value: Value| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let claims = part(json!({"sub": "x"}));
        let real = signed(&json!({"sub": "x"}), "secret");
        let signature = real.rsplit('.').next().unwrap_or_default();
        for alg in ["none", "None", "HS384", "RS256", "hs256", ""] {
            for signature in ["", signature] {
                let token = format!("{}.{claims}.{signature}", part(json!({"alg": alg, "typ": "JWT"})));
                assert_eq!(visitors().claims(&token, NOW), None, "{alg}");
            }
        }
        for token in ["", ".", "..", "a.b.c", &real[1..], &real[..real.len() - 2]] {
            assert_eq!(visitors().claims(token, NOW), None, "{token}");
        }
    }

    #[test]
    fn issuer_and_audience_count_where_the_site_names_them() {
        let terms = TokenTerms {
            jwt_roles_path: None,
            jwt_issuer: Some("https://id.example/".into()),
            jwt_audience: Some("shop".into()),
        };
        let named = || Visitors { terms: terms.clone(), ..visitors() };
        for (claims, expect) in [
            (json!({"iss": "https://id.example/", "aud": "shop"}), true),
            (json!({"iss": "https://id.example/", "aud": ["other", "shop"]}), true),
            (json!({"iss": "https://id.example", "aud": "shop"}), false),
            (json!({"iss": "https://id.example/", "aud": ["other"]}), false),
            (json!({"iss": "https://id.example/", "aud": null}), false),
            (json!({"iss": "https://id.example/"}), false),
            (json!({"aud": "shop"}), false),
        ] {
            check(&named(), &claims, expect);
            check(&visitors(), &claims, true);
        }
    }

    #[test]
    fn roles_are_found_where_they_are_written() {
        let usual = json!({"app_metadata": {"authorization": {"roles": ["x", "editor"]}}});
        let identity = json!({"app_metadata": {"roles": ["admin"]}});
        let own = json!({"https://a": {"groups": "admin"}});
        let address = json!({"https://a.example/roles": ["admin"]});
        for (path, claims, expect) in [
            (None, &usual, true),
            (None, &identity, true),
            (None, &own, false),
            (Some("https://a.groups"), &own, true),
            (Some("https://a.groups"), &usual, false),
            (Some("https://a.example/roles"), &address, true),
            (None, &json!({"app_metadata": {"roles": ["ADMIN", 7, null]}}), false),
            (None, &json!({"app_metadata": []}), false),
        ] {
            let terms = TokenTerms { jwt_roles_path: path.map(str::to_owned), ..TokenTerms::default() };
            let visitors = Visitors { terms, ..visitors() };
            let wanted = ["admin".to_owned(), "editor".to_owned()];
            let claims = claims.as_object().cloned().unwrap_or_default();
            assert_eq!(visitors.have_role(&claims, &wanted), expect, "{path:?} {claims:?}");
        }
    }
}
