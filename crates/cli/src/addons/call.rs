//! Calls as a server makes them, and the parts to make wrong ones of.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Method, Url};
use serde_json::{Map, Value, json};
use std::time::{Instant, SystemTime};

/// Seconds for which a signature counts.
const TOKEN_LIFE: i64 = 300;
/// The site of the sample instances. Nothing of it exists, so that nobody is told of a check.
const SITE_URL: &str = "https://boathook-check.invalid";
const SITE_ID: &str = "11111111-1111-4111-8111-111111111111";
const ACCOUNT: &str = "695735a500000000000000ff";
/// What is left as it is in a path's segment (RFC 3986, unreserved).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// One call.
#[derive(Clone, Debug)]
pub(super) struct Call {
    pub(super) method: Method,
    /// After the provider's endpoint.
    pub(super) path: String,
    /// The whole address, when it is not below that endpoint.
    pub(super) elsewhere: Option<Url>,
    /// What the signature says.
    pub(super) claims: Map<String, Value>,
    /// The value of `X-Nf-Sign`.
    pub(super) sign: Option<String>,
    /// The value of `X-Nf-Sign-Previous`.
    pub(super) previous: Option<String>,
    /// What `Authorization` holds: the secret, or in proxied calls the token of a visitor.
    pub(super) bearer: Option<String>,
    /// Other headers.
    pub(super) more: Vec<(&'static str, String)>,
    pub(super) body: Option<String>,
}

impl Call {
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, String)> {
        let bearer = self.bearer.as_ref().map(|token| format!("Bearer {token}"));
        let proofs = [
            ("x-nf-sign", self.sign.clone()),
            ("x-nf-sign-previous", self.previous.clone()),
            ("authorization", bearer),
        ];
        let proofs = proofs.into_iter().filter_map(|(name, value)| Some((name, value?)));
        proofs.chain(self.more.clone())
    }

    /// The same with these in place of the right ones.
    pub(super) fn with(self, sign: Option<String>, bearer: Option<String>) -> Self {
        Self { sign, bearer, ..self }
    }

    /// The same with another body.
    pub(super) fn with_body(self, body: &str) -> Self {
        Self { body: Some(body.to_owned()), ..self }
    }
}

/// An instance as both sides know it.
#[derive(Clone, Debug)]
pub(super) struct Instance {
    /// The platform's name for it.
    pub(super) uuid: String,
    /// The provider's.
    pub(super) id: String,
}

/// Somebody who is logged in at the site.
#[derive(Clone, Debug)]
pub(super) struct Visitor {
    /// In no answer by chance.
    pub(super) email: String,
    pub(super) claims: Map<String, Value>,
}

/// Makes calls.
pub(super) struct Kit {
    secret: String,
    /// Seconds since 1970 when the check began, and how long ago that is.
    began: (i64, Instant),
    /// Below which address providers tell of instances that they finished.
    callbacks: String,
}

