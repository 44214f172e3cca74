//! Target `url`: the bare object as it was recorded, signed and posted to the hook's address
//! (seeds 003 and 004). Only 2xx is success; 410 asks to be told nothing more.

use super::{Gear, Meaning, Message, Record, Tried};
use crate::{URL_MAX, secrets};
use bytes::Bytes;
use context::{Error, Result};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use model::Timestamp;
use outbound::{Destination, Fields, Request, Sent};
use serde::Serialize;
use serde_json::{Map, Value};
use std::time::{Duration, SystemTime};
use url::Url;

const X_NETLIFY_EVENT: HeaderName = HeaderName::from_static("x-netlify-event");
const WEBHOOK_ID: HeaderName = HeaderName::from_static("webhook-id");
const WEBHOOK_TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const X_WEBHOOK_SIGNATURE: HeaderName = HeaderName::from_static("x-webhook-signature");
const X_WEBHOOK_SIGNATURE_PREVIOUS: HeaderName = HeaderName::from_static("x-webhook-signature-previous");
const X_NF_SIGN: HeaderName = HeaderName::from_static("x-nf-sign");

/// Headers that are masked on record: with the body they would let anyone replay a delivery.
const SIGNATURES: [HeaderName; 4] =
    [X_WEBHOOK_SIGNATURE, X_NF_SIGN, WEBHOOK_SIGNATURE, X_WEBHOOK_SIGNATURE_PREVIOUS];
/// Headers of a request, with those that the client adds.
const ROOM: usize = 10;

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
        let (to, headers) = match (destination(message), headers(message, &digest, now)) {
            (Ok(to), Ok(headers)) => (to, headers),
            (Err(why), _) | (_, Err(why)) => return Tried::unsent(why),
        };
        let record = record(to, &headers, (message.body.len(), &digest));
        let body = Bytes::copy_from_slice(message.body.as_bytes());
        match gear.client.post(to, headers, body).await {
            Ok(sent) => Tried::answered(&sent, meaning(&sent, now), record),
            Err(failure) => Tried::failed(failure, record),
        }
    }
    .boxed()
}

/// The request that carries the message.
pub(crate) fn request(message: &Message<'_>, now: Timestamp) -> std::result::Result<Request, &'static str> {
    let headers = headers(message, &signing::sha256_hex(message.body.as_bytes()), now)?;
    let headers: HeaderMap = headers.iter().cloned().collect();
    let body = Bytes::copy_from_slice(message.body.as_bytes());
    Ok(Request { method: Method::POST, url: destination(message)?.url().clone(), headers, body })
}

/// The hook's address, which is read once for all its deliveries.
fn destination<'a>(message: &Message<'a>) -> std::result::Result<&'a Destination, &'static str> {
    let read = || address(&message.hook.data).map(Destination::of);
    message.way.get_or_init(read).as_ref().map_err(|why| *why)
}

/// `digest` is the body's SHA-256 in hex.
fn headers(message: &Message<'_>, digest: &str, now: Timestamp) -> std::result::Result<Fields, &'static str> {
    written(message, digest, now).map_err(|_| "the event's name or id does not fit into a header")
}

fn written(
    message: &Message<'_>,
    digest: &str,
    now: Timestamp,
) -> std::result::Result<Fields, header::InvalidHeaderValue> {
    let mut headers = Fields::with_capacity(ROOM);
    headers.append(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.append(X_NETLIFY_EVENT, events::name_for(message.event, &message.hook.events).parse()?);
    headers.append(WEBHOOK_ID, message.event_id.parse()?);
    headers.append(WEBHOOK_TIMESTAMP, now.seconds().into());
    let Some(secret) = message.secrets.get("signature_secret").and_then(Value::as_str) else {
        return Ok(headers);
    };
    let body = message.body.as_bytes();
    let token: HeaderValue = signing::notification_token_of(digest, secret.as_bytes()).try_into()?;
    let standard =
        |secret: &str| signing::standard_headers(message.event_id, now.seconds(), body, secret).signature;
    headers.append(X_WEBHOOK_SIGNATURE, token.clone());
    headers.append(X_NF_SIGN, token);
    let mut signatures = standard(secret);
    for (n, old) in secrets::previous(message.secrets, now).iter().enumerate() {
        // The header of the hosted service has room for one token.
        if n == 0 {
            let token = signing::notification_token_of(digest, old.secret.as_bytes());
            headers.append(X_WEBHOOK_SIGNATURE_PREVIOUS, token.try_into()?);
        }
        signatures = format!("{signatures} {}", standard(&old.secret));
    }
    headers.append(WEBHOOK_SIGNATURE, signatures.try_into()?);
    Ok(headers)
}

fn record(to: &Destination, headers: &Fields, (length, digest): (usize, &str)) -> Record {
    #[derive(Serialize)]
    struct Call<'a, H> {
        method: &'a str,
        url: &'a str,
        headers: H,
        body_bytes: usize,
        body_sha256: &'a str,
    }
    Record::of(&Call {
        method: Method::POST.as_str(),
        url: to.url().as_str(),
        headers: super::recorded(headers.iter().map(|(name, value)| (name, value)), &SIGNATURES),
        body_bytes: length,
        body_sha256: digest,
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
    use serde_json::json;

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
