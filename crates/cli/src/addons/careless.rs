//! A provider of a few lines that does everything right but one thing.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::Url;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

pub(super) const SECRET: &str = "the right secret of this provider";

/// What a provider with one fault does wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    // manifest
    NoManifest,
    ManifestAtRoot,
    ManifestIsPublic,
    ManifestAsText,
    NoName,
    NoDescription,
    OddFields,
    OddAdmin,
    // signatures
    VerifiesNothing,
    LetsUnsignedPass,
    GuardsCreationAlone,
    EmptySecretToo,
    BelievesAlgNone,
    TakesExpired,
    TakesEndless,
    TakesLogins,
    IgnoresTheId,
    BearerAlone,
    ExactHeaderNames,
    FallsOverOnForgeries,
    // creation
    Says200,
    NoId,
    NumberedId,
    RelativeEndpoint,
    EmptyAnswer,
    Html,
    Redirects,
    Hangs,
    Floods,
    BreaksOff,
    TwoOfOneUuid,
    OneIdForAll,
    // reading and changing
    ShowsOthers,
    ChangeIs204,
    ForgetsChanges,
    KnowsEverybody,
    FallsOverOnStrangers,
    // odd contents
    FallsOverOnTypes,
    FallsOverOnNothing,
    TakesIncomplete,
    RefusesWithoutAWord,
    TakesBroken,
    FallsOverOnBroken,
    // removal
    RemovalIs200,
    RemovesNothing,
    SecondRemovalFails,
    NeverAgain,
}

struct Instance {
    uuid: String,
    name: Value,
}

struct Mind {
    fault: Fault,
    instances: Mutex<BTreeMap<String, Instance>>,
    made: Mutex<usize>,
    removed: Mutex<bool>,
}

struct Request {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

enum Reply {
    Json(u16, Value),
    Text(u16, &'static str, String),
    Nothing(u16),
    Silence,
    HalfOf(usize),
}

pub(super) struct Careless {
    port: u16,
    task: JoinHandle<()>,
    mind: Arc<Mind>,
}

impl Careless {
    pub(super) async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let mind =
            Mind { fault, instances: Mutex::default(), made: Mutex::default(), removed: Mutex::default() };
        let mind = Arc::new(mind);
        let own = Arc::clone(&mind);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&own)));
            }
        });
        Self { port, task, mind }
    }

    pub(super) fn url(&self) -> Url {
        format!("http://127.0.0.1:{}/api/", self.port).parse().unwrap()
    }

    /// Instances that are there.
    pub(super) fn left(&self) -> usize {
        self.mind.instances.lock().unwrap().len()
    }

    /// Instances that were made.
    pub(super) fn made(&self) -> usize {
        *self.mind.made.lock().unwrap()
    }
}

impl Drop for Careless {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(mut stream: TcpStream, mind: Arc<Mind>) {
    let mut bytes = Vec::new();
    while let Some(request) = read(&mut stream, &mut bytes).await {
        let (status, kind, body) = match mind.answer(&request) {
            Reply::Json(status, value) => (status, "application/json", value.to_string()),
            Reply::Text(status, kind, text) => (status, kind, text),
            Reply::Nothing(status) => (status, "text/plain", String::new()),
            Reply::Silence => std::future::pending().await,
            Reply::HalfOf(length) => {
                let head = format!("HTTP/1.1 201 Said\r\nContent-Length: {length}\r\n\r\n{{\"id\":");
                let _ = stream.write_all(head.as_bytes()).await;
                return;
            }
        };
        let length = body.len();
        let location = if status == 307 { "Location: /elsewhere\r\n" } else { "" };
        let head = format!("HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n{location}");
        let length = if status == 204 { String::new() } else { format!("Content-Length: {length}\r\n") };
        let answer = format!("{head}{length}\r\n{body}");
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

async fn read(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<Request> {
    loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
            let mut lines = head.lines();
            let mut first = lines.next()?.split(' ').map(str::to_owned);
            let (method, path) = (first.next()?, first.next()?);
            let pair = |line: &str| line.split_once(": ").map(|(k, v)| (k.to_owned(), v.to_owned()));
            let headers = lines.filter_map(pair).collect();
            let mut request = Request { method, path, headers, body: Vec::new() };
            let length = request.header("content-length").map_or(0, |length| length.parse().unwrap());
            if bytes.len() >= end + 4 + length {
                request.body = bytes[end + 4..end + 4 + length].to_vec();
                bytes.drain(..end + 4 + length);
                return Some(request);
            }
        }
        if stream.read_buf(bytes).await.ok()? == 0 {
            return None;
        }
    }
}

impl Request {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(each, _)| each.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    fn exact(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(each, _)| each == name).map(|(_, value)| value.as_str())
    }
}

impl Mind {
    fn has(&self, fault: Fault) -> bool {
        self.fault == fault
    }

