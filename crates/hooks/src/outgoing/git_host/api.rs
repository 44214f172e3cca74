//! Calls to the API of a Git host: where it is, who asks, what an answer means for a delivery, and
//! what of it goes on record. The token never does.

use super::super::{Gear, Meaning, Message, Tried, recorded};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use model::Timestamp;
use outbound::{BODY_KEPT, Request, Sent};
use serde_json::{Map, Value, json};
use std::time::{Duration, SystemTime};
use url::Url;

/// Bytes of an answer that are read: a page of a hundred long comments.
pub(crate) const ANSWER_READ: usize = 8 << 20;
/// Bytes of an address in `api_url`.
const URL_MAX: usize = 2048;

/// One service that hosts repositories.
pub(crate) struct Host {
    /// Its name in sentences.
    pub(crate) name: &'static str,
    /// Its name in `build_settings.provider`.
    pub(crate) provider: &'static str,
    /// Its public API; none where everybody runs their own.
    pub(crate) api: Option<&'static str>,
    /// Where the API is on a server of one's own, when `api_url` names no path.
    pub(crate) api_path: &'static str,
    /// Whether repositories lie in groups within groups.
    pub(crate) nested: bool,
    /// The `Authorization` header that a token makes.
    pub(crate) authorization: fn(&str) -> String,
    /// Further headers of each request.
    pub(crate) headers: &'static [(&'static str, &'static str)],
}

/// The token and the API that a hook works with.
pub(crate) struct Access {
    pub(crate) token: String,
    pub(crate) api: Url,
}

impl Access {
    /// With the token and the API that the hook names.
    ///
    /// # Errors
    /// A sentence for the hook's owner.
    pub(crate) fn own(message: &Message<'_>, host: &Host) -> Result<Self, String> {
        let token = own_token(message).ok_or("the hook has no access token; set data.access_token")?;
        Ok(Self { token: token.to_owned(), api: api_of(host, &message.hook.data)? })
    }
}

/// The hook's own token.
pub(crate) fn own_token<'a>(message: &'a Message<'_>) -> Option<&'a str> {
    message.secrets.get("access_token").and_then(Value::as_str).filter(|token| !token.is_empty())
}

/// The root of the API: `api_url`, completed, or the public one.
///
/// # Errors
/// A sentence for the hook's owner.
pub(crate) fn api_of(host: &Host, data: &Map<String, Value>) -> Result<Url, String> {
    let text = data.get("api_url").and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty());
    let text = text.or(host.api).ok_or("data.api_url is missing")?;
    let url = Url::parse(text).ok().filter(|_| text.len() <= URL_MAX);
    let mut url = url.ok_or("data.api_url is not an address")?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("data.api_url must begin with http:// or https://".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err("data.api_url may hold neither a user name nor a query".to_owned());
    }
    url.set_fragment(None);
    if url.path() == "/" && Some(text.trim_end_matches('/')) != host.api {
        url.set_path(host.api_path);
    }
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(&path);
    Ok(url)
}

/// One answer, and what it would mean for the delivery if it were the last.
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    /// The body, null when it is no JSON.
    pub(crate) body: Value,
    pub(crate) tried: Tried,
}

impl Answer {
    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }

    /// Whether what was asked for is not there any more.
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self.status, StatusCode::NOT_FOUND | StatusCode::GONE)
    }

    /// The body's `id` as text.
    pub(crate) fn id(&self) -> Option<String> {
        id_of(&self.body)
    }
}

/// The `id` of a thing as text.
pub(crate) fn id_of(thing: &Value) -> Option<String> {
    match thing.get("id") {
        Some(Value::Number(number)) => Some(number.to_string()),
        Some(Value::String(text)) => Some(text.clone()),
        _ => None,
    }
}

/// The calls of one try.
pub(crate) struct Session<'a> {
    gear: &'a Gear,
    host: &'a Host,
    access: &'a Access,
    /// What the token must be allowed to do, for a sentence.
    scope: &'a str,
    earlier: Vec<Value>,
}

