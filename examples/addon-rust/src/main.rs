//! The server of an add-on with axum: it greets a name on every page of a site, and the site's visitors
//! at /.netlify/<slug>/. Needs ADDON_SECRET; PORT is 3000 unless it is set, and PUBLIC_URL is where the
//! platform reaches this server.

#![expect(clippy::print_stdout, reason = "an example says where it listens")]

use anyhow::Context as _;
use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Longest name, in characters.
const NAME_MAX: usize = 100;

struct Instance {
    uuid: String,
    name: String,
}

struct Addon {
    secret: String,
    public_url: String,
    /// By our ids; yours belong into a database.
    instances: Mutex<HashMap<String, Instance>>,
}

impl Addon {
    fn instances(&self) -> MutexGuard<'_, HashMap<String, Instance>> {
        self.instances.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A refusal; the platform hands the message on to whoever asked.
struct Refusal(StatusCode, &'static str);

impl axum::response::IntoResponse for Refusal {
    fn into_response(self) -> Response {
        (self.0, Json(json!({ "message": self.1 }))).into_response()
    }
}

/// What the token says, if it was signed with our secret and has not expired.
fn claims(token: &str, secret: &str) -> Option<Value> {
    let read = |part: &str| serde_json::from_slice::<Value>(&URL_SAFE_NO_PAD.decode(part).ok()?).ok();
    let (text, signature) = token.rsplit_once('.')?;
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok()?;
    mac.update(text.as_bytes());
    mac.verify_slice(&URL_SAFE_NO_PAD.decode(signature).ok()?).ok()?;
    let (header, claims) = text.split_once('.')?;
    let claims = (read(header)?["alg"] == "HS256").then(|| read(claims))??;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    (claims["exp"].as_u64()? > now).then_some(claims)
}

/// The platform signs every request, for a day after a change of secrets with both. A signature must
/// name an instance: people of a site get tokens of the same secret as a login, and those name none.
fn verified(request: &Request, secret: &str) -> Option<Value> {
    let named = |claims: &Value| request.uri().path() == "/manifest" || claims["netlify_id"].is_string();
    let read = |name| claims(request.headers().get(name)?.to_str().ok()?, secret).filter(named);
    ["x-nf-sign", "x-nf-sign-previous"].into_iter().find_map(read)
}

async fn verify(State(addon): State<Arc<Addon>>, mut request: Request, next: Next) -> Response {
    match verified(&request, &addon.secret) {
        Some(claims) => {
            request.extensions_mut().insert(Arc::new(claims));
            next.run(request).await
        }
        None => Refusal(StatusCode::UNAUTHORIZED, "X-Nf-Sign is missing or does not verify").into_response(),
    }
}

type Claims = Extension<Arc<Value>>;
type Answer<T> = Result<T, Refusal>;

fn parsed(body: &[u8]) -> Answer<Value> {
    serde_json::from_slice(body).map_err(|_| Refusal(StatusCode::BAD_REQUEST, "the body is not JSON"))
}

fn name(config: &Value) -> Answer<String> {
    let fine = |name: &&str| !name.trim().is_empty() && name.chars().count() <= NAME_MAX;
    let name = config["name"].as_str().filter(fine).map(str::to_owned);
    name.ok_or(Refusal(StatusCode::UNPROCESSABLE_ENTITY, "name must be a text of 1 to 100 characters"))
}

/// A token is made for one instance.
fn own(claims: &Value, id: &str) -> Answer<()> {
    let fits = claims["id"] == id;
    if fits { Ok(()) } else { Err(Refusal(StatusCode::UNAUTHORIZED, "the token is for another instance")) }
}

const UNKNOWN: Refusal = Refusal(StatusCode::NOT_FOUND, "no such instance");

fn shown(addon: &Addon, name: &str) -> Value {
    let safe = name.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    json!({
        "config": { "name": name },
        "env": { "GREETER_NAME": name },
        "snippets": [{ "title": "Greeting", "position": "footer", "html": format!("<p>Hello, {safe}!</p>") }],
        // where requests of visitors go
        "endpoint": format!("{}/site", addon.public_url),
    })
}

fn new_id() -> Answer<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|_| Refusal(StatusCode::INTERNAL_SERVER_ERROR, "there are no random numbers"))?;
    Ok(hex::encode(bytes))
}

