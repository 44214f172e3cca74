//! What a provider is sent: address, signature, headers and body. Pure.

use crate::registry::secrets::Secrets;
use bytes::Bytes;
use context::{Error, Result};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use model::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value};
use signing::sign_hs256;
use url::Url;

/// Carries the signature: a compact JWS of HS256. It leaves as `X-Nf-Sign`.
pub const SIGN_HEADER: HeaderName = HeaderName::from_static("x-nf-sign");
/// Carries the same signed with the secret before, while that still counts.
pub const PREVIOUS_HEADER: HeaderName = HeaderName::from_static("x-nf-sign-previous");
/// Says on a creation where the provider tells of the instance's state.
pub const CALLBACK_HEADER: HeaderName = HeaderName::from_static("x-nf-callback");
/// Seconds for which a signature counts.
pub const TOKEN_LIFE_SECONDS: i64 = 300;
/// Longest id that a provider may give an instance, in bytes.
pub const REMOTE_ID_MAX: usize = 1024;

/// What is left as it is in a path's segment (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One of the calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    /// `GET /manifest`.
    Manifest,
    /// `GET /`, for providers that serve their manifest there.
    Root,
    /// `POST /instances`.
    Create,
    /// `GET /instances/{id}`.
    Read,
    /// `PUT /instances/{id}`.
    Update,
    /// `DELETE /instances/{id}`.
    Delete,
}

impl Operation {
    /// Name in records and messages.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Manifest | Self::Root => "manifest",
            Self::Create => "create",
            Self::Read => "read",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }

    fn method(self) -> Method {
        match self {
            Self::Manifest | Self::Root | Self::Read => Method::GET,
            Self::Create => Method::POST,
            Self::Update => Method::PUT,
            Self::Delete => Method::DELETE,
        }
    }

    /// Whether asking twice does no harm.
    pub(super) fn is_read(self) -> bool {
        matches!(self, Self::Manifest | Self::Root | Self::Read)
    }
}

/// The instance that a call is about.
#[derive(Clone, Debug)]
pub(crate) struct About {
    /// Its site.
    pub(crate) site_id: String,
    /// The site's primary address.
    pub(crate) site_url: String,
    /// Its id here.
    pub(crate) instance_id: String,
    /// What the provider was told to call it.
    pub(crate) uuid: String,
    /// What the provider calls it; none before it has said so.
    pub(crate) remote_id: Option<String>,
}

/// A call to make.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// Which.
    pub(crate) operation: Operation,
    /// About what; none for a manifest.
    pub(crate) about: Option<About>,
    /// JSON to send.
    pub(crate) body: Option<Value>,
    /// Where the provider may tell of the instance's state.
    pub(crate) callback: Option<String>,
}

impl Ask {
    /// A call without a body.
    pub(crate) fn of(operation: Operation, about: Option<About>) -> Self {
        Self { operation, about, body: None, callback: None }
    }

    /// The same with a body.
    pub(crate) fn with(self, body: Value) -> Self {
        Self { body: Some(body), ..self }
    }
}

/// Whether an id can be a segment of a path, and kept: any string but nothing, the dots that mean folders,
/// and what not every database takes for a text.
pub(crate) fn addressable(remote_id: &str) -> bool {
    !matches!(remote_id, "" | "." | "..") && remote_id.len() <= REMOTE_ID_MAX && !remote_id.contains('\0')
}