impl<'a> Session<'a> {
    pub(crate) fn new(gear: &'a Gear, host: &'a Host, access: &'a Access, scope: &'a str) -> Self {
        Self { gear, host, access, scope, earlier: Vec::new() }
    }

    /// One call. `path` is taken apart already: what is in a part stays in it.
    ///
    /// # Errors
    /// The try as it ended when there was no answer.
    pub(crate) async fn call(
        &mut self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Answer, Box<Tried>> {
        let request = self.request(method, path, query, body).map_err(|why| Box::new(Tried::unsent(why)))?;
        let mut record = record(&request, body);
        if !self.earlier.is_empty() {
            record["earlier"] = Value::Array(self.earlier.clone());
        }
        let sent = match self.gear.client.send_keeping(request, ANSWER_READ).await {
            Ok(sent) => sent,
            Err(failure) => return Err(Box::new(Tried::failed(failure, record))),
        };
        let brief = json!({"method": record["method"], "url": record["url"], "status": sent.status.as_u16()});
        self.earlier.push(brief);
        let body = serde_json::from_slice(&sent.body).unwrap_or(Value::Null);
        Ok(Answer { status: sent.status, body, tried: self.judge(sent, record) })
    }

    fn request(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Request, &'static str> {
        let mut url = self.access.api.clone();
        url.path_segments_mut().map_err(|()| "data.api_url is not an address")?.pop_if_empty().extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let headers =
            self.headers(body.is_some()).map_err(|_| "the access token does not fit into a header")?;
        let body = body.map(|body| Bytes::from(body.to_string())).unwrap_or_default();
        Ok(Request { method, url, headers, body })
    }

    fn headers(&self, has_body: bool) -> Result<HeaderMap, header::InvalidHeaderValue> {
        let mut headers = HeaderMap::new();
        let mut authorization: HeaderValue = (self.host.authorization)(&self.access.token).parse()?;
        authorization.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, authorization);
        headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
        for (name, value) in self.host.headers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        if has_body {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        Ok(headers)
    }

    fn judge(&self, mut sent: Sent, record: Value) -> Tried {
        let meaning = meaning(sent.status, &sent.headers, self.gear.cx.now());
        sent.truncated |= sent.body.len() > BODY_KEPT;
        sent.body.truncate(BODY_KEPT);
        let mut tried = Tried::answered(&sent, meaning, record);
        if let Some((_, why)) = &mut tried.error {
            *why = self.explain(sent.status, meaning, why);
        }
        tried
    }

    /// A sentence that helps the hook's owner.
    fn explain(&self, status: StatusCode, meaning: Meaning, plain: &str) -> String {
        let (host, scope) = (self.host.name, self.scope);
        match (status.as_u16(), meaning) {
            (_, Meaning::Failed(Some(wait))) => {
                format!("{host} asks for {} s of patience ({status})", wait.as_secs())
            }
            (301 | 302 | 307 | 308, _) => {
                format!("the repository has moved ({status}); set the hook's `repo` to its new name")
            }
            (401, _) => {
                format!("{host} does not accept the access token: it is wrong, expired or revoked (401)")
            }
            (403, _) => format!("the access token may not do this (403); it needs {scope}"),
            (404, _) => format!(
                "{host} knows no such repository, commit or review, or the access token cannot see it (404); it needs {scope}"
            ),
            (410, _) => format!("{host} says that this is gone or switched off in the repository (410)"),
            (422, _) => {
                format!("{host} does not know the commit yet, or does not take what it was told (422)")
            }
            _ => plain.replace("the receiver", host),
        }
    }
}

fn record(request: &Request, body: Option<&Value>) -> Value {
    json!({
        "method": request.method.as_str(),
        "url": request.url.as_str(),
        "headers": recorded(&request.headers, &[header::AUTHORIZATION]),
        "body": body,
    })
}

/// What an answer means. That a host has switched something off does not end the hook.
fn meaning(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Meaning {
    if status.is_success() {
        return Meaning::Delivered;
    }
    let asks = matches!(status.as_u16(), 403 | 429 | 503);
    Meaning::Failed(asks.then(|| wait(headers, now)).flatten())
}

/// How long the host asks to be left alone: `Retry-After`, or the end of a quota that is used up.
fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let now = Duration::from_millis(u64::try_from(now.0).unwrap_or_default());
    if let Some(after) = text("retry-after") {
        let date = || httpdate::parse_http_date(after).ok()?.duration_since(SystemTime::UNIX_EPOCH).ok();
        let seconds = after.parse().ok().map(Duration::from_secs);
        return seconds.or_else(|| date().map(|at| at.saturating_sub(now)));
    }
    let left = text("x-ratelimit-remaining").or_else(|| text("ratelimit-remaining"))?;
    let reset = text("x-ratelimit-reset").or_else(|| text("ratelimit-reset"))?;
    let reset = Duration::from_secs(reset.parse().ok()?);
    // a second more, since the quota ends within one
    (left == "0").then(|| reset.saturating_sub(now) + Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIT: Host = Host {
        name: "Git",
        provider: "git",
        api: Some("https://api.git.example"),
        api_path: "/api/v9",
        nested: false,
        authorization: |token| format!("Bearer {token}"),
        headers: &[],
    };

    fn check_api(text: impl Into<Value>, expect: Result<&str, &str>) {
        let text = text.into();
        let Value::Object(data) = json!({ "api_url": &text }) else { unreachable!("an object") };
        let found = api_of(&GIT, &data);
        assert_eq!(found.as_ref().map(Url::as_str).map_err(String::as_str), expect, "{text}");
    }

    #[test]
    fn the_api_is_the_public_one_or_a_named_one() {
        check_api(Value::Null, Ok("https://api.git.example/"));
        check_api("", Ok("https://api.git.example/"));
        check_api("https://api.git.example/", Ok("https://api.git.example/"));
        check_api("https://git.acme.example", Ok("https://git.acme.example/api/v9"));
        check_api("http://git.acme.example:81/x/", Ok("http://git.acme.example:81/x"));
        check_api("git.acme.example", Err("data.api_url is not an address"));
        check_api("ftp://h", Err("data.api_url must begin with http:// or https://"));
        let refused = "data.api_url may hold neither a user name nor a query";
        check_api("https://me@h", Err(refused));
        check_api("https://h/?access_token=x", Err(refused));
        check_api(format!("https://h/{}", "x".repeat(URL_MAX)), Err("data.api_url is not an address"));
        let own = Host { api: None, ..GIT };
        assert_eq!(api_of(&own, &Map::new()), Err("data.api_url is missing".to_owned()));
    }

    fn check_wait(status: u16, headers: &[(&'static str, &str)], expect: Option<u64>) {
        let now = Timestamp(1_000_000_500);
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().expect("a header"));
        }
        let status = StatusCode::from_u16(status).expect("a status");
        let wait = expect.map(Duration::from_secs);
        let Meaning::Failed(found) = meaning(status, &map, now) else { panic!("{status} is a failure") };
        assert_eq!(found.map(|wait| Duration::from_secs(wait.as_secs())), wait, "{status} {headers:?}");
    }

    #[test]
    fn quotas_are_waited_for() {
        let used_up = [("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "1000100")];
        check_wait(403, &used_up, Some(100));
        check_wait(429, &used_up, Some(100));
        check_wait(429, &[("ratelimit-remaining", "0"), ("ratelimit-reset", "1000100")], Some(100));
        check_wait(403, &[("x-ratelimit-remaining", "12"), ("x-ratelimit-reset", "1000100")], None);
        check_wait(403, &[("retry-after", "60"), ("x-ratelimit-remaining", "0")], Some(60));
        check_wait(503, &[("retry-after", "Mon, 12 Jan 1970 13:47:40 GMT")], Some(59));
        check_wait(500, &[("retry-after", "60")], None);
        check_wait(403, &[], None);
        check_wait(410, &[], None);
        assert_eq!(meaning(StatusCode::CREATED, &HeaderMap::new(), Timestamp(0)), Meaning::Delivered);
    }
}
