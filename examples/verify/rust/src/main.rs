//! A consumer of notifications with axum. Needs PORT and WEBHOOK_SECRET.

#![expect(clippy::print_stdout, reason = "an example shows what comes in")]

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing::post};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};

/// A MAC that the parts were put into; `verify_slice` compares in constant time.
fn mac(secret: &str, parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    parts.iter().for_each(|part| mac.update(part));
    Some(mac)
}

/// One part of a token.
fn read(part: &str) -> Option<Value> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

/// The token: whoever made it knows the secret, and vouches for exactly this body.
fn signed(token: &str, body: &[u8], secret: &str) -> Option<()> {
    let (text, signature) = token.rsplit_once('.')?;
    let signature = URL_SAFE_NO_PAD.decode(signature).ok()?;
    mac(secret, &[text.as_bytes()])?.verify_slice(&signature).ok()?;
    let (header, claims) = text.split_once('.')?;
    let (header, claims) = (read(header)?, read(claims)?);
    let digest = hex::encode(Sha256::digest(body));
    (header["alg"] == "HS256" && claims["iss"] == "netlify" && claims["sha256"] == digest.as_str())
        .then_some(())
}

/// The token never expires. This signature covers the time, so that old deliveries can be refused.
fn fresh(id: &str, time: &str, signatures: &str, body: &[u8], secret: &str) -> Option<()> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    (now.abs_diff(time.parse().ok()?) < 300).then_some(())?;
    let fits = |one: &str| {
        let signature = STANDARD.decode(one.strip_prefix("v1,")?).ok()?;
        let mac = mac(secret, &[id.as_bytes(), b".", time.as_bytes(), b".", body])?;
        mac.verify_slice(&signature).ok()
    };
    signatures.split(' ').find_map(fits)
}

fn verified(headers: &HeaderMap, body: &[u8], secret: &str) -> Option<()> {
    let get = |name: &str| headers.get(name)?.to_str().ok();
    signed(get("x-webhook-signature")?, body, secret)?;
    fresh(get("webhook-id")?, get("webhook-timestamp")?, get("webhook-signature")?, body, secret)
}

/// `body` is the bytes, before any parser saw them.
async fn consume(State(secret): State<String>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if verified(&headers, &body, &secret).is_none() {
        return StatusCode::UNAUTHORIZED;
    }
    match serde_json::from_slice::<Value>(&body) {
        Ok(event) => println!("{:?} {}", headers.get("x-netlify-event"), event["id"]),
        Err(_) => return StatusCode::BAD_REQUEST,
    }
    StatusCode::NO_CONTENT
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let secret = std::env::var("WEBHOOK_SECRET").ok().filter(|secret| !secret.is_empty());
    let secret = secret.context("WEBHOOK_SECRET is not set")?;
    let port = std::env::var("PORT").ok().map_or(Ok(3000), |port| port.parse())?;
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    Ok(axum::serve(listener, Router::new().route("/webhook", post(consume)).with_state(secret)).await?)
}
