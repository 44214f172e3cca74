//! The signature by which an origin knows that a request came through the site (contract edge 1.3,
//! "Signed proxy").

use crate::sites::Signer;
use model::Timestamp;
use serde_json::json;

/// Seconds for which a signature is good.
pub(super) const VALID_SECONDS: i64 = 5 * 60;

/// The value of `x-nf-sign`: a JWS that says which site sends the request, and until when to
/// believe it.
pub(super) fn token(signer: &Signer, now: Timestamp, secret: &str) -> String {
    let claims = json!({
        "exp": now.seconds() + VALID_SECONDS,
        "iss": signing::ISSUER,
        "deploy_context": signer.deploy_context.as_str(),
        "netlify_id": &*signer.site_id,
        "site_url": &*signer.site_url,
    });
    signing::sign_hs256(&claims.to_string(), secret.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::DeployContext;

    #[test]
    fn the_token_says_what_the_contract_says_and_no_more() {
        let signer = Signer {
            account_id: "a".into(),
            site_id: "s".into(),
            site_url: "https://s.example".into(),
            deploy_context: DeployContext::DeployPreview,
        };
        let token = token(&signer, Timestamp(1_000_999), "secret");
        let expect = json!({
            "exp": 1300,
            "iss": "netlify",
            "deploy_context": "deploy-preview",
            "netlify_id": "s",
            "site_url": "https://s.example",
        });
        assert_eq!(signing::verify_hs256(&token, b"secret"), Ok(expect));
        assert!(signing::verify_hs256(&token, b"").is_err());
    }
}
