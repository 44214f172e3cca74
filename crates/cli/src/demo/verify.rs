//! How a consumer checks a notification (seeds 003 and 004): a JWS of HS256 whose claims name the
//! issuer and the digest of the exact body. Written as a consumer in any language would write it.

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

#[derive(Deserialize)]
struct Header {
    alg: String,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sha256: String,
}

/// The claims as they stand in the token, once everything fits.
pub(super) fn claims(token: &str, body: &[u8], secret: &[u8]) -> anyhow::Result<String> {
    let (signed, signature) = token.rsplit_once('.').context("the signature is no JWS")?;
    let (header, claims) = signed.split_once('.').context("the signature is no JWS")?;
    let algorithm = serde_json::from_slice::<Header>(&decode(header)?)?.alg;
    if algorithm != "HS256" {
        bail!("the signature's algorithm is {algorithm} instead of HS256");
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).context("the secret cannot be a key")?;
    mac.update(signed.as_bytes());
    if mac.verify_slice(&decode(signature)?).is_err() {
        bail!("the signature was not made with the hook's secret");
    }
    let text = String::from_utf8(decode(claims)?).context("the claims are no text")?;
    let claims: Claims = serde_json::from_str(&text).context("the claims are not as they should be")?;
    if claims.iss != "netlify" {
        bail!("the issuer is {} instead of \"netlify\"", model::quoted(&claims.iss));
    }
    if claims.sha256 != hex::encode(Sha256::digest(body)) {
        bail!("the signature belongs to another body");
    }
    Ok(text)
}

fn decode(part: &str) -> anyhow::Result<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(part).context("the signature is no JWS")
}

#[cfg(test)]
pub(super) fn signed(header: &str, claims: &str, secret: &[u8]) -> String {
    let text = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(claims));
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(text.as_bytes());
    format!("{text}.{}", URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = r#"{"alg":"HS256"}"#;

    fn claims_of(body: &[u8], iss: &str) -> String {
        format!(r#"{{"iss":"{iss}","sha256":"{}"}}"#, hex::encode(Sha256::digest(body)))
    }

    #[test]
    fn only_the_right_token_passes() {
        let good = claims_of(b"{}", "netlify");
        assert_eq!(claims(&signed(HEADER, &good, b"s"), b"{}", b"s").unwrap(), good);
        for (token, why) in [
            (signed(HEADER, &good, b"other"), "hook's secret"),
            (signed(HEADER, &claims_of(b"{ }", "netlify"), b"s"), "another body"),
            (signed(HEADER, &claims_of(b"{}", "nobody"), b"s"), "issuer"),
            (signed(r#"{"alg":"none"}"#, &good, b"s"), "algorithm"),
            ("abc".to_owned(), "no JWS"),
            ("a.b.c".to_owned(), "no JWS"),
        ] {
            let said = claims(&token, b"{}", b"s").unwrap_err().to_string();
            assert!(said.contains(why), "{said}");
        }
    }
}