async fn manifest() -> Json<Value> {
    Json(json!({
        "name": "Greeter",
        "description": "Greets somebody at the foot of every page",
        "config": {
            "name": { "displayName": "Name", "description": "Who is greeted", "type": "string", "required": true },
        },
    }))
}

async fn create(
    State(addon): State<Arc<Addon>>,
    Extension(claims): Claims,
    body: Bytes,
) -> Answer<(StatusCode, Json<Value>)> {
    let body = parsed(&body)?;
    let uuid = body["uuid"].as_str().filter(|uuid| claims["netlify_id"] == *uuid);
    let uuid = uuid.ok_or(Refusal(StatusCode::BAD_REQUEST, "uuid is not what was signed"))?;
    let name = name(&body["config"]["config"])?;
    let mut instances = addon.instances();
    // The answer to the first may have got lost: one uuid, one instance.
    let known = instances.iter().find(|(_, one)| one.uuid == uuid).map(|(id, _)| id.clone());
    let id = known.map_or_else(new_id, Ok)?;
    let instance = instances.entry(id.clone()).or_insert(Instance { uuid: uuid.to_owned(), name });
    let mut said = shown(&addon, &instance.name);
    said["id"] = id.into();
    said["message"] = format!("{} will be greeted", instance.name).into();
    Ok((StatusCode::CREATED, Json(said)))
}

async fn read(
    State(addon): State<Arc<Addon>>,
    Extension(claims): Claims,
    Path(id): Path<String>,
) -> Answer<Json<Value>> {
    own(&claims, &id)?;
    addon.instances().get(&id).map(|instance| Json(shown(&addon, &instance.name))).ok_or(UNKNOWN)
}

async fn update(
    State(addon): State<Arc<Addon>>,
    Extension(claims): Claims,
    Path(id): Path<String>,
    body: Bytes,
) -> Answer<Json<Value>> {
    own(&claims, &id)?;
    let mut instances = addon.instances();
    let instance = instances.get_mut(&id).ok_or(UNKNOWN)?;
    instance.name = name(&parsed(&body)?["config"])?;
    Ok(Json(shown(&addon, &instance.name)))
}

async fn remove(
    State(addon): State<Arc<Addon>>,
    Extension(claims): Claims,
    Path(id): Path<String>,
) -> Answer<StatusCode> {
    own(&claims, &id)?;
    addon.instances().remove(&id).map(|_| StatusCode::NO_CONTENT).ok_or(UNKNOWN)
}

/// Who asks is in the token of the site's visitor, signed anew with our secret. The platform hands on as
/// it came what it could not verify.
fn visitor(headers: &HeaderMap, secret: &str) -> Answer<Option<String>> {
    let value = headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => claims(token, secret)
            .filter(|claims| claims["sub"].is_string())
            .map(|claims| claims["email"].as_str().map(str::to_owned))
            .ok_or(Refusal(StatusCode::UNAUTHORIZED, "your token does not verify")),
        _ => Ok(None),
    }
}

async fn visit(
    State(addon): State<Arc<Addon>>,
    Extension(claims): Claims,
    headers: HeaderMap,
) -> Answer<Json<Value>> {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let id = claims["id"].as_str().unwrap_or_default();
    let name = addon.instances().get(id).map(|instance| instance.name.clone()).ok_or(UNKNOWN)?;
    let hello = visitor(&headers, &addon.secret)?.unwrap_or(name);
    Ok(Json(json!({ "hello": hello, "site": header("x-nf-site-url") })))
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let secret = std::env::var("ADDON_SECRET").ok().filter(|secret| !secret.is_empty());
    let secret = secret.context("ADDON_SECRET is not set")?;
    let port = std::env::var("PORT").ok().map_or(Ok(3000_u16), |port| port.parse())?;
    let public_url = std::env::var("PUBLIC_URL").unwrap_or_else(|_| format!("http://localhost:{port}"));
    let addon = Arc::new(Addon { secret, public_url, instances: Mutex::default() });
    let routes = Router::new()
        .route("/manifest", get(manifest))
        .route("/instances", post(create))
        .route("/instances/{id}", get(read).put(update).delete(remove))
        .route("/site", get(visit))
        .layer(from_fn_with_state(Arc::clone(&addon), verify))
        .with_state(addon);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    println!("listening on {port}");
    Ok(axum::serve(listener, routes).await?)
}
