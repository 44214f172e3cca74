//! Target `url`: the bare object as it was recorded, signed and posted to the hook's address
//! (seeds 003 and 004). Only 2xx is success; 410 asks to be told nothing more.

use super::{Gear, Meaning, Message, Tried};
use crate::{URL_MAX, secrets};
use bytes::Bytes;
use context::{Error, Result};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use model::Timestamp;
use outbound::{Request, Sent};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};
use url::Url;

/// Headers that are masked on record: with the body they would let anyone replay a delivery.
const SIGNATURES: [&str; 4] =
    ["x-webhook-signature", "x-nf-sign", "webhook-signature", "x-webhook-signature-previous"];

/// Judges the settings of a hook.
///
/// # Errors
/// `Unprocessable` when the address is missing, too long, not http(s), or holds a user name.
pub(crate) fn check(data: &Map<String, Value>) -> Result<()> {
    address(data).map(|_| ()).map_err(|what| Error::Unprocessable(what.to_owned()))
}

/// The address in `data.url`, without its fragment; a sentence when it will not do.
pub(super) fn address(data: &Map<String, Value>) -> std::result::Result<Url, &'static str> {
    let text = data
        .get("url")
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
        .ok_or("data.url is missing")?;
    if text.len() > URL_MAX {
        return Err("data.url is too long");
    }
    let mut url = Url::parse(text).map_err(|_| "data.url is not an address")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("data.url must begin with http:// or https://");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("data.url may not hold a user name or password");
    }
    url.set_fragment(None);
    Ok(url)
}

/// Posts the message.
pub(crate) fn send<'a>(gear: &'a Gear, message: &'a Message<'a>) -> BoxFuture<'a, Tried> {
    async move {
        let now = gear.cx.now();
        let digest = signing::sha256_hex(message.body.as_bytes());
        let request = match signed(message, &digest, now) {
            Ok(request) => request,
            Err(why) => return Tried::unsent(why),
        };
        let record = record(&request, &digest);
        match gear.client.send(request).await {
            Ok(sent) => Tried::answered(&sent, meaning(&sent, now), record),
            Err(failure) => Tried::failed(failure, record),
        }
    }
    .boxed()
}

/// The request that carries the message.
pub(crate) fn request(message: &Message<'_>, now: Timestamp) -> std::result::Result<Request, &'static str> {
    signed(message, &signing::sha256_hex(message.body.as_bytes()), now)
}

/// `digest` is the body's SHA-256 in hex.
fn signed(message: &Message<'_>, digest: &str, now: Timestamp) -> std::result::Result<Request, &'static str> {
    let secret = message.secrets.get("signature_secret").and_then(Value::as_str);
    let body = Bytes::copy_from_slice(message.body.as_bytes());
    let headers = headers(message, (secret, digest), now)
        .map_err(|_| "the event's name or id does not fit into a header")?;
    Ok(Request { method: Method::POST, url: address(&message.hook.data)?, headers, body })
}

fn headers(
    message: &Message<'_>,
    (secret, digest): (Option<&str>, &str),
    now: Timestamp,
) -> std::result::Result<HeaderMap, header::InvalidHeaderValue> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert("x-netlify-event", message.event.parse()?);
    headers.insert("webhook-id", message.event_id.parse()?);
    headers.insert("webhook-timestamp", now.seconds().into());
    if let Some(secret) = secret {
        let body = message.body.as_bytes();
        let token: HeaderValue = signing::notification_token_of(digest, secret.as_bytes()).parse()?;
        let standard = signing::standard_headers(message.event_id, now.seconds(), body, secret);
        headers.insert("x-webhook-signature", token.clone());
        headers.insert("x-nf-sign", token);
        let mut signatures = standard.signature;
        for (n, old) in secrets::previous(message.secrets, now).iter().enumerate() {
            // The header of the hosted service has room for one token.
            if n == 0 {
                let token = signing::notification_token_of(digest, old.secret.as_bytes());
                headers.insert("x-webhook-signature-previous", token.parse()?);
            }
            let standard = signing::standard_headers(message.event_id, now.seconds(), body, &old.secret);
            signatures = format!("{signatures} {}", standard.signature);
        }
        headers.insert("webhook-signature", signatures.parse()?);
    }
    Ok(headers)
}

fn record(request: &Request, digest: &str) -> Value {
    json!({
        "method": request.method.as_str(),
        "url": request.url.as_str(),
        "headers": super::recorded(&request.headers, &SIGNATURES),
        "body_bytes": request.body.len(),
        "body_sha256": digest,
    })
}

/// What an answer means by its status alone.
pub(super) fn meaning(sent: &Sent, now: Timestamp) -> Meaning {
    match sent.status {
        status if status.is_success() => Meaning::Delivered,
        StatusCode::GONE => Meaning::Gone,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            Meaning::Failed(sent.headers.get(header::RETRY_AFTER).and_then(|value| retry_after(value, now)))
        }
        _ => Meaning::Failed(None),
    }
}

/// `Retry-After` in either of its forms: seconds, or a date.
fn retry_after(value: &HeaderValue, now: Timestamp) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(text).ok()?;
    let at = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    let now = Duration::from_millis(u64::try_from(now.0).ok()?);
    Some(at.saturating_sub(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_url(text: &str, expect: std::result::Result<&str, &str>) {
        let Value::Object(data) = json!({ "url": text }) else { unreachable!("an object") };
        assert_eq!(address(&data).as_ref().map(Url::as_str).map_err(|e| *e), expect, "{text}");
    }

    #[test]
    fn addresses_are_checked() {
        check_url("https://example.org/in?token=1#x", Ok("https://example.org/in?token=1"));
        check_url("HTTP://EXAMPLE.org", Ok("http://example.org/"));
        check_url("", Err("data.url is missing"));
        check_url("example.org/in", Err("data.url is not an address"));
        check_url("ftp://example.org", Err("data.url must begin with http:// or https://"));
        check_url("file:///etc/passwd", Err("data.url must begin with http:// or https://"));
        check_url("https://user@example.org", Err("data.url may not hold a user name or password"));
        check_url("https://:pw@example.org", Err("data.url may not hold a user name or password"));
        check_url(&format!("https://e.org/{}", "x".repeat(URL_MAX)), Err("data.url is too long"));
        assert_eq!(address(&Map::new()), Err("data.url is missing"));
    }

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = Timestamp(784_111_777_000);
        for (text, expect) in [
            ("120", Some(120)),
            ("0", Some(0)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:00:00 GMT", Some(0)),
            ("soon", None),
            ("-1", None),
        ] {
            let value = HeaderValue::from_static(text);
            assert_eq!(retry_after(&value, now), expect.map(Duration::from_secs), "{text}");
        }
    }
}
