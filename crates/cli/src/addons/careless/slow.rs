//! How it finishes instances that it did not finish at once.

use super::{Fault, Instance, Mind, SECRET, now};
use serde_json::json;
use std::sync::Arc;

/// Questions after which one that is asked has finished.
const QUESTIONS: usize = 2;

/// What it says of the state; none when it is no such provider.
pub(super) fn state(fault: Fault, instance: &Instance) -> Option<&'static str> {
    let done = instance.asked >= QUESTIONS;
    match fault {
        Fault::NeverFinishes
        | Fault::CallsBackUnsigned
        | Fault::CallsBackForAnother
        | Fault::CallsBackForEver
        | Fault::CallsBackOnOtherBytes
        | Fault::CallsBackWithoutState => Some("provisioning"),
        Fault::CallsBack => Some(if instance.finished { "active" } else { "provisioning" }),
        Fault::FinishesWhenAsked => Some(if done { "active" } else { "provisioning" }),
        Fault::FailsInTheEnd => Some(if done { "failed" } else { "provisioning" }),
        Fault::FailsAtOnce => Some("failed"),
        _ => None,
    }
}

/// Calls back, if it is one that does.
pub(super) fn finish(mind: &Arc<Mind>, uuid: &str, callback: &str) {
    let mut claims = json!({ "exp": now() + 60, "netlify_id": uuid });
    let mut body = json!({ "state": "active" });
    let mut secret = SECRET;
    match mind.fault {
        Fault::CallsBack | Fault::CallsBackOnOtherBytes => {}
        Fault::CallsBackUnsigned => secret = "somebody's",
        Fault::CallsBackForAnother => claims["netlify_id"] = "another".into(),
        Fault::CallsBackForEver => claims["exp"] = (now() + 1_000_000).into(),
        Fault::CallsBackWithoutState => body = json!({}),
        _ => return,
    }
    let text = body.to_string();
    claims["sha256"] = match mind.fault {
        Fault::CallsBackOnOtherBytes => signing::sha256_hex(b"another body"),
        _ => signing::sha256_hex(text.as_bytes()),
    }
    .into();
    let token = signing::sign_hs256(&claims.to_string(), secret.as_bytes());
    tokio::spawn(call_back(Arc::clone(mind), uuid.to_owned(), callback.to_owned(), token, text));
}

async fn call_back(mind: Arc<Mind>, uuid: String, callback: String, token: String, body: String) {
    if let Some(one) = mind.instances.lock().unwrap().values_mut().find(|one| one.uuid == uuid) {
        one.finished = true;
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = client.post(callback).header("x-nf-sign", token).body(body).send();
    // the checker may be gone by then
    let _: Result<_, _> = sent.await;
}
