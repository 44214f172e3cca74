//! JSON Web Signatures with HS256, in compact form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// The header of every token made here.
const HEADER: &str = r#"{"alg":"HS256","typ":"JWT"}"#;

/// Why a token is not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwsError {
    /// Not three parts of base64url with JSON inside.
    #[error("not a JSON Web Token")]
    Malformed,
    /// Another algorithm than HS256; `none` above all.
    #[error("the token is not signed with HS256")]
    Algorithm,
    /// Not signed with this secret.
    #[error("the signature does not fit")]
    Signature,
}

fn mac(secret: &[u8], data: &[u8]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("HMAC takes keys of any length");
    mac.update(data);
    mac
}

/// Signs `claims` (a JSON object as text) with `secret`.
#[must_use]
pub fn sign_hs256(claims: &str, secret: &[u8]) -> String {
    signed(secret, |token| URL_SAFE_NO_PAD.encode_string(claims, token))
}

/// A token whose claims, encoded already, are written behind its header.
pub(crate) fn signed(secret: &[u8], write_claims: impl FnOnce(&mut String)) -> String {
    let mut token = URL_SAFE_NO_PAD.encode(HEADER);
    token.push('.');
    write_claims(&mut token);
    let signature = mac(secret, token.as_bytes()).finalize().into_bytes();
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    token
}

/// What the first part of a token says.
pub(crate) fn header_of(part: &str) -> Result<Value, JwsError> {
    decode(part)
}

/// The claims of a token signed with `secret`. Times inside are the caller's to judge.
///
/// # Errors
/// When the token is malformed, names another algorithm, or is signed with another secret.
pub fn verify_hs256(token: &str, secret: &[u8]) -> Result<Value, JwsError> {
    let (signed, signature) = token.rsplit_once('.').ok_or(JwsError::Malformed)?;
    let (header, claims) = signed.split_once('.').ok_or(JwsError::Malformed)?;
    let header = decode(header)?;
    if header.get("alg").and_then(Value::as_str) != Some("HS256") {
        return Err(JwsError::Algorithm);
    }
    let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| JwsError::Malformed)?;
    mac(secret, signed.as_bytes()).verify_slice(&signature).map_err(|_| JwsError::Signature)?;
    decode(claims)
}

fn decode(part: &str) -> Result<Value, JwsError> {
    let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| JwsError::Malformed)?;
    serde_json::from_slice(&bytes).map_err(|_| JwsError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_token_verifies_only_with_its_secret() {
        let token = sign_hs256(r#"{"a":1}"#, b"secret");
        assert_eq!(verify_hs256(&token, b"secret"), Ok(json!({"a": 1})));
        assert_eq!(verify_hs256(&token, b"other"), Err(JwsError::Signature));
        assert_eq!(verify_hs256(&format!("{token}x"), b"secret"), Err(JwsError::Signature));
        assert_eq!(verify_hs256(&format!("{token}!"), b"secret"), Err(JwsError::Malformed));
    }

    #[test]
    fn the_published_example_of_rfc_7519_libraries_fits() {
        // HS256 example token that every JWT library's documentation shows, secret "your-256-bit-secret".
        let token = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0NTY3ODkwIiwibmFtZSI6IkpvaG4gRG9lIiwiaWF0IjoxNTE2MjM5MDIyfQ.SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
        assert_eq!(
            verify_hs256(token, b"your-256-bit-secret").map(|c| c["name"].clone()),
            Ok("John Doe".into())
        );
    }

    #[test]
    fn tokens_without_a_signature_are_refused() {
        let none =
            format!("{}.{}.", URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#), URL_SAFE_NO_PAD.encode("{}"));
        assert_eq!(verify_hs256(&none, b""), Err(JwsError::Algorithm));
        for text in ["", "a", "a.b", "..", "a.b.c"] {
            assert_eq!(verify_hs256(text, b"s"), Err(JwsError::Malformed), "{text}");
        }
    }
}
