//! The signature by which GitHub, and many in its manner, sign what they send.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Value of `X-Hub-Signature-256` for this body: `sha256=` and the HMAC in lower-case hex.
#[must_use]
pub fn hub_signature(body: &[u8], secret: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes keys of any length");
    mac.update(body);
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
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
