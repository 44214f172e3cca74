//! Deliveries as a server makes them, and the parts to make wrong ones of.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::time::SystemTime;

/// A deploy, in the compact form in which servers write it.
pub(super) const COMPACT: &str = concat!(
    r#"{"id":"695735a500000000000000ff","site_id":"11111111-1111-4111-8111-111111111111","state":"ready","#,
    r#""name":"calm-boat","url":"http://calm-boat.localhost:8888","branch":"main","context":"production","#,
    r#""title":"A delivery of boathook hooks check","deploy_time":12,"created_at":"2026-01-02T03:04:05.678Z"}"#,
);

/// The same deploy in bytes that no JSON library would write again: a consumer that verifies anything
/// but the bytes it was sent takes this for forged.
pub(super) const ODD: &str = concat!(
    "{ \"state\" : \"re\\u0061dy\",\r\n\t\"id\":\"695735a500000000000000ff\", \"deploy_time\": 1.20e1,",
    " \"url\":\"http:\\/\\/calm-boat.localhost:8888\", \"name\":\"B\u{e5}t\",\"site_id\":",
    "\"11111111-1111-4111-8111-111111111111\",\"branch\":\"main\",\"context\":\"production\" }\n",
);

/// Headers that carry signatures.
pub(super) const JWS: [&str; 2] = ["x-webhook-signature", "x-nf-sign"];
/// The header of Standard Webhooks.
pub(super) const STANDARD: &str = "webhook-signature";

/// One delivery.
#[derive(Clone, Debug)]
pub(super) struct Shipment {
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

impl Shipment {
    /// The same without these headers.
    pub(super) fn without(mut self, names: &[&str]) -> Self {
        self.headers.retain(|(name, _)| !names.contains(name));
        self
    }

    /// The same with another token.
    pub(super) fn with_token(mut self, token: &str) -> Self {
        for (_, value) in self.headers.iter_mut().filter(|(name, _)| JWS.contains(name)) {
            token.clone_into(value);
        }
        self
    }

    /// The same signatures over another body.
    pub(super) fn with_body(self, body: &str) -> Self {
        Self { body: body.to_owned(), ..self }
    }
}

/// Makes deliveries.
pub(super) struct Kit {
    secret: Option<String>,
    now: i64,
}

impl Kit {
    pub(super) fn new(secret: Option<&str>) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.context("this machine's clock is before 1970")?.as_secs())?;
        Ok(Self { secret: secret.map(ToOwned::to_owned), now })
    }

    pub(super) fn now(&self) -> i64 {
        self.now
    }

    /// A right delivery of the compact body.
    pub(super) fn right(&self) -> anyhow::Result<Shipment> {
        self.of(COMPACT)
    }

    /// A right delivery of this body.
    pub(super) fn of(&self, body: &str) -> anyhow::Result<Shipment> {
        Ok(shipment(&new_id()?, self.now, body, self.secret.as_deref()))
    }

    /// A right delivery that was made at another time.
    pub(super) fn at(&self, seconds: i64) -> anyhow::Result<Shipment> {
        Ok(shipment(&new_id()?, seconds, COMPACT, self.secret.as_deref()))
    }

    /// A delivery that is signed with another secret.
    pub(super) fn signed_with(&self, secret: &str) -> anyhow::Result<Shipment> {
        Ok(shipment(&new_id()?, self.now, COMPACT, Some(secret)))
    }

    /// A token with this header and these claims, signed with the right secret.
    pub(super) fn token(&self, claims: &str) -> String {
        signing::sign_hs256(claims, self.secret.as_deref().unwrap_or_default().as_bytes())
    }
}

fn shipment(id: &str, seconds: i64, body: &str, secret: Option<&str>) -> Shipment {
    let mut headers = vec![("webhook-id", id.to_owned()), ("webhook-timestamp", seconds.to_string())];
    if let Some(secret) = secret {
        let token = signing::notification_token(body.as_bytes(), secret.as_bytes());
        let standard = signing::standard_headers(id, seconds, body.as_bytes(), secret);
        headers.extend(JWS.map(|name| (name, token.clone())));
        headers.push((STANDARD, standard.signature));
    }
    Shipment { headers, body: body.to_owned() }
}

/// Claims of the notification token over a body.
pub(super) fn claims(issuer: &str, body: &str) -> String {
    format!(r#"{{"iss":"{issuer}","sha256":"{}"}}"#, signing::sha256_hex(body.as_bytes()))
}

/// A token that names no algorithm and has no signature.
pub(super) fn unsigned_token(claims: &str) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    format!("{header}.{}.", URL_SAFE_NO_PAD.encode(claims))
}

fn new_id() -> anyhow::Result<String> {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("this machine has no random numbers: {error}"))?;
    Ok(format!("msg_{}", hex::encode(bytes)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn the_odd_body_is_json_that_nobody_writes_again() {
        let odd: Value = serde_json::from_str(ODD).unwrap();
        assert_eq!(odd["state"], "ready");
        assert_ne!(odd.to_string(), ODD);
        let compact: Value = serde_json::from_str(COMPACT).unwrap();
        assert_eq!(compact.to_string(), COMPACT);
    }

    #[test]
    fn shipments_are_what_servers_send() {
        let kit = Kit::new(Some("s")).unwrap();
        let shipment = kit.right().unwrap();
        let header = |name: &str| &shipment.headers.iter().find(|(each, _)| *each == name).unwrap().1;
        for name in JWS {
            let claims = signing::verify_hs256(header(name), b"s").unwrap().to_string();
            assert_eq!(claims, super::claims("netlify", COMPACT));
        }
        let now = kit.now();
        let standard = signing::standard_headers(header("webhook-id"), now, COMPACT.as_bytes(), "s");
        assert_eq!(header(STANDARD), &standard.signature);
        assert_eq!(Kit::new(None).unwrap().right().unwrap().headers.len(), 2);
    }
}
