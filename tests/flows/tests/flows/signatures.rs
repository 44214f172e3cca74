//! What a receiver gets, byte by byte, and how it can tell that it came from here.

use crate::support::{id, live_site, lock_and_unlock, sha256, text};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::{Delivered, both};

const SECRET: &str = "not so secret in a test";

fn hmac(key: &[u8], data: &[u8]) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("keys have any length");
    mac.update(data);
    mac.finalize().into_bytes().to_vec()
}

/// Header and claims of a token, checked as RFC 7515 says and not by the code that made it.
pub fn claims(token: &str, key: &[u8]) -> (Value, Value) {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts[..] else { panic!("{token} has no three parts") };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap_or_else(|error| panic!("{part}: {error}"));
    assert_eq!(
        decode(signature),
        hmac(key, format!("{header}.{claims}").as_bytes()),
        "the signature does not fit"
    );
    let json =
        |part: &str| serde_json::from_slice(&decode(part)).unwrap_or_else(|error| panic!("{part}: {error}"));
    (json(header), json(claims))
}

/// The value of the Standard Webhooks signature that a receiver computes.
fn standard_signature(delivered: &Delivered) -> String {
    let (id, at) = (delivered.id(), delivered.any_case("webhook-timestamp").unwrap_or_default());
    let mut signed = format!("{id}.{at}.").into_bytes();
    signed.extend(&delivered.body);
    format!("v1,{}", STANDARD.encode(hmac(SECRET.as_bytes(), &signed)))
}

both! {
    /// Both names of the token, spelled as consumers look them up, and a signature that fits the bytes.
    async fn deliveries_are_signed(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (site, deploy) = live_site(&owner, "signed").await;
        owner.hook(id(&site), &["deploy_locked"], &receiver.url(), Some(SECRET)).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        let delivered = receiver.wait_for(1).await.remove(0);
        assert_eq!((delivered.method.as_str(), delivered.path.as_str()), ("POST", "/in"));
        assert_eq!(delivered.header("X-Netlify-Event"), Some("deploy_locked"), "{:?}", delivered.headers);
        let token = delivered.header("X-Webhook-Signature").expect("the header of seed 004");
        assert_eq!(delivered.header("X-Nf-Sign"), Some(token), "the header of seed 003");
        let (header, claims) = claims(token, SECRET.as_bytes());
        assert_eq!(header["alg"], "HS256");
        assert_eq!(claims, json!({ "iss": "netlify", "sha256": sha256(&delivered.body) }));
        assert_eq!(delivered.any_case("webhook-signature"), Some(standard_signature(&delivered).as_str()));
        assert!(delivered.any_case("content-type").is_some_and(|kind| kind.starts_with("application/json")));
        assert_eq!((text(&delivered.json(), "id"), &delivered.json()["locked"]), (id(&deploy), &json!(true)));
    }
}

both! {
    /// Without a secret nothing is signed.
    async fn unsigned_deliveries_have_no_signature(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (site, deploy) = live_site(&owner, "plain").await;
        owner.hook(id(&site), &["deploy_locked"], &receiver.url(), None).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        let delivered = receiver.wait_for(1).await.remove(0);
        for name in ["x-webhook-signature", "x-nf-sign", "webhook-signature"] {
            assert_eq!(delivered.any_case(name), None);
        }
        assert!(delivered.id().starts_with("msg_") && delivered.any_case("webhook-timestamp").is_some());
    }
}

both! {
    /// The body is the payload of the ledger, to the byte.
    async fn the_body_is_what_the_ledger_keeps(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let site = owner.create_site("bytes").await;
        owner.hook(id(&site), &["deploy_created", "deploy_succeeded"], &receiver.url(), None).await;
        owner.deploy(id(&site), &[("index.html", "x")]).await;
        for delivered in receiver.wait_for(2).await {
            let event = owner.get(&format!("/events/{}", delivered.id())).await.expect(200).json();
            assert_eq!(event["event"], delivered.event());
            assert_eq!(event["payload"], delivered.json());
        }
    }
}

both! {
    /// A secret goes in and never comes out.
    async fn secrets_are_not_shown(p: Platform) {
        let owner = p.owner();
        let receiver = p.receiver().await;
        let (site, deploy) = live_site(&owner, "discreet").await;
        let hook =
            owner.hook(id(&site), &["deploy_locked", "hook_disabled"], &receiver.url(), Some(SECRET)).await;
        lock_and_unlock(&owner, id(&deploy)).await;
        let delivered = receiver.wait_for(1).await.remove(0);
        let signature = delivered.header("X-Nf-Sign").expect("signed").to_owned();
        let list = format!("/hooks/{}/deliveries", id(&hook));
        let deliveries = owner.get(&list).await.expect(200).json();
        for path in [
            format!("/hooks/{}", id(&hook)),
            format!("/hooks?site_id={}", id(&site)),
            format!("/events?site_id={}", id(&site)),
            format!("{list}/{}", id(&deliveries[0])),
        ] {
            let answer = owner.get(&path).await.expect(200).text();
            assert!(!answer.contains(SECRET) && !answer.contains(&signature), "{path}: {answer}");
        }
        assert!(!hook.to_string().contains(SECRET), "{hook}");
    }
}
