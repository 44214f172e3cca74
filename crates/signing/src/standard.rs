//! The Standard Webhooks headers, sent beside the token of seed 003 so that receivers can refuse
//! replays: the token itself carries no time.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Prefix of secrets that are base64 rather than text.
const SECRET_PREFIX: &str = "whsec_";

/// Values of the three headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardHeaders {
    /// `webhook-id`: the same on every try.
    pub id: String,
    /// `webhook-timestamp`: seconds since the epoch, of this try.
    pub timestamp: String,
    /// `webhook-signature`: `v1,<base64>`.
    pub signature: String,
}

/// The key behind a hook's secret: the decoded rest of `whsec_…`, else the text itself.
#[must_use]
pub fn webhook_secret_bytes(secret: &str) -> Vec<u8> {
    secret
        .strip_prefix(SECRET_PREFIX)
        .and_then(|rest| STANDARD.decode(rest).ok())
        .unwrap_or_else(|| secret.as_bytes().to_vec())
}

/// Headers for one try of message `id` with this body, at `seconds` since the epoch.
#[must_use]
pub fn standard_headers(id: &str, seconds: i64, body: &[u8], secret: &str) -> StandardHeaders {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&webhook_secret_bytes(secret)).expect("HMAC takes keys of any length");
    mac.update(format!("{id}.{seconds}.").as_bytes());
    mac.update(body);
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    StandardHeaders { id: id.to_owned(), timestamp: seconds.to_string(), signature }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_vector_fits() {
        // Test vector of the Standard Webhooks libraries.
        let headers = standard_headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        );
        assert_eq!(headers.signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(headers.timestamp, "1614265330");
    }

    #[test]
    fn plain_secrets_are_their_own_key() {
        assert_eq!(webhook_secret_bytes("abc"), b"abc");
        assert_eq!(webhook_secret_bytes("whsec_not base64"), b"whsec_not base64");
    }
}