impl Kit {
    pub(super) fn new(secret: &str) -> anyhow::Result<Self> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = i64::try_from(now.context("this machine's clock is before 1970")?.as_secs())?;
        Ok(Self {
            secret: secret.to_owned(),
            began: (now, Instant::now()),
            callbacks: format!("{SITE_URL}/api/v1"),
        })
    }

    /// From now on, providers are told to call back here.
    pub(super) fn call_back_at(&mut self, address: &str) {
        address.trim_end_matches('/').clone_into(&mut self.callbacks);
    }

    pub(super) fn now(&self) -> i64 {
        self.began.0.saturating_add_unsigned(self.began.1.elapsed().as_secs())
    }

    pub(super) fn secret(&self) -> String {
        self.secret.clone()
    }

    /// A token with these claims, signed with the right secret.
    pub(super) fn token(&self, claims: &Map<String, Value>) -> String {
        signed(claims, &self.secret)
    }

    /// `GET` of a path that is about no instance.
    pub(super) fn manifest(&self, path: &str) -> Call {
        self.call(Method::GET, path.to_owned(), Map::new(), None)
    }

    /// `POST /instances`.
    pub(super) fn creation(&self, uuid: &str, config: &Map<String, Value>) -> Call {
        let body = json!({
            "uuid": uuid,
            "account": ACCOUNT,
            "config": {
                "site_url": SITE_URL,
                "jwt": { "secret": self.secret },
                "config": config,
                "site_id": SITE_ID,
                "service_id": "boathook-check",
                "service_instance": { "config": config },
                "incoming_hook_url": format!("{SITE_URL}/build_hooks/{ACCOUNT}"),
            },
        });
        let mut call = self.call(Method::POST, "/instances".to_owned(), about(uuid, None), Some(body));
        call.more
            .push(("x-nf-callback", format!("{}/services/boathook-check/instances/{uuid}", self.callbacks)));
        call
    }

    /// What a visitor asks for at `/.netlify/<slug>` + `path`, as a server hands it on.
    pub(super) fn visit(&self, instance: &Instance, endpoint: &Url, path: &str) -> Call {
        let mut call =
            self.call(Method::GET, path.to_owned(), about(&instance.uuid, Some(&instance.id)), None);
        call.elsewhere = Some(below(endpoint, path));
        call.bearer = None;
        call.more = vec![
            ("x-nf-uuid", instance.uuid.clone()),
            ("x-nf-id", in_header(&instance.id)),
            ("x-nf-site-url", SITE_URL.to_owned()),
            ("x-forwarded-for", "203.0.113.7".to_owned()),
            ("x-forwarded-proto", "https".to_owned()),
            ("x-forwarded-host", SITE_URL.trim_start_matches("https://").to_owned()),
        ];
        call
    }

    /// Somebody new; `claims` are those of the site's own tokens.
    pub(super) fn visitor(&self) -> anyhow::Result<Visitor> {
        let (sub, email) = (uuid()?, format!("visitor-{}@boathook-check.invalid", &uuid()?[..8]));
        let claims = json!({
            "sub": sub, "aud": "", "exp": self.now() + TOKEN_LIFE, "email": email,
            "app_metadata": { "provider": "email", "roles": [] }, "user_metadata": { "full_name": email },
        });
        Ok(Visitor { email, claims: claims.as_object().cloned().unwrap_or_default() })
    }

    /// `GET` or `DELETE /instances/{id}`.
    pub(super) fn on(&self, method: Method, instance: &Instance) -> Call {
        let path = format!("/instances/{}", utf8_percent_encode(&instance.id, SEGMENT));
        self.call(method, path, about(&instance.uuid, Some(&instance.id)), None)
    }

    /// `PUT /instances/{id}`.
    pub(super) fn change(&self, instance: &Instance, config: &Map<String, Value>) -> Call {
        let call = self.on(Method::PUT, instance);
        Call { body: Some(json!({ "config": config }).to_string()), ..call }
    }

    fn call(
        &self,
        method: Method,
        path: String,
        mut claims: Map<String, Value>,
        body: Option<Value>,
    ) -> Call {
        claims.insert("exp".to_owned(), (self.now() + TOKEN_LIFE).into());
        Call {
            method,
            path,
            elsewhere: None,
            previous: None,
            more: Vec::new(),
            sign: Some(self.token(&claims)),
            bearer: Some(self.secret.clone()),
            claims,
            body: body.map(|body| body.to_string()),
        }
    }

    /// What a site's people get in their address bar: a login to the provider's pages.
    pub(super) fn login(&self, remote_id: &str) -> Map<String, Value> {
        let claims = json!({
            "site_id": SITE_ID, "account_id": ACCOUNT, "remote_id": remote_id, "exp": self.now() + TOKEN_LIFE,
        });
        claims.as_object().cloned().unwrap_or_default()
    }
}

