//! The signature by which GitHub, and many in its manner, sign what they send.

use crate::hmac_sha256_hex;

/// Value of `X-Hub-Signature-256` for this body: `sha256=` and the HMAC in lower-case hex.
#[must_use]
pub fn hub_signature(body: &[u8], secret: &str) -> String {
    format!("sha256={}", hmac_sha256_hex(secret.as_bytes(), body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_test_vector_fits() {
        // From GitHub's page on validating deliveries.
        assert_eq!(
            hub_signature(b"Hello, World!", "It's a Secret to Everybody"),
            "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
        );
    }
}