/// The request.
pub(super) fn request(
    ask: &Ask,
    endpoint: &str,
    secrets: &Secrets,
    now: Timestamp,
) -> Result<outbound::Request> {
    let claims = claims(ask, now);
    let mut headers = HeaderMap::new();
    headers.insert(SIGN_HEADER, token(&claims, &secrets.current)?);
    if let Some(previous) = secrets.previous(now) {
        headers.insert(PREVIOUS_HEADER, token(&claims, previous)?);
    }
    headers.insert(header::AUTHORIZATION, value(&format!("Bearer {}", secrets.current))?);
    headers.insert(header::ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(callback) = &ask.callback {
        headers.insert(CALLBACK_HEADER, value(callback)?);
    }
    let body = ask.body.as_ref().map(Value::to_string);
    if body.is_some() {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    Ok(outbound::Request {
        method: ask.operation.method(),
        url: address(ask, endpoint)?,
        headers,
        body: body.map(Bytes::from).unwrap_or_default(),
    })
}

fn address(ask: &Ask, endpoint: &str) -> Result<Url> {
    let path = match ask.operation {
        Operation::Manifest => "/manifest".to_owned(),
        Operation::Root => "/".to_owned(),
        Operation::Create => "/instances".to_owned(),
        Operation::Read | Operation::Update | Operation::Delete => {
            let remote = ask.about.as_ref().and_then(|about| about.remote_id.as_deref()).unwrap_or_default();
            if !addressable(remote) {
                return Err(Error::internal("an instance without an id that can be asked for"));
            }
            format!("/instances/{}", utf8_percent_encode(remote, SEGMENT))
        }
    };
    Url::parse(&format!("{endpoint}{path}")).map_err(|_| Error::internal("an endpoint that is no address"))
}

/// Claims: no `aud`, `iat` or `nbf`, over which libraries disagree.
fn claims(ask: &Ask, now: Timestamp) -> Value {
    let mut claims = Map::new();
    claims.insert("exp".to_owned(), (now.seconds() + TOKEN_LIFE_SECONDS).into());
    if let Some(about) = &ask.about {
        claims.insert("site_url".to_owned(), about.site_url.clone().into());
        if let Some(remote) = &about.remote_id {
            claims.insert("id".to_owned(), remote.clone().into());
        }
        claims.insert("netlify_id".to_owned(), about.uuid.clone().into());
    }
    Value::Object(claims)
}

fn token(claims: &Value, secret: &str) -> Result<HeaderValue> {
    value(&sign_hs256(&claims.to_string(), secret.as_bytes()))
}

fn value(text: &str) -> Result<HeaderValue> {
    HeaderValue::from_str(text).map_err(|_| Error::internal("a value that cannot be a header"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn about(remote_id: Option<&str>) -> About {
        About {
            site_id: "site".to_owned(),
            site_url: "https://harbour.example".to_owned(),
            instance_id: "here".to_owned(),
            uuid: "uuid".to_owned(),
            remote_id: remote_id.map(str::to_owned),
        }
    }

    fn made(operation: Operation, about: Option<About>, previous: bool) -> outbound::Request {
        let previous = previous.then(|| ("old".to_owned(), Timestamp(2_000)));
        let secrets = Secrets { current: "new".to_owned(), previous };
        request(&Ask::of(operation, about), "https://a.example/api", &secrets, Timestamp(1_999)).unwrap()
    }

    #[test]
    fn ids_are_one_segment_of_the_path() {
        for (id, path) in [
            ("5a76f-b3902", "/api/instances/5a76f-b3902"),
            ("a/b?c#d", "/api/instances/a%2Fb%3Fc%23d"),
            ("../x", "/api/instances/..%2Fx"),
            ("...", "/api/instances/..."),
            ("100%", "/api/instances/100%25"),
            ("%2e%2e", "/api/instances/%252e%252e"),
            ("a\\b", "/api/instances/a%5Cb"),
            ("ä \t", "/api/instances/%C3%A4%20%09"),
        ] {
            let request = made(Operation::Read, Some(about(Some(id))), false);
            assert_eq!((request.url.path(), request.url.query()), (path, None), "{id}");
        }
        for id in ["", ".", "..", "a\0"] {
            assert!(!addressable(id), "{id:?}");
        }
        assert!(addressable(&"a".repeat(REMOTE_ID_MAX)) && !addressable(&"a".repeat(REMOTE_ID_MAX + 1)));
    }

    #[test]
    fn claims_say_what_the_call_is_about() {
        let claims = |operation, about| {
            let request = made(operation, about, false);
            let token = request.headers[SIGN_HEADER].to_str().unwrap().to_owned();
            assert_eq!(request.headers["authorization"], "Bearer new");
            assert!(!request.headers.contains_key(PREVIOUS_HEADER));
            signing::verify_hs256(&token, b"new").unwrap()
        };
        assert_eq!(claims(Operation::Manifest, None), json!({ "exp": 301 }));
        let site = "https://harbour.example";
        let creation = json!({ "exp": 301, "site_url": site, "netlify_id": "uuid" });
        assert_eq!(claims(Operation::Create, Some(about(None))), creation);
        let any = json!({ "exp": 301, "site_url": site, "id": "r", "netlify_id": "uuid" });
        for operation in [Operation::Read, Operation::Update, Operation::Delete] {
            assert_eq!(claims(operation, Some(about(Some("r")))), any);
        }
    }

    #[test]
    fn a_replaced_secret_signs_beside_the_new_one_while_it_counts() {
        let request = made(Operation::Manifest, None, true);
        let old = request.headers[PREVIOUS_HEADER].to_str().unwrap();
        assert!(signing::verify_hs256(old, b"old").is_ok());
        assert_eq!(request.headers["authorization"], "Bearer new");
    }

    #[test]
    fn the_life_of_a_token_is_one_that_all_libraries_take() {
        assert!((10..=3600).contains(&TOKEN_LIFE_SECONDS));
    }
}