/// An id as the value of a header: percent-encoded where it is none as it is.
fn in_header(id: &str) -> String {
    let carried = id.bytes().all(|byte| matches!(byte, b' '..=b'~')) && id.trim() == id;
    if carried { id.to_owned() } else { utf8_percent_encode(id, SEGMENT).to_string() }
}

/// The address of a proxied call: the rest of the path and the query come behind those of the endpoint.
fn below(endpoint: &Url, rest: &str) -> Url {
    let (path, query) = rest.split_once('?').map_or((rest, None), |(path, query)| (path, Some(query)));
    let mut url = endpoint.clone();
    if !matches!(path, "" | "/") {
        let base = endpoint.path();
        url.set_path(&format!("{}{path}", base.strip_suffix('/').unwrap_or(base)));
    }
    let queries: Vec<_> = [endpoint.query(), query].into_iter().flatten().collect();
    url.set_query(Some(queries.join("&")).filter(|text| !text.is_empty()).as_deref());
    url
}

fn about(uuid: &str, id: Option<&str>) -> Map<String, Value> {
    let mut claims = Map::new();
    claims.insert("site_url".to_owned(), SITE_URL.into());
    if let Some(id) = id {
        claims.insert("id".to_owned(), id.into());
    }
    claims.insert("netlify_id".to_owned(), uuid.into());
    claims
}

/// A token of HS256.
pub(super) fn signed(claims: &Map<String, Value>, secret: &str) -> String {
    signing::sign_hs256(&Value::Object(claims.clone()).to_string(), secret.as_bytes())
}

/// A token that names no algorithm and has no signature.
pub(super) fn unsigned(claims: &Map<String, Value>) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
    format!("{header}.{}.", URL_SAFE_NO_PAD.encode(Value::Object(claims.clone()).to_string()))
}

/// A random UUID.
pub(super) fn uuid() -> anyhow::Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| anyhow::anyhow!("this machine has no random numbers: {error}"))?;
    bytes[6] = bytes[6] & 0x0f | 0x40;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let text = hex::encode(bytes);
    Ok(format!("{}-{}-{}-{}-{}", &text[..8], &text[8..12], &text[12..16], &text[16..20], &text[20..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_what_servers_make() {
        let kit = Kit::new("a secret of more than thirty-two letters").unwrap();
        let instance = Instance { uuid: uuid().unwrap(), id: "a/b?c".to_owned() };
        let call = kit.on(Method::GET, &instance);
        assert_eq!(call.path, "/instances/a%2Fb%3Fc");
        let names: Vec<_> = call.headers().map(|(name, _)| name).collect();
        assert_eq!(names, ["x-nf-sign", "authorization"]);
        let claims = signing::verify_hs256(&call.sign.unwrap(), kit.secret.as_bytes()).unwrap();
        let expect = json!({
            "site_url": SITE_URL, "id": "a/b?c", "netlify_id": instance.uuid, "exp": kit.now() + TOKEN_LIFE,
        });
        assert_eq!(claims, expect);
        let endpoint = |text: &str| text.parse::<Url>().unwrap();
        let visit = kit.visit(&instance, &endpoint("https://e.example/x/?k=1"), "/hello?a=b");
        assert_eq!(visit.elsewhere.as_ref().unwrap().as_str(), "https://e.example/x/hello?k=1&a=b");
        assert_eq!((visit.bearer.clone(), visit.claims.clone()), (None, call.claims));
        let names: Vec<_> = visit.headers().map(|(name, _)| name).collect();
        assert_eq!(names[..4], ["x-nf-sign", "x-nf-uuid", "x-nf-id", "x-nf-site-url"]);
        for text in ["https://e.example/", "https://e.example/x", "https://e.example/x/?k=1"] {
            assert_eq!(below(&endpoint(text), "/").as_str(), text);
        }
        let made = kit.creation("u", &Map::new());
        assert!(!made.claims.contains_key("id") && made.headers().count() == 3);
        assert_eq!(kit.manifest("/manifest").claims.len(), 1);
    }
}