    fn answer(&self, request: &Request) -> Reply {
        let path = request.path.strip_prefix("/api").expect("the prefix of the endpoint is kept");
        if !self.verified(request, path) {
            let status = if self.has(Fault::FallsOverOnForgeries) { 500 } else { 401 };
            return Reply::Json(status, json!({ "message": "not signed" }));
        }
        match (request.method.as_str(), path) {
            ("GET", "/manifest" | "/") => self.manifest(path),
            ("POST", "/instances") => self.create(request),
            (method, path) => match path.strip_prefix("/instances/") {
                Some(id) => self.on(method, id, request),
                None => Reply::Nothing(404),
            },
        }
    }

    fn verified(&self, request: &Request, path: &str) -> bool {
        let is_manifest = matches!(path, "/manifest" | "/");
        if self.has(Fault::VerifiesNothing)
            || self.has(Fault::GuardsCreationAlone) && request.method != "POST"
            || self.has(Fault::ManifestIsPublic) && is_manifest
        {
            return true;
        }
        if self.has(Fault::BearerAlone) {
            return request.header("authorization") == Some(&format!("Bearer {SECRET}"));
        }
        let exact = self.has(Fault::ExactHeaderNames);
        let token = if exact { request.exact("X-Nf-Sign") } else { request.header("x-nf-sign") };
        let Some(token) = token else { return self.has(Fault::LetsUnsignedPass) };
        let Some(claims) = self.claims(token) else { return false };
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        let lives = match claims["exp"].as_u64() {
            Some(exp) => exp > now || self.has(Fault::TakesExpired),
            None => self.has(Fault::TakesEndless),
        };
        let id = path.strip_prefix("/instances/");
        let named = claims["netlify_id"].is_string() || is_manifest;
        let own = id.is_none_or(|id| claims["id"] == id || self.has(Fault::IgnoresTheId));
        lives && (named && own || self.has(Fault::TakesLogins) && claims["remote_id"].is_string())
    }

    fn claims(&self, token: &str) -> Option<Value> {
        let decode = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
        let mut parts = token.split('.');
        let (header, claims) = (decode(parts.next()?)?, decode(parts.next()?)?);
        if self.has(Fault::BelievesAlgNone) && header["alg"] == "none" {
            return Some(claims);
        }
        let empty = || signing::verify_hs256(token, b"").ok().filter(|_| self.has(Fault::EmptySecretToo));
        signing::verify_hs256(token, SECRET.as_bytes()).ok().or_else(empty)
    }

    fn manifest(&self, path: &str) -> Reply {
        let at_root = self.has(Fault::ManifestAtRoot);
        if self.has(Fault::NoManifest) || at_root != (path == "/") {
            return Reply::Nothing(404);
        }
        let mut manifest = Map::new();
        if !self.has(Fault::NoName) {
            manifest.insert("name".into(), "Demo".into());
        }
        if !self.has(Fault::NoDescription) {
            manifest.insert("description".into(), "Keeps a name".into());
        }
        let admin = if self.has(Fault::OddAdmin) { "/login" } else { "https://demo.example/login" };
        manifest.insert("admin_url".into(), admin.into());
        let kind = if self.has(Fault::OddFields) { "word" } else { "string" };
        let required = !self.has(Fault::FallsOverOnNothing);
        manifest.insert("config".into(), json!({ "name": { "type": kind, "required": required } }));
        let kind = if self.has(Fault::ManifestAsText) { "text/plain" } else { "application/json" };
        Reply::Text(200, kind, Value::Object(manifest).to_string())
    }

