//! The token of URL notifications: `X-Webhook-Signature` and `X-Nf-Sign` (seeds 003 and 004).

use crate::{sha256_hex, sign_hs256};

/// The `iss` claim of every notification.
pub const ISSUER: &str = "netlify";

/// The token over exactly these body bytes. Its claims are `iss` and `sha256` and nothing else:
/// consumers compare both, and a retry of the same body carries the same token.
#[must_use]
pub fn notification_token(body: &[u8], secret: &[u8]) -> String {
    notification_token_of(&sha256_hex(body), secret)
}

/// The same over a body whose SHA-256, in lower-case hex, is known.
#[must_use]
pub fn notification_token_of(sha256: &str, secret: &[u8]) -> String {
    sign_hs256(&format!(r#"{{"iss":"{ISSUER}","sha256":"{sha256}"}}"#), secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify_hs256;
    use serde_json::json;

    #[test]
    fn claims_are_issuer_and_digest_only() {
        let token = notification_token(b"{}", b"s");
        let digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
        assert_eq!(verify_hs256(&token, b"s"), Ok(json!({"iss": "netlify", "sha256": digest})));
        assert_ne!(token, notification_token(b"{ }", b"s"));
    }
}
