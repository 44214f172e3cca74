//! A token of one issuer signed anew for another reader, what it says left as it is to the byte.

use crate::jws::{header_of, signed};

/// The token with the same claims, signed with `secret`: expiry, order and spelling stay. None when it
/// is no token in compact form, or when its header asks for more than a signature (`crit`, RFC 7515
/// section 4.1.11). Whether the old signature is good is the caller's to judge, before.
#[must_use]
pub fn resigned(token: &str, secret: &[u8]) -> Option<String> {
    let (header, rest) = token.split_once('.')?;
    let (claims, _) = rest.split_once('.')?;
    if header_of(header).ok()?.get("crit").is_some() {
        return None;
    }
    Some(signed(secret, |token| token.push_str(claims)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{JwsError, sign_hs256, verify_hs256};
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    #[test]
    fn claims_stay_as_they_are_to_the_byte() {
        for claims in [
            r#"{ "b":1.0,"a":"ä\u00e4 🦆", "exp" : 1e9,"b":2 }"#,
            r#"{"aud":["x"],"user_metadata":{"name":"Ж"}}"#,
        ] {
            let token = sign_hs256(claims, b"theirs");
            let again = resigned(&token, b"ours").expect("it is a token");
            assert_eq!(again.split('.').nth(1), token.split('.').nth(1));
            assert!(verify_hs256(&again, b"ours").is_ok());
            assert_eq!(verify_hs256(&again, b"theirs"), Err(JwsError::Signature));
        }
    }

    #[test]
    fn what_a_header_demands_is_not_signed_away() {
        let token = sign_hs256("{}", b"theirs");
        let rest = token.split_once('.').expect("it has parts").1;
        for (header, expect) in [
            (r#"{"alg":"HS256","kid":"nf-ident","x":1}"#, true),
            (r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, false),
            ("[", false),
        ] {
            let token = format!("{}.{rest}", URL_SAFE_NO_PAD.encode(header));
            assert_eq!(resigned(&token, b"ours").is_some(), expect, "{header}");
        }
        for text in ["", "a", "a.b", "a.b.c"] {
            assert_eq!(resigned(text, b"ours"), None, "{text}");
        }
    }
}