    fn create(&self, request: &Request) -> Reply {
        match self.fault {
            Fault::Redirects => return Reply::Nothing(307),
            Fault::Hangs => return Reply::Silence,
            Fault::Floods => return Reply::Text(201, "application/json", " ".repeat((1 << 20) + 1)),
            Fault::BreaksOff => return Reply::HalfOf(100),
            Fault::EmptyAnswer => return Reply::Nothing(201),
            Fault::Html => return Reply::Text(201, "text/html", "<h1>Made</h1>".into()),
            Fault::NeverAgain if *self.removed.lock().unwrap() => return Reply::Nothing(409),
            _ => {}
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let uuid = body["uuid"].as_str().unwrap_or_default();
        if uuid.is_empty() {
            return match self.fault {
                Fault::TakesBroken => Reply::Json(201, json!({ "id": "somebody" })),
                Fault::FallsOverOnBroken => Reply::Nothing(500),
                _ => Reply::Json(400, json!({ "message": "no uuid" })),
            };
        }
        let name = match self.name(&body["config"]["config"]) {
            Ok(name) => name,
            Err(reply) => return reply,
        };
        self.made(uuid, name)
    }

    /// The name in a configuration, or what is said about one that has none.
    fn name(&self, config: &Value) -> Result<Value, Reply> {
        let name = &config["name"];
        let is_missing = config.as_object().is_some_and(Map::is_empty);
        match self.fault {
            _ if name.is_string() => Ok(name.clone()),
            Fault::TakesIncomplete if is_missing => Ok(Value::Null),
            Fault::FallsOverOnNothing if is_missing => Err(Reply::Nothing(500)),
            Fault::RefusesWithoutAWord => Err(Reply::Nothing(422)),
            Fault::FallsOverOnTypes if !is_missing => Err(Reply::Text(500, "text/html", "at x.js:1".into())),
            _ => Err(Reply::Json(422, json!({ "message": "name must be a text" }))),
        }
    }

    fn made(&self, uuid: &str, name: Value) -> Reply {
        let mut instances = self.instances.lock().unwrap();
        let known = instances.iter().find(|(_, one)| one.uuid == uuid).map(|(id, _)| id.clone());
        let known = known.filter(|_| !self.has(Fault::TwoOfOneUuid));
        let id = known.unwrap_or_else(|| {
            let mut made = self.made.lock().unwrap();
            *made += 1;
            if self.has(Fault::OneIdForAll) { "one".to_owned() } else { format!("r-{made}") }
        });
        let mut said = Self::said(&name);
        match self.fault {
            Fault::NoId => None,
            Fault::NumberedId => Some(json!(7)),
            _ => Some(json!(id)),
        }
        .map(|id| said.insert("id".into(), id));
        if self.has(Fault::RelativeEndpoint) {
            said.insert("endpoint".into(), "/here".into());
        }
        instances.insert(id, Instance { uuid: uuid.to_owned(), name });
        Reply::Json(if self.has(Fault::Says200) { 200 } else { 201 }, said.into())
    }

    fn said(name: &Value) -> Map<String, Value> {
        let said = json!({
            "config": { "name": name },
            "env": { "NAME": name },
            "snippets": [{ "title": "t", "position": "head", "html": "<b>" }],
        });
        said.as_object().unwrap().clone()
    }

    fn on(&self, method: &str, id: &str, request: &Request) -> Reply {
        let mut instances = self.instances.lock().unwrap();
        let Some(instance) = instances.get_mut(id) else {
            return match self.fault {
                Fault::KnowsEverybody if method != "DELETE" => Reply::Json(200, json!({})),
                Fault::FallsOverOnStrangers => Reply::Nothing(500),
                Fault::SecondRemovalFails if id.starts_with("r-") && method == "DELETE" => {
                    Reply::Nothing(422)
                }
                _ => Reply::Json(404, json!({ "message": "no such instance" })),
            };
        };
        match method {
            "GET" if self.has(Fault::ShowsOthers) => Reply::Json(200, json!({ "env": { "NAME": "nobody" } })),
            "GET" => Reply::Json(200, Self::said(&instance.name).into()),
            "PUT" => {
                let body: Value = serde_json::from_slice(&request.body).unwrap_or_default();
                let name = match self.name(&body["config"]) {
                    Ok(name) => name,
                    Err(reply) => return reply,
                };
                let said = Self::said(&name);
                if !self.has(Fault::ForgetsChanges) {
                    instance.name = name;
                }
                if self.has(Fault::ChangeIs204) { Reply::Nothing(204) } else { Reply::Json(200, said.into()) }
            }
            _ => {
                *self.removed.lock().unwrap() = true;
                if !self.has(Fault::RemovesNothing) {
                    instances.remove(id);
                }
                Reply::Nothing(if self.has(Fault::RemovalIs200) { 200 } else { 204 })
            }
        }
    }
}
