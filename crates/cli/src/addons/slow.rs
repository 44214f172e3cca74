//! Instances that the provider does not finish at once: it is asked how far it is, and it may call back.

use super::call::Kit;
use super::life::{Made, readable};
use super::visit::Visit;
use crate::demo::receiver::Delivery;
use reqwest::Method;
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::time::{Instant, timeout};

const CHECK: &str = "finishes what it began";
/// Longest life of a token that servers take from a provider, in seconds.
const TOKEN_LIFE_MAX: i64 = 3600;

/// How it ended, and how the provider said so.
struct End {
    state: String,
    how: &'static str,
}

/// Waits until the instance is finished. What was said last counts from then on.
pub(super) async fn finish(visit: &mut Visit<'_>, made: &mut Made) {
    match state(&made.said) {
        Some("provisioning") => {}
        Some("failed") => return told(visit, made, Some(End { state: "failed".to_owned(), how: "at once" })),
        _ => return,
    }
    let end = wait(visit, made).await;
    told(visit, made, end);
}

fn state(said: &Map<String, Value>) -> Option<&str> {
    said.get("state").and_then(Value::as_str)
}

fn told(visit: &mut Visit<'_>, made: &Made, end: Option<End>) {
    let Some(end) = end else {
        let said = format!("still provisioning after {} s", visit.provider.finishing.limit.as_secs_f32());
        return visit.should(
            false,
            CHECK,
            said,
            "servers wait for a day, and then it has failed: answer GET /instances/{id} with state: active when it is done, or call back at X-Nf-Callback",
        );
    };
    let failed = end.state == "failed";
    let word = made.said.get("message").and_then(Value::as_str).filter(|_| failed);
    let word = word.map(|word| format!(": {word}")).unwrap_or_default();
    visit.must(
        !failed,
        CHECK,
        format!("{}, {}{word}", end.state, end.how),
        "the sample instance could not be made: does it need another configuration? Give one: --config '{\"key\": \"value\"}'",
    );
}

/// Listens and asks in turns, as servers do.
async fn wait(visit: &mut Visit<'_>, made: &mut Made) -> Option<End> {
    let began = Instant::now();
    let finishing = visit.provider.finishing;
    loop {
        if let Some(state) = called(visit, made, finishing.step).await {
            return Some(End { state, how: "by calling back" });
        }
        let answer = visit.ask(&visit.kit.on(Method::GET, &made.instance)).await;
        let body = readable(&answer).unwrap_or_default();
        match state(&body) {
            None | Some("provisioning") => {}
            Some(state) => {
                let state = state.to_owned();
                made.take_over(&body);
                // it may have called back as well, and that has to be right too
                called(visit, made, finishing.step).await;
                return Some(End { state, how: "when it was asked" });
            }
        }
        if began.elapsed() >= finishing.limit {
            return None;
        }
    }
}

/// Listens for a while. The state that a call told of, when it was right and the instance is finished.
async fn called(visit: &mut Visit<'_>, made: &mut Made, step: Duration) -> Option<String> {
    let Some(callbacks) = &mut visit.callbacks else {
        tokio::time::sleep(step).await;
        return None;
    };
    let delivery = timeout(step, callbacks.next()).await.ok().flatten()?;
    if !delivery.request_line.contains(&made.instance.uuid) {
        return None;
    }
    let read = verified(&delivery, &made.instance.uuid, &visit.kit);
    visit.must(
        read.is_ok(),
        "calls back as servers take it",
        read.as_ref().map_or_else(|why| (*why).to_owned(), |_| "POST, signed".to_owned()),
        "POST {state, env?, ...} with X-Nf-Sign: a token of HS256 with exp (an hour ahead at most), netlify_id (the uuid) and sha256 (hex digest of the body's bytes)",
    );
    let body = read.ok()?;
    made.take_over(&body);
    state(&body).filter(|state| *state != "provisioning").map(ToOwned::to_owned)
}

/// What a callback says; or why a server would refuse it.
fn verified(delivery: &Delivery, uuid: &str, kit: &Kit) -> Result<Map<String, Value>, &'static str> {
    if !delivery.request_line.starts_with("POST ") {
        return Err("it is no POST");
    }
    let token = delivery.header("x-nf-sign").ok_or("X-Nf-Sign is missing")?;
    let claims = signing::verify_hs256(token, kit.secret().as_bytes())
        .map_err(|_| "X-Nf-Sign does not verify with the secret")?;
    let exp = claims.get("exp").and_then(Value::as_i64).ok_or("the token has no exp")?;
    if exp <= kit.now() || exp > kit.now() + TOKEN_LIFE_MAX {
        return Err("the token is expired, or counts for more than an hour");
    }
    let claim = |name: &str| claims.get(name).and_then(Value::as_str);
    if claim("netlify_id") != Some(uuid) {
        return Err("the claim netlify_id is not the uuid of the creation");
    }
    if claim("sha256") != Some(&signing::sha256_hex(&delivery.body)) {
        return Err("the claim sha256 is not the digest of the body");
    }
    let body: Map<String, Value> =
        serde_json::from_slice(&delivery.body).map_err(|_| "the body is no JSON object")?;
    if state(&body).is_none() { Err("the body has no state") } else { Ok(body) }
}
