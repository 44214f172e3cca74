//! Which roles a visitor holds: claims of the `nf_jwt` cookie, where the site's [`Visitors`] say that
//! the token counts.

use crate::sites::Visitors;
use model::Timestamp;

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
    tokens.any(|token| visitors.claims(token, now).is_some_and(|claims| visitors.have_role(&claims, roles)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::sites::identity::Secrets;
    use serde_json::json;

    #[test]
    fn the_first_token_that_counts_and_holds_a_role_is_enough() {
        let secrets = Secrets { current: b"secret".to_vec(), previous: Vec::new() };
        let visitors = Visitors { secrets, terms: model::TokenTerms::default() };
        let token = |role: &str, secret: &str| {
            let claims = json!({"app_metadata": {"roles": [role]}}).to_string();
            format!("nf_jwt={}", signing::sign_hs256(&claims, secret.as_bytes()))
        };
        let (admin, user, forged) = (token("admin", "secret"), token("user", "secret"), token("admin", "x"));
        let wanted = ["admin".to_owned(), "editor".to_owned()];
        for (cookies, expect) in [
            (admin.clone(), true),
            (format!("a=b; {admin} ; c=d"), true),
            (format!("{forged}; {user}; {admin}"), true),
            (format!("{forged}; {user}"), false),
            (admin.replace("nf_jwt", "NF_JWT"), false),
            ("nf_jwt=; nf_jwt".to_owned(), false),
            (String::new(), false),
        ] {
            assert_eq!(holds_one(Some(&visitors), &cookies, &wanted, Timestamp(0)), expect, "{cookies}");
            assert!(!holds_one(None, &cookies, &wanted, Timestamp(0)));
        }
    }
}
